// A report's Markdown as nodes: what it does not know stays text, and nothing in it becomes markup of its own.

import { element, foreign, link } from "./text.js";

const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\n]+)\*|\[([^\]\n]*)\]\(([^)\s]+)\)/g;

function inline(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > end) parts.push(foreign("span", "", text.slice(end, found.index), Infinity));
    const [whole, code, strong, slanted, label, address] = found;
    if (code !== undefined) parts.push(foreign("code", "", code));
    else if (strong !== undefined) parts.push(foreign("strong", "", strong));
    else if (slanted !== undefined) parts.push(foreign("em", "", slanted));
    else parts.push(link(label || address, address));
    end = found.index + whole.length;
  }
  if (end < text.length) parts.push(foreign("span", "", text.slice(end), Infinity));
  return parts;
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
const row = (name, line) => element("tr", "", ...cells(line).map((cell) => element(name, "", ...inline(cell))));

// Each kind of block: how its first line looks, and how it is made of the lines from there on.
const BLOCKS = [
  [/^```/, (lines) => {
    const body = [];
    lines.shift();
    while (lines.length && !lines[0].startsWith("```")) body.push(lines.shift());
    lines.shift();
    return element("pre", "", foreign("code", "", body.join("\n"), Infinity));
  }],
  [/^#{1,6} /, (lines) => {
    const [, marks, text] = /^(#{1,6}) +(.*)$/.exec(lines.shift()) || [null, "#", ""];
    return element(`h${Math.min(6, marks.length + 1)}`, "", ...inline(text));
  }],
  [/^(-{3,}|\*{3,})$/, (lines) => (lines.shift(), element("hr", ""))],
  [/^\|.*\|\s*$/, (lines) => {
    const head = row("th", lines.shift());
    if (lines.length && /^\|[\s:|-]+\|\s*$/.test(lines[0])) lines.shift();
    const body = [];
    while (lines.length && /^\|.*\|\s*$/.test(lines[0])) body.push(row("td", lines.shift()));
    return element("table", "", element("thead", "", head), element("tbody", "", ...body));
  }],
  [/^\s*[-*] /, (lines) => items("ul", /^\s*[-*] +/, lines)],
  [/^\s*\d+[.)] /, (lines) => items("ol", /^\s*\d+[.)] +/, lines)],
  [/^>/, (lines) => {
    const body = [];
    while (lines.length && lines[0].startsWith(">")) body.push(lines.shift().replace(/^> ?/, ""));
    return element("blockquote", "", ...inline(body.join("\n")));
  }],
];

function items(name, mark, lines) {
  const made = [];
  while (lines.length && mark.test(lines[0])) made.push(element("li", "", ...inline(lines.shift().replace(mark, ""))));
  return element(name, "", ...made);
}

function rendered(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks = [];
  while (lines.length) {
    if (!lines[0].trim()) {
      lines.shift();
      continue;
    }
    const kind = BLOCKS.find(([look]) => look.test(lines[0]));
    if (kind) {
      blocks.push(kind[1](lines));
      continue;
    }
    const body = [];
    while (lines.length && lines[0].trim() && !BLOCKS.some(([look]) => look.test(lines[0]))) body.push(lines.shift());
    blocks.push(element("p", "", ...inline(body.join("\n"))));
  }
  return blocks;
}

const content = document.getElementById("content");
document.getElementById("rendered").replaceChildren(...rendered(content.textContent));
document.getElementById("rendered").hidden = false;
content.hidden = true;
