"""The verbs about what waits for the operator: list it, put entries off, and tell what became of questions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cockpit.cli import output
from cockpit.cli.courses import carry_out_all, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nobody
from cockpit.cli.rehearsal import rehearse
from cockpit.cli.shared import clock_text
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound
from cockpit.model.ages import age_text
from cockpit.model.attention import Attention
from cockpit.model.commands.inbox import InboxCommand, PutOffEntry, TakeBackEntry
from cockpit.model.fleet import Fleet
from cockpit.model.inbox.entries import Group, group_of, id_of, inbox, key_of, mark_of
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.model.inbox.question import words_of
from cockpit.model.inbox.shelf import PUT_OFF_WORDS, PutOff
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say

SETTLE_LIMIT = 20.0
"""Seconds links get to tell how their agents are; who has not told by then is in no group."""


async def listed(headless: Headless, only: Group | None, put_off: bool, as_json: bool) -> int:
    """Print the entries, or those that are put off; ends with 1 if one of them holds somebody up."""
    async with headless.engine() as engine:
        await _look(engine, headless)
        fleet, now = engine.fleet, engine.now()
        found = inbox(fleet, now)
        items = (*found.snoozed, *found.muted) if put_off else found.shown
        chosen = [item for item in items if only in (None, group_of(item))]
        if as_json:
            counts = {group.value: sum(group_of(item) is group for item in chosen) for group in Group}
            off = {"snoozed": len(found.snoozed), "muted": len(found.muted)}
            output.print_json(
                {"counts": {**counts, **off}, "entries": [entry_object(one, fleet, now) for one in chosen]}
            )
        else:
            rows = [(id_of(key_of(one)), group_of(one).value, _age(one, now), *_told(one, fleet)) for one in chosen]
            output.print_table(("ID", "GROUP", "AGE", "WHO", "WHAT"), rows)
            if not put_off and (found.snoozed or found.muted):
                say(our_text("put off: {} snoozed, {} muted (--put-off)", len(found.snoozed), len(found.muted)))
        held_up = not put_off and any(item.urgency.waits for item in chosen)
    return ExitCode.FAILED if held_up else ExitCode.DONE


async def _look(engine: HeadlessPort, headless: Headless) -> None:
    """Have everything looked at that tells what waits: agents, board and feed."""
    await engine.settled(min(SETTLE_LIMIT, headless.left()))
    await engine.coordination.recovery.look()


def _age(item: Attention, now: float) -> str:
    return age_text(now - item.since) if item.since else "-"


def _told(item: Attention, fleet: Fleet) -> tuple[str, str]:
    agent = fleet.agent(item.agent) if item.agent is not None else None
    who = agent.name if agent is not None else item.owed.asker if item.owed is not None else "-"
    return who, item.sentence


def entry_object(item: Attention, fleet: Fleet, now: float) -> dict[str, Any]:
    """Return an entry as scripts read it."""
    names = [agent.name for agent in map(fleet.agent, item.agents) if agent is not None]
    who = _told(item, fleet)[0]
    request = item.dialog.request if item.dialog is not None else None
    return {
        "id": id_of(key_of(item)),
        "key": key_of(item),
        "group": group_of(item).value,
        "who": who if who != "-" else None,
        "agents": names or ([who] if item.agent is not None and who != "-" else []),
        "sentence": item.sentence,
        "asks": words_of(request) if request is not None else item.owed.text if item.owed is not None else None,
        "method": request.method if request is not None else None,
        "options": list(request.options) if request is not None else [],
        "age": round(max(0.0, now - item.since), 1) if item.since else None,
        "holds_up": item.urgency.waits,
    }


async def history(headless: Headless, limit: int, as_json: bool) -> int:
    """Print the questions that ended last; none is no failure."""
    async with headless.engine(nobody) as engine:
        found = await engine.coordination.inbox.history(limit)
        if as_json:
            output.print_json(
                [
                    {
                        "at": round(one.at, 1),
                        "who": one.who,
                        "asked": one.asked,
                        "outcome": one.outcome.value,
                        "answer": one.answer or None,
                        "by": one.by or None,
                    }
                    for one in found
                ]
            )
        else:
            rows = [
                (
                    clock_text(one.at),
                    one.who,
                    one.asked,
                    _ended(one),
                    one.by or "-",
                )
                for one in found
            ]
            output.print_table(("WHEN", "WHO", "ASKED", "ANSWER", "BY"), rows)
    return ExitCode.DONE


def _ended(one: Decided) -> str:
    return one.outcome.value if one.outcome is HowEnded.WITHDRAWN else one.answer


async def snooze(headless: Headless, entry: str, how: PutOff | None, dry_run: bool, as_json: bool) -> int:
    """Put an entry off, or take it back."""
    async with headless.engine() as engine:
        await _look(engine, headless)
        fleet, now = engine.fleet, engine.now()
        found = inbox(fleet, now)
        command: InboxCommand
        if how is None:
            shelved = {one.key: one.sentence for one in fleet.shelved}
            key = _meant(entry, shelved)
            command, what = TakeBackEntry(key), our_line("hear again of: {}", shelved[key])
            told: dict[str, Any] = {"id": id_of(key), "key": key, "for": None}
        else:
            items = {key_of(item): item for item in (*found.shown, *found.snoozed, *found.muted)}
            key = _meant(entry, items)
            item = items[key]
            command = PutOffEntry(key, mark_of(item), how, item.sentence)
            what = our_line("put off ({}): {}", PUT_OFF_WORDS[how], item.sentence)
            told = {**entry_object(item, fleet, now), "for": how.value}
        if dry_run:
            return rehearse(engine, command, what, as_json, told)
        if say_failed(await carry_out_all(engine, [command])):
            return ExitCode.FAILED
        if as_json:
            output.print_json({**told, "done": True})
        else:
            say(our_text("done: {}", what))
    return ExitCode.DONE


def _meant(entry: str, keys: Iterable[str]) -> str:
    """Return the key that an id names: its own, or a beginning of it that no other has.

    Raises:
        NotFound: there is none, or there are several.
    """
    known = list(keys)
    fitting = [key for key in known if entry in (key, id_of(key))]
    fitting = fitting or [key for key in known if entry and id_of(key).startswith(entry)]
    if len(fitting) != 1:
        several = "several entries begin with" if fitting else "no entry is called"
        raise NotFound(f"{several} {entry}", hint=f"there are: {', '.join(map(id_of, known)) or 'none'}")
    return fitting[0]
