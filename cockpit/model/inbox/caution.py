"""Rules over the whole command that a question is about: what they match is let through only by the same key twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.model.inbox.question import command_in

if TYPE_CHECKING:
    from cockpit.model.commands.agent import Answer
    from cockpit.model.extensions import DialogRequested

READ = 10_000
"""Characters of a command that are looked at; of a longer one it is not known what is in it, and so it asks twice."""

WITHIN = 10.0
"""Seconds within which the second press of a key counts as one."""


@dataclass(frozen=True, slots=True)
class CautionRule:
    """One reason to look twice."""

    name: str
    """In a word or two: `deletes`."""
    why: str
    """What it would do, as the end of a sentence that begins with `it`."""
    patterns: tuple[re.Pattern[str], ...]
    """Any of them is enough; they are searched in the command with its blanks and quotes evened out."""


TOO_LONG = CautionRule("too long", "is too long to be looked at whole", ())

_CONTINUED = re.compile(r"\\\r?\n")
_QUOTES = str.maketrans("", "", "\"'`\\")
_BLANKS = re.compile(r"[^\S\n]+")


def evened(command: str) -> tuple[str, str]:
    """Return a command as the rules read it: lines that go on joined, blanks as one; as it is, and without quotes.

    A shell takes `r\\m` and `"rm"` for `rm`, so that a rule must not be led astray by them.
    """
    once = _BLANKS.sub(" ", _CONTINUED.sub(" ", command))
    return once, once.translate(_QUOTES)


def matched(rules: Iterable[CautionRule], command: str) -> tuple[CautionRule, ...]:
    """Return the rules that match a command anywhere, each once, in their order."""
    if len(command) > READ:
        return (TOO_LONG,)
    forms = set(evened(command))
    return tuple(rule for rule in rules if any(one.search(form) for one in rule.patterns for form in forms))


def cautions(rules: Iterable[CautionRule], request: DialogRequested) -> tuple[CautionRule, ...]:
    """Return the rules that match anything of a question."""
    return matched(rules, command_in(request))


def lets_through(answer: Answer) -> bool:
    """Say whether an answer can let something happen: all but a plain no."""
    return not answer.cancelled and answer.confirmed is not False


def warning(rules: Iterable[CautionRule]) -> str:
    """Say what some rules warn of; empty text for none."""
    return ", ".join(dict.fromkeys(rule.why for rule in rules))
