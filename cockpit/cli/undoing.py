"""The verbs that bring agents back from commits: what can be undone, undo, restore."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from cockpit.cli import output
from cockpit.cli.agent import ACCEPT_LIMIT, settled_report
from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import carry_out, operation_of
from cockpit.cli.headless import Headless, nobody, only, require_health
from cockpit.cli.losses import agreed, look, loss_lines, loss_object
from cockpit.cli.rehearsal import rehearse
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound, Refused
from cockpit.model.ages import age_text, span_text
from cockpit.model.checkpoints import checkpoint_of
from cockpit.model.commands.agent import task_for
from cockpit.model.commands.life import Restore, Undo
from cockpit.model.commands.vm import Retry
from cockpit.model.ids import CommitId, VmId
from cockpit.model.kept import KeptCommit, KeptFor, called, is_unsettled, last_checkpoint, lineage, undoable
from cockpit.model.loss import Loss
from cockpit.model.receipts.receipt import Stage
from cockpit.model.size import VmSize
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.text.streams import say, warn

FIND_OUT_LIMIT = 10.0
"""Seconds a list waits until it is known what became of an order that was cut off."""


def kept_object(kept: KeptCommit) -> dict[str, Any]:
    """Return a kept commit for JSON."""
    return {
        "commit_id": kept.commit,
        "kept_for": kept.purpose.value,
        "state": kept.state.value,
        "name": kept.name,
        "kind": kept.kind,
        "vm_id": kept.vm,
        "at": kept.at,
        "expires_at": kept.expires_at,
        "size": None
        if kept.size is None
        else {"vcpus": kept.size.vcpus, "memory_mib": kept.size.memory_mib, "disk_mib": kept.size.disk_mib},
        "parent": kept.parent or None,
        "prompt": kept.prompt or None,
        "trouble": kept.trouble or None,
    }


def size_words(size: VmSize | None) -> str:
    """Say what a commit's VM had: what its commit holds at most; a size nobody tells is left out."""
    if size is None:
        return "-"
    parts = (f"{size.memory_mib} MiB" if size.memory_mib else "", f"{size.disk_mib} MiB disk" if size.disk_mib else "")
    return " + ".join(part for part in parts if part) or "-"


async def list_kept(headless: Headless, as_json: bool) -> int:
    """List what can be undone, the latest first, and what is kept in trouble."""
    async with headless.engine(nobody) as engine:
        said = set(engine.fleet.findings)
        await engine.until(lambda: not any(map(is_unsettled, engine.fleet.kept)), FIND_OUT_LIMIT)
        for finding in engine.fleet.findings:
            if finding not in said:
                warn(our_line("cockpit: {}", finding))
        now, fleet = engine.now(), engine.fleet
        listed = [kept for kept in reversed(fleet.kept) if kept.purpose is KeptFor.UNDO]
        if as_json:
            output.print_json([kept_object(kept) for kept in listed])
        else:
            can = {kept.request for kept in undoable(fleet.kept)}
            rows = [
                (
                    kept.name,
                    kept.kind or "VM",
                    kept.commit or "-",
                    age_text(now - kept.at),
                    span_text(max(0.0, kept.expires_at - now)) if kept.expires_at is not None else "-",
                    size_words(kept.size),
                    kept.trouble or ("" if kept.request in can else kept.state.value),
                )
                for kept in listed
            ]
            output.print_table(("NAME", "KIND", "COMMIT", "AGE", "LEFT", "SIZE", "NOTE"), rows)
    return ExitCode.DONE


async def undo(headless: Headless, name: str, dry_run: bool, as_json: bool) -> int:
    """Bring a destroyed agent back, the latest of its name."""
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, "vers")
        found = called(name, undoable(engine.fleet.kept))
        if not found or found[0].commit is None:
            known = ", ".join(dict.fromkeys(kept.name for kept in undoable(engine.fleet.kept))) or "nobody"
            raise NotFound(f"nothing is kept by which {name} could be brought back", hint=f"kept: {known}")
        command = Undo(found[0].commit)
        if dry_run:
            what = our_line("bring {} back from commit {}", found[0].name, found[0].commit)
            return rehearse(engine, command, what, as_json, kept_object(found[0]))
        return await _brought_back(engine, command, as_json)


async def restore(
    headless: Headless, source: str, name: str, in_place: str, *, yes: bool, dry_run: bool, as_json: bool
) -> int:
    """Make a new VM from a commit and start the agent that was on it.

    Args:
        source: a commit, or an agent's name for the latest commit of it.
        name: what the agent is called; empty for the name it had, or NAME-2.
        in_place: the agent that is destroyed first, kept for undo; empty for none.
        yes: do not ask before that.
    """
    async with headless.engine(only(in_place) if in_place else nobody, watch=True) as engine:
        require_health(engine, "vers")
        found = called(source, engine.fleet.kept, _homes(engine, source))
        known = {commit for commit, _ in engine.images()}
        commit = found[0].commit if found else CommitId(source.lower())
        if commit is None or (not found and known and commit not in known):
            raise NotFound(f"there is no commit {source}, and none of an agent of this name", hint="`cockpit undo`")
        instead: VmId | None = engine.vm_named(in_place)[0] if in_place else None
        command = Restore(commit, name, instead)
        if refused := engine.disabled_reason(command):
            raise Refused(f"cannot restore {source}: {refused}")
        if dry_run:
            said = our_line("make a VM of commit {}, and start the agent that was on it", commit)
            lost = await look(headless, engine, [instead]) if instead is not None else ()
            return _rehearsed(engine, command, said, lost, as_json)
        if instead is not None and not yes:
            losses = await look(headless, engine, [instead])
            if not agreed("destroy", losses, ours("A commit of it is kept first: `undo` brings it back.")):
                return ExitCode.FAILED
        return await _brought_back(engine, command, as_json)


