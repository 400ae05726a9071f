"""Whom a composer writes to, and why that is refused."""

from __future__ import annotations

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Agent, Fleet
from cockpit.ui.actions.talk import UNWRITTEN, message, order
from cockpit.ui.widgets.composer import Composer


def address(composer: Composer, agent: Agent | None, fleet: Fleet, engine: CockpitPort, *, read_only: bool) -> None:
    """Name the recipient in a composer, and say why what is written there would be refused now."""
    if agent is None:
        composer.address(None, "", busy=False)
        composer.describe("")
        return
    composer.address(agent.id, agent.name, busy=agent.run_open)
    refusal = "the cockpit is read-only" if read_only else ""
    wanted = order(fleet, agent, message(composer.mode, agent.id, UNWRITTEN), checkpoint=composer.checkpoint)
    composer.describe(refusal or engine.disabled_reason(wanted))
