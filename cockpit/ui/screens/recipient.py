"""Whom a composer writes to, what will really happen to a text, and why that is refused."""

from __future__ import annotations

from textual.screen import Screen

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.notebook.consequence import consequence
from cockpit.ui.actions.talk import UNWRITTEN, message, order
from cockpit.ui.writing.composer import Composer


def take_over(screen: Screen[None], composer: Composer) -> None:
    """Have what is written on the screens below go on in a composer of a screen that comes."""
    for other in _below(screen):
        other.hand_on(composer)


def hand_back(screen: Screen[None], composer: Composer) -> None:
    """Give what is written and not sent to the screens below one that goes."""
    for other in _below(screen):
        composer.hand_on(other)


def _below(screen: Screen[None]) -> list[Composer]:
    others = (one for one in screen.app.screen_stack if one is not screen)
    return [composer for one in others for composer in one.query(Composer)]


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
