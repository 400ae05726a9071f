// The dashboard: board, registry, reports and usage are asked for while they are looked at, the feed is a stream.

import { clean, element, foreign, known, link } from "./text.js";

const API = "/ui/api";
const STATUSES = ["open", "in_progress", "in_review", "blocked", "done"];
const FIGURES = ["token_update", "cost_update"];
const KINDS = ["question", "blocker_found", "task_failed"];
const NOTE_KINDS = ["question", "blocker", "finding", "update"];
const POLL = 5000;
const SLOW_POLL = 30000;
const EVENTS_SHOWN = 300;
const IDS_KEPT = 5000;
const STALE_AFTER = 300;
const IDLE_AFTER = 120;
const SILENCE = 45000;

const place = (id) => document.getElementById(id);
let ahead = 0; // milliseconds by which the server's clock is before ours
let signedOut = false;

class SignedOut extends Error {}

async function ask(path, options) {
  const answer = await fetch(API + path, { redirect: "manual", cache: "no-store", ...options });
  if (answer.type === "opaqueredirect") throw new SignedOut();
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  const date = Date.parse(answer.headers.get("date") || "");
  if (!Number.isNaN(date)) ahead = date - Date.now();
  return answer.json();
}

const troubles = new Map(); // what does not work now, by what asked

function notice(about, text) {
  if (text) troubles.set(about, text);
  else troubles.delete(about);
  const [first = ""] = troubles.values();
  place("notice").textContent = first;
  place("notice").hidden = !first;
}

function leave() {
  signedOut = true;
  state("stale", "signed out");
  troubles.clear();
  notice("session", "The session has ended, or the server was started again. Ask for a new link to this page.");
}

function state(kind, text) {
  place("link").className = `state ${kind}`;
  place("link").textContent = text;
}

const clock = () => new Date(Date.now() + ahead);
const seconds = (moment) => Math.max(0, (clock() - Date.parse(moment)) / 1000);

function age(moment) {
  const passed = seconds(moment);
  if (Number.isNaN(passed)) return "";
  for (const [span, unit] of [[86400, "d"], [3600, "h"], [60, "m"]]) {
    if (passed >= span) return `${Math.floor(passed / span)}${unit} ago`;
  }
  return `${Math.floor(passed)}s ago`;
}

// Put elements into a place so that those which did not change stay as they are: open ones stay open.
function settle(holder, wanted, cards) {
  const children = wanted.map(([key, mark, make]) => {
    const kept = cards.get(key);
    if (kept && kept.mark === mark) return kept.node;
    const node = make();
    if (kept && kept.node.open) node.open = true;
    cards.set(key, { mark, node });
    return node;
  });
  if (holder.children.length !== children.length || children.some((node, index) => holder.children[index] !== node)) {
    holder.replaceChildren(...children);
  }
}

function keepOnly(cards, keys) {
  for (const key of cards.keys()) if (!keys.has(key)) cards.delete(key);
}

// -- board ---------------------------------------------------------------------------------------------------------

const taskCards = new Map();

function taskCard(task) {
  const list = (value) => (Array.isArray(value) ? value : value ? [value] : []);
  const meta = element("p", "meta",
    task.assignee ? foreign("span", "assignee", "@" + clean(task.assignee), 80) : null,
    ...list(task.tags).slice(0, 20).map((tag) => foreign("span", "tag", tag, 60)),
    task.score ? foreign("span", "", `▲ ${clean(task.score, 12)}`) : null,
    foreign("span", "dim", clean(task.createdBy, 80)));
  const notes = list(task.notes).map((note) => element("div", `note ${known(note.type, NOTE_KINDS)}`,
    foreign("span", "meta", `${clean(note.author, 80)} · ${clean(note.type, 20)} · ${clean(note.createdAt, 24)}`),
    foreign("p", "text", note.content)));
  const artifacts = list(task.artifacts).map((one) => element("p", "meta",
    foreign("span", "kind", one.type, 20), link(clean(one.label, 200), one.url), foreign("span", "dim", one.url, 300)));
  const waits = list(task.dependencies).length ? foreign("p", "meta", `needs ${list(task.dependencies).map((id) => clean(id, 40)).join(", ")}`) : null;
  return element("details", "task",
    element("summary", "", foreign("span", "title", task.title, 300),
      task.assignee ? foreign("span", "dim", ` @${clean(task.assignee, 80)}`) : null),
    meta, foreign("p", "meta", task.id, 40),
    task.description ? foreign("p", "text", task.description) : null, waits, ...artifacts, ...notes);
}

