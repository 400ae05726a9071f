"""What is said between the operator and one agent: transcript, receipts of the last texts, and the composer."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId
from cockpit.text.clean import NOTHING, ours
from cockpit.ui.look.bars import open_receipts
from cockpit.ui.screens.recipient import address
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.bars import ReceiptsBar
from cockpit.ui.writing.composer import Composer
from cockpit.ui.writing.offers import OfferList
from cockpit.ui.writing.sources import choosable

SILENT = (NOTHING, ours("No output yet."), ours("Press p to write the first prompt."))


class TalkView(Vertical):
    """Shows one agent at a time."""

    def __init__(self, engine: CockpitPort, *, read_only: bool, id: str) -> None:
        super().__init__(id=id)
        self._engine = engine
        self._read_only = read_only
        self.agent: AgentId | None = None
        """Whose it is."""

    def compose(self) -> ComposeResult:
        yield TranscriptView(id="output")
        yield ReceiptsBar(id="receipts", classes="-empty")
        offers = OfferList(choosable(self._engine), id="offers")
        yield offers
        yield Composer(self._engine.notebook, offers, id="composer")

    def on_mount(self) -> None:
        self.composer.read_only = self._read_only
        self.output.set_empty(SILENT)

    @property
    def output(self) -> TranscriptView:
        """What was said."""
        return self.query_one(TranscriptView)

    @property
    def composer(self) -> Composer:
        """Where it goes on."""
        return self.query_one(Composer)

    def show(self, agent: AgentId) -> None:
        """Show another agent from the end of its transcript."""
        self.agent = agent
        self.output.show(self._engine.transcript(agent))

    def flush_transcript(self) -> None:
        """Take in what was said meanwhile, unless nobody sees it."""
        output = self.output
        if self.display and output.size.width and self.agent is not None:
            output.offer_past(self._engine.past(self.agent))
            output.flush()

    def flush(self, agent: Agent | None, fleet: Fleet, now: float) -> None:
        """Show how the operator's texts fare, and whom the composer writes to; `agent` is None once it is gone."""
        self.output.tell_receipts(fleet.receipts, self.agent)
        self.query_one(ReceiptsBar).flush(open_receipts(fleet.receipts, self.agent), now)
        self.address(agent, fleet)

    def address(self, agent: Agent | None, fleet: Fleet) -> None:
        """Name the recipient."""
        address(self.composer, agent, fleet, self._engine, read_only=self._read_only)
