"""What an agent is called and looks like, and whether other tools may find it."""

from __future__ import annotations

from cockpit.model.colours import COLOURS
from cockpit.model.commands.life import Rename, SetFindable
from cockpit.model.dwelling import kind_words
from cockpit.model.fleet import Agent
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import NO_AGENT, needs_agent
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.form import Field, GuardedForm, Values, listed
from cockpit.ui.widgets.choice_field import Choice


def _rename(home: HomePort) -> None:
    if home.agent is not None:
        rename(home, home.agent)


def rename(home: HomePort, agent: Agent) -> None:
    """Ask with the agent frozen; what is not changed stays."""
    target, called = agent.id, agent.name
    colours = (Choice("", ours("none")), *(Choice(colour, clean_line(colour)) for colour in COLOURS))
    fields = (
        Field("name", ours("name"), value=agent.name),
        Field("role", ours("role"), value=agent.role, placeholder=ours("what it is for, in your words")),
        Field("labels", ours("labels"), value=", ".join(agent.labels), placeholder=ours("comma-separated")),
        Field("colour", ours("colour"), "choice", agent.colour, choices=colours),
    )

    def command(values: Values) -> Rename:
        labels = listed(values["labels"])
        return Rename(target, values["name"], values["role"], labels, values["colour"])

    def check(values: Values) -> str:
        return home.engine.disabled_reason(command(values))

    def finish(values: Values | None) -> None:
        if values is not None:
            home.promise(home.command(command(values)), our_line("{} is {} now", called, values["name"]))

    intro = our_line("{} {}; its conversation and its history stay", agent.kind.value, agent.name)
    home.open_dialog(GuardedForm(ours("Rename"), fields, check, intro=intro), finish)


def _turns(situation: Situation) -> str:
    agent = situation.agent
    if agent is None:
        return NO_AGENT
    return situation.engine.disabled_reason(SetFindable(agent.id, not agent.findable))


def _turn(home: HomePort) -> None:
    """Hide an agent at once; ask before other tools may find it, for they end what they found."""
    agent = home.agent
    if agent is None:
        return
    command = SetFindable(agent.id, not agent.findable)
    if agent.findable:
        home.promise(home.command(command), our_line("other tools find {} no more", agent.name))
        return

    def finish(yes: bool | None) -> None:
        if yes:
            home.command(command)

    consequence = ours(
        "Other tools may take it up. When their session ends they stop workers and delete what those wrote."
    )
    target = our_line(
        "{} {} · {} {}", agent.kind.value, agent.name, kind_words(home.fleet.vm(agent.vm_id)), agent.vm_id
    )
    home.open_dialog(ConfirmDialog(ours("Let other tools find it"), [target], consequence), finish)


ACTIONS: tuple[Action, ...] = (
    Action(
        "agent.rename",
        "",
        "rename",
        "Agents",
        "Change its name, role, labels and colour",
        _rename,
        needs_agent,
        writes=True,
    ),
    Action(
        "agent.findable",
        "",
        "findable by other tools",
        "Agents",
        "Let other tools find this agent, or hide it",
        _turn,
        _turns,
        writes=True,
        dangerous=True,
    ),
)
