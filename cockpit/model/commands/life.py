"""Commands about the life of an agent: made, started again, renamed, taken over, destroyed and brought back."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.fleet import AgentKind
from cockpit.model.ids import AgentId, CommitId, VmId
from cockpit.model.size import VmSize


@dataclass(frozen=True, slots=True)
class Spawn:
    """Make a VM and start an agent on it."""

    name: str
    kind: AgentKind
    role: str = ""
    image: CommitId | None = None
    """The commit to restore; None takes a fresh VM."""
    program: str = ""
    """The name of a kind of agent, or empty for the configured default."""
    labels: tuple[str, ...] = ()
    parent: str = ""
    model: str = ""
    parent_vm: VmId | None = None
    """The VM of the agent it works for, where more is known of it than the name."""
    colour: str = ""
    """The operator's own colour for it."""
    findable: bool = False
    """Whether other tools may find it."""
    sync: bool = False
    """Whether the operator's own configuration of its program goes along."""
    sync_named: tuple[str, ...] = ()
    """Files of that configuration which go along although they hold secrets."""
    task: str = ""
    """Its first prompt, sent once it answers; empty sends none."""
    size: VmSize | None = None
    """What a fresh VM is to have; None is the guide's. One from an image has the image's."""
    thinking: str = ""
    """How much it thinks, in a word of its kind; empty is its own choice."""
    permission_mode: str = ""
    """What it may do unasked, in a word of its kind; empty is its own choice."""
    replaces_prompt: bool = False
    """Whether its role stands in place of the program's own system prompt; else it is added to that."""
    source: str = ""
    """Which of the sources makes it; empty for its image's or its parent's, else the first."""


@dataclass(frozen=True, slots=True)
class Relaunch:
    """Start the agent's process again on its VM after it died."""

    agent: AgentId
    change_program: bool = False
    """Whether another version of its program than the one it was started with may be taken."""
    anew: bool = False
    """Whether it may begin anew where its process alone has its conversation, and lives still."""


@dataclass(frozen=True, slots=True)
class Rename:
    """Give an agent another name, role, labels or colour; its id, its conversation and its history stay."""

    agent: AgentId
    name: str
    role: str = ""
    labels: tuple[str, ...] = ()
    colour: str = ""
    """A word of `model.colours`; empty for none."""


@dataclass(frozen=True, slots=True)
class SetFindable:
    """Let other tools find an agent, or hide it from them: they stop and delete what they find when they end."""

    agent: AgentId
    findable: bool


@dataclass(frozen=True, slots=True)
class Adopt:
    """Take over an agent that somebody else started on a VM; nothing is sent to it."""

    vm: VmId
    name: str
    kind: AgentKind = AgentKind.LIEUTENANT
    role: str = ""
    directory: str = ""
    """Where it lives on its VM; empty looks in the known places."""


@dataclass(frozen=True, slots=True)
class Destroy:
    """Delete the VM and everything on it. The target was named to the operator before."""

    vm: VmId
    undo: bool = True
    """Take a commit first, from which the agent can be brought back for a while."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Bring a destroyed agent back from the commit that was kept of it."""

    commit: CommitId


@dataclass(frozen=True, slots=True)
class Restore:
    """Make a new VM from a commit, and start the agent that was on it."""

    commit: CommitId
    name: str = ""
    """What it is called; empty for the name it had, or NAME-2 if that is taken."""
    instead: VmId | None = None
    """The VM that goes first: it is destroyed, and can be brought back as any other."""


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Hear no more of a VM that is perhaps ours, or of an agent elsewhere; no VM is touched."""

    vm: VmId


@dataclass(frozen=True, slots=True)
class Recall:
    """Hear again of what was dismissed."""

    vm: VmId


@dataclass(frozen=True, slots=True)
class Deregister:
    """Take a VM that is gone out of the registry and of other tools' files; one that exists is left alone."""

    vm: VmId


IdentityCommand = Adopt | Rename | SetFindable | Deregister


LifeCommand = Spawn | IdentityCommand | Relaunch | Destroy | Undo | Restore | Dismiss | Recall
