"""Usage: today with its course and its limit, budgets, and the sums of a week in every way; it stays up to date."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError
from cockpit.model.usage.port import WEEK, UsageReport
from cockpit.model.usage.sums import By
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.look.cells import content
from cockpit.ui.look.usage import usage_text
from cockpit.ui.widgets.plain import Plain

REFRESH = 5.0
"""Seconds between two reports: a week is summed up anew each time."""

DAY = 86_400.0
SPANS = {"1": ("a day", DAY), "7": ("a week", WEEK), "3": ("30 days", 30 * DAY)}
"""The times that are summed up, by key."""

BUDGET = "budget"
"""What the dialog returns if a budget is to be set."""


class UsageDialog(Dialog[str]):
    """What was spent; a key goes through the ways of summing it up, another one sets a budget."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("←→", "by what"),
        ("1 7 3", "a day, a week, 30 days"),
        ("b", "budget"),
        ("↑↓", "scroll"),
        ("esc", "close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,tab", "turn(1)", "next", show=False, priority=True),
        Binding("left,shift+tab", "turn(-1)", "previous", show=False, priority=True),
        Binding("1", "span('1')", "a day", show=False),
        Binding("7", "span('7')", "a week", show=False),
        Binding("3", "span('3')", "30 days", show=False),
        Binding("b", "budget", "set a budget", show=False),
        Binding("q", "back_out", "close", show=False),
    ]

    def __init__(self, engine: CockpitPort) -> None:
        super().__init__(ours("Usage, a week"), classes="usage")
        self._engine = engine
        self._by = By.AGENT
        self._span = WEEK
        self._report: UsageReport | None = None

    def compose_body(self) -> ComposeResult:
        """Yield the text."""
        with VerticalScroll(id="scroll"):
            yield Plain(content([(ours("summing up …"), "$muted")]), id="text")

    def on_mount(self) -> None:
        self.query_one("#scroll").focus()
        self.set_interval(REFRESH, self._ask)
        self._ask()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _ask(self) -> None:
        self.run_worker(self._load(), name="sum up usage", exclusive=True)

    async def _load(self) -> None:
        try:
            self._report = await self._engine.coordination.usage.report(self._engine.now() - self._span)
        except CockpitError as error:
            text = content([(clean_line(str(error)), "$agent-failed")])
            self.query_one("#text", Plain).show(text, layout=True)
        else:
            self._draw()

    def _draw(self) -> None:
        if self._report is not None:
            width = max(40, self.query_one("#scroll").scrollable_content_region.width - 1)
            self.query_one("#text", Plain).show(usage_text(self._report, self._by, width), layout=True)

    def action_turn(self, step: int) -> None:
        """Sum up by the next way, or the one before."""
        ways = list(By)
        self._by = ways[(ways.index(self._by) + step) % len(ways)]
        self._draw()

    def action_span(self, key: str) -> None:
        """Sum up another time."""
        words, self._span = SPANS[key]
        self.retitle(clean_line(f"Usage, {words}"))
        self._ask()

    def action_budget(self) -> None:
        """Go on to set a budget."""
        self.dismiss(BUDGET)
