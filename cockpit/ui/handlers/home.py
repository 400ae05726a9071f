"""What each action of the registry does on the home screen. Targets are captured when the key is pressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cockpit.model.attention import Attention, Urgency, attention
from cockpit.model.commands import (
    Abort,
    Answer,
    Branch,
    Commit,
    Destroy,
    Pause,
    Relaunch,
    Resume,
)
from cockpit.model.fleet import AgentKind, Vm
from cockpit.model.ids import AgentId
from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.registry import BY_ID, key_labels
from cockpit.ui.dialogs.answer import AnswerDialog
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.dialog import TextDialog
from cockpit.ui.dialogs.form import Field, FormDialog, GuardedForm, Values
from cockpit.ui.dialogs.inbox import InboxDialog
from cockpit.ui.dialogs.pick import PickDialog, places
from cockpit.ui.dialogs.spawn import SpawnDialog
from cockpit.ui.dialogs.texts import help_text, undelivered_text, why_text, why_vm_text
from cockpit.ui.handlers.board import assign_task, create_task, move_task, note_task, open_task
from cockpit.ui.look.cells import age
from cockpit.ui.look.states import Mode
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.transcript.viewport import PageRequest
from cockpit.ui.widgets.composer import Composer
from cockpit.ui.widgets.filter_line import FilterLine
from cockpit.ui.widgets.panes import BoardPane, Pane, VmsTable

if TYPE_CHECKING:
    from cockpit.ui.screens.home import HomeScreen

Handler = Callable[["HomeScreen"], None]


# --- talking -----------------------------------------------------------------------------------------


def _write(mode: Mode | None) -> Handler:
    return lambda home: home.write(mode)


def _compose(home: HomeScreen) -> None:
    """Enter opens the task on the board, and the composer elsewhere."""
    if home.pane == "board" and home.selected_task() is not None:
        open_task(home)
    else:
        home.write(None)


def answer_question(home: HomeScreen) -> None:
    """Ask the operator for the oldest open question's answer."""
    agent = home.agent
    if agent is None or not agent.activity.dialogs:
        return

    def finish(answer: Answer | None) -> None:
        if answer is None:
            return
        if reason := home.engine.disabled_reason(answer):
            home.notify(reason, title="Not answered", severity="warning", markup=False)
        else:
            home.command(answer)

    home.app.push_screen(AnswerDialog(agent, agent.activity.dialogs[0].request), finish)


def _abort(home: HomeScreen) -> None:
    if home.agent is not None:
        name = clean_line(home.agent.name)
        home.outcomes.promise(home.command(Abort(home.agent.id)), f"aborted {name}")


# --- agents and VMs ----------------------------------------------------------------------------------


def _spawn(home: HomeScreen) -> None:
    home.app.push_screen(SpawnDialog(home.engine))


def _why(home: HomeScreen) -> None:
    agent, vm = home.agent, home.selected_vm()
    if vm is not None and home.pane == "vms" and home.fleet.agent_on(vm.id) is None:
        home.app.push_screen(TextDialog("Why nobody has this VM", why_vm_text(vm)))
    elif agent is not None:
        text = why_text(agent, home.fleet.vm(agent.vm_id), home.engine.now())
        home.app.push_screen(TextDialog(f"Why {agent.name} is shown so", text))


def _vm_order(build: Callable[[Vm], Pause | Resume]) -> Handler:
    def handler(home: HomeScreen) -> None:
        vm = home.selected_vm()
        if vm is not None:
            command = build(vm)
            dispatched = home.command(command)
            if isinstance(command, Pause):
                name = _short_name(home, vm)
                resume = key_labels(home.keys.get("vm.resume", BY_ID["vm.resume"].keys))
                home.outcomes.promise(dispatched, f"paused {name} · {resume} resume")

    return handler


def _relaunch(home: HomeScreen) -> None:
    if home.agent is not None:
        home.command(Relaunch(home.agent.id))


def _change_program(home: HomeScreen) -> None:
    """Ask whether an agent may go on with another version than the one it was started with."""
    agent = home.agent
    if agent is None:
        return
    target = agent.id
    started = " ".join(word for word in (agent.program, agent.version, agent.program_path) if word)

    def finish(yes: bool | None) -> None:
        if yes:
            home.command(Relaunch(target, change_program=True))

    consequence = "It goes on, in its conversation, with the version that is installed there now."
    home.app.push_screen(ConfirmDialog("Relaunch", [f"{agent.name} · started with {started}"], consequence), finish)


