"""The feed as a screen: events as they come, reports of tokens and cost as sums, and how fresh all of it is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cockpit.model.board import FeedItem
from cockpit.model.filters.language import filter_of
from cockpit.model.fleet import Agent
from cockpit.model.news.filters import EVENTS, wished
from cockpit.text.clean import NOTHING, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.registry import bindings
from cockpit.ui.look.cells import Piece, content, pieces_width
from cockpit.ui.look.events import SENDER_CELLS, event_row, kinds_line, link_pieces, lost_words, sums_line
from cockpit.ui.look.rows.names import name_room
from cockpit.ui.look.rows.panes import unknown_because
from cockpit.ui.screens.over_home import OverHome
from cockpit.ui.widgets.bars import HeaderBar
from cockpit.ui.widgets.filter_line import FilterLine
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

LOW = 30
"""Lines of the screen below which nothing is left blank around the events."""

FOOT = ("feed.open", "feed.agent", "see.filter", "feed.kinds", "feed.publish", "feed.stats", "app.help")


class FeedScreen(OverHome):
    """Events, the newest at the end."""

    NAME: ClassVar[str] = "feed"
    GROUPS: ClassVar[tuple[str, ...]] = ("Feed screen",)
    FOOT = FOOT
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("feed"), Binding("end,G,f", "follow", "follow", show=False)]

    def __init__(self, home: HomePort, needle: str = "") -> None:
        super().__init__(home, needle)
        self.following = True
        """Whether the newest event stays in sight."""
        self._rows: dict[str, Row] = {}
        self._drawn = (0, 0)

    def compose(self) -> ComposeResult:
        yield HeaderBar(id="header")
        yield Plain(id="where")
        yield Plain(id="trouble")
        yield Plain(id="kinds")
        yield RowList(id="rows")
        yield Plain(id="notes")
        yield FilterLine(id="filter", hint=ours("words · @agent · is:type · esc clears"))
        yield Plain(id="footer")

    @property
    def rows(self) -> RowList:
        """The events."""
        return self.query_one("#rows", RowList)

    @property
    def pane(self) -> str:
        """How the footers call it."""
        return "events"

    def selected_event(self) -> FeedItem | None:
        """Return the event under the cursor."""
        key = self.rows.cursor_key
        return next((item for item in reversed(self.fleet.feed) if item.id == key), None) if key else None

    @property
    def agent(self) -> Agent | None:
        """The agent of the event under the cursor."""
        item = self.selected_event()
        return next((agent for agent in self.fleet.agents if item is not None and agent.name == item.agent), None)

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot."""
        if not (self.is_mounted and self.is_attached):
            return
        fleet, now = self.fleet, self.engine.now()
        self.set_class(self.size.height < LOW, "-low")
        items = wished(fleet.feed, self.needle)
        self.filter_line.tell(len(items), filter_of(self.needle, EVENTS).faults)
        self._show_events(items, now)
        yield
        self.outcomes.flush(fleet)
        self._show_frame(items, now)
        yield
        self.show_foot()

    def _show_events(self, items: list[FeedItem], now: float) -> None:
        rows, width = self.rows, max(20, self.rows.scrollable_content_region.width - 1)
        senders = name_room(width, SENDER_CELLS, map(clean_line, {item.agent for item in items}))
        if (width, senders) != self._drawn:
            self._rows.clear()
            self._drawn = (width, senders)
        # An event never changes: what was drawn once is drawn for good.
        known, self._rows = self._rows, {}
        for item in items:
            draw = partial(event_row, item, width=width, who_cells=senders)
            self._rows[item.id] = known.get(item.id) or Row(item.id, draw, now)
        nothing = (NOTHING, ours("Nothing matches."), ours("esc shows everything."))
        empty = (NOTHING, ours("Nothing in the feed yet."), ours("Agents and the cockpit report here; p publishes."))
        unknown = unknown_because(self.fleet, ("feed",), ours("is in the feed"))
        rows.set_empty(unknown or (nothing if self.needle else empty))
        rows.set_rows(list(self._rows.values()))
        if self.following and items:
            rows.point_at(items[-1].id)
            rows.scroll_end(animate=False)

    def _show_frame(self, items: list[FeedItem], now: float) -> None:
        fleet, width, feed = self.fleet, self.size.width, self.engine.coordination.feed
        self.query_one(HeaderBar).flush(fleet, now, self.tallies.of(fleet, now), read_only=self.read_only)
        left = [*self.way_pieces(width // 2), *link_pieces(feed.links, now)]
        if self.needle:
            left.append((our_line("   /{}", self.needle), "bold $accent"))
        right: Piece = (
            our_line("{} events{} ", len(items), " · following" if self.following else " · f follows"),
            "$muted",
        )
        gap = repeated(ours(" "), max(1, width - pieces_width(left) - pieces_width([right])))
        self.query_one("#where", Plain).show(content([*left, (gap, ""), right]))
        lost, bar = lost_words(feed.links), self.query_one("#trouble", Plain)
        bar.set_class(bool(lost), "-said")
        bar.show(content([(our_line("✗ {}", lost), "$link-down")]) if lost else content([]), layout=True)
        self.query_one("#kinds", Plain).show(kinds_line(items, width - 2))
        self.query_one("#notes", Plain).show(sums_line(feed.sums, width - 2))

    def action_follow(self) -> None:
        """Go to the newest event, and stay there."""
        self.following = True
        self.bridge.flush()

    @on(RowList.Highlighted)
    def _highlighted(self, message: RowList.Highlighted) -> None:
        message.stop()
        rows = self.rows.rows
        self.following = bool(rows) and rows[-1].key == message.key
        self.bridge.flush()

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        self.try_action("feed.open")

    @on(FilterLine.Changed)
    def _filter_changed(self, changed: FilterLine.Changed) -> None:
        self.narrow(changed.needle)

    @on(FilterLine.Closed)
    def _filter_closed(self) -> None:
        self.rows.focus()