const lanes = new Map();

function lane(status, known_) {
  if (lanes.has(status)) return lanes.get(status);
  const title = element("h3", "");
  const cards = element("div", "cards");
  const node = element("section", `lane ${known_}`, title, cards);
  node.dataset.lane = known_ || "other";
  const made = { node, title, cards };
  lanes.set(status, made);
  return made;
}

async function board() {
  const { tasks } = await ask("/board/tasks");
  const others = tasks.some((task) => !STATUSES.includes(task.status));
  const order = others ? [...STATUSES, "other"] : STATUSES;
  for (const status of order) {
    const mine = tasks.filter((task) => (STATUSES.includes(task.status) ? task.status : "other") === status);
    const shown = lane(status, known(status, STATUSES));
    shown.title.textContent = `${status.replace("_", " ")} ${mine.length}`;
    settle(shown.cards, mine.map((task) => [task.id, `${task.updatedAt} ${task.status}`, () => taskCard(task)]), taskCards);
  }
  keepOnly(taskCards, new Set(tasks.map((task) => task.id)));
  const nodes = order.map((status) => lanes.get(status).node);
  if (place("lanes").children.length !== nodes.length) place("lanes").replaceChildren(...nodes);
  place("board-as-of").textContent = `as of ${clock().toISOString().slice(11, 19)}`;
  count("tasks", tasks.length);
  count("blocked", tasks.filter((task) => task.status === "blocked").length);
  count("in review", tasks.filter((task) => task.status === "in_review").length);
}

// -- registry, reports, usage --------------------------------------------------------------------------------------

const entryCards = new Map();

function life(entry) {
  const passed = seconds(entry.lastSeen);
  if (entry.status === "running") return passed > STALE_AFTER ? "lost" : "working";
  if (entry.status === "stopped") return passed > IDLE_AFTER ? "ended" : "idle";
  return clean(entry.status, 20);
}

async function registry() {
  const { vms } = await ask("/registry/vms");
  const wanted = vms.map((entry) => {
    const word = life(entry);
    const seen = age(entry.lastSeen);
    return [entry.id, `${word} ${seen} ${entry.name}`, () => element("li", "",
      foreign("span", "name", entry.name, 120),
      element("p", "meta", foreign("span", "", entry.role, 20),
        foreign("span", `word ${known(word, ["working", "lost"])}`, word), foreign("span", "", `seen ${seen}`)),
      foreign("p", "meta", entry.id, 80))];
  });
  settle(place("entries"), wanted, entryCards);
  keepOnly(entryCards, new Set(vms.map((entry) => entry.id)));
  place("registry-as-of").textContent = `as of ${clock().toISOString().slice(11, 19)}`;
  count("agents", vms.length);
}

const reportCards = new Map();

async function reports() {
  const { reports: all } = await ask("/reports");
  settle(place("reports"), all.slice(0, 30).map((report) => [report.id, report.updatedAt, () => {
    const title = foreign("a", "", report.title, 200);
    title.href = `/ui/report/${encodeURIComponent(report.id)}`;
    return element("li", "", title, foreign("p", "meta", `${clean(report.author, 80)} · ${clean(report.createdAt, 16)}`));
  }]), reportCards);
}

async function usage() {
  const { totals, byAgent } = await ask("/usage");
  const row = (name, one) => element("li", "", foreign("span", "", name, 80),
    foreign("span", "dim", ` ${Number(one.tokens).toLocaleString("en")} tokens, $${Number(one.cost).toFixed(2)}`));
  place("usage").replaceChildren(row("all", totals), ...Object.entries(byAgent).slice(0, 20).map(([name, one]) => row(name, one)));
}

