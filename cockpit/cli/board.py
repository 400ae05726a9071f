"""The work of the verbs that act on the board's tasks."""

from __future__ import annotations

from cockpit.cli import output
from cockpit.cli.agent import reachable
from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import carry_out
from cockpit.cli.headless import Headless, only, require_health
from cockpit.cli.rehearsal import rehearse
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound, UsageError
from cockpit.model.board import Task
from cockpit.model.commands.board import HandOverTask
from cockpit.text.sanitize import our_line
from cockpit.text.streams import say


async def hand_over(headless: Headless, task: str, name: str, *, dry_run: bool, as_json: bool) -> int:
    """Hand a task to an agent, and wait until the board shows that it has it."""
    async with headless.engine(only(name), watch=True) as engine:
        require_health(engine, "board")
        meant = task_named(engine, task)
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


def task_named(engine: HeadlessPort, word: str) -> Task:
    """Return the task with an id, or with the one id that begins so.

    Raises:
        NotFound: there is none.
        UsageError: several ids begin so; names them.
    """
    exact = [task for task in engine.fleet.tasks if task.id == word]
    found = exact or [task for task in engine.fleet.tasks if word and task.id.upper().startswith(word.upper())]
    if not found:
        raise NotFound(f"there is no task {word}", hint="`cockpit board` lists them")
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} tasks begin with {word}: {', '.join(task.id for task in found[:5])}", hint="give more of it"
        )
    return found[0]
