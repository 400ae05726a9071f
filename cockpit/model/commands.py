"""Commands: what the operator can order, each with its frozen target."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.fleet import AgentKind
from cockpit.model.ids import AgentId, CommitId, TaskId, VmId
from cockpit.model.platform import PlatformCommand
from cockpit.model.recipe import Recipe
from cockpit.model.size import VmSize

STOP_BOUND = 10.0
"""Seconds an agent gets to prove that it stopped, unless another time is asked for."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Start a run; queued as a follow-up if the agent turns out to be busy."""

    agent: AgentId
    text: str


@dataclass(frozen=True, slots=True)
class Steer:
    """Interrupt the run's course: read before the next model call."""

    agent: AgentId
    text: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Queue a text for the end of the run."""

    agent: AgentId
    text: str


@dataclass(frozen=True, slots=True)
class Abort:
    """End the current run; open dialogs are cancelled first, since an abort hangs behind them."""

    agent: AgentId


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer an open dialog. Exactly one of `value` and `confirmed` is set, or `cancelled`."""

    agent: AgentId
    dialog_id: str
    value: str | None = None
    confirmed: bool | None = None
    cancelled: bool = False


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
    replaces_prompt: bool = False
    """Whether its role stands in place of the program's own system prompt; else it is added to that."""


@dataclass(frozen=True, slots=True)
class Relaunch:
    """Start the agent's process again on its VM after it died."""

    agent: AgentId
    change_program: bool = False
    """Whether another version of its program than the one it was started with may be taken."""


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
class Deregister:
    """Take a VM that is gone out of the registry and of other tools' files; one that exists is left alone."""

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
class BestOf:
    """Copy an agent as often as there are texts, and give each copy its own, once it runs as itself."""

    vm: VmId
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FanOut:
    """Run one command of a shell in the workspace of many agents at the same time; the agents hear nothing of it."""

    agents: tuple[AgentId, ...]
    text: str
    limit: float = 600.0
    """Seconds it may take on each VM."""


@dataclass(frozen=True, slots=True)
class Teardown:
    """Delete workers, and nobody but workers; the targets were named to the operator before."""

    vms: tuple[VmId, ...]
    undo: bool = False
    """Take a commit of each first, from which it can be brought back for a while."""


@dataclass(frozen=True, slots=True)
class StopAll:
    """End every run: abort, wait for the proof, and freeze whoever does not give it in time."""

    vms: tuple[VmId, ...]
    """Those of all agents there are when it is ordered, without the one that hosts the services."""
    bound: float = STOP_BOUND
    """Seconds an agent gets to prove that it stopped."""


@dataclass(frozen=True, slots=True)
class ContinueAll:
    """Resume the VMs that stopping everything froze; no other one."""

    vms: tuple[VmId, ...]


@dataclass(frozen=True, slots=True)
class BuildImage:
    """Build a golden image by a recipe, or go on with the build of it that was left."""

    name: str
    recipe: Recipe | None = None
    """None takes the operator's own, else the shipped one."""
    base: CommitId | None = None
    """The image it is a successor of; None builds on a fresh VM."""
    again: tuple[str, ...] = ()
    """Steps that are run although their result is there."""
    description: str = ""
    """For people; empty takes the recipe's."""
    size: VmSize | None = None
    """What a fresh VM is to have, and so every agent restored from the image; None is the guide's."""


@dataclass(frozen=True, slots=True)
class DescribeImage:
    """Say what an image is for, in other words than so far; what was found in it stays."""

    image: CommitId
    description: str


@dataclass(frozen=True, slots=True)
class DeleteImage:
    """Delete an image for good. The target was named to the operator before."""

    image: CommitId


@dataclass(frozen=True, slots=True)
class CreateTask:
    """Put a task on the board."""

    title: str
    description: str = ""
    assignee: str = ""
    tags: tuple[str, ...] = ()
    status: str = ""
    """Its column; empty for the board's first."""
    author: str = ""
    """Who is named as its author; empty for the operator."""


@dataclass(frozen=True, slots=True)
class MoveTask:
    """Change a task's status."""

    task: TaskId
    status: str


@dataclass(frozen=True, slots=True)
class AssignTask:
    """Give a task to an agent or a person; empty text takes it away."""

    task: TaskId
    assignee: str


@dataclass(frozen=True, slots=True)
class NoteTask:
    """Add a note to a task."""

    task: TaskId
    content: str
    kind: str = "update"
    """`finding`, `blocker`, `question` or `update`."""


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


AgentCommand = Prompt | Steer | FollowUp | Abort | Answer
KeptTextCommand = Checkpoint | Retry
ImageCommand = BuildImage | DescribeImage | DeleteImage
IdentityCommand = Adopt | Rename | SetFindable | Deregister
LifeCommand = Spawn | IdentityCommand | Relaunch | Destroy | Undo | Restore | Dismiss
ManyCommand = BestOf | FanOut | Teardown | StopAll | ContinueAll
FleetCommand = LifeCommand | Pause | Resume | TrustHostKey | Commit | Branch | KeptTextCommand | ManyCommand
BoardCommand = CreateTask | MoveTask | AssignTask | NoteTask
Command = AgentCommand | FleetCommand | ImageCommand | BoardCommand | PlatformCommand


def task_for(agent: AgentId, text: str) -> AgentCommand:
    """Return the command that gives an agent its task."""
    return Prompt(agent, text)
