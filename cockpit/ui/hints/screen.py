"""Labels over what is in sight: their letters pick one of it, and another letter says what is done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from cockpit.model.hints import Hint, labels_for
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.hints.sight import Placed
from cockpit.ui.look.cells import Piece, content, cut
from cockpit.ui.widgets.plain import Plain

LOOK_EVERY = 0.25
"""Seconds between two looks whether what is in sight stands elsewhere by now."""

Sight = Callable[[], Sequence[Placed]]


@dataclass(frozen=True, slots=True)
class Act:
    """What can be done with a thing."""

    key: str
    label: Clean
    reason: str = ""
    """Why it cannot be done now; it is shown all the same."""


Acts = Callable[[Hint], Sequence[Act]]

Picked = tuple[Hint, str]
"""The thing, and the key of what is done with it."""


class HintsScreen(ModalScreen[Picked]):
    """Stands over another screen, all of which stays in sight."""

    DEFAULT_CSS = """
    HintsScreen { background: transparent; }
    HintsScreen .hint {
        position: absolute; width: auto; height: 1;
        background: $background; color: $agent-asking; text-style: bold reverse;
    }
    HintsScreen #hint-line { dock: bottom; height: 1; width: 100%; background: $panel; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back_out", "back", show=False, priority=True),
        Binding("backspace", "again", "another", show=False, priority=True),
    ]

    def __init__(self, sight: Sight, acts: Acts) -> None:
        """Prepare.

        Args:
            sight: returns what is in sight now.
            acts: returns what can be done with a thing.
        """
        super().__init__()
        self._sight = sight
        self._acts = acts
        self._labels: dict[str, str] = {}
        self._placed: dict[str, Placed] = {}
        """What is labelled, by its label."""
        self._drawn: dict[str, Plain] = {}
        self._typed = ""
        self._picked: Hint | None = None

    def compose(self) -> ComposeResult:
        yield Plain(id="hint-line")

    def on_mount(self) -> None:
        self._look()
        self.set_interval(LOOK_EVERY, self._look)

    def _look(self) -> None:
        """Label what is in sight now; what was in sight before keeps its label."""
        placed = {one.hint.text: one for one in self._sight()}
        if self._picked is None:
            self._labels = labels_for(placed, self._labels)
            self._placed = {label: placed[text] for text, label in self._labels.items()}
            self._draw()
        self._draw_line()

    def _draw(self) -> None:
        wanted = {label: one for label, one in self._placed.items() if label.startswith(self._typed)}
        for label in self._drawn.keys() - wanted.keys():
            self._drawn.pop(label).remove()
        for label, one in wanted.items():
            if label not in self._drawn:
                self._drawn[label] = Plain(clean_line(label), classes="hint")
                self.mount(self._drawn[label])
            self._drawn[label].styles.offset = (one.column, one.row)

    def _draw_line(self) -> None:
        line = self.query_one("#hint-line", Plain)
        if self._picked is None:
            nothing = ours("nothing of it is in sight any more") if not self._placed else ours("its letters pick it")
            line.show(content([(nothing, "bold"), (ours("   esc"), "bold $accent"), (ours(" back"), "$muted")]))
            return
        pieces: list[Piece] = []
        for act in self._acts(self._picked):
            style = "$faint" if act.reason else "$muted"
            pieces += [
                (our_line("   {}", act.key), "$faint" if act.reason else "bold $accent"),
                (our_line(" {}", act.label), style),
            ]
        pieces += [(ours("   esc"), "bold $accent"), (ours(" back"), "$muted")]
        room = max(8, self.size.width - 2 - sum(len(text) for text, _ in pieces) - len(self._picked.kind.value) - 1)
        head: list[Piece] = [
            (our_line("{} ", self._picked.kind.value), "$muted"),
            (cut(clean_line(self._picked.text), room), "bold"),
        ]
        line.show(content([*head, *pieces]))

    def on_key(self, event: events.Key) -> None:
        """Take the letters of a label, then the one of an act."""
        letter = event.character or ""
        if not letter.isprintable() or not letter:
            return
        event.stop()
        if self._picked is not None:
            self._act(letter)
            return
        typed = self._typed + letter.lower()
        if typed in self._placed:
            self._picked = self._placed[typed].hint
            self._typed = typed
        elif any(label.startswith(typed) for label in self._placed):
            self._typed = typed
        self._draw()
        self._draw_line()

    def _act(self, key: str) -> None:
        assert self._picked is not None
        act = next((one for one in self._acts(self._picked) if one.key == key), None)
        if act is not None and not act.reason:
            self.dismiss((self._picked, key))
        elif act is not None:
            self.query_one("#hint-line", Plain).show(
                content([(our_line("✗ {}: {}", act.label, act.reason), "$agent-failed")])
            )

    def action_again(self) -> None:
        """Pick another one."""
        self._picked, self._typed = None, ""
        self._look()

    def action_back_out(self) -> None:
        """Let all be as it was."""
        self.dismiss(None)
