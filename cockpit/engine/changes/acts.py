"""What the operator orders about a workspace: a state of it is kept, or brought back."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.workspace import scripts
from cockpit.agents.workspace.answers import WorkAnswer, repository_of
from cockpit.engine.changes.workspaces import answered, raise_if_none
from cockpit.engine.on_vm import connection_of
from cockpit.engine.operation import OperationProgress
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import NotFound, Refused
from cockpit.model.changes.report import RepositoryChanges, SnapshotKind
from cockpit.model.commands.work import RestoreFiles, WorkCommand
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.model.operation import Part


class WorkActs:
    """Carries them out, over the link that is there."""

    def __init__(
        self,
        fleet_state: FleetState,
        paths_of: Callable[[Agent], AgentPaths],
        session_of: Callable[[AgentId], AgentSession | None],
    ) -> None:
        self._fleet_state = fleet_state
        self._paths_of = paths_of
        self._session_of = session_of

    async def carry_out(self, command: WorkCommand, progress: OperationProgress) -> None:
        """Do what is ordered.

        Raises:
            CockpitError: it was not done, or not in all repositories; says where and why.
        """
        agent = self._fleet_state.agents.get(command.agent)
        if agent is None:
            raise NotFound(f"there is no agent {command.agent}")
        progress.agent(agent.id)
        connection = await connection_of(self._session_of(agent.id), agent.id)
        paths = self._paths_of(agent)
        if not isinstance(command, RestoreFiles):
            with progress.step("keep its files as they are"):
                script = scripts.keep_script(paths, SnapshotKind.TASK)
                answer = await answered(connection, script, agent, limit=scripts.KEEP_LIMIT)
                raise_if_none(agent, tuple(changes for changes, _ in _told(answer)), "kept")
            return
        with progress.step(f"keep its files as they are, and bring back {command.snapshot}"):
            script = scripts.restore_script(paths, command.snapshot)
            answer = await answered(connection, script, agent, limit=scripts.KEEP_LIMIT)
        failed: list[str] = []
        for changes, safety in _told(answer):
            if changes.fault:
                failed.append(f"{changes.place}: {changes.fault}")
            outcome = "failed" if changes.fault else "restored"
            words = changes.fault or f"{len(changes.files)} files +{changes.added} -{changes.removed}"
            progress.part(Part(changes.place, agent.vm_id, outcome, words, output=safety))
        if failed:
            raise Refused(f"not all files are as they were: {'; '.join(failed)}", hint="what was there is kept")


def _told(answer: WorkAnswer) -> list[tuple[RepositoryChanges, str]]:
    """Return what was said of each repository, with the key under which it was kept first."""
    return [
        (repository_of(parts)[0], next((part.text for part in parts if part.name == "key"), ""))
        for parts in answer.repositories
    ]
