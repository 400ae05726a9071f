"""Headless verb about usage: what agents, families, tasks, models and days took, and what machines did besides."""

from __future__ import annotations

import time
from typing import Any

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, everybody
from cockpit.cli.since import moment_of
from cockpit.model.fleet import Power
from cockpit.model.usage.amounts import amount_text, hours_text, tokens_text
from cockpit.model.usage.machines import MachineSum
from cockpit.model.usage.port import WEEK, UsageReport
from cockpit.model.usage.sums import By, Sum
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

READ_LIMIT = 15.0
"""Seconds the agents' output may take to be read before it is summed up."""


async def usage(headless: Headless, by: By, since: str, as_json: bool) -> int:
    """Print what was spent since a moment, a week ago unless one is named."""
    now = time.time()
    begin = moment_of(since, now) if since else now - WEEK
    async with headless.engine(everybody, watch=True) as engine:
        await engine.settled(min(READ_LIMIT, headless.left()))
        report = await engine.coordination.usage.report(begin)
        running = {vm.id for vm in engine.fleet.vms if vm.power is Power.RUNNING}
        unread = [
            agent.name
            for agent in engine.fleet.agents
            if agent.vm_id in running and agent.epoch and not engine.output.is_up_to_date(agent.id)
        ]
    if as_json:
        output.print_json(report_object(report, by))
    else:
        print_report(report, by)
    for sentence in report.missing:
        warn(our_text("cockpit: {}", sentence))
    if unread:
        warn(our_text("cockpit: not read to the end, so this is not all of theirs: {}", ", ".join(unread)))
    return ExitCode.PARTIAL if unread or report.missing else ExitCode.DONE


def report_object(report: UsageReport, by: By) -> dict[str, Any]:
    """Return a report for JSON."""
    day, machines = report.spending.day, report.machines
    return {
        "since": report.since,
        "until": report.until,
        "by": by.value,
        "total": sum_object(report.total),
        "rows": [sum_object(one) for one in report.by(by)],
        "today": {
            "tokens": day.usage.tokens,
            "cost": day.usage.cost,
            "at_least": day.at_least,
            "tokens_per_minute": day.tokens_per_minute,
            "cost_last_hour": day.last_hour.cost,
            "tokens_last_hour": day.last_hour.tokens,
            "cost_at_end_of_day": day.end_cost,
            "tokens_at_end_of_day": day.end_tokens,
        },
        "machines": {
            "running_hours": machines.running_hours,
            "stopped_hours": machines.stopped_hours,
            "unseen_hours": machines.unseen_hours,
            "vcpu_hours": machines.vcpu_hours,
            "memory_gib_hours": machines.memory_gib_hours,
            "disk_gib_hours": machines.disk_gib_hours,
            "vms_of_unknown_size": machines.unsized,
            "commits": machines.commits,
            "undo_copies": machines.undo_copies,
            "commit_gib_hours": machines.commit_gib_hours,
            "cost": machines.cost,
        },
        "missing": list(report.missing),
    }


def sum_object(one: Sum) -> dict[str, Any]:
    """Return one sum for JSON."""
    return {
        "key": one.key,
        "name": one.name,
        "input": one.usage.input,
        "output": one.usage.output,
        "cache_read": one.usage.cache_read,
        "cache_write": one.usage.cache_write,
        "tokens": one.usage.tokens,
        "cost": one.usage.cost,
        "answers": one.answers,
        "agents": one.members,
        "at_least": one.at_least,
        "told_by_service": one.told,
    }


def print_report(report: UsageReport, by: By) -> None:
    """Print a report for people."""
    rows = [_row(one) for one in (*report.by(by), report.total)]
    output.print_table((by.value.upper(), "COST", "TOKENS", "IN", "OUT", "CACHED", "ANSWERS"), rows)
    day = report.spending.day
    rate = our_line(
        "today {}{}, {} tokens/min; at the last hour's rate the day ends at {}",
        "at least " if day.at_least else "",
        amount_text(day.usage.cost) if day.in_money else f"{tokens_text(day.usage.tokens)} tokens",
        tokens_text(day.tokens_per_minute),
        amount_text(day.end_cost) if day.in_money else f"{tokens_text(day.end_tokens)} tokens",
    )
    say(rate)
    say(machine_words(report.machines))
    if any(one.at_least for one in (*report.by(by), report.total)):
        say(ours(">= is at least: something of it was not read, or not told"))
    if any(one.told for one in (*report.by(by), report.total)):
        say(ours("~ is told by the services alone, in part"))


def machine_words(machines: MachineSum) -> Clean:
    """Say what machines did, and what that costs where prices are set."""
    parts = [f"VMs {hours_text(machines.running_hours)} running, {hours_text(machines.stopped_hours)} stopped"]
    if machines.unseen_hours >= 0.05:
        parts.append(f"{hours_text(machines.unseen_hours)} of it nobody looked")
    parts.append(f"disks {machines.disk_gib_hours:.0f} GiB h")
    if machines.unsized:
        parts.append(f"without {machines.unsized} of unknown size")
    parts.append(f"{machines.commits} commits and {machines.undo_copies} for undo")
    if machines.commit_gib_hours:
        parts.append(f"at most {machines.commit_gib_hours:.0f} GiB h")
    money = amount_text(machines.cost) if machines.cost is not None else "no prices are set"
    return our_line("machines: {}; {}", "; ".join(parts), money)


def _row(one: Sum) -> tuple[str, ...]:
    mark = f"{'~' if one.told else ''}{'>= ' if one.at_least else ''}"
    usage = one.usage
    name = f"{one.name} ({one.members})" if one.members > 1 else one.name
    return (
        name,
        f"{mark}{amount_text(usage.cost)}",
        tokens_text(usage.tokens),
        tokens_text(usage.input),
        tokens_text(usage.output),
        tokens_text(usage.cache_read + usage.cache_write),
        f"{one.answers}",
    )
