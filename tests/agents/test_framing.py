"""Lines come out the same whatever the chunks, with bounded memory and exact offsets."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agents.framing import Line, LineSplitter

content = st.lists(
    st.sampled_from([b"\n", b"a", b"\r", b"\xe2\x80\xa8", b"\xc2\x85", b"{}", b"\0", b"x" * 9, b"y" * 40])
)
cuts = st.lists(st.integers(1, 12), min_size=1)


def chunks(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    start = index = 0
    while start < len(data):
        end = start + sizes[index % len(sizes)]
        pieces.append(data[start:end])
        start, index = end, index + 1
    return pieces


def split_plainly(data: bytes, maximum: int, head: int, offset: int, number: int) -> list[Line]:
    lines = []
    for piece in data.split(b"\n")[:-1]:
        end = offset + len(piece) + 1
        number += 1
        long = len(piece) > maximum
        lines.append(Line(number, offset, end, piece[:head] if long else piece, len(piece), long))
        offset = end
    return lines


@given(
    st.lists(content).map(lambda parts: b"".join(b"".join(part) for part in parts)),
    cuts,
    st.integers(0, 10**12),
)
def test_any_chunking_gives_the_same_lines(data: bytes, sizes: list[int], offset: int) -> None:
    splitter = LineSplitter(20, head_limit=7, offset=offset, number=5)
    lines = []
    for chunk in chunks(data, sizes):
        lines += splitter.feed(chunk)
    assert lines == split_plainly(data, 20, 7, offset, 5)
    complete = data[: data.rfind(b"\n") + 1]
    assert splitter.pending == len(data) - len(complete)
    assert splitter.offset == offset + len(complete)
    assert splitter.number == 5 + data.count(b"\n")


def test_only_a_line_feed_ends_a_line() -> None:
    text = "one\u2028two\u2029three\x85four\rfive\r\nsix\n"
    assert [line.data.decode() for line in LineSplitter().feed(text.encode())] == [
        "one\u2028two\u2029three\x85four\rfive\r",
        "six",
    ]


def test_a_huge_line_costs_its_head_only() -> None:
    splitter = LineSplitter(1024 * 1024, head_limit=1024)
    chunk = b"z" * 65536
    splitter.feed(chunk)
    tracemalloc.start()
    for _ in range(1023):
        assert splitter.feed(chunk) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 1024 * 1024
    assert splitter.pending == 64 * 1024 * 1024
    (line, after) = splitter.feed(b"\nnext\n")
    assert line.truncated
    assert line.data == b"z" * 1024
    assert line.length == 64 * 1024 * 1024
    assert (after.number, after.offset, after.data) == (2, 64 * 1024 * 1024 + 1, b"next")


def test_limits_must_make_sense() -> None:
    with pytest.raises(ValueError, match="head_limit"):
        LineSplitter(10, head_limit=11)
