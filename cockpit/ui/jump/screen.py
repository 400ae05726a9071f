"""Letters over all that can be jumped to: whoever types them is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from cockpit.model.hints import labels_for
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.jump.targets import Target
from cockpit.ui.look.cells import content
from cockpit.ui.widgets.plain import Plain

FOLLOWING = 0.2
"""Seconds between two looks at where the targets are: rows move while somebody looks for letters."""


class JumpScreen(ModalScreen[Target]):
    """Stands over another screen, all of which stays in sight."""

    DEFAULT_CSS = """
    JumpScreen { background: transparent; }
    JumpScreen .target {
        position: absolute; width: auto; height: 1; background: $background; color: $accent; text-style: bold reverse;
    }
    JumpScreen #jump-line { dock: bottom; height: 1; width: 100%; background: $panel; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "stay", "back", show=False, priority=True)]

    def __init__(self, look: Callable[[], Sequence[Target]]) -> None:
        """Prepare.

        Args:
            look: returns where one can go, and where its letters stand now.
        """
        super().__init__()
        self._look = look
        by_name = {target.name: target for target in look()}
        self._names = {label: name for name, label in labels_for(by_name, {}).items()}
        self._targets = {label: by_name[name] for label, name in self._names.items()}
        self._typed = ""

    def on_mount(self) -> None:
        self.set_interval(FOLLOWING, self._follow)

    def compose(self) -> ComposeResult:
        for label, target in self._targets.items():
            plain = Plain(clean_line(label), classes="target")
            plain.styles.offset = (target.column, target.row)
            yield plain
        line = content(
            [(ours("its letters lead there"), "bold"), (ours("   esc"), "bold $accent"), (ours(" back"), "")]
        )
        yield Plain(line, id="jump-line")

    def on_key(self, event: events.Key) -> None:
        """Take the letters of a label."""
        letter = event.character or ""
        if not letter or not letter.isprintable():
            return
        event.stop()
        typed = self._typed + letter.lower()
        if typed in self._targets:
            self.dismiss(self._targets[typed])
        elif any(label.startswith(typed) for label in self._targets):
            self._typed = typed
            self._show()

    def _follow(self) -> None:
        """Keep each target's letters beside it; those of what is gone lead nowhere."""
        by_name = {target.name: target for target in self._look()}
        found = {label: by_name[name] for label, name in self._names.items() if name in by_name}
        if found != self._targets:
            self._targets = found
            self._show()

    def _show(self) -> None:
        for plain, label in zip(self.query(".target"), self._names, strict=True):
            target = self._targets.get(label)
            plain.display = target is not None and label.startswith(self._typed)
            if target is not None:
                plain.styles.offset = (target.column, target.row)

    def action_stay(self) -> None:
        """Let all be as it was."""
        self.dismiss(None)
