"""The orders about what the platform keeps besides VMs and agents: commits, tags, repositories, variables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.ids import CommitId, VmId
from cockpit.model.names import INFRA, looks_like_id
from cockpit.model.refusals.grounds import Refusal, RefusalCode
from cockpit.model.size import VmSize, size_fault
from cockpit.model.variables import fault_of_change

MOST_NEW = 20
"""VMs that are made by one order: enough for a swarm, few enough for a slip of the finger."""


@dataclass(frozen=True, slots=True)
class NewVm:
    """Make VMs without an agent."""

    origin: str = ""
    """A commit's id, a tag, `REPOSITORY:TAG`, a public `ORGANISATION/REPOSITORY:TAG`; empty for a fresh VM."""
    size: VmSize | None = None
    """What a fresh one is to have; None is the guide's."""
    labels: tuple[tuple[str, str], ...] = ()
    count: int = 1
    source: str = ""


@dataclass(frozen=True, slots=True)
class Resize:
    """Let a VM's disk grow."""

    vm: VmId
    disk_mib: int


@dataclass(frozen=True, slots=True)
class SetLabels:
    """Change the labels that the platform keeps of a VM."""

    vm: VmId
    labels: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    replace: bool = False
    """Whether these are all that stay."""


@dataclass(frozen=True, slots=True)
class ChangeCommit:
    """Give a commit another name, description or visibility; None leaves it."""

    commit: CommitId
    name: str | None = None
    description: str | None = None
    public: bool | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class DeleteCommit:
    """Delete a commit. The target was named to the operator before."""

    commit: CommitId
    source: str = ""


@dataclass(frozen=True, slots=True)
class TagCommit:
    """Give a commit a name."""

    commit: CommitId
    tag: str
    """`NAME`, or `REPOSITORY:TAG`."""
    move: bool = False
    """Take the name from the commit that has it."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Untag:
    """Remove a name of a commit; the commit stays."""

    tag: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ChangeRepository:
    """Make a repository, show it to everybody or to the organisation alone, or delete it with its tags."""

    name: str
    description: str = ""
    public: bool | None = None
    delete: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class SetVariables:
    """Change the account's environment variables: every VM that starts gets them, readable to all on it."""

    variables: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    replace: bool = False
    """Whether these are all that stay."""
    source: str = ""


class InfraServer(StrEnum):
    """Which program serves board, feed and registry."""

    OURS = "ours"
    PUBLISHED = "published"
    """hdresearch/vers-agent-services, fetched and built on the VM."""


INFRA_STEPS = (
    "VM",
    "boot",
    "connect",
    "Python",
    "token",
    "services",
    "start",
    "reach them from here",
    "register",
    "configuration",
)
"""What making it takes."""


@dataclass(frozen=True, slots=True)
class MakeInfra:
    """Make the VM that hosts board, feed and registry, or go on with the one that was left."""

    size: VmSize | None = None
    """What it is to have; None is the guide's."""
    source: str = ""
    server: InfraServer = InfraServer.OURS


def infra_steps(server: InfraServer) -> tuple[str, ...]:
    """Return what it takes with a server."""
    return tuple("Node" if step == "Python" and server is InfraServer.PUBLISHED else step for step in INFRA_STEPS)


PlatformCommand = (
    MakeInfra
    | NewVm
    | Resize
    | SetLabels
    | ChangeCommit
    | DeleteCommit
    | TagCommit
    | Untag
    | ChangeRepository
    | SetVariables
)


def words_of(command: PlatformCommand) -> tuple[str, str]:
    """Return how the target of an order is named to people, and what is wanted of it; values of variables are not."""
    match command:
        case MakeInfra():
            return INFRA, ""
        case NewVm(origin=origin, count=count):
            return origin or "a fresh VM", f"{count}" if count > 1 else ""
        case Resize(vm=vm, disk_mib=disk):
            return vm, f"{disk} MiB"
        case SetLabels(vm=vm, labels=labels, removed=removed):
            return vm, " ".join([*(f"{key}={text}" for key, text in labels), *(f"-{key}" for key in removed)])
        case ChangeCommit(commit=commit, name=name, description=description):
            return commit, name or description or ""
        case DeleteCommit(commit=commit):
            return commit, ""
        case TagCommit(commit=commit, tag=tag):
            return commit, tag
        case Untag(tag=name) | ChangeRepository(name=name):
            return name, ""
        case SetVariables(variables=variables, removed=removed):
            return "environment variables", " ".join([*(key for key, _ in variables), *(f"-{key}" for key in removed)])


def fault_of_size(size: VmSize | None, origin: str) -> str:
    """Say why a VM cannot be made with a size, where one is wanted at all; `origin` is its commit's id or tag."""
    if size is None:
        return ""
    if origin:
        named = f"commit {origin[:8]}" if looks_like_id(origin) else origin
        return f"a VM from {named} has that commit's size: leave the size out, or let its disk grow later"
    return size_fault(size)


def refusal_of(command: PlatformCommand) -> Refusal | None:
    """Return why an order is refused whatever the fleet has, or None."""
    match command:
        case MakeInfra(size=size) if sentence := fault_of_size(size, ""):
            return Refusal(RefusalCode.BAD_SIZE, sentence)
        case NewVm(size=size, origin=origin) if sentence := fault_of_size(size, origin):
            return Refusal(RefusalCode.BAD_SIZE, sentence)
        case NewVm(origin="", count=count) if count != 1:
            return Refusal(RefusalCode.BAD_NUMBER, "several VMs at once are made from a commit or a tag only")
        case NewVm(count=count) if not 1 <= count <= MOST_NEW:
            return Refusal(RefusalCode.BAD_NUMBER, f"{count} VMs cannot be made at once: 1 to {MOST_NEW}")
        case SetVariables(variables=(), removed=(), replace=False):
            return Refusal(RefusalCode.NO_TEXT, "there is no variable to change")
        case SetVariables(variables=given, removed=removed) if sentence := fault_of_change(given, removed):
            return Refusal(RefusalCode.BAD_VARIABLE, sentence)
        case _:
            return None
