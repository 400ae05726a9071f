"""The filter's own work: any chunks, any bytes, bounded memory, half lines, tail's reports."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.agents.framing import LineSplitter
from cockpit.remote.tail.answers import ScriptEnded
from cockpit.remote.tail.filter import FrameParser, Piece
from tests.model.captures import content
from tests.wire_filter.pipes import (
    INTERPRETERS,
    MASK,
    FilterProcess,
    filtered,
    lines_of,
    pieces_of,
    places,
    random_chunks,
)
from tests.wire_filter.test_rules import LONG, PAD, message, update

CAPTURE = content("thinking_tools.jsonl")
MEMORY_LIMIT = 24 << 20
"""Bytes a filter may grow by, whatever it reads: some copies of one line of 1 MiB."""

ODD = (b"\n", b"\x00", b"\xff\xfe", b"\r", b"\xe2\x80\xa8", MASK[:5], b"{", LONG.encode())

both = pytest.mark.parametrize("interpreter", INTERPRETERS)


def length_of(pieces: list[Piece]) -> int:
    return sum(piece.length for piece in pieces)


@both
@pytest.mark.parametrize("seed", range(4))
def test_any_chunks_give_the_same(interpreter: str, seed: int) -> None:
    chunks = random_chunks(CAPTURE, random.Random(seed))
    pieces = pieces_of(FilterProcess(interpreter).run(chunks))
    assert list(lines_of(pieces)) == list(lines_of(filtered(interpreter, CAPTURE)))


@both
@pytest.mark.parametrize("seed", range(6))
def test_reading_may_begin_at_any_byte(interpreter: str, seed: int) -> None:
    """As after a switch in the middle of a line: the rest of that line comes as it is."""
    start = random.Random(seed).randrange(5000, len(CAPTURE) - 30_000)
    context = min(4096, start)
    pieces = filtered(interpreter, CAPTURE[start - context :], context=context, start=start)
    before = b""
    while len(before) < context:
        before += pieces.pop(0).data
    assert before == CAPTURE[start - context : start]
    boundary = CAPTURE.rfind(b"\n", 0, start) + 1
    pieces.insert(0, Piece(CAPTURE[boundary:start], start - boundary))
    number = CAPTURE.count(b"\n", 0, boundary)
    expected = LineSplitter(offset=boundary, number=number).feed(CAPTURE[boundary:])
    assert places(lines_of(pieces, offset=boundary, number=number)) == places(expected)


@both
def test_the_head_of_a_file_is_never_cut(interpreter: str) -> None:
    line = update("text_delta", message({"type": "text", "text": LONG}), delta="a")
    pieces = filtered(interpreter, line * 4)
    whole = [piece for piece in pieces if not piece.cut]
    assert length_of(whole) >= 4096 and pieces[0].data.startswith(line) and pieces[-1].cut


@both
def test_a_half_line_stays(interpreter: str) -> None:
    half = PAD[:100]
    frames = FilterProcess(interpreter).run([PAD, PAD + half, b"x"])
    parser = FrameParser()
    parser.feed(frames)
    pieces = []
    while more := parser.take():
        pieces += more
    assert length_of(pieces) == 2 * len(PAD) and parser.held == len(half) + 1


@both
@settings(max_examples=25, deadline=None)
@given(data=st.lists(st.sampled_from(ODD)))
def test_any_bytes_pass(interpreter: str, data: list[bytes]) -> None:
    whole = PAD + b"".join(data) + b"\n"
    assert b"".join(piece.data for piece in filtered(interpreter, whole)) == whole


def many(piece: bytes, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield piece


@both
@pytest.mark.parametrize("kind", ["unknown", "update", "agent_end"])
def test_a_line_of_64_megabytes_costs_no_memory(interpreter: str, kind: str) -> None:
    begin = {
        "unknown": b'{"type":"new","x":"',
        "update": update("text_delta", message({"type": "text", "text": "x"}), delta="news")[:140],
        "agent_end": b'{"type":"agent_end","messages":["',
    }[kind]
    end = b'"],"willRetry":true}\n'
    process = FilterProcess(interpreter)
    peak: list[int] = []

    def chunks() -> Iterator[bytes]:
        yield PAD
        peak.append(process.resident())
        yield begin
        for number, chunk in enumerate(many(b"y" * (1 << 20), 64)):
            yield chunk
            if number % 8 == 7:
                peak.append(process.resident())
        yield end + PAD

    pieces = pieces_of(process.run(chunks()))
    length = len(begin) + (64 << 20) + len(end)
    assert length_of(pieces) == length + 2 * len(PAD)
    assert max(peak) - peak[0] < MEMORY_LIMIT * (1 if interpreter == "perl" else 3), peak
    cut = [piece for piece in pieces if piece.cut]
    if kind == "unknown":
        assert not cut
    else:
        assert [piece.length for piece in cut] == [length] and cut[0].ending.endswith(end)
        assert len(cut[0].data) < 200
    if kind == "agent_end":
        assert cut[0].data == b'{"type":"agent_end","willRetry":true}'


@both
@pytest.mark.parametrize("half", [b"", b'{"type":"half'])
def test_tails_report_ends_the_frames(interpreter: str, half: bytes) -> None:
    report = MASK + b"/usr/bin/tail: out: file truncated"
    for chunks in (
        [PAD + half, report + b"\nnew content\n"],
        [PAD + half + report[:4], report[4:30], report[30:] + b"\n"],
    ):
        parser = FrameParser()
        parser.feed(FilterProcess(interpreter).run(chunks))
        assert b"".join(piece.data for piece in parser.take()) == PAD
        assert parser.report == report and not parser.take()


@both
def test_a_harmless_report_is_no_content(interpreter: str) -> None:
    warning = MASK + b"/usr/bin/tail: inotify cannot be used, reverting to polling: Too many open files\n"
    pieces = pieces_of(FilterProcess(interpreter).run([PAD + PAD[:50], warning, PAD[50:] + warning + PAD]))
    assert b"".join(piece.data for piece in pieces) == PAD * 3


@pytest.mark.parametrize("noise", [b"r x\n", b"q 1\n", b"c 1 2\n", b"x" * 100])
def test_what_is_no_frame_is_told(noise: bytes) -> None:
    parser = FrameParser()
    parser.feed(noise)
    with pytest.raises(ScriptEnded):
        parser.take()


def test_frames_come_in_any_chunks() -> None:
    frames = FilterProcess("perl").run([CAPTURE])
    expected = list(lines_of(pieces_of(frames)))
    for size in (1, 3, 1000):
        parser = FrameParser()
        pieces: list[Piece] = []
        for at in range(0, len(frames), size):
            parser.feed(frames[at : at + size])
            pieces += parser.take(1)
        while more := parser.take(1):
            pieces += more
        assert list(lines_of(piece for piece in pieces if piece.length)) == expected
