"""Talking to the selected agent: writing, answering, ending its run."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.commands.agent import Abort, AgentCommand, Answer, FollowUp, Prompt, Steer
from cockpit.model.commands.command import Command
from cockpit.model.commands.vm import Checkpoint
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Handler, Situation
from cockpit.ui.actions.board import open_task
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import NO_AGENT, agent_command, needs_agent
from cockpit.ui.dialogs.answer import AnswerDialog
from cockpit.ui.look.states import Mode

UNWRITTEN = "…"
"""Stands for the words of a message that is not written yet."""


def message(mode: Mode, agent: AgentId, text: str) -> AgentCommand:
    """Build the command for a text written in a mode."""
    match mode:
        case Mode.STEER:
            return Steer(agent, text)
        case Mode.FOLLOW_UP:
            return FollowUp(agent, text)
        case _:
            return Prompt(agent, text)


def order(agent: Agent, said: AgentCommand, *, checkpoint: bool) -> Command:
    """Return what is ordered with a text: a commit before it, if one is to be taken."""
    return Checkpoint(agent.vm_id, said) if checkpoint else said


def _unwritten(mode: Mode) -> Callable[[AgentId], Command]:
    return lambda agent: message(mode, agent, UNWRITTEN)


def _write(mode: Mode) -> Handler:
    return lambda home: home.write(mode)


def _compose(home: HomePort) -> None:
    """Open the task where the board has the focus, and the composer elsewhere."""
    if home.pane == "board" and home.selected_task() is not None:
        open_task(home)
    else:
        home.write(None)


def _needs_question(situation: Situation) -> str:
    if situation.agent is None:
        return NO_AGENT
    return "" if situation.agent.activity.dialogs else f"{situation.agent.name} asks nothing"


def _answer(home: HomePort) -> None:
    """Ask the operator for the oldest open question's answer."""
    agent = home.agent
    if agent is None or not agent.activity.dialogs:
        return

    def finish(answer: Answer | None) -> None:
        if answer is None:
            return
        if reason := home.engine.disabled_reason(answer):
            home.warn(clean_line(reason), title=ours("Not answered"))
        else:
            home.command(answer)

    home.open_dialog(AnswerDialog(agent, agent.activity.dialogs[0].request), finish)


def _abort(home: HomePort) -> None:
    if home.agent is not None:
        name = clean_line(home.agent.name)
        home.promise(home.command(Abort(home.agent.id)), our_line("aborted {}", name))


_PANES = ("agents", "output")

ACTIONS: tuple[Action, ...] = (
    Action(
        "talk.prompt",
        "p",
        "prompt",
        "Talk",
        "Write a prompt that starts a run",
        _write(Mode.PROMPT),
        agent_command(_unwritten(Mode.PROMPT)),
        _PANES,
        writes=True,
    ),
    Action(
        "talk.steer",
        "s",
        "steer",
        "Talk",
        "Interrupt the run: the agent reads it before its next step",
        _write(Mode.STEER),
        agent_command(_unwritten(Mode.STEER)),
        _PANES,
        writes=True,
    ),
    Action(
        "talk.follow_up",
        "f",
        "follow-up",
        "Talk",
        "Queue a text for the end of the run",
        _write(Mode.FOLLOW_UP),
        agent_command(_unwritten(Mode.FOLLOW_UP)),
        _PANES,
        writes=True,
    ),
    Action(
        "talk.compose",
        "i,enter",
        "write",
        "Talk",
        "Write in the mode that fits what the agent does",
        _compose,
        needs_agent,
        writes=True,
    ),
    Action(
        "talk.answer",
        "a",
        "answer",
        "Talk",
        "Answer the question the agent waits with",
        _answer,
        _needs_question,
        _PANES,
        writes=True,
    ),
    Action(
        "talk.abort", "x", "abort", "Talk", "End the current run", _abort, agent_command(Abort), _PANES, writes=True
    ),
)
