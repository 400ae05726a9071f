"""The palette: what there is to do and where to go from here, gathered for it, and doing what was chosen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from cockpit.model.fleet import Fleet
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import GROUPS, PANES
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.offered import OWN, OfferedAction
from cockpit.ui.actions.wearing import theme_names, wear_theme
from cockpit.ui.palette.dialog import PaletteDialog
from cockpit.ui.palette.entries import PaletteEntry
from cockpit.ui.terminal.colours import are_unwanted

ITSELF = "app.palette"
AGENTS_GROUP = ours("Go to an agent")
TASKS_GROUP, PLACES_GROUP, THEMES_GROUP = ours("Go to a task"), ours("Go to a VM without an agent"), ours("Theme")

SHORTENED = {"Agents": "Agent", "Move": "Move and screens"}
"""Groups that have another name here: `Agents` are gone to below."""


class KeepsChoices(Protocol):
    """Who keeps what was chosen."""

    keys: tuple[str, ...]

    def chose(self, key: str) -> None:
        """Remember a choice."""


@runtime_checkable
class RemembersChoices(Protocol):
    """An application that knows what was chosen lately."""

    lately: KeepsChoices


def open_palette(home: HomePort) -> None:
    """Offer all there is here."""
    app = home.app
    lately = app.lately.keys if isinstance(app, RemembersChoices) else ()

    def finish(key: str | None) -> None:
        if key is None:
            return
        if isinstance(app, RemembersChoices):
            app.lately.chose(key)
        _do(home.foremost(), key)

    home.open_dialog(PaletteDialog(lambda: list(_entries(home)), lately), finish)


def _do(home: HomePort, key: str) -> None:
    kind, _, what = key.partition(":")
    if kind == "act":
        home.try_action(what)
    elif kind == "own":
        found = [one.id for one in home.offered(anywhere=True) if one.group == OWN and one.label == what]
        if found:
            home.try_action(found[0])
    elif kind == "screen":
        home.show(what)
    elif kind == "theme":
        wear_theme(home.app, what)
    else:
        home.go_to(key)


def _entries(home: HomePort) -> Iterator[PaletteEntry]:
    """Return acts by their groups, then the places, then themes."""
    offered = [one for one in home.offered(anywhere=True) if one.id != ITSELF]
    order = (*GROUPS, OWN)
    for one in sorted(offered, key=lambda one: order.index(one.group)):
        yield _act(one)
    if home.pane not in (*PANES, "composer"):
        yield PaletteEntry("screen:home", clean_line(SHORTENED["Move"]), ours("fleet"), ours("Go to the home screen"))
    yield from _places(home.fleet)
    if not are_unwanted(os.environ):
        for name in theme_names(home.app):
            worn = ours("it is worn") if home.app.theme == name else ours("wear it; it is kept")
            yield PaletteEntry(f"theme:{name}", THEMES_GROUP, clean_line(name), worn, by_search=True)


def _act(one: OfferedAction) -> PaletteEntry:
    is_own = one.group == OWN
    return PaletteEntry(
        f"own:{one.label}" if is_own else f"act:{one.id}",
        clean_line(SHORTENED.get(one.group, one.group)),
        clean_line(one.label),
        clean_line(one.description),
        clean_line(one.keys),
        clean_line(one.reason),
    )


def _places(fleet: Fleet) -> Iterator[PaletteEntry]:
    tasks = {task.assignee: task.title for task in fleet.tasks if task.status == "in_progress"}
    for agent in fleet.agents:
        about: Clean = our_line("{}", agent.kind.value)
        if on := tasks.get(agent.name):
            about = our_line("{} · {}", agent.kind.value, on)
        yield PaletteEntry(f"agent:{agent.id}", AGENTS_GROUP, clean_line(agent.name), about)
    for task in fleet.tasks:
        about = our_line("{} · {}", task.status.replace("_", " "), task.assignee or "nobody")
        yield PaletteEntry(f"task:{task.id}", TASKS_GROUP, clean_line(task.title), about, by_search=True)
    for vm in fleet.orphans():
        yield PaletteEntry(
            f"vm:{vm.id}", PLACES_GROUP, clean_line(vm.label or str(vm.id)), ours("go there"), by_search=True
        )
