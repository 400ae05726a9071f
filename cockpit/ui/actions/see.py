"""Seeing: what waits for the operator, and how the output and the lists are read."""

from __future__ import annotations

from cockpit.model.attention import Attention
from cockpit.model.commands.life import Dismiss
from cockpit.model.commands.owed import SettleOwed
from cockpit.model.family import head_of, parents_of
from cockpit.model.fleet import Fleet
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.inbox.entries import inbox
from cockpit.model.reconciliation import FindingKind
from cockpit.model.reduce.tools import one_line
from cockpit.model.sub_agents import sub_agents_of
from cockpit.model.undoing import TITLE
from cockpit.ui.actions.action import PANES, Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.needs_you import act_about, give_answer, go_to_item, shelve_item
from cockpit.ui.actions.reading import find
from cockpit.ui.dialogs.inbox.dialog import InboxDialog
from cockpit.ui.widgets.needs_you.card import QuestionCard
from cockpit.ui.widgets.panes import AgentsTree


def _needs_waiting(situation: Situation) -> str:
    return "" if situation.wanted.total else "nothing waits for you"


def _next_waiting(home: HomePort) -> None:
    """Give the keys to the oldest that waits; where nothing does, go round what is done or does not fit."""
    items = inbox(home.fleet, home.engine.now()).shown
    if any(item.urgency.waits for item in items):
        home.focus_pane("needs-you")
    elif items:
        here = next((at for at, item in enumerate(items) if item.agent is not None and item.agent == home.selected), -1)
        go_to_item(home, items[(here + 1) % len(items)])


def _open_inbox(home: HomePort) -> None:
    def finish(chosen: tuple[str, Attention] | None) -> None:
        if chosen is not None:
            act_about(home, chosen[1], chosen[0])

    def answer(wanted: QuestionCard.Answered, dialog: InboxDialog) -> None:
        give_answer(home, wanted, dialog)

    def shelve(item: Attention, key: str) -> None:
        shelve_item(home, item, key)

    def drop(item: Attention) -> bool:
        if item.owed is not None and not home.read_only:
            home.command(SettleOwed(item.owed.key))
            return True
        if item.command is not None:
            _drop_failed(home, item, item.command)
            return True
        finding = item.finding
        if finding is None or finding.kind is not FindingKind.PERHAPS_OURS or home.read_only:
            return False
        home.command(Dismiss(finding.vm))
        return True

    home.open_dialog(InboxDialog(home.engine, answer, shelve, drop), finish)


def _drop_failed(home: HomePort, item: Attention, command: CommandId) -> None:
    """Hear no more of a command that failed; that can be undone as anything else."""
    home.engine.dismiss(command)
    said = f"dismissed {one_line(item.sentence, TITLE)}"
    home.last_acts.done(said, lambda: home.engine.dismiss(command, back=True), home.engine.now())


def _filter(home: HomePort) -> None:
    """Narrow the list with the keys; in the output look for words."""
    if home.pane == "output":
        find(home)
        return
    name = home.pane if home.pane not in ("output", "composer") else "agents"
    home.filter_line.open(name, home.list_pane(name).needle)


def _needs_family(situation: Situation) -> str:
    if situation.agent is None:
        return "no agent is selected"
    if _head(situation.agent.id, situation.fleet) is None:
        return f"nobody works for {situation.agent.name}"
    return ""


def _head(selected: AgentId, fleet: Fleet) -> AgentId | None:
    """Return an agent with somebody below it, else the one it works for; None if there is neither."""
    agent = fleet.agent(selected)
    return selected if agent is not None and sub_agents_of(agent) else head_of(selected, parents_of(fleet.agents))


def _fold(home: HomePort) -> None:
    """Fold the selected agent's children, or those of the agent it works for."""
    tree = home.list_pane("agents")
    head = _head(home.selected, home.fleet) if home.selected is not None else None
    if head is not None and isinstance(tree, AgentsTree):
        home.select(head)
        tree.toggle_fold(head)


_OUTPUT = ("output",)

ACTIONS: tuple[Action, ...] = (
    Action(
        "see.next_waiting",
        "exclamation_mark",
        "next waiting",
        "See",
        "Go to the next thing that waits for you, then to what is done",
        _next_waiting,
        _needs_waiting,
        PANES,
    ),
    Action(
        "see.attention",
        "I",
        "inbox",
        "See",
        "List what waits for you, what nobody read, what does not fit, what is done",
        _open_inbox,
    ),
    Action(
        "see.zoom",
        "Z",
        "zoom",
        "See",
        "Give the focused area the whole screen, or take it back",
        lambda home: home.zoom(),
        panes=_OUTPUT,
    ),
    Action(
        "see.filter",
        "slash",
        "filter",
        "See",
        "Narrow the list to what matches; in the output find words",
        _filter,
        panes=PANES,
    ),
    Action(
        "see.fold",
        "minus",
        "fold",
        "See",
        "Hide who works for this agent, or show them again",
        _fold,
        _needs_family,
    ),
)
