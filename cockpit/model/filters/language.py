"""The language itself: words, `field:value`, `-` to negate, quotes. Any text is a filter; what it lacks, it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic

from cockpit.model.filters.fields import Thing, Vocabulary

LONGEST = 2000
"""Characters of a filter that are read."""

_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,30}\Z")
"""What may be meant as the name of a field; anything else before a colon is part of a word."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that is asked for."""

    field: str
    """The field in its own words; empty for a word that may stand anywhere."""
    values: tuple[str, ...]
    """Of these one must fit; without regard to the case."""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class RowFilter(Generic[Thing]):
    """What a line asks for, and what in it means nothing."""

    vocabulary: Vocabulary[Thing]
    terms: tuple[Term, ...] = ()
    faults: tuple[str, ...] = ()
    """What is wrong with it, in the order of the line; the rest of it counts all the same."""
    unfinished: bool = False
    """Something in it asks for nothing, as it does while it is being typed: all the rest counts without it."""

    def fits(self, thing: Thing) -> bool:
        """Say whether a thing is wanted: all terms fit; of several about a field with one value, one is enough."""
        words = ""
        chosen: dict[str, bool] = {}
        for term in self.terms:
            if term.field:
                field = self.vocabulary.fields[term.field]
                fits = any(field.fits(thing, value) for value in term.values)
                if not (term.negated or field.several):
                    chosen[term.field] = chosen.get(term.field, False) or fits
                    continue
            else:
                words = words or "\n".join(self.vocabulary.words(thing)).casefold()
                fits = term.values[0] in words
            if fits is term.negated:
                return False
        return all(chosen.values())

    def of(self, things: Iterable[Thing]) -> list[Thing]:
        """Return the things that are wanted, in their order."""
        return [thing for thing in things if self.fits(thing)]


@lru_cache(maxsize=64)
def filter_of(text: str, vocabulary: Vocabulary[Thing]) -> RowFilter[Thing]:
    """Read a line. It is never refused: a field that is not known is a word like any other, and is named.

    Args:
        text: the line; it may end in the midst of anything, for it is read with each letter.
        vocabulary: what can be asked.
    """
    terms: list[Term] = []
    faults: list[str] = []
    unfinished = len(text) > LONGEST
    for negated, name, values in _pieces(text[:LONGEST], vocabulary):
        field = vocabulary.named(name) if name else ""
        if name and not field:
            near = vocabulary.nearest(name)
            advice = (
                f"did you mean {near}:?" if near else f"there are {' '.join(f'{one}:' for one in vocabulary.fields)}"
            )
            faults.append(f"no field {name}: · {advice}")
            word = ",".join(values)
            terms.append(Term("", (f"{name}:{word}".casefold(),), negated))
            continue
        asked = tuple(value.casefold() for value in values if value)
        if not asked:
            unfinished = True
            continue
        if field:
            found = (vocabulary.fields[field].fault(value) for value in asked)
            faults += [f"{field}:{value} {fault}" for value, fault in zip(asked, found, strict=True) if fault]
            asked = tuple(value for value in asked if vocabulary.fields[field].means(value))
            if not asked:
                continue  # so is this: negated or not, it narrows nothing
        terms.append(Term(field, asked, negated))
    return RowFilter(vocabulary, tuple(terms), tuple(faults), unfinished)


def _pieces(text: str, vocabulary: Vocabulary[Thing]) -> Iterator[tuple[bool, str, tuple[str, ...]]]:
    """Yield each piece: whether it is negated, the name before its colon, and what is asked for.

    Of a word without a field there is one value, commas and all. A quote that is not closed ends with the line.
    """
    at, end = 0, len(text)
    while at < end:
        if text[at].isspace():
            at += 1
            continue
        negated = text[at] == "-" and at + 1 < end and not text[at + 1].isspace()
        at += negated
        name = ""
        if text[at] in vocabulary.marks:
            name = vocabulary.marks[text[at]]
            at += 1
        else:
            stop = at
            while stop < end and not text[stop].isspace() and text[stop] not in ':"':
                stop += 1
            is_field = stop < end and text[stop] == ":" and _NAME.match(text[at:stop]) is not None
            # An address is no field.
            if is_field and not (text.startswith("//", stop + 1) and not vocabulary.named(text[at:stop])):
                name, at = text[at:stop], stop + 1
        values = [""]
        while at < end and not text[at].isspace():
            if text[at] == '"':
                close = text.find('"', at + 1)
                close = end if close < 0 else close
                values[-1] += text[at + 1 : close]
                at = close + 1
            elif text[at] == "," and name:
                values.append("")
                at += 1
            else:
                values[-1] += text[at]
                at += 1
        yield negated, name, tuple(values)


def quoted(value: str) -> str:
    """Return a value as it is written in a filter."""
    value = value.replace('"', " ")
    return (
        f'"{value}"' if not value or any(character.isspace() or character in ",:-#@" for character in value) else value
    )
