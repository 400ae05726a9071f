"""A VM's link: when it connects, how long it waits, what it shows meanwhile, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cockpit.engine.streams.link import CERTIFICATE_PATIENCE, HOST_KEY_PATIENCE, KEY_PATIENCE, TRUST_LOOK, VmLink
from cockpit.errors import CockpitError
from cockpit.model.fleet import LinkState, Power, Vm
from cockpit.remote.errors import CertificateRefused, HostKeyChanged, HostUnreachable, SshKeyRefused
from cockpit.remote.ssh.backoff import BASE, CAP, MINUTE_OF_LIFE, Backoff
from tests.engine.unit.connection import FakeConnection
from tests.engine.unit.parts import VM, Parts


class Way:
    """The way to a VM: attempts with their times, and what they give."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.error: CockpitError | None = None
        self.attempts: list[float] = []
        self.served: list[FakeConnection] = []
        self.serving_error: Exception | None = None

    async def connect(self) -> FakeConnection:
        self.attempts.append(self.parts.clock.now())
        if self.error is not None:
            raise self.error
        return FakeConnection()

    async def serve(self, connection: FakeConnection) -> None:
        self.served.append(connection)
        await connection.wait_closed()
        if self.serving_error is not None:
            raise self.serving_error

    @property
    def waits(self) -> list[float]:
        """Seconds between the attempts."""
        return [later - earlier for earlier, later in zip(self.attempts, self.attempts[1:], strict=False)]


