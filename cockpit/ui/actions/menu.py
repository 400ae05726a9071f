"""What the selected agent can be told, as one list with the present values."""

from __future__ import annotations

from typing import Any

from cockpit.model.inquiries import (
    STATE,
    STATISTICS,
    AgentSetup,
    Statistics,
)
from cockpit.text.clean import Clean
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions import sessions, tuning
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.asking import (
    NOTHING_FITS,
    asking,
)
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs import told
from cockpit.ui.dialogs.live import LivePick
from cockpit.ui.look.cells import content, cut, fit
from cockpit.ui.widgets.row_list import Row


def _commands(home: HomePort) -> None:
    """List what the agent can be told, each with its present value, or why not."""
    agent = home.agent
    if agent is None:
        return
    engine, target = home.engine, agent.id

    async def load() -> tuple[AgentSetup, Statistics]:
        return await engine.inquiries.ask(target, STATE), await engine.inquiries.ask(target, STATISTICS)

    def rows(loaded: Any, width: int) -> told.Rows:
        values = told.state_values(*(loaded or (None, None)))
        situation = Situation(engine, home.fleet, home.fleet.agent(target), read_only=home.read_only)
        return [
            _menu_row(action, _reason(action, situation), values.get(action.id), width)
            for action in (*tuning.ACTIONS, *sessions.ACTIONS)
        ]

    def finish(key: str | None) -> None:
        # The action goes to who is selected then: that has to be who the list was of.
        if key is not None and home.selected == target:
            home.try_action(key)

    title = our_line("Commands of {}", agent.name)
    home.open_dialog(LivePick(title, load, rows, NOTHING_FITS), finish)


def _reason(action: Action, situation: Situation) -> str:
    return "the cockpit is read-only" if action.writes and situation.read_only else action.reason(situation)


def _menu_row(action: Action, reason: str, value: Clean | None, width: int) -> tuple[Row, str]:
    label = clean_line(action.label)
    shown = clean_line(reason) if reason else value if value is not None else clean_line(action.description)
    style = "$muted" if reason else "$accent" if value is not None else "$muted"
    line = content(
        [
            (fit(label, 22), "$muted" if reason else "bold"),
            (cut(our_line(" {}", shown), max(10, width - 22)), style),
        ]
    )
    return Row(action.id, line), f"{action.label} {action.description}"


ACTIONS: tuple[Action, ...] = (
    Action(
        "agent.commands",
        "comma",
        "commands",
        "Talk",
        "What the agent can be told: model, thinking, sessions, its shell",
        _commands,
        asking(STATE),
        ("agents", "output"),
    ),
)
