"""Our end of the reading script: parts its answers from the file's bytes and holds no more of those than agreed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum, auto

from cockpit.remote.cursor import Place
from cockpit.remote.errors import CommandFailed
from cockpit.remote.filtering import FrameParser, Piece
from cockpit.remote.process import Process
from cockpit.remote.tail_answers import Check, Missing, Opened, Rest, ScriptEnded, parse_header
from cockpit.remote.tail_checks import ContentChecks
from cockpit.remote.tail_handover import Handover, Taker
from cockpit.remote.tail_script import TailCommand

HELD_BYTES = 256 << 10
"""Undelivered bytes above which the channel is paused; one channel window may come on top."""
NOISE_LIMIT = 1 << 20
"""Bytes of rc-file noise kept while looking for the marker."""
ANSWER_BOUND = 30.0
"""Seconds an answer of the script may take; a slow login shell counts too."""
_MASK_BYTES = (b"/", b".")
"""What tail's masked name is made of; a chunk that ends so may hold the beginning of a report."""
REST_LIMIT = 256 << 10
"""Bytes of an old file asked for at once; less than a channel window, so that the script never blocks on it."""


class _Phase(Enum):
    HEADER = auto()
    DATA = auto()
    FRAMES = auto()
    REPORT = auto()
    DISCARD = auto()
    REST = auto()


_FOLLOWING = (_Phase.DATA, _Phase.FRAMES, _Phase.REPORT)


