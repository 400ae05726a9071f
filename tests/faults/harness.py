"""Agents that write, links that fail, and the engine that reads them: everything real but the platform's API.

A `Machine` is one VM: an OpenSSH server, a relay before it, and an agent's writer in a process of its own. A `Stack` is
the product from the store to the SSH connection over some machines; what its readers deliver is noted line by line in
a `Ledger` and compared, by SHA-256, with what the writers wrote. Waits of the product are shortened in proportion, so
that bounds can be seen in a test: keepalives 15 s -> 0.3 s, patience of the remote script 45 s -> 3 s, checks of the
content 5 s -> 0.5 s, the cap of the backoff 30 s -> 0.4 s where a test does not ask for the real one.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import json
import subprocess
import sys
import time
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from unittest import mock

import psutil  # type: ignore[import-untyped]

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine.clock import Clock
from cockpit.engine.recollection import bring_back
from cockpit.engine.source import Kinds, Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams import agent_sessions, reader, session
from cockpit.engine.streams.agent_sessions import AgentSessions, LinkOptions
from cockpit.engine.streams.reader import AgentReader, Batch, Deliver
from cockpit.engine.streams.recorder import Recorder
from cockpit.engine.streams.session import AgentSession
from cockpit.model.events import EpochStarted, Record
from cockpit.model.fleet import Agent, AgentKind, Link, LinkState, Power, Vm
from cockpit.model.ids import AgentId, VmId
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.remote.ssh.backoff import Backoff
from cockpit.remote.ssh.connection import Connection
from cockpit.remote.ssh.endpoint import SshEndpoint
from cockpit.remote.tail import tail
from cockpit.store.store import Store
from cockpit.vers.client import VersClient
from cockpit.vers.wire import SshKey
from tests.faults.writer import truth_path
from tests.remote.relays import Relay
from tests.remote.sshd import Sshd
from tests.remote.waiting import until

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 30.0
"""Seconds a condition without a bound of its own gets on a busy machine."""

OPTIONS = LinkOptions(keepalive_interval=0.3, keepalive_count=3, connect_timeout=4.0)
DEATH = OPTIONS.keepalive_interval * (OPTIONS.keepalive_count + 1)
"""Seconds after which a silent link is known to be dead."""
SLACK = 1.5
"""Seconds a busy machine may be late."""
CHECK_INTERVAL = 0.5
HEARTBEAT_INTERVAL = 0.6
PATIENCE = 3.0
"""Seconds after which a remote reader that nobody speaks to ends."""
BACKOFF_BASE, BACKOFF_CAP = 0.05, 0.4


def readers_of(out: Path, home: Path) -> list[psutil.Process]:
    """Return processes that name an output file in their arguments.

    By its whole path, from the home they are in, or as it is called behind the walls of the sandbox they belong to.
    """
    below = out.relative_to(home)
    inside, sandbox = f"/{home.name}/{below}", home.parent.name
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            named = str(out) in words or (f"~/{below}" in words and process.cwd() == str(home))
            named = named or (inside in words and process.environ().get("COCKPIT_SANDBOX") == sandbox)
            if named and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


class Writer:
    """The process that writes an agent's output."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.generation = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer", str(path), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = json.loads(self._process.stdout.readline())
        self.generation = answer.get("generation", 0)
        return str(answer.get("trouble", ""))

    def tell(self, word: str, *arguments: Any) -> str:
        """Have one word carried out; return what the disk said against it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([word, *arguments]).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def lines(self, count: int) -> None:
        """Append lines."""
        self.tell("lines", count)

    def raw(self, data: bytes) -> str:
        """Append bytes; return what the disk said against it."""
        return self.tell("bytes", base64.b64encode(data).decode())

    def truth(self, generation: int | None = None) -> Iterator[bytes]:
        """Yield the lines that were written in a generation, the newest unless told, and that are complete."""
        path = truth_path(self.path, self.generation if generation is None else generation)
        with path.open("rb") as file:
            yield from (line for line in file if line.endswith(b"\n"))

    def count(self) -> int:
        """Return the complete lines of the newest generation."""
        return sum(1 for _ in self.truth())

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.communicate()


@dataclass(slots=True)
class Delivered:
    """What was delivered of one epoch."""

    lines: int = 0
    end: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    marks: array[int] = field(default_factory=lambda: array("q"))
    """A hash of each line and its place."""
    kept: list[bytes] = field(default_factory=list)
    """The last lines, for a person who looks at a failure."""


class Ledger:
    """What the product's reader delivered of one agent, and what was wrong with it at first sight."""

    def __init__(self) -> None:
        self.epochs: dict[int, Delivered] = {}
        self.reasons: list[str] = []
        self.wrong: list[str] = []
        self.again = 0
        """Lines that were read again because a drop came before they were stored; the engine folds them once."""
        self.times: list[float] = []
        """`time.monotonic()` of each batch."""

    def take(self, batch: Batch) -> None:
        """Note a batch; places must follow each other without a gap. What comes again must be the same."""
        self.times.append(time.monotonic())
        marker = bool(batch.records) and batch.records[0].line == 0
        if marker:
            event = batch.records[0].event
            assert isinstance(event, EpochStarted)
            self.epochs.setdefault(batch.records[0].epoch, Delivered())
            self.reasons.append(event.reason)
        for record, whole in zip(batch.records[marker:], batch.lines, strict=True):
            line = whole.data
            epoch = self.epochs.setdefault(record.epoch, Delivered())
            mark = hash((record.offset, record.end, line))
            if 0 < record.line <= epoch.lines and record.epoch == max(self.epochs):
                self.again += 1
                if epoch.marks[record.line - 1] != mark:
                    self.wrong.append(f"line {record.line} of epoch {record.epoch} came again, but differs: {record}")
                continue
            if (record.line, record.offset) != (epoch.lines + 1, epoch.end) or record.epoch != max(self.epochs):
                self.wrong.append(f"after line {epoch.lines} at {epoch.end} of epoch {record.epoch} came {record}")
            epoch.marks.append(mark)
            epoch.lines, epoch.end = record.line, record.end
            epoch.digest.update(_mark(line, record.end - record.offset - 1))
            epoch.kept = [*epoch.kept[-4:], line[:200]]

    @property
    def newest(self) -> Delivered:
        """The newest epoch's lines."""
        return self.epochs[max(self.epochs)] if self.epochs else Delivered()

    def is_whole(self, truth: Iterator[bytes]) -> bool:
        """Say whether the newest epoch is exactly these lines."""
        return self._is(self.newest, truth, exactly=True)

    @staticmethod
    def _is(epoch: Delivered, truth: Iterator[bytes], *, exactly: bool) -> bool:
        digest, count = hashlib.sha256(), 0
        for line in truth:
            if count == epoch.lines:
                return not exactly and bool(digest.digest() == epoch.digest.digest())
            digest.update(_mark(line[:-1], len(line) - 1))
            count += 1
        return count == epoch.lines and bool(digest.digest() == epoch.digest.digest())

    def check(self, writer: Writer, floors: dict[int, int]) -> None:
        """Assert that each epoch is the beginning of one generation, in order, and the newest is all of the newest.

        Args:
            writer: what was written.
            floors: for generations that ended, the lines that could be read for certain before they went.
        """
        assert not self.wrong, self.wrong[:5]
        generation = 0
        for number in sorted(self.epochs):
            epoch = self.epochs[number]
            newest = number == max(self.epochs)
            while not self._is(epoch, writer.truth(generation), exactly=generation == writer.generation):
                assert not floors.get(generation), f"generation {generation} was not delivered as it was written"
                generation += 1
                assert generation <= writer.generation, f"epoch {number} is nothing that was written: {epoch.kept}"
            assert epoch.lines >= floors.get(generation, 0), f"lines of generation {generation} are missing"
            assert not newest or generation == writer.generation, f"ends in generation {generation}"
            generation += 1


