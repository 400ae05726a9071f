"""Faults of the file: truncated, rotated, replaced, unfinished, hostile; seen through the whole engine."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.agents.framing import HEAD_LIMIT, MAX_LINE
from cockpit.model.events import Record
from cockpit.model.fleet import LinkState
from cockpit.model.ids import AgentId
from tests.faults.conftest import MakeMachine
from tests.faults.harness import CHECK_INTERVAL, LIMIT, PATIENCE, SLACK, Machine, Stack, running
from tests.faults.writer import HOSTILE
from tests.remote.sshd import name_of
from tests.remote.waiting import until
from tests.requirements import missing


@pytest.fixture
def small_disk(machine: Machine) -> Iterator[Machine]:
    """The machine, its output on a disk of one megabyte."""
    directory = machine.out.parent
    machine.writer.kill()
    machine.out.unlink()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(directory)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        missing(f"no small disk can be mounted here: {done.stderr.strip()}")
    machine.writer = type(machine.writer)(machine.out, 3)
    yield machine
    machine.writer.kill()
    subprocess.run(["umount", "-l", str(directory)], check=True)


async def stored(stack: Stack, machine: Machine) -> list[Record]:
    """Return what the store holds of a machine's agent, once it holds what was delivered."""
    await stack.stored_as_delivered(machine)
    return list(await stack.store.records(AgentId(machine.name), limit=5_000))


async def test_a_full_disk_leaves_a_half_line_pending(small_disk: Machine) -> None:
    machine = small_disk
    async with running(machine.home, [machine]) as stack:
        machine.writer.lines(50)
        await stack.whole(machine)
        trouble = machine.writer.raw(b'{"type":"note","filler":"' + b"x" * (2 << 20))
        assert "No space left" in trouble
        await until(lambda: stack.agent_session(machine)._reader.stream._splitter.pending > 500_000, LIMIT)  # type: ignore[union-attr]
        assert machine.ledger.newest.lines == 50, "a line that has no end is no line"
        assert stack.link(machine).state is LinkState.UP
        machine.sshd.kill_sessions()
        await stack.shows(machine, LinkState.DOWN)
        await stack.up(machine)
        remount = ["mount", "-o", "remount,size=8m", str(machine.out.parent)]
        await asyncio.to_thread(subprocess.run, remount, check=True)
        machine.writer.raw(b'"}\n')
        machine.writer.lines(5)
        await stack.whole(machine)
        assert machine.ledger.newest.lines == 56


@pytest.mark.races_the_clock("a line must be shown within a bound")
async def test_a_file_that_comes_later_is_read_at_once(machine: Machine) -> None:
    machine.writer.kill()
    machine.out.unlink()
    async with running(machine.home, [machine]) as stack:
        await until(lambda: bool(machine.readers()))
        await until(stack.agent_session(machine).caught_up.is_set)
        machine.writer = type(machine.writer)(machine.out, 5)
        machine.writer.lines(1)
        written = time.monotonic()
        await until(lambda: machine.ledger.newest.lines == 1)
        assert time.monotonic() - written < 0.5 + SLACK
        waits = []
        for _ in range(10):
            before = machine.ledger.newest.lines
            machine.writer.lines(1)
            written = time.monotonic()
            await until(lambda before=before: machine.ledger.newest.lines > before)  # type: ignore[misc]
            waits.append(time.monotonic() - written)
        assert sorted(waits)[5] < 0.5, f"still polled once a second: {waits}"
        await stack.whole(machine)


