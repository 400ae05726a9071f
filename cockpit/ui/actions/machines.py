"""What the platform keeps of a VM: its disk, which can grow, and its labels; by the palette, on the VM's row."""

from __future__ import annotations

from cockpit.model.names import vm_called
from cockpit.model.platform import InfraServer, MakeInfra, Resize, SetLabels
from cockpit.model.size import VmSize, parse_disk, parse_size
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import vm_command
from cockpit.ui.dialogs.commits import CommitsDialog
from cockpit.ui.dialogs.form import Field, FormDialog, GuardedForm, Values
from cockpit.ui.widgets.choice_field import Choice

MUCH = 2**31
"""MiB no disk has: asks whether a VM's disk can grow at all."""


def _resize(home: HomePort) -> None:
    vm = home.selected_vm()
    if vm is None:
        return
    target, present = vm.id, vm.size.disk_mib

    def check(values: Values) -> str:
        wanted = parse_disk(values["disk"])
        return "disk: MiB, or 20G" if wanted is None else home.engine.disabled_reason(Resize(target, wanted))

    def finish(values: Values | None) -> None:
        wanted = parse_disk(values["disk"]) if values is not None else None
        if wanted is not None:
            home.command(Resize(target, wanted))

    intro = our_line(
        "VM {} has {} (processors/MiB of memory/MiB of disk). Its disk can only grow, and it is paused for that.",
        clean_line(vm_called(vm.id, home.fleet.agents, (vm,))),
        vm.size.text,
    )
    field = Field("disk", ours("disk"), value=f"{present * 2}" if present else "", placeholder=ours("MiB, or 20G"))
    home.open_dialog(GuardedForm(ours("Resize"), (field,), check, intro=intro), finish)


def changes_of(text: str) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]] | None:
    """Return the labels `NAME=VALUE` and those to remove `-NAME` of a line, or None if a word is neither."""
    labels: list[tuple[str, str]] = []
    removed: list[str] = []
    for word in text.split():
        name, mark, value = word.partition("=")
        if mark and name and not name.startswith("-"):
            labels.append((name, value))
        elif word.startswith("-") and len(word) > 1 and not mark:
            removed.append(word[1:])
        else:
            return None
    return tuple(labels), tuple(removed)


def _label(home: HomePort) -> None:
    vm = home.selected_vm()
    if vm is None:
        return
    target = vm.id

    def check(values: Values) -> str:
        changes = changes_of(values["labels"])
        if changes is None:
            return "labels: NAME=VALUE, and -NAME to remove one"
        return home.engine.disabled_reason(SetLabels(target, *changes))

    def finish(values: Values | None) -> None:
        changes = changes_of(values["labels"]) if values is not None else None
        if changes is not None:
            home.command(SetLabels(target, *changes))

    called = clean_line(vm_called(vm.id, home.fleet.agents, (vm,)))
    intro = our_line("Labels that the platform keeps of VM {}; copies of it begin without them.", called)
    field = Field("labels", ours("labels"), placeholder=ours("team=a -old"))
    home.open_dialog(FormDialog(ours("Label"), (field,), check, intro=intro), finish)


def _infra(home: HomePort) -> None:
    def check(values: Values) -> str:
        size = parse_size(values["size"])
        return "size: processors/MiB/MiB" if size is None else home.engine.disabled_reason(MakeInfra(size))

    def finish(values: Values | None) -> None:
        size = parse_size(values["size"]) if values is not None else None
        if values is not None and size is not None:
            home.command(MakeInfra(size, server=InfraServer(values["server"])))

    intro = ours(
        "A VM apart from the swarm with board, feed and registry, or the one that an earlier run left."
        " Its address goes into config.toml, and this cockpit uses it at once."
    )
    servers = (
        Choice(InfraServer.OURS.value, ours("ours: needs Python alone")),
        Choice(InfraServer.PUBLISHED.value, ours("the published one: fetched and built there by Node")),
    )
    fields = (
        Field("server", ours("server"), "choice", choices=servers),
        Field("size", ours("size"), value=VmSize().text, placeholder=ours("processors/MiB of memory/MiB of disk")),
    )
    home.open_dialog(GuardedForm(ours("Make infra VM"), fields, check, intro=intro), finish)


def _commits(home: HomePort) -> None:
    home.open_dialog(CommitsDialog(home.engine.platform.commits, home.engine.now))


def _no_infra(situation: Situation) -> str:
    return situation.engine.disabled_reason(MakeInfra())


ACTIONS: tuple[Action, ...] = (
    Action("vm.commits", "", "commits", "Agents", "List commits with their age, size and tags", _commits),
    Action(
        "vm.resize",
        "",
        "resize",
        "Agents",
        "Let the VM's disk grow",
        _resize,
        vm_command(lambda vm: Resize(vm.id, MUCH)),
        writes=True,
    ),
    Action(
        "vm.infra",
        "",
        "make infra VM",
        "Agents",
        "Make a VM with board, feed and registry, or go on with the one that was left",
        _infra,
        _no_infra,
        writes=True,
    ),
    Action(
        "vm.label",
        "",
        "label",
        "Agents",
        "Change the labels the platform keeps of the VM",
        _label,
        vm_command(lambda vm: SetLabels(vm.id, (("name", "value"),))),
        writes=True,
    ),
)
