"""Headless verbs about pins, filters that have names, and the operator's own commands."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nobody, only
from cockpit.cli.rehearsal import would
from cockpit.errors import NotFound, UsageError
from cockpit.model.desk import SavedFilter, fault_of_filter
from cockpit.model.own.declared import OwnColumn, OwnCommand
from cockpit.text.sanitize import clean_text, our_line
from cockpit.text.streams import say, warn

SETTLE_LIMIT = 20.0
"""Seconds the agent gets to be read to its end: a command is told how it is now, where that can be known."""


async def pin(headless: Headless, name: str, on: bool, *, dry_run: bool, as_json: bool) -> int:
    """Keep an agent on top, or let it go."""
    async with headless.engine(nobody) as engine:
        agent = engine.agent_named(name)
        if dry_run:
            return would(our_line("{} {}", "pin" if on else "unpin", agent.name), as_json)
        await engine.coordination.desk.pin(agent.id, on)
        if as_json:
            output.print_json({"name": agent.name, "pinned": on})
    return ExitCode.DONE


async def filters(headless: Headless, as_json: bool) -> int:
    """List the filters that have names."""
    async with headless.engine(nobody) as engine:
        await engine.coordination.desk.load()
        found = engine.coordination.desk.arrangement.filters
        if as_json:
            output.print_json([{"name": one.name, "of": one.of, "filter": one.line} for one in found])
        else:
            output.print_table(("NAME", "OF", "FILTER"), [(one.name, one.of, one.line) for one in found])
    return ExitCode.DONE


async def keep_filter(headless: Headless, name: str, line: str, of: str, *, dry_run: bool, as_json: bool) -> int:
    """Keep a filter under a name.

    Raises:
        UsageError: it cannot be kept.
    """
    wanted = SavedFilter(name, line, of)
    if fault := fault_of_filter(wanted):
        raise UsageError(fault)
    if dry_run:
        return would(our_line("keep {} as {}", line, name), as_json)
    async with headless.engine(nobody) as engine:
        await engine.coordination.desk.keep_filter(wanted)
        if as_json:
            output.print_json({"name": name, "of": of, "filter": line})
    return ExitCode.DONE


async def drop_filter(headless: Headless, name: str, of: str, *, dry_run: bool, as_json: bool) -> int:
    """Keep a filter no more.

    Raises:
        NotFound: there is none of that name.
    """
    async with headless.engine(nobody) as engine:
        desk = engine.coordination.desk
        await desk.load()
        if desk.arrangement.filter_named(name, of) is None:
            raise NotFound(f"no filter of {of} is called {name}", hint="`cockpit filters` lists them")
        if dry_run:
            return would(our_line("drop the filter {}", name), as_json)
        await desk.drop_filter(name, of)
        if as_json:
            output.print_json({"name": name, "of": of, "dropped": True})
    return ExitCode.DONE


async def own(headless: Headless, command: str, name: str, as_json: bool) -> int:
    """Run a command of the operator's own about an agent, or list what is declared.

    Raises:
        UsageError: no command is called so, or no agent is named.
    """
    async with headless.engine(only(name) if name else nobody) as engine:
        own = engine.coordination.own
        if not command:
            _list_own(own.declared.columns, own.declared.commands, as_json)
            return ExitCode.DONE
        if not name:
            raise UsageError("no agent is named", hint=f"cockpit own {command} AGENT")
        agent = engine.agent_named(name)
        await engine.settled(min(SETTLE_LIMIT, headless.left()))
        printed = await own.run(command, agent.id)
        if as_json:
            output.print_json({"name": agent.name, "output": printed.text, "exit_code": printed.code})
        else:
            say(clean_text(printed.text.rstrip("\n")))
        if printed.is_cut:
            warn(our_line("cockpit: {} printed more than is kept", command))
        if printed.trouble:
            warn(our_line("cockpit: {}: {}", command, printed.trouble))
    return ExitCode.DONE if printed.code == 0 else ExitCode.FAILED


def _list_own(columns: Sequence[OwnColumn], commands: Sequence[OwnCommand], as_json: bool) -> None:
    rows = [("column", one.name, "", one.field or one.command) for one in columns]
    rows += [("command", one.name, one.key, one.command) for one in commands]
    if as_json:
        output.print_json([dict(zip(("kind", "name", "key", "runs"), row, strict=True)) for row in rows])
    else:
        output.print_table(("KIND", "NAME", "KEY", "RUNS"), rows)
