"""What is recorded of an agent that is gone: to be read, searched and copied like any output, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType

from cockpit.errors import CockpitError
from cockpit.model.ids import AgentId
from cockpit.model.transcript.window import Place
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.actions.action import Action
from cockpit.ui.actions.footer import foot
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reading import line_under
from cockpit.ui.look.cells import content
from cockpit.ui.screens.over_home import OverHome
from cockpit.ui.transcript.find.search import Archive
from cockpit.ui.transcript.paging import turn_page
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.bars import HeaderBar
from cockpit.ui.widgets.plain import Plain

FOOT = ("read.fold", "see.filter", "see.previous_turn", "read.copy_answer", "read.raw", "app.help")


class RecordedScreen(OverHome):
    """One agent's transcript, from the history alone."""

    NAME: ClassVar[str] = "recorded"
    GROUPS: ClassVar[tuple[str, ...]] = ("Read",)
    FOOT = FOOT
    AUTO_FOCUS = "#output"
    DEFAULT_CSS = """
    RecordedScreen #output { height: 1fr; margin: 1 1 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, home: HomePort, agent: AgentId, name: Clean, words: str, place: Place) -> None:
        super().__init__(home)
        self._agent_id = agent
        self._called = name
        self._words = words
        self._place = place

    def compose(self) -> ComposeResult:
        yield HeaderBar(id="header")
        yield Plain(id="where")
        yield TranscriptView(id="output")
        yield Plain(id="footer")

    def on_mount(self) -> None:
        self.output.set_empty((NOTHING, ours("Reading what is recorded …")))
        self.run_worker(self._read(), name="read what is recorded")

    async def _read(self) -> None:
        try:
            transcript = await self.engine.recorded.end(self._agent_id)
        except CockpitError as error:
            self.output.set_empty((NOTHING, clean_line(error.message)))
            return
        self.output.set_empty((NOTHING, ours("Nothing is recorded of it.")))
        self.output.show(transcript)
        archive = Archive(self.engine.recorded, self._agent_id)
        self.output.find_near(archive, line_under, self._words, self._place)

    @property
    def selected(self) -> AgentId | None:
        """The id of the agent whose records these are."""
        return self._agent_id

    @property
    def output(self) -> TranscriptView:
        """What is recorded."""
        return self.query_one(TranscriptView)

    @property
    def pane(self) -> str:
        """The pane of the home screen that has the same acts."""
        return "output"

    def flush_transcript(self) -> None:
        """Read on where the reader went."""
        if self.is_attached and self.output.size.width:
            self.output.offer_past(self.engine.past(self._agent_id))
            self.output.flush()

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot."""
        if not (self.is_mounted and self.is_attached):
            return
        self.query_one(HeaderBar).flush(
            self.fleet, self.engine.now(), self.situation().wanted, read_only=self.read_only
        )
        self.query_one("#where", Plain).show(
            content(
                [
                    (ours(" ◂ search ▸ "), "$muted"),
                    (self._called, "bold"),
                    (ours("   is gone: this is what was recorded of it"), "$link-degraded"),
                ]
            )
        )
        yield
        self.show_foot()

    def show_foot(self) -> None:
        """Show the keys that count."""
        footer = self.query_one("#footer", Plain)
        footer.show(content(foot(self.FOOT, self.situation(), self.keys, footer.size.width)))

    def perform(self, action: Action) -> None:
        """Do an action of the registry, here."""
        action.handler(self)

    def focus_pane(self, name: str) -> None:
        """Give the output the keys: there is nothing else."""
        self.output.focus()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Leave; the window onto the past is closed."""
        self.engine.leave_past(self._agent_id)
        return super().dismiss(result)

    def action_back_out(self) -> None:
        """Go back to what was found."""
        self.dismiss(None)

    @on(TranscriptView.FollowChanged)
    def _frame_changed(self) -> None:
        self.bridge.flush()

    @on(TranscriptView.PageRequested)
    def _wished(self, message: TranscriptView.PageRequested) -> None:
        turn_page(self.engine, self._agent_id, message.page_request, message.place)
