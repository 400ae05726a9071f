"""What happened while the operator was away, in one place: a key for each line goes to its agent."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key

from cockpit.model.ages import span_text
from cockpit.model.away import Away, AwayLine, Happened
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.look.cells import Piece, age, content, cut, fit
from cockpit.ui.look.rows.names import fit_name, name_room
from cockpit.ui.look.states import TONE_STYLES, StateStyle
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

REFRESH = 10.0
"""Seconds between two looks while it is open: one who is away still comes back to what is true."""

LETTERS = string.digits[1:] + "".join(letter for letter in string.ascii_lowercase if letter not in "jkq")
"""The keys of the lines; j and k move, q closes."""

SORT_STYLES: dict[Happened, StateStyle] = {
    Happened.ASKED: TONE_STYLES["asking"],
    Happened.FAILED: TONE_STYLES["failed"],
    Happened.DIED: TONE_STYLES["failed"],
    Happened.FINISHED: TONE_STYLES["done"],
}
NAME_WIDTH = 16
SPENDERS = 3
"""Agents whose spending is named."""


class AwayDialog(Dialog[str]):
    """Dismisses with the id of the agent to go to."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("1 2 …", "go there"), ("↑↓ ⏎", "choose, go"), ("esc", "close"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "back_out", "close", show=False)]

    def __init__(self, away: Away, again: Callable[[], Awaitable[Away]]) -> None:
        """Show it.

        Args:
            away: what happened.
            again: sums it up anew.
        """
        super().__init__(ours("While you were away"), classes="wide away")
        self._away = away
        self._again = again

    def compose_body(self) -> ComposeResult:
        """Yield the sums and a line for each agent and sort."""
        yield Plain(id="sums")
        yield RowList(nothing=(ours("Nothing finished, failed or asked."),), id="rows")

    def on_mount(self) -> None:
        self.call_after_refresh(self._show)
        self.set_interval(REFRESH, self._refresh)
        self.query_one("#rows").focus()

    async def _refresh(self) -> None:
        self._away = await self._again()
        self._show()

    def _show(self) -> None:
        rows = self.query_one("#rows", RowList)
        width = max(20, rows.size.width - 1)
        self.query_one("#sums", Plain).show(content(sums_of(self._away)), layout=True)
        lines = self._away.lines[: len(LETTERS)]
        name_cells = max(NAME_WIDTH, name_room(width, NAME_WIDTH, [clean_line(line.name) for line in lines]))
        found = [
            Row(_key(line), content(line_of(line, LETTERS[at], self._away.until, width, name_cells)))
            for at, line in enumerate(lines)
        ]
        rows.set_rows(found)
        self.show_keys(*(self.KEYS if found else self.KEYS[-1:]))

    def on_key(self, event: Key) -> None:
        """Go to the agent whose line has the key."""
        at = LETTERS.find(event.character) if event.character else -1
        if 0 <= at < len(self._away.lines):
            event.stop()
            self.dismiss(self._away.lines[at].agent)

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        line = next((one for one in self._away.lines if _key(one) == message.key), None)
        if line is not None:
            self.dismiss(line.agent)


def _key(line: AwayLine) -> str:
    return f"{line.sort.value} {line.agent}"


def sums_of(away: Away) -> list[Piece]:
    """Return how long it was, how much of what happened, and what was spent, by whom."""
    counts: Counter[Happened] = Counter()
    for line in away.lines:
        counts[line.sort] += line.times
    pieces: list[Piece] = [(our_line("{}", span_text(away.until - away.since)), "bold")]
    for sort in Happened:
        if counts[sort]:
            look = SORT_STYLES[sort]
            pieces += [
                (ours("  ·  "), "$muted"),
                (our_line("{} {} {}", look.glyph, counts[sort], sort.value), look.style),
            ]
    tokens = sum(usage.tokens for _, usage in away.spent)
    if tokens:
        who = ", ".join(f"{name} ${usage.cost:.2f}" for name, usage in away.spent[:SPENDERS])
        pieces += [
            (our_line("  ·  ${:.2f} spent", away.total), ""),
            (our_line(" ({})", cut(clean_line(who), 48)), "$muted"),
        ]
    return [*pieces, (ours("\n"), "")]


def line_of(line: AwayLine, key: str, now: float, width: int, name_cells: int = NAME_WIDTH) -> list[Piece]:
    """Return one line."""
    look = SORT_STYLES[line.sort]
    times = our_line(" ×{}", line.times) if line.times > 1 else NOTHING
    what = our_line("{}{}", line.sort.value, times)
    waits = ours(" waits still") if line.waits else NOTHING
    room = width - name_cells - 32 - len(waits)
    return [
        (our_line(" {} ", key), "bold $accent"),
        (our_line("{} ", look.glyph), look.style),
        (fit_name(clean_line(line.name), name_cells), "bold"),
        (fit(what, 13), look.style),
        (our_line("{:>5} ", age(now - line.at)), "$muted"),
        (fit(clean_line(line.words), max(8, room)), ""),
        (waits, "bold $agent-asking"),
    ]
