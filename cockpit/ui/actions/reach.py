"""Into the VM: a shell in this terminal, a command with live output, the agent's own tmux session, its ports."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cockpit.errors import CockpitError
from cockpit.model.fleet import Vm
from cockpit.model.reach import RemoteTerminal
from cockpit.model.shell_line import shell_line
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.dialogs.ports import PortsDialog
from cockpit.ui.dialogs.run import RunDialog
from cockpit.ui.terminal.lending import lent
from cockpit.ui.terminal.pass_through import PassThrough


def needs_vm(situation: Situation) -> str:
    """Say why the selected VM cannot be reached now."""
    if situation.vm is None:
        return "nothing is selected"
    return situation.engine.reach.refusal(situation.vm.id)


def _needs_agent_there(situation: Situation) -> str:
    reason = needs_vm(situation)
    return reason or ("" if situation.agent is not None else "no agent is selected")


def _called(home: HomePort, vm: Vm) -> Clean:
    agent = home.fleet.agent_on(vm.id)
    return clean_line(agent.name if agent is not None else vm.label or vm.id)


def _shell(home: HomePort, *, tmux: bool = False) -> None:
    vm = home.selected_vm()
    if vm is None:
        return
    target, called = vm.id, _called(home, vm)

    async def open_terminal(size: tuple[int, int], heard: Callable[[bytes, bool], None]) -> RemoteTerminal:
        kind, colours = os.environ.get("TERM", "") or "dumb", os.environ.get("COLORTERM", "")
        return await home.engine.reach.shell(target, kind, size, heard, colours=colours, tmux=tmux)

    async def carry() -> None:
        try:
            await PassThrough(afresh=True).carry(open_terminal, partial(lent, home.app))
        except CockpitError as error:
            home.warn(clean_text(str(error)), title=our_line("Shell on {}", called))

    home.app.run_worker(carry(), name=f"shell on {target}", group="shell")


def _run(home: HomePort) -> None:
    vm = home.selected_vm()
    if vm is None:
        return
    target, called = vm.id, _called(home, vm)

    def check(values: Values) -> str:
        if not values["command"].strip():
            return "a command, as a shell reads it"
        file = file_of(values)
        if file is not None and not file.parent.is_dir():
            return f"there is no directory {file.parent}"
        return home.engine.reach.refusal(target)

    def finish(values: Values | None) -> None:
        if values is None:
            return
        command = values["command"].strip()
        title = our_line("{} ❯ {}", called, clean_line(command[:60]))
        home.open_dialog(RunDialog(home.engine, title, target, shell_line(command), file_of(values)))

    fields = (
        Field("command", ours("command"), placeholder=ours("make test")),
        Field("output", ours("file here"), placeholder=ours("gets all that it says; none unless named")),
    )
    intro = our_line("In the workspace of {}, without its agent's environment. The agent hears nothing of it.", called)
    home.open_dialog(FormDialog(our_line("Run where {} lives", called), fields, check, intro=intro), finish)


def file_of(values: Values) -> Path | None:
    """Return the file that the form names, or None."""
    typed = values["output"].strip()
    return Path(typed).expanduser().absolute() if typed else None


def _ports(home: HomePort) -> None:
    vm = home.selected_vm()
    if vm is not None:
        home.open_dialog(PortsDialog(home.engine, _called(home, vm), vm.id, read_only=home.read_only))


ACTIONS: tuple[Action, ...] = (
    Action(
        "vm.shell",
        "dollar_sign",
        "shell",
        "Agents",
        "Open a shell where the agent lives, in this terminal; `~.` at the beginning of a line leaves it",
        _shell,
        needs_vm,
        writes=True,
    ),
    Action(
        "vm.run",
        "E",
        "run",
        "Agents",
        "Run a command where the agent lives, and watch what it says",
        _run,
        needs_vm,
        writes=True,
    ),
    Action(
        "vm.ports",
        "P",
        "ports",
        "Agents",
        "What listens where the agent lives; forward a port to here",
        _ports,
        needs_vm,
    ),
    Action(
        "vm.tmux",
        "",
        "agent's tmux",
        "Agents",
        "Look at the agent's own tmux session; no key reaches it",
        partial(_shell, tmux=True),
        _needs_agent_there,
    ),
)
