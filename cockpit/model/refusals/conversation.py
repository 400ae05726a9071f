"""When a command about an agent's settings or its conversation is refused: pure rules over what is known of it."""

from __future__ import annotations

from cockpit.model.commands.conversation import (
    QUEUE_MODES,
    QUEUES,
    AbortRetry,
    CloneSession,
    CompactContext,
    ConversationCommand,
    ExportPage,
    ForkSession,
    NameSession,
    NewSession,
    RunShell,
    RunShellAside,
    SetModel,
    SetPermissionMode,
    SetQueueMode,
    SetThinking,
    SwitchSession,
)
from cockpit.model.fleet import ActivityState, Agent
from cockpit.model.reduce.activity import base_state
from cockpit.model.refusals.grounds import Refusal, RefusalCode


def of_conversation(command: ConversationCommand, agent: Agent) -> Refusal | None:
    """Return why a command about an agent's settings or conversation would be refused, or None."""
    match command:
        case SetModel(model=word) | SetThinking(level=word) | NameSession(name=word) if not word.strip():
            return Refusal(RefusalCode.NO_TEXT, "there is no name")
        case SetPermissionMode(mode=word) if not word.strip():
            return Refusal(RefusalCode.NO_TEXT, "there is no mode")
        case RunShell(text=word) | RunShellAside(text=word) if not word.strip():
            return Refusal(RefusalCode.NO_TEXT, "there is no command")
        case SwitchSession(path=word) | ForkSession(entry=word) | ExportPage(path=word) if not word.strip():
            return Refusal(RefusalCode.NO_TEXT, "nothing is chosen")
        case SetQueueMode(queue=queue, mode=mode) if queue not in QUEUES or mode not in QUEUE_MODES:
            known = f"{' or '.join(QUEUES)}, each {' or '.join(QUEUE_MODES)}"
            return Refusal(RefusalCode.NO_TEXT, f"there is no mode {mode!r} of a queue {queue!r}; known: {known}")
        case AbortRetry() if base_state(agent.activity) is not ActivityState.RETRYING:
            return Refusal(RefusalCode.ALREADY, f"{agent.name} does not wait to try again")
        case SwitchSession(path=path) if path == agent.conversation.file:
            return Refusal(RefusalCode.ALREADY, f"{agent.name} is in that session already")
        case CompactContext() | NewSession() | SwitchSession() | ForkSession() | CloneSession():
            return _in_the_middle(command, agent)
        case _:
            return None


def _in_the_middle(command: ConversationCommand, agent: Agent) -> Refusal | None:
    """Refuse what would cut a run short, and lose what waits in the queues."""
    if base_state(agent.activity) is ActivityState.COMPACTING:
        return Refusal(RefusalCode.WORKING, f"{agent.name} compacts its context: wait until it is done")
    if agent.run_open:
        return Refusal(RefusalCode.WORKING, f"{agent.name} works, and its run would be cut short: abort it first")
    waiting = len(agent.activity.steering) + len(agent.activity.follow_up)
    if waiting and not isinstance(command, CompactContext):
        texts = f"{waiting} text{'' if waiting == 1 else 's'}"
        return Refusal(RefusalCode.WORKING, f"{texts} wait in {agent.name}'s queues and would be lost")
    return None
