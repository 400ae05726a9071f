"""Faults of the link: what is shown, how soon, and that every line still comes exactly once."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from itertools import pairwise

import pytest

from cockpit.engine.streams.agent_sessions import LinkOptions
from cockpit.engine.streams.link import KEY_PATIENCE
from cockpit.model.fleet import LinkState, Power, Vm
from cockpit.remote.ssh.backoff import BASE, Backoff
from tests.faults.conftest import MakeMachine
from tests.faults.harness import BACKOFF_CAP, DEATH, OPTIONS, PATIENCE, SLACK, Machine, Stack, running
from tests.remote.relays import Relay
from tests.remote.sshd import name_of
from tests.remote.waiting import until

SLOW = LinkOptions(keepalive_interval=2.0, keepalive_count=3, connect_timeout=20.0)


class SlowRelay(Relay):
    """A relay that lets only so many bytes a second pass downstream."""

    rate = 10_000

    async def _pump_down(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(data), 1000):
            piece = data[start : start + 1000]
            await asyncio.sleep(len(piece) / self.rate)
            await super()._pump_down(piece, writer)


def reset(relay: Relay) -> None:
    """Send a TCP reset to both ends of every connection."""
    for writer in list(relay._writers):
        end: socket.socket = writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


async def streaming(stack: Stack, machine: Machine, count: int = 200) -> None:
    """Have lines written and read."""
    machine.writer.lines(count)
    await stack.whole(machine)


@pytest.mark.races_the_clock("a drop must be shown within a tenth of a second")
async def test_a_killed_session_is_shown_and_resumed(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        await streaming(stack, machine)
        machine.sshd.kill_sessions()
        killed = time.monotonic()
        await stack.shows(machine, LinkState.DOWN, 0.1 + SLACK)
        assert time.monotonic() - killed < 0.1 + SLACK
        await streaming(stack, machine)
        await stack.up(machine)
        assert set(machine.ledger.epochs) == {1}
        await stack.stored_as_delivered(machine)


@pytest.mark.races_the_clock("a link must be back within a bound")
async def test_a_listener_that_is_away_is_found_again(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        await streaming(stack, machine)
        machine.sshd.stop()
        down = await stack.shows(machine, LinkState.DOWN)
        await until(lambda: stack.link(machine).attempt >= 3)
        assert "VM vm-1" in stack.link(machine).reason and down.retry_at is not None
        machine.writer.lines(50)
        machine.sshd.start()
        began = time.monotonic()
        await stack.up(machine)
        assert time.monotonic() - began < BACKOFF_CAP + SLACK
        await stack.whole(machine)


async def test_waits_between_attempts_are_jittered_below_a_doubling_ceiling(machine: Machine) -> None:
    async with running(machine.home, [machine], backoff=Backoff) as stack:
        await streaming(stack, machine)
        machine.sshd.stop()
        await until(lambda: any(link.attempt >= 4 for link in stack.shown[machine.name]), 20)
        waits = stack.waits[machine.name]
        assert all(-0.01 <= wait <= BASE * 2**place for place, wait in enumerate(waits)), waits
        assert len(set(waits)) == len(waits)


async def test_a_reset_in_mid_line_reads_the_line_again(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        await streaming(stack, machine)
        machine.writer.raw(b'{"type":"note","half":')
        await until(lambda: stack.agent_session(machine)._reader.stream._splitter.pending > 0)  # type: ignore[union-attr]
        reset(machine.relay)
        await stack.shows(machine, LinkState.DOWN, 0.1 + SLACK)
        machine.writer.raw(b'"whole"}\n')
        await stack.whole(machine)
        assert machine.ledger.newest.kept[-1] == b'{"type":"note","half":"whole"}'


async def test_resets_at_many_places_of_a_stream(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        for place in range(1, 40):
            await stack.up(machine)
            machine.relay.cut_after = machine.relay.downstream + place * 61
            machine.writer.lines(40)
            if place % 4 == 0:
                reset(machine.relay)
        machine.relay.cut_after = None
        await stack.whole(machine)
        assert set(machine.ledger.epochs) == {1}


async def half_open(machine: Machine, stack: Stack, *, drop: bool) -> None:
    """Make a link silent, in one direction or both, and see it shown as unknown, dead, and up again."""
    await streaming(stack, machine)
    old = machine.readers()
    quiet = time.monotonic()
    if drop:
        machine.relay.drop_downstream = True
    else:
        machine.relay.freeze()
    machine.writer.lines(30)
    silent = await stack.shows(machine, LinkState.SILENT, OPTIONS.keepalive_interval * 2 + SLACK)
    assert "keepalive" in silent.reason
    await stack.shows(machine, LinkState.DOWN, DEATH * 1.25 + SLACK)
    assert time.monotonic() - quiet < DEATH * 1.25 + SLACK
    machine.relay.drop_downstream = False
    machine.relay.thaw()
    healed = time.monotonic()
    await stack.whole(machine)
    assert time.monotonic() - healed < OPTIONS.connect_timeout + BACKOFF_CAP + SLACK
    await until(lambda: not any(process.is_running() for process in old), PATIENCE + SLACK)


@pytest.mark.races_the_clock("silence and end of a link must be shown within their bounds")
async def test_a_frozen_link_is_unknown_then_down_then_up(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        await half_open(machine, stack, drop=False)
        await until(
            lambda: len([found for found in machine.readers() if name_of(found) == "tail"]) == 1, PATIENCE + SLACK
        )


@pytest.mark.races_the_clock("silence and end of a link must be shown within their bounds")
async def test_answers_that_are_lost_are_unknown_then_down_then_up(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        await half_open(machine, stack, drop=True)


async def test_a_paused_vm_is_paused_not_dead_and_doubles_nothing(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        await streaming(stack, machine)
        machine.sshd.stop_everything()
        stack.fleet_state.put_vm(Vm(machine.vm_id, Power.PAUSED))
        paused = await stack.shows(machine, LinkState.PAUSED, 0.5 + SLACK)
        assert "paused" in paused.reason
        await until(lambda: stack.connection(machine) is None, DEATH + SLACK)
        await stack.shows(machine, LinkState.PAUSED, SLACK)
        machine.writer.lines(100)
        machine.sshd.continue_everything()
        stack.fleet_state.put_vm(Vm(machine.vm_id, Power.RUNNING))
        await stack.whole(machine)
        await until(
            lambda: len([found for found in machine.readers() if name_of(found) == "tail"]) == 1, PATIENCE + SLACK
        )
        assert set(machine.ledger.epochs) == {1}


async def test_a_pause_nobody_told_us_of_is_silence_first(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        await streaming(stack, machine)
        machine.sshd.stop_everything()
        silent = await stack.shows(machine, LinkState.SILENT, 0.3 * 2 + SLACK)
        assert silent.since > 0
        machine.sshd.continue_everything()
        machine.writer.lines(100)
        await stack.whole(machine)


async def test_a_flapping_link_makes_progress_without_a_storm(machine: Machine) -> None:
    """A quarter of a second up, a quarter down, twenty times: connects are bounded and the position only grows."""
    async with running(machine.home, [machine]) as stack:
        places = [0]
        for _ in range(20):
            machine.relay.refuse = False
            machine.writer.lines(20)
            await asyncio.sleep(0.25)
            places.append(machine.ledger.newest.end)
            machine.relay.refuse = True
            machine.relay.cut()
            await asyncio.sleep(0.25)
        machine.relay.refuse = False
        assert all(before <= after for before, after in pairwise(places))
        # The mean wait is half the cap, and ten seconds have passed.
        assert machine.relay.accepted < 10 / (BACKOFF_CAP / 2) * 2
        await stack.whole(machine)
        assert len(machine.readers()) <= 4
        assert set(machine.ledger.epochs) == {1}


async def test_a_slow_far_link_slows_nobody_else(make_machine: MakeMachine) -> None:
    slow, quick = make_machine(), make_machine()
    slow.relay = SlowRelay(slow.sshd.port)
    slow.relay.delay = 0.25
    slow.writer.lines(2_000)
    async with running(slow.home, [slow, quick], options=SLOW) as stack:
        await stack.up(quick)
        await streaming(stack, quick)
        worst = 0.0
        for _ in range(20):
            before = len(quick.ledger.times)
            quick.writer.lines(1)
            written = time.monotonic()
            await until(lambda before=before: len(quick.ledger.times) > before, 5)  # type: ignore[misc]
            worst = max(worst, time.monotonic() - written)
        assert worst < 0.5, f"{worst:.2f} s from write to delivery beside a slow link"
        await until(lambda: slow.ledger.newest.lines > 0)
        assert isinstance(slow.relay, SlowRelay)
        slow.relay.rate = 10_000_000
        slow.relay.delay = 0.0
        await stack.whole(slow)


async def test_many_agents_behind_one_host_come_back_without_a_refusal(machine: Machine) -> None:
    """Forty agents lose the link at once; sshd's default limit is never met, and the connects are spread."""
    machine.sshd.stop()
    machine.sshd._options = tuple(
        "MaxStartups 10:30:100" if word.startswith("MaxStartups") else word for word in machine.sshd._options
    )
    machine.sshd.start()
    others = [Machine(machine.home, f"agent-{number}", server=machine.sshd) for number in range(5)]
    try:
        many = [machine, *others]
        async with running(machine.home, many, backoff=Backoff, options=SLOW) as stack:
            for one in many:
                await stack.up(one)
            for _ in range(3):
                # Each is watched from before the cut: the first may be back before the last is looked at.
                falls = [asyncio.create_task(stack.shows(one, LinkState.DOWN)) for one in many]
                await asyncio.sleep(0)
                for one in many:
                    one.relay.cut()
                await asyncio.gather(*falls)
                for one in many:
                    await stack.up(one)
        log = (machine.home / "sshd" / "sshd.log").read_text()
        assert "beginning MaxStartups throttling" not in log and "drop connection" not in log
    finally:
        for one in others:
            one.close()


