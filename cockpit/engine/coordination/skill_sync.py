"""Writes what a SkillHub has enabled onto an agent's VM, where the agent's program looks for it.

What was written is noted on the VM, so that only that is ever changed or taken away: a skill of the agent's own, or one
that its own extension fetched, is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.agents.adapter import AgentAdapter
from cockpit.agents.configuration import Configuration
from cockpit.agents.kinds import adapter_of
from cockpit.engine.living import living
from cockpit.engine.on_vm import connection_of
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Services
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, Refused
from cockpit.model.commands.shared import SyncItems
from cockpit.model.ids import AgentId
from cockpit.model.refusals.shared import ITEM_NAME
from cockpit.model.shared.skills import SharedItem, SharedKind, Version
from cockpit.services.errors import ServiceError
from cockpit.services.skills import SkillsClient

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

NOTED = ".swarm/skillhub"
"""The file on the VM, below the home directory, in which is noted what was written: `KIND VERSION NAME` a line."""

LIMIT = 60.0
"""Seconds that either script may take on the VM."""

LOOK = f"""cd "$HOME" || exit 1
cat {NOTED} 2>/dev/null
printf '\\n--\\n'
for path in "$@"; do
    if [ -e "$path" ]; then printf '%s\\n' "$path"; fi
done
"""

WRITE = """umask 077
cd "$HOME" || exit 1
for path in "$@"; do
    rm -f "$path" || exit 1
    case $path in */SKILL.md) rmdir "${path%/*}" 2>/dev/null ;; esac
done
tar -xf -
"""


Key = tuple[SharedKind, str]
"""A skill or an extension, by its name."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done on a VM."""

    write: tuple[Key, ...]
    remove: tuple[Key, ...]
    stays: Mapping[Key, int]
    """What is there afterwards of what was ever written: versions by kind and name."""
    left: tuple[str, ...]
    """What is not written, and why."""


class SkillSync:
    """Brings agents' VMs to what the SkillHub has."""

    def __init__(self, fleet_state: FleetState, agent_session: Callable[[AgentId], AgentSession | None]) -> None:
        self._fleet_state = fleet_state
        self._agent_session = agent_session

    async def carry_out(self, command: SyncItems, services: Services, progress: OperationProgress) -> None:
        """Write what is enabled onto an agent's VM, and tell the SkillHub what is there then.

        Raises:
            CockpitError: the VM or the SkillHub cannot be reached, or the agent's program reads no skills.
        """
        agent = living(command.agent, self._fleet_state)
        adapter = adapter_of(agent.program)
        if not adapter.shared_file(SharedKind.SKILL, "any"):
            raise Refused(f"agents of kind {agent.program} read no skills", hint="nothing was written")
        client = SkillsClient(services.http)
        with progress.step("read the SkillHub"):
            skills, extensions = await client.manifest()
            enabled = {(SharedKind.SKILL, one.name): one.version for one in skills}
            enabled |= {(SharedKind.EXTENSION, one.name): one.version for one in extensions}
            progress.detail(f"{len(enabled)} enabled")
        with progress.step("look at what is there"):
            connection = await connection_of(self._agent_session(agent.id), agent.id)
            noted, there = await _seen(connection, adapter, enabled)
            plan = plan_of(enabled, noted, there, adapter)
            progress.detail("; ".join(plan.left))
        with progress.step("write"):
            fetched = [await client.item(*key) for key in plan.write]
            stays = {**plan.stays, **{(item.kind, item.name): item.version for item in fetched}}
            await _written(connection, adapter, plan, fetched, stays)
            said = [f"{item.kind.value} {item.name} v{item.version}" for item in fetched]
            said += [f"removed {kind.value} {name}" for kind, name in plan.remove]
            progress.detail(", ".join(said) + "; known from its next conversation on" if said else "nothing to change")
        with progress.step("tell the SkillHub"):
            try:
                await client.sync(agent.name, *_lists(stays), vm_id=agent.vm_id)
            except ServiceError as error:
                # It is on the VM all the same, and the next sync says so.
                progress.detail(f"it does not know yet: {error}")


async def _seen(
    connection: Connection, adapter: AgentAdapter, enabled: Iterable[Key]
) -> tuple[dict[Key, int], frozenset[str]]:
    """Return what was noted on a VM, and which of the files that may be written are there.

    Raises:
        CockpitError: the VM does not answer.
    """
    paths = [adapter.shared_file(kind, name) for kind, name in enabled if ITEM_NAME.fullmatch(name)]
    done = await connection.run(LOOK, *paths, timeout=LIMIT)
    if done.exit_code != 0:
        raise CockpitError(f"what is there cannot be looked at: {done.stderr.decode(errors='replace')[-200:]}")
    noted, _, there = done.stdout.decode("utf-8", "replace").rpartition("\n--\n")
    return notes_in(noted), frozenset(there.splitlines())


def notes_in(text: str) -> dict[Key, int]:
    """Return what a note says was written; agents can write there, so what makes no sense is passed over."""
    found: dict[Key, int] = {}
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        version, _, name = rest.partition(" ")
        if kind in set(SharedKind) and version.isascii() and version.isdigit() and ITEM_NAME.fullmatch(name):
            found[SharedKind(kind), name] = int(version[:9])
    return found


def plan_of(
    enabled: Mapping[Key, int], noted: Mapping[Key, int], there: frozenset[str], adapter: AgentAdapter
) -> _Plan:
    """Return what is to be written and removed.

    Args:
        enabled: the versions that the SkillHub has.
        noted: the versions that were written before.
        there: files that exist.
        adapter: says where each belongs.
    """
    write: list[Key] = []
    left: list[str] = []
    stays: dict[Key, int] = {}
    for (kind, name), version in enabled.items():
        path = adapter.shared_file(kind, name)
        if not ITEM_NAME.fullmatch(name):
            left.append(f"{kind.value} {name!r}: its name is no file's")
        elif (kind, name) not in noted and path in there:
            left.append(f"{kind.value} {name}: there is one of its own")
        else:
            stays[kind, name] = version
            if noted.get((kind, name)) != version or path not in there:
                write.append((kind, name))
    remove = tuple(key for key in noted if key not in stays)
    return _Plan(tuple(write), remove, stays, tuple(left))


async def _written(
    connection: Connection, adapter: AgentAdapter, plan: _Plan, fetched: Sequence[SharedItem], stays: Mapping[Key, int]
) -> None:
    """Carry out a plan on a VM; the note goes with it, in the same archive.

    Raises:
        CockpitError: it was not done, or not wholly.
    """
    note = "".join(f"{kind.value} {version} {name}\n" for (kind, name), version in sorted(stays.items()))
    files = [(adapter.shared_file(item.kind, item.name), item.content.encode()) for item in fetched]
    archive = Configuration((*files, (NOTED, note.encode()))).archive()
    removed = [adapter.shared_file(kind, name) for kind, name in plan.remove]
    done = await connection.run(WRITE, *removed, stdin=archive, timeout=LIMIT)
    if done.exit_code != 0:
        raise CockpitError(f"not all of it was written: {done.stderr.decode(errors='replace')[-200:]}")


def _lists(stays: Mapping[Key, int]) -> tuple[list[Version], list[Version]]:
    """Return what is there as the SkillHub takes it: skills, and extensions."""
    skills = [Version(name, version) for (kind, name), version in stays.items() if kind is SharedKind.SKILL]
    extensions = [Version(name, version) for (kind, name), version in stays.items() if kind is SharedKind.EXTENSION]
    return skills, extensions
