"""Acts on VMs besides spawn: pause, resume, destroy, commit, branch, trust a host key; each shows its steps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from cockpit.engine.commands.keeping import Keeping
from cockpit.engine.commands.registration import say_status
from cockpit.engine.operation import OperationProgress
from cockpit.engine.saving import saved
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.link import VmLink
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, NotFound, Refused, TimedOut
from cockpit.model.ages import span_text
from cockpit.model.commands.life import Destroy
from cockpit.model.commands.vm import Branch, Commit, Pause, Resume, TrustHostKey
from cockpit.model.dwelling import its_words
from cockpit.model.fleet import LinkState, Power, Vm, is_at_work
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.kept import KEEP_STEP, KeptCommit, KeptFor, KeptState
from cockpit.model.names import vm_called
from cockpit.model.receipts.receipt import Stage
from cockpit.store.store import Store
from cockpit.vers.errors import EffectUnknown
from cockpit.vers.look import Found, Missing

log = logging.getLogger(__name__)

POWER_LIMIT = 60.0
"""Seconds for a VM to become what a command makes of it."""

LINK_LIMIT = 60.0

ABORT_LIMIT = 60.0
"""Seconds an agent has to end its run before its VM is frozen."""

POLL = 0.5


class FleetOperations:
    """Pause, resume, destroy, commit, branch, trust a host key."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        agent_session: Callable[[AgentId], AgentSession | None],
        gone: Callable[[VmId], Awaitable[None]],
        keeping: Keeping,
        abort: Callable[[AgentId], CommandId],
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._agent_session = agent_session
        self._gone = gone
        self._keeping = keeping
        self._abort = abort

    async def change_power(self, command: Pause | Resume, progress: OperationProgress) -> None:
        """Freeze a VM, or continue it."""
        await (self.pause(command, progress) if isinstance(command, Pause) else self.resume(command, progress))

    async def pause(self, command: Pause, progress: OperationProgress) -> None:
        """Freeze a VM, after its agent's run has ended where that is wanted; its silence is expected from then on."""
        agent = self._fleet_state.agent_on(command.vm)
        if command.abort and agent is not None and is_at_work(agent):
            with progress.step("abort"):
                ordered = self._abort(agent.id)

                def failed() -> bool:
                    return self._fleet_state.receipts[ordered].stage is Stage.FAILED

                await self._fleet_state.until(lambda: not self._works(agent.id) or failed(), ABORT_LIMIT)
                if failed():
                    raise Refused(self._fleet_state.receipts[ordered].reason, hint="pause it with --now to freeze it")
                if self._works(agent.id):
                    its = its_words(self._vm(command.vm))
                    raise TimedOut(
                        f"{agent.name} still works {ABORT_LIMIT:.0f} s after the abort; {its} was not paused",
                        hint="pause it with --now to freeze it as it is",
                    )
        with progress.step(f"pause {self._what}"):
            await self._source.vers.set_power(command.vm, True)
        with progress.step("confirm"):
            await self._until(command.vm, (Power.PAUSED, Power.SLEEPING))
        self._wake(command.vm)
        await say_status(self._source, command.vm, "paused")

    async def resume(self, command: Resume, progress: OperationProgress) -> None:
        """Continue a VM and come back to its agent."""
        with progress.step(f"resume {self._what}"):
            await self._source.vers.set_power(command.vm, False)
        with progress.step("confirm"):
            await self._until(command.vm, (Power.RUNNING,))
        await say_status(self._source, command.vm, "running")
        await self.forget_frozen(command.vm)
        await self._reach_again(command.vm, progress)

    async def freeze(self, vm_id: VmId) -> None:
        """Freeze a VM and return once it is known to be frozen.

        Raises:
            CockpitError: it is not, or that is not known.
        """
        await self._source.vers.set_power(vm_id, True)
        await self._until(vm_id, (Power.PAUSED, Power.SLEEPING))
        self._wake(vm_id)
        await say_status(self._source, vm_id, "paused")

    async def thaw(self, vm_id: VmId) -> str:
        """Continue a VM, and return what proves that it goes on.

        Raises:
            CockpitError: it does not run, or does not answer.
        """
        await self._source.vers.set_power(vm_id, False)
        await self._until(vm_id, (Power.RUNNING,))
        await say_status(self._source, vm_id, "running")
        await self.forget_frozen(vm_id)
        link = self._link_to(vm_id)
        if link is None:
            return f"{its_words(self._vm(vm_id))} runs"
        await self._until_linked(vm_id, link)
        return f"{its_words(self._vm(vm_id))} runs, and answers"

    async def forget_frozen(self, vm_id: VmId) -> None:
        """Forget that a VM was frozen with all others: it runs again, or is gone."""
        if self._fleet_state.frozen.pop(vm_id, None) is not None:
            self._fleet_state.changed()
            await saved(self._store.frozen.forget(vm_id))

    async def trust_host_key(self, command: TrustHostKey, progress: OperationProgress) -> None:
        """Trust the key a VM showed, and no other one of it any more."""
        identity = self._source.endpoint(command.vm).identity
        with progress.step("trust its host key"):
            self._store.distrust(identity)
            self._store.trust(identity, command.key)
        await self._reach_again(command.vm, progress)

    async def _reach_again(self, vm_id: VmId, progress: OperationProgress) -> None:
        """Connect to a VM at once, where an agent of it is attached, and wait until the link is up."""
        link = self._link_to(vm_id)
        if link is not None:
            with progress.step("reach it again"):
                await self._until_linked(vm_id, link)

    async def _until_linked(self, vm_id: VmId, link: VmLink) -> None:
        link.wake()
        await link.ready(LINK_LIMIT)
        if not await self._fleet_state.until(lambda: self._linked(vm_id), LINK_LIMIT):
            raise TimedOut(f"{self._named(vm_id)} runs, but its link did not come back within {LINK_LIMIT:.0f} s")

    def _linked(self, vm_id: VmId) -> bool:
        agent = self._fleet_state.agent_on(vm_id)
        return agent is None or agent.link.state is LinkState.UP

    async def destroy(self, command: Destroy, progress: OperationProgress) -> None:
        """Delete a VM. What is known of its agent stays in the store; nothing is dropped before the API confirmed."""
        kept = await self._kept(command, progress)
        with progress.step("delete VM"):
            await self._delete(command.vm, kept)
        if kept is not None:
            await self._keeping.moved(kept, KeptState.KEPT)
        await self._gone(command.vm)
        await self.forget_frozen(command.vm)
        if self._source.entered_in is not None:
            with progress.step("deregister"):
                try:
                    await self._source.entered_in.deregister(command.vm)
                except NotFound:
                    progress.detail("it was not registered")
                except CockpitError as error:
                    # The VM is gone all the same, and an entry without a VM is shown to nobody.
                    log.warning("VM %s is still registered: %s", command.vm, error)
                    progress.detail(f"its entry stays: {error.message}")

    async def _kept(self, command: Destroy, progress: OperationProgress) -> KeptCommit | None:
        """Take the commit by which a destroy can be undone; None where none is wanted, or no VM is left to commit.

        Raises:
            Refused: it is impossible; nothing was deleted.
        """
        if not command.undo or not self._source.undo_seconds:
            return None
        with progress.step(KEEP_STEP):
            try:
                kept = await self._keeping.take(command.vm, KeptFor.UNDO, kept_for=self._source.undo_seconds)
            except CockpitError as error:
                if isinstance(await self._source.vers.look(command.vm), Missing):
                    progress.detail("there is no VM any more that could be committed")
                    return None
                raise Refused(
                    f"no commit can be taken by which this could be undone: {error.message}; nothing was deleted",
                    hint="destroy it with --no-undo to delete it all the same",
                ) from error
            progress.detail(f"{kept.commit}, kept for {span_text(self._source.undo_seconds)}")
        return kept

    async def _delete(self, vm_id: VmId, kept: KeptCommit | None) -> None:
        try:
            await self._source.vers.delete(vm_id)
        except EffectUnknown:
            raise  # The next look finds out what became of the VM.
        except CockpitError as error:
            if kept is not None:
                await self._keeping.moved(kept, KeptState.KEPT, f"its VM was not deleted: {error.message}")
            raise

    async def commit(self, command: Commit, progress: OperationProgress) -> None:
        """Take a snapshot; a paused VM stays paused."""
        with progress.step("commit"):
            kept = await self._keeping.take(command.vm, KeptFor.COMMIT, name=command.name)
            progress.detail(kept.commit or "")

    async def checkpoint(self, vm_id: VmId, prompt: str, progress: OperationProgress) -> None:
        """Take the commit before a text, to which one can go back."""
        with progress.step("checkpoint"):
            kept = await self._keeping.take(vm_id, KeptFor.CHECKPOINT, prompt=prompt)
            progress.detail(kept.commit or "")

    async def branch(self, command: Branch, progress: OperationProgress) -> tuple[VmId, ...]:
        """Copy a VM and return the copies; a paused VM stays paused."""
        paused = self._fleet_state.power(command.vm) is Power.PAUSED
        with progress.step(f"branch × {command.count}"):
            result = await self._source.vers.branch(command.vm, count=command.count, keep_paused=paused)
            now = self._fleet_state.clock.now()
            for vm_id in result.vms:
                self._fleet_state.put_vm(Vm(vm_id, created_at=now, seen_at=now, source=self._source.name))
            progress.detail(", ".join(result.vms))
            if result.error:
                raise Refused(f"{len(result.vms)} of {result.wanted} copies were made: {result.error}")
            if result.unseen and self._fleet_state.agent_on(command.vm) is None:
                # Where an agent is started on each copy, that shows whether it is there.
                named = f"the answer names {', '.join(result.vms)}"
                raise EffectUnknown(
                    f"{named}; whether the copies are there is unknown: {result.unseen}",
                    hint="look at the VM list before you try again",
                )
        return tuple(result.vms)

    def _works(self, agent_id: AgentId) -> bool:
        agent = self._fleet_state.agents.get(agent_id)
        return agent is not None and is_at_work(agent)

    async def _until(self, vm_id: VmId, wanted: tuple[Power, ...]) -> None:
        last, evidence = Power.UNKNOWN, ""
        try:
            async with asyncio.timeout(POWER_LIMIT):
                while True:
                    try:
                        last = Power((await self._source.vers.status(vm_id)).power)
                    except CockpitError as error:
                        # A VM that sleeps answers 409 to status, a proxy anything: both list and status are asked.
                        log.info("status of VM %s: %s", vm_id, error)
                        seen = await self._source.vers.look(vm_id)
                        evidence = f": {seen.evidence}"
                        if isinstance(seen, Missing):
                            raise NotFound(
                                f"{self._named(vm_id)} is gone: {seen.evidence}", hint="see `cockpit vms`"
                            ) from error
                        last = Power(seen.record.power) if isinstance(seen, Found) else Power.UNKNOWN
                    vm = self._fleet_state.vms.get(vm_id)
                    if vm is not None:
                        self._fleet_state.put_vm(replace(vm, power=last, seen_at=self._fleet_state.clock.now()))
                    if last in wanted:
                        return
                    await asyncio.sleep(POLL)
        except TimeoutError:
            if last is Power.UNKNOWN:
                raise EffectUnknown(
                    f"whether {self._named(vm_id)} is {wanted[0].value} is unknown after {POWER_LIMIT:.0f} s{evidence}",
                    hint="look at it there; the command itself was accepted",
                ) from None
            raise TimedOut(
                f"{self._named(vm_id)} is still {last.value} after {POWER_LIMIT:.0f} s",
                hint="look at it there; the command itself was accepted",
            ) from None

    @property
    def _what(self) -> str:
        """What is paused and resumed here, in a word."""
        return "agent" if self._source.plain_host is not None else "VM"

    def _vm(self, vm_id: VmId) -> Vm | None:
        return self._fleet_state.vms.get(vm_id)

    def _named(self, vm_id: VmId) -> str:
        """Name what is paused or resumed: a VM, or an agent on a host, where another one may go on."""
        if self._source.plain_host is None:
            return f"VM {vm_id}"
        return f"{vm_called(vm_id, self._fleet_state.agents.values())} on host {self._source.name}"

    def _link_to(self, vm_id: VmId) -> VmLink | None:
        agent = self._fleet_state.agent_on(vm_id)
        agent_session = self._agent_session(agent.id) if agent is not None else None
        return agent_session.link if agent_session is not None else None

    def _wake(self, vm_id: VmId) -> None:
        link = self._link_to(vm_id)
        if link is not None:
            link.wake()
