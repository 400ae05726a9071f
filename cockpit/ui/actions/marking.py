"""Marking agents, so that one act is done to all of them, and telling several something."""

from __future__ import annotations

from cockpit.model.ids import AgentId
from cockpit.model.marks import AgentMarks
from cockpit.model.sub_agents import owner_of
from cockpit.ui.actions.action import Action, Handler, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.many import tell
from cockpit.ui.actions.reasons import needs_agent
from cockpit.ui.widgets.pane import Pane


def _mark(home: HomePort) -> None:
    """Mark the agent and go on to the next one: three in a row are three presses."""
    agent, before = home.agent, home.marks
    if agent is not None:
        done = "took the mark from" if agent.id in before.agents else "marked"
        _put(home, before.toggled(agent.id), f"{done} {agent.name}")
        if home.pane == "agents":
            _go_on(home.list_pane("agents"), 1)


def _put(home: HomePort, marks: AgentMarks, said: str) -> None:
    """Mark others than before; that can be undone until the marks were used."""
    before = home.marks
    home.mark(marks)
    home.last_acts.done(said, lambda: home.mark(before), home.engine.now(), holds=lambda: home.marks == marks)


def _go_on(tree: Pane, step: int) -> None:
    """Put the cursor on the next agent in a direction: no sub-agent can be marked."""
    before = ""
    while tree.cursor_key != before and (not before or owner_of(tree.cursor_key) != tree.cursor_key):
        before = tree.cursor_key
        tree.action_move(step)


def _mark_on(step: int) -> Handler:
    """Return what marks the agent and the next one in a direction, and goes there; back over marks it takes them."""

    def mark(home: HomePort) -> None:
        tree, before = home.list_pane("agents"), home.marks
        here = home.fleet.agent(AgentId(tree.cursor_key))  # what is selected follows it later
        _go_on(tree, step)
        there = home.fleet.agent(AgentId(tree.cursor_key))
        if here is None or there is None or here.id == there.id:
            return
        both = here.id in before.agents and there.id in before.agents
        marks = before.toggled(here.id) if both else before
        for agent in (here, there):
            marks = marks if agent.id in marks.agents or both else marks.toggled(agent.id)
        _put(home, marks, f"took the mark from {here.name}" if both else f"marked {here.name} and {there.name}")

    return mark


def _in_the_list(situation: Situation) -> str:
    return needs_agent(situation) or ("" if situation.pane == "agents" else "that is a key of the list of agents")


def _clear(home: HomePort) -> None:
    _put(home, AgentMarks(), "cleared the marks")


def _needs_marks(situation: Situation) -> str:
    return "" if situation.marked else "no agent is marked"


def _needs_agents(situation: Situation) -> str:
    return "" if situation.fleet.agents else "there is no agent"


def _tell(home: HomePort) -> None:
    """Write to the marked agents, else to those that a filter leaves, else to whom the operator says."""
    agents = home.marks.among(home.fleet)
    tree = home.list_pane("agents")
    if not agents and tree.needle:
        shown = {row.key for row in tree.rows}
        agents = tuple(agent for agent in home.fleet.agents if agent.id in shown)
    tell(home, agents)


ACTIONS: tuple[Action, ...] = (
    Action(
        "mark.toggle",
        "asterisk",
        "mark",
        "Agents",
        "Mark this agent and go on: the next act is done to all that are marked",
        _mark,
        needs_agent,
        ("agents",),
    ),
    Action(
        "mark.down",
        "shift+down",
        "mark down",
        "Agents",
        "Mark this agent and the one below, and go there; back over marks takes them",
        _mark_on(1),
        _in_the_list,
    ),
    Action("mark.up", "shift+up", "mark up", "Agents", "Mark this agent and the one above", _mark_on(-1), _in_the_list),
    Action("mark.clear", "", "clear marks", "Agents", "Mark nobody any more", _clear, _needs_marks),
    Action(
        "talk.tell",
        "ampersand",
        "tell several",
        "Talk",
        "Write one text to all that are marked, that a filter leaves, or that you name",
        _tell,
        _needs_agents,
        writes=True,
    ),
)