def _commit(home: HomeScreen) -> None:
    vm = home.selected_vm()
    if vm is None:
        return
    target = vm.id

    def finish(values: Values | None) -> None:
        if values is not None:
            home.command(Commit(target, values["name"]))

    form = FormDialog(
        "Commit", (Field("name", "name", placeholder="golden-2"),), intro=f"Snapshot of {_named(home, vm)}"
    )
    home.app.push_screen(form, finish)


def _branch(home: HomeScreen) -> None:
    vm = home.selected_vm()
    if vm is None:
        return
    target = vm.id

    def check(values: Values) -> str:
        number = values["count"]
        return "" if number.isdecimal() and 1 <= int(number) <= 20 else "copies: a number from 1 to 20"

    def finish(values: Values | None) -> None:
        if values is not None:
            home.command(Branch(target, int(values["count"])))

    form = GuardedForm("Branch", (Field("count", "copies", value="1"),), check, intro=f"Copies of {_named(home, vm)}")
    home.app.push_screen(form, finish)


def _destroy(home: HomeScreen) -> None:
    """Ask with the target frozen; a long-lived agent's name must be typed, for its context is lost."""
    vm = home.selected_vm()
    if vm is None:
        return
    target, agent = vm.id, home.fleet.agent_on(vm.id)
    lived = f", up {age(home.engine.now() - vm.created_at)}" if vm.created_at else ""
    targets = [f"{_named(home, vm)} · VM {vm.id}{lived}"]
    consequence = "The VM and everything on it is deleted. What was committed stays."
    keeps = agent is not None and agent.kind is not AgentKind.WORKER
    word = agent.name if agent is not None and keeps else ""

    def finish(yes: bool | None) -> None:
        if yes:
            home.command(Destroy(target))

    home.app.push_screen(ConfirmDialog("Destroy", targets, consequence, word=word), finish)


def _short_name(home: HomeScreen, vm: Vm) -> str:
    agent = home.fleet.agent_on(vm.id)
    return clean_line(agent.name if agent is not None else vm.label or vm.id[:8])


def _named(home: HomeScreen, vm: Vm) -> str:
    """Name a VM as the operator knows it."""
    agent = home.fleet.agent_on(vm.id)
    return f"{agent.kind.value} {agent.name}" if agent is not None else vm.label or f"orphan {vm.id[:8]}"


# --- seeing ------------------------------------------------------------------------------------------


def next_waiting(home: HomeScreen) -> None:
    """Go to the next thing that waits, round and round from the selected agent."""
    items = attention(home.fleet, home.engine.now())
    if not items:
        return
    here = next((at for at, item in enumerate(items) if item.agent is not None and item.agent == home.selected), -1)
    go_to_item(home, items[(here + 1) % len(items)])


def go_to_item(home: HomeScreen, item: Attention) -> None:
    """Select what waits; a text that nobody read comes back into the composer, or is shown if its agent is gone."""
    if item.urgency is Urgency.UNDELIVERED and _take_back(home, item):
        return
    if item.agent is not None and home.fleet.agent(item.agent) is not None:
        home.select(item.agent)
        home.focus_pane("agents")
    elif item.task is not None:
        go_to(home, f"task:{item.task}")


def _take_back(home: HomeScreen, item: Attention) -> bool:
    """Give a text that nobody read back to the operator; False if it is no longer known."""
    receipt = next((known for known in home.fleet.receipts if known.id == item.command), None)
    if receipt is None:
        return False
    if receipt.agent is None or home.fleet.agent(receipt.agent) is None:
        home.app.push_screen(TextDialog("Not delivered", undelivered_text(receipt)))
        return True
    home.select(receipt.agent)
    home.query_one(Composer).take_back(receipt.id, Mode(receipt.verb), receipt.text)
    home.write(Mode(receipt.verb))
    return True


def _attention(home: HomeScreen) -> None:
    items = attention(home.fleet, home.engine.now())

    def finish(key: str | None) -> None:
        if key is not None:
            go_to_item(home, items[int(key)])

    home.app.push_screen(InboxDialog(items, home.engine.now(), home.engine.dismiss), finish)


def _zoom(home: HomeScreen) -> None:
    home.zoomed = not home.zoomed
    if home.zoomed:
        home.query_one(TranscriptView).focus()


def _expand(home: HomeScreen) -> None:
    home.query_one(TranscriptView).toggle_expanded()


def _turn(direction: int) -> Handler:
    def handler(home: HomeScreen) -> None:
        home.query_one(TranscriptView).go_to_turn(direction)

    return handler


