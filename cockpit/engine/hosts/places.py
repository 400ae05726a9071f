"""Places of agents on a host: what a look found, and the id under which each is known."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from cockpit.engine.hosts.scripts import SCAFFOLD
from cockpit.errors import CockpitError
from cockpit.model.ids import VmId

_NAMESPACE = uuid.UUID("7a3f5f0a-6f0c-5c56-9d0e-0a6f6d1f4b11")


@dataclass(frozen=True, slots=True)
class HostPlace:
    """A directory of a host in which an agent lives, or is to live."""

    id: VmId
    directory: str
    """Absolute; holds FIFO and output."""
    state: str
    """`running` or `paused`; a place whose agent is dead runs, as a VM does."""
    process: int | None
    """The agent's, where it lives."""
    labels: Mapping[str, str] = field(default_factory=dict)
    home: str = ""
    """The home of an agent that was spawned here; empty for one that lives in the user's own."""


@dataclass(frozen=True, slots=True)
class HostLook:
    """What is on a host."""

    home: str
    """Of the user."""
    base: str
    """Where homes of agents are made."""
    places: tuple[HostPlace, ...]
    more: bool = False
    """There are more than a look tells of."""


def place_id(host: str, directory: str) -> VmId:
    """Return the id of a place: the same whenever and by whomever it is looked at."""
    return VmId(str(uuid.uuid5(_NAMESPACE, f"{host}\0{directory}")))


def parse_look(host: str, said: bytes) -> HostLook:
    """Return what the look said; anybody can have written the labels, and a line that is none is left out.

    Raises:
        CockpitError: it was cut off, or something else answered.
    """
    lines = said.decode("utf-8", "surrogateescape").split("\n")
    home = next((line[5:] for line in lines if line.startswith("home\t")), "")
    base = next((line[5:] for line in lines if line.startswith("base\t")), "")
    if "done" not in lines or not home.startswith("/") or not base.startswith("/"):
        raise CockpitError(f"host {host} did not answer the look for agents", hint="does its shell run `sh`?")
    found: dict[VmId, HostPlace] = {}
    for line in lines:
        words = line.split("\t", 4)
        if len(words) == 5 and words[0] == "place" and words[1].startswith("/"):
            place = _place(host, base, words)
            found.setdefault(place.id, place)
    return HostLook(home, base, tuple(found.values()), "more" in lines)


def _place(host: str, base: str, words: list[str]) -> HostPlace:
    _, directory, state, process, labels = words
    parent, _, last = directory.rpartition("/")
    spawned = last == SCAFFOLD and parent.rpartition("/")[0] == base
    return HostPlace(
        place_id(host, directory),
        directory,
        "paused" if state == "paused" else "running",
        int(process) if process.isdigit() else None,
        _labels(labels),
        parent if spawned else "",
    )


def _labels(text: str) -> dict[str, str]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(read, dict):
        return {}
    return {key: value for key, value in read.items() if isinstance(value, str)}
