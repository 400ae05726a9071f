"""What the scripted agent will do: directives in a prompt become steps; without any, it does a small coding run.

Directives stand in brackets, inline or one per line: `[think 20]` `[say 60]` `[say Some text.]` `[bash make test]`
`[write notes.md]` `[write notes.md | content]` `[edit notes.md]` `[edit notes.md | old | new]` `[read notes.md]`
`[ask select Which colour? | red | green]` `[ask confirm Deploy? | This goes to production | timeout=30]`
`[ask input Branch name? | feature/...]` `[fail 2]` `[fail forever]` `[compact]` `[slow 5]` (tokens per second)
`[feed TYPE summary]` `[task-note STATUS | note]` `[swarm NAME: its task || NAME: its task]` (workers of its own).
A task of the board that is handed over is read there first, and reported there.
"""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass, field
from typing import Any

FOREVER = 1_000_000
"""Failures of a provider that does not come back."""

_DIRECTIVE = re.compile(r"\[(think|say|bash|write|edit|read|ask|fail|compact|slow|feed|task-note|swarm)\b")
_HANDED = re.compile(r"The operator hands you this task of the board\. Its id is (\w+)\.\n\nTask: (.*)")
"""How the prompt begins that hands a task over; the id is one word, which no shell can take for another."""

