"""The question before a dangerous act: it names its targets, which are frozen from the key that asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input

from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.data_fields import DataInput
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain


class ConfirmDialog(Guarded, Dialog[bool]):
    """Shows what will be lost. With a `word` it must be typed; without one `y` is enough."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("y", "yes, do it"), ("n esc", "no"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "accept", "yes", show=False),
        Binding("n,q", "back_out", "no", show=False),
        Binding("up", "see(-1)", "scroll", show=False),
        Binding("down", "see(1)", "scroll", show=False),
    ]

    def __init__(self, title: Clean, targets: Sequence[Clean], consequence: Clean, *, word: str = "") -> None:
        super().__init__(title, classes="confirm")
        self._targets = tuple(targets)
        self._consequence = consequence
        self._word = clean_line(word)

    def compose_body(self) -> ComposeResult:
        """Yield targets, consequence and, for what is hard to replace, the field for its name."""
        # However many there are, what happens to them and the field stay in sight.
        with VerticalScroll(id="named", can_focus=False):
            yield Plain(content([(ours("\n"), "")]).join(self.target_lines()), id="targets")
        yield Plain(content([(ours("\n"), ""), (self._consequence, "$muted")]), id="consequence")
        if self._word:
            yield Plain(content([(ours("\ntype "), "$muted"), (self._word, "bold"), (ours(" to confirm"), "$muted")]))
            yield DataInput(id="word")

    def target_lines(self) -> list[Content]:
        """Return a line for each target."""
        return [content([(ours("  ✗ "), "bold $agent-failed"), (target, "bold")]) for target in self._targets]

    def on_mount(self) -> None:
        if self._word:
            self.show_keys(("⏎", "do it when the name is right"), ("esc", "no"))

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() == self._word:
            self.dismiss(True)
        else:
            notice(self, our_line("That is not {}.", self._word), severity="warning")

    def action_see(self, lines: int) -> None:
        """Move the targets, where they have no room."""
        self.query_one("#named").scroll_relative(y=lines, animate=False)

    def action_accept(self) -> None:
        """Say yes."""
        if not self._word:
            self.dismiss(True)
