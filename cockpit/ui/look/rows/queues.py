"""How much waits in an agent, in few words."""

from __future__ import annotations

from cockpit.model.fleet import Agent
from cockpit.model.queue import counted, fate_of
from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import our_line


def queue_words(agent: Agent) -> Clean:
    """Say how much waits in an agent, and whether only a prompt brings it on; nothing while nothing waits."""
    steers, follow_ups = counted(agent)
    if not steers + follow_ups:
        return NOTHING
    if not fate_of(agent).by_itself and not agent.run_open:
        return our_line("{} {} for a prompt", steers + follow_ups, "waits" if steers + follow_ups == 1 else "wait")
    counts = [our_line("↯{}", steers)] if steers else []
    return joined([*counts, *([our_line("↳{}", follow_ups)] if follow_ups else [])], ours(" "))
