"""The form of a spawn for lieutenants and workers, then every step of it with its time, as it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommandId
from cockpit.model.operation import Operation
from cockpit.text.clean import NOTHING, ours
from cockpit.ui.dialogs.course import LEAST_WIDTH, NOTHING_YET, REFRESH, Course, operations_of, refusals_of
from cockpit.ui.dialogs.form import FormDialog, Values
from cockpit.ui.dialogs.spawn.fields import CUSTOMARY, FORM, REMEMBERED, spawn_fields
from cockpit.ui.dialogs.spawn.orders import fault_in, orders_of, sized
from cockpit.ui.widgets.choice_field import ChoiceField
from cockpit.ui.widgets.data_fields import DataInput
from cockpit.ui.widgets.plain import Plain


class SpawnDialog(FormDialog):
    """The form, and after it the steps. Closing it stops nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+r", "again", "edit again", show=False, priority=True)]

    def __init__(self, engine: CockpitPort, source: str = "") -> None:
        super().__init__(ours("Spawn"), spawn_fields(engine, source), self._check_values)
        self._engine = engine
        self._commands: list[CommandId] = []
        self._course = Course()
        self.set_class(True, "spawn")

    def compose_body(self) -> ComposeResult:
        """Yield the form and the place of the steps."""
        yield from super().compose_body()
        with VerticalScroll(id="steps"):
            yield Plain(NOTHING, id="step-lines")

    def on_mount(self) -> None:
        self._show_worker_fields()
        self._show_size()
        self.query_one("#name").focus()
        self.set_interval(REFRESH, self._flush)

    @on(ChoiceField.Changed, "#image")
    def _show_size(self) -> None:
        """A fresh VM has the size that is asked for; one from an image has the image's."""
        self.query_one("#row-size").display = sized(self.query_one("#image", ChoiceField).value, self._engine)

    @on(ChoiceField.Changed, "#kind")
    def _show_worker_fields(self) -> None:
        """Workers have a parent and a number; a lieutenant has not."""
        worker = self.query_one("#kind", ChoiceField).value == AgentKind.WORKER
        for name in ("parent", "count"):
            self.query_one(f"#row-{name}").display = worker
        kind = AgentKind.WORKER if worker else AgentKind.LIEUTENANT
        self.query_one("#name", DataInput).placeholder = CUSTOMARY[kind]

    def _check_values(self, values: Values) -> str:
        return fault_in(values, self._engine)

    def finish(self, values: Mapping[str, str]) -> None:
        """Give the commands and turn to their steps."""
        self._commands = [self._engine.dispatch(command) for command in orders_of(values, self._engine)]
        self._engine.notebook.keep_values(FORM, {name: values[name] for name in REMEMBERED})
        self.add_class("-running")
        self.show_keys(("esc", "close, it goes on"))
        self.query_one("#steps").focus()
        self._flush()

    def operations(self) -> list[Operation]:
        """Return the operations this form started."""
        return operations_of(self._engine.fleet, self._commands)

    def _flush(self) -> None:
        """Draw the steps."""
        if not self._commands:
            return
        operations, refused = self.operations(), refusals_of(self._engine.fleet, self._commands)
        width = max(LEAST_WIDTH, self.query_one("#steps").size.width - 2)
        text = self._course.text(operations, refused, self._engine.now(), width, NOTHING_YET)
        if text is not None:
            self.query_one("#step-lines", Plain).show(text, layout=True)
        if refused or any(operation.error for operation in operations):
            self.show_keys(("^r", "edit and try again"), ("esc", "close"))

    def action_again(self) -> None:
        """Go back to the form with everything still filled in."""
        if self._commands:
            self._commands = []
            self.remove_class("-running")
            self.show_keys(*FormDialog.KEYS)
            self.query_one("#name").focus()

    def action_submit(self) -> None:
        """Submit once; while the steps run enter does nothing."""
        if not self._commands:
            super().action_submit()
