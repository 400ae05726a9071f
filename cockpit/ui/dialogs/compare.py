"""Copies of an agent side by side: a table, then answer and difference of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from cockpit.model.comparison import Candidate
from cockpit.text.clean import Clean, ours
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.look.cells import Piece, content, count, fit
from cockpit.ui.look.rows.names import fit_name
from cockpit.ui.widgets.plain import Plain

KEEP = "keep"
"""What the dialog returns if one of them is to be kept."""

NAME_CELLS = 16


class CompareDialog(Dialog[str]):
    """A text to read; one key goes on to keep one of them."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("↑↓", "scroll"), ("k", "keep one of them"), ("esc", "close"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "keep", "keep one", show=False),
        Binding("q", "back_out", "close", show=False),
    ]

    def __init__(self, title: Clean, candidates: Sequence[Candidate]) -> None:
        super().__init__(title, classes="course")
        self._candidates = tuple(candidates)

    def compose_body(self) -> ComposeResult:
        """Yield what is compared."""
        with VerticalScroll(id="scroll"):
            yield Plain(comparison_text(self._candidates), id="text")

    def on_mount(self) -> None:
        self.query_one("#scroll").focus()

    def action_keep(self) -> None:
        """Go on to keep one."""
        self.dismiss(KEEP)


def comparison_text(candidates: Sequence[Candidate]) -> Content:
    """Return the table, and below it what each said and changed."""
    pieces: list[Piece] = [(_row(ours("NAME"), ours("STATE"), "TIME", "TOKENS", "COST", "FILES"), "$muted")]
    for one in candidates:
        files = "?" if one.files is None else f"{one.files} +{one.added} -{one.removed}"
        time = "–" if one.seconds is None else f"{one.seconds:.0f} s"
        row = _row(clean_line(one.name), clean_line(one.state), time, count(one.tokens), f"${one.cost:.4f}", files)
        pieces += [(ours("\n"), ""), (row, "bold")]
    for one in candidates:
        pieces += [(our_line("\n\n── {}\n", one.name), "bold $accent")]
        if one.unknown:
            pieces += [(our_line("unknown: {}\n", one.unknown), "$link-degraded")]
        pieces += [(clean_text(one.answer.strip()) or ours("no answer yet"), "")]
        if one.patch:
            pieces += [(ours("\n\n"), ""), (clean_text(one.patch.rstrip("\n")), "$muted")]
        if one.cut:
            pieces += [(ours("\n… the difference goes on"), "$link-degraded")]
    return content(pieces)


def _row(name: Clean, state: Clean, time: str, tokens: str, cost: str, files: str) -> Clean:
    return our_line(
        "{} {} {} {} {}  {}",
        fit_name(name, NAME_CELLS),
        fit(state, 10),
        fit(clean_line(time), 7, right=True),
        fit(clean_line(tokens), 8, right=True),
        fit(clean_line(cost), 9, right=True),
        clean_line(files),
    )
