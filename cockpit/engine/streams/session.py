"""One agent, attached: its VM's link, its reader, its writer and the look at its process, each failing alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.answers import AgentState, ProbeResult, parse_probe
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.scaffold.scripts import probe_script
from cockpit.engine.agent_record import with_protocol
from cockpit.engine.living import living
from cockpit.engine.state import FleetState
from cockpit.engine.streams.follower import Following, first_of
from cockpit.engine.streams.introduction import Introduction, calls_for_a_look
from cockpit.engine.streams.link import VmLink
from cockpit.engine.streams.process import looked_at
from cockpit.engine.streams.reader import AgentReader, Batch
from cockpit.engine.streams.recorder import Recorder
from cockpit.engine.streams.renewal import OutputRenewal
from cockpit.engine.streams.sender import Sender
from cockpit.engine.streams.write_queue import WriteQueue, ended
from cockpit.errors import CockpitError, Refused, TimedOut
from cockpit.model.events import Responded
from cockpit.model.fleet import Process, ProcessState
from cockpit.model.ids import AgentId
from cockpit.model.pulse import Pulse, beaten
from cockpit.model.why import warnings_in
from cockpit.remote.errors import ChannelRefused, Dropped

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

PROBE_INTERVAL = 10.0
"""Seconds between two looks at the process of the agent somebody looks at. Each is a command of its own on the VM."""

PATIENT_PROBES = 3
"""How many times as long the others go without a look: an agent's end stands in its output anyway, unless the end took
the scaffold with it."""

FIRST_PROBE = 3.0
"""Seconds within which the process is looked at for the first time on a connection."""

PROBE_TIMEOUT = 20.0
"""Seconds a probe may take."""

REFUSALS = 5
"""Times in a row that the server may refuse the reader a session before the link counts as down."""

REFUSED_PAUSE = 0.5
"""Seconds until a refused session is asked for again."""


class AgentSession:
    """Everything that serves one agent over one connection at a time."""

    def __init__(
        self,
        fleet_state: FleetState,
        recorder: Recorder,
        following: Following,
        reader: Callable[[bool, bool], Awaitable[AgentReader]],
        sender: Sender,
        agent: AgentId,
        paths: AgentPaths,
        place: str,
        *,
        record: bool = True,
        renewal: OutputRenewal | None = None,
    ) -> None:
        """Prepare; the link calls `serve`.

        Args:
            following: knows which agents another cockpit records.
            place: what it lives on, as messages name it.
            reader: makes the reader at the stored position, given whether a new file is read whole, and whether every
                byte of every line is wanted.
            record: read and record the output, or follow who does; False leaves reading to the caller.
            renewal: keeps the output file within its bound; None leaves it alone.
        """
        self.agent = agent
        self.sender = sender
        self.link: VmLink | None = None
        self.caught_up = asyncio.Event()
        """Set once everything the file held at the first contact was folded in."""
        self.probed = asyncio.Event()
        """Set once the process was looked at."""
        self.path = paths.file("out")
        """The output file on the VM."""
        self._fleet_state = fleet_state
        self._recorder = recorder
        self._following = following
        self._make_reader = reader
        self._paths = paths
        self._place = place
        self._record = record
        self._renewal = renewal
        self._reader: AgentReader | None = None
        self._polling: float | None = None
        self._look = asyncio.Event()
        self._may_read = asyncio.Event()
        self._may_read.set()

    def connection(self) -> Connection | None:
        """Return the open connection, if there is one."""
        return self.link.connection if self.link else None

    def poll(self, seconds: float | None) -> None:
        """Read in batches, every so many seconds; None reads the moment the agent writes."""
        if seconds is None and self._polling is not None:
            self.look_at_process()
        self._polling = seconds
        if self._reader is not None:
            self._reader.poll(seconds)

    def hold(self) -> None:
        """Read and probe nothing until `go_on`: what lies there is not this agent's yet."""
        self._may_read.clear()

    def go_on(self) -> None:
        """Read and probe from now on."""
        self._may_read.set()

    async def _until_held_no_more(self) -> None:
        await self._may_read.wait()

    def look_at_process(self) -> None:
        """Probe now instead of at the next interval."""
        self._look.set()

    async def serve(self, connection: Connection) -> None:
        """Read and probe until the connection ends; raises the CockpitError that ended it."""
        if not self._may_read.is_set():
            await first_of(self._until_held_no_more(), connection.wait_closed())
        try:
            async with asyncio.TaskGroup() as tasks:
                probing = tasks.create_task(self._probe_forever(connection), name=f"probe {self.agent}")
                await (self._record_or_follow(connection) if self._record else connection.wait_closed())
                probing.cancel()
        except* CockpitError as group:
            raise group.exceptions[0] from None

    async def _record_or_follow(self, connection: Connection) -> None:
        """Read and record until the connection ends; while another cockpit does, follow what that one stores."""
        try:
            if not self._following.take(self.agent):
                await self._follow(connection)
            if self._following.is_ours(self.agent):
                await self._read(connection)
        finally:
            await self._following.let_go(self.agent)

    async def _follow(self, connection: Connection) -> None:
        """Follow the store until the agent is ours to record, or until the connection ends."""
        log.info("agent %s: another cockpit records it", self.agent)
        following = self._following
        behind = False
        while not (connection.closed or following.is_ours(self.agent)):
            if behind:
                log.warning("agent %s: the cockpit that records it does not keep up: it is read here, too", self.agent)
                other = (self._read(connection, keep=False), following.until_level(self.agent))
            else:
                compared = following.until_behind(self.agent, connection, self.path, self._caught_up)
                other = (connection.wait_closed(), compared)
            await first_of(following.until_ours(self.agent, self.look_at_process), *other)
            behind = not behind

    async def _read(self, connection: Connection, *, keep: bool = True) -> None:
        """Read until the connection ends; a server without a free session has one again when a look has ended.

        Args:
            connection: to the agent's VM.
            keep: record what is read; False only shows it.
        """
        refusals, loop = 0, asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._read_once(connection, keep)
                return
            except ChannelRefused as error:
                refusals = 1 if loop.time() - began > PROBE_INTERVAL else refusals + 1
                if refusals > REFUSALS:
                    raise
                log.warning("agent %s: %s", self.agent, error)
                await asyncio.sleep(REFUSED_PAUSE)

    async def _read_once(self, connection: Connection, keep: bool) -> None:
        if self._reader is None:
            self._reader = await self.reader()
            self._reader.poll(self._polling)
        else:
            await self._reader.rewind()
            await self._recorder.catch_up(self.agent)
        write_queue = WriteQueue(partial(self._recorder.keep, self.agent), self._recorder.flush_now, self._reader.go_on)

        def deliver(batch: Batch) -> bool:
            # A batch counts as taken once it is in: a drop at this moment must not cost what is shown already.
            self._fold(batch)
            return write_queue.put(batch) if keep else True

        storing = asyncio.create_task(write_queue.run(), name=f"store {self.agent}")
        try:
            async with contextlib.aclosing(self._reader.batches(connection, deliver)) as batches:
                async for batch in batches:
                    deliver(batch)
        finally:
            # What was read is stored before the next connection asks the store where to go on.
            write_queue.end()
            await ended(storing)

    async def reader(self, *, whole: bool = False, raw: bool = False) -> AgentReader:
        """Return a new reader for this agent, at the stored position.

        Args:
            whole: begin a new file at its start.
            raw: have every byte of every line.
        """
        return await self._make_reader(whole, raw)

    def _caught_up(self) -> None:
        if not self.caught_up.is_set():
            self.caught_up.set()
            self._fleet_state.changed()

    def _fold(self, batch: Batch) -> None:
        """Apply what was read to everything that shows it."""
        if batch.records:
            if self.caught_up.is_set():  # What stood in the file before is no sign of life.
                pulses, size = self._fleet_state.pulses, batch.records[-1].end - batch.records[0].offset
                pulses[self.agent] = beaten(pulses.get(self.agent, Pulse()), size, batch.at)
            self._recorder.fold_all(batch.records)
            if any(calls_for_a_look(record.event) for record in batch.records):
                self.look_at_process()
            if self._reader is not None:
                self._recorder.note_dialect(self.agent, self._reader.stream.decoder.dialect)
        if batch.caught_up:
            self._caught_up()

    async def first_answer(self, run_id: str, timeout: float) -> Responded | None:
        """Ask a daemon run that was just started for its state; None if a question of its own waits for a person.

        Raises:
            Refused: it ended instead.
            TimedOut: it did neither.
        """
        question = f"cockpit-{run_id}"
        answer = self._recorder.expect(question)
        over = asyncio.create_task(self._until_ended(run_id), name=f"end of {run_id}")
        asking = asyncio.create_task(self._fleet_state.until(self._asks), name=f"question of {run_id}")
        try:
            try:
                await self.sender.ask(living(self.agent, self._fleet_state), question)
                self.look_at_process()
                await asyncio.wait((answer, over, asking), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            except Refused:
                # Nobody reads: it is gone already, and its last words say more than that.
                over.cancel()
            if answer.done():
                return answer.result()
            if over.done() or over.cancelling():
                words = await self._last_words()
                raise Refused(f"the agent ended before it answered: {words}", hint="see its `err` file")
            if asking.done():
                return None
            raise TimedOut(
                f"the agent on {self._place} did not answer within {timeout:.0f} s",
                hint="an extension may block its start; look at its output",
            )
        finally:
            over.cancel()
            asking.cancel()
            answer.cancel()

    def _asks(self) -> bool:
        agent = self._fleet_state.agents.get(self.agent)
        return agent is not None and bool(agent.activity.dialogs)

    async def warnings(self) -> tuple[str, ...]:
        """Return what the agent's program warned of on standard error, and keep it with its process."""
        connection = self.connection()
        if connection is None:
            return ()
        return warnings_in((await self._probe(connection)).errors)

    async def _until_ended(self, run_id: str) -> None:
        def ended() -> bool:
            agent = self._fleet_state.agents.get(self.agent)
            process = agent.process if agent else Process()
            return process.state is ProcessState.DEAD and process.run_id == run_id

        await self._fleet_state.until(ended)

    async def _last_words(self) -> str:
        """Ask the VM how the agent ended and what it said on standard error."""
        connection = self.connection()
        if connection is None:
            return f"{self._place} is not connected, so nobody can ask why"
        result = await self._probe(connection)
        words = f"exit {result.exit_code}; {'; '.join(result.errors[-3:]) or 'nothing on standard error'}"
        agent = self._fleet_state.agents.get(self.agent)
        asked = [dialog.request.title or dialog.request.message for dialog in agent.activity.dialogs] if agent else []
        return f"{words}; an extension asked {asked[0]!r} while it started" if asked else words

    async def _probe_forever(self, connection: Connection) -> None:
        introduction = Introduction(self.sender)
        if self._record:
            await self._until_read()
        while True:
            alive = await self._probe_or_unknown(connection)
            agent = self._fleet_state.agents.get(self.agent)
            if alive and agent is not None and self.caught_up.is_set():
                await introduction.ask(agent)
            self._look.clear()
            try:
                patience = 1 if self._polling is None else PATIENT_PROBES
                async with asyncio.timeout(PROBE_INTERVAL * patience):
                    await self._look.wait()
            except TimeoutError:
                pass

    async def _until_read(self) -> None:
        """Let the output come first: what hundreds of VMs are asked at a relaunch must not hold up their pictures."""
        try:
            async with asyncio.timeout(FIRST_PROBE):
                await self.caught_up.wait()
                if self._polling is not None:
                    await asyncio.sleep(random.uniform(0.0, FIRST_PROBE))
        except TimeoutError:
            pass

    async def _probe_or_unknown(self, connection: Connection) -> bool:
        """Look at the process; a look that fails says nothing of it, and does not end the reading."""
        try:
            found = await self._probe(connection)
            if self._renewal is not None:
                await self._renewal.after_look(connection, found)
            return found.state is AgentState.ALIVE
        except Dropped:
            raise
        except CockpitError as error:
            log.warning("agent %s: its process cannot be looked at: %s", self.agent, error)
            agent = self._fleet_state.agents.get(self.agent)
            if agent is not None and agent.process.state is not ProcessState.UNKNOWN:
                known = agent.process
                process = Process(since=self._fleet_state.clock.now(), run_id=known.run_id, ended_at=known.ended_at)
                self._fleet_state.put_agent(replace(agent, process=process))
            self.probed.set()
            self._fleet_state.changed()
            return False

    def _process(self) -> Process | None:
        agent = self._fleet_state.agents.get(self.agent)
        return agent.process if agent else None

    async def _probe(self, connection: Connection) -> ProbeResult:
        """Look at the process."""
        before = self._process()
        done = await connection.run(probe_script(self._paths), timeout=PROBE_TIMEOUT)
        result = parse_probe(done.exit_code, done.stdout, done.stderr, place=self._place)
        agent = self._fleet_state.agents.get(self.agent)
        if agent is not None and agent.process is not before:
            # The stream told of a start or an end meanwhile: the look may be older than that.
            self.look_at_process()
        elif agent is not None:
            known = agent.process
            bound = self._renewal.bound if self._renewal is not None else 0
            process = looked_at(known, result, self._fleet_state.clock.now(), bound)
            version, path = result.version or agent.version, result.path or agent.program_path
            if (process, version, path) != (known, agent.version, agent.program_path):
                self._fleet_state.put_agent(
                    with_protocol(replace(agent, process=process, version=version, program_path=path))
                )
        self.probed.set()
        self._fleet_state.changed()
        return result
