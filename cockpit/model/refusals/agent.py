"""Why a command to an agent is refused."""

from __future__ import annotations

from cockpit.model.commands.agent import AgentCommand, Answer, FollowUp, Prompt, Steer
from cockpit.model.commands.conversation import ConversationCommand
from cockpit.model.commands.life import Relaunch
from cockpit.model.commands.vm import Checkpoint, Retry
from cockpit.model.conversation import forgets, is_forgetful
from cockpit.model.dwelling import reached_words, whose_words
from cockpit.model.fleet import Agent, Fleet, LinkState, Power, ProcessState
from cockpit.model.inbox.question import digest_of
from cockpit.model.refusals.conversation import of_conversation
from cockpit.model.refusals.grounds import NO_AGENT, Refusal, RefusalCode
from cockpit.model.sendable import unsendable_part


def to_agent(command: AgentCommand, fleet: Fleet) -> Refusal | None:
    agent = fleet.agent(command.agent)
    if agent is None:
        return NO_AGENT
    return unreachable(agent, fleet) or _pointless(command, agent)


def of_text(command: Checkpoint | Retry, fleet: Fleet) -> Refusal | None:
    if sentence := unsendable_part(command.then):
        return Refusal(RefusalCode.UNSENDABLE, sentence)
    agent = fleet.agent(command.then.agent)
    if agent is None:
        return NO_AGENT
    # Where it is sent to another VM, only the text itself can be judged now.
    return _pointless(command.then, agent) if isinstance(command, Retry) else to_agent(command.then, fleet)


def of_text_later(said: AgentCommand, fleet: Fleet) -> Refusal | None:
    """Return why a text cannot be given to an agent once its VM runs again, or None."""
    if sentence := unsendable_part(said):
        return Refusal(RefusalCode.UNSENDABLE, sentence)
    agent = fleet.agent(said.agent)
    return NO_AGENT if agent is None else _pointless(said, agent)


def of_relaunch(command: Relaunch, fleet: Fleet) -> Refusal | None:
    agent = fleet.agent(command.agent)
    if agent is None:
        return NO_AGENT
    process = agent.process
    cut_off = process.scaffold is not None and not process.scaffold.fifo
    if not (process.state is ProcessState.DEAD or process.never_started or cut_off):
        return Refusal(RefusalCode.PROCESS_ALIVE, "the agent is not dead")
    if process.state is ProcessState.ALIVE and is_forgetful(agent) and not command.anew:
        return Refusal(RefusalCode.FORGETS, f"{forgets(agent)}: relaunched, it would begin anew")
    return None


def unreachable(agent: Agent, fleet: Fleet) -> Refusal | None:
    """Return why nothing can be written to an agent now, or None."""
    vm = fleet.vm(agent.vm_id)
    if vm is not None and vm.power in (Power.PAUSED, Power.SLEEPING):
        return Refusal(RefusalCode.VM_POWER, f"{whose_words(agent.name, vm)} is paused: resume it first")
    if agent.process.state is ProcessState.DEAD:
        return Refusal(RefusalCode.PROCESS_DEAD, f"{agent.name}'s process is dead: relaunch it first")
    if agent.link.state not in (LinkState.UP, LinkState.SILENT):
        cause = agent.link.reason or agent.link.state.value
        return Refusal(RefusalCode.NOT_CONNECTED, f"{reached_words(agent.name, vm)} is not connected: {cause}")
    return None


def _pointless(command: AgentCommand, agent: Agent) -> Refusal | None:
    match command:
        case Prompt(text=text) | Steer(text=text) | FollowUp(text=text) if not text.strip():
            return Refusal(RefusalCode.NO_TEXT, "there is no text")
        case Answer():
            return _of_answer(command, agent)
        case _ if isinstance(command, ConversationCommand):
            return of_conversation(command, agent)
        case _:
            pass
    return None


def _of_answer(command: Answer, agent: Agent) -> Refusal | None:
    """Refuse what answers nothing that waits, and what was meant for another question under the same id."""
    open_now = [dialog.request for dialog in agent.activity.dialogs if dialog.request.dialog_id == command.dialog_id]
    if not open_now:
        return Refusal(RefusalCode.QUESTION_CLOSED, "that question is no longer open")
    if command.digest and command.digest not in {digest_of(request) for request in open_now}:
        return Refusal(RefusalCode.QUESTION_CHANGED, "what it asks now is not what was shown: read it again")
    return None
