"""The verb that prints the end of an agent's standard error."""

from __future__ import annotations

from cockpit.cli import output
from cockpit.cli.agent import connected, is_paused
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, only
from cockpit.errors import Refused
from cockpit.model.dwelling import whose_words
from cockpit.model.last_words import LastWords
from cockpit.text.sanitize import clean_text, our_text
from cockpit.text.streams import say, warn


async def err(headless: Headless, name: str, lines: int, as_json: bool) -> int:
    """Print the last lines; where the VM is out of reach, those that were seen when it was last looked at."""
    async with headless.engine(only(name), record=False) as engine:
        agent = engine.agent_named(name)
        whole = True
        try:
            if is_paused(engine, agent):
                raise Refused(f"{whose_words(agent.name, engine.fleet.vm(agent.vm_id))} is paused")
            await connected(engine, agent.id, headless.left())
            words = await engine.standard_error.last(agent.id, lines)
        except Refused as error:
            seen = engine.agent_named(name).process.errors
            if not seen:
                raise
            warn(our_text("cockpit: {}: these are the lines that were seen last, and it may have more", error.message))
            words, whole = LastWords("", 0, seen[-lines:]), False
        if as_json:
            found = {"agent": agent.name, "vm_id": agent.vm_id, "path": words.path or None}
            output.print_json({**found, "size": words.size if whole else None, "lines": list(words.lines)})
        else:
            for line in words.lines:
                say(clean_text(line))
        if not words.lines:
            warn(our_text("cockpit: {} wrote nothing on standard error", agent.name))
    return ExitCode.DONE if whole else ExitCode.PARTIAL
