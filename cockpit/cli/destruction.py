"""The verb that gives agents and their VMs up: named, with what would be lost, asked, and each told how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cockpit.cli import output
from cockpit.cli.exits import ExitCode, of_several
from cockpit.cli.fleet import carry_out
from cockpit.cli.headless import Headless, nobody, only
from cockpit.cli.losses import agreed, look, say_losses
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError, NotFound
from cockpit.model.commands.life import Destroy
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import VmId
from cockpit.model.kept import IN_THE_COMMIT, undoable
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

ALL_LIEUTENANTS = "*"
"""Stands for every lieutenant, and for nobody else."""


@dataclass(frozen=True, slots=True)
class How:
    """How VMs are destroyed."""

    yes: bool
    """Do not ask, and look at nothing for it."""
    dry_run: bool
    """Say what would be lost, and do nothing."""
    as_json: bool
    undo: bool
    """Take a commit of each first."""

    @property
    def consequence(self) -> Clean:
        """What the operator reads last before a yes."""
        if self.undo:
            return our_line("A commit is kept first, for `cockpit undo`: {}.", IN_THE_COMMIT)
        return ours("No commit is taken: the VM goes for good, with its disk, its processes and its output.")


async def destroy(headless: Headless, names: Sequence[str], how: How) -> int:
    """Delete VMs after naming them and what would be lost with each; `*` among the names is every lieutenant."""
    asked = how.dry_run or not how.yes
    async with headless.engine(_targets(names) if asked else nobody) as engine:
        vms = _vms_of(engine, names)
        if asked:
            losses = await look(headless, engine, list(vms))
            if how.dry_run:
                say_losses(losses, how.as_json)
                return ExitCode.DONE
            if not agreed("destroy", losses, how.consequence):
                return ExitCode.FAILED
        return await _destroy_each(engine, vms, how)


def _targets(names: Sequence[str]) -> Callable[[Agent], bool]:
    """Return which agents are looked at: those that are meant."""
    named = only(*(name for name in names if name != ALL_LIEUTENANTS))
    everyone = ALL_LIEUTENANTS in names
    return lambda agent: (everyone and _is_lieutenant(agent)) or named(agent)


def _is_lieutenant(agent: Agent) -> bool:
    return agent.kind is AgentKind.LIEUTENANT and not agent.elsewhere


def _vms_of(engine: HeadlessPort, names: Sequence[str]) -> dict[VmId, str]:
    """Return the VMs that are meant, each once, and how they are called.

    Raises:
        NotFound, UsageError: a name fits nothing, or several; then nothing is touched.
    """
    found: dict[VmId, str] = {}
    for name in names:
        if name != ALL_LIEUTENANTS:
            vm_id, called = engine.vm_named(name)
            found[vm_id] = called
            continue
        everyone = {agent.vm_id: agent.name for agent in engine.fleet.agents if _is_lieutenant(agent)}
        if not everyone:
            raise NotFound("there is no lieutenant", hint="`cockpit agents` lists who is here")
        found |= everyone
    return found


async def _destroy_each(engine: HeadlessPort, vms: dict[VmId, str], how: How) -> int:
    """Destroy one after another; a failure is told and keeps no other from its turn.

    It ends with 5 where some were destroyed and others were not, with 3 where none of them exists.
    """
    failures: dict[VmId, str] = {}
    absent: list[VmId] = []
    for vm_id, called in vms.items():
        if len(vms) > 1:
            warn(our_line("{}", called))
        try:
            await carry_out(engine, Destroy(vm_id, how.undo))
        except CockpitError as error:
            if len(vms) == 1 and not how.as_json:
                raise
            failures[vm_id] = error.message
            if isinstance(error, NotFound):
                absent.append(vm_id)
            warn(our_text("cockpit: destroy {} failed: {}", called, str(error)))
    if how.as_json:
        kept = {one.vm: one.commit for one in undoable(engine.fleet.kept)}
        said = [
            {"vm_id": vm, "name": name, "error": failures.get(vm), "undo": kept.get(vm)} for vm, name in vms.items()
        ]
        output.print_json(said)
    elif len(vms) > 1:
        say(our_line("destroyed {} of {}", len(vms) - len(failures), len(vms)))
    if absent and len(absent) == len(vms):
        return ExitCode.NO_SUCH
    return of_several(len(vms) - len(failures), len(vms))
