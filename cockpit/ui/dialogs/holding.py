"""A dialog that is filled by one panel, which has the keys and says when it is done."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from cockpit.text.clean import Clean
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.widgets.panel import Panel


class PanelDialog(Dialog[str]):
    """Dismisses with what the panel came to, or with nothing."""

    def __init__(self, title: Clean, panel: Panel, *, classes: str = "") -> None:
        super().__init__(title, classes=classes)
        self.panel = panel

    def compose_body(self) -> ComposeResult:
        """Yield the panel."""
        yield self.panel

    def on_mount(self) -> None:
        self.show_keys(*self.panel.KEYS)
        self.panel.take_keys()

    def action_back_out(self) -> None:
        """Have the panel go back: it may have something to do first."""
        self.panel.action_back_out()

    @on(Panel.KeysChanged)
    def _keys_changed(self, message: Panel.KeysChanged) -> None:
        self.show_keys(*message.keys)

    @on(Panel.Closed)
    def _panel_closed(self, message: Panel.Closed) -> None:
        self.dismiss(message.result or None)