@asynccontextmanager
async def running(link: VmLink) -> AsyncIterator[asyncio.Task[None]]:
    """Run a link as long as the test."""
    task = asyncio.create_task(link.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_connects_and_serves_and_says_so() -> None:
    parts = Parts()
    way = Way(parts)
    link = parts.link(way.connect, way.serve)
    async with running(link):
        connection = await link.ready(1.0)
        assert connection is link.connection
        assert link.settled.is_set()
        assert parts.agent.link.state is LinkState.UP
    assert way.served[0].closed, "a link that ends closes its connection"
    assert link.connection is None


async def test_it_waits_longer_after_each_failure_and_never_longer_than_a_bound() -> None:
    parts = Parts()
    way = Way(parts)
    way.error = HostUnreachable("no route to the host")
    link = parts.link(way.connect, way.serve)
    async with running(link):
        await asyncio.sleep(150.0)
        assert way.waits[:8] == pytest.approx([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0], abs=1e-3)
        shown = parts.agent.link
        assert (shown.state, shown.reason) == (LinkState.DOWN, "no route to the host")
        assert shown.attempt == len(way.attempts)
        assert shown.retry_at == pytest.approx(way.attempts[-1] + CAP, abs=1e-3)
        assert shown.since == pytest.approx(way.attempts[0], abs=1e-3), "it is one time without a link"
        assert link.settled.is_set()


@pytest.mark.parametrize(
    ("error", "patience"),
    [
        (
            HostKeyChanged("another host key", identity=VM, pinned=("a",), offered="b", offered_key="ssh-ed25519 B"),
            HOST_KEY_PATIENCE,
        ),
        (CertificateRefused("the certificate is for another name"), CERTIFICATE_PATIENCE),
        (SshKeyRefused("our key is not accepted"), KEY_PATIENCE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_what_no_repetition_makes_right_is_tried_seldom(error: CockpitError, patience: float) -> None:
    parts = Parts()
    way = Way(parts)
    way.error = error
    link = parts.link(way.connect, way.serve, longest=False)
    async with running(link):
        await asyncio.sleep(patience * 3 + 1)
        assert way.waits == pytest.approx([patience] * 3, abs=1e-3)
        assert str(error) in parts.agent.link.reason
        offered = error.offered_key if isinstance(error, HostKeyChanged) else ""
        assert parts.agent.link.offered_key == offered
        way.error = HostUnreachable("no route to the host")
        link.wake()
        await asyncio.sleep(0.0005)
        assert len(way.attempts) > 5, "patience was for the other error"
        assert not parts.agent.link.offered_key, "this attempt saw no key"


@pytest.mark.parametrize("trusted_later", [("shown",), ()], ids=["trusted", "forgotten"])
async def test_that_another_process_trusts_the_refused_key_is_noticed(trusted_later: tuple[str, ...]) -> None:
    parts = Parts()
    way = Way(parts)
    way.error = HostKeyChanged("another host key", identity=VM, pinned=("a",), offered="b", offered_key="shown")
    trusted: tuple[str, ...] = ("old",)
    link = parts.link(way.connect, way.serve, trusted_keys=lambda: trusted)
    async with running(link):
        await asyncio.sleep(20.0)
        assert parts.agent.link.offered_key == "shown" and len(way.attempts) == 1
        trusted, way.error = trusted_later, None
        await asyncio.sleep(TRUST_LOOK * 2)
        assert parts.agent.link.state is LinkState.UP and parts.agent.link.offered_key == ""


async def test_the_operator_needs_not_wait_for_the_next_attempt() -> None:
    parts = Parts()
    way = Way(parts)
    way.error = HostUnreachable("no route to the host")
    link = parts.link(way.connect, way.serve)
    async with running(link):
        await asyncio.sleep(70.0)
        before = len(way.attempts)
        way.error = None
        link.wake()
        await link.ready(0.01)
        assert len(way.attempts) == before + 1


async def test_a_connection_that_ends_is_opened_again_with_the_reason_shown() -> None:
    parts = Parts()
    way = Way(parts)
    link = parts.link(way.connect, way.serve)
    async with running(link):
        await link.ready(1.0)
        way.served[0].drop("the stream ended")
        await parts.state.until(lambda: parts.agent.link.state is LinkState.DOWN, 1.0)
        assert parts.agent.link.reason == "the stream ended"
        assert parts.agent.link.last_byte_at is not None
        assert link.connection is None
        assert await link.ready(2.0) is not None
        assert len(way.served) == 2
        assert parts.agent.link.last_byte_at is None


async def test_attempts_are_counted_from_the_last_time_it_worked() -> None:
    parts = Parts()
    way = Way(parts)
    way.error = CockpitError("nobody answers")
    link = parts.link(way.connect, way.serve)
    async with running(link):
        await parts.state.until(lambda: parts.agent.link.attempt == 3, 60.0)
        way.error = None
        link.wake()
        await link.ready(1.0)
        way.error = CockpitError("nobody answers")
        way.served[0].drop("the stream ended")
        await parts.state.until(lambda: parts.agent.link.reason == "nobody answers", 5.0)
        assert parts.agent.link.attempt == 1


async def test_an_error_while_it_is_used_closes_the_connection() -> None:
    parts = Parts()
    way = Way(parts)

    async def serve(connection: FakeConnection) -> None:
        way.served.append(connection)
        raise CockpitError("the VM has no perl")

    link = parts.link(way.connect, serve)
    async with running(link):
        await parts.state.until(lambda: parts.agent.link.state is LinkState.DOWN, 1.0)
        assert parts.agent.link.reason == "the VM has no perl"
        assert way.served[0].closed


async def test_a_fault_of_the_program_is_no_trouble_of_the_link() -> None:
    parts = Parts()
    way = Way(parts)
    way.serving_error = ZeroDivisionError("oh")
    link = parts.link(way.connect, way.serve)
    task = asyncio.create_task(link.run())
    await link.ready(1.0)
    way.served[0].drop()
    with pytest.raises(ZeroDivisionError):
        await task
    assert way.served[0].closed


async def test_a_paused_vm_is_not_called() -> None:
    parts = Parts()
    parts.state.put_vm(Vm(VM, Power.PAUSED))
    way = Way(parts)
    link = parts.link(way.connect, way.serve)
    async with running(link):
        await asyncio.sleep(1000.0)
        assert way.attempts == [] and link.settled.is_set()
        assert (parts.agent.link.state, parts.agent.link.reason) == (LinkState.PAUSED, "the VM is paused")
        parts.state.put_vm(Vm(VM, Power.RUNNING))
        await link.ready(0.1)


def state_of(parts: Parts) -> LinkState:
    """Return what the agent's link is shown as."""
    return parts.agent.link.state


async def test_the_silence_of_a_connection_and_the_sleep_of_its_vm_are_told_apart() -> None:
    parts = Parts()
    way = Way(parts)
    link = parts.link(way.connect, way.serve)
    async with running(link):
        await link.ready(1.0)
        way.served[0].silent = True
        await asyncio.sleep(0.6)
        assert state_of(parts) is LinkState.SILENT
        parts.state.put_vm(Vm(VM, Power.SLEEPING))
        await asyncio.sleep(0.6)
        assert state_of(parts) is LinkState.PAUSED
        parts.state.put_vm(Vm(VM, Power.RUNNING))
        way.served[0].silent = False
        await asyncio.sleep(0.6)
        assert state_of(parts) is LinkState.UP
        assert len(way.attempts) == 1


async def test_a_vm_that_is_gone_ends_the_link() -> None:
    parts = Parts()
    way = Way(parts)
    way.error = HostUnreachable("no route to the host")
    link = parts.link(way.connect, way.serve)
    task = asyncio.create_task(link.run())
    await asyncio.sleep(1.0)
    parts.state.put_vm(Vm(VM, Power.GONE))
    await asyncio.wait_for(task, CAP)
    assert (parts.agent.link.state, parts.agent.link.reason) == (LinkState.DOWN, "the VM is gone")
    with pytest.raises(CockpitError, match="is not connected: the VM is gone"):
        await link.ready(None)


async def test_who_waits_for_a_connection_hears_why_there_is_none() -> None:
    parts = Parts()
    way = Way(parts)
    way.error = HostUnreachable("no route to the host")
    link = parts.link(way.connect, way.serve)
    async with running(link):
        with pytest.raises(CockpitError, match="no route to the host"):
            await link.ready(3.0)


class Ticking:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_backoff_doubles_up_to_a_bound_and_forgives_only_a_long_life() -> None:
    clock = Ticking()
    backoff = Backoff(uniform=lambda low, high: high, clock=clock)
    assert [backoff.next_delay() for _ in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, CAP, CAP]
    backoff.connected()
    clock.now = MINUTE_OF_LIFE - 1
    assert backoff.next_delay() == CAP, "a short life forgives nothing"
    backoff.connected()
    clock.now += MINUTE_OF_LIFE
    assert [backoff.next_delay(), backoff.next_delay()] == [BASE, 2 * BASE]
    clock.now += 10 * MINUTE_OF_LIFE
    assert backoff.next_delay() == 4 * BASE, "only a connection that stood counts as a life"
    backoff.reset()
    assert (backoff.ceiling(), backoff.next_delay()) == (BASE, BASE)


def test_the_jitter_is_full() -> None:
    asked: list[tuple[float, float]] = []

    def lowest(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    backoff = Backoff(uniform=lowest)
    assert [backoff.next_delay() for _ in range(3)] == [0.0, 0.0, 0.0]
    assert asked == [(0.0, 0.5), (0.0, 1.0), (0.0, 2.0)]
