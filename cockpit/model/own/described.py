"""Agents that the operator describes: programs that read and print lines, and the patterns that tell their states."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass

PREFIX = "lines:"
"""What the names of these kinds begin with: an agent that runs is read by it, also where nobody describes it."""

NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}\Z")

PATTERNS = ("working", "asking", "done", "prompt")

MOST_PATTERN = 500
"""Characters of a pattern."""

MOST_REPEATS = 10_000
"""What the counted repetitions of a pattern may come to together."""

_REPEATS = re.compile(r"\{(\d*)(?:,(\d*))?\}")


@dataclass(frozen=True, slots=True)
class DescribedAgent:
    """One table `[agents.NAME]`."""

    command: tuple[str, ...]
    """The program and its arguments; a leading `~/` is the home directory on the VM."""
    send: str = "{text}\n"
    """How a prompt is written to it."""
    answer: str = ""
    """How an answer to its question is written; empty as a prompt."""
    one_line: bool = False
    """Line breaks of a text become blanks."""
    terminal: bool = True
    """It runs on a pseudo-terminal; else on pipes."""
    echoes: bool = False
    """It repeats what is written to it; that is left out."""
    working: str = ""
    """A line means by it that it works by itself. A regular expression, as the next three."""
    asking: str = ""
    """A line, or what stands without an end, means by it that it asks."""
    done: str = ""
    """A line means by it that it is done with what it was told."""
    prompt: str = ""
    """What it prints without an end of the line means by it that it waits for the next text."""
    quiet_seconds: float = 10.0
    """Seconds of silence that end a run where neither `done` nor `prompt` is described."""


def kind_of(name: str) -> str:
    """Return the name of the kind of agent that a table describes."""
    return f"{PREFIX}{name}"


def kind_meant(wanted: str, known: tuple[str, ...]) -> str:
    """Return the kind a word means: the one of that name, else the described one; the word itself where there is none.

    Args:
        wanted: what was given.
        known: the names of the kinds there are.
    """
    return kind_of(wanted) if wanted not in known and kind_of(wanted) in known else wanted


def fault_of_agent(name: str, described: DescribedAgent) -> tuple[str, str]:
    """Return the key that is wrong in a description, and what to write there; two empty texts if nothing is.

    Args:
        name: of its table.
        described: what stands there.
    """
    if not NAME.match(name):
        return "", f"{name!r} cannot be its name: begin with a letter; a-z, 0-9, _ and - may follow, 31 at most"
    if not described.command or not described.command[0].strip() or any("\0" in word for word in described.command):
        return "command", 'takes the program and its arguments as a list, such as ["bc", "-q"]'
    for key, form in (("send", described.send), ("answer", described.answer)):
        if form and form.count("{text}") != 1:
            return key, 'takes a text in which {text} stands once, such as "{text}\\n"'
    if not 0.1 <= described.quiet_seconds <= 86_400:
        return "quiet_seconds", "takes a number of seconds from 0.1 to 86400"
    for key in PATTERNS:
        if fault := fault_of_pattern(getattr(described, key)):
            return key, fault
    return "", ""


def fault_of_pattern(pattern: str) -> str:
    """Say why a text is no pattern for lines, or return empty text."""
    if not pattern:
        return ""
    if len(pattern) > MOST_PATTERN:
        return f"is longer than {MOST_PATTERN} characters: write a shorter pattern"
    counts = [max(int(number or 0) for number in pair) for pair in _REPEATS.findall(pattern)]
    if any(count > MOST_REPEATS for count in counts) or math.prod(max(1, count) for count in counts) > MOST_REPEATS:
        return f"{pattern!r} repeats more than {MOST_REPEATS} times: write a simpler pattern"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # what another Python may read otherwise is no fault here
            found = re.compile(pattern)
    except (re.error, OverflowError, RecursionError, MemoryError) as error:
        return f"{pattern!r} is no regular expression: {error}; write it as Python's re takes it, such as '^done'"
    if found.search("") is not None:
        return f"{pattern!r} is found in an empty line, so in every line: write what stands in the line that is meant"
    return ""
