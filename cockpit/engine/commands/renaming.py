"""Renaming: another name, role, labels or colour; id and history stay, and everything that names the agent follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cockpit.engine.commands.board import give_to
from cockpit.engine.commands.identity import IDENTITY_FILE, renamed_identity
from cockpit.engine.commands.names import Names
from cockpit.engine.commands.registration import register_again
from cockpit.engine.commands.sharing import Sharing
from cockpit.engine.living import living
from cockpit.engine.memory import keep_identity
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, Refused
from cockpit.model.commands.life import Rename
from cockpit.model.comparison import candidates_of, group_label
from cockpit.model.family import parents_of
from cockpit.model.fleet import Agent, Power
from cockpit.model.ids import AgentId
from cockpit.store.store import Store

READ_IDENTITY = f'head -c 8192 "$HOME/{IDENTITY_FILE}" 2>/dev/null'
WRITE_IDENTITY = f'umask 077; file=$HOME/{IDENTITY_FILE}; cat >"$file.new" && mv "$file.new" "$file"'
"""Takes the file on standard input."""

REACH_LIMIT = 10.0
"""Seconds its link gets to come up for that."""

FILE_LIMIT = 20.0
"""Seconds that one of them may take."""


class Renaming:
    """Gives agents other names."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        names: Names,
        sharing: Sharing,
        session_of: Callable[[AgentId], AgentSession | None],
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._names = names
        self._sharing = sharing
        self._session_of = session_of

    async def rename(self, command: Rename, progress: OperationProgress) -> None:
        """Carry out a command. The old name is free once this returns.

        Raises:
            CockpitError: the name is somebody's, or the disk refused to keep it.
        """
        agent = living(command.agent, self._fleet_state)
        if command.name == agent.name:
            await self._change(agent, command, progress)
            return
        async with self._names.reserved(command.name, agent.vm_id):
            await self._change(agent, command, progress)
        with progress.step("label the VM"):
            await self._names.label(command.name, agent.vm_id)
            if agent.process.run_id:
                progress.detail(f"its process calls itself {agent.name} until it is relaunched")
        await self._tell_vm(command.agent, progress)
        await self._give_tasks(agent.name, command.name, progress)

    async def _tell_vm(self, agent_id: AgentId, progress: OperationProgress) -> None:
        """Write the new name into the agent's identity file, by which it is known where no registry tells."""
        session, agent = self._session_of(agent_id), living(agent_id, self._fleet_state)
        link = session.link if session is not None else None
        with progress.step("tell it there"):
            if link is None or self._fleet_state.power(agent.vm_id) is not Power.RUNNING:
                progress.detail("it is not connected: its identity file has the new name after a relaunch")
                return
            try:
                connection = await link.ready(REACH_LIMIT)
                read = await connection.run(READ_IDENTITY, timeout=FILE_LIMIT)
                said = renamed_identity(read.stdout, living(agent_id, self._fleet_state))
                if said is None:
                    progress.detail("it has no identity file")
                    return
                done = await connection.run(WRITE_IDENTITY, stdin=said, timeout=FILE_LIMIT)
                if done.exit_status != 0:
                    raise Refused(done.stderr.decode("utf-8", "backslashreplace").strip() or "no reason was given")
            except CockpitError as error:
                progress.detail(f"its identity file has the former name until it is relaunched: {describe(error)}")

    async def _give_tasks(self, former: str, name: str, progress: OperationProgress) -> None:
        """Let the tasks on the board follow; what does not is said, and the agent is renamed all the same."""
        board = self._source.board
        if board is None:
            return
        with progress.step("its tasks"):
            if any(other.source == self._source.name for other in self._fleet_state.agents_called(former)):
                progress.detail(f"another agent is called {former}: whose the tasks are is not known, and they stay")
                return
            given, failures = await give_to(board, former, name)
            progress.detail("; ".join((f"{given} {'follows' if given == 1 else 'follow'}", *failures)))
            for failure in failures:
                self._fleet_state.notice(f"{former} is called {name} now, but {failure}")

    async def _change(self, agent: Agent, command: Rename, progress: OperationProgress) -> None:
        state, now = self._fleet_state, self._fleet_state.clock.now()
        children = [child for child, parent in parents_of(state.agents.values()).items() if parent == agent.id]
        with progress.step("rename"):
            await keep_identity(self._store, _renamed(living(agent.id, state), command, now))
            changed = _renamed(living(agent.id, state), command, now)  # It went on meanwhile.
            state.put_agent(changed)
        vm = state.vms.get(agent.vm_id)
        if vm is not None and vm.label in ("", agent.name):
            state.put_vm(replace(vm, label=changed.name))
        for child_id in children:
            # They know it by its name: what says which agent is meant is written down beside the new one.
            if (child := state.agents.get(child_id)) is not None:
                await self._follows(replace(child, parent=changed.name, parent_vm=changed.vm_id))
        if changed.name != agent.name:
            former, present = group_label(agent.name), group_label(changed.name)
            for copy in candidates_of(state.snapshot(), agent.name):
                if (known := state.agents.get(copy.id)) is not None:
                    labels = tuple(present if label == former else label for label in known.labels)
                    # By its time the registry, and other cockpits there, take it over from this one.
                    await self._follows(replace(known, labels=labels, named_at=now))
        with progress.step("register"):
            await register_again(self._source, changed, now, progress)
        if changed.findable:
            await self._sharing.enter_files(changed, progress)

    async def _follows(self, agent: Agent) -> None:
        self._fleet_state.put_agent(agent)
        await keep_identity(self._store, agent)


def _renamed(agent: Agent, command: Rename, now: float) -> Agent:
    return replace(
        agent, name=command.name, role=command.role, labels=command.labels, colour=command.colour, named_at=now
    )
