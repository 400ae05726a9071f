"""Reaching into VMs: refusals, what listens, forwards over a link that comes and goes, places for commands."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from cockpit.engine.reach import forwards as forwards_module
from cockpit.engine.reach.forwards import Forwards
from cockpit.engine.reach.links import VmLinks
from cockpit.engine.reach.listening import listeners_in
from cockpit.engine.reach.live import MOST_LIVE, LivePlaces, code_of
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.errors import Refused
from cockpit.model.commands.ports import EndForward, OpenBridge, OpenForward
from cockpit.model.fleet import Agent, Fleet, Link, LinkState, Power, Vm
from cockpit.model.ids import VmId
from cockpit.model.ports import ListeningPort, PortForward, Ports, advice
from cockpit.model.refusals.ports import of_ports, of_reach
from cockpit.remote.errors import Dropped, PortClosed
from cockpit.vers.look import Found, Look, Missing, Unknown
from cockpit.vers.wire import VmRecord
from tests.engine.unit.parts import VM, agent_on, virtual_clock

ROUTED = (80, 3000)


def fleet(power: Power = Power.RUNNING, link: Link | None = None, forwards: tuple[PortForward, ...] = ()) -> Fleet:
    agent: Agent = replace(agent_on(), link=link or Link(LinkState.UP))
    return Fleet(vms=(Vm(VM, power),), agents=(agent,), forwards=forwards)


def test_a_paused_or_dropped_vm_gives_its_reason_at_once() -> None:
    assert of_reach(VM, fleet()) is None
    assert of_reach(VM, fleet(link=Link(LinkState.CONNECTING))) is None, "what is being tried is no reason"
    for power, word in ((Power.PAUSED, "paused"), (Power.SLEEPING, "sleeping"), (Power.DEAD, "dead")):
        refused = of_reach(VM, fleet(power))
        assert refused is not None and word in refused.sentence
    refused = of_reach(VM, fleet(link=Link(LinkState.DOWN, reason="no route to host")))
    assert refused is not None and "no route to host" in refused.sentence
    refused = of_reach(VmId("another"), fleet())
    assert refused is not None and "gone" in refused.sentence


def test_commands_about_ports_are_refused_with_the_next_thing_to_do() -> None:
    row = PortForward(VM, "builder", 3000, 4000)
    held = fleet(forwards=(row,))

    def sentence(command: OpenForward | EndForward | OpenBridge, of: Fleet, routed: tuple[int, ...] = ROUTED) -> str:
        refused = of_ports(command, of, routed)
        return refused.sentence if refused is not None else ""

    assert sentence(OpenForward(VM, 3000), fleet()) == ""
    assert "1 to 65535" in sentence(OpenForward(VM, 0), fleet())
    assert "127.0.0.1:4000 leads there already" in sentence(OpenForward(VM, 3000), held)
    assert sentence(OpenForward(VM, 3000, 4001), held) == "", "a second way there is no harm"
    assert "port 3000 of builder" in sentence(OpenForward(VM, 9, 4000), held)
    assert sentence(EndForward(VM, 4000), held) == "" and "no such" in sentence(EndForward(VM, 4001), held)
    assert sentence(EndForward(VM, 0, 3000), held) == "" and "no such" in sentence(EndForward(VM, 0, 3001), held)
    assert "forward" in sentence(OpenBridge(VM, 3000), fleet(), ())
    assert "only 80, 3000" in sentence(OpenBridge(VM, 5000), fleet())
    assert "paused" in sentence(OpenBridge(VM, 3000), fleet(Power.PAUSED))


def test_listeners_are_read_from_the_tables_of_the_kernel() -> None:
    # Lines of /proc/net/tcp and tcp6 as Linux 6 on x86_64 prints them.
    row = "  0: {} 0A 00000000:00000000 00:00000000 00000000     0        0 {} 1 0000000000000000 100 0 0 10 0"
    zeros = "0" * 32
    text = "\n".join(
        (
            "rc file noise",
            "@ tcp",
            row.format("00000000:0BB8 00000000:0000", 11),
            row.format("0100007F:1F90 00000000:0000", 12),
            row.format("0100007F:1F91 00000000:0000", 13).replace(" 0A ", " 01 "),
            "@ tcp6",
            row.format(f"{zeros}:1F92 {zeros}:0000", 14),
            row.format(f"{'0' * 24}01000000:1F93 {zeros}:0000", 15),
            row.format(f"{'0' * 16}FFFF00000100007F:1F94 {zeros}:0000", 16),
            "garbage \x1b[2J 0A",
            "@ sockets",
            "/proc/7/fd:",
            "lrwx------ 1 root root 64 Jan 1 00:00 3 -> 'socket:[11]'",
            "lrwx------ 1 root root 64 Jan 1 00:00 4 -> 'socket:[14]'",
            "/proc/9/fd:",
            "lrwx------ 1 root root 64 Jan 1 00:00 3 -> socket:[11]",
            "@ names",
            "7 node \x1b]0;evil\x07",
            "9 other",
            "@ bridges",
            "3000",
            "@ own",
            "/proc/7/environ",
            "@ end",
        )
    )
    found = {one.port: one for one in listeners_in(text)}
    assert sorted(found) == [3000, 8080, 8082, 8083, 8084]
    assert found[3000] == ListeningPort(3000, ("0.0.0.0",), "node \x1b]0;evil\x07", 7, bridged=True)
    assert found[8080].addresses == ("127.0.0.1",) and found[8080].ipv4_only
    assert found[8082].addresses == ("::",) and found[8082].from_outside
    assert found[8083].addresses == ("::1",) and not found[8083].from_outside and not found[8083].ipv4_only
    assert found[8084].addresses == ("127.0.0.1",), "an IPv4 address within IPv6 is one of IPv4"
    assert [one.port for one in listeners_in(text, own=True)] == [3000, 8082]


def test_who_reaches_a_routed_port_is_said() -> None:
    ports = Ports(VM, (), "vm.example", ROUTED)
    assert advice(ListeningPort(3000, ("::",)), ports).startswith("open to everybody at https://vm.example:3000")
    assert "https://vm.example " in advice(ListeningPort(80, ("0.0.0.0",)), ports), "443 outside is 80 inside"
    assert "IPv4 alone" in advice(ListeningPort(80, ("0.0.0.0",)), ports)
    assert advice(ListeningPort(5000, ("::",)), ports) == "" == advice(ListeningPort(3000, ("::",)), Ports(VM, ()))


def test_an_exit_code_is_told_as_a_shell_tells_it() -> None:
    assert (code_of(3, None), code_of(None, "KILL"), code_of(None, "nonsense")) == (3, 137, 129)


class Stream:
    """A stream that a test answers by hand."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self.ended = asyncio.Event()
        self.answers: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    async def read(self, most: int) -> bytes:
        answer = await self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def write(self, data: bytes) -> None:
        self.sent += data

    def write_eof(self) -> None:
        self.ended.set()


