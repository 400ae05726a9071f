"""Keeps what the operator owes the swarm: told by board and feed, remembered where these forget it."""

from __future__ import annotations

from dataclasses import replace

from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.model.owed import Owed, answers_in, owed_by_operator
from cockpit.store.store import Store


class OwedWatch:
    """Follows board and feed, and writes into the state of the fleet what waits for an answer."""

    def __init__(self, fleet_state: FleetState, store: Store, awaited: frozenset[str]) -> None:
        """Prepare.

        Args:
            awaited: the sources that have a board; until each was read, nothing counts as gone from it.
        """
        self._fleet_state = fleet_state
        self._store = store
        self._awaited = awaited

    async def bring_back(self) -> None:
        """Show what is remembered, before any service answers."""
        self._fleet_state.set_owed(await self._store.owed.open())

    async def run(self) -> None:
        """Follow board and feed until cancelled."""
        await self.bring_back()
        while True:
            seen = self._seen()
            await self.look()
            await self._fleet_state.until(lambda before=seen: self._seen() != before)  # type: ignore[misc]

    def _seen(self) -> tuple[int, str, int]:
        """Return what differs once board or feed changed."""
        feed = self._fleet_state.feed
        return id(self._fleet_state.tasks), next(reversed(feed), ""), len(self._fleet_state.boards)

    async def look(self) -> None:
        """Find out what is owed by what the state holds of board and feed."""
        state = self._fleet_state
        settled = await self._store.owed.settled()
        remembered = {one.key: one for one in await self._store.owed.open()}
        told = {one.key: one for one in owed_by_operator(state.tasks, tuple(state.feed.values()))}
        owed = {
            key: replace(one, draft=remembered[key].draft) if key in remembered else one
            for key, one in told.items()
            if key not in settled
        }
        await saved(self._store.owed.keep(one for key, one in owed.items() if remembered.get(key) != one))
        over: list[str] = []
        for key, one in remembered.items():
            if key in owed:
                continue
            if self._is_settled(one):
                over.append(key)
            else:
                owed[key] = replace(one, lost=self._is_lost(one))
        if over:
            await saved(self._store.owed.settle(over))
        state.set_owed(tuple(sorted(owed.values(), key=lambda one: (one.at, one.key))))

    def _is_settled(self, one: Owed) -> bool:
        """Say whether board and feed show that something remembered waits no more."""
        state = self._fleet_state
        if one.key.startswith("event:"):
            known = one.reference in state.feed
            answered = any(item.answers == one.reference for item in state.feed.values())
            noted = any(one.reference in answers_in(note.content) for task in state.tasks for note in task.notes)
            done = any(task.id == one.task and task.status == "done" for task in state.tasks)
            return known or answered or noted or done
        return any(task.id == one.task for task in state.tasks)

    def _is_lost(self, one: Owed) -> bool:
        """Say whether the board that had it was read and has it no more."""
        return one.key.startswith("note:") and self._fleet_state.boards.keys() >= self._awaited
