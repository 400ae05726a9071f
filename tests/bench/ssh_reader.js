// The usual way to read many agents: one `ssh` child each, JSON.parse of each line. Reads a plan as one line of JSON.
"use strict";
const { spawn } = require("node:child_process");
const readline = require("node:readline");

const STAMP_DIGITS = 18;
let events = 0;
let watched = [];
const children = [];

function follow(words, number) {
  const child = spawn(words[0], words.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let rest = "";
  child.stdout.on("data", (data) => {
    const lines = (rest + data.toString()).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line) continue;
      const event = JSON.parse(line);
      events += 1;
      const change = event.assistantMessageEvent;
      if (number === 0 && change && change.type === "text_delta" && change.delta[0] === "@") {
        const written = BigInt(change.delta.slice(1, STAMP_DIGITS + 1));
        watched.push(Number(process.hrtime.bigint() - written) / 1e9);
      }
    }
  });
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const order = JSON.parse(line);
  if (order.commands) order.commands.forEach(follow);
  process.stdout.write(JSON.stringify({ events, delays: order.tell ? watched : [] }) + "\n");
  if (order.forget) watched = [];
}).on("close", () => {
  for (const child of children) child.kill();
  process.exit(0);
});
