"""What to do about a file that was changed on the VM while it was edited here: both versions are kept."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cockpit.model.files.editing import WrittenBack
from cockpit.text.clean import ours
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.files.editing import words_on
from cockpit.ui.key_gate import Guarded
from cockpit.ui.widgets.plain import Plain


class ConflictDialog(Guarded, Dialog[bool]):
    """Dismisses with True to open both versions in the editor; both stay in any case."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("m", "open both, then write mine"), ("esc", "leave both"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("m", "merge", "open both", show=False)]

    def __init__(self, ended: WrittenBack) -> None:
        super().__init__(ours("Not written"), classes="confirm")
        self._ended = ended

    def compose_body(self) -> ComposeResult:
        """Yield what happened and where both versions are."""
        yield Plain(words_on(self._ended), id="targets")

    def action_merge(self) -> None:
        """Close, to open both."""
        self.dismiss(True)
