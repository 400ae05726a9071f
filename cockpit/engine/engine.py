"""The engine: one loop, one task group, everything joined; knows no screen."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable

from cockpit.engine import board
from cockpit.engine.clock import Clock
from cockpit.engine.operations import FleetOperations
from cockpit.engine.progress import Progress
from cockpit.engine.recorder import Recorder
from cockpit.engine.roster import LinkOptions, Roster
from cockpit.engine.source import Source
from cockpit.engine.spawning import Spawner
from cockpit.engine.watching import Watcher
from cockpit.engine.wording import VERBS, target_of, text_of
from cockpit.engine.world import World
from cockpit.errors import CockpitError, NotFound
from cockpit.model.commands import (
    Abort,
    AgentCommand,
    Answer,
    AssignTask,
    Branch,
    Command,
    Commit,
    CreateTask,
    Destroy,
    FollowUp,
    MoveTask,
    NoteTask,
    Pause,
    Prompt,
    Relaunch,
    Resume,
    Spawn,
    Steer,
)
from cockpit.model.fleet import (
    Agent,
    Fleet,
    LinkState,
    Power,
    ProcessState,
    Receipt,
    Stage,
)
from cockpit.model.ids import AgentId, CommandId, CommitId, OperationId
from cockpit.model.receipts import ReceiptBook, advance, is_closed
from cockpit.model.transcript import Transcript
from cockpit.store.store import Store

log = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between two looks at what only time can settle."""

STOP_LIMIT = 5.0
"""Seconds the tasks get to end; then the process goes without them, agents are not affected."""


