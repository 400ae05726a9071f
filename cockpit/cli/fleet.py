"""Headless verbs that change the fleet: VMs and the agents on them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cockpit.cli import output
from cockpit.cli.agent import ABORT_LIMIT, connected, reachable, receipt_object, settled_report
from cockpit.cli.courses import carry_out_all, operations_of
from cockpit.cli.headless import Headless, nobody, only, require_health
from cockpit.cli.origins import with_commit
from cockpit.cli.rehearsal import rehearse, would
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError, NotFound, Refused, UsageError
from cockpit.model.commands.agent import Abort
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Dismiss, Recall, Relaunch, Spawn
from cockpit.model.commands.vm import Branch, Commit, Pause, Resume, TrustHostKey
from cockpit.model.conversation import forgets, is_forgetful
from cockpit.model.dwelling import whose_words
from cockpit.model.ids import VmId
from cockpit.model.kept import IN_THE_COMMIT
from cockpit.model.operation import Operation
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.refusals.grounds import Refusal, RefusalCode
from cockpit.text.clean import Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line, our_text
from cockpit.text.streams import ask, input_is_terminal, say, warn

ABSENT = frozenset({RefusalCode.NO_AGENT, RefusalCode.NO_VM, RefusalCode.NO_COMMIT, RefusalCode.NO_TASK})
"""Refusals that say that what is meant does not exist."""

READ_LIMIT = 10.0
"""Seconds an agent's output may take to be read before it is judged by it."""


async def spawn(
    headless: Headless,
    command: Spawn,
    dry_run: bool,
    as_json: bool,
    completed: Callable[[Spawn], Spawn] = lambda spawn: spawn,
) -> int:
    """Spawn an agent, with its steps on standard error.

    Args:
        dry_run: say what would be made, and make nothing.
        completed: adds to the command what depends on the commit that its image is.
    """
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, "vers")
        command = completed(await with_commit(engine, command))
        refusal = engine.disabled_reason(command)
        if refusal:
            raise UsageError(f"cannot spawn {command.name}: {refusal}")
        if dry_run:
            taken, why = taken_unasked(engine, command)
            words = our_text("{}\nits kind is {}", words_of_spawn(command), why) if why else words_of_spawn(command)
            return rehearse(engine, command, words, as_json, spawn_object(replace(command, program=taken), why))
        receipt = await carry_out(engine, command)
        operation = operation_of(engine, receipt)
        agent = engine.agent_named(operation.agent if operation is not None and operation.agent else command.name)
        output.print_agent(agent, engine.fleet, engine.now(), as_json)
    return 0


def words_of_spawn(command: Spawn) -> Clean:
    """Say in words what a spawn would make."""
    where = f"commit {command.image}" if command.image else f"the platform's image{_size_words(command)}"
    said = our_line("make a VM of {} and start {} {} on it", where, command.kind.value, command.name)
    return our_text("{}\nand give it its task:\n{}", said, command.task) if command.task else said


def _size_words(command: Spawn) -> str:
    return f" with {command.size.text}" if command.size is not None else ""


def taken_unasked(engine: HeadlessPort, command: Spawn) -> tuple[str, str]:
    """Return the kind of agent that a spawn takes, and why that one where it names none, else empty text."""
    if command.program:
        return command.program, ""
    return next(((name, why) for name, _, why in engine.programs(command.source) if why), ("", ""))


def spawn_object(command: Spawn, unasked: str = "") -> dict[str, Any]:
    """Return what a spawn would make, for JSON.

    Args:
        command: the spawn.
        unasked: why its kind of agent was taken, where nobody chose it.
    """
    return {
        "name": command.name,
        "kind": command.kind.value,
        "commit_id": command.image or None,
        "program": command.program or None,
        "unasked": unasked or None,
        "parent": command.parent or None,
        "task": command.task or None,
    }


async def carry_out(engine: HeadlessPort, command: Command) -> Receipt:
    """Dispatch a command, print its steps as they end, and wait for its end.

    Raises:
        NotFound: what it is about does not exist, or no more.
        CockpitError: it failed; says at which step and why.
    """
    refused = engine.refusal(command)
    if refused is not None and refused.code in ABSENT:
        raise NotFound(refused.sentence)
    (receipt,) = await carry_out_all(engine, [command])
    if receipt.stage is not Stage.DONE:
        raise CockpitError(receipt.reason or receipt.stage.value)
    return receipt


