"""What an action is: declaration, reason and handler together, and the situation it is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cockpit.engine.port import CockpitPort
from cockpit.model.attention import NOTHING_WANTED, Tally
from cockpit.model.board import FeedItem, Task
from cockpit.model.fleet import Agent, Fleet, Vm
from cockpit.model.sub_agents import SubAgent
from cockpit.ui.actions.home_port import HomePort

PANE_WORDS = {
    "agents": ("lieutenants", "the tree of agents"),
    "board": ("board", "the board"),
    "vms": ("places", "the VMs, and the places on hosts"),
    "output": ("output", "the output of the selected agent"),
    "feed": ("feed", "the feed"),
}
"""The panes of the home screen in the order of their number keys, each with its name and with what it shows."""

PANES = tuple(PANE_WORDS)

GROUPS = (
    "Talk",
    "Agents",
    "Board",
    "Board screen",
    "Feed screen",
    "Agent screen",
    "Grid screen",
    "Read",
    "See",
    "Move",
    "Cockpit",
)
"""The order of the help screen and of the README table."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the operator has in hand at the moment a key is judged."""

    engine: CockpitPort
    fleet: Fleet
    agent: Agent | None = None
    vm: Vm | None = None
    task: Task | None = None
    pane: str = "agents"
    wanted: Tally = NOTHING_WANTED
    """How much wants the operator."""
    read_only: bool = False
    event: FeedItem | None = None
    """The event of the feed under the cursor."""
    marked: tuple[Agent, ...] = ()
    """The agents that are marked: what can be done to several is done to them."""
    undoes: str = ""
    """What was done last on this screen that can be undone."""
    sub_agent: SubAgent | None = None
    """What the cursor stands on is this sub-agent of the agent: nothing is ordered of the agent from there."""


Reason = Callable[[Situation], str]
"""Says why an action cannot be done now, or returns empty text."""

Handler = Callable[[HomePort], None]
"""Does an action on the home screen; it takes its target when it is called, so that what is asked later stays on it."""


@dataclass(frozen=True, slots=True)
class ForMany:
    """How an action is done to all marked agents at once, in place of the selected one."""

    handler: Callable[[HomePort, Sequence[Agent]], None]
    """Asks, with the names, and does it."""
    reason: Reason
    """Says why it can be done to none of them, or returns empty text."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the operator can do."""

    id: str
    """`area.verb`; the id of the binding, so that a keymap can move the key."""
    keys: str
    """Comma-separated key names; the first is the one that is shown. Empty: palette only."""
    label: str
    group: str
    description: str
    handler: Handler
    reason: Reason = lambda situation: ""
    panes: tuple[str, ...] = ()
    """The panes whose footer shows the key; empty keeps it out of the footer."""
    writes: bool = False
    """It changes the fleet: it disappears under `--read-only`."""
    dangerous: bool = False
    """It names its frozen target and asks first."""
    many: ForMany | None = None
    """How it is done to the marked agents; None if it has one target only."""
    screen: str = "home"
    """Where its key counts; the palette offers it wherever its target is at hand."""
