"""Seeing: what waits for the operator, and how the output and the lists are read."""

from __future__ import annotations

from cockpit.model.attachments import naming
from cockpit.model.attention import Attention, Urgency, attention
from cockpit.model.commands.life import Dismiss
from cockpit.model.commands.owed import SettleOwed
from cockpit.model.family import head_of, parents_of
from cockpit.model.reconciliation import FindingKind, Suggestion, findings_on
from cockpit.text.clean import ours
from cockpit.ui.actions.action import PANES, Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.mending import mend
from cockpit.ui.actions.reading import find
from cockpit.ui.actions.recovery import answer_owed
from cockpit.ui.actions.usage import continue_refused, settle_budget
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.inbox import InboxDialog
from cockpit.ui.dialogs.texts import undelivered_text
from cockpit.ui.look.states import Mode
from cockpit.ui.widgets.panes import AgentsTree


def _needs_waiting(situation: Situation) -> str:
    return "" if situation.wanted.total else "nothing waits for you"


def _next_waiting(home: HomePort) -> None:
    """Go to the next thing that waits, round and round from the selected agent."""
    items = attention(home.fleet, home.engine.now())
    if not items:
        return
    here = next((at for at, item in enumerate(items) if item.agent is not None and item.agent == home.selected), -1)
    _go_to_item(home, items[(here + 1) % len(items)])


def _go_to_item(home: HomePort, item: Attention) -> None:
    """Select what waits; a text that nobody read comes back into the composer, or is shown if its agent is gone."""
    if item.urgency is Urgency.UNDELIVERED and _take_back(home, item):
        return
    if item.owed is not None:
        answer_owed(home, item.owed)
    elif item.budget is not None and not home.read_only:
        settle_budget(home, item.budget)
    elif item.agent is not None and home.fleet.agent(item.agent) is not None:
        home.select(item.agent)
        home.focus_pane("agents")
    elif item.task is not None:
        home.go_to(f"task:{item.task}")
    elif item.finding is not None:
        home.go_to(f"vm:{item.finding.vm}")


def _take_back(home: HomePort, item: Attention) -> bool:
    """Give a text that nobody read back to the operator; False if it is no longer known."""
    receipt = next((known for known in home.fleet.receipts if known.id == item.command), None)
    if receipt is None:
        return False
    if receipt.agent is None or home.fleet.agent(receipt.agent) is None:
        home.open_dialog(TextDialog(ours("Not delivered"), undelivered_text(receipt)))
        return True
    home.select(receipt.agent)
    home.composer.take_back(receipt.id, Mode(receipt.verb), naming(receipt.text, receipt.images))
    home.write(Mode(receipt.verb))
    return True


def _open_inbox(home: HomePort) -> None:
    items = attention(home.fleet, home.engine.now())

    def finish(key: str | None) -> None:
        if key is None:
            return
        item = items[int(key.removeprefix(InboxDialog.MEND))]
        if key.startswith(InboxDialog.MEND):
            _mend_item(home, item)
        else:
            _go_to_item(home, item)

    def drop(item: Attention) -> bool:
        if item.owed is not None and not home.read_only:
            home.command(SettleOwed(item.owed.key))
            return True
        if item.command is not None:
            home.engine.dismiss(item.command)
            return True
        finding = item.finding
        if finding is None or finding.kind is not FindingKind.PERHAPS_OURS or home.read_only:
            return False
        home.command(Dismiss(finding.vm))
        return True

    home.open_dialog(InboxDialog(items, home.engine.now(), drop), finish)


def _mend_item(home: HomePort, item: Attention) -> None:
    """Do what is suggested about an entry; where nothing is, go there."""
    if item.cause is not None and not home.read_only:
        continue_refused(home, item)
        return
    agent = home.fleet.agent(item.agent) if item.agent is not None else None
    on_vm = findings_on(home.fleet, agent.vm_id, home.engine.now()) if agent is not None else ()
    finding = item.finding or next((one for one in on_vm if one.suggestion is not Suggestion.WAIT), None)
    if finding is None:
        _go_to_item(home, item)
    elif home.read_only:
        home.warn(ours("the cockpit is read-only"), title=ours("Not mended"))
    else:
        mend(home, finding)


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
    if head_of(situation.agent.id, parents_of(situation.fleet.agents)) is None:
        return f"nobody works for {situation.agent.name}"
    return ""


def _fold(home: HomePort) -> None:
    """Fold the selected agent's children, or those of the agent it works for."""
    tree = home.list_pane("agents")
    head = head_of(home.selected, parents_of(home.fleet.agents)) if home.selected is not None else None
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
