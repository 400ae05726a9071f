"""The line at the foot of the screen, with what it can become above it and what is wrong with it beside it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.command_line.completion import Completion, candidates
from cockpit.ui.command_line.grammar import Kind, LineError, LineWords, Parsed, parse
from cockpit.ui.drawn_at_once import DrawnAtOnce
from cockpit.ui.look.cells import content, cut, fit
from cockpit.ui.widgets.data_fields import NarrowingInput
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

MOST_ROWS = 10
"""Candidates in sight."""
NAME_CELLS = 34
HINT = ours("tab completes · ⏎ does it · ↑↓ choose · esc leaves")


class CommandLine(DrawnAtOnce[Parsed], ModalScreen[Parsed]):
    """Dismisses with what a line means; what is not understood is said and stays to be mended."""

    AUTO_FOCUS = "#line"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back_out", "back", show=False, priority=True),
        Binding("tab", "complete", "complete", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("enter", "accept", "do it", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    CommandLine { align: left bottom; background: $background 0%; }
    CommandLine #foot { height: auto; width: 100%; background: $panel; }
    CommandLine #rows { height: auto; background: $panel; border-top: solid $rule-focus; }
    CommandLine #typed { height: 1; background: $panel; }
    CommandLine #mark { width: 3; color: $accent; text-style: bold; }
    CommandLine Input { width: 1fr; background: $panel; }
    CommandLine #said { height: 1; padding: 0 1; }
    """

    def __init__(self, vocabulary: LineWords, *, line: str = "", refused: str = "") -> None:
        """Prepare.

        Args:
            vocabulary: what can be typed.
            line: what stands there already.
            refused: why that was not done.
        """
        super().__init__()
        self._vocabulary = vocabulary
        self._line = line
        self._refused = refused
        self._candidates: list[Completion] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="foot"):
            yield RowList(id="rows")
            with Horizontal(id="typed"):
                yield Plain(ours(" : "), id="mark")
                yield NarrowingInput(id="line")
            yield Plain(HINT, id="said")

    def on_mount(self) -> None:
        self.query_one("#rows").can_focus = False
        self._write(self._line)
        self.call_after_refresh(self._look)

    @property
    def _typed(self) -> str:
        return self.query_one(Input).value

    @on(Input.Changed)
    def _look(self) -> None:
        """Show what the line can become, and what is wrong with it."""
        rows = self.query_one("#rows", RowList)
        self._candidates = candidates(self._typed, self._vocabulary)
        width = max(20, self.size.width - 2)
        rows.set_rows([Row(str(at), _candidate_line(one, width)) for at, one in enumerate(self._candidates)])
        rows.styles.height = min(MOST_ROWS, len(self._candidates)) + 1
        rows.display = bool(self._candidates)
        rows.point_at("0")
        self._say(parse(self._typed, self._vocabulary))

    def _say(self, found: Parsed | LineError, *, entered: bool = False) -> None:
        said = self.query_one("#said", Plain)
        if self._refused and self._typed == self._line:
            said.show(content([(our_line("✗ {}", self._refused), "$agent-failed")]))
        elif isinstance(found, LineError) and (entered or (not self._candidates and self._typed.strip())):
            where = self._typed[found.start :].split(" ")[0]
            pieces = content([(our_line("✗ {}", found.text), "$agent-failed"), (our_line("   at {}", where), "$muted")])
            said.show(pieces if where else content([(our_line("✗ {}", found.text), "$agent-failed")]))
        elif isinstance(found, Parsed) and found.command.reason and not found.keys:
            said.show(content([(our_line("not now: {}", found.command.reason), "$link-degraded")]))
        else:
            said.show(content([(HINT, "$muted")]))

    def action_move(self, step: int) -> None:
        """Choose another candidate."""
        self.query_one("#rows", RowList).action_move(step)

    def _chosen(self) -> Completion | None:
        key = self.query_one("#rows", RowList).cursor_key
        return self._candidates[int(key)] if key and int(key) < len(self._candidates) else None

    def action_complete(self) -> None:
        """Write the chosen candidate into the line."""
        if (chosen := self._chosen()) is not None:
            self._write(chosen.line)

    def _write(self, line: str) -> None:
        field = self.query_one(Input)
        field.value = line
        field.cursor_position = len(line)

    def action_accept(self) -> None:
        """Do what the line says. One that says nothing yet becomes what was chosen; a place is gone to at once."""
        found, chosen = parse(self._typed, self._vocabulary), self._chosen()
        if isinstance(found, LineError) and chosen is not None and chosen.line.strip() != self._typed.strip():
            if chosen.kind != Kind.PLACE.value:
                self._write(chosen.line)
                return
            found = parse(chosen.line, self._vocabulary)
        if isinstance(found, Parsed):
            self.dismiss(found)
        else:
            self._say(found, entered=True)

    def action_back_out(self) -> None:
        """Leave it."""
        self.dismiss(None)

    @on(RowList.Highlighted)
    @on(RowList.Chosen)
    def _pointed(self, message: RowList.Highlighted | RowList.Chosen) -> None:
        message.stop()
        if isinstance(message, RowList.Chosen):
            self.action_complete()


def _candidate_line(one: Completion, width: int) -> Content:
    name = fit(clean_line(one.name), min(NAME_CELLS, width // 2))
    style = "$muted" if one.dim else "bold" if one.kind == "command" else "bold $accent"
    note = cut(clean_line(one.note), max(0, width - NAME_CELLS - 3))
    return content([(our_line(" {} ", name), style), (note, "$muted")])