class OpenLink:
    """A connection whose streams a test holds."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.closed_port = False

    async def room(self) -> None:
        pass

    @contextlib.asynccontextmanager
    async def stream_to(self, host: str, port: int, *, wait: float) -> AsyncIterator[Stream]:
        if self.closed_port:
            raise PortClosed("nothing takes connections on port 3000")
        stream = Stream()
        self.streams.append(stream)
        yield stream


class Links:
    """Links that a test takes away and gives back."""

    def __init__(self) -> None:
        self.link = OpenLink()
        self.up = asyncio.Event()
        self.up.set()
        self.refusal = ""
        self.reason = ""
        self.stands_still: asyncio.Queue[str] = asyncio.Queue()
        self.vms = {VM}

    @contextlib.asynccontextmanager
    async def held(self, vm_id: VmId) -> AsyncIterator[None]:
        yield

    async def hindrances(self, vm_id: VmId) -> AsyncIterator[str]:
        while True:
            yield await self.stands_still.get()
            if vm_id not in self.vms:
                return

    def hindrance(self, vm_id: VmId) -> str:
        return self.reason

    def it(self, vm_id: VmId) -> str:
        return "the VM"

    async def heard(self, vm_id: VmId, seconds: float) -> bool:
        return not self.reason

    async def ready(self, vm_id: VmId, seconds: float, *, patient: bool = False) -> OpenLink:
        if self.refusal:
            raise Refused(self.refusal)
        await self.up.wait()
        return self.link


async def forwarding() -> tuple[FleetState, Links, Forwards, int]:
    state, links = FleetState(virtual_clock(), "test"), Links()
    state.put_vm(Vm(VM, Power.RUNNING))
    state.put_agent(agent_on())
    forwards = Forwards(state, cast("VmLinks", links))
    row = await forwards.open(OpenForward(VM, 1))
    return state, links, forwards, row.local


async def test_a_forward_carries_both_ways_and_outlives_its_link() -> None:
    state, links, forwards, local = await forwarding()
    reader, writer = await asyncio.open_connection("127.0.0.1", local)
    writer.write(b"question")
    writer.write_eof()
    await state.until(lambda: state.forwards[local].connections == 1, 5)
    stream = links.link.streams[0]
    await asyncio.wait_for(stream.ended.wait(), 5)
    assert bytes(stream.sent) == b"question", "the half-close came behind it"
    stream.answers.put_nowait(b"answer")
    stream.answers.put_nowait(b"")
    assert await asyncio.wait_for(reader.read(), 5) == b"answer"
    await state.until(lambda: state.forwards[local].connections == 0, 5)
    # A stream that is cut ends as a failure, and what connects while there is no link waits for it.
    reader, writer = await asyncio.open_connection("127.0.0.1", local)
    await state.until(lambda: len(links.link.streams) == 2, 5)
    await state.until(lambda: state.forwards[local].connections == 1, 5)
    links.up.clear()
    links.link.streams[1].answers.put_nowait(b"half")
    links.link.streams[1].answers.put_nowait(ConnectionResetError("the link is gone"))
    with pytest.raises(ConnectionResetError):
        while await asyncio.wait_for(reader.read(100), 5):
            pass
    reader, writer = await asyncio.open_connection("127.0.0.1", local)
    links.up.set()
    await state.until(lambda: state.forwards[local].served == 3, 5)
    links.link.streams[2].answers.put_nowait(b"again")
    assert await asyncio.wait_for(reader.read(5), 5) == b"again"
    # Why nothing is carried stands in its row, and it ends with its VM.
    links.stands_still.put_nowait("the VM is paused")
    await state.until(lambda: state.forwards[local].hindrance == "the VM is paused", 5)
    links.stands_still.put_nowait("")
    await state.until(lambda: state.forwards[local].hindrance == "", 5)
    links.vms.clear()
    links.stands_still.put_nowait("the VM is gone")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    await state.until(lambda: not state.forwards, 5)
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", local)
    await forwards.close()
    writer.close()


async def test_a_refused_connection_is_told_why_where_http_is_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    state, links, forwards, local = await forwarding()
    links.link.closed_port = True
    reader, writer = await asyncio.open_connection("127.0.0.1", local)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    said = await asyncio.wait_for(reader.read(), 5)
    assert said.startswith(b"HTTP/1.1 503 ") and b"nothing takes connections on port 3000" in said
    assert state.forwards[local].trouble == "nothing takes connections on port 3000"
    links.refusal = "the VM is paused"
    reader, writer = await asyncio.open_connection("127.0.0.1", local)
    writer.write(b"\x00binary")
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    assert state.forwards[local].trouble == "the VM is paused" and state.forwards[local].refused == 2
    # Too many are refused, those that are carried go on, and the trouble is over with the next that is carried.
    links.refusal, links.link.closed_port = "", False
    monkeypatch.setattr(forwards_module, "MOST_CONNECTIONS", 2)
    held = [await asyncio.open_connection("127.0.0.1", local) for _ in range(2)]
    await state.until(lambda: state.forwards[local].connections == 2, 5)
    assert state.forwards[local].trouble == ""
    reader, writer = await asyncio.open_connection("127.0.0.1", local)
    writer.write(b"x")
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    assert state.forwards[local].connections == 2 and "2 connections" in state.forwards[local].trouble
    with pytest.raises(Refused, match="cannot be listened on"):
        await forwards.open(OpenForward(VM, 2, local))
    await forwards.end(local)
    assert not state.forwards
    for _, end in held:
        end.close()


async def nobody_knows(vm_id: VmId) -> Look:
    return Unknown("the list cannot be had")


async def test_why_nothing_is_heard_of_a_vm_is_told_each_time_it_changes() -> None:
    state = FleetState(virtual_clock(), "fleet")
    state.put_vm(Vm(VM, Power.RUNNING))
    state.put_agent(replace(agent_on(), link=Link(LinkState.UP)))
    link = SimpleNamespace(shown=Link(LinkState.UP))
    session = SimpleNamespace(link=link)
    sessions = cast("AgentSessions", SimpleNamespace(agent_session=lambda _: session))
    told: asyncio.Queue[str] = asyncio.Queue()

    async def hear() -> None:
        async for reason in VmLinks(state, sessions).hindrances(VM):
            told.put_nowait(reason)
        told.put_nowait("the end")

    hearing = asyncio.create_task(hear())

    async def heard() -> str:
        return await asyncio.wait_for(told.get(), 5)

    link.shown = Link(LinkState.SILENT, reason="a keepalive was not answered")
    state.changed()
    assert "a keepalive was not answered" in await heard()
    link.shown = Link(LinkState.UP)
    state.changed()
    assert await heard() == ""
    state.put_vm(Vm(VM, Power.PAUSED))
    assert await heard() == "the VM is paused"
    link.shown = Link(LinkState.PAUSED, reason="the VM is paused")
    state.put_vm(Vm(VM, Power.RUNNING))
    assert told.empty(), "its link has not noticed yet that it runs"
    link.shown = Link(LinkState.UP)
    state.changed()
    assert await heard() == ""
    link.shown = Link(LinkState.DOWN, reason="the line was cut")
    state.changed()
    assert "not connected: the line was cut" in await heard()
    state.vms.pop(VM)
    state.changed()
    assert await heard() == "the VM is gone" and await heard() == "the end"
    await hearing


async def test_a_cut_stream_says_what_became_of_its_vm() -> None:
    cut = Dropped("the stream ended without an exit code", hint="look")
    links, looks = Links(), iter((Found(VmRecord(vm_id=VM, state="running"), "seen"), Missing("the list lacks it")))

    async def soon_gone(vm_id: VmId) -> Look:
        return next(looks)

    links.reason = "its VM is not connected"
    why = await LivePlaces(cast("VmLinks", links), soon_gone).why_cut(VM, cut)
    assert why.message.startswith("the VM is gone"), "it was on the list for a moment longer"
    answers: dict[str, Look] = {
        "the VM is gone": Missing("the list lacks it"),
        "the VM is paused; the stream ended": Found(VmRecord(vm_id=VM, state="paused"), "seen"),
        "the stream ended": Unknown("the list cannot be had"),
    }
    for said, seen in answers.items():

        async def look(vm_id: VmId, seen: Look = seen) -> Look:
            return seen

        why = await LivePlaces(cast("VmLinks", Links()), look).why_cut(VM, cut)
        assert why.message.startswith(said)


async def test_few_commands_run_on_a_vm_at_once() -> None:
    places = LivePlaces(cast("VmLinks", Links()), nobody_knows)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(MOST_LIVE):
            await stack.enter_async_context(places.connection(VM))
        with pytest.raises(Refused, match="end one of them first"):
            await stack.enter_async_context(places.connection(VM))
        await stack.enter_async_context(places.connection(VmId("another")))
    async with places.connection(VM):
        pass
