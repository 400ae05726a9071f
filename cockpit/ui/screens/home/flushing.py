"""How the home screen takes in what changed: transcript, lists, bars, ages; in steps, and only what is in view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Fleet
from cockpit.model.ids import AgentId
from cockpit.model.marks import AgentMarks
from cockpit.ui.actions.footer import footer_pieces, typed_keys
from cockpit.ui.actions.snoozing import snoozed_agents
from cockpit.ui.bridge import Bridge, Rates
from cockpit.ui.look.bars import open_receipts
from cockpit.ui.look.cells import content
from cockpit.ui.screens.home.arrangement import CENTER, SIDE, HomeView, lines_for_agents
from cockpit.ui.screens.home.output_frame import frame_output
from cockpit.ui.screens.home.selection import HomeSelection
from cockpit.ui.screens.recipient import address
from cockpit.ui.undo import UndoBar
from cockpit.ui.widgets.bars import HeaderBar, ReceiptsBar, StandingBar
from cockpit.ui.widgets.needs_you.strip import NeedsYou
from cockpit.ui.widgets.pane import Pane
from cockpit.ui.widgets.panes import AgentsTree, VmsTable
from cockpit.ui.widgets.plain import Plain


class HomeFlushing(HomeSelection):
    """What the bridge feeds."""

    def __init__(self, engine: CockpitPort, *, read_only: bool, rates: Rates, layout_file: Path | None = None) -> None:
        super().__init__(engine, read_only=read_only, layout_file=layout_file)
        self.rates = rates
        self.bridge = Bridge(engine, self, rates)

    def mark(self, marks: AgentMarks) -> None:
        """Put other marks in place."""
        self.marks = marks
        self.bridge.flush()

    def take_in(self) -> None:
        """Show what an action changed, without waiting for the next look at the engine."""
        self.bridge.flush()

    def select(self, agent_id: AgentId | None, row: str = "") -> None:
        """Look at an agent: its transcript, its composer, its rows; `row` names one of its sub-agents."""
        if agent_id != self.selected:
            self.look_at(agent_id, row)
        if agent_id is not None:
            self.query_one(AgentsTree).point_at(row or agent_id)
            agent = self.fleet.agent(agent_id)
            if agent is not None and self.pane != "vms":
                self.query_one(VmsTable).point_at(agent.vm_id)
        self.flush_transcript()
        self._flush_selected(self.fleet, self.engine.now())

    def flush_transcript(self) -> None:
        """Take in the selected agent's transcript."""
        output = self.output
        if self.body.shows(CENTER) and output.size.width:
            output.offer_past(self.engine.past(self.selected) if self.selected is not None else None)
            output.flush()

    def list_steps(self) -> Iterator[None]:
        """Take in the newest snapshot in steps: between two of them others may have their turn."""
        if not self.is_mounted:
            return
        fleet, now = self.fleet, self.engine.now()
        tree = self.query_one(AgentsTree)
        self.marks = self.marks.taken_in(fleet)
        snoozed = snoozed_agents(self.tallies.entries(fleet, now)) if fleet.shelved else frozenset()
        tree.take_arranged(self.engine.coordination.desk.arrangement, self.marks, snoozed)
        tree.shows_pulses = self.rates.pulses
        tree.room = self._lines_for_agents()
        yield from tree.flush_steps(fleet, now)
        self.reselect(fleet)
        self.see(replace(self.body.view, rows=tree.lines or len(tree.EMPTY)))
        self.query_one(VmsTable).images = len(self.engine.golden.known)
        for pane in self.query(Pane):
            if pane is not tree:
                yield
                yield from pane.flush_steps(fleet, now)
        # A feed that grows beyond the screen needs no more than that: each event would have all be laid out anew.
        needs = {area: min(self.list_pane(area).lines_needed, self.size.height) for area in SIDE}
        if needs != self.body.view.needs:
            self.see(replace(self.body.view, needs=needs))
            # A pane that came into sight by it has been shown nothing yet.
            self.call_after_refresh(self.bridge.flush)
        if self.filter_line.is_open:
            narrowed = self.list_pane(self.filter_line.list_name)
            self.filter_line.tell(narrowed.hits, narrowed.faults)
        yield
        self.outcomes.flush(fleet)
        self._flush_bars(fleet, now)
        yield
        self._flush_selected(fleet, now)

    def see(self, view: HomeView) -> None:
        """Share the room out anew; the rows of agents take the form that fits it at once."""
        super().see(view)
        if not self.is_mounted:
            return
        tree = self.query_one(AgentsTree)
        tree.room = self._lines_for_agents()
        if tree.take_form():
            super().see(replace(self.body.view, rows=tree.lines))

    def _lines_for_agents(self) -> int:
        return lines_for_agents(self.size.width, replace(self.body.view, wishes=self._wishes), self.size.height)

    def age_steps(self) -> Iterator[None]:
        """Let what is in sight grow older, in steps; no list is built for it."""
        if self.is_mounted:
            fleet, now = self.fleet, self.engine.now()
            for pane in self.query(Pane):
                pane.tick(now)
                yield
            self._flush_bars(fleet, now)
            self._flush_frame(fleet, now)

    def flush_composer(self) -> None:
        """Show in the composer whom it writes to, what becomes of a text, and why it is refused."""
        self.composer.set_class(self.composer.holds_text, "-draft")
        address(self.composer, self.agent, self.fleet, self.engine, read_only=self.read_only)

    def _flush_bars(self, fleet: Fleet, now: float) -> None:
        self.query_one(HeaderBar).flush(fleet, now, self.tallies.of(fleet, now), read_only=self.read_only)
        self.query_one(StandingBar).flush(fleet, now)
        self.query_one(UndoBar).flush(self.last_acts, fleet, now, self.key_of("agent.undo"))
        self.query_one(NeedsYou).flush(fleet, self.tallies.entries(fleet, now), now)

    def _flush_frame(self, fleet: Fleet, now: float) -> None:
        self.query_one(ReceiptsBar).flush(open_receipts(fleet.receipts, self.selected), now)
        frame_output(self.output, self.agent, fleet, now)

    def _flush_selected(self, fleet: Fleet, now: float) -> None:
        """Show what there is of the selected agent beside its transcript, and what can be done with it."""
        self.output.tell_receipts(fleet.receipts, self.selected)
        self._flush_frame(fleet, now)
        self.flush_composer()
        self.flush_footer()

    def flush_footer(self) -> None:
        """Show the keys that act now: of what waits while it has the keys, else of the focused area."""
        footer, strip = self.query_one("#footer", Plain), self.query_one(NeedsYou)
        width = footer.size.width
        # Whoever lost the keys is told so later than the screen.
        if (self.focused is strip or strip.card.writes) and not self.filter_line.is_open:
            footer.show(content(typed_keys(strip.foot_keys(), width)))
        else:
            footer.show(content(footer_pieces(self.situation(), self.keys, width)))