def occupied(port: int) -> socket.socket:
    """Hold the only place before a server; the one that asked whether it listens may still have it for a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        idle = socket.create_connection(("127.0.0.1", port))
        if idle.recv(4) == b"SSH-":
            return idle
        idle.close()
    raise AssertionError("the server never had a place")


async def test_a_full_server_is_named_and_waited_for(make_machine: MakeMachine) -> None:
    machine = make_machine()
    machine.sshd.stop()
    machine.sshd._options = tuple(
        "MaxStartups 1:100:1" if word.startswith("MaxStartups") else word for word in machine.sshd._options
    )
    machine.sshd.start()
    with occupied(machine.sshd.port) as idle:
        async with running(machine.home, [machine]) as stack:
            down = await stack.shows(machine, LinkState.DOWN)
            assert "closed it" in down.reason, down
            idle.close()
            machine.writer.lines(10)
            await stack.whole(machine)


async def test_one_session_only_keeps_the_stream(make_machine: MakeMachine) -> None:
    """With MaxSessions 1 the reader has the only channel: looking at the process fails, reading goes on."""
    machine = make_machine("MaxSessions 1")
    async with running(machine.home, [machine]) as stack:
        await streaming(stack, machine)
        for _ in range(6):
            machine.writer.lines(10)
            await stack.whole(machine)
            await asyncio.sleep(0.5)
        assert machine.relay.accepted <= 2, f"{machine.relay.accepted} connections for one that lives"


async def test_a_revoked_key_is_said_and_not_hammered(machine: Machine) -> None:
    async with running(machine.home, [machine], backoff=Backoff) as stack:
        await streaming(stack, machine)
        machine.sshd.revoke_client_key()
        machine.sshd.kill_sessions()
        await until(lambda: "does not accept our key" in stack.link(machine).reason)
        await stack.shows(machine, LinkState.DOWN)
        assert stack.waits[machine.name][-1] >= KEY_PATIENCE - 0.1
        assert "fetch" in stack.link(machine).reason, "says what to do"


async def test_a_new_key_of_the_platform_is_fetched_when_the_old_one_is_refused(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        await streaming(stack, machine)
        machine.sshd._write_client_key()
        machine.sshd.kill_sessions()
        machine.writer.lines(20)
        await stack.whole(machine)


async def test_a_changed_host_key_is_refused_for_good(machine: Machine) -> None:
    async with running(machine.home, [machine]) as stack:
        await streaming(stack, machine)
        machine.sshd.stop()
        machine.sshd.change_host_key()
        machine.sshd.start()
        machine.writer.lines(20)
        await until(lambda: "refused" in stack.link(machine).reason and "pinned" in stack.link(machine).reason)
        accepted = machine.relay.accepted
        await stack.shows(machine, LinkState.DOWN)
        assert stack.waits[machine.name][-1] > 60, "only the operator can make it right"
        assert machine.relay.accepted == accepted
        assert machine.ledger.newest.lines == 200, "nothing was read from it"
        assert "\n" not in stack.link(machine).reason


async def test_noise_of_banner_and_rc_file_is_not_output(make_machine: MakeMachine) -> None:
    machine = make_machine()
    (machine.home / ".bashrc").write_text('echo welcome; echo; echo \'{"type":"agent_start"}\'; echo oops >&2\n')
    (machine.home / "banner").write_text("Authorised use only\n")
    machine.sshd.stop()
    machine.sshd._options = (*machine.sshd._options, f"Banner {machine.home}/banner")
    machine.sshd.start()
    machine.writer.lines(100)
    async with running(machine.home, [machine]) as stack:
        await stack.whole(machine)
        machine.sshd.kill_sessions()
        machine.writer.lines(100)
        await stack.whole(machine)


async def test_a_slow_login_shell_is_waited_for(machine: Machine) -> None:
    (machine.home / ".bashrc").write_text("sleep 3\n")
    machine.writer.lines(100)
    async with running(machine.home, [machine]) as stack:
        await stack.whole(machine)
        await stack.up(machine)


async def test_a_name_is_resolved_anew_for_each_attempt(machine: Machine) -> None:
    """The name has no address, then one, then another one where the VM is now; no address is kept."""
    machine.host = "vm-1.example.invalid"
    loop = asyncio.get_running_loop()
    resolve = loop.getaddrinfo
    addresses: list[str] = []
    asked = 0

    async def answer(host: object, *words: object, **named: object) -> object:
        nonlocal asked
        if host != machine.host:
            return await resolve(host, *words, **named)  # type: ignore[arg-type]
        asked += 1
        if not addresses:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return await resolve(addresses[0], *words, **named)  # type: ignore[arg-type]

    loop.getaddrinfo = answer  # type: ignore[assignment, method-assign]
    machine.writer.lines(10)
    async with running(machine.home, [machine]) as stack:
        await until(lambda: stack.link(machine).attempt >= 2)
        await until(lambda: "name resolution" in stack.link(machine).reason)
        addresses.append("127.0.0.1")
        await stack.whole(machine)
        before = asked
        addresses[0] = "127.0.0.9"
        machine.relay.cut()
        await until(lambda: asked > before and stack.link(machine).state is not LinkState.UP)
        addresses[0] = "127.0.0.1"
        machine.writer.lines(10)
        await stack.whole(machine)
