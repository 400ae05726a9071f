"""Commands to an agent: texts, the end of a run, the answer to a question."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.commands.conversation import ConversationCommand
from cockpit.model.ids import AgentId


@dataclass(frozen=True, slots=True)
class Prompt:
    """Start a run; queued as a follow-up if the agent turns out to be busy."""

    agent: AgentId
    text: str
    images: tuple[str, ...] = ()
    """Images that go along: paths on this machine, or `vm:` and a path on the agent's VM."""


@dataclass(frozen=True, slots=True)
class Steer:
    """Interrupt the run's course: read before the next model call."""

    agent: AgentId
    text: str
    images: tuple[str, ...] = ()
    lies: bool = False
    """An agent at rest lets it lie in its queue until something else starts a run; else it starts one itself."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Queue a text for the end of the run."""

    agent: AgentId
    text: str
    images: tuple[str, ...] = ()
    lies: bool = False
    """As of a steer."""


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
    digest: str = ""
    """Of the question that was read: another one under the same id is not answered. Empty: whatever it says."""
    reason: str = ""
    """Why it is refused, for the agent; only beside a no, and to a question that takes one."""


@dataclass(frozen=True, slots=True)
class ClearQueue:
    """Have the agent give back all that waits in its queues; it tells in its answer what that was."""

    agent: AgentId


def run_of(agent: AgentId, text: str) -> Prompt:
    """Return the command that starts a run with a text."""
    return Prompt(agent, text)


TextCommand = Prompt | Steer | FollowUp
AgentCommand = TextCommand | Abort | Answer | ClearQueue | ConversationCommand


def text_command(agent: AgentId, text: str, *, busy: bool, steers: bool) -> TextCommand:
    """Return the command that brings a text to an agent as it is: a prompt to one at rest.

    Args:
        agent: whose.
        text: what it says.
        busy: a run goes on.
        steers: it interrupts the run's course; else it waits for the run's end.
    """
    if not busy:
        return Prompt(agent, text)
    return Steer(agent, text) if steers else FollowUp(agent, text)


def queued_text(agent: AgentId, text: str, images: tuple[str, ...], *, steers: bool, lies: bool) -> Steer | FollowUp:
    """Return the command that puts a text into one of an agent's queues.

    Args:
        agent: whose.
        text: what it says.
        images: what goes along.
        steers: it interrupts the run's course; else it waits for the run's end.
        lies: it starts no run by itself.
    """
    return Steer(agent, text, images, lies) if steers else FollowUp(agent, text, images, lies)


_TEXTS: dict[str, type[Prompt] | type[Steer] | type[FollowUp]] = {
    "prompt": Prompt,
    "steer": Steer,
    "follow-up": FollowUp,
}


def text_as(mode: str, agent: AgentId, text: str, images: tuple[str, ...] = ()) -> AgentCommand:
    """Return the command that gives an agent a text as a prompt, a steer or a follow-up; images go along."""
    return _TEXTS[mode](agent, text, images)


def task_for(agent: AgentId, text: str) -> AgentCommand:
    """Return the command that gives an agent its task."""
    return Prompt(agent, text)
