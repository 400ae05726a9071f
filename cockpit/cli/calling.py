"""The verbs about calling the operator: what calls now, each call as it comes, a test."""

from __future__ import annotations

import asyncio
from typing import Any

from cockpit.cli import output
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, everybody, nobody, say_missing
from cockpit.cli.signals import while_somebody_reads
from cockpit.engine.port import HeadlessPort
from cockpit.model.notices.condition import Condition
from cockpit.model.notices.notifier import CalledFact, Summons
from cockpit.model.notices.told import change_object, headline_of, lines_of
from cockpit.text.clean import ours
from cockpit.text.sanitize import our_line
from cockpit.text.streams import flush_output, ring, say, warn

FIRST_LOOK = 2.0
"""Seconds after which another cockpit has it, if it is not this one that tells."""
SETTLE = 10.0
"""Seconds the agents get to be read to their ends before it is said what calls."""


async def calling(headless: Headless, *, follow: bool, as_json: bool) -> int:
    """List what calls, or print each call for good."""
    with while_somebody_reads():
        async with headless.engine(everybody, watch=follow) as engine:
            if follow:
                return await _follow(engine, as_json)
            await engine.settled(min(SETTLE, headless.left()))
            say_missing(engine, "vers", "board")
            found = engine.coordination.notices.calling()
            if as_json:
                output.print_json([_object(one) for one in found])
            else:
                output.print_table(("STATE", "AGENT", "WHAT"), [(one.state, one.name, one.sentence) for one in found])
    return ExitCode.DONE


async def _follow(engine: HeadlessPort, as_json: bool) -> int:
    """Print calls as they come; who tells is said on standard error each time it changes."""
    waiting: asyncio.Queue[Summons] = asyncio.Queue()
    engine.coordination.notices.attach(waiting.put_nowait)
    tells: bool | None = None
    await engine.until(lambda: engine.coordination.notices.tells, FIRST_LOOK)
    while True:
        if engine.coordination.notices.tells is not tells:
            tells = engine.coordination.notices.tells
            warn(ours("cockpit: calls are told here") if tells else ours("cockpit: another cockpit tells the calls"))
        try:
            async with asyncio.timeout(1.0):
                summons = await waiting.get()
        except TimeoutError:
            continue
        if as_json:
            output.print_json(_summons_object(summons))
        else:
            say(our_line("{}", headline_of(summons)))
            for line in lines_of(summons) if len(summons.changes) > 1 else ():
                say(our_line("  {}", line))
        flush_output()


async def test(headless: Headless, as_json: bool) -> int:
    """Summons once."""
    async with headless.engine(nobody) as engine:
        notices = engine.coordination.notices
        rang = notices.rules.bell and ring()
        outcome = await notices.test()
    trouble = outcome.trouble if outcome is not None else ""
    if as_json:
        output.print_json(
            {
                "bell": rang,
                "hook": None
                if outcome is None
                else {"command": outcome.command, "trouble": trouble or None, "seconds": round(outcome.seconds, 3)},
            }
        )
    else:
        say(ours("the bell of this terminal rang") if rang else ours("no bell: off, or standard error is no terminal"))
        if outcome is None:
            say(ours("no hook: config.toml, table [notify], names none"))
        elif not trouble:
            say(our_line("the hook did its work in {:.1f} s", outcome.seconds))
    if trouble:
        warn(our_line("cockpit: the hook of config.toml, [notify] hook, fails: {}", trouble))
        return ExitCode.FAILED
    return ExitCode.DONE


def _object(one: Condition) -> dict[str, Any]:
    return {name: value for name, value in change_object(CalledFact(one)).items() if name != "old_state"}


def _summons_object(summons: Summons) -> dict[str, Any]:
    return {
        "occasion": summons.occasion.value,
        "at": summons.at,
        "text": headline_of(summons),
        "changes": [change_object(change) for change in summons.changes],
    }
