"""Commands: refused with a reason, or carried out in a task of their own, with a receipt from beginning to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace

from cockpit.agents.kinds import adapter_of
from cockpit.engine.changes.acts import WorkActs
from cockpit.engine.commands import board
from cockpit.engine.commands.clean_commit import CleanCommits
from cockpit.engine.commands.copies import copy_names, start_copies
from cockpit.engine.commands.creations import Creations
from cockpit.engine.commands.dismissal import Dismissals
from cockpit.engine.commands.hand_over import HandOvers
from cockpit.engine.commands.identities import Identities
from cockpit.engine.commands.keeping import Keeping
from cockpit.engine.commands.launch_record import spawn_of
from cockpit.engine.commands.many import ManyAgents
from cockpit.engine.commands.platform import PlatformOrders
from cockpit.engine.commands.publishing import publish
from cockpit.engine.commands.requeueing import QueueOrders
from cockpit.engine.commands.restoration import Restorations
from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.commands.vm_operations import FleetOperations
from cockpit.engine.coordination.acts import SharedActs
from cockpit.engine.coordination.answering import OwedAnswers
from cockpit.engine.coordination.inbox import InboxActs
from cockpit.engine.describe import VERBS, images_of, target_of, text_of
from cockpit.engine.images.acts import ImageActs
from cockpit.engine.images.builder import ImageBuilder
from cockpit.engine.infrastructure.maker import InfraMaker
from cockpit.engine.living import living
from cockpit.engine.operation import OperationProgress
from cockpit.engine.plans.orders import PlanOrders
from cockpit.engine.reach.reach import Reach
from cockpit.engine.saving import saved
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.engine.usage.acts import UsageActs
from cockpit.errors import CockpitError, Undecided
from cockpit.model.commands.agent import Abort, AgentCommand, ClearQueue
from cockpit.model.commands.board import BoardCommand, HandOverTask
from cockpit.model.commands.command import Command
from cockpit.model.commands.conversation import SetPermissionMode
from cockpit.model.commands.feed import PublishEvent
from cockpit.model.commands.images import BuildImage, DeleteImage, DescribeImage
from cockpit.model.commands.inbox import InboxCommand
from cockpit.model.commands.life import (
    Adopt,
    Deregister,
    Destroy,
    Dismiss,
    Recall,
    Relaunch,
    Rename,
    Restore,
    SetFindable,
    Spawn,
    Undo,
)
from cockpit.model.commands.owed import OwedCommand
from cockpit.model.commands.plan import PlanCommand
from cockpit.model.commands.ports import EndBridge, EndForward, OpenBridge, OpenForward
from cockpit.model.commands.queue import ChangeQueue
from cockpit.model.commands.shared import SharedCommand
from cockpit.model.commands.swarm import BestOf, ContinueAll, FanOut, StopAll, Teardown
from cockpit.model.commands.usage import UsageCommand
from cockpit.model.commands.vm import Branch, Checkpoint, Commit, Pause, Resume, Retry, TrustHostKey
from cockpit.model.commands.work import BeginTask, RestoreFiles
from cockpit.model.ids import OWN_COMMANDS, CommandId, OperationId
from cockpit.model.platform import ChangeCommit, DeleteCommit, PlatformCommand, TagCommit, Untag
from cockpit.model.receipts.flow import TEXT_VERBS
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.receipts.stages import advance
from cockpit.model.refusals.grounds import Refusal, RefusalCode
from cockpit.model.refusals.refusal import refusal
from cockpit.model.refusals.spawn import of_mode
from cockpit.store.store import Store

log = logging.getLogger(__name__)


class Dispatcher:
    """Takes commands and carries them out."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        agent_sessions: AgentSessions,
        book: ReceiptBook,
        *,
        creations: Creations,
        keeping: Keeping,
        board_changed: Callable[[], None],
        images_changed: Callable[[], Awaitable[None]],
        reach: Reach,
    ) -> None:
        self.under_way: set[asyncio.Task[None]] = set()
        """Commands under way."""
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._agent_sessions = agent_sessions
        self._book = book
        self._board_changed = board_changed
        self._images_changed = images_changed
        self._creations = creations
        self._spawner = Spawner(
            fleet_state,
            store,
            source,
            creations,
            agent_sessions.attach,
            agent_sessions.detach,
            agent_sessions.agent_session,
        )
        self._operations = FleetOperations(
            fleet_state,
            store,
            source,
            agent_sessions.agent_session,
            agent_sessions.vm_gone,
            keeping,
            lambda agent: self.dispatch(Abort(agent)),
        )
        builder = ImageBuilder(fleet_state, source, creations, agent_sessions)
        self._images = ImageActs(source, builder, images_changed)
        self._restorations = Restorations(fleet_state, store, source, keeping, creations, self._spawner)
        self._identities = Identities(fleet_state, store, source, self._spawner.names, agent_sessions)
        self._platform = PlatformOrders(
            fleet_state,
            source,
            creations,
            agent_sessions.agent_session,
            InfraMaker(fleet_state, source, creations, agent_sessions),
        )
        self._clean_commits = CleanCommits(
            fleet_state, store, source, keeping, self._spawner, agent_sessions.agent_session
        )
        self._many = ManyAgents(
            fleet_state,
            store,
            source,
            creations,
            self._operations,
            self._spawner,
            agent_sessions.agent_session,
            self.refusal,
            self.dispatch,
            self._destroy,
        )
        self.usage = UsageActs(
            fleet_state,
            store,
            source,
            self._operations,
            agent_sessions.agent_session,
            self.refusal,
            self.dispatch,
        )
        """What is done about budgets, idle VMs and refused agents."""
        self._queue_orders = QueueOrders(fleet_state, store, book, agent_sessions.agent_session, self.dispatch)
        self._plans = PlanOrders(fleet_state, store, source)
        self._answers = OwedAnswers(fleet_state, store, source, self.dispatch)
        self._inbox = InboxActs(fleet_state, store)
        self.hand_overs = HandOvers(fleet_state, store, source, self.dispatch)
        """Hands tasks over; what was left of that is finished in the background."""
        self._reach = reach
        self._shared = SharedActs(fleet_state, source, agent_sessions.agent_session)
        self._work = WorkActs(fleet_state, source.paths_of, agent_sessions.agent_session)
        self._dismissals = Dismissals(fleet_state, store, source, agent_sessions.detach, agent_sessions.load)

    def refusal(self, command: Command) -> Refusal | None:
        """Return why a command would be refused now, or None."""
        refused = refusal(command, self._fleet_state.snapshot(), self._spawner.places.facilities())
        if refused is None and isinstance(command, Undo | Restore):
            return self._restorations.refusal(command)
        if refused is not None or not isinstance(command, AgentCommand | ChangeQueue):
            return refused
        agent = self._fleet_state.agents[command.agent]
        kind, adapter = type(command) if isinstance(command, AgentCommand) else ClearQueue, adapter_of(agent.program)
        if isinstance(command, SetPermissionMode):
            return of_mode(command.mode, agent.program, [word for word, _ in adapter.permission_modes])
        sentence = adapter.lacks(kind, agent) or (adapter.lacks_images(agent) if images_of(command) else "")
        return Refusal(RefusalCode.LACKING, sentence) if sentence else None

    def dispatch(self, command: Command, command_id: CommandId | None = None) -> CommandId:
        """Take a command; the receipt is in the snapshot when this returns.

        Args:
            command_id: its id, where that was written down before.
        """
        command_id = command_id or CommandId(f"{OWN_COMMANDS}{uuid.uuid4().hex[:12]}")
        now = self._fleet_state.clock.now()
        agent_id, target = target_of(command, self._fleet_state.snapshot())
        agent = self._fleet_state.agents.get(agent_id) if agent_id is not None else None
        place = (agent.epoch, agent.line) if agent is not None else None
        verb, text, images = VERBS[type(command)], text_of(command), images_of(command)
        receipt = Receipt(command_id, agent_id, verb, text, Stage.PENDING, now, place=place, images=images)
        if isinstance(command, AgentCommand):
            self._book.add(receipt)
        self._fleet_state.put_receipt(receipt)
        refused = self.refusal(command)
        if refused is not None:
            self._fail(command_id, refused.sentence)
        else:
            task = asyncio.create_task(self._carry_out(command, command_id, target), name=f"{receipt.verb} {target}")
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)
        return command_id

    async def _carry_out(self, command: Command, command_id: CommandId, target: str) -> None:
        """Run one command to its end; its failure is its receipt's, never the engine's."""
        receipt = self._fleet_state.receipts[command_id]
        await saved(self._store.save_receipt(receipt))
        await saved(self._store.audit(self._fleet_state.clock.now(), receipt.verb, target, receipt.text))
        try:
            if isinstance(command, AgentCommand):
                agent_session = self._agent_sessions.agent_session(command.agent)
                if agent_session is None:
                    raise CockpitError("the agent is not attached", hint="wait for its link")
                agent = living(command.agent, self._fleet_state)
                if receipt.verb in TEXT_VERBS and self._fleet_state.turn_watcher is not None:
                    self._fleet_state.turn_watcher.text_sent(agent, receipt.text)
                await agent_session.sender.send(agent, command, command_id)
                return
            if isinstance(command, BoardCommand):
                await board.carry_out(self._source, command, self._fleet_state.tasks)
                self._board_changed()
            elif isinstance(command, PublishEvent):
                self._fleet_state.add_feed([await publish(self._source, command)])
            else:
                await self._operate(command, command_id, receipt.verb, target)
        except Undecided as unknown:
            receipt = self._fleet_state.receipts[command_id]
            self._fleet_state.put_receipt(
                advance(receipt, Stage.UNCONFIRMED, self._fleet_state.clock.now(), str(unknown))
            )
        except CockpitError as error:
            self._fail(command_id, str(error))
        except Exception as error:
            log.exception("%s %s failed", receipt.verb, target)
            self._fail(command_id, f"internal error, see the log file: {error!r}")
        else:
            self._fleet_state.put_receipt(
                advance(self._fleet_state.receipts[command_id], Stage.DONE, self._fleet_state.clock.now())
            )
        await saved(self._store.save_receipt(self._fleet_state.receipts[command_id]))

    async def _operate(self, command: Command, command_id: CommandId, verb: str, target: str) -> None:
        progress = OperationProgress(self._fleet_state, OperationId(command_id), verb, target)
        try:
            match command:
                case Spawn():
                    await self._many.workers.spawn(command, progress)
                    await self._identities.made(command, progress)
                case Adopt() | Rename() | SetFindable() | Deregister():
                    await self._identities.carry_out(command, progress)
                case Relaunch():
                    await self._relaunch(command, progress)
                case Pause() | Resume():
                    await self._operations.change_power(command, progress)
                case Destroy():
                    await self._destroy(command, progress)
                case BestOf() | FanOut() | Teardown() | StopAll() | ContinueAll():
                    await self._many.carry_out(command, progress)
                case Undo() | Restore() | Commit() | Checkpoint() | Retry():
                    await self._keep_or_bring_back(command, verb, progress)
                case Dismiss() | Recall():
                    await self._dismissals.carry_out(command, progress)
                case ChangeQueue():
                    await self._queue_orders.carry_out(command, progress)
                case TrustHostKey():
                    await self._operations.trust_host_key(command, progress)
                case Branch():
                    await self._branch(command, verb, target, progress)
                case _ if isinstance(command, PlatformCommand):
                    await self._platform.carry_out(command, progress)
                    if isinstance(command, ChangeCommit | DeleteCommit | TagCommit | Untag):
                        await self._images_changed()
                case _ if isinstance(command, PlanCommand | OwedCommand | InboxCommand):
                    await self._coordinate(command, progress)
                case _ if isinstance(command, SharedCommand):
                    await self._shared.carry_out(command, progress)
                case OpenForward() | EndForward() | OpenBridge() | EndBridge():
                    await self._reach.carry_out(command, progress)
                case HandOverTask():
                    await self.hand_overs.carry_out(command, progress)
                    self._board_changed()
                case _ if isinstance(command, UsageCommand):
                    await self.usage.carry_out(command, progress)
                case RestoreFiles() | BeginTask():
                    await self._work.carry_out(command, progress)
                case BuildImage() | DescribeImage() | DeleteImage():
                    await self._images.carry_out(command, progress)
        except BaseException as error:
            progress.finish(error)
            raise
        progress.finish()

    async def _coordinate(self, command: PlanCommand | OwedCommand | InboxCommand, progress: OperationProgress) -> None:
        """Do what is about the shared state of the swarm."""
        if isinstance(command, PlanCommand):
            await self._plans.carry_out(command, progress)
            self._board_changed()
        elif isinstance(command, InboxCommand):
            await self._inbox.carry_out(command, progress)
        else:
            await self._answers.carry_out(command, progress)

    async def _keep_or_bring_back(
        self, command: Undo | Restore | Commit | Checkpoint | Retry, verb: str, progress: OperationProgress
    ) -> None:
        if isinstance(command, Commit):
            await (self._clean_commits if command.clean else self._operations).commit(command, progress)
            await self._images_changed()
            return
        if isinstance(command, Checkpoint):
            await self._operations.checkpoint(command.vm, text_of(command), progress)
            self.dispatch(command.then)
            return
        instead = command.vm if isinstance(command, Retry) else None
        wanted = Restore(command.commit) if isinstance(command, Retry) else command
        if isinstance(wanted, Restore) and (instead := instead or wanted.instead) is not None:
            await self._restorations.sure_before(wanted, instead, progress)
            await self._destroy(Destroy(instead), progress)
        agent = await self._restorations.restore(wanted, verb, progress)
        if isinstance(command, Retry) and agent is not None:
            await self._restorations.tried_again(command.commit, agent, text_of(command))
            self.dispatch(replace(command.then, agent=agent.id))

    async def _relaunch(self, command: Relaunch, progress: OperationProgress) -> None:
        agent_session = self._agent_sessions.agent_session(command.agent)
        if agent_session is None:
            raise CockpitError("the agent is not attached", hint="wait for its link")
        agent, change = living(command.agent, self._fleet_state), command.change_program
        await self._clean_commits.start_again(agent, agent_session, progress, change_program=change)

    async def _destroy(self, command: Destroy, progress: OperationProgress) -> None:
        await self._clean_commits.before_destroy(command.vm, progress)
        await self._operations.destroy(command, progress)
        await self._clean_commits.destroyed(command.vm, command.undo and self._source.undo_seconds > 0)
        await self._identities.destroyed(command.vm, progress)

    async def _branch(self, command: Branch, verb: str, target: str, progress: OperationProgress) -> None:
        original = self._fleet_state.agent_on(command.vm)
        wanted = spawn_of(original) if original is not None else None
        async with contextlib.AsyncExitStack() as block:
            claims = copy_names(self._fleet_state, self._spawner, wanted, command.count) if wanted is not None else None
            names = block.enter_context(claims) if claims is not None else ()
            written = self._creations.written_down(verb, target, f"vm {command.vm}", wanted)
            request = await block.enter_async_context(written)
            made = await self._operations.branch(command, progress)
            if wanted is not None:
                await self._creations.made(request, made)
                await start_copies(self._spawner, wanted, names, made, progress)

    def _fail(self, command_id: CommandId, reason: str) -> None:
        self._book.failed(command_id, self._fleet_state.clock.now(), reason)
        receipt = self._fleet_state.receipts[command_id]
        self._fleet_state.put_receipt(advance(receipt, Stage.FAILED, self._fleet_state.clock.now(), reason))
