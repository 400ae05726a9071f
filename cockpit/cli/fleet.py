"""Headless verbs that change the fleet: VMs and the agents on them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from cockpit.cli import output
from cockpit.cli.agent import ABORT_LIMIT, connected, reachable, settled_report
from cockpit.cli.courses import carry_out_all, operations_of
from cockpit.cli.headless import Headless, nobody, only, require_health
from cockpit.cli.origins import with_commit
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError, Refused, UsageError
from cockpit.model.commands.agent import Abort
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Dismiss, Relaunch, Spawn
from cockpit.model.commands.vm import Branch, Commit, Pause, Resume, TrustHostKey
from cockpit.model.ids import VmId
from cockpit.model.kept import IN_THE_COMMIT
from cockpit.model.operation import Operation
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.refusals.grounds import Refusal, RefusalCode
from cockpit.text.clean import Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line, our_text
from cockpit.text.streams import ask, input_is_terminal, say, warn

READ_LIMIT = 10.0
"""Seconds an agent's output may take to be read before it is judged by it."""


async def spawn(
    headless: Headless, command: Spawn, as_json: bool, completed: Callable[[Spawn], Spawn] = lambda spawn: spawn
) -> int:
    """Spawn an agent, with its steps on standard error.

    Args:
        completed: adds to the command what depends on the commit that its image is.
    """
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, "vers")
        command = completed(await with_commit(engine, command))
        refusal = engine.disabled_reason(command)
        if refusal:
            raise UsageError(f"cannot spawn {command.name}: {refusal}")
        receipt = await carry_out(engine, command)
        operation = operation_of(engine, receipt)
        agent = engine.agent_named(operation.agent if operation is not None and operation.agent else command.name)
        output.print_agent(agent, engine.fleet, engine.now(), as_json)
    return 0


async def carry_out(engine: HeadlessPort, command: Command) -> Receipt:
    """Dispatch a command, print its steps as they end, and wait for its end.

    Raises:
        CockpitError: it failed; says at which step and why.
    """
    (receipt,) = await carry_out_all(engine, [command])
    if receipt.stage is not Stage.DONE:
        raise CockpitError(receipt.reason or receipt.stage.value)
    return receipt


def operation_of(engine: HeadlessPort, receipt: Receipt) -> Operation | None:
    """Return the steps of a command; None if it has none."""
    return next(iter(operations_of(engine, [receipt])), None)


async def pause(headless: Headless, name: str, *, now: bool, abort: bool) -> int:
    """Freeze a VM; one whose agent works only if that is said. What is so already is no failure."""
    async with headless.engine(only(name)) as engine:
        vm_id, called = engine.vm_named(name)
        if not now:
            # Whether it works is in its output: what was stored may be old.
            await engine.settled(min(READ_LIMIT, headless.left()))
        command = Pause(vm_id, now=now, abort=abort)
        refused = engine.refusal(command)
        if refused is not None and refused.code is RefusalCode.WORKING:
            hint = "--abort ends its run first, --now freezes it as it is"
            raise Refused(f"cannot pause {called}: {refused.sentence}", hint=hint)
        if not is_so_already(refused, called):
            await carry_out(engine, command)
    return 0


async def resume(headless: Headless, name: str) -> int:
    """Continue a VM; what is so already is no failure."""
    async with headless.engine(only(name)) as engine:
        vm_id, called = engine.vm_named(name)
        command = Resume(vm_id)
        if not is_so_already(engine.refusal(command), called):
            await carry_out(engine, command)
    return 0


def is_so_already(refused: Refusal | None, called: str) -> bool:
    """Say so, and tell, where a command is refused since what it wants is so: no failure to a script."""
    so = refused is not None and refused.code is RefusalCode.ALREADY
    if refused is not None and so:
        warn(our_text("{}: {}", called, refused.sentence))
    return so


async def abort(headless: Headless, name: str) -> int:
    """End the current run and wait until the agent says so."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        command_id = engine.dispatch(Abort(agent.id))
        receipt = await engine.outcome(command_id, until=Stage.ACCEPTED, timeout=ABORT_LIMIT)
        return settled_report(receipt, Stage.ACCEPTED, ABORT_LIMIT, "the run goes on, as far as is known")


async def relaunch(headless: Headless, name: str, change_program: bool) -> int:
    """Start a dead agent's process again, with the program and version it had unless a change is accepted."""
    async with headless.engine(only(name), watch=True) as engine:
        agent = await reachable(engine, name, headless.left())
        command = Relaunch(agent.id, change_program)
        refusal = engine.disabled_reason(command)
        if refusal:
            raise Refused(f"cannot relaunch {name}: {refusal}")
        await carry_out(engine, command)
    return 0