def operation_of(engine: HeadlessPort, receipt: Receipt) -> Operation | None:
    """Return the steps of a command; None if it has none."""
    return next(iter(operations_of(engine, [receipt])), None)


async def pause(headless: Headless, name: str, *, now: bool, abort: bool, dry_run: bool, as_json: bool) -> int:
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
        if dry_run:
            what = our_line(
                "{}freeze {}", "end the run and " if abort else "", whose_words(called, engine.fleet.vm(vm_id))
            )
            return rehearse(engine, command, what, as_json, {"vm_id": vm_id})
        if not is_so_already(refused, called):
            await carry_out(engine, command)
        _print_vm(engine, vm_id, as_json)
    return 0


def _print_vm(engine: HeadlessPort, vm_id: VmId, as_json: bool) -> None:
    vm = engine.fleet.vm(vm_id)
    if as_json and vm is not None:
        output.print_json(output.vm_object(vm, engine.fleet))


async def resume(headless: Headless, name: str, dry_run: bool, as_json: bool) -> int:
    """Continue a VM; what is so already is no failure."""
    async with headless.engine(only(name)) as engine:
        vm_id, called = engine.vm_named(name)
        command = Resume(vm_id)
        if dry_run:
            return rehearse(
                engine,
                command,
                our_line("continue {}", whose_words(called, engine.fleet.vm(vm_id))),
                as_json,
                {"vm_id": vm_id},
            )
        if not is_so_already(engine.refusal(command), called):
            await carry_out(engine, command)
        _print_vm(engine, vm_id, as_json)
    return 0


def is_so_already(refused: Refusal | None, called: str) -> bool:
    """Say so, and tell, where a command is refused since what it wants is so: no failure to a script."""
    so = refused is not None and refused.code is RefusalCode.ALREADY
    if refused is not None and so:
        warn(our_text("{}: {}", called, refused.sentence))
    return so


async def abort(headless: Headless, name: str, dry_run: bool, as_json: bool) -> int:
    """End the current run and wait until the agent says so."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        command = Abort(agent.id)
        if dry_run:
            state = agent.activity.state.value
            what = our_line("end the run of {}, which is {}", agent.name, state)
            return rehearse(engine, command, what, as_json, {"vm_id": agent.vm_id, "activity": state})
        receipt = await engine.outcome(engine.dispatch(command), until=Stage.ACCEPTED, timeout=ABORT_LIMIT)
        if as_json:
            output.print_json(receipt_object(receipt))
        return settled_report(receipt, Stage.ACCEPTED, ABORT_LIMIT, "the run goes on, as far as is known")


async def relaunch(
    headless: Headless, name: str, change_program: bool, anew: bool, dry_run: bool, as_json: bool
) -> int:
    """Start a dead agent's process again, with the program and version it had unless a change is accepted."""
    async with headless.engine(only(name), watch=True) as engine:
        agent = await reachable(engine, name, headless.left())
        command = Relaunch(agent.id, change_program, anew)
        refused = engine.refusal(command)
        if refused is not None:
            hint = "--anew lets it begin anew" if refused.code is RefusalCode.FORGETS else ""
            raise Refused(f"cannot relaunch {name}: {refused.sentence}", hint=hint)
        if is_forgetful(agent):
            warn(our_line("{}, and ends with it: it begins anew", forgets(agent)))
        if dry_run:
            what = our_line("start {} of {} again, in its latest session", agent.program, agent.name)
            return rehearse(engine, command, what, as_json, {"vm_id": agent.vm_id})
        await carry_out(engine, command)
        if as_json:
            output.print_agent(engine.agent_named(agent.id), engine.fleet, engine.now(), as_json)
    return 0


