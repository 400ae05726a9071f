"""A blocker note beside every blocker that was told to the feed alone, under the name of the agent that told it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from cockpit.engine.running_source import RunningSource
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.targets import source_of_task
from cockpit.errors import CockpitError
from cockpit.model.blockers import BLOCKER_FOUND, note_of, task_of, unnoted
from cockpit.model.board import FeedItem
from cockpit.model.ids import TaskId
from cockpit.services.errors import RecordNotFound
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

GRACE = 30.0
"""Seconds an agent gets to write the note itself: with its own tools the two are two acts."""

NEWEST = 86_400.0
"""Seconds after which a blocker that nobody noted is history."""

INTERVAL = 5.0


class BlockerNotes:
    """Writes the notes, by one of the processes that share a history."""

    def __init__(self, running: Sequence[RunningSource], fleet_state: FleetState, store: Store) -> None:
        self._sources = [one.source for one in running]
        self._fleet_state = fleet_state
        self._store = store
        self._settled: set[str] = set()
        """Events that were looked at."""

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            # By the clock and not at each change of the fleet: with many agents there are hundreds a second.
            await asyncio.sleep(INTERVAL)
            if self._fresh():
                await self.look()

    async def look(self) -> None:
        """Write the notes that are missing now."""
        now = self._fleet_state.clock.now()
        by_task: dict[TaskId, list[FeedItem]] = {}
        for event in self._fresh():
            if now - event.at < GRACE:
                continue
            task = task_of(event, self._fleet_state.tasks)
            if task is None or now - event.at > NEWEST:
                self._settled.add(event.id)
            else:
                by_task.setdefault(task, []).append(event)
        for task, events in by_task.items():
            source = self._source_of(task)
            if source is None or source.board is None or not self._is_mine(source):
                continue
            try:
                told = [event for event in self._blockers() if task_of(event, self._fleet_state.tasks) == task]
                missing = {event.id for event in unnoted(told, (await source.board.get(task)).notes)}
                for event in events:
                    if event.id in missing:
                        await source.board.add_note(task, event.agent, note_of(event), "blocker")
                    self._settled.add(event.id)
            except RecordNotFound:
                self._settled |= {event.id for event in events}
            except CockpitError as error:
                log.info("the blocker of task %s is not noted yet: %s", task, error)

    def _blockers(self) -> list[FeedItem]:
        return [event for event in self._fleet_state.feed.values() if event.kind == BLOCKER_FOUND]

    def _fresh(self) -> list[FeedItem]:
        return [event for event in self._blockers() if event.id not in self._settled]

    def _source_of(self, task: TaskId) -> Source | None:
        name = source_of_task(task, self._fleet_state)
        return next((source for source in self._sources if source.name == name), None)

    def _is_mine(self, source: Source) -> bool:
        try:
            return self._store.leases.take(f"blocker notes of {source.name}")
        except StoreError:
            return False
