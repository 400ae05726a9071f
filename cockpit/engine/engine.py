"""The engine: one loop, one task group, everything joined; knows no screen."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Unpack

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine.cancellation import check_cancelled
from cockpit.engine.changes.desk import WorkDesk
from cockpit.engine.choosing import source_for
from cockpit.engine.clock import Clock
from cockpit.engine.comparison import Comparison
from cockpit.engine.coordination.coordination import Coordination
from cockpit.engine.courses import Courses
from cockpit.engine.files.agent_files import AgentFiles
from cockpit.engine.images.catalogue import ImageCatalogue
from cockpit.engine.inquiries import Inquiries
from cockpit.engine.line_tail import LineTail
from cockpit.engine.losses import Losses
from cockpit.engine.naming import Naming
from cockpit.engine.notebook import Notebook
from cockpit.engine.platform import Platform
from cockpit.engine.port import StartOptions
from cockpit.engine.pruning import keep_pruned
from cockpit.engine.queues import Queues
from cockpit.engine.reach.reach import ReachEverywhere
from cockpit.engine.recollection import bring_back
from cockpit.engine.recorded import RecordedHistory
from cockpit.engine.running_source import RunningSource
from cockpit.engine.saving import saved
from cockpit.engine.source import Source
from cockpit.engine.standard_error import StandardError
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import LinkOptions
from cockpit.engine.streams.history import History
from cockpit.engine.streams.recorder import Recorder
from cockpit.engine.streams.session import AgentSession
from cockpit.engine.surroundings import Lookout
from cockpit.errors import ConfigError
from cockpit.model.commands.command import Command
from cockpit.model.failures import dismissed
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId, CommandId, CommitId, VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.receipts.stages import is_ended, reached
from cockpit.model.reduce.activity import is_settling
from cockpit.model.refusals.grounds import Refusal
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place, TranscriptWindow
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

SAVE_INTERVAL = 0.25
"""Seconds between two looks for receipts that came further."""

CONTACT_LIMIT = 25.0
"""Seconds the first look at the fleet may take."""

SETTLING_LIMIT = 2.0
"""Seconds that a run which just ended gets to show whether something follows it."""

STOP_LIMIT = 5.0
"""Seconds the tasks get to end; then the process goes without them, agents are not affected."""


def everyone(agent: Agent) -> bool:
    """Say that an agent is wanted, whoever it is."""
    return True


class Engine:
    """Implements `cockpit.engine.port.HeadlessPort`; start it, dispatch commands, stop it."""

    def __init__(
        self,
        sources: Sequence[Source],
        store: Store,
        *,
        clock: Clock | None = None,
        link_options: LinkOptions | None = None,
        history_bounds: tuple[int, float] = (2_000_000_000, 90 * 86_400.0),
    ) -> None:
        """Prepare; `start` does it.

        Args:
            link_options: how connections are kept.
            history_bounds: bytes, and seconds of age, the store may keep.
        """
        self.store = store
        self.clock = clock or Clock()
        names = [source.name for source in sources]
        if not sources or len(set(names)) != len(names):
            raise ConfigError(
                f"the sources of a cockpit need names of their own: {', '.join(names) or 'there is none'}"
            )
        self.fleet_state = FleetState(self.clock, " + ".join(names))
        self.fleet_state.sources = tuple(names)
        self.fleet_state.plain = frozenset(source.name for source in sources if source.plain_host is not None)
        self.book = ReceiptBook()
        self.recorder = Recorder(self.fleet_state, store, self.book)
        options = link_options or LinkOptions()
        several = len(names) > 1
        self.running = tuple(
            RunningSource(
                source,
                self.fleet_state,
                store,
                self.recorder,
                self.book,
                options,
                shown_as=source.name if several else "",
            )
            for source in sources
        )
        """One of each source, in the order of preference: new VMs and tasks are the first one's."""
        usage_acts = {running.name: running.dispatcher.usage for running in self.running}
        for running in self.running:
            running.dispatcher.usage.join(usage_acts)
        self.fleet_state.awaited = tuple(name for running in self.running for name in running.services)
        self.golden = ImageCatalogue(self.running, self.fleet_state)
        self.history = History(self.fleet_state, store, self.agent_session)
        self.recorded = RecordedHistory(store)
        self.lookout = Lookout(tuple(running.surroundings for running in self.running))
        self.output = LineTail(self.agent_session, store, self.clock)
        self.platform = Platform(self.running)
        self.losses = Losses(self.fleet_state, self.running)
        self.work = WorkDesk(self.fleet_state, store, self.agent_session, self._paths_of, self.dispatch)
        self.comparison = Comparison(self.fleet_state, self.output, self.work.changes)
        self.queues = Queues(self.fleet_state, self.book)
        self.standard_error = StandardError(self.fleet_state, self.agent_session, self._paths_of)
        self.files = AgentFiles(self.fleet_state, self.agent_session, self._paths_of)
        parts = (self.fleet_state, self.recorder, self.book, self.agent_session, self._paths_of, self.files)
        self.inquiries = Inquiries(*parts, self._carried_out)
        self.reach = ReachEverywhere(self.fleet_state, [running.reach for running in self.running])
        self.coordination = Coordination(self.running, self.fleet_state, store, self._is_settled)
        self.naming = Naming(self.fleet_state)
        self.notebook = Notebook(store, self.clock.now)
        self.bounds = history_bounds
        self._background: list[asyncio.Task[None]] = []
        self._attached = asyncio.Event()

    # --- life ----------------------------------------------------------------------------------------

    async def start(self, **options: Unpack[StartOptions]) -> None:
        """Bring back what is known and begin to watch."""
        watch = options.get("watch", True)
        self.fleet_state.read_only = options.get("read_only", False)
        sources = [running.source for running in self.running]
        for notice in (*(notice for source in sources for notice in source.notices), *self.store.notices):
            self.fleet_state.notice(notice)
        for running in self.running:
            running.agent_sessions.wanted = options.get("attach", everyone)
            running.agent_sessions.record = options.get("record", True)
        await bring_back(self.fleet_state, self.store, self.recorder, sources)
        await self.notebook.load()
        works: dict[str, Callable[[], Awaitable[None]]] = {
            "notebook": self.notebook.run,
            "time": self.recorder.keep_time,
            "receipts": self._save_receipts,
            "courses": Courses(self.fleet_state, self.store).run,
            "attach": self._attach,
        }
        for running in self.running:
            works |= running.works(watch)
        works |= self.coordination.works(watch)
        if watch:
            works["prune"] = partial(keep_pruned, self.store, *self.bounds)
        self._background = [
            asyncio.create_task(self._supervised(name, work), name=name) for name, work in works.items()
        ]
        if options.get("wait", True):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(options.get("contact", CONTACT_LIMIT)):
                    await self._attached.wait()

    async def _attach(self) -> None:
        """Say when each source was looked at once; each look attaches to the known agents it found."""
        for running in self.running:
            await running.watcher.first_look.wait()
        self._attached.set()

    async def stop(self) -> None:
        """Detach: agents go on, remote readers end, positions and receipts are saved."""
        await self.work.close()
        await self.notebook.close()
        await self.coordination.close()
        ending = {*self._background, *self._commands_under_way()}
        for task in ending:
            task.cancel()
        for running in self.running:
            ending.add(asyncio.create_task(running.close(), name=f"detach from {running.name}"))
        ending.add(asyncio.create_task(self.history.close(), name="end paging"))
        ending.add(asyncio.create_task(self.files.close(), name="end transfers"))
        await asyncio.wait(ending, timeout=STOP_LIMIT)
        await self.recorder.save_receipts()
        await self.recorder.save_touched()
        await saved(self.store.flush())

    async def _supervised(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a background loop; a programming error goes to the log in full, and the loop starts again."""
        while True:
            try:
                await work()
                return
            except Exception as error:
                said = f"internal error in {name}: see the log file"
                if isinstance(error, StoreError):  # a busy or a broken disk
                    said = str(error)
                    log.error("background work %r starts again: %s", name, error)
                else:
                    log.exception("background work %r failed and starts again", name)
                check_cancelled()
                self.fleet_state.notice(said)
                await asyncio.sleep(1.0)

    async def _save_receipts(self) -> None:
        while True:
            await self.recorder.outbox.look()
            self.recorder.outbox.expire(
                frozenset().union(*(running.agent_sessions.read_to_the_end() for running in self.running))
            )
            await self.recorder.save_receipts()
            self.fleet_state.set_health("store", self.store.trouble)
            await asyncio.sleep(SAVE_INTERVAL)

    # --- what callers see ----------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """Grows with each change of anything visible."""
        return self.fleet_state.revision

    @property
    def urgency(self) -> int:
        """Grows when an agent begins to wait for the operator: asks, is done, failed."""
        return self.fleet_state.urgency

    @property
    def fleet(self) -> Fleet:
        """The newest snapshot."""
        return self.fleet_state.snapshot()

    def transcript(self, agent: AgentId) -> Transcript:
        """Return an agent's transcript."""
        return self.fleet_state.transcript(agent)

    def now(self) -> float:
        """Return unix seconds on a clock that never jumps."""
        return self.clock.now()

    def images(self, source_name: str = "") -> tuple[tuple[CommitId, str], ...]:
        """Return the commits an agent can be started from in a source, the first by default, newest first."""
        return next((one for one in self.running if one.name == source_name), self.running[0]).images

    def programs(self, source_name: str = "") -> tuple[tuple[str, str, str], ...]:
        """Return the agent programs of a source, the first by default, each with why not and why unasked, or ''."""
        source = next((one for one in self.running if one.name == source_name), self.running[0]).source
        ordered = sorted(source.programs, key=lambda program: program.name != source.default_program)
        unasked = {source.default_program: source.why_default}
        return tuple((program.name, program.reason, unasked.get(program.name, "")) for program in ordered)

    def focus(self, agent: AgentId | None) -> None:
        """Name the agent the operator looks at; a window onto another one's past is closed."""
        for other in [other for other in self.fleet_state.pasts if other != agent]:
            self.history.leave(other)
        self.recorder.focus(agent)
        for running in self.running:
            running.agent_sessions.focus(agent)

    def past(self, agent: AgentId) -> TranscriptWindow | None:
        """Return the window onto an agent's past, if one is open."""
        return self.fleet_state.pasts.get(agent)

    def open_past(self, agent: AgentId, place: Place | None) -> None:
        """Open a window onto an agent's past around a record, or at the oldest one kept here."""
        self.history.open(agent, place)

    def page_older(self, agent: AgentId) -> bool:
        """Page older records into the open window; False if there are none, or something is on its way."""
        return self.history.older(agent)

    def page_newer(self, agent: AgentId) -> bool:
        """Page newer records into the open window; False if none is open, or something is on its way."""
        return self.history.newer(agent)

    def leave_past(self, agent: AgentId) -> None:
        """Close the window onto an agent's past."""
        self.history.leave(agent)

    def agent_named(self, name: str) -> Agent:
        """Return an agent by name or id; raises as `Naming` says."""
        return self.naming.agent_named(name)

    def vm_named(self, name: str) -> tuple[VmId, str]:
        """Return the VM with an id or of an agent with a name, and how it is called; raises as `Naming` says."""
        return self.naming.vm_named(name)

    def agent_session(self, agent: AgentId) -> AgentSession | None:
        """Return the session with an agent, if it has one."""
        for running in self.running:
            if (session := running.agent_sessions.agent_session(agent)) is not None:
                return session
        return None

    def _paths_of(self, agent: Agent) -> AgentPaths:
        running = next((running for running in self.running if running.name == agent.source), self.running[0])
        return running.source.paths_of(agent)

    def _is_settled(self) -> bool:
        """Say whether each attached agent was tried, and read to its end where its link is up."""
        return all(running.agent_sessions.settled() for running in self.running)

    def _source_for(self, command: Command) -> RunningSource:
        return source_for(command, self.fleet_state, self.running)

    def _commands_under_way(self) -> set[asyncio.Task[None]]:
        return {task for running in self.running for task in running.dispatcher.under_way}

    def notice(self, text: str) -> None:
        """Add a standing fact the operator must know."""
        self.fleet_state.notice(text)

    # --- commands ------------------------------------------------------------------------------------

    def disabled_reason(self, command: Command) -> str:
        """Say why a command would be refused now, or return empty text."""
        refused = self._source_for(command).dispatcher.refusal(command)
        return refused.sentence if refused is not None else ""

    def refusal(self, command: Command) -> Refusal | None:
        """Return why a command would be refused now, with its code, or None."""
        return self._source_for(command).dispatcher.refusal(command)

    def dispatch(self, command: Command) -> CommandId:
        """Take a command; the receipt is in the snapshot when this returns."""
        return self._source_for(command).dispatcher.dispatch(command)

    def dismiss(self, command: CommandId) -> None:
        """Hear no more of a command that failed or is unconfirmed."""
        receipt = self.fleet_state.receipts.get(command)
        if receipt is not None and receipt.stage in (Stage.FAILED, Stage.UNCONFIRMED):
            self.fleet_state.put_receipt(dismissed(receipt, self.clock.now()))

    async def outcome(
        self, command_id: CommandId, *, until: Stage = Stage.DONE, timeout: float | None = None
    ) -> Receipt:
        """Wait until a command has come at least as far as a stage, or has ended otherwise.

        Returns the receipt as it stands, also when the seconds ran out first.
        """

        def there() -> bool:
            receipt = self.fleet_state.receipts[command_id]
            return is_ended(receipt) or reached(receipt, until)

        await self.fleet_state.until(there, timeout)
        return self.fleet_state.receipts[command_id]

    async def _carried_out(self, command: Command, timeout: float) -> Receipt:
        """Dispatch a command and return its receipt at its end, or as it stands when the seconds have run out."""
        return await self.outcome(self.dispatch(command), timeout=timeout)

    def answer_to(self, agent: AgentId, command: CommandId) -> str | None:
        """Return what an agent answered to a text that is done; None if no answer of its own appeared."""
        return self.book.answer(agent, command)

    # --- waiting -------------------------------------------------------------------------------------

    async def until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until a condition on what is visible here holds; False if the seconds ran out first."""
        return await self.fleet_state.until(condition, timeout)

    async def settled(self, timeout: float) -> None:
        """Wait until every wanted agent's link was tried and, where it is up, its stream was read to its end."""
        began = self.clock.now()
        await self.fleet_state.until(self._is_settled, timeout)
        # Some agents say no settled end: what ended is told from what goes on by the moment that passed since.
        left = min(SETTLING_LIMIT, timeout - (self.clock.now() - began))
        await self.fleet_state.until(
            lambda: not any(map(is_settling, self.fleet_state.agents.values())), max(0.0, left)
        )

    async def idle(self) -> None:
        """Return when nothing is in flight: no operation, no unsent command, no page of older history."""
        await self.history.idle()
        while under_way := self._commands_under_way():
            await asyncio.gather(*under_way, return_exceptions=True)
        await saved(self.store.flush())