async def dismiss(headless: Headless, name: str) -> int:
    """Hear no more of a VM that is perhaps ours, or of an agent elsewhere; what is dismissed already is no failure."""
    async with headless.engine(nobody) as engine:
        vm_id, called = VmId(name.lower()), name
        if vm_id not in engine.fleet.dismissed:
            vm_id, called = engine.vm_named(name)
        command = Dismiss(vm_id)
        refused = engine.refusal(command)
        if is_so_already(refused, called):
            return 0
        if refused is not None:
            hint = "`cockpit vms` says which are perhaps ours"
            raise UsageError(f"cannot dismiss {called}: {refused.sentence}", hint=hint)
        await carry_out(engine, command)
    return 0


async def trust_host_key(headless: Headless, name: str, yes: bool, as_json: bool) -> int:
    """Trust the host key that a VM shows now, after naming it and the one that was trusted so far."""
    async with headless.engine(only(name), watch=True) as engine:
        agent = engine.agent_named(name)
        with contextlib.suppress(Refused):  # what was refused may be the key that this is about
            await connected(engine, agent.id, headless.left())
        agent = engine.agent_named(name)
        shown = agent.link
        command = TrustHostKey(agent.vm_id, shown.offered_key)
        refused = engine.refusal(command)
        if is_so_already(refused, agent.name):
            return 0
        if refused is not None:
            raise Refused(f"cannot trust a host key of {agent.name}: {refused.sentence}", hint=shown.reason)
        would = f"trust another host key: {shown.reason}"
        if not yes and not confirmed(would, our_text("{}", shown.reason), agent.name):
            return 1
        await carry_out(engine, command)
        if as_json:
            output.print_json({"vm_id": agent.vm_id, "trusted": command.key})
    return 0


def confirmed(would: str, warning: Clean, called: str) -> bool:
    """Ask for the name of what is about to be changed.

    Args:
        would: what is about to be done, for who cannot be asked.
        warning: what the operator reads before the question.
        called: the name that must be typed.

    Raises:
        UsageError: there is no terminal to ask on.
    """
    if not input_is_terminal():
        raise UsageError(f"this would {would}", hint="add --yes to do it without a terminal")
    warn(warning)
    return ask(our_line("Type {} to go on: ", called)) in (called, clean_line(called))


async def commit(headless: Headless, name: str, label: str, as_json: bool, *, clean: bool) -> int:
    """Take a snapshot and print its id; where it may hold keys, that is said."""
    async with headless.engine(only(name) if clean else nobody) as engine:
        vm_id, called = engine.vm_named(name)
        if clean:
            await reachable(engine, name, headless.left())
        command = Commit(vm_id, label, clean)
        if refused := engine.disabled_reason(command):
            raise Refused(f"cannot commit {called}: {refused}")
        receipt = await carry_out(engine, command)
        operation = operation_of(engine, receipt)
        steps = operation.steps if operation is not None else ()
        ids = [step.detail for step in steps if step.name == "commit"]
        output.print_json(ids) if as_json else say(joined(map(clean_line, ids), ours("\n")))
        if not clean and engine.fleet.agent_on(vm_id) is not None:
            warn(our_text("cockpit: {}; --clean leaves them out", IN_THE_COMMIT))
    return 0


async def branch(headless: Headless, name: str, count: int, as_json: bool) -> int:
    """Copy a VM and print the copies' ids."""
    return await _with_detail(headless, name, lambda vm_id: Branch(vm_id, count), as_json)


async def _with_detail(headless: Headless, name: str, command: Callable[[VmId], Command], as_json: bool) -> int:
    async with headless.engine(nobody) as engine:
        vm_id, _ = engine.vm_named(name)
        receipt = await carry_out(engine, command(vm_id))
        operation = operation_of(engine, receipt)
        ids = operation.steps[0].detail.split(", ") if operation is not None else []
        output.print_json(ids) if as_json else say(joined(map(clean_line, ids), ours("\n")))
    return 0
