"""Arranging the lists: who stands first, who stays on top, and filters that have names."""

from __future__ import annotations

from cockpit.model.desk import Density, SavedFilter, fault_of_filter
from cockpit.model.ordering import SortOrder
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import needs_agent
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.dialogs.saved_filters import KEEP, SavedFiltersDialog
from cockpit.ui.widgets.notice import notice


def _sort(home: HomePort) -> None:
    orders = list(SortOrder)
    desk = home.engine.coordination.desk
    chosen = orders[(orders.index(desk.arrangement.order) + 1) % len(orders)]
    home.app.run_worker(desk.sort(chosen), name="keep the order")


DENSITY_WORDS = {
    Density.AUTOMATIC: ours("Rows take two lines where all of them fit twice."),
    Density.TWO: ours("Each row takes two lines: who and where, then what it does and says."),
    Density.ONE: ours("Each row takes one line."),
}


def _density(home: HomePort) -> None:
    """Choose the next density, and say which one that is: a list that is short may look the same."""
    choices = list(Density)
    desk = home.engine.coordination.desk
    chosen = choices[(choices.index(desk.arrangement.density) + 1) % len(choices)]
    home.app.run_worker(desk.lay_out(chosen), name="keep the density")
    notice(home.app, DENSITY_WORDS[chosen])


def _pin(home: HomePort) -> None:
    agent, desk = home.agent, home.engine.coordination.desk
    if agent is None:
        return
    before = agent.id in desk.arrangement.pinned

    def pin(pinned: bool) -> None:
        home.app.run_worker(desk.pin(agent.id, pinned), name="keep a pin")

    pin(not before)
    said = f"{'unpinned' if before else 'pinned'} {agent.name}"
    home.last_acts.done(said, lambda: pin(before), home.engine.now())


def _filters(home: HomePort) -> None:
    """Choose a filter of the list with the keys, or keep the one it has under a name."""
    of = home.pane if home.pane in ("board", "vms", "feed") else "agents"
    desk, present = home.engine.coordination.desk, home.list_pane(of).needle

    def kept() -> tuple[SavedFilter, ...]:
        return tuple(one for one in desk.arrangement.filters if one.of == of)

    def finish(name: str | None) -> None:
        if name == KEEP:
            _keep(home, of, present)
        elif name is not None and (found := desk.arrangement.filter_named(name, of)) is not None:
            home.focus_pane(of)
            home.narrow(found.line)

    def drop(name: str) -> None:
        home.app.run_worker(desk.drop_filter(name, of), name="drop a filter")

    home.open_dialog(SavedFiltersDialog(kept, present, drop), finish)


def _keep(home: HomePort, of: str, line: str) -> None:
    def wanted(values: Values) -> SavedFilter:
        return SavedFilter(values["name"].strip(), line, of)

    def finish(values: Values | None) -> None:
        if values is not None:
            home.app.run_worker(home.engine.coordination.desk.keep_filter(wanted(values)), name="keep a filter")

    field = Field("name", ours("name"), placeholder=clean_line(line))
    intro = our_line("Keeps the filter {}", line)
    home.open_dialog(
        FormDialog(ours("Keep filter"), (field,), lambda values: fault_of_filter(wanted(values)), intro=intro), finish
    )


ACTIONS: tuple[Action, ...] = (
    Action(
        "see.order",
        "equals_sign",
        "order",
        "See",
        "Sort agents by name, need, age or cost",
        _sort,
    ),
    Action(
        "see.density",
        "",
        "density",
        "See",
        "Rows of agents take one line, or two, or two where they fit; it is kept",
        _density,
    ),
    Action(
        "see.pin",
        "plus",
        "pin",
        "See",
        "Keep this agent on top, or let it go",
        _pin,
        needs_agent,
    ),
    Action(
        "see.filters",
        "apostrophe",
        "named filters",
        "See",
        "Choose a filter that has a name, or keep this one under a name",
        _filters,
    ),
)
