"""Our end of the reading script: parts its answers from the file's bytes and holds no more of those than agreed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.remote.errors import CommandFailed
from cockpit.remote.tail.answers import Check, FileMissing, Opened, Rest, ScriptEnded, parse_header
from cockpit.remote.tail.checks import ContentChecks
from cockpit.remote.tail.cursor import RecordPlace
from cockpit.remote.tail.delivery import Delivery, PieceSink
from cockpit.remote.tail.filter import Piece
from cockpit.remote.tail.script import TailCommand
from cockpit.remote.tail.stream import TailStream

if TYPE_CHECKING:
    from cockpit.remote.ssh.process import RemoteProcess

HELD_BYTES = 256 << 10
"""Undelivered bytes above which the channel is paused; one channel window may come on top."""
NOISE_LIMIT = 1 << 20
"""Bytes of rc-file noise kept while looking for the marker."""
LAST_WORDS_LIMIT = 300
"""Bytes kept of the last line on standard error, for whoever must be told why the script ends again and again."""
ANSWER_BOUND = 30.0
"""Seconds an answer of the script may take; a slow login shell counts too."""
REST_LIMIT = 256 << 10
"""Bytes of an old file asked for at once; less than a channel window, so that the script never blocks on it."""


class TailReader:
    """Hears one run of the script; see `tail_script` for the words."""

    def __init__(
        self,
        command: TailCommand,
        position: Callable[[], RecordPlace | None],
        *,
        heartbeat: float,
        check_interval: float,
    ) -> None:
        self._marker = command.marker + b" "
        self._stream = TailStream(command)
        self.checks = ContentChecks(
            position, lambda: self._stream.following, heartbeat=heartbeat, interval=check_interval
        )
        self._process: RemoteProcess | None = None
        self._paused = False
        self._errors = bytearray()
        self._last_words = b""
        self._wake = asyncio.Event()
        self._delivery = Delivery(self._some_pieces)
        self.ended = False
        self.failed_check = False
        self.filter_failed = False
        """A filter died, or what it sends are no frames."""

    # What the channel calls

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        """Take bytes."""
        if stderr:
            self._hear_errors(data)
            return
        self._stream.feed(data)
        self._delivery.give()
        if not self._delivery.open or self.interrupted or self._delivery.failure is not None:
            self._wake.set()
        if len(self._stream) > HELD_BYTES and not self._paused and self._process is not None:
            self._paused = True
            self._process.pause()

    def closed(self) -> None:
        """Nothing more comes."""
        self.ended = True
        self.checks.end()
        self._wake.set()

    def _hear_errors(self, data: bytes) -> None:
        self._errors += data
        while (end := self._errors.find(b"\n")) >= 0:
            line = bytes(self._errors[:end])
            del self._errors[: end + 1]
            at = line.find(self._marker + b"check ")
            if at >= 0:
                _, _, state, verdict, alive = line[at:].decode("utf-8", "replace").split()
                check = Check(state, verdict, alive == "running")
                if not self.checks.answered(check):
                    self._doubt(alive=check.alive)
            elif self._marker + b"ended" in line:
                self._doubt(alive=False)
            elif line.strip():
                self._last_words = line.strip()[-LAST_WORDS_LIMIT:]
        del self._errors[: max(0, len(self._errors) - NOISE_LIMIT)]

    def _doubt(self, *, alive: bool) -> None:
        if not self.interrupted and self._stream.following:
            self.failed_check = True
            self.filter_failed = self._stream.filtered and not alive
            # What came after the last good check may belong to another content; the script is asked again.
            self._stop()
            self._wake.set()

    def _stop(self) -> None:
        self._stream.stop()
        self._resume()

    def _resume(self) -> None:
        if self._paused and self._process is not None:
            self._paused = False
            self._process.resume()

    # What the Tail calls

    def started(self, process: RemoteProcess) -> None:
        """Learn the process; heartbeats begin."""
        self._process = process
        self.checks.started(process)

    @property
    def report(self) -> str | None:
        """Tail's own words by which following stopped."""
        return self._stream.report

    @property
    def last_words(self) -> str:
        """What the VM said last on standard error, and how the script ended, for people; empty if neither is known."""
        words = (self._errors.strip() or self._last_words)[-LAST_WORDS_LIMIT:].decode("utf-8", "replace")
        status = self._process.exit_status if self._process is not None else None
        return ", ".join(part for part in (f"exit status {status}" if status else "", words) if part)

    @property
    def interrupted(self) -> bool:
        """Following stopped, or must stop."""
        return self.report is not None or self.failed_check

    def poke(self) -> None:
        """Wake a waiting `next_pieces`, for example because reading shall go on in another way."""
        self._wake.set()

    async def header(self) -> FileMissing | Opened:
        """Return the script's answer to the start or to `look`.

        Raises:
            CommandFailed: it says something else, or nothing in time.
        """
        words = await self._answer("to start reading")
        return parse_header(words, self._stream.head)

    async def look(self) -> FileMissing | Opened:
        """Try again to open a missing file."""
        assert self._process is not None
        self._process.write(b"look\n")
        return await self.header()

    async def next_pieces(self, stop: Callable[[], bool]) -> list[Piece]:
        """Return the next pieces; none when following stopped, the script ended, or `stop` says so.

        Raises:
            ScriptEnded: a filter runs and sends no frames.
        """
        while not stop():
            if pieces := self._some_pieces():
                return pieces
            if self.interrupted or self.ended:
                return []
            self._wake.clear()
            await self._wake.wait()
        return []

    async def context(self, length: int, bound: float) -> bytes:
        """Return the bytes that stand before the start, by which it is proven and the next cursor anchored.

        Args:
            length: how many there are.
            bound: seconds without a byte after which the script is given up.

        Raises:
            ScriptEnded: it ended, or was given up.
        """
        context = bytearray()
        while len(context) < length:
            try:
                async with asyncio.timeout(bound):
                    pieces = await self.next_pieces(lambda: False)
            except TimeoutError as error:
                self.filter_failed = self._stream.filtered
                raise ScriptEnded(f"no byte came within {bound:g} s") from error
            if not pieces:
                raise ScriptEnded("the reading script ended before the first byte")
            while pieces and len(context) < length:
                context += pieces.pop(0).data
            if len(context) > length:
                pieces.insert(0, Piece(bytes(context[length:]), len(context) - length))
            self.put_back(pieces)
        return bytes(context[:length])

    async def deliver_to(self, take: PieceSink, stop: Callable[[], bool]) -> None:
        """Give pieces to `take` the moment they come, until following stops, the script ends, or `stop` says so.

        Nothing is given after `take` returned False, until `go_on`.

        Raises:
            ScriptEnded: a filter runs and sends no frames.
            Exception: whatever `take` raised.
        """
        delivery = self._delivery
        try:
            delivery.begin(take)
            while delivery.failure is None and not stop():
                left = delivery.full and self._stream.waiting
                if (self.interrupted or self.ended) and not left:
                    return
                self._wake.clear()
                await self._wake.wait()
        finally:
            delivery.end()
        if delivery.failure is not None:
            raise delivery.failure

    def go_on(self) -> None:
        """Give more, after there was no room."""
        self._delivery.full = False
        self._delivery.give()
        if self.interrupted or self.ended or self._delivery.failure is not None:
            self._wake.set()

    @property
    def held(self) -> int:
        """Bytes behind what was taken that a filter holds on the VM: of a line that is not finished."""
        return self._stream.held_there

    def put_back(self, pieces: list[Piece]) -> None:
        """Return pieces that were taken too early."""
        self._stream.put_back(pieces)

    def _some_pieces(self) -> list[Piece]:
        try:
            pieces = self._stream.take()
        except ScriptEnded:
            self.filter_failed = True
            raise
        if pieces:
            self.checks.later()
        if self._paused and (not pieces or len(self._stream) <= HELD_BYTES):
            # Also when a single frame is longer than what shall be held: it can only be taken whole.
            self._resume()
        return pieces

    def set_low_priority(self, low_priority: bool) -> None:
        """Let the bytes come a moment later, together with those of other connections; or at once again."""
        if self._process is not None:
            self._process.low_priority = low_priority

    async def rest(self, offset: int) -> Rest:
        """Stop following and return what the opened file still holds behind an offset, at most REST_LIMIT bytes."""
        assert self._process is not None
        self.set_low_priority(False)
        self._stop()
        self._process.write(f"rest {self.checks.proof()} {offset} {REST_LIMIT}\n".encode())
        words = await self._answer("to read the rest of a file")
        if len(words) != 4 or words[0] != "rest":
            raise CommandFailed(f"the reading script answered {' '.join(words)!r}")
        data = bytearray()
        try:
            async with asyncio.timeout(ANSWER_BOUND):
                while len(data) < int(words[3]) and not (self.ended and not self._stream.waiting):
                    data += await self._some()
        except TimeoutError as error:
            raise ScriptEnded("the reading script sent less than it announced") from error
        return Rest(words[1], words[2], bytes(data))

    async def _some(self) -> bytes:
        while not self._stream.waiting and not self.ended:
            self._wake.clear()
            await self._wake.wait()
        data = self._stream.take_data()
        self._resume()
        return data

    async def _answer(self, purpose: str) -> list[str]:
        try:
            async with asyncio.timeout(ANSWER_BOUND):
                while not self._stream.answers:
                    if self.ended:
                        raise ScriptEnded(f"the script {purpose} ended without an answer")
                    self._wake.clear()
                    await self._wake.wait()
        except TimeoutError as error:
            raise CommandFailed(
                f"the script {purpose} did not answer within {ANSWER_BOUND:g} s",
                hint="the VM may be paused or overloaded, or its login shell is very slow",
            ) from error
        return self._stream.answers.popleft()

    async def close(self) -> None:
        """End the script; bounded."""
        if self._process is not None:
            await self._process.close()
