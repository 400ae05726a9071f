"""From the rows to what waits: the oldest question, and the newest end of a run that nobody looked at."""

from __future__ import annotations

from cockpit.model.attachments import references_in
from cockpit.model.fleet import ActivityState, Agent, Fleet
from cockpit.model.reduce.activity import base_state
from cockpit.model.telling import order_to
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import needs_agent
from cockpit.ui.dialogs.peek import PeekDialog, Peeked


def oldest_ask(fleet: Fleet) -> Agent | None:
    """Return the agent whose question waits longest, or None."""
    asking = [(agent.activity.dialogs[0].since, agent.id, agent) for agent in fleet.agents if agent.activity.dialogs]
    return min(asking, key=lambda one: one[:2])[2] if asking else None


def newest_unseen(fleet: Fleet) -> Agent | None:
    """Return the agent whose run ended last and was not looked at, or None."""
    unseen = [agent for agent in fleet.agents if base_state(agent.activity) is ActivityState.DONE_UNSEEN]
    return max(unseen, key=lambda agent: (agent.activity.since, agent.id), default=None)


def _nobody_asks(situation: Situation) -> str:
    return "" if oldest_ask(situation.fleet) is not None else "no agent asks"


def _nothing_unseen(situation: Situation) -> str:
    return "" if newest_unseen(situation.fleet) is not None else "there is no end of a run that you have not seen"


def _go(home: HomePort, agent: Agent | None) -> None:
    if agent is not None:
        home.go_to(f"agent:{agent.id}")


def _peek(home: HomePort) -> None:
    """Look at the agent with its draft; what is not sent goes back there."""
    agent = home.agent
    if agent is None:
        return
    target = agent.id
    draft = home.composer.text if home.composer.recipient == target else ""
    if draft:
        home.composer.put("")  # It is written on here, and in one place only.

    def finish(peeked: Peeked | None) -> None:
        if peeked is None or home.read_only:
            return
        there = home.fleet.agent(target)
        if there is None:
            home.warn(our_line("it is gone; your text was: {}", peeked.text), title=clean_line(agent.name))
        elif peeked.sent is not None:
            home.engine.notebook.note_sent(target, peeked.text)
            home.command(order_to(home.fleet, there, peeked.text, peeked.sent, references_in(peeked.text)))
        elif peeked.text and home.composer.recipient != target:
            home.select(target)
        if peeked.sent is None and home.composer.recipient == target:
            home.composer.put(peeked.text)
        if peeked.answer and home.selected == target:
            home.try_action("talk.answer")

    home.open_dialog(PeekDialog(home.engine, agent, draft, read_only=home.read_only), finish)


ACTIONS: tuple[Action, ...] = (
    Action(
        "see.peek",
        "space",
        "peek",
        "See",
        "Look at its last words over the list, with a line to write to it",
        _peek,
        needs_agent,
        ("agents",),
    ),
    Action(
        "see.oldest_ask",
        "o",
        "oldest question",
        "See",
        "Go to the agent whose question waits longest",
        lambda home: _go(home, oldest_ask(home.fleet)),
        _nobody_asks,
    ),
    Action(
        "see.newest_unseen",
        "O",
        "newest unseen",
        "See",
        "Go to the agent that was done last and that nobody looked at since",
        lambda home: _go(home, newest_unseen(home.fleet)),
        _nothing_unseen,
    ),
)
