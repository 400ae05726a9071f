"""Whom a composer writes to, what will really happen to a text, and why that is refused."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.engine.port import CockpitPort
from cockpit.model.fleet import Agent, Fleet
from cockpit.model.notebook.consequence import consequence_for_all
from cockpit.ui.actions.talk import UNWRITTEN, message, order
from cockpit.ui.writing.composer import Composer


def address(
    composer: Composer,
    agent: Agent | None,
    fleet: Fleet,
    engine: CockpitPort,
    *,
    read_only: bool,
    others: Sequence[Agent] = (),
) -> None:
    """Name the recipients in a composer, and say what becomes of a text, or why it would be refused now.

    Args:
        composer: where it is written.
        agent: whom a text goes to; None for nobody.
        fleet: the newest snapshot.
        engine: knows why a text would be refused.
        read_only: nothing may be sent.
        others: whom the text goes to besides, such as all that are marked.
    """
    if agent is None:
        composer.address(None, "", busy=False)
        composer.describe("")
        return
    named = tuple((other.id, other.name) for other in others)
    composer.address(agent.id, agent.name, busy=agent.run_open, others=named)
    everybody = {one.id: (one, fleet.vm(one.vm_id)) for one in (agent, *others)}
    meaning = consequence_for_all(composer.mode.value, tuple(everybody.values()))
    wanted = order(fleet, agent, message(composer.mode, agent.id, UNWRITTEN), checkpoint=composer.checkpoint)
    composer.describe("the cockpit is read-only" if read_only else engine.disabled_reason(wanted), meaning)
