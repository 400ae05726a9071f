"""Talking to the selected agent: writing, answering, ending its run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cockpit.errors import CockpitError
from cockpit.model.attachments import references_in
from cockpit.model.commands.agent import Abort, AgentCommand, FollowUp, Prompt, Steer
from cockpit.model.commands.command import Command
from cockpit.model.commands.usage import ResumeAndSend
from cockpit.model.commands.vm import Checkpoint
from cockpit.model.dwelling import whose_words
from cockpit.model.fleet import Agent, Fleet, Power
from cockpit.model.ids import AgentId
from cockpit.model.inquiries import SLASH_COMMANDS
from cockpit.model.notebook.templates import filled, values_of
from cockpit.model.slash import order_of, slash_word
from cockpit.model.telling import TextManner
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Handler, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.many import each, tell_marked
from cockpit.ui.actions.needs_you import give_answer
from cockpit.ui.actions.reasons import NO_AGENT, agent_command, needs_agent
from cockpit.ui.dialogs.answer import AnswerDialog
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.dialogs.sent import SentDialog
from cockpit.ui.look.cells import content
from cockpit.ui.look.states import Mode
from cockpit.ui.widgets.needs_you.card import QuestionCard
from cockpit.ui.widgets.row_list import Row
from cockpit.ui.writing.composer import Composer
from cockpit.ui.writing.template_files import read_templates, template_directory

UNWRITTEN = "…"
"""Stands for the words of a message that is not written yet."""


def message(mode: Mode, agent: AgentId, text: str) -> AgentCommand:
    """Build the command for a text written in a mode; the images it names go along."""
    images = references_in(text)
    match mode:
        case Mode.STEER:
            return Steer(agent, text, images)
        case Mode.FOLLOW_UP:
            return FollowUp(agent, text, images)
        case _:
            return Prompt(agent, text, images)


def order(fleet: Fleet, agent: Agent, said: AgentCommand, *, checkpoint: bool) -> Command:
    """Return what is ordered with a text: its VM is continued first if it is paused, or a commit is taken."""
    vm = fleet.vm(agent.vm_id)
    if vm is not None and vm.power in (Power.PAUSED, Power.SLEEPING):
        return ResumeAndSend(agent.vm_id, said)
    return Checkpoint(agent.vm_id, said) if checkpoint else said


SCREEN_WORDS = {
    "model": "agent.model",
    "thinking": "agent.thinking",
    "name": "session.name",
    "session": "agent.stats",
    "fork": "session.fork",
    "resume": "session.switch",
    "tree": "session.tree",
    "export": "session.export",
    "copy": "session.answer",
}
"""The action that a word behind `/` stands for where something is to be chosen first."""


def submit(home: HomePort, submitted: Composer.Submitted) -> None:
    """Send what was written; a word behind `/` that the agent's own screen carries out is carried out here."""
    found = slash_word(submitted.text)
    if found is None:
        _send(home, submitted)
    else:
        home.app.run_worker(_slash(home, submitted, *found), name="a word behind /")


def _send(home: HomePort, submitted: Composer.Submitted) -> None:
    said, agent = message(submitted.mode, submitted.agent, submitted.text), home.fleet.agent(submitted.agent)
    wanted = order(home.fleet, agent, said, checkpoint=submitted.checkpoint) if agent is not None else said

    def send(yes: bool | None) -> None:
        if yes:
            home.command(wanted)
            for command in submitted.taken_back:
                home.engine.dismiss(command)
        else:
            home.composer.give_back(submitted)

    if isinstance(wanted, ResumeAndSend) and agent is not None:
        consequence = our_line(
            "{} is paused. Yes resumes it and sends the text; no gives the text back.",
            whose_words(agent.name, home.fleet.vm(agent.vm_id)),
        )
        home.open_dialog(ConfirmDialog(ours("Resume and send"), [clean_line(agent.name)], consequence), send)
    else:
        send(True)


async def _slash(home: HomePort, submitted: Composer.Submitted, word: str, rest: str) -> None:
    """Decide by what the agent itself knows; what neither it nor the cockpit does is sent only if that is said."""
    inquiries, target = home.engine.inquiries, submitted.agent
    known = inquiries.known_commands(target)
    why = ""
    if known is None:
        try:
            known = await inquiries.ask(target, SLASH_COMMANDS)
        except CockpitError as error:
            why = str(error)
    if word in {command.name for command in known or ()}:
        _send(home, submitted)
    elif word in inquiries.own_words(target) and (command := order_of(word, rest, target)) is not None:
        home.promise(home.command(command), our_line("/{} is done", word))
    elif word in inquiries.own_words(target) and word in SCREEN_WORDS and home.selected == target:
        home.try_action(SCREEN_WORDS[word])
    else:
        _ask_to_send(home, submitted, word, why)


