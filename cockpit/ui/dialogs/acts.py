"""What was done here, the newest first: narrowed by typing; the agent or task of an act is gone to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.content import Content

from cockpit.model.acts import DoneAct
from cockpit.model.fleet import Fleet
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.look.cells import Piece, content, cut, fit
from cockpit.ui.widgets.row_list import Row

VERB_WIDTH, TARGET_WIDTH = 14, 20


class ActsDialog(PickDialog):
    """Dismisses with `agent:ID`, `task:ID`, or the number of an act whose target is not there."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("type", "narrow"),
        ("↑↓", "choose"),
        ("⏎", "go there"),
        ("esc", "close"),
    )

    def __init__(self, acts: Sequence[DoneAct], fleet: Fleet, now: float) -> None:
        """Show acts, the newest first."""

        def rows(width: int) -> list[tuple[Row, str]]:
            return [
                (Row(_place(one, at, fleet), _line(one, now, width)), f"{one.verb} {one.target} {one.text}")
                for at, one in enumerate(acts)
            ]

        super().__init__(ours("What was done here"), rows, ours("Nothing was done yet that this history knows of."))
        self.add_class("wide")


def _place(act: DoneAct, number: int, fleet: Fleet) -> str:
    """Return a key of its own for each act, which begins with the place of its target if that is there."""
    agent = next((one for one in fleet.agents if one.name == act.target), None)
    if agent is not None:
        return f"agent:{agent.id} {number}"
    task = next((one for one in fleet.tasks if act.target in (one.title, one.id)), None)
    return f"task:{task.id} {number}" if task is not None else f"act {number}"


def _line(act: DoneAct, now: float, width: int) -> Content:
    pieces: list[Piece] = [
        (our_line(" {} ", when(act.at, now)), "$muted"),
        (fit(clean_line(act.verb.replace("_", " ")), VERB_WIDTH), "bold"),
        (fit(clean_line(act.target), TARGET_WIDTH), "$accent"),
        (cut(our_line(" {}", act.text), max(8, width - VERB_WIDTH - TARGET_WIDTH - 14)), "$muted"),
    ]
    return content(pieces)


def when(at: float, now: float) -> Clean:
    """Return the time of a day, with the date where that is another one; local, eleven cells."""
    then, today = datetime.fromtimestamp(at), datetime.fromtimestamp(now)
    text = then.strftime("%H:%M:%S" if then.date() == today.date() else "%d.%m. %H:%M")
    return our_line("{:>11}", clean_line(text))