def _rehearsed(
    engine: HeadlessPort, command: Restore | Retry, what: Clean, losses: Sequence[Loss], as_json: bool
) -> int:
    """Say what would be made, and what would be lost with whom goes for it."""
    code = rehearse(engine, command, what, as_json, {"losses": [loss_object(loss) for loss in losses]})
    for line in () if as_json else (line for loss in losses for line in loss_lines(loss)):
        say(line)
    return code


def _homes(engine: HeadlessPort, name: str) -> tuple[VmId, ...]:
    """Return where an agent of a name lives now: it may have had another one when a commit was taken of it."""
    return tuple(agent.vm_id for agent in engine.fleet.agents if agent.name == name)


def _origins(engine: HeadlessPort, homes: Collection[VmId]) -> tuple[CommitId, ...]:
    """Return the commits that VMs were made from, as far as they are known."""
    return tuple(vm.parent_commit for vm in engine.fleet.vms if vm.id in homes and vm.parent_commit is not None)


async def _brought_back(engine: HeadlessPort, command: Undo | Restore | Retry, as_json: bool) -> int:
    """Carry it out, and print who is back."""
    receipt = await carry_out(engine, command)
    operation = operation_of(engine, receipt)
    agent = engine.fleet.agent(operation.agent) if operation is not None and operation.agent is not None else None
    if agent is None:
        made = next(step.detail for step in operation.steps if step.name.startswith("restore")) if operation else ""
        output.print_json({"vm_id": made, "name": None}) if as_json else say(our_line("{}", made))
        warn(our_line("cockpit: no agent is known to have been on it: VM {} was made, and nothing started", made))
    else:
        output.print_agent(agent, engine.fleet, engine.now(), as_json)
    return ExitCode.DONE


async def checkpoints(headless: Headless, name: str, as_json: bool) -> int:
    """List the commits that stay, as a tree."""
    async with headless.engine(nobody) as engine:
        homes = _homes(engine, name)
        if homes:
            await engine.platform.learn()  # An agent that was brought back has its own from before.
        now, found = engine.now(), lineage(engine.fleet.kept, name, homes, _origins(engine, homes))
        if as_json:
            output.print_json([{**kept_object(kept), "depth": depth} for depth, kept in found])
        else:
            rows = [
                (f"{'  ' * depth}{kept.commit}", kept.purpose.value, kept.name, age_text(now - kept.at), kept.prompt)
                for depth, kept in found
            ]
            output.print_table(("COMMIT", "KIND", "AGENT", "AGE", "SAID NEXT"), rows)
    return ExitCode.DONE


async def retry(headless: Headless, name: str, text: str, *, yes: bool, dry_run: bool, as_json: bool) -> int:
    """Go back to an agent's last checkpoint, and send another text there."""
    async with headless.engine(only(name), watch=True) as engine:
        agent = engine.agent_named(name)
        if last_checkpoint(agent.vm_id, engine.fleet.kept) is None:
            await engine.platform.learn()  # It may have been brought back since.
        kept = checkpoint_of(agent, engine.fleet)
        if kept is None or kept.commit is None:
            raise NotFound(f"no commit was taken before a text of {agent.name}", hint="`cockpit send --checkpoint`")
        command = Retry(agent.vm_id, kept.commit, task_for(agent.id, text))
        if refused := engine.disabled_reason(command):
            raise Refused(f"cannot retry {agent.name}: {refused}")
        if dry_run:
            what = our_line("go back with {} to commit {}, before {!r}", agent.name, kept.commit, kept.prompt)
            return _rehearsed(engine, command, what, await look(headless, engine, [agent.vm_id]), as_json)
        if not yes:
            losses = await look(headless, engine, [agent.vm_id])
            said = our_line("It goes back to before {!r}; what it is now can be brought back by `undo`.", kept.prompt)
            if not agreed("go back with", losses, said):
                return ExitCode.FAILED
        await _brought_back(engine, command, as_json)
        sent = next(known for known in reversed(engine.fleet.receipts) if known.text == text and known.verb != "retry")
        receipt = await engine.outcome(sent.id, until=Stage.ACCEPTED, timeout=ACCEPT_LIMIT)
        return settled_report(receipt, Stage.ACCEPTED, ACCEPT_LIMIT, "it is not known to have arrived")