const counts = new Map();

function count(name, value) {
  if (!counts.has(name)) {
    const shown = element("dd", "");
    place("counts").append(element("div", "", element("dt", "", name), shown));
    counts.set(name, shown);
  }
  counts.get(name).textContent = String(value);
}

// -- feed ----------------------------------------------------------------------------------------------------------

const seen = new Set();
const waiting = [];
let total = 0;
let newest = "";
let source = null;
let silence = null;
let patience = 1000;
let caughtUp = false;

function eventRow(event) {
  const row = element("li", known(event.type, FIGURES) ? "figures" : "",
    element("p", "meta", foreign("span", "agent", event.agent, 80),
      foreign("span", `kind ${known(event.type, KINDS)}`, event.type, 30), foreign("span", "dim", clean(event.timestamp, 24).slice(11, 19))),
    foreign("p", "text", event.summary, 1000));
  if (typeof event.detail === "string" && !FIGURES.includes(event.type)) {
    row.append(element("details", "", element("summary", "dim", "detail"), foreign("p", "text", event.detail)));
  }
  row.hidden = row.className === "figures" && !place("with-figures").checked;
  return row;
}

function take(event) {
  if (typeof event !== "object" || event === null || seen.has(event.id)) return;
  seen.add(event.id);
  if (seen.size > IDS_KEPT) seen.delete(seen.values().next().value);
  if (event.id > newest) newest = event.id;
  total += 1;
  const list = place("events");
  list.prepend(eventRow(event));
  while (list.children.length > EVENTS_SHOWN) list.lastElementChild.remove();
  place("feed-count").textContent = `${total} events`;
}

// Ids of one millisecond sort by chance: what comes after an id is asked for from below its millisecond.
const floor = () => newest.slice(0, 10) + "0".repeat(16);

function alive() {
  clearTimeout(silence);
  silence = setTimeout(() => reopen(), SILENCE);
}

function follow() {
  if (signedOut) return;
  caughtUp = false;
  state("", newest ? "catching up" : "connecting");
  source = new EventSource(`${API}/feed/stream${newest ? `?since=${floor()}` : ""}`);
  source.onopen = async () => {
    alive();
    try {
      const missed = await ask(`/feed/events?${newest ? `since=${floor()}&limit=0` : `limit=${EVENTS_SHOWN}`}`);
      missed.forEach(take);
      caughtUp = true;
      waiting.splice(0).forEach(take);
      patience = 1000;
      state("live", "live");
    } catch (error) {
      if (error instanceof SignedOut) leave();
      else reopen();
    }
  };
  source.onmessage = (message) => {
    alive();
    const event = JSON.parse(message.data);
    if (caughtUp) take(event);
    else waiting.push(event);
  };
  source.onerror = () => reopen();
}

// A browser's stream says nothing of why it ended: whether the session did is asked.
async function reopen() {
  source.close();
  clearTimeout(silence);
  waiting.length = 0;
  if (signedOut) return;
  state("stale", `stale since ${clock().toISOString().slice(11, 19)}`);
  try {
    await ask("/health");
  } catch (error) {
    if (error instanceof SignedOut) {
      leave();
      return;
    }
  }
  setTimeout(follow, patience);
  patience = Math.min(30000, patience * 2);
}

place("with-figures").addEventListener("change", () => {
  for (const row of document.querySelectorAll("#events .figures")) row.hidden = !place("with-figures").checked;
});

// -- asking again --------------------------------------------------------------------------------------------------

// Ask again and again, one question at a time, and only while the page is looked at.
async function repeat(question, pause) {
  while (!signedOut) {
    if (!document.hidden) {
      try {
        await question();
        notice(question.name, "");
      } catch (error) {
        if (error instanceof SignedOut) leave();
        else notice(question.name, `The services do not answer: ${clean(error.message, 200)}`);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

for (const status of STATUSES) lane(status, status);
follow();
repeat(board, POLL);
repeat(registry, POLL);
repeat(reports, SLOW_POLL);
repeat(usage, SLOW_POLL);
