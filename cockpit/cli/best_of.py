"""Headless verbs for the best of several: copies of an agent are given texts, compared, and one of them is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cockpit.cli import output
from cockpit.cli.choosing import Chosen
from cockpit.cli.courses import carry_out_all, part_object, parts_of, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nobody, require_health
from cockpit.cli.losses import agreed, look, say_losses
from cockpit.cli.rehearsal import would
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound, UsageError
from cockpit.model.commands.swarm import BestOf
from cockpit.model.comparison import Candidate, candidates_of, group_label
from cockpit.model.fleet import Agent
from cockpit.model.workers import fault_of_tasks, teardown_orders
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_text, our_line, our_text
from cockpit.text.streams import say, warn

READ_LIMIT = 20.0
"""Seconds the copies' output may take to be read before they are compared."""


async def best_of(headless: Headless, name: str, count: int, texts: Sequence[str], dry_run: bool, as_json: bool) -> int:
    """Copy an agent and give each copy its text; exit code 5 if some are at work and others are not.

    Args:
        count: how many; 1 makes as many as there are texts.
        texts: one for all, or one for each.
    """
    if not texts:
        raise UsageError("each copy needs a text", hint="give --task TEXT for all, or --tasks FILE with one for each")
    number = len(texts) if count == 1 else count
    if fault := fault_of_tasks(number, texts):
        raise UsageError(f"cannot copy {name}: {fault}")
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, "vers")
        vm_id, called = engine.vm_named(name)
        command = BestOf(vm_id, tuple(texts) if len(texts) == number else tuple(texts) * number)
        if refusal := engine.disabled_reason(command):
            raise UsageError(f"cannot copy {name}: {refusal}")
        if dry_run:
            what = our_text("copy {} {} times, and say to the copies:\n{}", called, number, "\n".join(command.texts))
            return would(what, as_json, {"vm_id": vm_id, "texts": list(command.texts)})
        (receipt,) = await carry_out_all(engine, [command])
        parts = parts_of(engine, [receipt])
        if as_json:
            output.print_json(
                [{"name": p.target, "vm_id": p.vm, "outcome": p.outcome, "error": p.words or None} for p in parts]
            )
        else:
            for part in parts:
                say(our_line("{} {} {}", part.target, part.vm or "-", part.outcome))
        if not say_failed([receipt]):
            return ExitCode.DONE
        return ExitCode.PARTIAL if any(part.outcome == "at work" for part in parts) else ExitCode.FAILED


async def compare(
    headless: Headless, names: Sequence[str], keep: str, *, patches: bool, yes: bool, dry_run: bool, as_json: bool
) -> int:
    """Say what copies came to, side by side; with `keep` the others are torn down.

    Args:
        names: one agent whose copies are meant, or the copies themselves.
        keep: the copy that stays.
        patches: print the differences in full.
    """
    async with headless.engine(_attached(names), watch=True) as engine:
        require_health(engine, "vers")
        agents = _copies(engine, names)
        if keep:
            return await _keep(headless, engine, agents, keep, yes=yes, dry_run=dry_run, as_json=as_json)
        await engine.settled(min(READ_LIMIT, headless.left()))
        found = await engine.comparison.look([agent.id for agent in agents])
        if as_json:
            output.print_json([candidate_object(candidate) for candidate in found])
        else:
            _print(found, patches)
        for candidate in found:
            if candidate.unknown:
                warn(our_text("cockpit: {}: {}", candidate.name, candidate.unknown))
    missing = sum(bool(candidate.unknown) for candidate in found)
    return ExitCode.DONE if not missing else ExitCode.PARTIAL if missing < len(found) else ExitCode.FAILED


def _attached(names: Sequence[str]) -> Callable[[Agent], bool]:
    """Return which agents are connected to: several that are named, else the copies of the one."""
    if len(names) > 1:
        return Chosen(names).attached()
    return lambda agent: group_label(names[0]) in agent.labels


def _copies(engine: HeadlessPort, names: Sequence[str]) -> tuple[Agent, ...]:
    """Return the copies that are meant.

    Raises:
        NotFound: of the one that is named there is no copy.
    """
    if len(names) > 1:
        return Chosen(names).agents(engine)
    found = candidates_of(engine.fleet, names[0])
    if not found:
        raise NotFound(f"there is no copy of {names[0]} to compare", hint=f"cockpit best-of {names[0]} makes some")
    return found


async def _keep(
    headless: Headless,
    engine: HeadlessPort,
    agents: Sequence[Agent],
    keep: str,
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Tear down all but one."""
    kept = engine.agent_named(keep)
    if kept.id not in {agent.id for agent in agents}:
        among = ", ".join(agent.name for agent in agents)
        raise UsageError(f"{keep} is not among those that are compared", hint=f"they are {among}")
    rest = [agent for agent in agents if agent.id != kept.id]
    orders = teardown_orders(rest)
    for order in orders:
        if refusal := engine.disabled_reason(order):
            raise UsageError(f"cannot tear down the others: {refusal}")
    if orders and (dry_run or not yes):
        losses = await look(headless, engine, [vm for order in orders for vm in order.vms])
        if dry_run:
            say_losses(losses, as_json)
            return ExitCode.DONE
        if not agreed("tear down", losses, ours("The VMs go with their disks. No commit of them is made.")):
            return ExitCode.FAILED
    receipts = await carry_out_all(engine, orders)
    code = ExitCode.PARTIAL if say_failed(receipts) else ExitCode.DONE
    if as_json:
        others = [part_object(part) for part in parts_of(engine, receipts)]
        output.print_json({"name": kept.name, "vm_id": kept.vm_id, "others": others})
    else:
        say(our_line("{} {}", kept.name, kept.vm_id))
    return code


def candidate_object(candidate: Candidate) -> dict[str, Any]:
    """Return what a copy came to, for JSON."""
    return {
        "name": candidate.name,
        "vm_id": candidate.vm,
        "state": candidate.state,
        "answer": candidate.answer,
        "tokens": candidate.tokens,
        "cost": candidate.cost,
        "seconds": candidate.seconds,
        "files": candidate.files,
        "added": candidate.added,
        "removed": candidate.removed,
        "patch": candidate.patch,
        "patch_is_cut": candidate.cut,
        "unknown": candidate.unknown or None,
    }


def _print(found: Sequence[Candidate], patches: bool) -> None:
    rows = []
    for candidate in found:
        known = candidate.files is not None
        rows.append(
            (
                candidate.name,
                candidate.state,
                "-" if candidate.seconds is None else f"{candidate.seconds:.0f} s",
                f"{candidate.tokens}",
                f"${candidate.cost:.4f}",
                f"{candidate.files}" if known else "?",
                f"+{candidate.added} -{candidate.removed}" if known else "?",
            )
        )
    output.print_table(("NAME", "STATE", "TIME", "TOKENS", "COST", "FILES", "LINES"), rows)
    for candidate in found:
        say(our_text("\n── {}", candidate.name))
        say(clean_text(candidate.answer.strip() or "no answer yet"))
        if patches and candidate.patch:
            say(clean_text("\n" + candidate.patch.rstrip("\n")))
            if candidate.cut:
                say(ours("… the difference goes on"))
