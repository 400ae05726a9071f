"""Search in everything agents said and did, those that are gone included, and go to the place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input

from cockpit.errors import CockpitError
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.model.past import SearchHit
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.footer import typed_keys
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reading import line_under
from cockpit.ui.look.cells import Piece, content
from cockpit.ui.look.hits import HitColumns, columns_of, hit_row
from cockpit.ui.places.history import ScreenPlace
from cockpit.ui.screens.over_home import OverHome
from cockpit.ui.screens.recorded import RecordedScreen
from cockpit.ui.screens.travelling import visit
from cockpit.ui.transcript.find.search import Archive
from cockpit.ui.widgets.bars import HeaderBar
from cockpit.ui.widgets.data_fields import DataInput
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import Row, RowList

MOST_HITS = 300
"""Hits that are listed, the newest first; more words narrow them."""

HINT = ours("words that all stand in one line, the last may be a beginning")

KEYS_OF_NOTHING = (("/", "words"), ("esc", "back"))
KEYS = (("⏎", "go there"), ("↑↓", "choose"), *KEYS_OF_NOTHING)


class SearchScreen(OverHome):
    """Words at the top, what holds all of them below."""

    NAME: ClassVar[str] = "search"
    AUTO_FOCUS = "#words"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "go", "go there", show=False)]
    DEFAULT_CSS = """
    SearchScreen #asked { height: 1; background: $panel; }
    SearchScreen #asked .find-mark { width: 3; color: $accent; text-style: bold; }
    SearchScreen #words { width: 1fr; background: $panel; }
    """

    def __init__(self, home: HomePort, needle: str = "") -> None:
        super().__init__(home, needle)
        self._hits: dict[str, SearchHit] = {}
        self._names: dict[AgentId, Clean] = {}
        self._trouble: Clean = NOTHING
        self._searched = ""

    def compose(self) -> ComposeResult:
        yield HeaderBar(id="header")
        yield Plain(id="where")
        with Horizontal(id="asked"):
            yield Plain(ours(" S "), classes="find-mark")
            yield DataInput(
                self.needle,
                placeholder=ours("words that all stand in one line, the last may be a beginning"),
                id="words",
            )
        yield RowList(id="rows")
        yield Plain(id="notes")
        yield Plain(id="footer")

    def on_mount(self) -> None:
        self._look(self.needle)

    @property
    def rows(self) -> RowList:
        """What was found."""
        return self.query_one("#rows", RowList)

    @property
    def agent(self) -> Agent | None:
        """The agent of the line under the cursor, if it is still there."""
        hit = self._hits.get(self.rows.cursor_key)
        return self.fleet.agent(hit.agent) if hit is not None else None

    def show_foot(self) -> None:
        """Show the keys that count."""
        footer = self.query_one("#footer", Plain)
        footer.show(content(typed_keys(KEYS if self._hits else KEYS_OF_NOTHING, footer.size.width)))

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot."""
        if not (self.is_mounted and self.is_attached):
            return
        fleet, now = self.fleet, self.engine.now()
        self.query_one(HeaderBar).flush(fleet, now, self.situation().wanted, read_only=self.read_only)
        self.query_one("#where", Plain).show(content([*self.way_pieces(self.size.width)]))
        yield
        width = max(20, self.rows.scrollable_content_region.width - 1)
        living = {agent.id: clean_line(agent.name) for agent in fleet.agents}
        columns = columns_of([(hit, self._whose(hit)) for hit in self._hits.values()], now, width)
        self.rows.set_rows(
            [
                Row(key, partial(self._draw, hit, width=width, columns=columns, gone=hit.agent not in living), now)
                for key, hit in self._hits.items()
            ]
        )
        nothing = ours("Nothing that is recorded holds all of it.") if self._searched.strip() else NOTHING
        self.rows.set_empty((NOTHING, self._trouble or nothing))
        yield
        self.query_one("#notes", Plain).show(content([self._count()]))
        self.show_foot()

    def _whose(self, hit: SearchHit) -> Clean:
        return self._names.get(hit.agent) or our_line("{}", hit.agent[:8])

    def _draw(self, hit: SearchHit, now: float, *, width: int, columns: HitColumns, gone: bool) -> Content:
        return hit_row(hit, self._whose(hit), now, width, columns, gone=gone)

    def _count(self) -> Piece:
        number = len(self._hits)
        if not number:
            return ours("What only an agent's file has is not recorded here, and not found."), "$muted"
        most = " or more, the newest are shown" if number == MOST_HITS else ""
        agents = len({hit.agent for hit in self._hits.values()})
        return our_line("{} lines{} of {} {}", number, most, agents, "agent" if agents == 1 else "agents"), "$muted"

    def perform(self, action: Action) -> None:
        """Do an action of the registry; narrowing is done by other words."""
        if action.id == "see.filter":
            self.query_one("#words").focus()
        else:
            action.handler(self)

    def action_back_out(self) -> None:
        """Go back."""
        self.dismiss(None)

    # --- searching -----------------------------------------------------------------------------------

    @on(Input.Changed, "#words")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._look(event.value)

    def _look(self, words: str) -> None:
        self.run_worker(self._search(words), name="search", group="search", exclusive=True)

    async def _search(self, words: str) -> None:
        recorded = self.engine.recorded
        try:
            if not self._names:
                self._names = {one.id: clean_line(one.name) for one in await recorded.agents()}
            hits = await recorded.search(words, limit=MOST_HITS) if words.strip() else []
        except CockpitError as error:
            hits, self._trouble = [], clean_line(error.message)
        else:
            self._trouble = NOTHING
        self._searched = words
        self._hits = {f"{hit.agent} {hit.epoch} {hit.line} {hit.source}": hit for hit in hits}
        self.bridge.flush()

    @on(Input.Submitted, "#words")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self._hits:
            self.rows.focus()
        else:
            self._look(event.value)

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        self.action_go()

    def action_go(self) -> None:
        """Go to the line under the cursor."""
        hit = self._hits.get(self.rows.cursor_key)
        if hit is not None:
            self._go(hit)

    def _go(self, hit: SearchHit) -> None:
        """Read on at the line: in the output of its agent, or in what is recorded of one that is gone."""
        words = hit.excerpt[slice(*hit.spans[0])] if hit.spans else self._searched
        place = (hit.epoch, hit.line)
        if self.fleet.agent(hit.agent) is None:
            name = self._names.get(hit.agent) or our_line("{}", hit.agent)
            self.open_dialog(RecordedScreen(self.home, hit.agent, name, words, place))
            return
        visit(self, ScreenPlace())
        self.home.select(hit.agent)
        self.home.focus_pane("output")
        self.home.output.find_near(Archive(self.engine.recorded, hit.agent), line_under, words, place)
