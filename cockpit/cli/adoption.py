"""Headless verbs that take over what somebody else made, and take out of the lists what is gone."""

from __future__ import annotations

from cockpit.cli import output
from cockpit.cli.fleet import carry_out, is_so_already, operation_of
from cockpit.cli.headless import Headless, nobody, require_health
from cockpit.cli.rehearsal import rehearse, would
from cockpit.errors import NotFound, Refused, UsageError
from cockpit.model.commands.life import Adopt, Deregister
from cockpit.model.dwelling import named_words
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import VmId
from cockpit.model.proposals import proposed_kind, proposed_name
from cockpit.text.sanitize import our_line

LOOK_LIMIT = 20.0
"""Seconds for a look at the VMs that nobody has."""


async def adopt(
    headless: Headless,
    vm: str,
    name: str,
    kind: AgentKind | None,
    role: str,
    directory: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Take over an agent that lives on a VM, with the steps on standard error.

    Args:
        name: what it is called here; empty takes what others call it, else a name made of its directory.
        kind: the part it plays; None takes what others say.
        directory: where it lives; empty looks in the known places.
    """
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, "vers")
        vm_id = VmId(vm.lower())
        if engine.fleet.vm(vm_id) is None:
            raise NotFound(
                f"there is no VM or place {vm}", hint="`cockpit vms` lists them; give the id as it stands there"
            )
        if not name:
            await engine.lookout.look_around(min(LOOK_LIMIT, headless.left()))
        command = Adopt(
            vm_id,
            name or proposed_name(vm_id, engine.fleet, directory),
            kind or proposed_kind(vm_id, engine.fleet),
            role,
            directory,
        )
        if refusal := engine.disabled_reason(command):
            raise UsageError(f"cannot adopt {command.name}: {refusal}")
        if dry_run:
            where = command.directory or "the known places"
            called = f"{command.kind.value} {command.name}"
            what = our_line(
                "take over the agent in {} of {} as {}", where, named_words(engine.fleet.vm(vm_id), vm_id), called
            )
            return rehearse(engine, command, what, as_json, {"vm_id": vm_id, "name": command.name})
        receipt = await carry_out(engine, command)
        operation = operation_of(engine, receipt)
        agent = engine.agent_named(operation.agent if operation is not None and operation.agent else command.name)
        output.print_agent(agent, engine.fleet, engine.now(), as_json)
    return 0


async def deregister(headless: Headless, vm: str, dry_run: bool, as_json: bool) -> int:
    """Take a VM that is gone out of the registry and of other tools' files; what is so already is no failure."""
    async with headless.engine(nobody) as engine:
        require_health(engine, "vers")
        await engine.lookout.look_around(min(LOOK_LIMIT, headless.left()))
        command = Deregister(VmId(vm.lower()))
        refused = engine.refusal(command)
        done = not is_so_already(refused, vm)
        if done and refused is not None:
            raise Refused(f"cannot deregister {vm}: {refused.sentence}")
        if dry_run and done:
            by = [claim.by.value for claim in engine.fleet.claims if claim.vm == command.vm]
            what = our_line("take VM {} out of what names it: {}", vm, ", ".join(sorted(set(by))))
            return would(what, as_json, {"vm_id": command.vm, "claimed_by": by})
        if done:
            await carry_out(engine, command)
        if as_json:
            output.print_json({"vm_id": command.vm, "deregistered": done})
    return 0
