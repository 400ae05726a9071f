"""Reads a growing file on a VM exactly once, over drops, truncation, rotation and replacement.

A `Tail` lives as long as its connection. Each start runs one small script (`tail_script`) that checks a cursor and
follows the file from there. Whatever looks unusual (a report of tail, a failed check, an ended script) stops the
script, the old file is read to its end if it still can be, and a new run decides by the same checks whether this is
the same file.

How sure it is: a truncation that tail sees (it sees a smaller size, at once by inotify, within the polling interval
otherwise), a removal and a replacement are exact to the byte. A file rewritten in place and grown past our position
before tail looked cannot be seen by tail, but by the guard behind it (see `guard`), with each delivery. Where no guard
can run a check every CHECK_INTERVAL finds it; then `TailReset.valid_until` says from which offset on the bytes
delivered last may belong to the new content: they come again after it, from its start. A file that went away while
nobody read is looked for beside its name and read to its end first (see `moved`); `TailReset.lost` says what could not.

With a filter (`filtering`) lines that it cut come without the bytes it left out, but at their places and with exact
cursors: one can resume, and switch in mid-file, with and without it. A filter that cannot run is done without.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING

from cockpit.remote.errors import Dropped
from cockpit.remote.tail import limits
from cockpit.remote.tail.answers import FileMissing, Opened, ScriptEnded
from cockpit.remote.tail.cursor import Cursor, RecordPlace, Track
from cockpit.remote.tail.events import (
    LastBytes,
    TailData,
    TailEvent,
    TailFiltered,
    TailMissing,
    TailOpened,
    TailReset,
)
from cockpit.remote.tail.filter import FilterProgram, Piece
from cockpit.remote.tail.moved import Generation, UnreachableGeneration, unread
from cockpit.remote.tail.reader import ANSWER_BOUND, TailReader
from cockpit.remote.tail.runs import Runs
from cockpit.remote.tail.script import SILENCE_LIMIT, tail_command

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

HEARTBEAT_INTERVAL = 15.0
"""Seconds between two words to the script; it ends by itself after three missing ones."""
CHECK_INTERVAL = 5.0
"""Seconds after which bytes that were read are checked again against the file."""
Sink = Callable[[TailData | TailFiltered], bool]
"""Takes what was read the moment it comes; returns whether it has room for more."""


class Tail:
    """An endless iterator of TailEvents; it raises when the connection ends.

    Follow again with `cursor` on the next connection. A cancelled wait for an event ends the Tail, too: nothing is
    lost by it, since the cursor knows only what was delivered.
    """

    def __init__(
        self,
        connection: Connection,
        path: str,
        cursor: Cursor | None = None,
        *,
        start: LastBytes | None = None,
        polling: float | None = None,
        filtering: FilterProgram | None = None,
        check_interval: float = CHECK_INTERVAL,
        heartbeat_interval: float = HEARTBEAT_INTERVAL,
        patience: float = SILENCE_LIMIT,
        sink: Sink | None = None,
    ) -> None:
        """Follow a file from a cursor, from its last bytes, or from its beginning.

        Args:
            connection: a connected connection; the Tail ends with it.
            path: absolute, or `~/` and relative to the user's home, or relative to where the login shell starts.
            cursor: where to go on; it is checked first.
            start: where to begin without a cursor; None is the beginning.
            polling: seconds between two looks at the file; None is to be woken by the kernel (inotify).
            filtering: what the file's lines go through on the VM where it can run it; lines then come as TailFiltered.
            check_interval: seconds after which bytes that were read are checked again.
            heartbeat_interval: seconds between two heartbeats to the script.
            patience: seconds without a heartbeat after which the script on the VM ends by itself.
            sink: takes TailData and TailFiltered the moment they come; without it they are among the iterator's events.
        """
        self._sink = sink
        self._connection = connection
        self._path = path
        self._cursor = cursor
        self._start = start
        self._polling = polling
        self._filtering = filtering
        self._filter_failures = 0
        self._check_interval = check_interval
        self._heartbeat_interval = heartbeat_interval
        self._patience = patience
        self._reader: TailReader | None = None
        self._track: Track | None = None
        self._switch = False
        self._goal = 0
        self._behind = True
        self._runs = Runs(f"{path} on {connection.endpoint}")
        self._resume_at: Cursor | None = cursor
        self._guarded = False
        self._lost = ""
        self.follower = ""
        """`gnu` (woken by the kernel or polling) or `plain` (a shell loop), once known."""
        self.interpreter = "none"
        """What runs the filter on the VM now: `perl`, `node`, or `none` when reading is raw."""
        self._events = self._run()

    def __aiter__(self) -> Tail:
        return self

    async def __anext__(self) -> TailEvent:
        return await self._events.__anext__()

    @property
    def cursor(self) -> Cursor | None:
        """The cursor behind the last complete line of all that was delivered so far."""
        return self._track.place().cursor() if self._track is not None else self._cursor

    @property
    def place(self) -> RecordPlace | None:
        """The same without the cost of its digest; None until the file was opened."""
        return self._track.place() if self._track is not None else None

    def go_on(self) -> None:
        """Let the sink have more, after it had no room."""
        if self._reader is not None:
            self._reader.go_on()

    @property
    def proven(self) -> int:
        """Offset up to which what was delivered is known to be of one content; a change is searched behind it."""
        verified = self._reader.checks.verified if self._reader is not None else None
        return verified.offset if verified is not None else 0

    @property
    def polling(self) -> float | None:
        """Seconds between two looks at the file; None means woken by the kernel. Setting it takes effect at once."""
        return self._polling

    @polling.setter
    def polling(self, seconds: float | None) -> None:
        if seconds != self._polling:
            self._polling = seconds
            self._switch = True
            if self._reader is not None:
                self._reader.poke()

    @property
    def held(self) -> int:
        """Bytes of an unfinished line that a filter keeps on the VM, behind what was delivered."""
        return self._reader.held if self._reader is not None else 0

    @property
    def filtering(self) -> FilterProgram | None:
        """What the file goes through on the VM, where it can; None is raw. Setting it takes effect at once."""
        return self._filtering

    @filtering.setter
    def filtering(self, program: FilterProgram | None) -> None:
        if program != self._filtering:
            self._filtering = program
            self._switch = True
            if self._reader is not None:
                self._reader.poke()

    async def close(self) -> None:
        """End reading here and on the VM; bounded. Not to be called while another task awaits the next event."""
        await self._events.aclose()

    async def __aenter__(self) -> Tail:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run(self) -> AsyncGenerator[TailEvent, None]:
        announce = True
        while True:
            self._switch = False
            self._reader = reader = await self._start_script()
            try:
                header = await reader.header()
                if isinstance(header, FileMissing):
                    announce = True
                    async for event in self._unread():
                        yield event
                    yield TailMissing(header.reason)
                    header = await self._wait_for_file(reader)
                    if self._resume_at is not None:
                        # It was asked for by what was known before the wait.
                        continue
                self.follower, self.interpreter, self._guarded = header.follower, header.interpreter, header.guarded
                bound = ANSWER_BOUND if header.interpreter == "none" else limits.FILTER_BOUND
                context = await reader.context(header.context_length, bound)
                cursor = self._resume_at
                if cursor is not None and not (header.resumed and header.continues(cursor, context)):
                    async for event in self._unread():
                        yield event
                    if header.resumed:
                        yield TailReset("rewritten", self._delivered(self._resume_at or cursor), self._lost)
                        self._forget()
                        announce = True
                        continue
                for event in self._open(reader, header, context, announce):
                    yield event
                announce = False
                assert self._track is not None
                self._settle_patience()
                if self._sink is not None:
                    await reader.deliver_to(self._pour, lambda: self._switch)
                else:
                    while pieces := await reader.next_pieces(lambda: self._switch):
                        yield self._advance_pieces(pieces)
                if reader.interrupted:
                    async for event in self._after_interruption(reader):
                        announce = announce or isinstance(event, TailReset)
                        yield event
            except ScriptEnded:
                announce = announce or self._track is None
            finally:
                self._reader = None
                await reader.close()
            if reader.filter_failed:
                self._filter_failures += 1
            await self._before_next_run(reader.last_words)

    async def _start_script(self) -> TailReader:
        command = tail_command(
            self._path,
            self._resume_at,
            last_bytes=self._start.count if self._start is not None else None,
            polling=self._polling,
            patience=self._patience,
            filtering=self._filtering if self._filter_failures < limits.FILTER_FAILURES else None,
        )
        self._runs.begin()
        interval = self._check_interval * (1 if self._polling is None else limits.PATIENT_CHECKS)
        reader = TailReader(command, self._exact_place, heartbeat=self._heartbeat_interval, check_interval=interval)
        window = limits.FOREGROUND_WINDOW if self._polling is None else limits.BACKGROUND_WINDOW
        reader.started(await self._connection.open_reader(command.line, reader, window=window))
        return reader

    async def _wait_for_file(self, reader: TailReader) -> Opened:
        while True:
            await asyncio.sleep(limits.LOOK_INTERVAL)
            header = await reader.look()
            if isinstance(header, Opened):
                return header

    async def _unread(self) -> AsyncGenerator[TailEvent, None]:
        """Read what is left behind the cursor in files beside the name; those bytes are delivered like any others."""
        self._lost = ""
        cursor = self._resume_at
        if cursor is None:
            return
        async for found in unread(self._connection, self._path, cursor):
            match found:
                case Generation():
                    if not found.resumed:
                        yield TailReset("replaced", self._delivered(cursor))
                    self._track = Track(found.identity, found.start, found.line, found.context)
                    yield TailOpened(found.identity, found.size, found.start, found.resumed, "moved", moved=True)
                case UnreachableGeneration():
                    self._lost = found.why
                case _:
                    yield self._advance(found)
            self._resume_at = cursor = self._here() or cursor

    def _delivered(self, cursor: Cursor) -> int:
        return min(self._track.offset, cursor.offset) if self._track is not None else cursor.offset

    def _open(self, reader: TailReader, header: Opened, context: bytes, announce: bool) -> list[TailEvent]:
        """Set up the track behind the context bytes and return the events to tell."""
        self._goal = header.size
        cursor = self._resume_at
        events: list[TailEvent] = []
        if cursor is not None and not header.resumed:
            events.append(TailReset(header.reason, self._delivered(cursor), self._lost))
        if header.resumed and self._track is not None:
            self._track.identity = header.identity
        else:
            line = cursor.line if cursor is not None and header.resumed else 0
            self._track = Track(header.identity, header.start, line, context)
        reader.checks.verified = self._here()
        if header.interpreter != "none":
            # A filter that died at once would look like a file that does not grow.
            reader.checks.later()
        self._start = None
        if announce or events:
            resumed = header.resumed and bool(cursor)
            events.append(TailOpened(header.identity, header.size, header.start, resumed, header.reason, header.age))
        return events

    def _advance_pieces(self, pieces: list[Piece]) -> TailData | TailFiltered:
        assert self._track is not None
        self._runs.fruitful()
        self._resume_at = None
        offset = self._track.offset
        event: TailData | TailFiltered
        if self.interpreter == "none":
            event = self._advance(b"".join(piece.data for piece in pieces))
        else:
            for piece in pieces:
                if piece.cut:
                    self._track.advance_line(piece.length, piece.ending)
                else:
                    self._advance(piece.data)
            event = TailFiltered(offset, tuple(pieces))
        if self._behind:
            self._settle_patience()
        return event

    def _pour(self, pieces: list[Piece]) -> bool:
        assert self._sink is not None
        return self._sink(self._advance_pieces(pieces))

    def _settle_patience(self) -> None:
        """Let what is not watched come in rounds, once all that was there at the opening has been read."""
        assert self._track is not None and self._reader is not None
        self._behind = self._track.offset + self._reader.held < self._goal
        self._reader.set_low_priority(self._polling is not None and not self._behind)

    def _advance(self, data: bytes) -> TailData:
        assert self._track is not None
        offset = self._track.offset
        self._runs.fruitful()
        self._track.advance(data)
        self._resume_at = None
        return TailData(offset, data)

    def _exact_place(self) -> RecordPlace | None:
        return self._track.here() if self._track is not None else None

    def _here(self) -> Cursor | None:
        return self._track.here().cursor() if self._track is not None else None

    async def _after_interruption(self, reader: TailReader) -> AsyncGenerator[TailEvent, None]:
        """Read the old file to its end while it can be, and say what became of it."""
        told_missing = False
        assert self._track is not None and reader.checks.verified is not None
        exact = reader.report is not None and "truncated" in reader.report
        if self._guarded:
            exact, reader.checks.verified = True, self._track.here().cursor()
        while True:
            rest = await reader.rest(self._track.offset)
            if rest.verdict != "ok":
                # What tail delivered before it reported the truncation was read before it. A copy that was made of the
                # file before that holds what had not come yet.
                self._resume_at = self._here() if exact else None
                async for event in self._unread():
                    yield event
                yield TailReset(rest.verdict, self._track.offset if exact else reader.checks.verified.offset)
                self._forget()
                return
            if rest.data:
                yield self._advance(rest.data)
            elif rest.state == "other":
                self._resume_at = self._here()
                async for event in self._unread():
                    yield event
                yield TailReset("replaced", self._track.offset)
                self._forget()
                return
            elif rest.state == "same":
                return
            else:
                if not told_missing:
                    told_missing = True
                    yield TailMissing("removed")
                await asyncio.sleep(limits.LOOK_INTERVAL)

    def _forget(self) -> None:
        self._track = self._resume_at = self._cursor = None

    async def _before_next_run(self, last_words: str) -> None:
        if not self._connection.connected:
            raise self._connection.close_reason or Dropped(f"the connection for {self._path} was closed")
        if self._track is not None:
            self._resume_at = self._here()
        if self._switch:
            return
        await self._runs.before_next(last_words)
