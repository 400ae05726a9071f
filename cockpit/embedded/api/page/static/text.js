// Foreign text as inert nodes: it becomes text and never markup, and what would reorder or hide it is made visible.

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;
const LONGEST = 4000;

// Return a value as text that can be shown: bounded, and without control and direction marks.
export function clean(value, longest = LONGEST) {
  let text;
  if (typeof value === "string") text = value;
  else if (value === null || value === undefined) text = "";
  else text = JSON.stringify(value);
  if (text.length > longest) text = text.slice(0, longest) + "…";
  return text.replace(/\r\n?/g, "\n").replace(HIDDEN, "\ufffd");
}

// Return an element of ours: its class, then texts and elements that it holds.
export function element(name, classes, ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children.filter((child) => child !== null));
  return made;
}

// Return foreign text in an element of ours.
export function foreign(name, classes, value, longest) {
  const made = element(name, ("foreign " + classes).trim());
  made.textContent = clean(value, longest);
  return made;
}

// Return a link for an address that a browser may open, else its text: nothing but http and https leads anywhere.
export function link(label, address) {
  let target = null;
  try {
    target = new URL(address);
  } catch {
    target = null;
  }
  if (target === null || !["http:", "https:"].includes(target.protocol)) return foreign("span", "", label);
  const made = foreign("a", "", label);
  made.href = target.href;
  made.rel = "noopener noreferrer nofollow";
  made.target = "_blank";
  return made;
}

// Return a class name for a word of a known list, empty for any other: foreign text names no style.
export function known(word, words) {
  return words.includes(word) ? word : "";
}
