"""What the cockpit does, told in the feed under the coordinator's name; texts to agents stay between the two."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.ids import CommandId, OperationId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_ended

log = logging.getLogger(__name__)

PUBLISHED = frozenset(
    {
        "spawn",
        "adopt",
        "relaunch",
        "rename",
        "pause",
        "resume",
        "destroy",
        "undo",
        "restore",
        "retry",
        "commit",
        "branch",
        "best of",
        "fan out",
        "teardown",
        "stop all",
        "continue all",
        "hand over",
        "create plan",
        "run plan",
        "hold plan",
        "freeze for budget",
        "budget",
        "resume and send",
        "go on",
    }
)
"""The acts that are told: those that change who is there, and who does what."""

WAITING = 500
"""Events that wait for a feed that does not answer; older ones are dropped, the audit has them."""

CLOSE_LIMIT = 2.0
"""Seconds the last events may take when the cockpit is left."""

RETRY = 10.0
"""Seconds until a feed that did not answer is tried again."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event that is to be published."""

    summary: str
    source: str = ""
    """Whose feed it belongs to; empty for the first that there is."""
    about: dict[str, str] = field(default_factory=dict)


class Publisher:
    """Tells the feed of what was done here, each act once, when it has ended."""

    def __init__(self, running: Sequence[RunningSource], fleet_state: FleetState) -> None:
        self._running = tuple(running)
        self._fleet_state = fleet_state
        self._seen: dict[CommandId, None] = {}
        self._waiting: deque[Told] = deque(maxlen=WAITING)
        self._publishing = asyncio.Lock()
        self._looked_at = -1

    def tell(self, act: str, summary: str) -> None:
        """Have an act told that has no receipt."""
        self._waiting.append(Told(summary, about={"act": act}))
        self._fleet_state.changed()

    async def run(self) -> None:
        """Publish until cancelled. What had ended before is not told: whoever did it has told it."""
        for receipt in list(self._fleet_state.receipts.values()):
            if is_ended(receipt):
                self._seen[receipt.id] = None
        while True:
            await self._fleet_state.until(self._take_in)
            if not await self._publish_all():
                await asyncio.sleep(RETRY)

    async def close(self) -> None:
        """Tell what has ended by now, as far as the feed takes it within some seconds."""
        self._take_in()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._publish_all()

    def _take_in(self) -> bool:
        """Note what ended since the last look; say whether anything is to be told."""
        if self._looked_at == self._fleet_state.receipts_revision:
            return bool(self._waiting)
        self._looked_at = self._fleet_state.receipts_revision
        for receipt in self._fleet_state.receipts.values():
            if receipt.verb not in PUBLISHED or receipt.id in self._seen or not is_ended(receipt):
                continue
            self._seen[receipt.id] = None
            self._waiting.append(self._told(receipt))
        while len(self._seen) > 4 * WAITING:
            del self._seen[next(iter(self._seen))]
        return bool(self._waiting)

    def _told(self, receipt: Receipt) -> Told:
        operation = self._fleet_state.operations.get(OperationId(receipt.id))
        agent = self._fleet_state.agents.get(receipt.agent) if receipt.agent is not None else None
        target = operation.target if operation is not None else agent.name if agent is not None else ""
        words = {Stage.FAILED: "failed: ", Stage.UNCONFIRMED: "is unconfirmed: "}.get(receipt.stage, "")
        summary = f"{receipt.verb} {target}".strip() + (f" {words}{receipt.reason}" if words else "")
        about = {"act": receipt.verb, "target": target, "outcome": receipt.stage.value, "commandId": str(receipt.id)}
        if agent is not None:
            about |= {"agent": agent.name, "vmId": str(agent.vm_id)}
        return Told(summary[:500], agent.source if agent is not None else "", about)

    async def _publish_all(self) -> bool:
        """Publish what waits, in order; False if the feed took no more."""
        # Who leaves the cockpit publishes beside the loop that does it all along: each event is told by one of them.
        async with self._publishing:
            while self._waiting:
                told = self._waiting.popleft()
                if not await self._publish(told):
                    self._waiting.appendleft(told)
                    return False
        return True

    async def _publish(self, told: Told) -> bool:
        """Publish one event; False if it is to be tried again."""
        having = [running for running in self._running if running.source.feed is not None]
        place = next((running for running in having if running.name == told.source), having[0] if having else None)
        if place is None or not place.source.coordinator or (feed := place.source.feed) is None:
            return True
        try:
            await feed.publish(place.source.coordinator, "custom", told.summary, metadata=dict(told.about))
        except CockpitError as error:
            log.warning("an event of ours was not published: %s", error)
            return False
        return True