def turn_page(home: HomeScreen, wished: TranscriptView.PageRequested) -> None:
    """Move the window onto the selected agent's past; the output reads on in it once it is filled."""
    engine, agent = home.engine, home.selected
    if agent is None:
        return
    match wished.page_request:
        case PageRequest.PAST:
            engine.open_past(agent, wished.place)
        case PageRequest.OLDER:
            engine.page_older(agent)
        case PageRequest.NEWER:
            engine.page_newer(agent)
        case PageRequest.LIVE:
            engine.leave_past(agent)


def _filter(home: HomeScreen) -> None:
    name = home.pane if home.pane not in ("output", "composer") else "agents"
    pane = home.query_one(f"#{name}", Pane)
    home.query_one(FilterLine).open(name, pane.needle)


# --- moving ------------------------------------------------------------------------------------------


def _go_to(home: HomeScreen) -> None:
    def finish(key: str | None) -> None:
        if key is not None:
            go_to(home, key)

    dialog = PickDialog("Go to", places(home.fleet, home.engine.now()), "Nothing has this name.")
    home.app.push_screen(dialog, finish)


def go_to(home: HomeScreen, place: str) -> None:
    """Go to `agent:ID`, `task:ID` or `vm:ID`; filters that hide it are dropped."""
    kind, _, key = place.partition(":")
    pane_name = {"agent": "agents", "task": "board", "vm": "vms"}[kind]
    home.query_one(f"#{pane_name}", Pane).needle = ""
    home.focus_pane(pane_name)
    home.call_after_refresh(_arrive, home, kind, key)


def _arrive(home: HomeScreen, kind: str, key: str) -> None:
    home.bridge.flush()
    if kind == "agent":
        home.select(AgentId(key))
    elif kind == "task":
        home.query_one(BoardPane).point_at(key)
    else:
        home.query_one(VmsTable).point_at(key)
    home.bridge.flush()


def choose_row(home: HomeScreen) -> None:
    """A second click on a row: read it."""
    if home.pane == "board":
        open_task(home)
    elif home.pane in ("agents", "vms"):
        home.focus_pane("output")


def _focus(name: str) -> Handler:
    return lambda home: home.focus_pane(name)


def _cycle(step: int) -> Handler:
    return lambda home: home.cycle_pane(step)


# --- the cockpit itself ------------------------------------------------------------------------------


def _help(home: HomeScreen) -> None:
    home.app.push_screen(TextDialog("Keys", help_text(home.keys), classes="wide"))


def _palette(home: HomeScreen) -> None:
    home.app.action_command_palette()


def _theme(home: HomeScreen) -> None:
    names = sorted(theme for theme in home.app.available_themes if not theme.startswith("textual"))
    ours = [name for name in names if name in getattr(home.app, "own_themes", ())] or names
    at = ours.index(home.app.theme) if home.app.theme in ours else -1
    home.app.theme = ours[(at + 1) % len(ours)]


def _quit(home: HomeScreen) -> None:
    home.app.exit()


HANDLERS: Mapping[str, Handler] = {
    "talk.prompt": _write(Mode.PROMPT),
    "talk.steer": _write(Mode.STEER),
    "talk.follow_up": _write(Mode.FOLLOW_UP),
    "talk.compose": _compose,
    "talk.answer": answer_question,
    "talk.abort": _abort,
    "agent.spawn": _spawn,
    "agent.why": _why,
    "vm.pause": _vm_order(lambda vm: Pause(vm.id)),
    "vm.resume": _vm_order(lambda vm: Resume(vm.id)),
    "agent.relaunch": _relaunch,
    "agent.change_program": _change_program,
    "vm.commit": _commit,
    "vm.branch": _branch,
    "vm.destroy": _destroy,
    "board.create": create_task,
    "board.open": open_task,
    "board.move": move_task,
    "board.assign": assign_task,
    "board.note": note_task,
    "see.next_waiting": next_waiting,
    "see.attention": _attention,
    "see.zoom": _zoom,
    "see.follow": lambda home: home.query_one(TranscriptView).follow(),
    "see.expand": _expand,
    "see.previous_turn": _turn(-1),
    "see.next_turn": _turn(1),
    "see.filter": _filter,
    "move.go_to": _go_to,
    "move.agents": _focus("agents"),
    "move.board": _focus("board"),
    "move.vms": _focus("vms"),
    "move.output": _focus("output"),
    "move.feed": _focus("feed"),
    "move.next_pane": _cycle(1),
    "move.previous_pane": _cycle(-1),
    "app.help": _help,
    "app.palette": _palette,
    "app.theme": _theme,
    "app.quit": _quit,
}
"""One handler per action; a test compares the keys with the registry's."""
