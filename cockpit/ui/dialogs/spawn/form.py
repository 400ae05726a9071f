"""The form of a spawn for lieutenants and workers, with all that can be said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import TextArea

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import AgentKind
from cockpit.model.notebook.pitfalls import pitfall
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.dialogs.form import Field, FormDialog, Values
from cockpit.ui.dialogs.spawn.fields import ADVICE, CUSTOMARY, FORM, REMEMBERED, spawn_fields, with_values
from cockpit.ui.dialogs.spawn.orders import fault_in, orders_of, sized
from cockpit.ui.dialogs.spawn.steps import MakesAgents
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.choice_field import ChoiceField
from cockpit.ui.widgets.data_fields import DataInput
from cockpit.ui.widgets.lull import Lull
from cockpit.ui.widgets.plain import Plain


class SpawnDialog(MakesAgents, FormDialog):
    """The form, and after it the steps."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, engine: CockpitPort, source: str = "", written: Values | None = None) -> None:
        """Prepare.

        Args:
            engine: where agents are made.
            source: the one that is offered first, where there are several.
            written: what is filled in already.
        """
        fields: tuple[Field, ...] = with_values(spawn_fields(engine, source), written or {})
        super().__init__(ours("Spawn"), fields, self._check_values)
        self.engine = engine
        self._lull = Lull(self, self._advise)
        self.set_class(True, "spawn")

    def compose_body(self) -> ComposeResult:
        """Yield the form, a word of advice and the place of the steps."""
        yield from super().compose_body()
        yield Plain(NOTHING, id="advice")
        yield from self.compose_steps()

    def on_mount(self) -> None:
        self._show_worker_fields()
        self._show_size()
        self.write_on()

    def write_on(self) -> None:
        """Begin with the name."""
        self.query_one("#name").focus()

    @on(ChoiceField.Changed, "#image")
    def _show_size(self) -> None:
        """A fresh VM has the size that is asked for; one from an image has the image's."""
        image = self.query_one("#image", ChoiceField).value
        self.query_one("#row-size").display = sized(image, self.engine)

    @on(ChoiceField.Changed, "#kind")
    def _show_worker_fields(self) -> None:
        """Workers have a parent and a number; a lieutenant has not."""
        worker = self._kind is AgentKind.WORKER
        for name in ("parent", "count"):
            self.query_one(f"#row-{name}").display = worker
        self.query_one("#name", DataInput).placeholder = CUSTOMARY[self._kind]
        self._advise()

    @property
    def _kind(self) -> AgentKind:
        return AgentKind(self.query_one("#kind", ChoiceField).value)

    @on(TextArea.Changed)
    def _task_written(self) -> None:
        self._lull.changed()

    def _advise(self) -> None:
        """Say when such an agent serves, or what to beware of in its first task."""
        warning = pitfall(self.query_one("#tasks", TextArea).text)
        said = our_line("! {}", warning) if warning else our_line("{}: {}", self._kind.value, ADVICE[self._kind])
        self.query_one("#advice", Plain).show(content([(said, "$agent-asking" if warning else "$muted")]), layout=True)

    def _check_values(self, values: Values) -> str:
        return fault_in(values, self.engine)

    def finish(self, values: Mapping[str, str]) -> None:
        """Give the commands and turn to their steps."""
        self.engine.notebook.keep_values(FORM, {name: values[name] for name in REMEMBERED})
        self.make(orders_of(values, self.engine))

    def action_submit(self) -> None:
        """Submit once; while the steps run enter does nothing."""
        if not self.commands:
            super().action_submit()
