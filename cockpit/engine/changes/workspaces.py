"""Looks at the workspaces of agents over the links that are there, bounded in time and in what is carried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.workspace import scripts
from cockpit.agents.workspace.answers import WorkAnswer, read_answer, repository_of
from cockpit.engine.changes.listings import keep_listing, list_files, listed_changes
from cockpit.engine.changes.local import apply, write_new
from cockpit.engine.on_vm import connection_of, said_by
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import NotFound, Refused
from cockpit.model.changes.report import (
    Base,
    Changes,
    RepositoryChanges,
    Since,
    SnapshotKind,
    workspace_of,
)
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.remote.ssh.command import Completed
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

ANSWER_BYTES = 24 << 20
"""Bytes of an answer that are taken: names and differences of all repositories."""

CARRIED = {scripts.NO_GIT: "install git on it, or look at its files", scripts.NOT_THERE: "see `cockpit changes NAME`"}


class Workspaces:
    """Implements `cockpit.engine.work_port.ChangesPort`."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        session_of: Callable[[AgentId], AgentSession | None],
        paths_of: Callable[[Agent], AgentPaths],
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._session_of = session_of
        self._paths_of = paths_of

    async def look(self, agent_id: AgentId, base: Base, *, place: str = "") -> Changes:
        """Return what a workspace changed."""
        agent, connection = await self.reach(agent_id)
        script = scripts.look_script(self._paths_of(agent), base, place=place)
        try:
            answer = await answered(connection, script, agent, limit=scripts.LOOK_LIMIT)
        except GitMissing:
            changes = await self._listed(agent, connection, base)
        else:
            changes = self.read(agent_id, base, answer)
        if place and not changes.repositories:
            raise NotFound(f"{agent.name} has no repository {place}", hint="see `cockpit changes NAME --stat`")
        if base.since is Since.TASK and not place:
            self.show(changes)
        return changes

    async def _listed(self, agent: Agent, connection: Connection, base: Base) -> Changes:
        """Return what is known without git."""
        now = await list_files(connection, self._paths_of(agent), agent)
        found = await listed_changes(self._store, agent, base, now)
        at = self._fleet_state.clock.now()
        return Changes(agent.id, base, at, at, (found,))

    async def list_for(self, agent: Agent, connection: Connection, kind: SnapshotKind) -> None:
        """Keep what the files are now, on a VM without git, and show what changed since the task began.

        Raises:
            CockpitError: they are not listed, or the disk refused.
        """
        now = await list_files(connection, self._paths_of(agent), agent)
        await keep_listing(self._store, agent, kind, self._fleet_state.clock.now(), now)
        if kind is SnapshotKind.END:
            found = await listed_changes(self._store, agent, Base(), now)
            at = self._fleet_state.clock.now()
            self.show(Changes(agent.id, Base(), at, at, (found,)))

    def read(self, agent_id: AgentId, base: Base, answer: WorkAnswer) -> Changes:
        """Return what a script said of a workspace."""
        told = [repository_of(parts) for parts in answer.repositories]
        spent = answer.head.get("spent")
        return Changes(
            agent_id,
            base,
            self._fleet_state.clock.now(),
            answer.number("vm_now"),
            tuple(changes for changes, _ in told),
            spent.text if spent is not None else "",
            answer.number("start_at"),
            answer.number("wrote_at"),
            snapshots=tuple(sorted((one for _, kept in told for one in kept), key=lambda one: (one.key, one.place))),
        )

    def show(self, changes: Changes) -> None:
        """Show in an agent's row what was found since its task began."""
        agent = self._fleet_state.agents.get(changes.agent)
        if agent is not None:
            self._fleet_state.put_agent(replace(agent, workspace=workspace_of(changes)))

    async def against(self, agent_id: AgentId, other: AgentId) -> Changes:
        """Return how a workspace differs from another's: what only the other one has is carried, and thrown away."""
        (agent, connection), (second, beyond) = await asyncio.gather(self.reach(agent_id), self.reach(other))
        paths, other_paths = self._paths_of(agent), self._paths_of(second)
        mine, theirs = await asyncio.gather(
            answered(connection, scripts.commits_script(paths), agent, limit=scripts.LOOK_LIMIT),
            answered(beyond, scripts.commits_script(other_paths), second, limit=scripts.LOOK_LIMIT),
        )
        there = {parts[0].text for parts in theirs.repositories}
        found: list[RepositoryChanges] = []
        for parts in mine.repositories:
            place = parts[0].text
            commits = next((part.data for part in parts if part.name == "commits"), b"")
            if place not in there:
                found.append(RepositoryChanges(place, fault=f"{second.name} has no such repository"))
                continue
            pack = await ran(
                beyond, scripts.pack_script(other_paths, place), second, stdin=commits, most=scripts.WHOLE_BYTES
            )
            tree, _, data = pack.partition(b"\n")
            script = scripts.against_script(paths, place, tree.decode("ascii", "replace"))
            answer = await answered(connection, script, agent, stdin=data, limit=scripts.LOOK_LIMIT)
            found += [repository_of(one)[0] for one in answer.repositories]
        base = Base(Since.COMMIT, second.name)
        changes = Changes(agent_id, base, self._fleet_state.clock.now(), mine.number("vm_now"), tuple(found))
        return replace(changes, against=second.name)

    async def patch(self, agent_id: AgentId, base: Base, place: str) -> bytes:
        """Return the difference of one repository as `git apply` takes it."""
        agent, connection = await self.reach(agent_id)
        script = scripts.patch_script(self._paths_of(agent), base, place)
        return await ran(connection, script, agent, most=scripts.WHOLE_BYTES)

    async def save_patch(self, agent_id: AgentId, base: Base, place: str, to: Path) -> int:
        """Write the difference of one repository into a new file here, and return its size in bytes."""
        data = await self.patch(agent_id, base, place)
        await write_new(to, data)
        return len(data)

    async def apply_patch(
        self, agent_id: AgentId, base: Base, place: str, checkout: Path, *, only_check: bool = False
    ) -> int:
        """Apply the difference of one repository to a checkout here, and return its size in bytes."""
        data = await self.patch(agent_id, base, place)
        if not data:
            raise Refused("there is no difference to apply")
        await apply(data, checkout, only_check=only_check)
        return len(data)

    async def looked(self, changes: Changes) -> None:
        """Note that the operator saw these changes."""
        if not any(one.now for one in changes.repositories):
            agent, connection = await self.reach(changes.agent)
            await self.list_for(agent, connection, SnapshotKind.LOOKED)
            return
        await self.pin(changes.agent, SnapshotKind.LOOKED, [(one.place, one.now) for one in changes.repositories])

    async def pin(self, agent_id: AgentId, kind: SnapshotKind, commits: list[tuple[str, str]]) -> None:
        """Keep commits that a look made.

        Raises:
            CockpitError: as `look`.
        """
        lines = "".join(f"{place} {commit}\n" for place, commit in commits if commit)
        if not lines:
            return
        agent, connection = await self.reach(agent_id)
        script = scripts.pin_script(self._paths_of(agent), kind)
        await answered(connection, script, agent, stdin=lines.encode(), limit=scripts.KEEP_LIMIT)

    async def reach(self, agent_id: AgentId) -> tuple[Agent, Connection]:
        """Return an agent and the open connection to its VM.

        Raises:
            CockpitError: there is no such agent, or no connection comes up in time.
        """
        agent = self._fleet_state.agents.get(agent_id)
        if agent is None:
            raise NotFound(f"there is no agent {agent_id}")
        return agent, await connection_of(self._session_of(agent_id), agent_id)


