"""Why no agent more joins a family, whichever way: made for it, copied in it, brought back into it."""

from __future__ import annotations

from cockpit.model.commands.life import Spawn
from cockpit.model.commands.swarm import BestOf
from cockpit.model.commands.vm import Branch
from cockpit.model.family import family_fault, parents_of
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import VmId
from cockpit.model.names import agents_called
from cockpit.model.refusals.grounds import Facilities, Refusal, RefusalCode


def parent_word(spawn: Spawn) -> str:
    """Return what says whom an agent is made for: a VM where one is known, else a name."""
    return spawn.parent_vm or spawn.parent


def of_member(spawn: Spawn, fleet: Fleet, facilities: Facilities, without: VmId | None = None) -> Refusal | None:
    """Refuse a child beyond the bounds of its family; a parent that means nobody bounds nothing.

    Args:
        spawn: who is to be made, or brought back.
        fleet: who is there.
        facilities: the bounds, and who is being made.
        without: a VM that goes first.
    """
    return _of(_only_called(parent_word(spawn), fleet), 1, fleet, facilities, without)


def of_copies(command: Branch | BestOf, fleet: Fleet, facilities: Facilities) -> Refusal | None:
    """Refuse copies beyond the bounds: those of a branch stand beside their original, those of a contest below it."""
    original = fleet.agent_on(command.vm)
    if original is None:
        return None
    if isinstance(command, BestOf):
        return _of(original, len(command.texts), fleet, facilities)
    above = parents_of(fleet.agents).get(original.id)
    return _of(fleet.agent(above) if above is not None else None, command.count, fleet, facilities)


def _of(
    parent: Agent | None, more: int, fleet: Fleet, facilities: Facilities, without: VmId | None = None
) -> Refusal | None:
    if parent is None:
        return None
    makers = [maker.id for word in facilities.making if (maker := _only_called(word, fleet)) is not None]
    there = [agent for agent in fleet.agents if agent.vm_id != without or agent.id == parent.id]
    sentence = family_fault(parent, there, makers, facilities.bounds, more)
    return Refusal(RefusalCode.FAMILY_FULL, sentence) if sentence else None


def _only_called(name: str, fleet: Fleet) -> Agent | None:
    """Return the one agent that a text means, or None if it means nobody or several."""
    called = agents_called(name, fleet.agents, fleet.vms) if name else ()
    return called[0] if len(called) == 1 else None
