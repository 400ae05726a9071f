"""The commits that the platform keeps: asked for as the dialog opens, the newest first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from cockpit.errors import CockpitError
from cockpit.model.accounts import CommitList, CommitView
from cockpit.model.size import bytes_text
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.look.cells import Piece, age, content, fit
from cockpit.ui.widgets.plain import Plain

NAME_CELLS = 30
SIZE_CELLS = 12


class CommitsDialog(Dialog[None]):
    """A list to read."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("↑↓", "scroll"), ("esc", "close"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "back_out", "close", show=False)]

    def __init__(self, look: Callable[[], Awaitable[CommitList]], now: Callable[[], float]) -> None:
        super().__init__(ours("Commits"), classes="course")
        self._look = look
        self._now = now

    def compose_body(self) -> ComposeResult:
        """Yield the place of the list."""
        with VerticalScroll(id="scroll"):
            yield Plain(ours("Asking the platform…"), id="text")

    def on_mount(self) -> None:
        self.query_one("#scroll").focus()
        self.run_worker(self._read(), exclusive=True)

    async def _read(self) -> None:
        try:
            said = commits_text(await self._look(), self._now())
        except CockpitError as error:
            said = content([(our_line("They cannot be listed: {}", str(error)), "$link-degraded")])
        if self.is_mounted:
            self.query_one("#text", Plain).show(said, layout=True)


def commits_text(listed: CommitList, now: float) -> Content:
    """Return a commit a line, with what is said of it below, and what is missing of the list."""
    pieces: list[Piece] = []
    for commit in listed.commits:
        pieces += [*_head(commit, now), (ours("\n"), "")]
        below = [
            *([f"names {' '.join(commit.tags)}"] if commit.tags else []),
            *([f"after {commit.parent[:8]}"] if commit.parent else []),
            *(["everybody may see it"] if commit.public else []),
            *([commit.description] if commit.description else []),
        ]
        if below:
            pieces.append((our_line("  {}\n", " · ".join(below)), "$muted"))
    if not listed.commits:
        pieces.append((ours("There is none.\n"), "$muted"))
    pieces += [(our_line("\nThis is not all: {}\n", reason), "$link-degraded") for reason in listed.missing]
    return content(pieces)


def _head(commit: CommitView, now: float) -> list[Piece]:
    lived = age(now - commit.created_at) if commit.created_at else ours("–")
    size = clean_line(bytes_text(commit.size_bytes) or commit.size.brief or "?")
    return [
        (our_line("{} ", commit.id[:8]), "$accent"),
        (fit(clean_line(commit.name) or ours("–"), NAME_CELLS), "bold"),
        (ours(" "), ""),
        (fit(size, SIZE_CELLS, right=True), "$muted"),
        (fit(lived, 5, right=True), "$muted"),
    ]
