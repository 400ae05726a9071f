"""The steps of agents that are being made, as they happen; once all are there the dialog closes with the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.life import Spawn
from cockpit.model.ids import CommandId
from cockpit.model.operation import Operation
from cockpit.text.clean import NOTHING
from cockpit.ui.dialogs.course import LEAST_WIDTH, NOTHING_YET, REFRESH, Course, operations_of, refusals_of
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.dialogs.form import Values
from cockpit.ui.undo import order
from cockpit.ui.widgets.plain import Plain

MADE = "agent"
"""The value under which the id of the first agent stands that was made."""


class MakesAgents(Dialog[Values]):
    """What is written, and after it the steps. Closing it stops nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+r", "again", "edit again", show=False, priority=True)]

    engine: CockpitPort
    commands: Sequence[CommandId] = ()
    """What was ordered; nothing while it is still written."""

    def compose_steps(self) -> ComposeResult:
        """Yield the place of the steps."""
        self._course = Course()
        with VerticalScroll(id="steps"):
            yield Plain(NOTHING, id="step-lines")

    def on_mount(self) -> None:
        self.set_interval(REFRESH, self.flush_steps)

    def make(self, orders: Sequence[Spawn]) -> None:
        """Give the commands and turn to their steps."""
        self.commands = [order(self.app, self.engine, one) for one in orders]
        self.add_class("-running")
        self.show_keys(("esc", "close, it goes on"))
        self.query_one("#steps").focus()
        self.flush_steps()

    def operations(self) -> list[Operation]:
        """Return the operations that were started."""
        return operations_of(self.engine.fleet, self.commands)

    def flush_steps(self) -> None:
        """Draw the steps, or close once there is nothing left to see."""
        if not self.commands:
            return
        operations, refused = self.operations(), refusals_of(self.engine.fleet, self.commands)
        width = max(LEAST_WIDTH, self.query_one("#steps").size.width - 2)
        text = self._course.text(operations, refused, self.engine.now(), width, NOTHING_YET)
        if text is not None:
            self.query_one("#step-lines", Plain).show(text, layout=True)
        if refused or any(operation.error for operation in operations):
            self.show_keys(("^r", "edit and try again"), ("esc", "close"))
            return
        made = [operation.agent for operation in operations if operation.ended_at is not None]
        if len(made) == len(self.commands) and (first := made[0]) is not None and self.engine.fleet.agent(first):
            self.commands = ()
            self.dismiss({MADE: first})

    def action_again(self) -> None:
        """Go back to what was written."""
        if self.commands:
            self.commands = ()
            self.remove_class("-running")
            self.show_keys(*self.KEYS)
            self.write_on()

    def write_on(self) -> None:
        """Give the keys to what is written."""
