"""Looks through what the history has of an agent before what a transcript holds: folded once more, nothing is kept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from cockpit.engine.port import HistoryPort
from cockpit.model.ids import AgentId
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import Place
from cockpit.ui.transcript.find.index import FindIndex, Hit

SLICE = 100
"""Records folded before keys get their turn: less than a millisecond."""

COUNT_EVERY = 10
"""Slices between two counts: an entry that grows is looked at once for all of them."""


@dataclass(frozen=True, slots=True)
class OlderHits:
    """What was found."""

    hits: tuple[Hit, ...]
    whole: bool
    """The history has the agent's very first line, so that nothing is missing before it."""


async def look_through(
    history: HistoryPort, agent: AgentId, pattern: re.Pattern[str], until: Place, told: Callable[[int], None]
) -> OlderHits:
    """Return the hits before a place, while everything else goes on; `told` gets how many there are so far.

    Raises:
        CockpitError: the history cannot be read.
    """
    index = FindIndex(Transcript(), pattern)
    whole: bool | None = None
    number = 0
    async for record in history.lines(agent):
        if whole is None:
            whole = record.epoch <= 1 and record.offset == 0
        if (record.epoch, record.line) >= until:
            break
        index.transcript.apply(record)
        number += 1
        if number % SLICE == 0:
            if number % (SLICE * COUNT_EVERY) == 0 and index.update():
                told(index.total)
            await asyncio.sleep(0)
    index.update()
    return OlderHits(tuple(hit for hit in index.hits() if hit.place < until), bool(whole))
