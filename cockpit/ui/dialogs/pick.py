"""Picking one of many by typing, e.g. where to go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from cockpit.model.fleet import Fleet
from cockpit.model.why import headline
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.look.cells import content, cut, fit
from cockpit.ui.look.rows.panes import matches
from cockpit.ui.look.states import STATUS_STYLES, style_of
from cockpit.ui.widgets.data_fields import NarrowingInput
from cockpit.ui.widgets.row_list import Row, RowList


class PickDialog(Dialog[str]):
    """A list that narrows while typing; dismisses with the key of the chosen row."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("type", "narrow"),
        ("↑↓", "choose"),
        ("⏎", "go"),
        ("esc", "close"),
    )
    LETTERS: ClassVar[frozenset[str]] = frozenset()
    """Letters that are keys here, and narrow nothing."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "down", show=False, priority=True),
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("enter", "accept", "go", show=False, priority=True),
    ]

    def __init__(self, title: Clean, rows: Callable[[int], Sequence[tuple[Row, str]]], empty: Clean) -> None:
        super().__init__(title, classes="pick")
        self._rows = rows
        self._empty = empty

    def compose_body(self) -> ComposeResult:
        """Yield the field and the list."""
        yield NarrowingInput(placeholder=ours("type to narrow"), id="needle", others=self.LETTERS)
        yield RowList(empty=(self._empty,), id="rows")

    def on_mount(self) -> None:
        self.query_one("#rows").can_focus = False
        self.call_after_refresh(self.narrow)

    @on(Input.Changed)
    def narrow(self) -> None:
        """Show the rows that fit what was typed."""
        rows = self.query_one("#rows", RowList)
        needle = self.query_one("#needle", Input).value
        width = max(20, rows.size.width - 1)
        rows.set_rows([row for row, words in self._rows(width) if matches(needle, words)])

    @on(RowList.Chosen)
    @on(RowList.Highlighted)
    def _pointed(self, message: RowList.Chosen | RowList.Highlighted) -> None:
        message.stop()
        if isinstance(message, RowList.Chosen):
            self.action_accept()

    def action_move(self, step: int) -> None:
        """Move the cursor while the field keeps the keys."""
        self.query_one("#rows", RowList).action_move(step)

    def action_accept(self) -> None:
        """Go to the row under the cursor."""
        key = self.query_one("#rows", RowList).cursor_key
        if key:
            self.dismiss(key)


def places(fleet: Fleet, now: float) -> Callable[[int], Sequence[tuple[Row, str]]]:
    """Return everything one can go to: `agent:ID`, `task:ID`, `vm:ID`."""

    def rows(width: int) -> list[tuple[Row, str]]:
        found: list[tuple[Row, str]] = []
        for agent in fleet.agents:
            look = style_of(headline(agent, fleet.vm(agent.vm_id), now))
            name = clean_line(agent.name)
            line = content(
                [
                    (our_line(" {} ", look.glyph), look.style),
                    (fit(name, 24), "bold"),
                    (our_line(" {}", agent.kind.value), "$muted"),
                ]
            )
            found.append((Row(f"agent:{agent.id}", line), f"{agent.name} {agent.kind.value} {agent.role}"))
        for task in fleet.tasks:
            task_style = STATUS_STYLES.get(task.status)
            glyph = task_style.glyph if task_style else "·"
            title = cut(clean_line(task.title), max(10, width - 14))
            line = content(
                [
                    (our_line(" {} ", glyph), task_style.style if task_style else ""),
                    (title, ""),
                    (ours("  task"), "$muted"),
                ]
            )
            found.append((Row(f"task:{task.id}", line), f"{task.title} task {task.status} {task.assignee}"))
        for vm in fleet.orphans():
            line = content(
                [(ours(" ▫ "), "$muted"), (fit(clean_line(vm.label or vm.id), 24), ""), (ours(" orphan VM"), "$muted")]
            )
            found.append((Row(f"vm:{vm.id}", line), f"{vm.label} {vm.id} orphan vm"))
        return found

    return rows