async def dismiss(headless: Headless, name: str, dry_run: bool, as_json: bool, *, back: bool = False) -> int:
    """Hear no more of a VM that is perhaps ours, or of an agent elsewhere, or take that back; it may be so already."""
    async with headless.engine(nobody) as engine:
        vm_id, called = VmId(name.lower()), name
        if vm_id not in engine.fleet.dismissed:
            vm_id, called = engine.vm_named(name)
        command = Recall(vm_id) if back else Dismiss(vm_id)
        refused = engine.refusal(command)
        so_already = is_so_already(refused, called)
        if refused is not None and not so_already:
            hint = "`cockpit vms` says which are perhaps ours"
            raise UsageError(f"cannot dismiss {called}: {refused.sentence}", hint=hint)
        if dry_run:
            heard = our_line("hear again of {}", called) if back else our_line("hear no more of {}", called)
            return would(our_line("{}; nothing is done to it", heard), as_json, {"vm_id": vm_id})
        if not so_already:
            await carry_out(engine, command)
        if as_json:
            output.print_json({"vm_id": vm_id, "recalled" if back else "dismissed": not so_already})
    return 0


async def trust_host_key(headless: Headless, name: str, yes: bool, dry_run: bool, as_json: bool) -> int:
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
            if as_json:
                output.print_json({"vm_id": agent.vm_id, "trusted": None})
            return 0
        if refused is not None:
            raise Refused(f"cannot trust a host key of {agent.name}: {refused.sentence}", hint=shown.reason)
        if dry_run:
            return would(our_line("trust another host key: {}", shown.reason), as_json, {"vm_id": agent.vm_id})
        act = f"trust another host key: {shown.reason}"
        if not yes and not confirmed(act, our_text("{}", shown.reason), agent.name):
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


def said_yes(would: str, question: Clean) -> bool:
    """Ask a question that one letter answers; everything but a yes is a no.

    Args:
        would: what is about to be done, for who cannot be asked.
        question: what is asked, without the answers there are.

    Raises:
        UsageError: there is no terminal to ask on.
    """
    if not input_is_terminal():
        raise UsageError(f"this would {would}", hint="add --yes to do it without a terminal")
    return ask(our_line("{} [y/N] ", question)).strip().lower() in ("y", "yes")


async def commit(headless: Headless, name: str, label: str, as_json: bool, *, clean: bool, dry_run: bool) -> int:
    """Take a snapshot and print its id; where it may hold keys, that is said."""
    async with headless.engine(only(name) if clean else nobody) as engine:
        vm_id, called = engine.vm_named(name)
        if clean:
            await reachable(engine, name, headless.left())
        command = Commit(vm_id, label, clean)
        if refused := engine.disabled_reason(command):
            raise Refused(f"cannot commit {called}: {refused}")
        if dry_run:
            without = " while the agent is stopped and its key files are away" if clean else ""
            what = our_line("take a commit of the VM of {}{}", called, without)
            return rehearse(engine, command, what, as_json, {"vm_id": vm_id})
        receipt = await carry_out(engine, command)
        operation = operation_of(engine, receipt)
        steps = operation.steps if operation is not None else ()
        ids = [step.detail for step in steps if step.name == "commit"]
        output.print_json(ids) if as_json else say(joined(map(clean_line, ids), ours("\n")))
        if not clean and engine.fleet.agent_on(vm_id) is not None:
            warn(our_text("cockpit: {}; --clean leaves them out", IN_THE_COMMIT))
    return 0


async def branch(headless: Headless, name: str, count: int, dry_run: bool, as_json: bool) -> int:
    """Copy a VM and print the copies' ids."""
    async with headless.engine(nobody) as engine:
        vm_id, called = engine.vm_named(name)
        agent = engine.fleet.agent_on(vm_id)
        if agent is not None and is_forgetful(agent):
            warn(our_line("{}: its copies begin anew", forgets(agent)))
        command = Branch(vm_id, count)
        if dry_run:
            what = our_line("copy the VM of {}, {} times", called, count)
            return rehearse(engine, command, what, as_json, {"vm_id": vm_id, "count": count})
        receipt = await carry_out(engine, command)
        operation = operation_of(engine, receipt)
        ids = operation.steps[0].detail.split(", ") if operation is not None else []
        output.print_json(ids) if as_json else say(joined(map(clean_line, ids), ours("\n")))
    return 0
