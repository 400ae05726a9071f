"""The verb that reads what an agent said: its last answers, or the last lines of its output."""

from __future__ import annotations

from collections import deque

from cockpit.cli import output
from cockpit.cli.agent import lines_of
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, only
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
    picker = AnswerPicker()
    kept: deque[Record] = deque(maxlen=last if lines is None else lines)
    async with headless.engine(only(name), record=False) as engine:
        records, whole = await lines_of(engine, name, headless.left(), follow=False)
        async for record in records:
            answer = picker.take(record)
            found = answer if lines is None else record if record.line else None
            if found is not None:
                kept.append(found)
    if lines is not None:
        _print_lines(kept, as_json)
    else:
        _print_answers(kept, as_json)
        if picker.working:
            warn(our_text("cockpit: {} is working: what it says now is not among these", name))
    if not kept:
        done = "answered" if lines is None else "written"
        warn(our_text("cockpit: {} has {} nothing yet", name, done))
        return ExitCode.FAILED
    return ExitCode.DONE if whole else ExitCode.PARTIAL


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
