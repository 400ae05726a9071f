"""What changed on a VM without git: its files are listed now, and compared with what was listed before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.workspace.listing import MOST_FILES, TOO_MANY, listing_in, listing_script
from cockpit.agents.workspace.scripts import KEEP_LIMIT
from cockpit.engine.on_vm import said_by
from cockpit.errors import Refused
from cockpit.model.changes.listing import ListedFile, changed_files
from cockpit.model.changes.report import LOOSE, Base, RepositoryChanges, Since, SnapshotKind
from cockpit.model.fleet import Agent
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

OCCASIONS = (SnapshotKind.TASK, SnapshotKind.START, SnapshotKind.PROMPT, SnapshotKind.LOOKED)
"""What is kept of a workspace without git: no turn can be brought back from it."""

FIRST = "first"
"""The first listing of all."""

WITHOUT_GIT = "git is not there: only sizes, times and digests of files are known"


async def list_files(connection: Connection, paths: AgentPaths, agent: Agent) -> dict[str, ListedFile]:
    """Return the files of a workspace now.

    Raises:
        CockpitError: they are not listed; says why.
    """
    done = await connection.run(listing_script(paths), timeout=KEEP_LIMIT)
    found = listing_in(done.stdout)
    if done.exit_code != 0 or found is None:
        many = f"it has more than {MOST_FILES} files"
        why = many if done.exit_code == TOO_MANY else said_by(done)
        raise Refused(f"what changed in the workspace of {agent.name} is not known: there is no git, and {why}")
    return found


async def keep_listing(store: Store, agent: Agent, kind: SnapshotKind, at: float, now: dict[str, ListedFile]) -> None:
    """Keep what the files are now, if that is kept of such an occasion.

    Raises:
        CockpitError: the disk refused.
    """
    known = await store.listings.of(agent.id)
    if not known:
        await store.listings.keep(agent.id, FIRST, at, now)
    if kind in OCCASIONS:
        await store.listings.keep(agent.id, kind.value, at, now)


async def listed_changes(store: Store, agent: Agent, base: Base, now: dict[str, ListedFile]) -> RepositoryChanges:
    """Return what changed since files were listed.

    Raises:
        Refused: it was asked for what only git knows.
    """
    if base.since in (Since.COMMIT, Since.TURN, Since.SNAPSHOT):
        raise Refused(f"there is no commit and no turn of {agent.name} to compare with: {WITHOUT_GIT}")
    known = await store.listings.of(agent.id)
    wanted = base.since.value if base.since.value in known else Since.TASK.value
    occasion = wanted if wanted in known else FIRST
    at, before = known.get(occasion, (0.0, {}))
    how = occasion if occasion in known else "nothing"
    return RepositoryChanges(LOOSE, base_how=how, base_at=at, files=changed_files(before, now), midst="")
