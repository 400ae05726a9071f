"""A commit without keys: the agent stands still, its key files are away, and it is started again in any case.

What is taken off the VM lies on this machine until it is back: a cockpit that is killed in between loses none of it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.agents.kinds import adapter_of
from cockpit.agents.scaffold.answers import parse_stop
from cockpit.agents.scaffold.key_files import (
    AGENTS_MARK,
    LIST_HOLDERS,
    LIST_KEY_FILES,
    PUT_KEY_FILES_BACK,
    READ_KEY_FILES,
    REMOVE_KEY_FILES,
    relative_to,
)
from cockpit.agents.scaffold.scripts import stop_script
from cockpit.engine.commands.keeping import Keeping
from cockpit.engine.commands.spawn import CONNECT_LIMIT, Spawner
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, Refused
from cockpit.model.commands.vm import Commit
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId, VmId
from cockpit.model.kept import KeptFor
from cockpit.paths import private_directory, write_private
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

STOP_LIMIT = 60.0
FILES_LIMIT = 60.0

MOST_BYTES = 8 << 20
"""Bytes all key files of a VM may have together."""


class CleanCommits:
    """Takes commits that hold no keys of an agent's, and puts back what an earlier one left away."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        source: Source,
        keeping: Keeping,
        spawner: Spawner,
        attached: Callable[[AgentId], AgentSession | None],
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._keeping = keeping
        self._spawner = spawner
        self._attached = attached

    async def commit(self, command: Commit, progress: OperationProgress) -> None:
        """Stop the agent, take its key files off the VM, commit, put them back and start the agent again.

        The last two are done whatever failed before.

        Raises:
            CockpitError: a step failed; says which, and whether the agent runs again.
        """
        agent = self._fleet_state.agent_on(command.vm)
        session = self._attached(agent.id) if agent is not None else None
        if agent is None or session is None or session.link is None:
            raise Refused(
                f"no agent on VM {command.vm} can be stopped from here", hint="without --clean it is committed as it is"
            )
        with self._alone(command.vm):
            await self._commit(command, agent, session, progress)

    @contextlib.contextmanager
    def _alone(self, vm_id: VmId) -> Iterator[None]:
        """Have a VM's key files to oneself for the time of the block: back in between, they would be in the commit.

        Raises:
            Refused: somebody else has them.
        """
        lease = f"clean {vm_id}"
        if not self._store.kept.take(lease):
            what = f"a commit of VM {vm_id} without its keys is under way, or its keys are being put back"
            raise Refused(what, hint="wait for its end")
        try:
            yield
        finally:
            self._store.kept.let_go(lease)

    async def _commit(self, command: Commit, agent: Agent, session: AgentSession, progress: OperationProgress) -> None:
        assert session.link is not None
        with progress.step("connect"):
            connection = await session.link.ready(CONNECT_LIMIT)
        await self._put_back(agent, session, progress)
        await self._check_conversation(agent, connection)
        try:
            with progress.step("stop the agent"):
                paths = self._source.paths_of(agent)
                done = await connection.run(stop_script(paths), timeout=STOP_LIMIT)
                parse_stop(done.exit_code, done.stdout, done.stderr, place=f"VM {command.vm}")
            with progress.step("take its keys out"):
                progress.detail(await self._take_out(agent, connection))
                await self._say_holders(agent, connection)
            with progress.step("commit"):
                kept = await self._keeping.take(command.vm, KeptFor.COMMIT, name=command.name)
                progress.detail(kept.commit or "")
        finally:
            await self._again(agent, session, progress)

    async def _check_conversation(self, agent: Agent, connection: Connection) -> None:
        """Look whether an agent can go on where it was after a stop: one may have been started to write nothing down.

        Raises:
            Refused: its conversation is in its process alone; nothing was done.
        """
        if not agent.turns:
            return
        script = adapter_of(agent.program).has_conversation_script(self._source.paths_of(agent))
        done = await connection.run(script, timeout=FILES_LIMIT)
        if done.exit_status != 0:
            raise Refused(
                f"no file on VM {agent.vm_id} holds the conversation of {agent.name}: stopped for a commit without its"
                " keys, it would begin anew",
                hint="commit it as it is, without --clean",
            )

    async def start_again(
        self, agent: Agent, session: AgentSession, progress: OperationProgress, *, change_program: bool
    ) -> None:
        """Start an agent's process once more, after what was taken off its VM and is still here was put back.

        Args:
            change_program: take another version of the program, too.

        Raises:
            CockpitError: its key files are away for a commit, or cannot be put back; or it does not start.
        """
        with self._alone(agent.vm_id):
            await self._put_back(agent, session, progress)
        await self._spawner.start_again(agent, session, progress, change_program=change_program)

    async def _put_back(self, agent: Agent, session: AgentSession, progress: OperationProgress) -> None:
        """Put back what was taken off an agent's VM and is still here; nothing where nothing is.

        Raises:
            CockpitError: it cannot be put back; it stays here.
        """
        file = self._file(agent.vm_id)
        if not await asyncio.to_thread(file.exists):
            return
        with progress.step("put its keys back"):
            assert session.link is not None
            connection = await session.link.ready(CONNECT_LIMIT)
            data = base64.b64decode(await asyncio.to_thread(file.read_bytes))
            done = await connection.run(PUT_KEY_FILES_BACK, relative_to(data), stdin=data, timeout=FILES_LIMIT)
            if done.exit_status != 0:
                said = done.stderr.decode("utf-8", "backslashreplace").strip()
                raise Refused(f"the key files of {agent.name} cannot be put back: {said}", hint=f"they are in {file}")
            await asyncio.to_thread(file.unlink)

    async def before_destroy(self, vm_id: VmId, progress: OperationProgress) -> None:
        """Put back what was taken off a VM that is about to be committed and deleted, if that can be done at once."""
        agent = self._fleet_state.agent_on(vm_id)
        session = self._attached(agent.id) if agent is not None else None
        if agent is None or session is None or session.connection() is None:
            return
        try:
            with self._alone(vm_id):
                await self._put_back(agent, session, progress)
        except CockpitError as error:
            log.warning("the key files of %s are not put back before its end: %s", agent.name, error)

    async def destroyed(self, vm_id: VmId, undo: bool) -> None:
        """Delete what was taken off a VM that is gone for good; of one that can be brought back it is said."""
        if not (file := self._file(vm_id)).exists():
            return
        if undo:
            self._fleet_state.finding(left_here(vm_id, file))
        else:
            await asyncio.to_thread(file.unlink, missing_ok=True)

    async def _again(self, agent: Agent, session: AgentSession, progress: OperationProgress) -> None:
        """Have the agent run as before; of a failure both are said: this one, and where the way on is."""
        try:
            await self._put_back(agent, session, progress)
            await self._spawner.start_again(agent, session, progress)
        except CockpitError as error:
            log.error("agent %s does not run again after its commit: %s", agent.name, error)
            self._fleet_state.notice(
                f"{agent.name} was stopped for a commit and does not run again: {error.message};"
                f" `cockpit relaunch {agent.name}` puts its keys back and starts it"
            )
            raise

    async def _say_holders(self, agent: Agent, connection: Connection) -> None:
        """Say what the agent started and what runs on: a commit of a whole VM holds the memory of that, too."""
        if self._source.shares_host:
            return
        done = await connection.run(LIST_HOLDERS, AGENTS_MARK, timeout=FILES_LIMIT)
        found = [line.strip() for line in done.stdout.decode("utf-8", "backslashreplace").splitlines() if line.strip()]
        if found:
            self._fleet_state.notice(
                f"what {agent.name} started runs on, and its environment is in the memory that this commit holds:"
                f" {', '.join(found)}"
            )

    async def _take_out(self, agent: Agent, connection: Connection) -> str:
        """Move the key files here; return their names for a person."""
        extent = "home" if self._source.shares_host else "whole"
        listed = await connection.run(LIST_KEY_FILES, extent, timeout=FILES_LIMIT)
        names = listed.stdout.decode("utf-8", "backslashreplace").splitlines()
        if listed.exit_status != 0 or not names:
            if listed.exit_status != 0:
                raise Refused(f"the key files of {agent.name} cannot be listed")
            return "there are no key files"
        done = await connection.run(READ_KEY_FILES, extent, timeout=FILES_LIMIT, limit=MOST_BYTES)
        if done.truncated:
            much = f"the key files of {agent.name} have more than {MOST_BYTES >> 20} MiB together"
            raise Refused(much, hint=f"nothing was removed; look at {', '.join(names)}")
        if done.exit_status != 0 or not done.stdout:
            said = done.stderr.decode("utf-8", "backslashreplace").strip()
            raise Refused(f"the key files of {agent.name} cannot be read: {said}", hint="nothing was removed")
        await asyncio.to_thread(_write, taken_out(self._store.path), self._file(agent.vm_id), done.stdout)
        removed = await connection.run(REMOVE_KEY_FILES, extent, timeout=FILES_LIMIT)
        left = (await connection.run(LIST_KEY_FILES, extent, timeout=FILES_LIMIT)).stdout
        if removed.exit_status != 0 or left:
            raise Refused(f"some key files of {agent.name} cannot be removed", hint="nothing was committed")
        return ", ".join(names)

    def _file(self, vm_id: VmId) -> Path:
        return taken_out(self._store.path) / f"{vm_id}.tar.base64"


def left_here(vm_id: VmId, file: Path) -> str:
    """Say that key files of a VM without an agent lie here."""
    return (
        f"key files taken off VM {vm_id} for a commit, and never put back, are in {file}: delete it if nobody needs it"
    )


def taken_out(state: Path) -> Path:
    """Return the directory for what is off its VM for the time of a commit, beside the history."""
    return state.parent / "taken-out"


def _write(place: Path, file: Path, data: bytes) -> None:
    """Write secrets so that nobody else ever reads them; on the disk when this returns."""
    private_directory(place)
    write_private(file, base64.b64encode(data).decode("ascii"))
