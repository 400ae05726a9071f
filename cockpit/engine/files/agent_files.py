"""The files of agents as screens and verbs ask for them: looks are bounded in time, transfers go on by themselves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine.files.course import TransferCourse
from cockpit.engine.files.editing import check_out, discard, write_back
from cockpit.engine.files.patterns import matching
from cockpit.engine.files.reach import FileReach, Reached
from cockpit.engine.files.transfers import Transfers
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import Refused, TimedOut
from cockpit.model.files.content import PAGE_BYTES, SNIFFED_BYTES, FilePage, encoding_of, whole_lines
from cockpit.model.files.editing import CheckedOut, WrittenBack
from cockpit.model.files.entries import FileEntry, FileKind, FileListing, FoundLine, SearchResult, kind_of_mode
from cockpit.model.files.transfer import Carriage, Direction, Transfer, TransferId, TransferState
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.model.refusals.files import to_files
from cockpit.remote.files.port import DirectoryEntry
from cockpit.remote.files.search import Line, lines_like, names_like

SHOWN_NAMES = 2000
"""Names of a directory that are shown; of more, their number."""

SHOWN_TARGETS = 100
"""Links of a directory whose targets are asked for."""

HITS = 1000
"""What a search returns at most."""

SEARCH_LIMIT = 20.0
"""Seconds a search may take."""

LOOK_LIMIT = 60.0
"""Seconds a look may take altogether, the wait for a free channel included."""

WRITE_LIMIT = 120.0
"""Seconds until an edited file is written back."""


class AgentFiles:
    """Implements `cockpit.model.files.port.FilePort`."""

    def __init__(
        self,
        fleet_state: FleetState,
        session_of: Callable[[AgentId], AgentSession | None],
        paths_of: Callable[[Agent], AgentPaths],
    ) -> None:
        self._reach = FileReach(fleet_state, session_of, paths_of)
        self._transfers = Transfers(self._reach)
        self._now = fleet_state.clock.now
        self._fleet_state = fleet_state

    def refusal(self, agent_id: AgentId) -> str:
        """Say why an agent's files are out of reach now, or return empty text."""
        found = to_files(agent_id, self._fleet_state.snapshot())
        return found.sentence if found is not None else ""

    async def listing(self, agent_id: AgentId, path: str = "") -> FileListing:
        """Return what a directory holds, or the one entry of what is none."""
        async with self._looking(agent_id, path) as reached:
            files, real = reached.files, await reached.real(path)
            status = await files.status(real)
            if not status.is_directory:
                directory, _, name = real.rpartition(b"/")
                here = os.fsdecode(directory or b"/")
                return FileListing(here, (_entry(DirectoryEntry(name, status)),), 1, os.fsdecode(real))
            found = await files.entries(real, SHOWN_NAMES)
            links = [entry.name for entry in found.entries if entry.status.is_link][:SHOWN_TARGETS]
            said = await asyncio.gather(*(files.target(real + b"/" + name) for name in links), return_exceptions=True)
            targets = {
                name: os.fsdecode(told) for name, told in zip(links, said, strict=True) if isinstance(told, bytes)
            }
            entries = (_entry(entry, targets.get(entry.name, "")) for entry in found.entries)
            ordered = sorted(entries, key=lambda entry: (entry.kind is not FileKind.DIRECTORY, entry.name))
            return FileListing(os.fsdecode(real), tuple(ordered), found.total)

    async def page(self, agent_id: AgentId, path: str, offset: int = 0) -> FilePage:
        """Return a part of a file from an offset on, up to the last whole line of `PAGE_BYTES`."""
        async with self._looking(agent_id, path) as reached:
            real = await reached.real(path)
            source = await reached.files.open(real)
            try:
                size = source.status.size
                start = max(0, min(offset, size))
                data = await source.read(start, PAGE_BYTES)
                head = data if start == 0 else await source.read(0, SNIFFED_BYTES)
            finally:
                await source.close()
            encoding = encoding_of(head)
            shown = whole_lines(data, encoding, last=start + len(data) >= size)
            return FilePage(os.fsdecode(real), size, start, shown, encoding, float(source.status.modified))

    async def named(
        self, agent_id: AgentId, path: str, needle: str, *, heard: Callable[[SearchResult], None] | None = None
    ) -> SearchResult:
        """Return what is called so below a directory."""
        async with self._looking(agent_id, path) as reached:
            base = await reached.real(path)

            def tell(names: list[bytes]) -> None:
                if heard is not None:
                    heard(SearchResult(os.fsdecode(base), tuple(map(_named, names))))

            found = await names_like(reached.connection, base, needle, most=HITS, seconds=SEARCH_LIMIT, heard=tell)
            return SearchResult(os.fsdecode(base), tuple(map(_named, found.paths)), found.cut)

    async def holding(
        self,
        agent_id: AgentId,
        path: str,
        needle: str,
        *,
        ignore_case: bool = False,
        regular: bool = False,
        heard: Callable[[SearchResult], None] | None = None,
    ) -> SearchResult:
        """Return the lines of files below a directory that hold a text."""
        async with self._looking(agent_id, path) as reached:
            base = await reached.real(path)

            def tell(lines: list[Line]) -> None:
                if heard is not None:
                    heard(SearchResult(os.fsdecode(base), tuple(map(_found, lines))))

            found = await lines_like(
                reached.connection,
                base,
                needle,
                most=HITS,
                seconds=SEARCH_LIMIT,
                ignore_case=ignore_case,
                regular=regular,
                heard=tell,
            )
            return SearchResult(os.fsdecode(base), tuple(map(_found, found.lines)), found.cut)

    async def check_out(self, agent_id: AgentId, path: str) -> CheckedOut:
        """Fetch a file into a private directory here, to be edited."""
        async with self._looking(agent_id, path) as reached:
            return await check_out(reached, agent_id, path)

    async def write_back(self, checked_out: CheckedOut) -> WrittenBack:
        """Write an edited file back, unless somebody changed it there meanwhile."""
        order = Carriage(Direction.PUT, checked_out.agent, checked_out.path, checked_out.local)
        course = TransferCourse(Transfer(TransferId("edit"), order, self._now()), self._now, lambda transfer: None)
        async with self._looking(checked_out.agent, checked_out.path, WRITE_LIMIT) as reached:
            return await write_back(reached, checked_out, course)

    def discard(self, checked_out: CheckedOut) -> None:
        """Delete the copies of a file here that is not to be written back."""
        discard(checked_out)

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """The transfers under way and the last that ended, oldest first."""
        return self._transfers.all

    def begin(self, order: Carriage) -> TransferId:
        """Begin to carry files; it goes on by itself, also over drops of the link."""
        return self._transfers.begin(order)

    async def survey(self, order: Carriage) -> Transfer:
        """Return what an order would carry, without doing it; `reason` is where it would go."""
        return await self._transfers.survey(order)

    def cancel(self, transfer_id: TransferId) -> None:
        """End a transfer; what was carried stays, and the same order goes on from there."""
        self._transfers.cancel(transfer_id)

    async def wait(self, transfer_id: TransferId) -> Transfer:
        """Return how a transfer ended, once it has."""
        return await self._transfers.wait(transfer_id)

    async def close(self) -> None:
        """End all transfers."""
        await self._transfers.close()

    async def matching(self, agent_id: AgentId, pattern: str) -> tuple[tuple[str, int], ...]:
        """Return path and size in bytes of the files that a pattern of the shell matches, from the workspace on."""
        async with self._looking(agent_id, pattern) as reached:
            return await matching(reached, pattern)

    async def fetch(self, agent_id: AgentId, path: str, to: Path) -> None:
        """Bring one file here; another one that is there is replaced."""
        transfer = await self.wait(self.begin(Carriage(Direction.GET, agent_id, path, to, replace=True)))
        if transfer.state is not TransferState.DONE:
            raise Refused(transfer.reason)

    @asynccontextmanager
    async def _looking(self, agent_id: AgentId, path: str, limit: float = LOOK_LIMIT) -> AsyncIterator[Reached]:
        """Give out the way for a time that is bounded altogether."""
        try:
            async with asyncio.timeout(limit), self._reach.now(agent_id) as reached:
                yield reached
        except TimeoutError as error:
            name = self._reach.agent(agent_id).name
            raise TimedOut(
                f"{name}'s files: it did not come to an end with {path or 'its workspace'} in {limit:g} s"
            ) from error


def _named(path: bytes) -> FoundLine:
    return FoundLine(os.fsdecode(path), 0, "")


def _found(line: Line) -> FoundLine:
    path, number, text = line
    return FoundLine(os.fsdecode(path), number, text.decode("utf-8", "backslashreplace"))


def _entry(entry: DirectoryEntry, target: str = "") -> FileEntry:
    status = entry.status
    kind = kind_of_mode(status.mode)
    return FileEntry(os.fsdecode(entry.name), kind, status.size, status.mode & 0o7777, float(status.modified), target)
