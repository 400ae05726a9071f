"""What to do with a VM whose agent works: end the run first, or freeze it as it is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.plain import Plain


class WorkingDialog(Guarded, Dialog[str]):
    """Dismisses with `abort` or `now`, or None when backed out."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("a", "abort, then pause"),
        ("f", "freeze it now"),
        ("esc", "leave it"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "choose('abort')", "abort, then pause", show=False),
        Binding("f", "choose('now')", "freeze it now", show=False),
        Binding("n,q", "back_out", "no", show=False),
    ]

    def __init__(self, name: Clean) -> None:
        super().__init__(ours("Pause"), classes="confirm")
        self._called = name

    def compose_body(self) -> ComposeResult:
        """Yield who works, and what either way means."""
        yield Plain(
            content(
                [
                    (our_line("{} works. ", self._called), "bold"),
                    (ours("Frozen in the middle, what it waits for may have timed out when it goes on."), "$muted"),
                ]
            ),
            id="targets",
        )

    def action_choose(self, choice: str) -> None:
        """Close with a choice."""
        self.dismiss(choice)