def _mark(line: bytes, length: int) -> bytes:
    """Return what stands for a line; of one that was too long to be kept its head and length are compared."""
    return line + b"\n" if len(line) == length else line[:65536] + b" of %d bytes\n" % length


class Machine:
    """One VM with one agent's output file; its home directory is its own."""

    def __init__(self, directory: Path, name: str, *options: str, seed: int = 1, server: Sshd | None = None) -> None:
        """Start the server and the writer.

        Args:
            options: lines for sshd's configuration.
            seed: of the lines the writer makes up.
            server: another machine's sshd to stand behind; then `home` is that machine's.
        """
        self.name = name
        self.vm_id = VmId(name)
        self.home = directory / name
        (self.home / "agent").mkdir(parents=True)
        self.out = self.home / "agent" / "out"
        self.sshd = server or Sshd(
            self.home / "sshd",
            f"SetEnv HOME={self.home}",
            "MaxStartups 200",
            # A session begins in its own home, too.
            f"ForceCommand cd '{self.home}' && exec sh -c \"$SSH_ORIGINAL_COMMAND\"",
            *options,
            name=name,
        )
        self._own_server = server is None
        if self._own_server:
            self.sshd.start()
        self.relay = Relay(self.sshd.port)
        self.writer = Writer(self.out, seed)
        self.ledger = Ledger()
        self.floors: dict[int, int] = {}
        self.host = "127.0.0.1"
        self._username = self.sshd.endpoint().username

    def endpoint(self) -> SshEndpoint:
        """Return the way to the server through the relay."""
        return SshEndpoint(self.host, self.relay.port, self._username, self.name)

    def readers(self) -> list[Any]:
        """Return the processes on the VM that read the output."""
        return [found for found in readers_of(self.out, self.home) if found.pid != self.writer.pid]

    def close(self) -> None:
        """End the writer and the server."""
        self.writer.kill()
        if self._own_server:
            self.sshd.stop()


