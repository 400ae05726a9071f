"""What is selected on the home screen, and what an action is judged by."""

from __future__ import annotations

from pathlib import Path

from cockpit.engine.port import CockpitPort
from cockpit.model.board import Task
from cockpit.model.fleet import Agent, Fleet, Vm
from cockpit.model.ids import AgentId
from cockpit.model.marks import AgentMarks
from cockpit.model.sub_agents import SubAgent, owner_of, sub_agent_at
from cockpit.ui.actions.action import Situation
from cockpit.ui.look.tree import agent_tree
from cockpit.ui.screens.home.arrangement import CENTER
from cockpit.ui.screens.home.body import AreasBody
from cockpit.ui.screens.home.layout import HomeLayout
from cockpit.ui.transcript.view import TranscriptView
from cockpit.ui.widgets.panes import AgentsTree, BoardPane, VmsTable


class HomeSelection(HomeLayout):
    """One agent is selected; VMs and tasks are what the cursors of their panes stand on."""

    def __init__(self, engine: CockpitPort, *, read_only: bool, layout_file: Path | None = None) -> None:
        super().__init__(engine, read_only=read_only, layout_file=layout_file)
        self.selected: AgentId | None = None
        self.marks = AgentMarks()
        """The agents that are marked."""

    @property
    def fleet(self) -> Fleet:
        """The newest snapshot."""
        return self.engine.fleet

    @property
    def agent(self) -> Agent | None:
        """The selected agent."""
        return self.fleet.agent(self.selected) if self.selected is not None else None

    def selected_vm(self) -> Vm | None:
        """The VM under the cursor of its pane, else the selected agent's."""
        if self.pane == "vms":
            key = self.query_one(VmsTable).cursor_key
            return next((vm for vm in self.fleet.vms if vm.id == key), None)
        agent = self.agent
        return self.fleet.vm(agent.vm_id) if agent is not None else None

    def selected_task(self) -> Task | None:
        """The task under the board's cursor, while the board is in view."""
        board = self.query_one(BoardPane)
        if not board.display:
            return None
        return next((task for task in self.fleet.tasks if task.id == board.cursor_key), None)

    def situation(self) -> Situation:
        """What an action is judged by."""
        fleet = self.fleet
        vm, task = self.selected_vm(), self.selected_task()
        wanted = self.tallies.lately(fleet, self.engine.now(), self.engine.urgency)
        undoes = self.last_acts.newest.said if self.last_acts.newest is not None else ""
        pane = "filter" if self.filter_line.is_open else self.pane
        marked = self.marks.among(fleet)
        return Situation(
            self.engine,
            fleet,
            self.agent,
            vm,
            task,
            pane,
            wanted,
            self.read_only,
            marked=marked,
            undoes=undoes,
            sub_agent=self.sub_agent,
        )

    def shows_agents(self) -> tuple[AgentId, ...]:
        """Return the selected agent while its output is in view."""
        # A screen that comes or goes has no areas yet, or none any more.
        shown = self.selected is not None and any(areas.shows(CENTER) for areas in self.query(AreasBody))
        return (self.selected,) if shown and self.selected is not None else ()

    @property
    def sub_agent(self) -> SubAgent | None:
        """The sub-agent of the selected agent on which the cursor stands, unless that of the VMs has the keys."""
        found = sub_agent_at(self.query_one(AgentsTree).cursor_key, self.fleet) if self.pane != "vms" else None
        return found if found is not None and found.agent.id == self.selected else None

    def look_at(self, agent_id: AgentId | None, row: str = "") -> None:
        """Show another agent's transcript, and tell the engine whom the operator looks at.

        Args:
            agent_id: the agent.
            row: the row on which the cursor stands, where it is one of the agent's sub-agents.
        """
        self.selected = agent_id
        self.engine.focus(agent_id)
        output = self.query_one(TranscriptView)
        output.show(self.engine.transcript(agent_id) if agent_id is not None else None)
        if agent_id is not None:
            self.query_one(AgentsTree).point_at(row or agent_id)

    def reselect(self, fleet: Fleet) -> None:
        """Hold on to the selected agent; when it is gone the tree's cursor decides."""
        if self.selected is not None and fleet.agent(self.selected) is not None:
            return
        nodes = agent_tree(fleet.agents)
        ids = {node.agent.id for node in nodes}
        key = owner_of(self.query_one(AgentsTree).cursor_key)
        wanted = key if key in ids else nodes[0].agent.id if nodes else None
        if wanted != self.selected:
            self.look_at(wanted)
