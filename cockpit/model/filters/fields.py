"""What can be asked of the things of a list: its fields, and the words that are looked through."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
"""What a list is of."""

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
"""Seconds of the units in which an age is written."""

_AMOUNT = re.compile(r"(>=|<=|>|<|=)?\$?([0-9]{1,12}(?:\.[0-9]{1,9})?)(%|[a-z]?)\Z")


@dataclass(frozen=True, slots=True)
class Wording(Generic[Thing]):
    """A field whose values are words: one begins with what is asked for, or holds it, whatever the case."""

    read: Callable[[Thing], Iterable[str]]
    """Returns the values of a thing; none if it has none."""
    within: bool = False
    """What is asked for may stand anywhere in a value; otherwise a value begins with it."""
    several: bool = False
    """A thing may have several values: what is asked for twice must fit both times. Of others, one of them must."""
    known: tuple[str, ...] = ()
    """The words there are, where they are known beforehand: another one is said to be none."""

    def means(self, wanted: str) -> bool:
        """Say whether something is asked for already."""
        return bool(wanted)

    def fits(self, thing: Thing, wanted: str) -> bool:
        """Say whether a value of a thing is what is asked for."""
        values = (value.casefold() for value in self.read(thing))
        return any(wanted in value if self.within else value.startswith(wanted) for value in values)

    def fault(self, wanted: str) -> str:
        """Say that there is no such value, with the nearest one; empty while it may become one."""
        if not self.known or any(word.startswith(wanted) for word in self.known):
            return ""
        return f"is none of {', '.join(self.known)}"


@dataclass(frozen=True, slots=True)
class Measure(Generic[Thing]):
    """A field whose value is a number: `>5`, `<=0.5`, and without a sign at least as much."""

    measure: Callable[[Thing], float | None]
    """Returns the number of a thing; None if it is not known, which fits nothing."""
    units: Mapping[str, float] = field(default_factory=dict)
    """What a letter behind the number multiplies it with; without a letter it stands as it is."""

    several = True
    """What is asked for twice must fit both times: `>1` and `<5`."""

    def means(self, wanted: str) -> bool:
        """Say whether something is asked for already: what is no number yet is not."""
        return _AMOUNT.match(wanted) is not None

    def fits(self, thing: Thing, wanted: str) -> bool:
        """Say whether the number of a thing is what is asked for."""
        parsed, value = _AMOUNT.match(wanted), self.measure(thing)
        if parsed is None or value is None:
            return False
        sign, digits, unit = parsed.groups()
        bound = float(digits) * self.units.get(unit, 1.0)
        match sign:
            case ">":
                return value > bound
            case "<":
                return value < bound
            case "<=":
                return value <= bound
            case "=":
                return value == bound
            case _:
                return value >= bound

    def fault(self, wanted: str) -> str:
        """Say that this is no number; empty while it may become one."""
        if wanted in (">", "<", ">=", "<=", "=", "$"):
            return ""
        parsed = _AMOUNT.match(wanted)
        if parsed is None or (parsed[3] not in ("", "%") and parsed[3] not in self.units):
            units = f", with {' '.join(self.units)} behind it" if self.units else ""
            return f"takes a number such as >5{units}"
        return ""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary(Generic[Thing]):
    """The fields of a list, and the words of its things."""

    words: Callable[[Thing], Iterable[str]]
    """Returns the texts of a thing that a word without a field is looked for in."""
    fields: Mapping[str, Wording[Thing] | Measure[Thing]]
    marks: Mapping[str, str] = field(default_factory=dict)
    """Signs that stand for a field where a word begins with them: `@` for `agent:`."""
    others: Mapping[str, str] = field(default_factory=dict)
    """Other names of fields: `status` for `state`."""

    def named(self, name: str) -> str:
        """Return the name of a field in its own words, or empty text where there is no such field."""
        name = name.casefold()
        name = self.others.get(name, name)
        return name if name in self.fields else ""

    def nearest(self, name: str) -> str:
        """Return the field that is most like a name, or empty text if none is."""
        known = [*self.fields, *self.others]
        near = difflib.get_close_matches(name.casefold()[:40], known, n=1, cutoff=0.5)
        return self.others.get(near[0], near[0]) if near else ""