class FakeVers:
    """The one call of the platform's API that a link needs."""

    def __init__(self, machines: dict[VmId, Machine]) -> None:
        self.machines = machines
        self.asked: list[str] = []
        self.account = "faults"

    async def ssh_key(self, vm_id: VmId) -> SshKey:
        """Return a machine's private key, as it is now."""
        self.asked.append(vm_id)
        return SshKey(ssh_private_key=self.machines[vm_id].sshd.private_key, ssh_port=22)

    async def close(self) -> None:
        """Close nothing."""


class Stack:
    """State, store, recorder and sessions over machines."""

    def __init__(self, store: Store, machines: list[Machine], options: LinkOptions, paths: AgentPaths) -> None:
        self.store = store
        self.machines = {machine.vm_id: machine for machine in machines}
        self.fleet_state = FleetState(Clock(), "plain")
        self.book = ReceiptBook()
        self.recorder = Recorder(self.fleet_state, store, self.book)
        self.vers = FakeVers(self.machines)
        self.source = Source(
            name="plain",
            vers=cast(VersClient, self.vers),
            services=None,
            address=lambda vm_id: "127.0.0.1",
            endpoint=lambda vm_id: self.machines[vm_id].endpoint(),
            paths=paths,
            kinds=lambda: Kinds((), "pi"),
        )
        self.agent_sessions = AgentSessions(
            self.fleet_state, store, self.source, lambda: self.recorder, lambda: self.book, options
        )
        self.shown: dict[str, list[Link]] = {machine.name: [] for machine in machines}
        """Every state of each link that was ever shown, in order."""
        self.waits: dict[str, list[float]] = {machine.name: [] for machine in machines}
        """Seconds until the next attempt, as each was announced."""
        self._remember = self.fleet_state.set_link
        self.fleet_state.set_link = self._set_link  # type: ignore[method-assign]
        self._fold_all = self.recorder.fold_all
        self.recorder.fold_all = self._check_fold  # type: ignore[method-assign]

    def _set_link(self, vm_id: VmId, link: Link) -> None:
        states = self.shown[vm_id]
        if not states or states[-1] != link:
            states.append(link)
            if link.retry_at is not None:
                self.waits[vm_id].append(link.retry_at - self.fleet_state.clock.now())
        self._remember(vm_id, link)

    def _check_fold(self, records: Sequence[Record]) -> None:
        """Note what is folded: of what is not known yet, each line must be the next one, or begin a new file."""
        if not records:
            return
        known = self.fleet_state.agents[records[0].agent]
        place = (known.epoch, known.line)
        ledger = self.machines[known.vm_id].ledger
        for record in records:
            if (record.epoch, record.line) <= place:
                continue
            begun = record.epoch > place[0] and record.line in (0, 1)
            if not begun and (record.epoch, record.line) != (place[0], place[1] + 1):
                ledger.wrong.append(f"after line {place[1]} of epoch {place[0]}, {record} was folded")
            place = (record.epoch, record.line)
        self._fold_all(records)
        folded = self.fleet_state.agents[known.id]
        if (folded.epoch, folded.line) != place:
            ledger.wrong.append(f"line {place[1]} of epoch {place[0]} was not folded, but {folded.line}")

    async def start(self) -> None:
        """Load what is remembered and attach to every machine's agent."""
        await bring_back(self.fleet_state, self.store, self.recorder, [self.source])
        for machine in self.machines.values():
            self.fleet_state.put_vm(Vm(machine.vm_id, Power.RUNNING))
            agent = Agent(AgentId(machine.name), machine.name, AgentKind.WORKER, machine.vm_id)
            if agent.id in self.fleet_state.agents:
                self.agent_sessions.attach(self.fleet_state.agents[agent.id])
            else:
                await self.agent_sessions.adopt(agent)

    def link(self, machine: Machine) -> Link:
        """Return what is shown of a machine's link now."""
        return self.fleet_state.agents[AgentId(machine.name)].link

    def agent_session(self, machine: Machine) -> AgentSession:
        """Return what serves a machine's agent."""
        found = self.agent_sessions.agent_session(AgentId(machine.name))
        assert found is not None
        return found

    def connection(self, machine: Machine) -> Connection | None:
        """Return a machine's connection, if one stands."""
        return self.agent_session(machine).connection()

    async def up(self, machine: Machine, within: float = LIMIT) -> None:
        """Return once a machine's link is shown as up."""
        await until(lambda: self.link(machine).state is LinkState.UP, within)

    async def shows(self, machine: Machine, state: LinkState, within: float = LIMIT) -> Link:
        """Return the first link that is shown in a state from now on, or the present one if it is so."""
        states = self.shown[machine.name]
        seen = len(states) - 1

        def found() -> list[Link]:
            return [link for link in states[max(0, seen) :] if link.state is state]

        await until(lambda: bool(found()), within)
        return found()[0]

    async def whole(self, machine: Machine, within: float = LIMIT) -> None:
        """Return once everything that was written has been delivered, and assert that nothing else was."""
        count = machine.writer.count()
        ledger = machine.ledger
        try:
            await until(lambda: ledger.newest.lines >= count and ledger.is_whole(machine.writer.truth()), within)
        except AssertionError:
            newest = ledger.newest
            raise AssertionError(
                f"{machine.name}: {newest.lines} of {count} lines in {within} s, epochs {sorted(ledger.epochs)}, link "
                f"{self.link(machine)}, wrong {ledger.wrong[:3]}, last {newest.kept}"
            ) from None
        ledger.check(machine.writer, machine.floors)

    async def stored_as_delivered(self, machine: Machine) -> None:
        """Assert that the store holds every delivered line once, without a hole, and the state of its last line."""
        agent = AgentId(machine.name)
        newest = (max(machine.ledger.epochs), machine.ledger.newest.lines)
        deadline = time.monotonic() + LIMIT
        while (cursor := await self.store.cursor(agent)) is None or (cursor.epoch, cursor.line) < newest:
            assert time.monotonic() < deadline, f"the store stays at {cursor} instead of {newest}"
            await self.store.flush()
        found: dict[int, int] = {}
        place = (0, -1)
        ends: dict[int, int] = {}
        while page := await self.store.records(agent, after=place, limit=5_000):
            for record in page:
                if record.line:
                    assert record.line == found.get(record.epoch, 0) + 1, record
                    assert record.offset == ends.get(record.epoch, 0), record
                    found[record.epoch], ends[record.epoch] = record.line, record.end
            place = (page[-1].epoch, page[-1].line)
        expected = {number: epoch.lines for number, epoch in machine.ledger.epochs.items() if epoch.lines}
        assert found == expected, f"{machine.name}: stored {found}, delivered {expected}, again {machine.ledger.again}"
        state = self.fleet_state.agents[agent]
        assert (state.epoch, state.line) == (max(found), found[max(found)])

    async def stop(self) -> None:
        """Stop reading and close the store."""
        await self.agent_sessions.close()
        await self.store.close()