class TailReader:
    """Hears one run of the script; see `tail_script` for the words."""

    def __init__(
        self,
        command: TailCommand,
        position: Callable[[], Place | None],
        *,
        beat: float,
        check_interval: float,
    ) -> None:
        self._marker = command.marker + b" "
        self._mask = command.mask
        self.checks = ContentChecks(
            position, lambda: self._phase in (_Phase.DATA, _Phase.FRAMES), beat=beat, interval=check_interval
        )
        self._process: Process | None = None
        self._phase = _Phase.HEADER
        self._pending = bytearray()
        self._held: deque[bytes] = deque()
        self._held_bytes = 0
        self._frames = FrameParser()
        self._put_back: list[Piece] = []
        self._paused = False
        self._rest_left = 0
        self._answers: deque[list[str]] = deque()
        self._errors = bytearray()
        self._wake = asyncio.Event()
        self._handover = Handover(self._some_pieces)
        self.ended = False
        self.report: str | None = None
        """What stopped the following: tail's own words, or ours."""
        self.failed_check: Check | None = None
        self.filter_failed = False
        """A filter died, or what it sends are no frames."""

    # What the channel calls

    def data_received(self, data: bytes, *, stderr: bool) -> None:
        """Take bytes."""
        if stderr:
            self._hear_errors(data)
            return
        if self._phase is _Phase.DATA and not self._pending and data[-1:] not in _MASK_BYTES and self._mask not in data:
            self._hold(data)
        elif self._phase is _Phase.FRAMES:
            self._frames.feed(data)
        else:
            self._pending += data
            while self._step():
                pass
        self._handover.give()
        if not self._handover.open or self.interrupted or self._handover.failure is not None:
            self._wake.set()
        if self._held_bytes + len(self._frames) > HELD_BYTES and not self._paused and self._process is not None:
            self._paused = True
            self._process.pause()

    def closed(self) -> None:
        """Nothing more comes."""
        self.ended = True
        self.checks.end()
        self._wake.set()

    # Taking the stream apart: each step returns whether another one is possible.

    def _step(self) -> bool:
        match self._phase:
            case _Phase.HEADER:
                return self._step_header()
            case _Phase.DATA:
                return self._step_data()
            case _Phase.FRAMES:
                self._frames.feed(bytes(self._pending))
                self._pending.clear()
                return False
            case _Phase.REPORT:
                return self._step_report()
            case _Phase.DISCARD:
                return self._step_discard()
            case _Phase.REST:
                return self._step_rest()

    def _marked_line(self) -> list[str] | None:
        """Cut out the next line of the script's own, and what stands before it."""
        at = self._pending.find(self._marker)
        if at < 0:
            del self._pending[: max(0, len(self._pending) - len(self._marker))]
            return None
        end = self._pending.find(b"\n", at)
        if end < 0:
            del self._pending[:at]
            return None
        words = self._pending[at:end].decode("utf-8", "replace").split()[1:]
        del self._pending[: end + 1]
        return words

    def _step_header(self) -> bool:
        words = self._marked_line()
        if words is None:
            return False
        self._answers.append(words)
        if words[0] == "opened":
            self._phase = _Phase.DATA if words[-1] == "none" else _Phase.FRAMES
        return True

    def _step_data(self) -> bool:
        mask = self._mask
        at = self._pending.find(mask)
        if at >= 0:
            self._hold(bytes(self._pending[:at]))
            del self._pending[:at]
            self._phase = _Phase.REPORT
            return True
        # A report may be cut by the end of this chunk; it starts with slashes and dots.
        keep = 0
        if self._pending[-1:] in _MASK_BYTES:
            keep = next((n for n in range(len(mask) - 1, 0, -1) if self._pending.endswith(mask[:n])), 0)
        self._hold(bytes(self._pending[: len(self._pending) - keep]))
        del self._pending[: len(self._pending) - keep]
        return False

    def _step_report(self) -> bool:
        end = self._pending.find(b"\n")
        if end < 0:
            return False
        line = self._pending[:end].decode("utf-8", "replace")
        del self._pending[: end + 1]
        if "inotify" in line or "reverting to polling" in line:
            # The kernel has no watch left: tail looks by itself from now on, nothing is lost.
            self._phase = _Phase.DATA
            return True
        self._stopped_by(line)
        return True

    def _stopped_by(self, report: str) -> None:
        self.report = report.partition(": ")[2]
        self._phase = _Phase.DISCARD

    def _step_discard(self) -> bool:
        words = self._marked_line()
        if words is None:
            return False
        self._answers.append(words)
        if words[0] == "rest":
            self._rest_left = int(words[3])
            self._phase = _Phase.REST
        return True

    def _step_rest(self) -> bool:
        taken = min(self._rest_left, len(self._pending))
        self._hold(bytes(self._pending[:taken]))
        del self._pending[:taken]
        self._rest_left -= taken
        if not self._rest_left:
            self._phase = _Phase.DISCARD
        return not self._rest_left and bool(self._pending)

    def _hold(self, data: bytes) -> None:
        if data:
            self._held.append(data)
            self._held_bytes += len(data)

    def _hear_errors(self, data: bytes) -> None:
        self._errors += data
        while (end := self._errors.find(b"\n")) >= 0:
            line = bytes(self._errors[:end])
            del self._errors[: end + 1]
            at = line.find(self._marker + b"check ")
            if at >= 0:
                _, _, state, verdict, alive = line[at:].decode("utf-8", "replace").split()
                self._judge(Check(state, verdict, alive == "running"))
        del self._errors[: max(0, len(self._errors) - NOISE_LIMIT)]

    def _judge(self, check: Check) -> None:
        if self.checks.answered(check):
            return
        if not self.interrupted and self._phase in _FOLLOWING:
            self.failed_check = check
            self.filter_failed = self._phase is _Phase.FRAMES and not check.alive
            self._phase = _Phase.DISCARD
            # What came after the last good check may belong to another content; the script is asked again.
            self._drop_held()
            self._wake.set()

    def _drop_held(self) -> None:
        self._held.clear()
        self._held_bytes = 0
        self._frames.clear()
        self._put_back.clear()
        self._resume()

    def _resume(self) -> None:
        if self._paused and self._process is not None:
            self._paused = False
            self._process.resume()

    # What the Tail calls

    def started(self, process: Process) -> None:
        """Learn the process; beats begin."""
        self._process = process
        self.checks.started(process)

    @property
    def interrupted(self) -> bool:
        """Following stopped, or must stop."""
        return self.report is not None or self.failed_check is not None

    def poke(self) -> None:
        """Wake a waiting `next_pieces`, for example because reading shall go on in another way."""
        self._wake.set()

    async def header(self) -> Missing | Opened:
        """Return the script's answer to the start or to `look`.

        Raises:
            CommandFailed: it says something else, or nothing in time.
        """
        return parse_header(await self._answer("to start reading"))

    async def look(self) -> Missing | Opened:
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

    async def hand_over(self, take: Taker, stop: Callable[[], bool]) -> None:
        """Give pieces to `take` the moment they come, until following stops, the script ends, or `stop` says so.

        Nothing is given after `take` returned False, until `go_on`.

        Raises:
            ScriptEnded: a filter runs and sends no frames.
            Exception: whatever `take` raised.
        """
        handover = self._handover
        try:
            handover.begin(take)
            while handover.failure is None and not stop():
                left = handover.full and bool(self._put_back or self._held or self._frames)
                if (self.interrupted or self.ended) and not left:
                    return
                self._wake.clear()
                await self._wake.wait()
        finally:
            handover.end()
        if handover.failure is not None:
            raise handover.failure

    def go_on(self) -> None:
        """Give more, after there was no room."""
        self._handover.full = False
        self._handover.give()
        if self.interrupted or self.ended or self._handover.failure is not None:
            self._wake.set()

    @property
    def held(self) -> int:
        """Bytes behind what was taken that a filter holds on the VM: of a line that is not finished."""
        return self._frames.held

    def put_back(self, pieces: list[Piece]) -> None:
        """Return pieces that were taken too early."""
        self._put_back = pieces + self._put_back

    def _some_pieces(self) -> list[Piece]:
        if self._put_back:
            pieces, self._put_back = self._put_back, []
            return pieces
        if self._held:
            data = self._take()
            return [Piece(data, len(data))]
        if not self._frames:
            return []
        try:
            pieces = self._frames.take()
        except ScriptEnded:
            self.filter_failed = True
            raise
        if self._frames.report is not None and self.report is None and self._phase is _Phase.FRAMES:
            self._stopped_by(self._frames.report.decode("utf-8", "replace"))
        if not pieces or len(self._frames) <= HELD_BYTES:
            # Also when a single frame is longer than what shall be held: it can only be taken whole.
            self._resume()
        if pieces:
            self.checks.later()
        return pieces

    def _take(self) -> bytes:
        data = self._held[0] if len(self._held) == 1 else b"".join(self._held)
        self._held.clear()
        self._held_bytes = 0
        self._resume()
        self.checks.later()
        return data

    def be_patient(self, patient: bool) -> None:
        """Let the bytes come a moment later, together with those of other connections; or at once again."""
        if self._process is not None:
            self._process.patient = patient

    async def rest(self, offset: int) -> Rest:
        """Stop following and return what the opened file still holds behind an offset, at most REST_LIMIT bytes."""
        assert self._process is not None
        self.be_patient(False)
        if self._phase in _FOLLOWING:
            self._phase = _Phase.DISCARD
        self._drop_held()
        self._process.write(f"rest {self.checks.proof()} {offset} {REST_LIMIT}\n".encode())
        words = await self._answer("to read the rest of a file")
        if len(words) != 4 or words[0] != "rest":
            raise CommandFailed(f"the reading script answered {' '.join(words)!r}")
        data = bytearray()
        try:
            async with asyncio.timeout(ANSWER_BOUND):
                while len(data) < int(words[3]) and not (self.ended and not self._held):
                    data += await self._some()
        except TimeoutError as error:
            raise ScriptEnded("the reading script sent less than it announced") from error
        return Rest(words[1], words[2], bytes(data))

    async def _some(self) -> bytes:
        while not self._held and not self.ended:
            self._wake.clear()
            await self._wake.wait()
        return self._take() if self._held else b""

    async def _answer(self, purpose: str) -> list[str]:
        try:
            async with asyncio.timeout(ANSWER_BOUND):
                while not self._answers:
                    if self.ended:
                        raise ScriptEnded(f"the script {purpose} ended without an answer")
                    self._wake.clear()
                    await self._wake.wait()
        except TimeoutError as error:
            raise CommandFailed(
                f"the script {purpose} did not answer within {ANSWER_BOUND:g} s",
                hint="the VM may be paused or overloaded, or its login shell is very slow",
            ) from error
        return self._answers.popleft()

    async def close(self) -> None:
        """End the script; bounded."""
        if self._process is not None:
            await self._process.close()
