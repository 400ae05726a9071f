"""What is done about budgets, idle VMs and refused agents: each an operation with its steps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from cockpit.agents.scaffold.remains import SCRIPT_LIMIT, parse_remains, remains_script
from cockpit.engine.commands.vm_operations import FleetOperations
from cockpit.engine.on_vm import connection_of
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, NotFound, Refused
from cockpit.model.ages import span_text
from cockpit.model.commands.agent import run_of
from cockpit.model.commands.command import Command
from cockpit.model.commands.usage import (
    GO_ON,
    BudgetAct,
    ChangeBudget,
    ContinueLimited,
    FreezeForBudget,
    PauseIdle,
    ResumeAndSend,
    UsageCommand,
)
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.content import Usage
from cockpit.model.fleet import Power
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.names import vm_called
from cockpit.model.operation import Part
from cockpit.model.reduce.tools import one_line
from cockpit.model.refusals.grounds import Refusal
from cockpit.model.standstill import CONTINUED, FROZEN, STOPPED, UNREACHABLE
from cockpit.model.usage.days import date_of
from cockpit.model.usage.idle import why_not_idle
from cockpit.model.usage.standing import FLEET, BudgetRecord, BudgetStage, Limit, Standing
from cockpit.store.store import Store

TOLD = "told to go on"


class UsageActs:
    """Carries the commands about usage out."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        operations: FleetOperations,
        session_of: Callable[[AgentId], AgentSession | None],
        refusal: Callable[[Command], Refusal | None],
        dispatch: Callable[[Command], CommandId],
    ) -> None:
        """Prepare.

        Args:
            refusal: says why a command would be refused now.
            dispatch: sends texts, each with a receipt of its own.
        """
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._operations = operations
        self._session_of = session_of
        self._refusal = refusal
        self._dispatch = dispatch
        self._of_sources: Callable[[], Mapping[str, UsageActs]] = lambda: {source.name: self}

    def join(self, of_sources: Callable[[], Mapping[str, UsageActs]]) -> None:
        """Reach VMs and agents of all sources, each by its own: a budget of the fleet, and a limit, know no borders.

        Args:
            of_sources: returns what does so, by the name of its source.
        """
        self._of_sources = of_sources

    def _for_vm(self, vm_id: VmId) -> UsageActs:
        vm, agent = self._fleet_state.vms.get(vm_id), self._fleet_state.agent_on(vm_id)
        name = vm.source if vm is not None else agent.source if agent is not None else ""
        return self._of_sources().get(name, self)

    async def _freeze_one(self, vm_id: VmId) -> None:
        await self._for_vm(vm_id)._operations.freeze(vm_id)

    async def _thaw_one(self, vm_id: VmId) -> None:
        await self._for_vm(vm_id)._operations.thaw(vm_id)

    async def carry_out(self, command: UsageCommand, progress: OperationProgress) -> None:
        """Carry a command out.

        Raises:
            CockpitError: it failed; what became of each VM stands in the operation.
        """
        match command:
            case ChangeBudget():
                await self._change(command, progress)
            case FreezeForBudget():
                await self._freeze(command, progress)
            case PauseIdle():
                await self._pause_idle(command, progress)
            case ResumeAndSend(vm=vm_id, then=then):
                await self._operations.resume(Resume(vm_id), progress)
                with progress.step("send"):
                    self._dispatch(then)
            case ContinueLimited():
                self._continue(command, progress)

    # --- budgets -------------------------------------------------------------------------------------

    async def _record(self, scope: str) -> BudgetRecord:
        return (await self._store.budgets.all()).get(scope) or BudgetRecord(scope)

    def _standing(self, scope: str) -> Standing | None:
        return next((one for one in self._fleet_state.spending.budgets if one.scope == scope), None)

    async def _put(self, record: BudgetRecord, **changes: object) -> BudgetRecord:
        """Write down what is done about a budget, with what was spent until then."""
        now = self._fleet_state.clock.now()
        standing = self._standing(record.scope)
        spent = standing.spent if standing is not None else Usage()
        period = date_of(now) if record.scope == FLEET else ""
        record = replace(record, spent=spent, at=now, period=period)
        record = replace(record, **changes)  # type: ignore[arg-type]
        await self._store.budgets.put(record)
        return record

    async def _freeze(self, command: FreezeForBudget, progress: OperationProgress) -> None:
        record = await self._record(command.scope)
        vms = tuple(dict.fromkeys((*record.vms, *command.vms)))
        with progress.step("write it down"):
            progress.detail(command.why)
            record = await self._put(record, stage=BudgetStage.FREEZING, vms=vms)
        failed = await self._each(command.vms, "freeze", FROZEN, self._freeze_one, progress)
        await self._put(record, stage=BudgetStage.FROZEN)
        _check(failed, "not frozen", "freeze them with `cockpit pause --now`")

    async def _change(self, command: ChangeBudget, progress: OperationProgress) -> None:
        record = await self._record(command.scope)
        match command.act:
            case BudgetAct.SET | BudgetAct.RAISE:
                limit = _joined(command.limit, record.limit)
                with progress.step("write it down"):
                    record = await self._put(record, limit=limit, stage=BudgetStage.OPEN)
                if command.act is BudgetAct.RAISE:
                    await self._resume(record, progress)
            case BudgetAct.REMOVE:
                with progress.step("write it down"):
                    record = await self._put(record, limit=Limit(), stage=BudgetStage.OPEN)
                await self._resume(record, progress)
            case BudgetAct.FINISH:
                with progress.step("write it down"):
                    record = await self._put(record, stage=BudgetStage.FINISHING)
                await self._resume(record, progress)
            case BudgetAct.STOP:
                with progress.step("write it down"):
                    record = await self._put(record, stage=BudgetStage.FINISHING)
                stop = partial(self._stop, progress=progress)
                failed = await self._each(record.vms, "end the run of", STOPPED, stop, progress)
                await self._put(record, stage=BudgetStage.STOPPED)
                _check(failed, "did not stop", "stop them with `cockpit stop-all`")

    async def _resume(self, record: BudgetRecord, progress: OperationProgress) -> None:
        """Continue what was frozen for a budget; what runs already was continued by somebody else."""
        paused = [vm for vm in record.vms if self._fleet_state.power(vm) in (Power.PAUSED, Power.SLEEPING)]
        failed = await self._each(paused, "resume", CONTINUED, self._thaw_one, progress)
        left = tuple(vm for vm in record.vms if vm in {one for one, _ in failed})
        await self._store.budgets.put(replace(await self._record(record.scope), vms=left))
        _check(failed, "not resumed", "resume them one by one")

    async def _stop(self, vm_id: VmId, progress: OperationProgress) -> None:
        """Continue a VM as long as it takes its agent to end its run, and pause it again."""
        if self._fleet_state.power(vm_id) is not Power.RUNNING:
            await self._thaw_one(vm_id)
        name = vm_called(vm_id, self._fleet_state.agents.values())
        await self._for_vm(vm_id)._operations.pause(Pause(vm_id, abort=True), progress.of(name))

    async def _each(
        self,
        vms: Sequence[VmId],
        what: str,
        outcome: str,
        act: Callable[[VmId], Awaitable[object]],
        progress: OperationProgress,
    ) -> list[tuple[VmId, str]]:
        """Do something to several VMs at the same time; return those where it failed, with why."""
        failed: list[tuple[VmId, str]] = []

        async def one(vm_id: VmId) -> None:
            name = vm_called(vm_id, self._fleet_state.agents.values())
            try:
                with progress.beside(f"{what} {name}"):
                    await act(vm_id)
            except NotFound as error:
                progress.part(Part(name, vm_id, "gone", error.message))
            except CockpitError as error:
                failed.append((vm_id, f"{name}: {describe(error)}"))
                progress.part(Part(name, vm_id, UNREACHABLE, describe(error)))
            else:
                progress.part(Part(name, vm_id, outcome))

        async with asyncio.TaskGroup() as tasks:
            for vm_id in vms:
                tasks.create_task(one(vm_id))
        return failed

    # --- idle VMs and refused agents -----------------------------------------------------------------

    async def _pause_idle(self, command: PauseIdle, progress: OperationProgress) -> None:
        agent = self._fleet_state.agent_on(command.vm)
        if agent is None:
            raise Refused("no agent of it is known")
        with progress.step("look for what runs there"):
            connection = await connection_of(self._session_of(agent.id), agent.id)
            script = remains_script(self._source.paths_of(agent), command.vm)
            done = await connection.run(script, timeout=SCRIPT_LIMIT + 2.0)
            found = parse_remains(done.exit_code, done.stdout, done.stderr, place=self._source.place_words(command.vm))
            # What was said to the agent while its VM was looked at counts.
            sentence = why_not_idle(command.vm, self._fleet_state.snapshot())
            if found.processes:
                sentence = f"{len(found.processes)} of its processes run there: {one_line(found.processes[0], 80)}"
            elif found.unknown and not sentence:
                sentence = "; ".join(found.unknown)
            progress.detail(f"left as it is: {sentence}" if sentence else f"nothing; idle {span_text(command.idle)}")
        if not sentence:
            await self._operations.pause(Pause(command.vm), progress)

    def _continue(self, command: ContinueLimited, progress: OperationProgress) -> None:
        failed: list[tuple[VmId, str]] = []
        with progress.step("tell them to go on"):
            progress.detail(command.cause)
            for agent_id in command.agents:
                agent = self._fleet_state.agents.get(agent_id)
                if agent is None:
                    continue
                order, own = run_of(agent_id, GO_ON), self._of_sources().get(agent.source, self)
                refused = own._refusal(order)
                if refused is None:
                    own._dispatch(order)
                    progress.part(Part(agent.name, agent.vm_id, TOLD))
                else:
                    failed.append((agent.vm_id, f"{agent.name}: {refused.sentence}"))
                    progress.part(Part(agent.name, agent.vm_id, UNREACHABLE, refused.sentence))
        _check(failed, "not told", "see `cockpit why`")


def _joined(new: Limit, old: Limit) -> Limit:
    """Return a new limit; the part that it leaves open stays as it was."""
    return Limit(new.cost if new.cost is not None else old.cost, new.tokens if new.tokens is not None else old.tokens)


def _check(failed: list[tuple[VmId, str]], what: str, hint: str) -> None:
    if failed:
        raise Refused(f"{len(failed)} were {what}: {'; '.join(words for _, words in failed)}", hint=hint)
