"""The filter as a process of this machine: fed as tail would feed it, its frames taken apart."""

from __future__ import annotations

import random
import subprocess
import threading
from collections.abc import Iterable, Iterator

import psutil  # type: ignore[import-untyped]

from cockpit.agents.framing import Line, LineSplitter
from cockpit.agents.pi.decode import PiDecoder
from cockpit.agents.pi.wire_filter import NODE_RULES, PERL_RULES
from cockpit.model.events import Record
from cockpit.remote.tail.filter import FilterProgram, FrameParser, Piece
from tests.model.captures import AGENT, START, STEP
from tests.requirements import require_program

WIRE_FILTER = FilterProgram(PERL_RULES, NODE_RULES)
MASK = b"/./././//.//./"
INTERPRETERS = ("perl", "node")


class FilterProcess:
    """A running filter."""

    def __init__(self, interpreter: str, *, context: int = 0, start: int = 0) -> None:
        program = {"perl": WIRE_FILTER.perl_program, "node": WIRE_FILTER.node_program}[interpreter]
        words = [str(require_program(interpreter)), "-e", program, MASK.decode(), str(context), str(start)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, chunks: Iterable[bytes]) -> bytes:
        """Feed everything and return the frames."""
        assert self.process.stdin is not None and self.process.stdout is not None
        # The filter answers while it is fed: both ends at once, or both pipes fill up.
        feeding = threading.Thread(target=self._feed, args=(chunks,))
        feeding.start()
        with self.process.stdout as stdout:
            frames = stdout.read()
        feeding.join(timeout=30)
        self.process.wait(timeout=30)
        return frames

    def _feed(self, chunks: Iterable[bytes]) -> None:
        assert self.process.stdin is not None
        with self.process.stdin as stdin:
            for chunk in chunks:
                stdin.write(chunk)
                stdin.flush()

    def resident(self) -> int:
        """Bytes of memory it holds."""
        return int(psutil.Process(self.process.pid).memory_info().rss)


def pieces_of(frames: bytes, *, limit: int = 1 << 20) -> list[Piece]:
    """Take frames apart; what a `p` frame says is left out."""
    parser = FrameParser()
    parser.feed(frames)
    pieces: list[Piece] = []
    while more := parser.take(limit):
        pieces += [piece for piece in more if piece.length]
    assert len(parser) == 0 or parser.report is not None
    return pieces


def filtered(interpreter: str, data: bytes, *, context: int = 0, start: int = 0) -> list[Piece]:
    """Return the pieces of a file's bytes."""
    return pieces_of(FilterProcess(interpreter, context=context, start=start).run([data]))


def lines_of(pieces: Iterable[Piece], *, offset: int = 0, number: int = 0) -> Iterator[Line]:
    """Return the lines that pieces give."""
    splitter = LineSplitter(offset=offset, number=number)
    for piece in pieces:
        if piece.cut:
            yield splitter.pass_line(piece.data, piece.length)
        else:
            yield from splitter.feed(piece.data)


def records_of(lines: Iterable[Line]) -> list[Record]:
    """Decode lines as the engine does."""
    decoder = PiDecoder()
    return [
        Record(
            AGENT,
            1,
            line.number,
            line.offset,
            line.end,
            START + line.number * STEP,
            decoder.decode(line.data, line.truncated, line.length),
        )
        for line in lines
    ]


def places(lines: Iterable[Line]) -> list[tuple[int, int, int, int]]:
    """Return where lines stand."""
    return [(line.number, line.offset, line.end, line.length) for line in lines]


def random_chunks(data: bytes, choose: random.Random) -> Iterator[bytes]:
    """Cut bytes anywhere."""
    at = 0
    while at < len(data):
        size = choose.choice((1, 7, 100, 4096, 65536, 300_000))
        yield data[at : at + size]
        at += size
