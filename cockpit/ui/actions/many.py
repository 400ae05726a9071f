"""One act for all marked agents: what it orders of each, asked once, with the names; who fails stays marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cockpit.model.commands.command import Command
from cockpit.model.filters.agents import Attributes
from cockpit.model.fleet import Agent, Fleet, Vm
from cockpit.model.ids import AgentId
from cockpit.model.telling import TextManner, meant_by, order_to
from cockpit.text.clean import Clean
from cockpit.ui.actions.action import ForMany, Situation
from cockpit.ui.actions.home_port import HomePort
from cockpit.ui.dialogs.many import ManyDialog
from cockpit.ui.dialogs.tell import TellDialog, Telling

Order = Callable[[Fleet, Agent], Command]
"""Builds what is ordered of an agent."""


def of_vm(build: Callable[[Vm], Command]) -> Order:
    """Return what is ordered of an agent's VM; one that is on no list is known by its id alone."""
    return lambda fleet, agent: build(fleet.vm(agent.vm_id) or Vm(agent.vm_id))


def each(title: Clean, consequence: Clean, order: Order) -> ForMany:
    """Return how an act is done to all marked agents, after one question."""

    def reason(situation: Situation) -> str:
        return _why_none(situation, order)

    def handler(home: HomePort, agents: Sequence[Agent]) -> None:
        orders = {agent.id: order(home.fleet, agent) for agent in agents}
        refused = refusals(home, orders)

        def finish(yes: bool | None) -> None:
            if yes:
                give(home, {agent: command for agent, command in orders.items() if agent not in refused}, refused)

        home.open_dialog(ManyDialog(title, agents, refused, consequence), finish)

    return ForMany(handler, reason)


def refusals(home: HomePort, orders: Mapping[AgentId, Command]) -> dict[AgentId, str]:
    """Return why orders would be refused now, of those that would be."""
    reasons = ((agent, home.engine.disabled_reason(command)) for agent, command in orders.items())
    return {agent: reason for agent, reason in reasons if reason}


def give(home: HomePort, orders: Mapping[AgentId, Command], refused: Mapping[AgentId, str]) -> None:
    """Order something of each agent, and remember of whom, so that whoever fails stays marked."""
    given = {home.command(command): agent for agent, command in orders.items()}
    home.mark(home.marks.ordered(given, refused))


def _why_none(situation: Situation, order: Order) -> str:
    """Say why it can be done to none of the marked ones, or return empty text if it can be done to one."""
    reasons = [situation.engine.disabled_reason(order(situation.fleet, agent)) for agent in situation.marked]
    return "" if not all(reasons) else reasons[0]


def tell_marked(manner: TextManner) -> ForMany:
    """Return how a text is written to all marked agents."""

    def reason(situation: Situation) -> str:
        return _why_none(situation, lambda fleet, agent: order_to(fleet, agent, "…", manner))

    return ForMany(lambda home, agents: tell(home, agents, manner), reason)


def tell(home: HomePort, agents: Sequence[Agent], manner: TextManner = TextManner.FITS) -> None:
    """Write one text to several agents; to whom, is asked if nobody is given."""
    attributes = Attributes(
        marked=frozenset(home.marks.agents), pinned=home.engine.coordination.desk.arrangement.pinned
    )

    def meant(line: str) -> Sequence[Agent]:
        return meant_by(home.fleet, line, home.engine.now(), attributes)

    def refusal(agent: Agent, how: TextManner) -> str:
        return home.engine.disabled_reason(order_to(home.fleet, agent, "…", how))

    def finish(telling: Telling | None) -> None:
        if telling is None:
            return
        fleet = home.fleet
        there = [agent for agent in map(fleet.agent, telling.agents) if agent is not None]
        orders = {agent.id: order_to(fleet, agent, telling.text, telling.manner) for agent in there}
        refused = refusals(home, orders)
        for agent in orders:
            home.engine.notebook.note_sent(agent, telling.text)
        give(home, {agent: command for agent, command in orders.items() if agent not in refused}, refused)

    home.open_dialog(TellDialog(agents, lambda: home.fleet, meant, refusal, manner), finish)
