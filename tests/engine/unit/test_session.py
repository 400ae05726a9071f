"""One agent's attachment: read, store, look at the process; and what each does when another one fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from cockpit.engine.streams.reader import Batch
from cockpit.engine.streams.session import PROBE_INTERVAL, REFUSALS, AgentSession
from cockpit.errors import Refused, TimedOut
from cockpit.model import events as ev
from cockpit.model.fleet import Process, ProcessState
from cockpit.remote.errors import ChannelRefused, CommandTimedOut, Dropped
from cockpit.remote.ssh.command import Completed
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.tail.cursor import FileIdentity, RecordPlace
from tests.engine.unit.connection import FakeConnection, Ran, answer
from tests.engine.unit.parts import AGENT, Parts, question, record


class FakeReader:
    """A reader whose batches a test writes; it notes in which order it is asked for what."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.asked: list[str] = []
        self.pending: asyncio.Queue[Batch | Exception] = asyncio.Queue()
        self.refusals = 0
        self.stream = cast(Any, type("Stream", (), {"decoder": type("Decoder", (), {"dialect": ""})}))

    def poll(self, seconds: float | None) -> None:
        """Take the pace."""

    def go_on(self) -> None:
        """Have room again."""
        self.asked.append("go on")

    async def rewind(self) -> None:
        """Go where the store is."""
        self.asked.append(f"rewind, stored up to {len(self.parts.memory.streams.get(AGENT, []))}")

    async def batches(self, connection: Any, deliver: Callable[[Batch], bool]) -> AsyncGenerator[Batch, None]:
        """Yield what the test wrote until the connection ends."""
        self.asked.append("read")
        if self.refusals:
            self.refusals -= 1
            raise ChannelRefused("no channel is free")
        while True:
            item = await self.pending.get()
            if isinstance(item, Exception):
                raise item
            yield item


def batch(*lines: int, event: ev.Event | None = None, caught_up: bool = False) -> Batch:
    """Return lines that arrived together."""
    place = RecordPlace(FileIdentity(1, 2, 3, "head"), lines[-1] * 100, lines[-1], b"")
    return Batch([record(line, event) for line in lines], (), place, 1, 1.0, caught_up)