async def test_truncation_is_shown_and_the_new_content_read_once(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        machine.writer.lines(300)
        await stack.whole(machine)
        machine.floors[0] = 300
        machine.writer.tell("truncate", 20)
        await stack.whole(machine)
        assert sorted(machine.ledger.epochs) == [1, 2] and machine.ledger.reasons == ["truncated"]
        assert stack.fleet_state.agents[AgentId(machine.name)].epoch == 2
        machine.writer.lines(500)
        await stack.whole(machine)
        assert sorted(machine.ledger.epochs) == [1, 2]
        await stack.stored_as_delivered(machine)


@pytest.mark.parametrize("word", ["truncate", "rotate", "recreate"])
async def test_a_file_replaced_while_away_is_found_by_its_content(machine: Machine, word: str) -> None:
    """Also when it is longer than our position by then, and when it has the same inode."""
    async with running(machine.home, [machine]) as stack:
        machine.writer.lines(300)
        await stack.whole(machine)
        machine.floors[0] = 300
        machine.relay.refuse = True
        machine.relay.cut()
        await stack.shows(machine, LinkState.DOWN)
        machine.writer.tell(word, 900)
        machine.relay.refuse = False
        await stack.whole(machine)
        assert sorted(machine.ledger.epochs) == [1, 2]
        await stack.stored_as_delivered(machine)


@pytest.mark.races_the_clock("a rewrite must be found within a bound")
async def test_a_rewrite_past_our_position_is_found_within_a_check(machine: Machine) -> None:
    """tail is stopped meanwhile and cannot see that the file was shorter for a moment."""
    async with running(machine.home, [machine]) as stack:
        machine.writer.lines(300)
        await stack.whole(machine)
        await until(lambda: bool(machine.readers()))
        followers = [found for found in machine.readers() if name_of(found) == "tail"]
        for follower in followers:
            follower.suspend()
        machine.writer.tell("truncate", 900)
        for follower in followers:
            follower.resume()
        began = time.monotonic()
        await until(lambda: len(machine.ledger.epochs) == 2)
        assert time.monotonic() - began < CHECK_INTERVAL + SLACK
        await until(lambda: machine.ledger.is_whole(machine.writer.truth()))
        assert set(machine.ledger.epochs) == {1, 2}
        assert not machine.ledger.wrong


async def test_rotation_by_rename_reads_the_old_file_to_its_end(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        for generation in range(5):
            machine.writer.lines(200)
            await stack.whole(machine)
            machine.floors[generation] = machine.writer.count() + 50
            machine.writer.tell("rotate", 30, 50)
            await stack.whole(machine)
        assert sorted(machine.ledger.epochs) == [1, 2, 3, 4, 5, 6]
        assert machine.ledger.reasons == ["replaced"] * 5
        await stack.stored_as_delivered(machine)


async def test_copytruncate_under_load_doubles_nothing(machine: Machine) -> None:
    """What was written between the last read and the truncation may be lost, and no more; nothing comes twice."""
    async with running(machine.home, [machine]) as stack:
        for generation in range(6):
            machine.writer.lines(100)
            await until(lambda generation=generation: len(machine.ledger.epochs) == generation + 1)  # type: ignore[misc]
            for _ in range(10):
                machine.writer.lines(100)
            # Further than the next hundred lines reach: grown past our position, a file is found by the checks only.
            await until(lambda: machine.ledger.newest.lines > 300)
            machine.floors[generation] = machine.ledger.newest.lines
            machine.writer.tell("copytruncate")
        machine.writer.lines(3)
        await stack.whole(machine)
        assert len(machine.ledger.epochs) == 7


async def test_a_directory_removed_and_made_again(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        machine.writer.lines(100)
        await stack.whole(machine)
        machine.floors[0] = 100
        machine.writer.tell("recreate", 40, True)
        await stack.whole(machine)
        machine.writer.lines(40)
        await stack.whole(machine)


async def test_a_half_line_at_the_drop_comes_once_and_whole(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        for _ in range(10):
            machine.writer.lines(20)
            machine.writer.raw(b'{"type":"note","text":"be')
            await until(lambda: stack.agent_session(machine)._reader is not None)
            machine.relay.cut()
            machine.writer.raw(b'fore and after"}\n')
            await stack.whole(machine)
        assert machine.ledger.newest.lines == 210


async def test_a_half_line_for_ever_is_pending_and_not_lost(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        machine.writer.lines(20)
        machine.writer.raw(b'{"type":"note","text":"the writer dies he')
        await stack.whole(machine)
        reader = stack.agent_session(machine)._reader
        assert reader is not None
        await until(lambda: reader.stream._splitter.pending == 41)
        machine.writer.kill()
        for _ in range(3):
            machine.relay.cut()
            await stack.shows(machine, LinkState.DOWN)
            await stack.up(machine)
        await until(lambda: reader.stream._splitter.pending == 41)
        assert machine.ledger.newest.lines == 20
        with machine.out.open("ab") as file:
            file.write(b're"}\n')
        await until(lambda: machine.ledger.newest.lines == 21)
        assert machine.ledger.newest.kept[-1] == b'{"type":"note","text":"the writer dies here"}'


async def test_hostile_lines_are_all_records_and_kept_raw(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        for line in HOSTILE:
            machine.writer.raw(line + b"\n")
        await stack.whole(machine)
        records = await stored(stack, machine)
        assert len(records) == len(HOSTILE), "one record per LF, whatever stands before it"
        assert stack.link(machine).state is LinkState.UP
        entries = [entry.kind.value for entry in stack.fleet_state.transcript(AgentId(machine.name)).entries()]
        assert entries, "what cannot be read is shown, not swallowed"


async def test_hostile_lines_in_single_bytes(machine: Machine) -> None:
    machine.relay.chunk = 1
    async with running(machine.home, [machine]) as stack:
        machine.writer.raw(b"".join(line[:2_000] + b"\n" for line in HOSTILE))
        machine.writer.lines(20)
        await stack.whole(machine)
        assert set(machine.ledger.epochs) == {1}


async def test_a_line_of_64_megabytes_is_marked_and_others_go_on(make_machine: MakeMachine) -> None:
    big, small = make_machine(), make_machine()
    async with running(big.home, [big, small]) as stack:
        await stack.up(big)
        await stack.up(small)
        before = psutil.Process().memory_info().rss
        with big.out.open("ab") as file:
            file.write(b'{"type":"note","text":"')
            for _ in range(64):
                file.write(b"x" * (1 << 20))
            file.write(b'"}\n')
        peak, waits = before, []
        while big.ledger.newest.lines < 1:
            count = small.ledger.newest.lines
            small.writer.lines(1)
            written = time.monotonic()
            await until(lambda count=count: small.ledger.newest.lines > count, 5)  # type: ignore[misc]
            waits.append(time.monotonic() - written)
            peak = max(peak, psutil.Process().memory_info().rss)
        assert peak - before < MAX_LINE + (24 << 20), f"{(peak - before) >> 20} MB for a line kept by its head"
        assert max(waits) < 1.0
        (record,) = (await stored(stack, big))[-1:]
        assert record.end - record.offset > 64 << 20
        assert len(big.ledger.newest.kept[-1]) <= HEAD_LIMIT
        await stack.whole(small)


async def test_no_reader_is_left_after_faults_of_every_kind(machine: Machine) -> None:
    """At most one reader tree while we look, and none after we left."""
    async with running(machine.home, [machine]) as stack:
        machine.writer.lines(10)
        await stack.whole(machine)
        for fault in (
            machine.sshd.kill_sessions,
            machine.relay.cut,
            lambda: machine.writer.tell("truncate", 3),
            lambda: machine.writer.tell("rotate", 3),
            machine.relay.freeze,
            lambda: machine.writer.tell("recreate", 3),
        ):
            fault()
            machine.writer.lines(10)
            if fault == machine.relay.freeze:
                await stack.shows(machine, LinkState.DOWN)
                machine.relay.thaw()
            await stack.whole(machine)
        await until(lambda: [name_of(found) for found in machine.readers()].count("tail") == 1, PATIENCE + SLACK)
    assert not machine.readers()
