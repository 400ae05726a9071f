"""The verbs about what there is to take up again: after a crash, and what the swarm asks on board and feed."""

from __future__ import annotations

from typing import Any

from cockpit.cli import output
from cockpit.cli.courses import carry_out_all, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless
from cockpit.cli.rehearsal import rehearse
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound
from cockpit.model.commands.owed import AnswerOwed, OwedCommand, ReopenOwed, SettleOwed
from cockpit.model.owed import Owed
from cockpit.text.clean import Clean
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say

SETTLE_LIMIT = 20.0
"""Seconds links get to tell how their agents are; what is not known by then is not called gone."""


async def recover(headless: Headless, as_json: bool) -> int:
    """Print what there is to take up again; ends with 1 if anything waits for somebody."""
    async with headless.engine() as engine:
        await engine.settled(min(SETTLE_LIMIT, headless.left()))
        found = await engine.coordination.recovery.look()
        if as_json:
            output.print_json(
                {
                    "active": [
                        {"vm_id": one.vm, "agent": one.name or None, "doing": one.doing} for one in found.active
                    ],
                    "abandoned": [
                        {"task": one.task, "title": one.title, "assignee": one.assignee, "evidence": one.evidence}
                        for one in found.abandoned
                    ],
                    "owed": [owed_object(one, engine.now()) for one in found.owed],
                }
            )
        else:
            say(our_text("{}", found.sentence))
            rows: list[tuple[str, str, str, str]] = [
                ("task", one.task, one.assignee, f"{one.title}: {one.evidence}") for one in found.abandoned
            ]
            rows += [(one.kind.value, one.reference, one.asker, one.text) for one in found.owed]
            rows += [("runs", one.vm, one.name or "-", one.doing) for one in found.active]
            output.print_table(("WHAT", "ID", "WHO", "SAYS"), rows)
    return ExitCode.FAILED if found.wants_somebody else ExitCode.DONE


async def questions(headless: Headless, as_json: bool) -> int:
    """Print the questions and blockers of board and feed that wait for an answer; none is no failure."""
    async with headless.engine() as engine:
        found = (await engine.coordination.recovery.look()).owed
        if as_json:
            output.print_json([owed_object(one, engine.now()) for one in found])
        else:
            rows = [(one.reference, one.kind.value, one.asker, one.title or "-", one.text) for one in found]
            output.print_table(("ID", "KIND", "WHO", "TASK", "ASKS"), rows)
    return ExitCode.DONE


async def reply(headless: Headless, key: str, text: str, *, at_once: bool, dry_run: bool, as_json: bool) -> int:
    """Answer a question or a blocker."""
    async with headless.engine(watch=True) as engine:
        owed = await _meant(engine, key)
        command = AnswerOwed(owed.key, text, at_once)
        return await _order(engine, command, our_line("answer {}", owed.asker), owed, dry_run, as_json)


async def settle(headless: Headless, key: str, *, back: bool, dry_run: bool, as_json: bool) -> int:
    """Hear no more of a question or a blocker, or take that back."""
    async with headless.engine(watch=True) as engine:
        if back:
            return await _reopen(engine, key, dry_run=dry_run, as_json=as_json)
        owed = await _meant(engine, key)
        what = our_line("hear no more of what {} asks", owed.asker)
        return await _order(engine, SettleOwed(owed.key), what, owed, dry_run, as_json)


async def _reopen(engine: HeadlessPort, key: str, *, dry_run: bool, as_json: bool) -> int:
    command, what = ReopenOwed(key), our_line("hear again of {}", key)
    if dry_run:
        return rehearse(engine, command, what, as_json, {"key": key})
    if say_failed(await carry_out_all(engine, [command])):
        return ExitCode.FAILED
    if as_json:
        output.print_json({"key": key, "done": True})
    else:
        say(our_text("done: {}", what))
    return ExitCode.DONE


async def _order(
    engine: HeadlessPort, command: OwedCommand, what: Clean, owed: Owed, dry_run: bool, as_json: bool
) -> int:
    if dry_run:
        return rehearse(engine, command, what, as_json, owed_object(owed, engine.now()))
    if say_failed(await carry_out_all(engine, [command])):
        return ExitCode.FAILED
    if as_json:
        output.print_json({**owed_object(owed, engine.now()), "done": True})
    else:
        say(our_text("done: {}", what))
    return ExitCode.DONE


async def _meant(engine: HeadlessPort, key: str) -> Owed:
    """Return what an id names: its own, or a beginning of it that no other has.

    Raises:
        NotFound: there is none, or there are several.
    """
    found = (await engine.coordination.recovery.look()).owed
    fitting = [one for one in found if key in (one.key, one.reference)]
    fitting = fitting or [one for one in found if key and one.reference.startswith(key)]
    if len(fitting) != 1:
        known = ", ".join(one.reference for one in found) or "none"
        several = "several questions begin with" if fitting else "no question is called"
        raise NotFound(f"{several} {key}", hint=f"open: {known}")
    return fitting[0]


def owed_object(one: Owed, now: float) -> dict[str, Any]:
    """Return a question as scripts read it."""
    return {
        "id": one.reference,
        "key": one.key,
        "kind": one.kind.value,
        "who": one.asker,
        "task": one.task,
        "title": one.title or None,
        "text": one.text,
        "age": round(max(0.0, now - one.at), 1),
        "draft": one.draft or None,
    }
