"""The parts that need no server: taking the stream apart, cursors, quoting, waiting times, the gate."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.remote.errors import CommandFailed
from cockpit.remote.ssh.backoff import Backoff
from cockpit.remote.ssh.command import Completed, ProcessOpener, run_script
from cockpit.remote.ssh.connect_limit import ConnectLimit
from cockpit.remote.ssh.files import count_lines, lines_after
from cockpit.remote.ssh.shell import command_line, quote
from cockpit.remote.tail.answers import Opened
from cockpit.remote.tail.cursor import ANCHOR_BYTES, Cursor, FileIdentity, Track, digest
from cockpit.remote.tail.reader import TailReader
from cockpit.remote.tail.script import TailCommand

MARK = b"cockpit-0123456789"
MASK = b"/././/././/."
IDENTITY = FileIdentity(1, 2, 3, digest(b"abc"))


def reader() -> TailReader:
    return TailReader(TailCommand("", MARK, MASK), lambda: None, heartbeat=10, check_interval=60)


async def drain(of: TailReader) -> bytes:
    """Return what is held."""
    data = b""
    while more := await of.next_pieces(lambda: not of._stream.waiting):
        data += b"".join(piece.data for piece in more)
    return data


@pytest.mark.parametrize(("script", "argument"), [("cat", "\udcff"), ("cat '\ud800'", ""), ("#" * 99_999, "\udcff")])
async def test_what_is_not_utf_8_is_refused_in_words_and_nothing_is_sent(script: str, argument: str) -> None:
    with pytest.raises(CommandFailed, match="not UTF-8"):
        await run_script(cast(ProcessOpener, None), script, (argument,), timeout=1.0, output_limit=1)


async def test_the_stream_cut_at_every_byte() -> None:
    content = b"one\n/./.\n//\n/././/././/" + b"tail: file truncated\nlast"
    report = MASK + b"/usr/bin/tail: /tmp/out: file truncated\n"
    stream = (
        b"noise "
        + MARK[:5]
        + b"\n"
        + MARK
        + b" opened 1 2 3 0 0 new 3 0 gnu unguarded none\nabc"
        + content
        + report
        + b"new content"
    )
    for cut in range(len(stream) + 1):
        one = reader()
        one.data_received(stream[:cut], stderr=False)
        one.data_received(stream[cut:], stderr=False)
        header = await one.header()
        assert isinstance(header, Opened) and header.identity == IDENTITY
        assert await drain(one) == content
        assert one.report == "/tmp/out: file truncated"
        one.closed()


async def test_the_stream_in_single_bytes_with_a_harmless_report() -> None:
    warning = MASK + b"/usr/bin/tail: inotify cannot be used, reverting to polling: Too many open files\n"
    stream = MARK + b" opened 1 2 3 0 0 new 3 0 gnu unguarded none\nabc" + b"a\n" + warning + b"b\n"
    one = reader()
    for byte in stream:
        one.data_received(bytes([byte]), stderr=False)
    assert await drain(one) == b"a\nb\n"
    assert one.report is None
    one.closed()


@given(st.lists(st.binary(max_size=6000), max_size=12), st.integers(0, 10**9))
def test_a_track_knows_the_last_line_boundary(chunks: list[bytes], start: int) -> None:
    track = Track(IDENTITY, start, 7, b"")
    for chunk in chunks:
        track.advance(chunk)
    whole = b"".join(chunks)
    boundary = whole.rfind(b"\n") + 1
    cursor = track.place().cursor()
    assert (cursor.offset, cursor.line) == (start + boundary, 7 + whole.count(b"\n"))
    assert cursor.anchor_digest == digest(whole[max(0, boundary - ANCHOR_BYTES) : boundary])
    assert cursor.anchor_length == min(boundary, ANCHOR_BYTES)
    here = track.here().cursor()
    assert here.offset == start + len(whole) and here.anchor_digest == digest(whole[-ANCHOR_BYTES:])


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "fish"])
def test_words_survive_login_shells(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    words = ["a b", "it's", "\\'\\\\n", "$HOME `id` $(id) !x", "", "-n", "ünï", "a\nb", "*?[x]{a,b}~;&|<>#"]
    line = command_line('for word; do printf "<%s>" "$word"; done', *words)
    done = subprocess.run([shell, "-c", line], capture_output=True, check=True)
    assert done.stdout.decode() == "".join(f"<{word}>" for word in words)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_any_word_survives(word: str) -> None:
    done = subprocess.run(["sh", "-c", f"printf %s {quote(word)}"], capture_output=True, check=True)
    assert done.stdout.decode() == word


def test_backoff_doubles_to_its_cap_and_forgives_after_a_minute_of_life() -> None:
    now = [0.0]
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    backoff = Backoff(uniform=uniform, clock=lambda: now[0])
    assert [backoff.next_delay() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert all(low == 0 for low, _ in asked)
    backoff.connected()
    now[0] += 59
    assert backoff.next_delay() == 30, "a short life forgives nothing"
    backoff.connected()
    now[0] += 60
    assert backoff.next_delay() == 0.5
    backoff.next_delay()
    backoff.reset()
    assert backoff.ceiling() == 0.5


def test_backoff_spreads_evenly() -> None:
    source = random.Random(5)
    delays = [Backoff(base=8, uniform=source.uniform).next_delay() for _ in range(4000)]
    quarters = [sum(quarter * 2 <= delay < quarter * 2 + 2 for delay in delays) for quarter in range(4)]
    assert all(900 < count < 1100 for count in quarters)


async def test_the_gate_is_fair_bounded_and_forgets() -> None:
    connect_limit = ConnectLimit(at_once=3, stagger=0.0)
    inside = peak = 0
    order: list[int] = []

    async def enter(number: int) -> None:
        nonlocal inside, peak
        async with connect_limit.slot("host"):
            inside += 1
            peak = max(peak, inside)
            order.append(number)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(enter(number) for number in range(20)))
    assert peak == 3 and order == list(range(20)) and connect_limit._doors == {}


async def test_a_cancelled_wait_at_the_gate_frees_the_place() -> None:
    connect_limit = ConnectLimit(at_once=1, stagger=0.0)
    async with connect_limit.slot("host"):
        waiting = asyncio.create_task(connect_limit.slot("host").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1), connect_limit.slot("host"):
        pass


@pytest.mark.parametrize("said", [b"", b"many", b"-1", b"9" * 5000, b"1 2", "٣".encode()])
async def test_a_count_that_is_no_number_is_a_failed_command(said: bytes) -> None:
    """A VM can say anything; what it says must not be taken for a fault of the program."""

    class Vm:
        async def run(self, script: str, *arguments: str, **options: object) -> Completed:
            return Completed(0, said, b"")

    cursor = Cursor(IDENTITY, 300, 3, 3, digest(b"abc"))
    for counting in (
        count_lines(Vm(), "/out", 300),
        lines_after(Vm(), "/out", None),
        lines_after(Vm(), "/out", cursor),
    ):
        with pytest.raises(CommandFailed, match="is no number"):
            await counting
