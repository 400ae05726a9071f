"""Headless verbs that print a list: VMs, agents, the board, what is found in the transcripts."""

from __future__ import annotations

from cockpit.cli import output
from cockpit.cli.headless import Headless, nobody, require_health, say_unreadable, silent
from cockpit.errors import NotFound, Refused
from cockpit.text.streams import warn

SETTLE_LIMIT = 20.0
"""Seconds `agents` waits for links that are slow; what has not answered by then is shown as it is."""


async def vms(headless: Headless, as_json: bool) -> int:
    """List the VMs."""
    async with headless.engine(nobody) as engine:
        require_health(engine, "vers")
        fleet = engine.fleet
        objects = [output.vm_object(vm, fleet) for vm in fleet.vms]
        if as_json:
            output.print_json(objects)
        else:
            rows = [
                (
                    row["vm_id"],
                    row["power"],
                    row["agent"] or (f"perhaps ours: {row['perhaps_ours']}" if row["perhaps_ours"] else "-"),
                )
                for row in objects
            ]
            output.print_table(("VM", "POWER", "AGENT"), rows)
        return say_unreadable(engine, "vers")


async def agents(headless: Headless, as_json: bool) -> int:
    """List the agents, each as its stream says it is now; a list that may lack some is a failure."""
    async with headless.engine() as engine:
        await engine.settled(min(SETTLE_LIMIT, headless.left()))
        if as_json:
            fleet, now = engine.fleet, engine.now()
            output.print_json([output.agent_object(agent, fleet, now) for agent in fleet.agents])
        else:
            output.print_agents(engine.fleet, engine.now())
        troubled = {health.name: health for health in engine.fleet.health if not health.ok}
        unanswered = silent(engine, "vers")
        if unanswered is not None:
            troubled["vers"] = unanswered
        for health in troubled.values():
            warn(f"cockpit: {health.name}: {health.reason}{f' ({health.hint})' if health.hint else ''}")
        unreadable = say_unreadable(engine, "vers", "registry")
    return 1 if unreadable or troubled.keys() & {"vers", "registry"} else 0


async def board(headless: Headless, as_json: bool) -> int:
    """List the board."""
    if not (await headless.setup()).has_board:
        raise Refused("no board is configured", hint="set VERS_INFRA_URL and VERS_AUTH_TOKEN")
    async with headless.engine(nobody) as engine:
        require_health(engine, "board")
        tasks = engine.fleet.tasks
        if as_json:
            output.print_json([output.task_object(task) for task in tasks])
        else:
            rows = [(task.id, task.status, task.assignee or "-", f"{len(task.notes)}", task.title) for task in tasks]
            output.print_table(("TASK", "STATUS", "ASSIGNEE", "NOTES", "TITLE"), rows)
        return say_unreadable(engine, "board")


async def search(headless: Headless, text: str, name: str, limit: int, as_json: bool) -> int:
    """Search all recorded transcripts, also of agents that no longer exist; finding nothing is exit code 1."""
    async with headless.recorded() as recorded:
        known = await recorded.agents()
        names = {one.id: one.name for one in known}
        wanted = [one.id for one in known if one.is_meant_by(name)] or [one.id for one in known if one.name == name]
        if name and not wanted:
            raise NotFound(f"no agent named {name} is remembered")
        hits = await recorded.search(text, limit=limit) if not name else []
        for agent in wanted if name else []:
            hits += await recorded.search(text, agent=agent, limit=limit)
    if as_json:
        output.print_json([output.hit_object(hit, names) for hit in hits])
    else:
        rows_shown = [(names.get(hit.agent, hit.agent), f"{hit.line}", hit.source, hit.excerpt) for hit in hits]
        output.print_table(("AGENT", "LINE", "WHERE", "TEXT"), rows_shown)
    return 0 if hits else 1
