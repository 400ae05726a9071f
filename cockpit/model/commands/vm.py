"""Commands about an agent's VM: its power, its snapshots, its host key, and texts with a snapshot before them."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.commands.agent import AgentCommand
from cockpit.model.ids import CommitId, VmId


@dataclass(frozen=True, slots=True)
class Pause:
    """Freeze the VM."""

    vm: VmId
    now: bool = False
    """Freeze it also while its agent works: what the agent waits for may have timed out when it goes on."""
    abort: bool = False
    """End the run first, and freeze the VM once the agent has said that it ended."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Continue a paused VM."""

    vm: VmId


@dataclass(frozen=True, slots=True)
class TrustHostKey:
    """Trust the host key that a VM showed and that was refused, in place of the one trusted so far."""

    vm: VmId
    key: str
    """The key that was named to the operator, as an OpenSSH line: another one is refused again."""


@dataclass(frozen=True, slots=True)
class Commit:
    """Take a snapshot of the VM."""

    vm: VmId
    name: str = ""
    clean: bool = False
    """Stop the agent and take its key files out for the time of it, and start the agent again."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Copy a VM and start the copies."""

    vm: VmId
    count: int = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Take a commit of an agent's VM, and give the agent a text once it is there."""

    vm: VmId
    then: AgentCommand
    """The text; it is not sent where no commit can be taken."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Go back to the commit that was taken before a text, and give the agent another one there.

    What it has become since is destroyed, and can be brought back as after any destroy.
    """

    vm: VmId
    commit: CommitId
    then: AgentCommand


KeptTextCommand = Checkpoint | Retry
