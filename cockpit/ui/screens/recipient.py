"""Whom a composer writes to, what will really happen to a text, and why that is refused."""

from __future__ import annotations

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.notebook.consequence import consequence
from cockpit.ui.actions.talk import UNWRITTEN, message, order
from cockpit.ui.writing.composer import Composer


def address(composer: Composer, agent: Agent | None, fleet: Fleet, engine: CockpitPort, *, read_only: bool) -> None:
    """Name the recipient in a composer, and say what becomes of a text, or why it would be refused now."""
    if agent is None:
        composer.address(None, "", busy=False)
        composer.describe("")
        return
    composer.address(agent.id, agent.name, busy=agent.run_open)
    meaning = consequence(composer.mode.value, agent, fleet.vm(agent.vm_id))
    wanted = order(fleet, agent, message(composer.mode, agent.id, UNWRITTEN), checkpoint=composer.checkpoint)
    composer.describe("the cockpit is read-only" if read_only else engine.disabled_reason(wanted), meaning)
