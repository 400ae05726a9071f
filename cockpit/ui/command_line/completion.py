"""What may stand at the end of a line: the words and names that fit what was typed, best first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.ui.command_line.grammar import Command, Kind, LineWords, quoted, tokens_of

MOST = 50
"""Candidates that are offered."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on."""

    line: str
    """The whole line with it."""
    name: str
    note: str
    """What it is."""
    kind: str
    """`command`, or the kind of the argument."""
    dim: bool = False
    """It cannot be done now."""


def candidates(line: str, vocabulary: LineWords) -> list[Completion]:
    """Return what the last word of a line can become."""
    tokens = tokens_of(line)
    ended = not line or line[-1].isspace()
    if not tokens or (len(tokens) == 1 and not ended):
        return _first(tokens[0].text if tokens else "", vocabulary)[:MOST]
    command = next((one for one in vocabulary.commands if tokens[0].text in (one.word, one.action)), None)
    at = len(tokens) - (0 if ended else 1)
    if command is None or at > len(command.kinds):
        return []
    kind = command.kinds[at - 1]
    needle, start = ("", len(line)) if ended else (tokens[-1].text, tokens[-1].start)
    if kind is Kind.TEXT:
        return []
    more = " " if at < len(command.kinds) else ""
    named = [(name, name) for name, _ in vocabulary.names.get(kind, ())]
    return [
        Completion(f"{line[:start]}{quoted(name)}{more}", name, kind.value, kind.value)
        for name in _fitting(needle, named)
    ][:MOST]


def _first(needle: str, vocabulary: LineWords) -> list[Completion]:
    """Words that begin with what was typed, then places with it, then words that only hold it."""
    by_word = {one.word: one for one in vocabulary.commands}
    fitting = _fitting(needle, [(one.word, f"{one.word} {one.about}") for one in vocabulary.commands])
    begin = [word for word in fitting if word.casefold().startswith(needle.casefold())]
    places = _fitting(needle, [(name, name) for name, _ in vocabulary.names.get(Kind.PLACE, ())]) if needle else []
    return [
        *(_word(by_word[word]) for word in begin),
        *(Completion(quoted(name), name, "go there", Kind.PLACE.value) for name in places),
        *(_word(by_word[word]) for word in fitting if word not in begin),
    ]


def _word(command: Command) -> Completion:
    takes = "".join(f" [{kind.value}]" for kind in command.kinds)
    note = f"not now: {command.reason}" if command.reason else command.about
    more = " " if command.kinds else ""
    return Completion(f"{command.word}{more}", f"{command.word}{takes}", note, "command", bool(command.reason))


def _fitting(needle: str, named: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names whose words hold a needle: those that begin with it first, each once."""
    wanted = needle.casefold()
    ranked = [
        (not name.casefold().startswith(wanted), wanted not in name.casefold(), at, name)
        for at, (name, words) in enumerate(named)
        if wanted in words.casefold()
    ]
    return list(dict.fromkeys(name for *_, name in sorted(ranked)))
