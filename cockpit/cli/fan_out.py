"""The verb that runs one command on the VMs of many agents, and says exit codes, times and what each said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.cli import output
from cockpit.cli.choosing import Chosen
from cockpit.cli.courses import carry_out_all, operations_of, parts_of, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nobody, require_health
from cockpit.cli.origins import with_commit
from cockpit.cli.rehearsal import would
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError, UsageError
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.swarm import FanOut
from cockpit.model.fleet import Agent
from cockpit.model.operation import Part
from cockpit.model.receipts.receipt import Stage
from cockpit.model.workers import ENDED, spawn_each, teardown_orders
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_text, our_line, our_text
from cockpit.text.streams import say, warn


@dataclass(frozen=True, slots=True)
class OnNew:
    """How workers are made for a command."""

    count: int
    tear_down: bool
    """Delete them afterwards."""
    dry_run: bool
    as_json: bool


async def on_agents(
    headless: Headless, choice: Chosen, command: str, limit: float, *, dry_run: bool, as_json: bool
) -> int:
    """Run a command where agents are that exist."""
    choice.check_one_way()
    async with headless.engine(choice.attached(), watch=True) as engine:
        require_health(engine, "vers")
        agents = (await choice.looked_up(engine, headless.left())).agents(engine)
        if dry_run:
            for order in _orders(agents, command, limit):
                if refusal := engine.disabled_reason(order):
                    raise UsageError(f"cannot run it: {refusal}")
            return _would(command, [agent.name for agent in agents], as_json)
        return await _fan_out(engine, agents, command, limit, as_json)


def _would(command: str, names: Sequence[str], as_json: bool, made: str = "") -> int:
    """Say where a command would be run."""
    what = our_line("{}run {!r} where {} live: {}", made, command, f"{len(names)} agents", ", ".join(names))
    return would(what, as_json, {"command": command, "names": list(names)})


async def on_new_workers(headless: Headless, wanted: Spawn, command: str, limit: float, how: OnNew) -> int:
    """Make workers from an image or a commit, and run a command on each.

    Args:
        wanted: what they are; its name is numbered.
    """
    count, as_json = how.count, how.as_json
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, "vers")
        wanted = await with_commit(engine, wanted)
        spawns = spawn_each(wanted, count, (), frozenset(agent.name for agent in engine.fleet.agents))
        for one in spawns:
            if refusal := engine.disabled_reason(one):
                raise UsageError(f"cannot spawn {one.name}: {refusal}")
        if how.dry_run:
            goes = ", and delete them afterwards" if how.tear_down else ""
            return _would(command, [one.name for one in spawns], as_json, f"make {count} workers{goes}, and ")
        receipts = await carry_out_all(engine, spawns)
        for receipt in receipts:
            if receipt.stage is not Stage.DONE:
                warn(our_text("cockpit: {}: {}", receipt.text, receipt.reason or receipt.stage.value))
        ids = {operation.agent for operation in operations_of(engine, receipts)}
        made = tuple(agent for agent in engine.fleet.agents if agent.id in ids)
        if not made:
            raise CockpitError(f"none of {count} workers was made", hint="see above why")
        code = await _fan_out(engine, made, command, limit, as_json)
        if how.tear_down:
            if say_failed(await carry_out_all(engine, teardown_orders(made))):
                code = code or ExitCode.PARTIAL
        else:
            names = " ".join(agent.name for agent in made)
            warn(our_line("cockpit: they stay; `cockpit teardown {}` deletes them", names))
        return ExitCode.PARTIAL if len(made) < count and code == ExitCode.DONE else code


def _orders(agents: Sequence[Agent], command: str, limit: float) -> list[FanOut]:
    """Return the orders it takes, one for each source."""
    by_source: dict[str, list[Agent]] = {}
    for agent in agents:
        by_source.setdefault(agent.source, []).append(agent)
    return [FanOut(tuple(agent.id for agent in group), command, limit) for group in by_source.values()]


async def _fan_out(engine: HeadlessPort, agents: Sequence[Agent], command: str, limit: float, as_json: bool) -> int:
    orders = _orders(agents, command, limit)
    for order in orders:
        if refusal := engine.disabled_reason(order):
            raise UsageError(f"cannot run it: {refusal}")
    receipts = await carry_out_all(engine, orders)
    parts = parts_of(engine, receipts)
    if len(parts) < len(agents):
        say_failed(receipts)
    if as_json:
        output.print_json([_object(part) for part in parts])
    else:
        _print(parts)
    if any(part.outcome != ENDED for part in parts) or len(parts) < len(agents):
        return ExitCode.PARTIAL if any(part.outcome == ENDED for part in parts) else ExitCode.FAILED
    return ExitCode.DONE if all(part.exit_code == 0 for part in parts) else ExitCode.FAILED


def _object(part: Part) -> dict[str, object]:
    return {
        "name": part.target,
        "vm_id": part.vm,
        "outcome": part.outcome,
        "exit_code": part.exit_code,
        "seconds": part.seconds,
        "output": part.output,
        "note": part.words,
    }


def _print(parts: Sequence[Part]) -> None:
    """Print what each said, and then the table: it is what stands last on the screen."""
    for part in parts:
        say(our_line("── {} {}", part.target, f"({part.words})" if part.words else ""))
        if part.output.strip():
            say(clean_text(part.output.rstrip("\n")))
    say(ours(""))
    rows = [
        (
            part.target,
            part.outcome,
            "-" if part.exit_code is None else f"{part.exit_code}",
            "-" if part.seconds is None else f"{part.seconds:.1f} s",
        )
        for part in parts
    ]
    output.print_table(("NAME", "OUTCOME", "EXIT", "TIME"), rows)
