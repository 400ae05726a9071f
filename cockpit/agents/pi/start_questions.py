"""An extension for pi, so that what other extensions ask while it starts can be answered.

pi 0.73.1 to 1.6.0 read no input before every `session_start` handler has returned: a dialog in one waits for ever, or
pi ends, since nothing keeps it. This one is loaded first, asks in its place over the same protocol, reads the answers
itself, and hands everything else that came to pi once pi reads.
"""

from __future__ import annotations

FILE = ".swarm/start-questions.mjs"
"""Relative to the home directory on the VM."""

EXTENSION = r"""// Questions of extensions while pi starts: pi itself reads no answer before its start is over.
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

export default function (pi) {
  pi.on("session_start", (_event, context) => {
    const ui = context.ui, input = process.stdin, open = new Map(), original = {};
    const decoder = new StringDecoder("utf8");
    let rest = "", kept = "", reading = false, over = false;
    // Once pi reads by itself, it hears answers by itself.
    if (input.listenerCount("data")) return;
    const take = (chunk) => {
      rest += decoder.write(chunk);
      for (let end; (end = rest.indexOf("\n")) >= 0; ) {
        const line = rest.slice(0, end + 1);
        rest = rest.slice(end + 1);
        let answer;
        try { answer = JSON.parse(line); } catch { answer = undefined; }
        const waiting = answer?.type === "extension_ui_response" ? open.get(answer.id) : undefined;
        if (waiting) waiting(answer); else kept += line;
      }
    };
    const stop = () => {
      if (!reading || open.size) return;
      reading = false;
      input.off("data", take);
      input.pause();
      const back = kept + rest;
      kept = rest = "";
      if (back) input.unshift(Buffer.from(back));
    };
    const ask = (request, options, fallback, read) => new Promise((resolve) => {
      const id = randomUUID();
      let timer;
      const end = (value) => {
        if (!open.delete(id)) return;
        clearTimeout(timer);
        stop();
        resolve(value);
      };
      open.set(id, (answer) => end(answer.cancelled ? fallback : read(answer)));
      options?.signal?.addEventListener("abort", () => end(fallback), { once: true });
      if (options?.timeout) timer = setTimeout(() => end(fallback), options.timeout);
      if (!reading) { reading = true; input.on("data", take); input.resume(); }
      writeSync(1, JSON.stringify({ type: "extension_ui_request", id, ...request }) + "\n");
    });
    const value = (answer) => answer.value;
    const own = {
      select: (title, choices, options) =>
        ask({ method: "select", title, options: choices, timeout: options?.timeout }, options, undefined, value),
      confirm: (title, message, options) =>
        ask({ method: "confirm", title, message, timeout: options?.timeout }, options, false, (a) => !!a.confirmed),
      input: (title, placeholder, options) =>
        ask({ method: "input", title, placeholder, timeout: options?.timeout }, options, undefined, (a) => a.value),
      editor: (title, prefill) => ask({ method: "editor", title, prefill }, undefined, undefined, (a) => a.value),
    };
    for (const name of Object.keys(own)) {
      original[name] = ui[name];
      ui[name] = (...args) => (over ? original[name].apply(ui, args) : own[name](...args));
    }
    const on = input.on;
    input.on = function (event, listener) {
      // pi begins to read: its start is over.
      const done = on.call(this, event, listener);
      if (event === "data" && listener !== take) {
        over = true;
        delete input.on;
        input.resume();
      }
      return done;
    };
  });
}
"""
