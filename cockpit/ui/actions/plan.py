"""The plans of the board: seen, run, held and made in one view."""

from __future__ import annotations

from cockpit.model.refusals.board import NO_BOARD
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.plan.view import PlansDialog


def _needs_board(situation: Situation) -> str:
    return "" if situation.engine.coordination.places else NO_BOARD.sentence


def _open(home: HomePort) -> None:
    """Show the plan of the task under the cursor, else the newest."""
    task = home.selected_task()
    names = [tag.removeprefix("plan:") for tag in task.tags if tag.startswith("plan:")] if task is not None else []
    home.open_dialog(PlansDialog(home.engine, read_only=home.read_only, name=names[0] if names else ""))


ACTIONS: tuple[Action, ...] = (
    Action(
        "plan.open",
        "L",
        "plans",
        "Board",
        "See the plans: who has which task and why it waits; run, hold, step, take over, paste a new one",
        _open,
        _needs_board,
        ("board",),
    ),
)
