"""The command line: what was typed is done through the same actions and orders as by their keys."""

from __future__ import annotations

import os
from functools import partial

from cockpit.model.commands.board import AssignTask, HandOverTask, MoveTask, NoteTask
from cockpit.model.commands.command import Command
from cockpit.model.ids import AgentId, TaskId
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.talk import message, order, submit
from cockpit.ui.actions.wearing import theme_names, wear_theme
from cockpit.ui.actions.words import GO, TEXTS, vocabulary
from cockpit.ui.command_line.grammar import HERE, Kind, Parsed
from cockpit.ui.command_line.line import CommandLine
from cockpit.ui.look.states import Mode
from cockpit.ui.terminal.colours import are_unwanted
from cockpit.ui.writing.composer import Composer

MODES = dict(zip(TEXTS, Mode, strict=True))


def open_line(home: HomePort, line: str = "", refused: str = "") -> None:
    """Ask what is to be done."""

    def finish(parsed: Parsed | None) -> None:
        if parsed is not None:
            _run(home.foremost(), parsed)

    words = vocabulary(home.offered(), home.fleet, theme_names(home.app))
    home.open_dialog(CommandLine(words, line=line, refused=refused), finish)


def _run(home: HomePort, parsed: Parsed) -> None:
    """Do what a line says; one that is refused comes back with the reason."""
    action, kinds = parsed.command.action, parsed.command.kinds
    keys = [_meant(home, kind, key) for kind, key in zip(kinds, parsed.keys, strict=False)]
    missing = next((kind for kind, key in zip(kinds, keys, strict=False) if not key), None)
    if missing is not None:
        open_line(home, parsed.line, f"no {missing.value} is selected here")
    elif action == GO:
        _go(home, keys[0] if keys else "", parsed)
    elif action in TEXTS and len(keys) == 2:
        _say(home, MODES[action], AgentId(keys[0]), keys[1], parsed)
    elif action == "app.theme" and keys and not are_unwanted(os.environ):
        wear_theme(home.app, keys[0])
    elif kinds[:1] == (Kind.TASK,) and keys:
        _about_task(home, action, keys, parsed)
    elif kinds[:1] == (Kind.AGENT,) and keys:
        _upon(home, AgentId(keys[0]), parsed)
    else:
        _try(home, parsed)


def _meant(home: HomePort, kind: Kind, key: str) -> str:
    """Return what an argument stands for: `.` is what is selected."""
    if key != HERE:
        return key
    task = home.selected_task()
    return str(home.selected or "") if kind is Kind.AGENT else str(task.id) if task is not None else ""


def _go(home: HomePort, place: str, parsed: Parsed) -> None:
    kind, _, key = place.partition(":")
    if kind == "screen":
        home.show(key)
    elif place:
        home.go_to(place)
    else:
        open_line(home, "go ", "go where? name an agent, a task or a screen")


def _say(home: HomePort, mode: Mode, target: AgentId, text: str, parsed: Parsed) -> None:
    agent = home.fleet.agent(target)
    if agent is None:
        open_line(home, parsed.line, "that agent is gone")
        return
    wanted = order(home.fleet, agent, message(mode, target, text), checkpoint=False)
    if reason := home.engine.disabled_reason(wanted):
        open_line(home, parsed.line, reason)
    else:
        home.engine.notebook.note_sent(target, text)
        submit(home, Composer.Submitted(target, mode, text))


def _about_task(home: HomePort, action: str, keys: list[str], parsed: Parsed) -> None:
    task = next((one for one in home.fleet.tasks if one.id == keys[0]), None)
    if task is None:
        open_line(home, parsed.line, "that task is gone")
        return
    if len(keys) < len(parsed.command.kinds):
        wanted = parsed.command.kinds[len(keys)]
        open_line(home, f"{parsed.line.rstrip()} ", f"{parsed.command.word} wants a {wanted.value} as well")
        return
    if action == "board.open":
        home.go_to(f"task:{task.id}")
        return
    command = _task_command(action, task.id, task.status, task.assignee, keys[1])
    if reason := home.engine.disabled_reason(command):
        open_line(home, parsed.line, reason)
    else:
        home.promise(home.command(command), clean_line(f"{parsed.command.word}: {task.title}"))


def _task_command(action: str, task: TaskId, status: str, assignee: str, value: str) -> Command:
    match action:
        case "board.move":
            return MoveTask(task, value, status)
        case "board.assign":
            return AssignTask(task, value, assignee)
        case "board.handover":
            return HandOverTask(task, AgentId(value))
        case _:
            return NoteTask(task, value)


def _upon(home: HomePort, target: AgentId, parsed: Parsed) -> None:
    """Select an agent, and act upon it once it is certain that nothing else is meant."""
    if parsed.command.action == "move.open":
        home.show("agent", target)
        return
    home.select(target)
    home.focus_pane("agents")
    home.app.call_after_refresh(partial(_act, home, target, parsed))


def _act(home: HomePort, target: AgentId, parsed: Parsed) -> None:
    here = home.foremost()
    agent, vm = here.agent, here.selected_vm()
    if agent is None or agent.id != target or (vm is not None and vm.id != agent.vm_id):
        here.warn(ours("something else is selected by now"), title=ours("Not done"))
    else:
        _try(here, parsed, alone=True)


def _try(home: HomePort, parsed: Parsed, *, alone: bool = False) -> None:
    """Do an action; who is named in the line is meant alone, whoever is marked."""
    action = parsed.command.action
    reason = next((one.reason for one in home.offered(alone=alone) if one.id == action), "it is not offered here")
    if reason:
        open_line(home, parsed.line, reason)
    else:
        home.try_action(action, alone=alone)
