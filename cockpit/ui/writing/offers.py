"""The list above the composer of what can be chosen for what is being written; the composer keeps the keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from cockpit.model.ids import AgentId
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece, content, cut, fit, width_of
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.writing.offer import Begun, Choosable, Offer, Writing

MOST_ROWS = 6
"""Offers that are shown at a time."""

LEARN = "ask what can be chosen"

NAME_CELLS = 22
"""Cells an offer has at least, so that notes stand under each other."""


class OfferList(Plain):
    """A few rows of offers."""

    DEFAULT_CSS = """
    OfferList { display: none; height: auto; max-height: 6; padding: 0 1; }
    OfferList.-open { display: block; }
    """

    shown: reactive[bool] = reactive(False, toggle_class="-open", layout=True)
    """Whether there is something to choose from, or something to say of why there is not."""

    def __init__(self, sources: Sequence[Choosable], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sources = tuple(sources)
        self._source: Choosable | None = None
        self._writing: Writing | None = None
        self._begun: Begun | None = None
        self._offers: list[Offer] = []
        self._trouble: Clean = NOTHING
        self._at = 0

    def look(self, agent: AgentId | None, before: str, *, alone: bool) -> None:
        """Show what fits what is written; what is not known yet is asked for, and what was asked for is let go.

        Args:
            agent: whom it is written to; None offers nothing.
            before: what stands in the line before the cursor.
            alone: nothing else is written.
        """
        writing = Writing(agent, before, alone) if agent is not None else None
        if writing == self._writing:
            return
        had = self._begun
        self._writing, self._source, self._begun = writing, None, None
        for source in self._sources if writing is not None else ():
            begun = source.begun(writing) if writing is not None else None
            if begun is not None:
                self._source, self._begun = source, begun
                break
        if self._begun != had:
            self._at = 0
        if self._source is None or self._begun is None or writing is None:
            self.workers.cancel_group(self, LEARN)
            self.shown = False
            return
        self.run_worker(self._learn(self._source, writing, self._begun.needle), group=LEARN, exclusive=True)
        self._fill()

    def renew(self) -> None:
        """Take in what may have changed since something was written last."""
        for source in self._sources:
            self.run_worker(source.renew(), group="renew")

    def close(self) -> bool:
        """Offer nothing for what is written now; return whether anything was offered."""
        was, self.shown = self.shown, False
        self._source = self._begun = None
        return was

    async def _learn(self, source: Choosable, writing: Writing, needle: str) -> None:
        if await source.learn(writing.agent, needle) and source is self._source and writing == self._writing:
            self._fill()

    def _fill(self) -> None:
        assert self._source is not None and self._begun is not None and self._writing is not None
        self._offers = self._source.offers(self._writing.agent, self._begun.needle)
        self._trouble = self._source.trouble(self._writing.agent) if not self._offers else NOTHING
        self._at = min(self._at, max(0, len(self._offers) - 1))
        self.shown = bool(self._offers or self._trouble)
        self._draw()

    def _draw(self) -> None:
        # Before it was laid out it has no width of its own.
        width = max(20, (self.size.width or self.screen.size.width) - 2)
        if not self._offers:
            self.show(content([(cut(our_line("✗ {}", self._trouble), width), "$muted")]), layout=True)
            return
        first = max(0, min(self._at - MOST_ROWS + 1, len(self._offers) - MOST_ROWS))
        in_sight = self._offers[first : first + MOST_ROWS]
        cells = min(max(NAME_CELLS, *(width_of(one.shown) for one in in_sight)), width - 4)
        lines = []
        for number, one in enumerate(in_sight, first):
            chosen = number == self._at
            row: list[Piece] = [
                (ours("▸ ") if chosen else ours("  "), "$accent"),
                (fit(one.shown, cells), "bold" if chosen else ""),
                (cut(our_line(" {}", one.note), width - cells - 2), "$muted"),
            ]
            lines.append(content(row))
        self.show(content([(ours("\n"), "")]).join(lines), layout=True)

    def move(self, step: int) -> None:
        """Choose the next or the previous offer."""
        if self._offers:
            self._at = (self._at + step) % len(self._offers)
            self._draw()

    def chosen(self) -> tuple[int, str] | None:
        """Return where the chosen offer begins in the line, and what stands there then; None where none is shown."""
        if not self.shown or not self._offers or self._begun is None:
            return None
        return self._begun.start, self._offers[self._at].inserted

    def is_whole(self) -> bool:
        """Say whether what is chosen is what is written already."""
        return bool(self._offers) and self._offers[self._at].is_whole
