"""The verb that reads what an agent said: its last answers, or the last lines of its output."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from cockpit.cli import output
from cockpit.cli.agent import lines_of
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, only
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Refused
from cockpit.model.codec import record_to_object
from cockpit.model.events import MessageEnded, Record
from cockpit.model.transcript.answers import AnswerPicker
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_text, our_text
from cockpit.text.streams import say, warn


async def read(headless: Headless, name: str, last: int, lines: int | None, as_json: bool) -> int:
    """Print the last answers of an agent, or the last lines of its output; of one that is gone, what is recorded.

    Args:
        last: answers at most.
        lines: lines at most, in place of answers.
    """
    count = last if lines is None else lines
    async with headless.engine(only(name), record=False) as engine:
        records, whole = await _records(engine, name, headless.left())
        shown = as_json or lines is None
        newest = await _newest(records, count, answers=lines is None, silent=shown)
        agent = next((one for one in engine.fleet.agents if name in (one.name, one.id)), None)
        if agent is not None and newest.first_epoch is not None and len(newest.kept) < count:
            # The present file began anew; what stood in those before it is recorded.
            older = _before(engine.recorded.lines(agent.id), newest.first_epoch)
            newest.kept.extendleft(
                reversed((await _newest(older, count - len(newest.kept), answers=lines is None, silent=shown)).kept)
            )
    kept = newest.kept
    if lines is not None:
        _print_lines(kept, as_json)
    else:
        _print_answers(kept, as_json)
        if newest.working:
            warn(our_text("cockpit: {} is working: what it says now is not among these", name))
    if not kept:
        done = "answered" if lines is None else "written"
        warn(our_text("cockpit: {} has {} nothing yet", name, done))
        return ExitCode.FAILED
    return ExitCode.DONE if whole else ExitCode.PARTIAL


@dataclass(frozen=True, slots=True)
class Newest:
    """The last records that were asked for."""

    kept: deque[Record]
    first_epoch: int | None
    """The epoch of the first record there was, asked for or not; None if there was none."""
    working: bool


async def _records(engine: HeadlessPort, name: str, contact: float) -> tuple[AsyncIterator[Record], bool]:
    """Return an agent's records and whether that is all there is; of one that is out of reach, what is recorded."""
    try:
        return await lines_of(engine, name, contact, follow=False)
    except Refused as error:
        warn(our_text("cockpit: {}: these are the recorded lines, and it may have more", error.message))
        return engine.recorded.lines(engine.agent_named(name).id), False


async def _newest(records: AsyncIterator[Record], count: int, *, answers: bool, silent: bool) -> Newest:
    """Return the last answers or lines.

    Args:
        silent: count lines, too, of which nothing is printed for people: pieces of a text, for the most part.
    """
    picker = AnswerPicker()
    kept: deque[Record] = deque(maxlen=count)
    first: int | None = None
    async for record in records:
        first = record.epoch if first is None else first
        answer = picker.take(record)
        found = answer if answers else record if record.line and (silent or output.spoken(record)) else None
        if found is not None:
            kept.append(found)
    return Newest(deque(kept), first, picker.working)


async def _before(records: AsyncIterator[Record], epoch: int) -> AsyncIterator[Record]:
    async for record in records:
        if record.epoch >= epoch:
            return
        yield record


def _print_lines(records: deque[Record], as_json: bool) -> None:
    for record in records:
        output.print_json(record_to_object(record)) if as_json else output.print_record(record)


def _print_answers(records: deque[Record], as_json: bool) -> None:
    answers = [(record, record.event.text) for record in records if isinstance(record.event, MessageEnded)]
    if as_json:
        output.print_json(
            # The time of a record that was just read from the VM is that of its reading: it says nothing.
            [{"epoch": record.epoch, "line": record.line, "text": text} for record, text in answers]
        )
        return
    for number, (_, text) in enumerate(answers):
        if number:
            say(ours(""))
        say(clean_text(text.strip()))
