"""Headless verbs about workers: many are made at once, each with its task, and one that fails stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cockpit.cli import output
from cockpit.cli.courses import carry_out_all, operations_of
from cockpit.cli.exits import of_several
from cockpit.cli.fleet import spawn_object, taken_unasked, words_of_spawn
from cockpit.cli.headless import Headless, nobody, require_health
from cockpit.cli.origins import with_commit
from cockpit.cli.rehearsal import would
from cockpit.cli.texts import advise, read_text, text_for_agents
from cockpit.errors import UsageError
from cockpit.model.commands.life import Spawn
from cockpit.model.receipts.receipt import Stage
from cockpit.model.workers import fault_of_tasks, spawn_each, tasks_in
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn


def tasks_given(task: str, tasks: str) -> tuple[str, ...]:
    """Return the tasks that two options name: one text for all, or a file with one for each; `-` is standard input.

    Raises:
        UsageError: both are given, the file cannot be read, or there is no task in it.
    """
    if task and tasks:
        raise UsageError("--task and --tasks exclude each other", hint="one task for all, or a list with one for each")
    if task:
        return (text_for_agents(task).strip(),)
    if not tasks:
        return ()
    found = tasks_in(read_text("--tasks", tasks))
    if not found:
        raise UsageError(f"--tasks {tasks}: there is no task in it", hint="write one a line")
    advise(*found)
    return found


async def spawn(
    headless: Headless, wanted: Spawn, count: int, tasks: Sequence[str], dry_run: bool, as_json: bool
) -> int:
    """Make several workers at the same time; exit code 5 if some are there and others are not.

    Args:
        count: how many; 1 makes as many as there are tasks.
        tasks: none, one for all, or one for each.
    """
    number = len(tasks) if count == 1 and len(tasks) > 1 else count
    if fault := fault_of_tasks(number, tasks):
        raise UsageError(f"cannot spawn {wanted.name}: {fault}")
    async with headless.engine(nobody, watch=True) as engine:
        require_health(engine, "vers")
        wanted = await with_commit(engine, wanted)
        commands = spawn_each(wanted, number, tasks, frozenset(agent.name for agent in engine.fleet.agents))
        for command in commands:
            if refusal := engine.disabled_reason(command):
                raise UsageError(f"cannot spawn {command.name}: {refusal}")
        if dry_run:
            taken, why = taken_unasked(engine, wanted)
            what = our_text("make {} workers:\n{}", len(commands), "\n".join(map(words_of_spawn, commands)))
            what = our_text("{}\ntheir kind is {}", what, why) if why else what
            objects = [spawn_object(replace(command, program=taken), why) for command in commands]
            return would(what, as_json, {"workers": objects})
        receipts = await carry_out_all(engine, commands)
        agents = {operation.target: operation.agent for operation in operations_of(engine, receipts)}
        fleet = engine.fleet
        made = []
        for command, receipt in zip(commands, receipts, strict=True):
            agent_id = agents.get(command.name)
            agent = fleet.agent(agent_id) if agent_id is not None else None
            error = "" if receipt.stage is Stage.DONE else receipt.reason or receipt.stage.value
            made.append({"name": command.name, "vm_id": agent.vm_id if agent else None, "error": error or None})
            if error:
                warn(our_text("cockpit: {}: {}", command.name, error))
            elif agent is not None and not as_json:
                say(our_line("{} {}", command.name, agent.vm_id))
        if as_json:
            output.print_json(made)
        failed = sum(receipt.stage is not Stage.DONE for receipt in receipts)
        if failed:
            warn(our_line("cockpit: {} of {} failed", failed, len(receipts)))
    return of_several(len(receipts) - failed, len(receipts))
