"""Why no agent is made, or none taken over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.model.commands.life import Adopt, Spawn
from cockpit.model.dwelling import it_words
from cockpit.model.fleet import Fleet, Power
from cockpit.model.names import agents_called
from cockpit.model.own.described import kind_meant
from cockpit.model.platform import fault_of_size
from cockpit.model.refusals.family import of_member
from cockpit.model.refusals.grounds import Facilities, Refusal, RefusalCode
from cockpit.model.refusals.names import name_fault, name_taken


def of_spawn(spawn: Spawn, fleet: Fleet, facilities: Facilities) -> Refusal | None:
    if fault := name_fault(spawn.name, fleet):
        return fault
    here = (agent for agent in agents_called(spawn.name, fleet.agents, fleet.vms) if not agent.elsewhere)
    if spawn.name in facilities.claimed or any(here):
        return name_taken(spawn.name)
    if sentence := fault_of_size(spawn.size, spawn.image or facilities.golden_image):
        return Refusal(RefusalCode.BAD_SIZE, sentence)
    if fault := of_member(spawn, fleet, facilities):
        return fault
    known = tuple(name for name, _ in facilities.programs)
    program = kind_meant(spawn.program or facilities.default_program, known)
    return (
        _of_program(program, facilities.programs)
        or _of_thinking(spawn.thinking, program, facilities.thinking)
        or of_mode(spawn.permission_mode, program, dict(facilities.permission_modes).get(program, ()))
    )


def _of_thinking(level: str, program: str, known: Iterable[tuple[str, tuple[str, ...]]]) -> Refusal | None:
    levels = dict(known).get(program, ())
    if not level or level in levels:
        return None
    words = f"known: {', '.join(levels)}" if levels else "it cannot be told how much to think"
    return Refusal(RefusalCode.BAD_THINKING, f"{program} has no thinking level {level!r}; {words}")


def of_mode(mode: str, program: str, known: Sequence[str]) -> Refusal | None:
    """Return why a kind of agent cannot be given a permission mode, or None; empty text is none.

    Args:
        mode: the word.
        program: the kind.
        known: its words.
    """
    if not mode or mode in known:
        return None
    if not known:
        return Refusal(RefusalCode.LACKING, f"{program} has no permission modes: what it may do is set elsewhere")
    return Refusal(RefusalCode.BAD_MODE, f"{program} has no permission mode {mode!r}; known: {', '.join(known)}")


def _of_program(name: str, programs: Iterable[tuple[str, str]]) -> Refusal | None:
    reasons = dict(programs)
    if name not in reasons:
        return Refusal(RefusalCode.NO_PROGRAM, f"there is no agent program {name!r}; known: {', '.join(reasons)}")
    return Refusal(RefusalCode.NO_PROGRAM, reasons[name]) if reasons[name] else None


def of_adopt(adopt: Adopt, fleet: Fleet) -> Refusal | None:
    vm = fleet.vm(adopt.vm)
    if vm is None:
        return Refusal(RefusalCode.NO_VM, f"there is no VM or place {adopt.vm}")
    lives = (agent for agent in fleet.agents if agent.vm_id == adopt.vm and not agent.process.never_started)
    known = next((agent for agent in lives if adopt.directory in ("", agent.directory)), None)
    if known is not None:
        return Refusal(RefusalCode.ADOPTED, f"its agent is here already: {known.name}")
    if vm.power is not Power.RUNNING:
        sentence = f"{it_words(vm)} is {vm.power.value}: an agent can be looked for on a running one only"
        return Refusal(RefusalCode.VM_POWER, sentence)
    if fault := name_fault(adopt.name, fleet):
        return fault
    others = [agent for agent in agents_called(adopt.name, fleet.agents, fleet.vms) if agent.vm_id != adopt.vm]
    return name_taken(adopt.name) if others else None
