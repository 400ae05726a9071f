"""The output of several agents as one, in the order of time: from a moment on, and only what fits an expression."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from cockpit.cli import output
from cockpit.cli.agent import lines_of
from cockpit.cli.exits import ExitCode
from cockpit.cli.expression import LIMIT, Expression
from cockpit.cli.headless import Headless, only
from cockpit.cli.signals import TookTooLong, while_somebody_reads
from cockpit.cli.since import moment_of
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError
from cockpit.model.codec import record_to_object
from cockpit.model.events import EpochStarted, Record
from cockpit.model.moments import Moments, Timed
from cockpit.text.joiners import cells_in, cut_to_cells
from cockpit.text.sanitize import clean_line, clean_text, our_line, our_text
from cockpit.text.streams import flush_output, say_labelled, warn

PAUSE = 0.5
"""Seconds without a line after which an agent's output counts as read to its end: what comes then is new."""

AHEAD = 500
"""Lines of one agent read ahead of the others."""

NAME_CELLS = 20
"""Characters of a name before a line."""


@dataclass(slots=True, eq=False)
class AgentLines:
    """The lines of one agent on their way."""

    name: str
    place: int
    """Which of the agents it is."""
    lines: deque[Timed] = field(default_factory=deque)
    live: bool = False
    """What was there is read: it is not waited for any more."""
    ended: bool = False
    whole: bool = True
    """False: it is known that something is missing."""


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines are printed."""

    since: float = 0.0
    expression: Expression | None = None
    as_json: bool = False


async def tail(
    headless: Headless, names: Sequence[str], as_json: bool, since: str, expression: Expression | None, follow: bool
) -> int:
    """Print the lines of several agents, in the order in which they were written as far as that is known."""
    names = tuple(dict.fromkeys(names))
    with while_somebody_reads():
        async with headless.engine(only(*names), watch=follow, record=False) as engine:
            wanted = LineFilter(moment_of(since, engine.now()) if since else 0.0, expression, as_json)
            return await _tail(engine, names, headless.left(), wanted, follow)


async def _tail(engine: HeadlessPort, names: Sequence[str], contact: float, wanted: LineFilter, follow: bool) -> int:
    streams = [AgentLines(name, place) for place, name in enumerate(names)]
    for name in names:
        await _known(engine, name)
    changed, room = asyncio.Event(), asyncio.Condition()
    tasks = [
        asyncio.create_task(_pump(engine, stream, contact, follow, changed, room), name=f"tail {stream.name}")
        for stream in streams
    ]
    printer = Printer(wanted, names)
    try:
        async for stream, timed in _merged(streams, changed, room):
            if timed.at >= wanted.since:
                printer.print(stream, timed)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if not printer.printed:
        what = "fits" if wanted.expression is not None else "is there from that moment on"
        warn(our_text("cockpit: nothing of {} {}", ", ".join(names), what))
        return ExitCode.FAILED
    return ExitCode.DONE if all(stream.whole for stream in streams) and not printer.unsure else ExitCode.PARTIAL


async def _known(engine: HeadlessPort, name: str) -> None:
    """Fail for a name that means nobody before anything of the others is printed."""
    remembered = [one for one in await engine.recorded.agents() if name in (one.name, one.id)]
    if not remembered:
        engine.agent_named(name)


async def _pump(
    engine: HeadlessPort,
    stream: AgentLines,
    contact: float,
    follow: bool,
    changed: asyncio.Event,
    room: asyncio.Condition,
) -> None:
    """Read one agent's lines ahead; what ends them is said, and ends no other's."""
    moments = Moments()
    try:
        records, stream.whole = await lines_of(engine, stream.name, contact, follow)
        async for record in _with_pauses(records):
            timed = moments.rest() if record is None else moments.take(record, live=stream.live)
            stream.lines.extend(timed)
            stream.live = stream.live or (record is None and follow)
            changed.set()
            async with room:
                await room.wait_for(lambda: len(stream.lines) < AHEAD)
        stream.lines.extend(moments.rest())
    except CockpitError as error:
        warn(our_text("cockpit: {}: {}", stream.name, str(error)))
        stream.whole = False
    finally:
        stream.ended = True
        changed.set()


async def _with_pauses(records: AsyncIterator[Record]) -> AsyncIterator[Record | None]:
    """Yield records, and None whenever none came for a moment."""
    while True:
        coming = asyncio.ensure_future(anext(records, None))
        try:
            done, _ = await asyncio.wait({coming}, timeout=PAUSE)
            if not done:
                yield None
            record = await coming
        except BaseException:
            coming.cancel()
            with contextlib.suppress(BaseException):
                await coming
            raise
        if record is None:
            return
        yield record


async def _merged(
    streams: Sequence[AgentLines], changed: asyncio.Event, room: asyncio.Condition
) -> AsyncIterator[tuple[AgentLines, Timed]]:
    """Yield what was read in the order of time; who is behind is waited for, who has nothing new is not."""
    while True:
        changed.clear()
        ready = [stream for stream in streams if stream.lines]
        behind = any(not stream.lines and not stream.live and not stream.ended for stream in streams)
        if ready and not behind:
            first = min(ready, key=lambda stream: (stream.lines[0].at, stream.place))
            yield first, first.lines.popleft()
            async with room:
                room.notify_all()
        elif all(stream.ended for stream in streams):
            return
        else:
            await changed.wait()


class Printer:
    """Prints what is wanted of the lines, each behind the name of its agent."""

    def __init__(self, wanted: LineFilter, names: Sequence[str]) -> None:
        self._wanted = wanted
        self._width = min(NAME_CELLS, max(cells_in(clean_line(name)) for name in names))
        self.printed = 0
        self.unsure = False
        """Whether it is unknown of some line if it is wanted."""

    def print(self, stream: AgentLines, timed: Timed) -> None:
        """Print a line, if it is wanted."""
        record = timed.record
        if self._wanted.as_json:
            found = {**record_to_object(record), "name": stream.name, "about": timed.at}
            if self._fits(stream, record, json.dumps(found["event"], ensure_ascii=False)):
                output.print_json(found)
                self._flush()
            return
        words = output.spoken(record)
        if words is None:
            return
        head, body = words
        if not self._fits(stream, record, f"{head}\n{clean_text(body)}"):
            return
        clock = time.strftime("%H:%M:%S", time.localtime(timed.at)) if timed.at else "--:--:--"
        name = cut_to_cells(clean_line(stream.name), self._width)
        label = our_line("{} {}{} ", clock, name, " " * (self._width - cells_in(name)))
        lines = [our_line("{:>6} {}", record.line, head)]
        lines += [our_line("       {}", line) for line in clean_text(body.rstrip("\n")).split("\n")] if body else []
        for line in lines:
            say_labelled(label, stream.place, line)
        self._flush()

    def _flush(self) -> None:
        self.printed += 1
        flush_output()

    def _fits(self, stream: AgentLines, record: Record, text: str) -> bool:
        """Say whether a line fits the expression; where it does not come to an end that is said, and it does not."""
        if self._wanted.expression is None:
            return True
        if isinstance(record.event, EpochStarted):
            return False
        try:
            return self._wanted.expression.finds(text)
        except TookTooLong:
            self.unsure = True
            warn(
                our_text(
                    "cockpit: {}: the expression took more than {} s on line {}: whether it fits is unknown",
                    stream.name,
                    f"{LIMIT:g}",
                    record.line,
                )
            )
            return False