def raise_if_none(agent: Agent, repositories: tuple[RepositoryChanges, ...], what: str) -> None:
    """Raise if nothing was done in any repository.

    Raises:
        Refused: says why not, of each.
    """
    faults = [f"{one.place}: {one.fault}" for one in repositories if one.fault]
    if faults and len(faults) == len(repositories):
        raise Refused(f"the workspace of {agent.name} was not {what}: {'; '.join(faults)}")


async def answered(
    connection: Connection, script: str, agent: Agent, *, stdin: bytes = b"", limit: float, staying: bool = False
) -> WorkAnswer:
    """Run a script about a workspace and return its answer; one that is `staying` goes on without its connection.

    Raises:
        CockpitError: it was not run to its end; says why.
    """
    words = (scripts.STAYING, script) if staying else (script,)
    done = await connection.run(*words, stdin=stdin, timeout=limit, limit=ANSWER_BYTES)
    answer = read_answer(done.stdout)
    if done.exit_code != 0 or not answer.ended:
        _fail(agent, done, ANSWER_BYTES)
    return answer


async def ran(connection: Connection, script: str, agent: Agent, *, stdin: bytes = b"", most: int) -> bytes:
    """Run a script about a workspace that writes bytes, and return all of them.

    Raises:
        CockpitError: it was not run to its end, or wrote more than `most` bytes.
    """
    done = await connection.run(script, stdin=stdin, timeout=scripts.KEEP_LIMIT, limit=most)
    if done.exit_code != 0 or done.truncated:
        _fail(agent, done, most)
    return done.stdout


class GitMissing(Refused):
    """Git is not on a VM."""


def _fail(agent: Agent, done: Completed, most: int) -> None:
    if done.exit_code == scripts.NO_GIT:
        raise GitMissing(f"git is not there where {agent.name} lives", hint=CARRIED[scripts.NO_GIT])
    why = f"it is larger than {most >> 20} MiB" if done.truncated else said_by(done)
    raise Refused(
        f"what changed in the workspace of {agent.name} is not known: {why}",
        hint=CARRIED.get(done.exit_code, "look at its files, or try again"),
    )
