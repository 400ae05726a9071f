"""Putting off all that an agent wants, from its row: for a while, until it changes, for good; and taking it back."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.attention import Attention
from cockpit.model.commands.inbox import PutOffEntry, TakeBackEntry
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId
from cockpit.model.inbox.entries import Inbox, inbox, key_of, mark_of
from cockpit.model.inbox.shelf import PUT_OFF_WORDS, PutOff
from cockpit.model.telling import named
from cockpit.text.sanitize import our_line
from cockpit.ui.actions.action import Action, ForMany, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.actions.reasons import NO_AGENT
from cockpit.ui.dialogs.put_off import PutOffDialog


def wants(items: Sequence[Attention], agents: Sequence[AgentId]) -> list[Attention]:
    """Return the entries that are about some agents, in their order."""
    return [item for item in items if item.agent in agents or any(one in agents for one in item.agents)]


def snoozed_agents(found: Inbox) -> frozenset[AgentId]:
    """Return the agents of which something is put off."""
    items = (*found.snoozed, *found.muted)
    return frozenset(agent for item in items for agent in (item.agent, *item.agents) if agent is not None)


def _why_none(fleet: Fleet, now: float, agents: Sequence[Agent]) -> str:
    if not agents:
        return NO_AGENT
    found = inbox(fleet, now)
    there = wants((*found.shown, *found.snoozed, *found.muted), [agent.id for agent in agents])
    return "" if there else f"{named(agents)} wants nothing that could be put off"


def _reason(situation: Situation) -> str:
    one = (situation.agent,) if situation.agent is not None else ()
    return _why_none(situation.fleet, situation.engine.now(), one)


def _reason_of_many(situation: Situation) -> str:
    return _why_none(situation.fleet, situation.engine.now(), situation.marked)


def _snooze(home: HomePort) -> None:
    if home.agent is not None:
        snooze(home, (home.agent,))


def snooze(home: HomePort, agents: Sequence[Agent]) -> None:
    """Ask for how long all that some agents want now is put off; where all of it is already, take it back."""
    found, ids = inbox(home.fleet, home.engine.now()), [agent.id for agent in agents]
    items = wants(found.shown, ids)
    if not items:
        for item in wants((*found.snoozed, *found.muted), ids):
            home.command(TakeBackEntry(key_of(item)))
        return

    def finish(chosen: str | None) -> None:
        if chosen is None:
            return
        how = PutOff(chosen)
        given = [home.command(PutOffEntry(key_of(item), mark_of(item), how, item.sentence)) for item in items]
        home.promise(
            given[-1], our_line("put off, {}: {} takes it back", PUT_OFF_WORDS[how], home.key_of("see.snooze"))
        )

    said = items[0].sentence if len(items) == 1 else f"{len(items)} entries of {named(agents)}"
    home.open_dialog(PutOffDialog(our_line("{}", said)), finish)


ACTIONS: tuple[Action, ...] = (
    Action(
        "see.snooze",
        "tilde",
        "snooze",
        "See",
        "Put off all that this agent wants: 15 min, an hour, tomorrow, until it changes; or take it back",
        _snooze,
        _reason,
        writes=True,
        many=ForMany(snooze, _reason_of_many),
    ),
)
