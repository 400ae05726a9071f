"""Older history on demand: live is always first, and scrolling up just works, back to the first record.

A reader who leaves the transcript at its beginning reads on in a window onto the agent's past. Pages for it come from
the store, and what the store has not comes from the VM. The transcript itself goes on untouched.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING

from cockpit.agents.kinds import adapter_of
from cockpit.engine.living import living
from cockpit.engine.state import FleetState
from cockpit.engine.streams.cursors import from_stored
from cockpit.engine.streams.lines import LineStream
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError
from cockpit.model.events import Record, Responded, ShellOutput
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import LinkState
from cockpit.model.ids import AgentId
from cockpit.model.transcript.history import Item
from cockpit.model.transcript.window import Place, TranscriptWindow
from cockpit.remote.ssh.files import read_range
from cockpit.remote.tail.cursor import FileIdentity
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

PAGE_RECORDS = 1_000
"""Records paged in at a time: some screens full, folded in a few milliseconds."""

PAGE_BODIES = 512 * 1024
"""Bytes of what is kept of them that end a page early: a small part of what a window holds."""

SLICE = 200
"""Records folded or decoded before anything else on the event loop gets its turn: about half a millisecond."""

QUIET_PAGES = 50
"""Pages read at once while they bring nothing to show."""

PAGE_BYTES = 1 << 20
"""Bytes read at a time of what only the VM still has; grows for a page that lies inside one line."""

LARGEST_PAGE = 64 << 20
"""Bytes of the longest line that is paged in; what is longer ends the history here."""

BEFORE_ALL: Place = (0, -1)
"""The place before every record."""


class History:
    """Opens one window onto an agent's past and moves it; one act at a time per agent."""

    def __init__(
        self, fleet_state: FleetState, store: Store, agent_session: Callable[[AgentId], AgentSession | None]
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._agent_session = agent_session
        self._acts: dict[AgentId, asyncio.Task[None]] = {}

    def open(self, agent: AgentId, place: Place | None) -> None:
        """Open a window around a record, or at the oldest one kept here; what was under way is given up."""
        under_way = self._acts.pop(agent, None)
        if under_way is not None:
            under_way.cancel()
        self._begin(agent, self._open(agent, place))

    def older(self, agent: AgentId) -> bool:
        """Page older records in; False if there are none, no window is open, or something is on its way."""
        window = self._fleet_state.pasts.get(agent)
        if window is None or agent in self._acts or window.begins_all:
            return False
        self._begin(agent, self._older(agent, window))
        return True

    def newer(self, agent: AgentId) -> bool:
        """Page newer records in; False if no window is open, or something is on its way."""
        window = self._fleet_state.pasts.get(agent)
        if window is None or agent in self._acts:
            return False
        self._begin(agent, self._newer(agent, window))
        return True

    def leave(self, agent: AgentId) -> None:
        """Close the window."""
        under_way = self._acts.pop(agent, None)
        if under_way is not None:
            under_way.cancel()
        self._fleet_state.pasts.pop(agent, None)

    def _begin(self, agent: AgentId, act: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(act, name=f"history {agent}")
        self._acts[agent] = task

        def ended(_: asyncio.Task[None]) -> None:
            if self._acts.get(agent) is task:
                del self._acts[agent]

        task.add_done_callback(ended)

    # --- a window ------------------------------------------------------------------------------------

    async def _open(self, agent: AgentId, place: Place | None) -> None:
        window = TranscriptWindow()
        try:
            if place is not None:
                await self._append(window, agent, await self._page(agent, before=place))
            await self._append_shown(window, agent, BEFORE_ALL if place is None else (place[0], place[1] - 1))
        except CockpitError as error:
            log.warning("agent %s: its history cannot be read now: %s", agent, error)
            return
        if place is None:
            await self._reach_back(agent, window)
        else:
            pages = QUIET_PAGES
            while pages and self._is_live(agent, window) and await self._reach_back(agent, window):
                pages -= 1
        if window.border_text or not self._is_live(agent, window):
            self._fleet_state.pasts[agent] = window
            self._fleet_state.changed()

    def _is_live(self, agent: AgentId, window: TranscriptWindow) -> bool:
        """Tell whether the transcript itself holds everything from the window's first entry on."""
        oldest, live = next(window.entries(), None), next(self._fleet_state.transcript(agent).entries(), None)
        return oldest is None or (live is not None and (live.epoch, live.line) <= (oldest.epoch, oldest.line))

    async def _older(self, agent: AgentId, window: TranscriptWindow) -> None:
        first = window.first_key
        for _ in range(QUIET_PAGES):
            if not await self._reach_back(agent, window) or window.first_key < first:
                break
        self._fleet_state.changed()

    async def _newer(self, agent: AgentId, window: TranscriptWindow) -> None:
        try:
            await self._append_shown(window, agent, window.last_place or BEFORE_ALL)
        except CockpitError as error:
            log.warning("agent %s: its history cannot be read now: %s", agent, error)
        self._fleet_state.changed()

    async def _reach_back(self, agent: AgentId, window: TranscriptWindow) -> bool:
        """Page in what lies before a window; False if nothing does, or it cannot be had: then the border says why."""
        if window.first_place is None:
            return False
        try:
            older = await self._page(agent, before=window.first_place)
            if not older and not window.begins_all:
                older = await self._from_vm(agent, window)
            items = window.with_head(await self._with_answers(agent, older)) if older else []
        except CockpitError as error:
            # Nothing is lost: the next scroll to the top asks again.
            log.info("agent %s: its older history is not to be had now: %s", agent, error)
            window.border(error.message)
            return False
        if not items:
            window.border("")
            return False
        page = TranscriptWindow()
        await _fold(page, items)
        window.put_before(page)
        return True

    async def _append_shown(self, window: TranscriptWindow, agent: AgentId, after: Place) -> None:
        """Page in what comes after a place, until it brings something to show or is at its end."""
        shown = window.revision
        for _ in range(QUIET_PAGES):
            records = await self._page(agent, after=after)
            await self._append(window, agent, records)
            if not records or window.revision != shown:
                return
            after = (records[-1].epoch, records[-1].line)

    async def _append(self, window: TranscriptWindow, agent: AgentId, records: Sequence[Record]) -> None:
        items = await self._with_answers(agent, records)
        await _fold(window, items)
        window.append(())

    # --- where records come from ---------------------------------------------------------------------

    async def _page(self, agent: AgentId, *, before: Place | None = None, after: Place | None = None) -> list[Record]:
        return await self._store.records(agent, before=before, after=after, limit=PAGE_RECORDS, max_bytes=PAGE_BODIES)

    async def _with_answers(self, agent: AgentId, records: Sequence[Record]) -> Sequence[Item]:
        """Put what agents do not echo beside what it belongs to: answers to questions, what a shell command is."""
        if not any(_answered_by(record) for record in records):
            return records
        answers = dict(await self._store.answers(agent))
        items: list[Item] = []
        for record in records:
            items.append(record)
            if (asked := _answered_by(record)) in answers:
                items.append((asked, answers[asked]))
        return items

    async def _from_vm(self, agent: AgentId, window: TranscriptWindow) -> list[Record]:
        """Read what lies before a window in the present file, store it, and return the end of it.

        Raises:
            CockpitError: it cannot be had, or not now; says why.
        """
        connection, path, identity = await self._file(agent, window)
        window.border("older history is being read from the agent's file …")
        self._fleet_state.changed()
        size, end = PAGE_BYTES, window.first_offset
        while size <= LARGEST_PAGE:
            start = max(0, end - size)
            data = await read_range(connection, path, identity, start, end - start)
            # The page begins in the middle of a line unless it begins with the file.
            skipped = data.find(b"\n") + 1 if start else 0
            if skipped < len(data) and (skipped or not start):
                records = await self._decoded(agent, window, start + skipped, data[skipped:])
                await self._keep(agent, records)
                return _newest(records)
            size *= 4
        raise CockpitError(f"older history ends at a line of more than {LARGEST_PAGE >> 20} MB")

    async def _file(self, agent: AgentId, window: TranscriptWindow) -> tuple[Connection, str, FileIdentity]:
        """Return where the records before a window lie.

        Raises:
            CockpitError: nowhere, or nowhere that can be reached now.
        """
        stored = await self._store.cursor(agent)
        cursor = from_stored(stored) if stored else None
        if stored is None or cursor is None:
            raise CockpitError("older history is not kept here any more, and where it was is not known")
        if window.first_place is None or stored.epoch != window.first_place[0]:
            raise CockpitError("older history is not kept here any more, and the agent's file was replaced")
        if window.first_offset == 0:
            raise CockpitError("the file before this one is not kept here any more")
        agent_session, known = self._agent_session(agent), self._fleet_state.agents.get(agent)
        if agent_session is None or known is None:
            raise CockpitError("older history is not kept here any more, and the agent's file is gone")
        connection, link = agent_session.connection(), known.link
        if connection is None or link.state is not LinkState.UP:
            why = f": {link.reason}" if link.reason else ""
            raise CockpitError(f"older history is in the agent's file, which is not reached now{why}")
        return connection, agent_session.path, cursor.identity

    async def _decoded(self, agent: AgentId, window: TranscriptWindow, offset: int, data: bytes) -> list[Record]:
        assert window.first_place is not None
        epoch, line = window.first_place
        stream = LineStream(
            agent, self._fleet_state.clock, adapter_of(living(agent, self._fleet_state).program).decoder()
        )
        stream.resume(offset, line - 1 - data.count(b"\n"), epoch)
        lines, records = stream.lines(data), list[Record]()
        for start in range(0, len(lines), SLICE):
            records += stream.records(lines[start : start + SLICE])
            await asyncio.sleep(0)
        return records

    async def _keep(self, agent: AgentId, records: Sequence[Record]) -> None:
        try:
            await self._store.append(agent, records, None)
        except StoreError as error:
            # It can be read from the VM once more; the store says itself that it keeps nothing.
            log.error("agent %s: %s", agent, error)

    # --- waiting -------------------------------------------------------------------------------------

    async def idle(self) -> None:
        """Return when nothing is on its way."""
        while self._acts:
            await asyncio.gather(*self._acts.values(), return_exceptions=True)
            await asyncio.sleep(0)  # lets the ended tasks leave the table

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._acts.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _newest(records: Sequence[Record]) -> list[Record]:
    """Return a page of the newest of these records; the others are in the store by now."""
    size = 0
    for count, record in enumerate(reversed(records), 1):
        size += record.end - record.offset
        if count == PAGE_RECORDS or size >= PAGE_BYTES:
            return list(records[-count:])
    return list(records)


async def _fold(window: TranscriptWindow, items: Sequence[Item]) -> None:
    """Fold items in, with pauses."""
    for start in range(0, len(items), SLICE):
        for item in items[start : start + SLICE]:
            window.take(item)
        await asyncio.sleep(0)


def _answered_by(record: Record) -> str:
    """Return under which id the operator's own words about a record are kept; empty text if there are none."""
    match record.event:
        case DialogRequested(dialog_id=dialog_id):
            return dialog_id
        case ShellOutput(command_id=command_id) | Responded(command="bash", command_id=command_id):
            return command_id
        case _:
            return ""
