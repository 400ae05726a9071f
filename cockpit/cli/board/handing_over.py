"""The verb that gives an agent a task to work on."""

from __future__ import annotations

from cockpit.cli import output
from cockpit.cli.agent import reachable
from cockpit.cli.board.looking import task_named
from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import carry_out
from cockpit.cli.headless import Headless, only, require_health
from cockpit.cli.rehearsal import rehearse
from cockpit.model.commands.board import HandOverTask
from cockpit.text.sanitize import our_line
from cockpit.text.streams import say


async def hand_over(headless: Headless, task: str, name: str, *, dry_run: bool, as_json: bool) -> int:
    """Hand a task to an agent, and wait until the board shows that it has it."""
    async with headless.engine(only(name), watch=True) as engine:
        require_health(engine, "board")
        meant = task_named(engine.fleet, task)
        agent = await reachable(engine, name, headless.left())
        command = HandOverTask(meant.id, agent.id)
        what = our_line("hand task {} to {}: {}", meant.id, agent.name, meant.title)
        shown = {"task": meant.id, "title": meant.title, "agent": agent.name, "vm_id": agent.vm_id}
        if dry_run:
            return rehearse(engine, command, what, as_json, shown)
        receipt = await carry_out(engine, command)
        if as_json:
            output.print_json({**shown, "command": receipt.id, "stage": receipt.stage.value})
        else:
            say(our_line("{} has task {}", agent.name, meant.id))
    return ExitCode.DONE
