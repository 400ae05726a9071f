"""A dialog with fields: text, long text or a choice; enter submits from any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, TextArea

from cockpit.model.notebook.pitfalls import pitfall
from cockpit.text.clean import NOTHING, Clean
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.choice_field import Choice, ChoiceField
from cockpit.ui.widgets.data_fields import DataInput, DataTextArea
from cockpit.ui.widgets.lull import Lull
from cockpit.ui.widgets.plain import Plain


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    label: Clean
    kind: str = "text"
    """`text`, `area` or `choice`."""
    value: str = ""
    placeholder: Clean = NOTHING
    choices: tuple[Choice, ...] = ()
    for_agents: bool = False
    """Agents get to read the text: the form says what to beware of in it."""


Values = Mapping[str, str]
Check = Callable[[Values], str]
"""Says what is wrong with the values, or returns empty text."""


def listed(text: str) -> tuple[str, ...]:
    """Return the words of a comma-separated field."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


class FormDialog(Dialog[Values]):
    """Fields under each other; dismisses with their values, or None when backed out."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("⏎", "ok"), ("tab", "next field"), ("esc", "cancel"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "ok", show=False, priority=True),
        Binding("enter", "submit", "ok", show=False),
        Binding("down", "app.focus_next", "next field", show=False),
        Binding("up", "app.focus_previous", "previous field", show=False),
    ]

    def __init__(
        self, title: Clean, fields: Sequence[Field], check: Check | None = None, *, intro: Clean = NOTHING
    ) -> None:
        super().__init__(title, classes="form")
        self._fields = tuple(fields)
        self._check: Check = check if check is not None else lambda values: ""
        self._intro = intro
        self._written_lull = Lull(self, self._beware)

    def compose_body(self) -> ComposeResult:
        """Yield the fields and the line for what is wrong."""
        if self._intro:
            yield Plain(self._intro, classes="intro")
        with Vertical(id="fields"):
            for field in self._fields:
                with Horizontal(classes=f"field field--{field.kind}", id=f"row-{field.name}"):
                    yield Plain(field.label, classes="label")
                    yield self._widget(field)
        yield Plain(NOTHING, id="problem")
        if any(field.for_agents for field in self._fields):
            yield Plain(NOTHING, id="advice")

    @on(TextArea.Changed)
    def _written(self) -> None:
        self._written_lull.changed()

    def _beware(self) -> None:
        """Say what to beware of in a text that agents get to read."""
        texts = [self.values()[field.name] for field in self._fields if field.for_agents]
        if texts:
            warning = next(filter(None, map(pitfall, texts)), "")
            said = our_line("! {}", warning) if warning else NOTHING
            self.query_one("#advice", Plain).show(content([(said, "$agent-asking")]), layout=True)

    def _widget(self, field: Field) -> Widget:
        if field.kind == "choice":
            return ChoiceField(field.choices, value=field.value, id=field.name)
        if field.kind == "area":
            return DataTextArea(field.value, id=field.name, tab_behavior="focus", placeholder=field.placeholder)
        return DataInput(field.value, placeholder=field.placeholder, id=field.name)

    def on_mount(self) -> None:
        if any(field.kind == "area" for field in self._fields):
            self.show_keys(("^s", "ok"), ("tab", "next field"), ("esc", "cancel"))

    def values(self) -> dict[str, str]:
        """Return what the fields hold now."""
        held: dict[str, str] = {}
        for field in self._fields:
            widget = self._held_by(field)
            if isinstance(widget, TextArea):
                held[field.name] = widget.text
            elif isinstance(widget, Input | ChoiceField):
                held[field.name] = widget.value
        return held

    def _held_by(self, field: Field) -> Widget:
        # A field may be called like another part of the dialog, such as its line of keys.
        return self.query_one(f"#fields #{field.name}")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Check the values; finish, or say what is wrong and stay."""
        values = self.values()
        problem = self._problem(values)
        self.query_one("#problem", Plain).show(clean_line(problem), layout=True)
        if not problem:
            self.finish(values)

    def _problem(self, values: Values) -> str:
        for field in self._fields:
            widget = self._held_by(field)
            if isinstance(widget, ChoiceField) and widget.choice.reason:
                return f"{field.label}: {widget.choice.reason}"
        return self._check(values)

    def finish(self, values: Values) -> None:
        """Close with the values."""
        self.dismiss(values)


class GuardedForm(Guarded, FormDialog):
    """A form whose enter makes what costs: it takes no key that was read before it was painted."""
