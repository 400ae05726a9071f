"""Takes apart what one run of the reading script says on its standard output: answers, the file's bytes, reports."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from cockpit.remote.tail.filter import FrameParser, Piece
from cockpit.remote.tail.script import TailCommand

_MASK_BYTES = (b"/", b".")
"""What tail's masked name is made of; a chunk that ends so may hold the beginning of a report."""


class _Phase(Enum):
    HEADER = auto()
    HEAD = auto()
    DATA = auto()
    FRAMES = auto()
    REPORT = auto()
    DISCARD = auto()
    REST = auto()


class TailStream:
    """One run's output; see `tail_script` for the words and `filtering` for the frames."""

    def __init__(self, command: TailCommand) -> None:
        self._marker = command.marker + b" "
        self._mask = command.mask
        self._phase = _Phase.HEADER
        self._pending = bytearray()
        self._held: deque[bytes] = deque()
        self._held_bytes = 0
        self._frames = FrameParser()
        self._put_back: list[Piece] = []
        self._rest_left = 0
        self._opened: list[str] = []
        self.answers: deque[list[str]] = deque()
        """The script's own lines, as words."""
        self.head = b""
        """The first bytes of the file, once the answer `opened` is there."""
        self.report: str | None = None
        """What stopped the following: tail's own words."""

    def __len__(self) -> int:
        """Bytes that wait to be taken."""
        return self._held_bytes + len(self._frames)

    @property
    def following(self) -> bool:
        """The script follows the file, and nothing has stopped it yet."""
        return self._phase in (_Phase.DATA, _Phase.FRAMES, _Phase.REPORT)

    @property
    def filtered(self) -> bool:
        """The file's bytes come as frames."""
        return self._phase is _Phase.FRAMES

    @property
    def held_there(self) -> int:
        """Bytes behind what was taken that a filter holds on the VM: of a line that is not finished."""
        return self._frames.held

    @property
    def waiting(self) -> bool:
        """Whether something may be there to be taken."""
        return bool(self._put_back or self._held or self._frames)

    def feed(self, data: bytes) -> None:
        """Take bytes off the channel."""
        if self._phase is _Phase.DATA and not self._pending and data[-1:] not in _MASK_BYTES and self._mask not in data:
            self._hold(data)
        elif self._phase is _Phase.FRAMES:
            self._frames.feed(data)
        else:
            self._pending += data
            while self._step():
                pass

    def take(self) -> list[Piece]:
        """Return the next pieces of the file; none if there are none now.

        Raises:
            ScriptEnded: a filter runs and sends no frames.
        """
        if self._put_back:
            pieces, self._put_back = self._put_back, []
            return pieces
        if self._held:
            data = self.take_data()
            return [Piece(data, len(data))]
        if not self._frames:
            return []
        pieces = self._frames.take()
        if self._frames.report is not None and self.report is None and self._phase is _Phase.FRAMES:
            self._stopped_by(self._frames.report.decode("utf-8", "replace"))
        return pieces

    def take_data(self) -> bytes:
        """Return all plain bytes that are there."""
        data = self._held[0] if len(self._held) == 1 else b"".join(self._held)
        self._held.clear()
        self._held_bytes = 0
        return data

    def put_back(self, pieces: list[Piece]) -> None:
        """Return pieces that were taken too early."""
        self._put_back = pieces + self._put_back

    def stop(self) -> None:
        """Take no more of the file's bytes: only the script's own answers count from now on."""
        if self.following:
            self._phase = _Phase.DISCARD
        self._held.clear()
        self._held_bytes = 0
        self._frames.clear()
        self._put_back.clear()

    # Each step returns whether another one is possible.

    def _step(self) -> bool:
        match self._phase:
            case _Phase.HEADER:
                return self._step_header()
            case _Phase.HEAD:
                return self._step_head()
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
        if words[0] == "opened":
            self._opened = words
            self._phase = _Phase.HEAD
        else:
            self.answers.append(words)
        return True

    def _step_head(self) -> bool:
        length = int(self._opened[7])
        if len(self._pending) < length:
            return False
        self.head = bytes(self._pending[:length])
        del self._pending[:length]
        self.answers.append(self._opened)
        self._phase = _Phase.DATA if self._opened[-1] == "none" else _Phase.FRAMES
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
        self.answers.append(words)
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
