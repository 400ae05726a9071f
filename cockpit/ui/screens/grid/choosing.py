"""Whom the grid shows, and how its cells lie."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.fleet import Agent, Fleet
from cockpit.model.ids import AgentId
from cockpit.model.why import headline

MOST = 6
"""Cells at most: more would say nothing."""
LEAST = 2
"""Marked agents from which they alone are shown."""

TONES = ("asking", "failed", "running", "starting", "done", "idle", "paused", "unknown")
"""Whose turn it is where nobody chose, first to last."""

WIDE, HIGH = 64, 12
"""Cells of a cell that is comfortable to read."""


def watched(fleet: Fleet, marked: Sequence[AgentId], now: float) -> tuple[AgentId, ...]:
    """Return two to six agents: those that are marked, else those that ask, failed and work, the freshest first."""
    there = {agent.id: agent for agent in fleet.agents}
    chosen = [agent for agent in marked if agent in there]
    if len(chosen) >= LEAST:
        return tuple(chosen[:MOST])
    vms = {vm.id: vm for vm in fleet.vms}

    def rank(agent: Agent) -> tuple[int, float, str]:
        tone = headline(agent, vms.get(agent.vm_id), now).tone
        place = TONES.index(tone) if tone in TONES else len(TONES)
        return place, -(agent.last_work_at or 0.0), agent.id

    others = [agent.id for agent in sorted(there.values(), key=rank) if agent.id not in chosen]
    return tuple([*chosen, *others][:MOST])


def shape(number: int, width: int, height: int) -> tuple[int, int]:
    """Return columns and rows for a number of cells on a surface.

    Each is as comfortable as can be, few are left empty; where that leaves a choice they are narrow if they are
    comfortable all the same, for lines of an output are seldom long, and wide if they are not.
    """

    def worth(columns: int) -> tuple[float, int, int]:
        rows = -(-number // columns)
        wide, high = width / columns, height / rows
        empty = columns * rows - number
        comfort = round(min(wide / WIDE, 1.0) * min(high / HIGH, 1.0), 2)
        return comfort, -empty, columns if comfort == 1.0 else -columns

    columns = max(range(1, max(1, number) + 1), key=worth)
    return columns, max(1, -(-number // columns))