def _ask_to_send(home: HomePort, submitted: Composer.Submitted, word: str, why: str) -> None:
    def finish(yes: bool | None) -> None:
        if yes:
            _send(home, submitted)
        else:
            home.composer.give_back(submitted)

    reason = our_line("Whether it has such a command is not known: {}", why) if why else ours("It knows no such word.")
    consequence = our_line("{} Yes sends it to the model as text.", reason)
    home.open_dialog(ConfirmDialog(ours("Send as text"), [our_line("/{}", word)], consequence), finish)


def _prompts(situation: Situation) -> str:
    """Say why no prompt can be written; to a paused agent it is sent once its VM runs again."""
    paused = situation.vm is not None and situation.vm.power in (Power.PAUSED, Power.SLEEPING)
    return "" if paused and situation.agent is not None else agent_command(_unwritten(Mode.PROMPT))(situation)


def _unwritten(mode: Mode) -> Callable[[AgentId], Command]:
    return lambda agent: message(mode, agent, UNWRITTEN)


def _write(mode: Mode | None) -> Handler:
    return lambda home: home.write(mode)


def _sent(home: HomePort) -> None:
    """Look for a text that was sent, and write it again."""
    agent = home.agent
    if agent is None:
        return
    target = agent.id

    def finish(text: str | None) -> None:
        if home.composer.recipient == target:
            if text is not None:
                home.composer.take_sent(text)
            home.write(None)

    home.open_dialog(SentDialog(home.engine.notebook, target), finish)


def _template(home: HomePort) -> None:
    """Have a template chosen, and write what it becomes for this agent."""
    agent = home.agent
    if agent is not None:
        home.app.run_worker(_choose_template(home, agent), name="templates")


async def _choose_template(home: HomePort, agent: Agent) -> None:
    directory = template_directory()
    read = await asyncio.to_thread(read_templates, directory)
    if read.problems:
        home.warn(clean_line("; ".join(read.problems)), title=ours("Templates"))
    known = {one.name: one for one in read.templates}

    def rows(width: int) -> list[tuple[Row, str]]:
        return [
            (Row(name, content([(our_line(" {}  ", name), "bold"), (clean_line(one.heading), "$muted")])), one.text)
            for name, one in known.items()
        ]

    def finish(name: str | None) -> None:
        if name is not None and home.composer.recipient == agent.id:
            home.write(None)
            home.composer.insert_at_cursor(filled(known[name].text, values_of(agent, home.fleet.tasks)))

    empty = our_line("There are none: {}/NAME.md is one.", str(directory))
    home.open_dialog(PickDialog(ours("Templates"), rows, empty), finish)


def _needs_question(situation: Situation) -> str:
    if situation.agent is None:
        return NO_AGENT
    return "" if situation.agent.activity.dialogs else f"{situation.agent.name} asks nothing"


def _answer(home: HomePort) -> None:
    """Ask the operator for the oldest open question's answer."""
    agent = home.agent
    if agent is None or not agent.activity.dialogs:
        return

    def answer(wanted: QuestionCard.Answered, dialog: AnswerDialog) -> None:
        give_answer(home, wanted, dialog)

    home.open_dialog(AnswerDialog(home.engine, agent, agent.activity.dialogs[0], answer))


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
        _prompts,
        _PANES,
        writes=True,
        many=tell_marked(TextManner.PROMPT),
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
        many=tell_marked(TextManner.STEER),
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
        many=tell_marked(TextManner.FOLLOW_UP),
    ),
    Action(
        "talk.compose",
        "i",
        "write",
        "Talk",
        "Write in the mode that fits what the agent does",
        _write(None),
        needs_agent,
        writes=True,
        many=tell_marked(TextManner.FITS),
    ),
    Action(
        "talk.sent",
        "",
        "what was sent",
        "Talk",
        "Look for a text among those that were sent, to write it again",
        _sent,
        needs_agent,
        writes=True,
    ),
    Action(
        "talk.template",
        "",
        "template",
        "Talk",
        "Begin with a template of yours, with this agent's values in it",
        _template,
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
        "talk.abort",
        "x",
        "abort",
        "Talk",
        "End the current run",
        _abort,
        agent_command(Abort),
        _PANES,
        writes=True,
        many=each(ours("Abort"), ours("Their runs end; what they did so far stays."), lambda _, agent: Abort(agent.id)),
    ),
)