def _watched(machines: dict[VmId, Machine]) -> type[AgentReader]:
    class WatchedReader(AgentReader):
        """The product's reader; what it delivers is noted on its way to the engine."""

        async def batches(self, connection: Connection, deliver: Deliver | None = None) -> AsyncGenerator[Batch, None]:
            ledger = machines[VmId(self.stream.agent)].ledger

            def watched(batch: Batch) -> bool:
                ledger.take(batch)
                return deliver is None or deliver(batch)

            async with contextlib.aclosing(super().batches(connection, watched if deliver else None)) as batches:
                async for batch in batches:
                    ledger.take(batch)
                    yield batch

    return WatchedReader


@contextlib.asynccontextmanager
async def running(
    directory: Path,
    machines: list[Machine],
    *,
    options: LinkOptions = OPTIONS,
    backoff: Callable[[], Backoff] | None = None,
) -> AsyncIterator[Stack]:
    """Run relays and a stack over machines; afterwards no process of ours is left on any of them."""
    quick = backoff or functools.partial(Backoff, base=BACKOFF_BASE, cap=BACKOFF_CAP)
    follow = functools.partial(
        tail.Tail, check_interval=CHECK_INTERVAL, heartbeat_interval=HEARTBEAT_INTERVAL, patience=PATIENCE
    )
    by_id = {machine.vm_id: machine for machine in machines}
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(mock.patch.object(reader, "AgentReader", _watched(by_id)))
        stack.enter_context(mock.patch.object(agent_sessions, "Backoff", quick))
        stack.enter_context(mock.patch.object(reader, "Tail", follow))
        stack.enter_context(mock.patch.object(session, "PROBE_INTERVAL", 1.0))
        for machine in machines:
            await stack.enter_async_context(machine.relay)
        made = Stack(
            await Store.open(directory / "history.sqlite"), machines, options, AgentPaths("~/agent", "~/workspace")
        )
        try:
            await made.start()
            yield made
        finally:
            await made.stop()
        for machine in machines:
            await until(lambda: not machine.readers(), PATIENCE + 5)  # noqa: B023
