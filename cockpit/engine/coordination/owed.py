"""Keeps what the operator owes the swarm: told by board and feed, remembered where these forget it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.model.board import FeedItem, Task
from cockpit.model.owed import TELLING, Owed, answers_in, owed_by_operator
from cockpit.store.store import Store


@dataclass(frozen=True, slots=True)
class Picture:
    """Board and feed at one moment."""

    tasks: tuple[Task, ...]
    feed: tuple[FeedItem, ...]
    whole: bool
    """Each board was read."""

    def settles(self, one: Owed) -> bool:
        """Say whether something remembered, which it tells no more, waits no more."""
        if one.key.startswith("event:"):
            known = any(one.reference in (item.id, item.answers) for item in self.feed)
            noted = any(one.reference in answers_in(note.content) for task in self.tasks for note in task.notes)
            done = any(task.id == one.task and task.status == "done" for task in self.tasks)
            return known or noted or done
        return any(task.id == one.task for task in self.tasks)

    def has_lost(self, one: Owed) -> bool:
        """Say whether the board that had it was read and has it no more."""
        return one.key.startswith("note:") and self.whole


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
        self._tasks: tuple[Task, ...] = ()
        self._boards = 0
        self._last = ""

    async def bring_back(self) -> None:
        """Show what is remembered, before any service answers."""
        self._fleet_state.set_owed(await self._store.owed.open())

    async def run(self) -> None:
        """Follow board and feed until cancelled."""
        await self.bring_back()
        while True:
            self._note_what_is_there()
            await self.look()
            await self._fleet_state.until(self._is_other)

    def _note_what_is_there(self) -> None:
        state = self._fleet_state
        self._tasks, self._boards, self._last = state.tasks, len(state.boards), next(reversed(state.feed), "")

    def _is_other(self) -> bool:
        """Say whether board or feed changed so that something else may be owed; asked at each change of anything."""
        state = self._fleet_state
        if state.tasks is not self._tasks or len(state.boards) != self._boards:
            return True
        if next(reversed(state.feed), "") == self._last:
            return False
        # Most events are figures and moments of agents: what they say is looked at, and no more.
        new = list(takewhile(lambda item: item.id != self._last, reversed(state.feed.values())))
        self._last = new[0].id if new else ""
        return any(item.answers or item.kind in TELLING for item in new)

    async def look(self) -> None:
        """Find out what is owed by what the state holds of board and feed."""
        remembered = {one.key: one for one in await self._store.owed.open()}
        # Read last: what the operator settles or reopens between the two is as he left it.
        settled = await self._store.owed.settled()
        # One picture for all that is decided here: what comes while the disk writes is looked at the next time.
        picture = Picture(self._fleet_state.tasks, tuple(self._fleet_state.feed.values()), self._has_all_boards())
        told = {one.key: one for one in owed_by_operator(picture.tasks, picture.feed)}
        owed = {
            key: replace(one, draft=remembered[key].draft) if key in remembered else one
            for key, one in told.items()
            if key not in settled
        }
        await saved(self._store.owed.keep(one for key, one in owed.items() if remembered.get(key) != one))
        over: list[str] = []
        for key, one in remembered.items():
            if key in owed or key in settled:
                continue
            if picture.settles(one):
                over.append(key)
            else:
                owed[key] = replace(one, lost=picture.has_lost(one))
        if over:
            await saved(self._store.owed.settle(over))
        self._fleet_state.set_owed(tuple(sorted(owed.values(), key=lambda one: (one.at, one.key))))

    def _has_all_boards(self) -> bool:
        return self._fleet_state.boards.keys() >= self._awaited