class Engine:
    """Implements `cockpit.engine.port.CockpitPort`; start it, dispatch commands, stop it."""

    def __init__(
        self, source: Source, store: Store, *, clock: Clock | None = None, link_options: LinkOptions | None = None
    ) -> None:
        self.source = source
        self.store = store
        self.clock = clock or Clock()
        self.world = World(self.clock, source.name)
        self.book = ReceiptBook()
        self.recorder = Recorder(self.world, store, self.book)
        self.roster = Roster(self.world, store, source, self.recorder, self.book, link_options or LinkOptions())
        self.watcher = Watcher(self.world, source, self.roster.adopt, self._vm_gone)
        self.spawner = Spawner(self.world, store, source, self.roster.attach, self.roster.detach)
        self.operations = FleetOperations(self.world, store, source, self.roster.attachment, self.roster.detach)
        self._images: tuple[tuple[CommitId, str], ...] = ()
        self._acts: set[asyncio.Task[None]] = set()
        self._background: list[asyncio.Task[None]] = []
        self._attached = asyncio.Event()

    # --- life ----------------------------------------------------------------------------------------

    async def start(
        self,
        *,
        attach: Callable[[Agent], bool] = lambda agent: True,
        watch: bool = True,
        record: bool = True,
        wait: bool = True,
    ) -> None:
        """Bring back what is known and begin to watch.

        Args:
            attach: which agents to connect to; a headless verb needs only its own.
            watch: keep polling; False asks once.
            record: read and record the output of attached agents.
            wait: return after the first look at the fleet; False returns with what the store remembers, for a screen
                that must not wait for the network.
        """
        for notice in (*self.source.notices, *self.store.notices):
            self.world.notice(notice)
        self.roster.wanted = attach
        self.roster.record = record
        await self.roster.load()
        works = {"tick": self._tick, "watch": self.watcher.run if watch else self.watcher.look, "attach": self._attach}
        if watch:
            works["images"] = self._read_images
        self._background = [
            asyncio.create_task(self._supervised(name, work), name=name) for name, work in works.items()
        ]
        if wait:
            await self._attached.wait()

    async def _attach(self) -> None:
        """Attach to the known agents once the fleet was looked at."""
        await self.watcher.first_look.wait()
        self.roster.attach_known()
        self._attached.set()

    async def stop(self) -> None:
        """Detach: agents go on, remote readers end, positions and receipts are saved."""
        ending = {*self._background, *self._acts}
        for task in ending:
            task.cancel()
        ending.add(asyncio.create_task(self.roster.close(), name="detach"))
        await asyncio.wait(ending, timeout=STOP_LIMIT)
        for receipt in self.world.receipts.values():
            await self.store.save_receipt(receipt)
        await self.store.flush()

    async def _supervised(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a background loop; a programming error goes to the log in full, and the loop starts again."""
        while True:
            try:
                await work()
                return
            except Exception:
                log.exception("background work %r failed and starts again", name)
                self.world.notice(f"internal error in {name}: see the log file")
                await asyncio.sleep(1.0)

    async def _tick(self) -> None:
        while True:
            self.recorder.tick()
            await asyncio.sleep(TICK)

    async def _read_images(self) -> None:
        try:
            commits = await self.source.vers.list_commits()
        except CockpitError as error:
            log.warning("the images cannot be listed: %s", error)
            return
        newest = sorted(commits, key=lambda commit: commit.created_at, reverse=True)
        self._images = tuple((commit.id, commit.name or commit.commit_id) for commit in newest)

    async def _vm_gone(self, vm_id: object) -> None:
        await self.roster.vm_gone(str(vm_id))

    # --- what callers see ----------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """Grows with each change of anything visible."""
        return self.world.revision

    @property
    def fleet(self) -> Fleet:
        """The newest snapshot."""
        return self.world.snapshot()

    def transcript(self, agent: AgentId) -> Transcript:
        """Return an agent's transcript."""
        return self.world.transcript(agent)

    def now(self) -> float:
        """Return unix seconds on a clock that never jumps."""
        return self.clock.now()

    def images(self) -> tuple[tuple[CommitId, str], ...]:
        """Return the commits an agent can be started from, newest first."""
        return self._images

    def programs(self) -> tuple[tuple[str, str], ...]:
        """Return the agent programs, each with the reason it cannot be started, or empty text."""
        ordered = sorted(self.source.programs, key=lambda program: program.name != self.source.default_program)
        return tuple((program.name, program.reason) for program in ordered)

    def focus(self, agent: AgentId | None) -> None:
        """Name the agent the operator looks at."""
        self.recorder.focus(agent)

    def agent_named(self, name: str) -> Agent:
        """Return an agent by name or id.

        Raises:
            NotFound: there is none; names the ones there are.
        """
        agent = self.world.agent_named(name)
        if agent is None:
            known = ", ".join(sorted(agent.name for agent in self.world.agents.values())) or "none"
            raise NotFound(f"there is no agent named {name}", hint=f"agents here: {known}")
        return agent

    # --- orders --------------------------------------------------------------------------------------

    def disabled_reason(self, command: Command) -> str:
        """Say why a command would be refused now, or return empty text."""
        match command:
            case Prompt() | Steer() | FollowUp() | Abort() | Answer():
                return self._agent_refusal(command)
            case Relaunch(agent=agent_id):
                agent = self.world.agents.get(agent_id)
                if agent is None:
                    return "there is no such agent"
                return "" if agent.process.state is ProcessState.DEAD else "the agent is not dead"
            case Spawn():
                return self.spawner.refusal(command)
            case Pause() | Resume() | Destroy() | Commit() | Branch():
                return self.operations.refusal(command)
            case CreateTask() | MoveTask() | AssignTask() | NoteTask():
                return board.refusal(self.source, self.fleet, command)

    def _agent_refusal(self, command: AgentCommand) -> str:
        agent = self.world.agents.get(command.agent)
        if agent is None:
            return "there is no such agent"
        if self.world.power(agent.vm_id) in (Power.PAUSED, Power.SLEEPING):
            return f"{agent.name}'s VM is paused: resume it first"
        if agent.process.state is ProcessState.DEAD:
            return f"{agent.name}'s process is dead: relaunch it first"
        if agent.link.state not in (LinkState.UP, LinkState.SILENT):
            return f"{agent.name}'s VM is not connected: {agent.link.reason or agent.link.state.value}"
        match command:
            case Prompt(text=text) | Steer(text=text) | FollowUp(text=text) if not text.strip():
                return "there is no text"
            case Answer(dialog_id=dialog_id):
                open_ids = {dialog.request.dialog_id for dialog in agent.activity.dialogs}
                return "" if dialog_id in open_ids else "that question is no longer open"
        return ""

    def dispatch(self, command: Command) -> CommandId:
        """Order something; the receipt is in the snapshot when this returns."""
        command_id = CommandId(f"ck-{uuid.uuid4().hex[:12]}")
        now = self.clock.now()
        agent_id, target = target_of(command, self.world.agents, self.world.vms)
        receipt = Receipt(command_id, agent_id, VERBS[type(command)], text_of(command), Stage.PENDING, now)
        if isinstance(command, AgentCommand):
            self.book.add(receipt)
        self.world.put_receipt(receipt)
        reason = self.disabled_reason(command)
        if reason:
            self._fail(command_id, reason)
        else:
            task = asyncio.create_task(self._carry_out(command, command_id, target), name=f"{receipt.verb} {target}")
            self._acts.add(task)
            task.add_done_callback(self._acts.discard)
        return command_id

    async def _carry_out(self, command: Command, command_id: CommandId, target: str) -> None:
        """Run one order to its end; its failure is its receipt's, never the engine's."""
        receipt = self.world.receipts[command_id]
        await self.store.save_receipt(receipt)
        await self.store.audit(self.clock.now(), receipt.verb, target, receipt.text)
        try:
            match command:
                case Prompt() | Steer() | FollowUp() | Abort() | Answer():
                    attachment = self.roster.attachment(command.agent)
                    if attachment is None:
                        raise CockpitError("the agent is not attached", hint="wait for its link")
                    await attachment.sender.send(self.world.agents[command.agent], command, command_id)
                    return
                case CreateTask() | MoveTask() | AssignTask() | NoteTask():
                    await board.carry_out(self.source, command)
                    self.watcher.look_at_board()
                case _:
                    await self._operate(command, command_id, receipt.verb, target)
        except CockpitError as error:
            self._fail(command_id, str(error))
        except Exception as error:
            log.exception("%s %s failed", receipt.verb, target)
            self._fail(command_id, f"internal error, see the log file: {error!r}")
        else:
            self.world.put_receipt(advance(self.world.receipts[command_id], Stage.DONE, self.clock.now()))
        await self.store.save_receipt(self.world.receipts[command_id])

    async def _operate(self, command: Command, command_id: CommandId, verb: str, target: str) -> None:
        progress = Progress(self.world, OperationId(command_id), verb, target)
        try:
            match command:
                case Spawn():
                    await self.spawner.spawn(command, progress)
                case Relaunch(agent=agent_id):
                    attachment = self.roster.attachment(agent_id)
                    if attachment is None:
                        raise CockpitError("the agent is not attached", hint="wait for its link")
                    await self.spawner.start_again(self.world.agents[agent_id], attachment, progress)
                case Pause():
                    await self.operations.pause(command, progress)
                case Resume():
                    await self.operations.resume(command, progress)
                case Destroy():
                    await self.operations.destroy(command, progress)
                case Commit():
                    await self.operations.commit(command, progress)
                    await self._read_images()
                case Branch():
                    await self.operations.branch(command, progress)
        except BaseException as error:
            progress.finish(error)
            raise
        progress.finish()

    def _fail(self, command_id: CommandId, reason: str) -> None:
        self.book.failed(command_id, self.clock.now(), reason)
        receipt = self.world.receipts[command_id]
        self.world.put_receipt(advance(receipt, Stage.FAILED, self.clock.now(), reason))

    # --- waiting -------------------------------------------------------------------------------------

    def reached(self, receipt: Receipt, stage: Stage) -> bool:
        """Say whether a receipt has come at least as far as a stage, without having failed."""
        if receipt.stage in (Stage.FAILED, Stage.UNCONFIRMED):
            return False
        return STAGE_ORDER.index(receipt.stage) >= STAGE_ORDER.index(stage)

    async def outcome(
        self, command_id: CommandId, *, until: Stage = Stage.DONE, timeout: float | None = None
    ) -> Receipt:
        """Wait until a command has come at least as far as a stage, or has ended otherwise.

        Returns the receipt as it stands, also when the seconds ran out first.
        """
        reached = STAGE_ORDER.index(until)

        def there() -> bool:
            stage = self.world.receipts[command_id].stage
            return is_closed(self.world.receipts[command_id]) or STAGE_ORDER.index(stage) >= reached

        await self.world.until(there, timeout)
        return self.world.receipts[command_id]

    async def settled(self, timeout: float) -> None:
        """Wait until every wanted agent's link was tried and, where it is up, its stream was read to its end."""
        await self.world.until(self.roster.settled, timeout)

    async def idle(self) -> None:
        """Return when nothing is in flight: no operation, no unsent command."""
        while self._acts:
            await asyncio.gather(*self._acts, return_exceptions=True)
        await self.store.flush()


STAGE_ORDER = (
    Stage.PENDING,
    Stage.WRITTEN,
    Stage.ACCEPTED,
    Stage.QUEUED,
    Stage.STEERING,
    Stage.CONSUMED,
    Stage.DONE,
    Stage.FAILED,
    Stage.UNCONFIRMED,
)
"""Stages from the earliest to the latest."""
