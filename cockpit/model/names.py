"""What an agent may be called, whoever gives the name: the operator, a registry, a VM's label."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING

from cockpit.model.board import OPERATOR

if TYPE_CHECKING:
    from cockpit.model.fleet import Agent, Vm
    from cockpit.model.ids import VmId

NAME_LABEL = "swarm-cockpit-agent"
"""Label of a VM that holds its agent's name: what cockpits see of each other that share no store and no registry."""

INFRA = "infra"
"""The role, the name and the label of the VM that hosts board, feed and registry."""

NAME_LENGTH = 64
"""Characters an agent's name may have."""

NAME_BYTES = 192
"""Bytes of UTF-8 a name may have: a file called after it, with an ending, fits in the 255 of every file system."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
"""Safe in paths, session names and on every screen."""

_MARKS = 4
"""Marks in a row: living scripts need up to three, more would be painted over other lines."""

_UNSEEN = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks that are drawn as nothing: two names that look alike would differ by them."""

_LOOK_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK"})
"""Scripts whose letters pass for each other's."""

_ID = re.compile(r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}\Z")
"""The form of the ids of VMs and commits: such a text always means an id."""


def looks_like_id(text: str) -> bool:
    """Say whether a text has the form of a VM's id, so that it never means a name."""
    return _ID.match(text) is not None


def fault_of(name: str, vm_ids: Iterable[str] = ()) -> str:
    """Say why a name cannot be one, or return empty text.

    Args:
        name: the name.
        vm_ids: the ids of known VMs.
    """
    if not _PLAIN_NAME.match(name) and (sentence := _fault_of_script(name)):
        return sentence
    if name.lower() == OPERATOR:
        return f"{name!r} cannot be a name: on board and feed it means you"
    if looks_like_id(name) or name.lower() in vm_ids:
        return f"{name!r} cannot be a name: it is a VM's id, or looks like one"
    return ""


def fault_of_plain(name: str) -> str:
    """Say why a name cannot be one where other programs read it, as an image's is, or return empty text."""
    if not _PLAIN_NAME.match(name):
        return (
            f"{name!r} cannot be a name: use letters (A to Z), digits, dot, dash and underscore, at most {NAME_LENGTH}"
        )
    return fault_of(name)


def _fault_of_script(name: str) -> str:
    """Say why a name that is not of plain letters alone cannot be one, or return empty text."""
    kinds = "".join(_kind(character) for character in name)
    if not re.match(r"[LNS][LNSM._-]*\Z", kinds) or _UNSEEN.search(name) or "M" * (_MARKS + 1) in kinds:
        return (
            f"{name!r} cannot be a name: use letters and digits of any script, dot, dash and underscore,"
            f" at most {NAME_LENGTH}"
        )
    if len(name) > NAME_LENGTH or len(name.encode()) > NAME_BYTES:
        return f"{name!r} cannot be a name: at most {NAME_LENGTH} characters and {NAME_BYTES} bytes of UTF-8"
    if (composed := unicodedata.normalize("NFC", name)) != name:
        return f"{name!r} cannot be a name: its characters are written in parts; write them as {composed!r}"
    for word in re.split(r"[._-]", name):
        if len(mixed := {_script(letter) for letter in word if letter.isalpha()} & _LOOK_ALIKE) > 1:
            scripts = " and ".join(sorted(script.capitalize() for script in mixed))
            return f"{name!r} cannot be a name: {word!r} mixes {scripts} letters, which look alike"
    return ""


def _kind(character: str) -> str:
    """Return what a character is in a name: L a letter, N a digit, M a mark, S a picture, itself, or `?`."""
    if character in "._-":
        return character
    category = unicodedata.category(character)
    if category == "So" and "\U0001f300" <= character <= "\U0001faff":
        return "S"
    return "N" if category == "Nd" else category[0] if category[0] in "LM" else "?"


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ", 1)[0]


def usable_name(name: str, vm_id: VmId) -> str:
    """Return a name that came from outside, or one made of the VM's id if it cannot be a name."""
    return f"vm-{vm_id[:8]}" if fault_of(name) else name


@lru_cache(maxsize=4096)
def sorting_name(name: str) -> str:
    """Return by what a name is sorted: `w-2` stands before `w-10`, and `é` behind what begins with `e` alone."""
    parted = unicodedata.normalize("NFD", name.casefold())
    return re.sub(r"\d{1,64}", lambda number: str(int(number[0])).zfill(NAME_LENGTH), parted)


def numbered_from(name: str, first: int) -> Iterator[str]:
    """Yield names of the form `NAME-1` without end, cut so that they stay names; `first` is the first number."""
    for number in count(first):
        end = f"-{number}"
        start = name[: NAME_LENGTH - len(end)]
        while len(start.encode()) > NAME_BYTES - len(end):
            start = start[:-1]
        yield start + end


def vm_called(vm_id: VmId, agents: Iterable[Agent], vms: Iterable[Vm] = ()) -> str:
    """Return how a VM is called for people: by who lives there, else by its label, else by its id.

    Args:
        vm_id: the VM.
        agents: those that are known.
        vms: those that are known; without them a label, which anybody may have given, counts for nothing.
    """
    names = sorted(agent.name for agent in agents if agent.vm_id == vm_id)
    return ", ".join(names) or next((vm.label for vm in vms if vm.id == vm_id and vm.label), vm_id)


def agents_called(name: str, agents: Iterable[Agent], vms: Iterable[Vm]) -> tuple[Agent, ...]:
    """Return the agents a text means: the one with this id, else those with this name, by id."""
    known = tuple(agents)
    same = next((agent for agent in known if agent.id == name or agent.vm_id == name.lower()), None)
    if same is not None:
        return (same,)
    if looks_like_id(name) or any(vm.id == name.lower() for vm in vms):
        return ()  # It names a VM; an agent elsewhere that is called so is not meant.
    called = sorted((agent for agent in known if agent.name == name), key=lambda agent: agent.id)
    return tuple(agent for agent in called if not agent.elsewhere) or tuple(called)
