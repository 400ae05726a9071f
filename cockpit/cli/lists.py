"""Headless verbs that print a list: VMs, agents, the board, what is found in the transcripts."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nearest, nobody, only, require_health, say_missing, silent
from cockpit.errors import NotFound
from cockpit.model.fleet import AgentKind, LinkState, Power
from cockpit.model.health import VM_LIST
from cockpit.model.past import remembered_as
from cockpit.text.sanitize import our_text
from cockpit.text.streams import warn

if TYPE_CHECKING:
    from cockpit.engine.port import HeadlessPort

SETTLE_LIMIT = 20.0
"""Seconds `agents` waits for links that are slow; what has not answered by then is shown as it is."""

LEARN_LIMIT = 10.0
"""Seconds `vms` waits for the sizes and origins of VMs: each is a question of its own, and a sick VM answers none."""

LISTS_OF_AGENTS = (VM_LIST, "registry")
"""Services without which an agent may be missing from a list."""


async def vms(headless: Headless, as_json: bool) -> int:
    """List the VMs."""
    async with headless.engine(nobody, lists_only=True) as engine:
        require_health(engine, "vers")
        with contextlib.suppress(TimeoutError):  # what is not told by then is shown as unknown
            async with asyncio.timeout(min(LEARN_LIMIT, headless.left())):
                await engine.platform.learn()
        fleet = engine.fleet
        objects = [output.vm_object(vm, fleet) for vm in fleet.vms]
        if as_json:
            output.print_json(objects)
        else:
            heading = [output.place_heading(fleet), "POWER", "SIZE", "AGENT"]
            rows = [
                [
                    row["vm_id"],
                    row["power"],
                    vm.size.brief or "?",
                    row["agent"] or (f"perhaps ours: {row['perhaps_ours']}" if row["perhaps_ours"] else "-"),
                ]
                for row, vm in zip(objects, fleet.vms, strict=True)
            ]
            if any(vm.confinement is not None for vm in fleet.vms):
                heading.insert(3, "SANDBOX")
                for cells, vm in zip(rows, fleet.vms, strict=True):
                    cells.insert(3, "-" if vm.confinement is None else vm.confinement.brief)
            output.print_table(heading, rows)
        missing = say_missing(engine, *LISTS_OF_AGENTS)
    return ExitCode.PARTIAL if missing else ExitCode.DONE


async def agents(headless: Headless, line: str, as_json: bool) -> int:
    """List the agents a filter leaves, each as its stream says it is now, and say of which that is not known."""
    from cockpit.cli.choosing import check_filter, filter_named
    from cockpit.model.filters.agents import wanted_agents

    check_filter(line)
    async with headless.engine(orders=False) as engine:
        await engine.settled(min(SETTLE_LIMIT, headless.left()))
        if any(agent.kind is AgentKind.WORKER for agent in engine.fleet.agents):
            await engine.lookout.learn_parents(min(SETTLE_LIMIT, headless.left()))
        line = await filter_named(engine, line)
        fleet, now = engine.fleet, engine.now()
        wanted = wanted_agents(fleet, line, now)
        if as_json:
            output.print_json(output.agent_objects(wanted, fleet, now))
        else:
            output.print_agents(wanted, fleet, now)
        if not wanted and fleet.agents:
            warn(our_text("cockpit: none of {} agents is such a one", len(fleet.agents)))
            return ExitCode.FAILED
        for service in engine.fleet.health:
            if not service.ok and service.name not in LISTS_OF_AGENTS:
                warn(our_text("cockpit: {}: {}", service.name, service.trouble))
        nothing = silent(engine, VM_LIST) is not None
        missing = say_missing(engine, *LISTS_OF_AGENTS)
        missing = say_unreached(engine) or missing
    return ExitCode.FAILED if nothing else ExitCode.PARTIAL if missing else ExitCode.DONE


async def kinds(headless: Headless, as_json: bool) -> int:
    """List the kinds of agent of each source, with why one cannot be started, and which one is taken unasked."""
    async with headless.engine(nobody) as engine:
        objects = [
            {"source": source, "kind": name, "reason": reason or None, "unasked": unasked or None}
            for source in engine.fleet.sources
            for name, reason, unasked in engine.programs(source)
        ]
    if as_json:
        output.print_json(objects)
        return ExitCode.DONE
    rows = [
        (
            str(row["source"]),
            str(row["kind"]),
            f"no: {row['reason']}" if row["reason"] else "yes",
            f"{row['unasked'] or ''}",
        )
        for row in objects
    ]
    output.print_table(("SOURCE", "KIND", "CAN RUN", "TAKEN UNASKED"), rows)
    return ExitCode.DONE


async def why(headless: Headless, name: str, as_json: bool) -> int:
    """Say why one agent is shown as it is, and what it said on standard error last, warnings or not."""
    async with headless.engine(only(name), orders=False) as engine:
        agent_id = engine.agent_named(name).id
        await engine.settled(min(SETTLE_LIMIT, headless.left()))
        agent = engine.fleet.agent(agent_id)
        if agent is None:
            raise NotFound(f"{name} was destroyed meanwhile")
        if as_json:
            (found,) = output.agent_objects([agent], engine.fleet, engine.now())
            output.print_json({**found, "errors": list(agent.process.errors)})
        else:
            output.print_evidence(agent, engine.fleet, engine.now())
        missing = say_missing(engine, *LISTS_OF_AGENTS)
    return ExitCode.PARTIAL if missing else ExitCode.DONE


def say_unreached(engine: HeadlessPort) -> bool:
    """Say which agents are shown as last known, since their VM runs but does not answer."""
    unreached = False
    for agent in engine.fleet.agents:
        vm = engine.fleet.vm(agent.vm_id)
        runs = vm is not None and vm.power in (Power.RUNNING, Power.UNKNOWN)
        if runs and not agent.elsewhere and agent.link.state not in (LinkState.UP, LinkState.PAUSED):
            from cockpit.cli.agent import out_of_reach

            warn(our_text("cockpit: {} is shown as last known: {}", agent.name, out_of_reach(engine, agent)))
            unreached = True
    return unreached


async def search(headless: Headless, text: str, name: str, limit: int, as_json: bool) -> int:
    """Search all recorded transcripts, also of agents that no longer exist; to find nothing is a failure."""
    async with headless.recorded() as recorded:
        known = await recorded.agents()
        names = {one.id: one.name for one in known}
        wanted = remembered_as(name, known) if name else []
        if name and not wanted:
            raise NotFound(f"no agent named {name} is remembered", hint=nearest(name, names.values()))
        hits = await recorded.search(text, limit=limit) if not name else []
        for agent in wanted:
            hits += await recorded.search(text, agent=agent.id, limit=limit)
    if as_json:
        output.print_json([output.hit_object(hit, names) for hit in hits])
    else:
        rows_shown = [(names.get(hit.agent, hit.agent), f"{hit.line}", hit.source, hit.excerpt) for hit in hits]
        output.print_table(("AGENT", "LINE", "WHERE", "TEXT"), rows_shown)
    if not hits:
        whose = f"{name} has said or done" if name else "is recorded"
        warn(our_text("cockpit: nothing that {} holds {!r}", whose, text))
    return ExitCode.DONE if hits else ExitCode.FAILED
