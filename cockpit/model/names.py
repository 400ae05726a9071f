"""What an agent may be called, whoever gives the name: the operator, a registry, a VM's label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
"""Safe in paths, session names and on every screen."""

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
    if not _NAME.match(name):
        return f"{name!r} cannot be a name: use letters, digits, dot, dash and underscore, at most 64"
    if name.lower() == OPERATOR:
        return f"{name!r} cannot be a name: on board and feed it means you"
    if looks_like_id(name) or name.lower() in vm_ids:
        return f"{name!r} cannot be a name: it is a VM's id, or looks like one"
    return ""


def usable_name(name: str, vm_id: VmId) -> str:
    """Return a name that came from outside, or one made of the VM's id if it cannot be a name."""
    return f"vm-{vm_id[:8]}" if fault_of(name) else name


def numbered_from(name: str, first: int) -> Iterator[str]:
    """Yield names of the form `NAME-1` without end, cut so that they stay names; `first` is the first number."""
    for number in count(first):
        yield f"{name[: NAME_LENGTH - len(str(number)) - 1]}-{number}"


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