_STOP = re.compile(r"\b(stop|skip|cancel|instead|forget|never ?mind|leave it)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Think:
    """Think aloud."""

    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """Write answer text."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """Call a tool; ends the answer."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fail:
    """Let the next model calls fail as an overloaded provider does."""

    times: int


@dataclass(frozen=True, slots=True)
class Compact:
    """Fill the context, so that the run is followed by a compaction."""


@dataclass(frozen=True, slots=True)
class Slow:
    """Stream at another rate from here on, in tokens per second."""

    rate: float


Step = Think | Say | Call | Fail | Compact | Slow


def plan(text: str) -> list[Step]:
    """Return the steps for a prompt; the same text always gives the same steps."""
    handed = _HANDED.match(text)
    if handed is not None:
        return _handed_task(handed[1], handed[2], _own_lines(text[handed.end() :]))
    directives = list(_directives(text))
    if directives:
        words = Words(text)
        return [_step(name, rest, words) for name, rest in directives]
    return _coding_run(text)


def _own_lines(text: str) -> str:
    """Return what a text says itself: not what it quotes of others, nor how to report."""
    said, _, _ = text.partition("\nHow to report.")
    return "\n".join(line for line in said.splitlines() if not line.startswith("|"))


def _handed_task(task: str, title: str, said: str) -> list[Step]:
    """Return the steps for a task of the board: read it there, do what it says, and report with `board`."""
    import shlex  # only a task of the board needs it

    words = Words(task)
    done = shlex.quote(f"{shorten(title, 60)}: done, as the notes say. (This agent follows a script.)")
    directives = list(_directives(said))
    work = [_step(name, rest, words) for name, rest in directives] if directives else _coding_run(title)
    return [
        Call("bash", {"command": f"board show {task}"}),
        *work,
        Call("bash", {"command": f"board -t {task} finding {shlex.quote(words.sentences(8))}"}),
        Call("bash", {"command": f"board -t {task} submit {done}"}),
        Say(f"The task “{shorten(title, 60)}” is handed in."),
    ]


def plan_steering(text: str, remaining: list[Step]) -> list[Step]:
    """Return the steps after a text that steers: it goes first, and one that says stop ends what was planned."""
    if any(_directives(text)):
        return [*plan(text), *remaining]
    short = shorten(text)
    if _STOP.search(text):
        return [Say(f"Understood: “{short}” I leave the rest as it is.")]
    return [Say(f"Understood: “{short}” I take that into account."), *remaining]


def shorten(text: str, length: int = 72) -> str:
    """Return a text as one line of at most `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _directives(text: str) -> list[tuple[str, str]]:
    """Return (name, rest) for each directive; brackets inside it must match, or it ends with its line."""
    found = []
    position = 0
    while match := _DIRECTIVE.search(text, position):
        depth, end = 0, match.start()
        for end in range(match.start(), len(text)):
            depth += {"[": 1, "]": -1}.get(text[end], 0)
            if depth == 0:
                break
        else:
            line_end = text.find("\n", match.start())
            end = len(text) if line_end < 0 else line_end
        found.append((match[1], text[match.end() : end].strip()))
        position = end + 1
    return found


def _step(name: str, rest: str, words: Words) -> Step:
    if name == "think":
        return Think(words.sentences(_count(rest, 20)) if _is_count(rest) else rest)
    if name == "say":
        return Say(words.sentences(_count(rest, 40)) if _is_count(rest) else rest)
    if name == "fail":
        return Fail(FOREVER if rest == "forever" else _count(rest, 1))
    if name == "compact":
        return Compact()
    if name == "slow":
        return Slow(max(0.1, float(rest)) if re.fullmatch(r"\d+(\.\d+)?", rest) else 5.0)
    return _call(name, rest, words)


def _call(name: str, rest: str, words: Words) -> Call:
    parts = [part.strip() for part in rest.split("|")]
    if name == "bash":
        return Call("bash", {"command": rest})
    if name == "write":
        path, _, content = rest.partition("|")
        content = content.strip() or f"# Notes\n\n- {words.sentences(8)}\n- {words.sentences(9)}"
        return Call("write", {"path": path.strip() or "notes.md", "content": content.rstrip() + "\n"})
    if name == "edit" and len(parts) == 3:
        return Call("edit", {"path": parts[0], "edits": [{"oldText": parts[1], "newText": parts[2]}]})
    if name in ("read", "edit"):
        return Call(name, {"path": rest or "notes.md"})
    if name == "ask":
        return Call("ask_operator", _question(parts))
    if name == "swarm":
        pairs = (worker.partition(":") for worker in rest.split("||"))
        named = [{"name": who.strip(), "task": task.strip()} for who, _, task in pairs if who.strip()]
        return Call("swarm", {"workers": named})
    head, _, summary = rest.partition(" ")
    if name == "feed":
        return Call("feed", {"type": head or "custom", "summary": summary.strip() or "A scripted event."})
    return Call("task_note", {"status": parts[0], "note": parts[1] if len(parts) > 1 else ""})


def _question(parts: list[str]) -> dict[str, Any]:
    method, _, title = parts[0].partition(" ")
    question: dict[str, Any] = {"method": method, "title": title.strip() or "What next?"}
    rest = []
    for part in parts[1:]:
        if match := re.fullmatch(r"timeout=(\d+(?:\.\d+)?)", part):
            question["timeout"] = round(float(match[1]) * 1000)
        elif part:
            rest.append(part)
    if method == "select":
        question["options"] = rest or ["Yes", "No"]
    elif method == "confirm":
        question["message"] = rest[0] if rest else "Please confirm."
    elif method == "editor":
        question["prefill"] = rest[0] if rest else ""
    else:
        question["method"] = "input"
        question["placeholder"] = rest[0] if rest else ""
    return question


def _coding_run(text: str) -> list[Step]:
    words = Words(text)
    task = shorten(text) or "an empty prompt"
    slug = "-".join(re.findall(r"[a-z0-9]+", text.lower())[:4]) or "task"
    look = words.choice(["ls -la | head -20", "pwd && ls", "find . -maxdepth 2 -not -path '*/.*' | sort | head -20"])
    note = f"# {task}\n\n- looked at the files\n- {words.sentences(9)}\n- {words.sentences(8)}\n"
    return [
        Think(f"The task is: {task} {words.sentences(14)}"),
        Say("I look at what is here first."),
        Call("bash", {"command": look}),
        Think(words.sentences(12)),
        Say(f"I write down what I found in {slug}.md."),
        Call("write", {"path": f"{slug}.md", "content": note}),
        Call("bash", {"command": f"wc -l {slug}.md && echo checked"}),
        Say(f"Done with “{task}” {words.sentences(18)} The notes are in {slug}.md. (This agent follows a script.)"),
    ]


def _is_count(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and len(text) <= 6)


def _count(text: str, default: int) -> int:
    return int(text) if text and _is_count(text) else default


class Words:
    """A source of plausible sentences that depends on nothing but its seed."""

    _OPENINGS = ("The", "Each", "Every", "This", "One")
    _THINGS = (
        *(
            "module",
            "test",
            "parser",
            "request handler",
            "cache",
            "queue",
            "retry loop",
            "fixture",
            "configuration",
        ),
        *("migration", "error path", "log line", "timeout", "client", "schema", "build step", "command line"),
    )
    _VERBS = (
        "checks",
        "keeps",
        "reads",
        "covers",
        "limits",
        "explains",
        "needs",
        "hides",
        "repeats",
        "releases",
    )
    _ENDS = (
        "once",
        "on start",
        "in both cases",
        "before the deadline",
        "without a lock",
        "as documented",
        "again",
    )

    def __init__(self, seed: str) -> None:
        digest = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()
        self._random = random.Random(int.from_bytes(digest[:8], "big"))

    def choice(self, options: list[str]) -> str:
        """Return one of the options."""
        return self._random.choice(options)

    def sentences(self, count: int) -> str:
        """Return about `count` words in whole sentences."""
        said: list[str] = []
        while len(said) < max(1, count):
            pick = self._random.choice
            thing, other = pick(self._THINGS), pick(self._THINGS)
            said += f"{pick(self._OPENINGS)} {thing} {pick(self._VERBS)} the {other} {pick(self._ENDS)}.".split()
        return " ".join(said)
