"""The verb that says what agents did minute by minute, and how long they waited for the operator."""

from __future__ import annotations

from typing import Any

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nearest, say_missing
from cockpit.cli.lists import LISTS_OF_AGENTS, SETTLE_LIMIT, say_unreached
from cockpit.cli.since import moment_of
from cockpit.errors import NotFound
from cockpit.model.timeline.folding import standing
from cockpit.model.timeline.minute import MINUTE, AgentMinutes, Minute
from cockpit.text.clean import ours
from cockpit.text.streams import warn

HEADINGS = ("AGENT", "WORK", "WAITED", "TIMES", "LONGEST", "ERRORS", "COST")


async def timeline(headless: Headless, wanted: tuple[str, ...], since: str, *, as_json: bool) -> int:
    """Print a row for each agent; ends with 1 if nothing is recorded."""
    async with headless.engine() as engine:
        await engine.settled(min(SETTLE_LIMIT, headless.left()))
        now = engine.now()
        names = {one.id: one.name for one in await engine.recorded.agents()}
        names |= {agent.id: agent.name for agent in engine.fleet.agents}
        for name in wanted:
            if name not in names.values():
                raise NotFound(f"no agent named {name} is remembered", hint=nearest(name, names.values()))
        begin = moment_of(since, now)
        found = await engine.recorded.timeline(begin, now, standing=standing(engine.fleet), names=names)
        missing = say_missing(engine, *LISTS_OF_AGENTS)
        missing = say_unreached(engine) or missing
    rows = sorted(
        (row for row in found.rows if not wanted or row.name in wanted), key=lambda row: (row.name, row.agent)
    )
    if as_json:
        output.print_json([_row_object(row) for row in rows])
    else:
        output.print_table(HEADINGS, [_cells(row) for row in rows])
    if not rows:
        warn(ours("cockpit: nothing is recorded since then"))
        return ExitCode.FAILED
    return ExitCode.PARTIAL if missing else ExitCode.DONE


def _cells(row: AgentMinutes) -> tuple[str, ...]:
    sums, longest = row.sums, row.longest
    return (
        row.name,
        _span(sums.work),
        _span(sums.asking),
        f"{len(row.waits)}",
        _span(longest.seconds if longest is not None else 0.0),
        f"{sums.errors}",
        f"${sums.cost:.2f}",
    )


def _span(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _row_object(row: AgentMinutes) -> dict[str, Any]:
    return {
        "agent": row.agent,
        "name": row.name,
        **_minute_object(row.sums),
        "waits": [{"since": wait.since, "until": wait.until} for wait in row.waits],
        "minutes": [
            {"at": number * MINUTE, **_minute_object(minute), "doing": minute.most}
            for number, minute in sorted(row.minutes.items())
        ],
    }


def _minute_object(minute: Minute) -> dict[str, Any]:
    """Return seconds, errors and US dollars."""
    return {
        "tool": round(minute.tool, 3),
        "writing": round(minute.writing, 3),
        "thinking": round(minute.thinking, 3),
        "asking": round(minute.asking, 3),
        "errors": minute.errors,
        "cost": round(minute.cost, 6),
    }
