"""The engine: one loop, one task group, everything joined; knows no screen."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Unpack

from cockpit.engine.cancellation import check_cancelled
from cockpit.engine.recollection import bring_back, bring_back_names
from cockpit.engine.rooms import Rooms
from cockpit.engine.saving import saved
from cockpit.model.failures import dismissed, shown_again
from cockpit.model.receipts.receipt import Stage
from cockpit.model.reduce.activity import is_settling
from cockpit.store.errors import StoreError

if TYPE_CHECKING:
    from cockpit.engine.port import StartOptions
    from cockpit.model.commands.command import Command
    from cockpit.model.fleet import Agent, Fleet
    from cockpit.model.ids import AgentId, CommandId, CommitId, VmId
    from cockpit.model.refusals.grounds import Refusal
    from cockpit.model.transcript.transcript import Transcript
    from cockpit.model.transcript.window import Place, TranscriptWindow

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


class Engine(Rooms):
    """Implements `cockpit.engine.port.HeadlessPort`; start it, dispatch commands, stop it."""

    _background: Sequence[asyncio.Task[None]] = ()

    # --- life ----------------------------------------------------------------------------------------

    async def start(self, **options: Unpack[StartOptions]) -> None:
        """Bring back what is known and begin to watch."""
        watch = options.get("watch", True)
        self.fleet_state.read_only = options.get("read_only", False)
        sources = [running.source for running in self.running]
        lists_only = options.get("lists_only", False)
        orders = options.get("orders", True) and not lists_only
        for source in sources:
            # Which kinds there are is of use to who orders a new one, and takes long to load.
            for notice in (*source.notices, *(source.kinds().notices if orders else ())):
                self.fleet_state.notice(notice)
        for notice in self.store.notices:
            self.fleet_state.notice(notice)
        for running in self.running:
            running.agent_sessions.wanted = options.get("attach", everyone)
            running.agent_sessions.record = options.get("record", True)
        if lists_only:
            await bring_back_names(self.fleet_state, self.store, sources)
        else:
            await bring_back(self.fleet_state, self.store, self.recorder, sources)
        self._begin({"attach": self._attach})
        for running in self.running:
            self._begin(running.looks(watch))
        if not lists_only:
            self._begin_reading()
            if orders:
                await self._begin_all(watch)
        if options.get("wait", True):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(options.get("contact", CONTACT_LIMIT)):
                    await self._attached.wait()

    async def attach(self, wanted: Callable[[Agent], bool]) -> None:
        """Serve agents after a start for lists only, and do whatever else such a start left out."""
        self._begin_reading()
        await self._begin_all(watch=False)
        for agent in filter(wanted, tuple(self.fleet_state.agents.values())):
            await self.recorder.load(agent)
        for running in self.running:
            # Not before: a look that is late would attach one that is not brought back, and lose what it read of it.
            running.agent_sessions.wanted = wanted
            running.agent_sessions.attach_known()

    def _begin(self, works: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        """Begin works in the background, each by its name."""
        begun = (asyncio.create_task(self._supervised(name, work), name=name) for name, work in works.items())
        self._background = (*self._background, *begun)

    def _begin_reading(self) -> None:
        """Begin what goes on where an agent is attached."""
        self.keep_turns()
        self._begin({"time": self.recorder.keep_time, "receipts": self._save_receipts})

    async def _begin_all(self, watch: bool) -> None:
        """Begin what goes on where something may be ordered; its rooms are entered."""
        from cockpit.engine.courses import Courses

        await self.notebook.load()
        self._begin({"notebook": self.notebook.run, "courses": Courses(self.fleet_state, self.store).run})
        for running in self.running:
            self._begin(running.works(watch))
        self._begin(self.coordination.works(watch))
        if watch:
            from cockpit.engine.pruning import keep_pruned

            self._begin({"prune": partial(keep_pruned, self.store, *self.bounds)})

    async def _attach(self) -> None:
        """Say when each source was looked at once; each look attaches to the known agents it found."""
        for running in self.running:
            await running.watcher.first_look.wait()
        self._attached.set()

    async def stop(self) -> None:
        """Detach: agents go on, remote readers end, positions and receipts are saved."""
        if self.entered("work"):
            await self.work.close()
        if self.entered("notebook"):
            await self.notebook.close()
        if self.entered("coordination"):
            await self.coordination.close()
        ending = {*self._background, *self._commands_under_way()}
        for task in ending:
            task.cancel()
        for running in self.running:
            ending.add(asyncio.create_task(running.close(), name=f"detach from {running.name}"))
        if self.entered("history"):
            ending.add(asyncio.create_task(self.history.close(), name="end paging"))
        if self.entered("files"):
            ending.add(asyncio.create_task(self.files.close(), name="end transfers"))
        await asyncio.wait(ending, timeout=STOP_LIMIT)
        if self.entered("recorder"):
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

    def make_way(self, key_waits: Callable[[], bool]) -> None:
        """Have the reading of agents nobody looks at wait while a key is on its way to its frame."""
        for running in self.running:
            running.agent_sessions.rounds.key_waits = key_waits

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

    def _commands_under_way(self) -> set[asyncio.Task[None]]:
        return {task for running in self.running for task in running.under_way}

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

    def dismiss(self, command: CommandId, *, back: bool = False) -> None:
        """Hear no more of a command that failed or is unconfirmed, or hear of it again."""
        receipt = self.fleet_state.receipts.get(command)
        if receipt is not None and receipt.stage in ((Stage.DISMISSED,) if back else (Stage.FAILED, Stage.UNCONFIRMED)):
            self.fleet_state.put_receipt(shown_again(receipt) if back else dismissed(receipt, self.clock.now()))

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
        if self.entered("history"):
            await self.history.idle()
        while under_way := self._commands_under_way():
            await asyncio.gather(*under_way, return_exceptions=True)
        await saved(self.store.flush())
