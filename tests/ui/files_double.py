"""Files of agents as a test gives them: content by agent and path, in memory, below one workspace."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

from cockpit.errors import Refused
from cockpit.model.files.content import PAGE_BYTES, FilePage, encoding_of, whole_lines
from cockpit.model.files.editing import CheckedOut, WriteBack, WrittenBack
from cockpit.model.files.entries import FileEntry, FileKind, FileListing, FoundLine, SearchResult
from cockpit.model.files.transfer import Carriage, Transfer, TransferId, TransferState
from cockpit.model.ids import AgentId

WORKSPACE = "/w"
MODIFIED = 1_790_000_000.0


class FilesDouble:
    """Implements `cockpit.model.files.port.FilePort`."""

    def __init__(self) -> None:
        self.content: dict[tuple[AgentId, str], bytes] = {}
        """Paths are below the workspace, as `matching` returns them."""
        self.refusals: dict[AgentId, str] = {}
        self.held_back: asyncio.Event | None = None
        """Holds searches back: what they found is told, and they do not end."""
        self.begun: list[Carriage] = []
        self.cancelled: list[TransferId] = []
        self.transfers: tuple[Transfer, ...] = ()

    def refusal(self, agent_id: AgentId) -> str:
        """Say what a test says."""
        return self.refusals.get(agent_id, "")

    def _of(self, agent_id: AgentId) -> dict[str, bytes]:
        if refusal := self.refusal(agent_id):
            raise Refused(refusal)
        return {f"{WORKSPACE}/{path}": data for (agent, path), data in self.content.items() if agent == agent_id}

    async def listing(self, agent_id: AgentId, path: str = "") -> FileListing:
        """List what is directly below a path."""
        files, place = self._of(agent_id), _absolute(path)
        if place in files:
            entry = _entry(place, files[place])
            return FileListing(place.rpartition("/")[0], (entry,), 1, place)
        below = {known[len(place) + 1 :].partition("/") for known in files if known.startswith(f"{place}/")}
        found = sorted({(not slash, name) for name, slash, _ in below})
        entries = (
            _entry(name, files[f"{place}/{name}"])
            if is_file
            else FileEntry(name, FileKind.DIRECTORY, 0, 0o755, MODIFIED)
            for is_file, name in found
        )
        return FileListing(place, tuple(entries), len(found))

    async def page(self, agent_id: AgentId, path: str, offset: int = 0) -> FilePage:
        """Return a part of the content."""
        place = _absolute(path)
        data = self._of(agent_id).get(place)
        if data is None:
            raise Refused(f"there is no {path}")
        encoding = encoding_of(data)
        part = whole_lines(data[offset : offset + PAGE_BYTES], encoding, last=offset + PAGE_BYTES >= len(data))
        return FilePage(place, len(data), offset, part, encoding, MODIFIED)

    async def named(
        self, agent_id: AgentId, path: str, needle: str, *, heard: Callable[[SearchResult], None] | None = None
    ) -> SearchResult:
        """Return the paths that hold the needle; the test holds the search back before its end."""
        found = [known.removeprefix(f"{WORKSPACE}/") for known in self._of(agent_id) if needle in known]
        if self.held_back is not None:
            for known in found:
                assert heard is not None
                heard(SearchResult(WORKSPACE, (FoundLine(known, 0, ""),)))
            await self.held_back.wait()
        return SearchResult(WORKSPACE, tuple(FoundLine(known, 0, "") for known in found))

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
        """Return the lines that hold the needle."""
        hits = [
            FoundLine(known.removeprefix(f"{WORKSPACE}/"), number, line)
            for known, data in self._of(agent_id).items()
            for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), start=1)
            if needle in line
        ]
        return SearchResult(WORKSPACE, tuple(hits))

    async def check_out(self, agent_id: AgentId, path: str) -> CheckedOut:
        """Write the content into a private directory."""
        place = _absolute(path)
        data = self._of(agent_id).get(place, b"")
        local = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="cockpit-edit-")) / "file"
        await asyncio.to_thread(local.write_bytes, data)
        return CheckedOut(agent_id, place, local, len(data), MODIFIED, _digest(data), 0o644)

    async def write_back(self, checked_out: CheckedOut) -> WrittenBack:
        """Take the local content, unless the content here is another one by now."""
        key = checked_out.agent, checked_out.path.removeprefix(f"{WORKSPACE}/")
        mine, here = await asyncio.to_thread(checked_out.local.read_bytes), self.content.get(key, b"")
        if _digest(mine) == checked_out.digest:
            return WrittenBack(WriteBack.UNCHANGED, checked_out)
        if _digest(here) != checked_out.digest:
            theirs = checked_out.local.with_name("theirs")
            await asyncio.to_thread(theirs.write_bytes, here)
            newer = CheckedOut(*key, checked_out.local, len(here), MODIFIED, _digest(here), 0o644)
            return WrittenBack(WriteBack.CONFLICT, newer, theirs)
        self.content[key] = mine
        return WrittenBack(WriteBack.WRITTEN, checked_out)

    def discard(self, checked_out: CheckedOut) -> None:
        """Keep it: the test's directory goes by itself."""

    def begin(self, order: Carriage) -> TransferId:
        """Note the order."""
        self.begun.append(order)
        transfer_id = TransferId(f"t{len(self.begun)}")
        self.transfers = (*self.transfers, Transfer(transfer_id, order, MODIFIED, total=1000, done=100, rate=100.0))
        return transfer_id

    async def survey(self, order: Carriage) -> Transfer:
        """Say that there is one file."""
        return Transfer(TransferId("survey"), order, MODIFIED, TransferState.DONE, total=1000, of_files=1)

    def cancel(self, transfer_id: TransferId) -> None:
        """Note it."""
        self.cancelled.append(transfer_id)

    async def wait(self, transfer_id: TransferId) -> Transfer:
        """Return it as it stands."""
        return next(transfer for transfer in self.transfers if transfer.id == transfer_id)

    async def matching(self, agent_id: AgentId, pattern: str) -> tuple[tuple[str, int], ...]:
        """Return those of the agent whose path fits."""
        known = ((path, len(data)) for (agent, path), data in self.content.items() if agent == agent_id)
        return tuple((path, size) for path, size in known if fnmatch(path, pattern))

    async def fetch(self, agent_id: AgentId, path: str, to: Path) -> None:
        """Write the content."""
        await asyncio.to_thread(to.write_bytes, self.content[agent_id, path])


def _absolute(path: str) -> str:
    return path if path.startswith("/") else f"{WORKSPACE}/{path}" if path else WORKSPACE


def _entry(path: str, data: bytes) -> FileEntry:
    return FileEntry(path.rpartition("/")[2], FileKind.FILE, len(data), 0o644, MODIFIED)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