class Attached:
    """A session that serves a connection in a task."""

    def __init__(self, parts: Parts, *, record: bool = True) -> None:
        self.parts = parts
        self.reader = FakeReader(parts)
        self.following = parts.following()
        self.session: AgentSession = parts.session(self.reader, self.following, record=record)
        assert parts.connection is not None
        self.connection = parts.connection
        self.task: asyncio.Task[None] = asyncio.create_task(self.serve())

    async def serve(self) -> None:
        """Serve the connection."""
        await self.session.serve(cast(Connection, self.connection))

    async def again(self) -> None:
        """Serve another connection."""
        self.parts.connection = self.connection = FakeConnection()
        self.task = asyncio.create_task(self.serve())

    async def end(self) -> None:
        """End it."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.following.close()


async def test_what_is_read_is_shown_and_stored_and_caught_up_is_said() -> None:
    parts = Parts()
    attached = Attached(parts)
    attached.reader.pending.put_nowait(batch(1, 2))
    await asyncio.sleep(0.1)
    assert parts.agent.line == 2 and not attached.session.caught_up.is_set()
    attached.reader.pending.put_nowait(batch(3, caught_up=True))
    await asyncio.sleep(0.1)
    assert attached.session.caught_up.is_set()
    assert [one.line for one in parts.memory.streams[AGENT]] == [1, 2, 3]
    assert parts.memory.cursors[AGENT].line == 3
    await attached.end()


async def test_everything_that_was_read_is_stored_before_the_next_connection_asks_where_to_go_on() -> None:
    parts = Parts()
    attached = Attached(parts)
    slow = parts.memory.append

    async def append(*arguments: Any, **options: Any) -> None:
        await asyncio.sleep(1.0)
        await slow(*arguments, **options)

    parts.memory.append = append  # type: ignore[method-assign]
    attached.reader.pending.put_nowait(batch(1))
    attached.reader.pending.put_nowait(batch(2))
    attached.reader.pending.put_nowait(Dropped("gone"))
    with pytest.raises(Dropped):
        await attached.task
    assert [one.line for one in parts.memory.streams[AGENT]] == [1, 2]
    await attached.again()
    await asyncio.sleep(0.1)
    assert attached.reader.asked == ["read", "rewind, stored up to 2", "read"]
    await attached.end()


async def test_the_lease_is_held_while_it_is_read_and_goes_back_when_the_link_drops() -> None:
    parts = Parts()
    attached = Attached(parts)
    await asyncio.sleep(0.1)
    assert parts.memory.leases.holds(AGENT)
    attached.reader.pending.put_nowait(Dropped("gone"))
    with pytest.raises(Dropped):
        await attached.task
    assert not parts.memory.leases.holds(AGENT)
    await attached.following.close()


async def test_an_agent_that_another_cockpit_records_is_not_read_here() -> None:
    parts = Parts()
    parts.memory.leases.others.add(AGENT)
    attached = Attached(parts)
    await asyncio.sleep(5.0)
    assert attached.reader.asked == []
    parts.memory.leases.others.clear()
    await asyncio.sleep(1.0)
    assert attached.reader.asked == ["read"] and parts.memory.leases.holds(AGENT)
    await attached.end()


async def test_what_is_read_beside_a_cockpit_that_does_not_keep_up_is_shown_and_not_stored() -> None:
    parts = Parts()
    parts.memory.leases.others.add(AGENT)
    attached = Attached(parts)

    async def behind(*_: object) -> None:
        await asyncio.sleep(0.1)

    async def level(_: object) -> None:
        await asyncio.Event().wait()

    attached.following.until_behind = behind  # type: ignore[method-assign, assignment]
    attached.following.until_level = level  # type: ignore[method-assign, assignment]
    attached.reader.pending.put_nowait(batch(1, 2))
    await asyncio.sleep(1.0)
    assert parts.agent.line == 2
    assert attached.reader.asked == ["read"]
    assert AGENT not in parts.memory.streams, "the other one records it"
    await attached.end()


async def test_what_another_cockpit_stored_while_the_link_was_down_is_not_read_again() -> None:
    parts = Parts()
    attached = Attached(parts)
    attached.reader.pending.put_nowait(batch(1))
    attached.reader.pending.put_nowait(Dropped("gone"))
    with pytest.raises(Dropped):
        await attached.task
    await parts.memory.append(AGENT, [record(2), record(3)], None)
    await attached.again()
    await asyncio.sleep(0.1)
    assert parts.agent.line == 3, "the reader goes on behind what is stored, so these come from the store"
    await attached.end()


async def test_a_server_without_a_free_session_is_asked_again_and_then_given_up() -> None:
    for refusals, ends in ((REFUSALS, False), (REFUSALS + 1, True)):
        parts = Parts()
        attached = Attached(parts)
        attached.reader.refusals = refusals
        await asyncio.sleep(60.0)
        assert attached.task.done() is ends
        if ends:
            assert isinstance(attached.task.exception(), ChannelRefused)
        assert sum(asked == "read" for asked in attached.reader.asked) == REFUSALS + 1
        await attached.end()


async def test_nothing_is_read_or_probed_before_it_may_be() -> None:
    parts = Parts()
    attached = Attached(parts)
    attached.session.hold()
    await asyncio.sleep(20.0)
    assert attached.reader.asked == [] and attached.connection.ran == []
    attached.session.go_on()
    await asyncio.sleep(20.0)
    assert attached.reader.asked == ["read"] and attached.connection.ran != []
    await attached.end()


async def test_the_process_is_looked_at_in_turn_and_at_once_when_the_stream_tells_of_its_end() -> None:
    parts = Parts()
    attached = Attached(parts)
    attached.reader.pending.put_nowait(batch(1, caught_up=True))
    await asyncio.sleep(0.5)
    looks = len(attached.connection.ran)
    attached.reader.pending.put_nowait(batch(2, event=ev.DaemonExited("r1", 1)))
    await asyncio.sleep(0.5)
    assert len(attached.connection.ran) == looks + 1
    await asyncio.sleep(PROBE_INTERVAL * 2)
    assert looks + 3 <= len(attached.connection.ran) <= looks + 4
    await attached.end()


async def test_a_look_that_is_older_than_what_the_stream_tells_is_not_believed_but_repeated() -> None:
    parts = Parts()
    attached = Attached(parts)
    started = asyncio.Event()

    async def slow(ran: Ran) -> Completed:
        started.set()
        await asyncio.sleep(1.0)
        return answer(state="alive")

    attached.connection.script = slow
    attached.reader.pending.put_nowait(batch(1, caught_up=True))
    await started.wait()
    attached.reader.pending.put_nowait(batch(2, event=ev.DaemonExited("r1", 7)))
    await asyncio.sleep(1.5)
    assert parts.agent.process.state is ProcessState.DEAD, "it was alive when the look began"
    assert len(attached.connection.ran) > 1
    await attached.end()


async def test_a_look_that_fails_says_nothing_and_ends_nothing() -> None:
    parts = Parts()
    attached = Attached(parts)
    attached.connection.fails(CommandTimedOut("no answer within 20 s"))
    attached.reader.pending.put_nowait(batch(1, caught_up=True))
    await asyncio.sleep(1.0)
    assert parts.agent.process.state is ProcessState.UNKNOWN
    assert attached.session.probed.is_set() and not attached.task.done()
    attached.reader.pending.put_nowait(batch(2))
    await asyncio.sleep(0.1)
    assert parts.agent.line == 2
    await attached.end()


async def test_a_drop_that_a_look_meets_ends_the_serving() -> None:
    parts = Parts()
    attached = Attached(parts)
    attached.connection.fails(Dropped("gone"))
    with pytest.raises(Dropped):
        await asyncio.wait_for(attached.task, 60.0)
    await attached.following.close()


async def test_without_recording_nothing_is_read_but_the_process_is_known() -> None:
    parts = Parts()
    attached = Attached(parts, record=False)
    await asyncio.sleep(1.0)
    assert attached.reader.asked == [] and not parts.memory.leases.holds(AGENT)
    assert attached.session.probed.is_set()
    attached.connection.drop()
    await asyncio.wait_for(attached.task, 1.0)
    await attached.end()


# --- the first answer of an agent that was just started -------------------------------------------------


async def first_answer(parts: Parts, meanwhile: Callable[[], object]) -> ev.Responded | None:
    """Ask, and let something happen a second later."""
    attached = Attached(parts, record=False)
    parts.state.put_agent(parts.agent)
    asking = asyncio.create_task(attached.session.first_answer("r1", 10.0))
    try:
        await asyncio.sleep(1.0)
        meanwhile()
        return await asking
    finally:
        await attached.end()


async def test_an_agent_that_was_started_is_asked_and_its_answer_waited_for() -> None:
    parts = Parts()
    responded = ev.Responded("cockpit-r1", "get_state", True)
    assert await first_answer(parts, lambda: parts.hears(responded)) == responded
    assert parts.connection is not None and b"cockpit-r1" in parts.connection.fifo


async def test_an_agent_that_asks_something_itself_needs_a_person_first() -> None:
    parts = Parts()
    assert await first_answer(parts, lambda: parts.hears(question("d1"))) is None


async def test_an_agent_that_ended_instead_says_so() -> None:
    parts = Parts()

    def ends() -> None:
        parts.hears(ev.DaemonStarted("r1"), ev.DaemonExited("r1", 3))

    with pytest.raises(Refused, match="ended before it answered"):
        await first_answer(parts, ends)


async def test_an_agent_that_says_nothing_is_given_up() -> None:
    with pytest.raises(TimedOut, match="did not answer within 10 s"):
        await first_answer(Parts(), lambda: None)


async def test_the_end_of_an_earlier_run_is_not_the_end_of_this_one() -> None:
    parts = Parts()
    dead = Process(ProcessState.DEAD, run_id="r0")

    def an_earlier_one_ended() -> None:

        parts.state.put_agent(replace(parts.agent, process=dead))

    with pytest.raises(TimedOut):
        await first_answer(parts, an_earlier_one_ended)
