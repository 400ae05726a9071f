"""Actions about what was done here."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from cockpit.errors import CockpitError
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.acts import ActsDialog

MOST_ACTS = 1_000
"""Acts that the list begins with: more than anybody scrolls, `cockpit acts` has all."""


def _acts(home: HomePort) -> None:
    """Show the log of acts, which is read from the history."""

    def finish(key: str | None) -> None:
        place = key.partition(" ")[0] if key is not None else ""
        if ":" in place:
            home.go_to(place)

    async def show() -> None:
        try:
            acts = await home.engine.coordination.acts.acts(limit=MOST_ACTS)
        except CockpitError as error:
            home.warn(clean_line(str(error)), title=ours("What was done here"))
            return
        home.open_dialog(ActsDialog(acts, home.fleet, home.engine.now()), finish)

    home.app.run_worker(show(), name="read what was done", group="acts", exclusive=True)


@runtime_checkable
class WatchesAbsence(Protocol):
    """An application that notes when the operator was away."""

    absence: ShowsAbsence


class ShowsAbsence(Protocol):
    """Shows what happened meanwhile."""

    async def show(self, *, asked: bool, hint: bool = False) -> None:
        """Show it."""


def _away(home: HomePort) -> None:
    """Show again what happened while the operator was away."""
    app = home.app
    if isinstance(app, WatchesAbsence):
        app.run_worker(app.absence.show(asked=True), name="what happened meanwhile", group="away", exclusive=True)


ACTIONS: tuple[Action, ...] = (
    Action("see.acts", "T", "what I did", "See", "Show and search what was done here, the newest first", _acts),
    Action("see.away", "0", "while away", "See", "Show again what happened while you were away", _away),
    Action(
        "see.timeline",
        "",
        "timeline",
        "See",
        "Show what each agent did minute by minute, and how long it waited for you",
        lambda home: home.show("timeline"),
    ),
)
