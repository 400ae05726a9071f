"""What one line says of agents to be made: `ada`, `ada: first task`, `docs, api, web`, `worker*3: run the tests`."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from cockpit.model.workers import MOST, numbered

_MANY = re.compile(r"(.+?)\s*\*\s*(\d{1,4})\Z")


@dataclass(frozen=True, slots=True)
class SpawnLine:
    """What was read."""

    names: tuple[str, ...] = ()
    task: str = ""
    """The first task of each; empty for none."""
    fault: str = ""
    """Why nothing can be made of it; empty if something can."""


def read_spawn_line(text: str, taken: Collection[str] = ()) -> SpawnLine:
    """Read names and a task.

    Args:
        text: names, separated by commas or blanks, `*N` behind one for as many with numbers; a task behind a colon.
        taken: names that somebody has.
    """
    head, _, task = text.partition(":")
    names: list[str] = []
    for word in re.sub(r"\s*\*\s*", "*", head).replace(",", " ").split():
        many = _MANY.match(word)
        if many is None:
            names.append(word)
            continue
        number = int(many[2])
        if not 1 <= number <= MOST:
            return SpawnLine(fault=f"{word}: a number from 1 to {MOST}")
        names += numbered(many[1], number, {*taken, *names})
    if not names:
        return SpawnLine(task=task.strip(), fault="an agent needs a name")
    if len(names) > MOST:
        return SpawnLine(fault=f"{len(names)} agents: at most {MOST} at a time")
    twice = next((name for at, name in enumerate(names) if name in names[:at]), "")
    return SpawnLine(tuple(names), task.strip(), f"{twice} is named twice" if twice else "")
