"""Doubles of the control services: the fleet's API, the board, the registry and the feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from cockpit.model.board import FeedItem, Note, Task
from cockpit.model.fleet import Power
from cockpit.model.ids import CommitId, TaskId, VmId
from cockpit.services.errors import RecordNotFound
from cockpit.services.registry import Registration
from cockpit.services.wire import RegistryEntry
from cockpit.vers.commits import CommitListing
from cockpit.vers.errors import CommitNotFound, VersError, VmNotFound
from cockpit.vers.look import Look, look_at
from cockpit.vers.wire import CommitRecord, SshKey, VmListing, VmMetadata, VmRecord


class FakeCommits:
    """The commits of an account."""

    def __init__(self, vers: FakeVers) -> None:
        self._vers = vers
        self.records: dict[str, CommitRecord] = {}
        self.whole = True

    async def listed(self) -> CommitListing:
        """Return the list."""
        await self._vers.called("list commits")
        return CommitListing(tuple(self.records.values()), self.whole)

    async def one(self, commit_id: CommitId) -> CommitRecord:
        """Return one of them."""
        await self._vers.called("look at commit", commit_id)
        if commit_id not in self.records:
            raise CommitNotFound(f"could not find commit {commit_id}", status=404)
        return self.records[commit_id]

    async def delete(self, commit_id: CommitId) -> None:
        """Delete one of them."""
        await self._vers.called("delete commit", commit_id)
        if self.records.pop(commit_id, None) is None:
            error = CommitNotFound(f"could not delete commit {commit_id}", status=404)
            error.own = True
            raise error


class FakeVers:
    """The API of a fleet whose VMs are a dictionary; `errors` holds what a call raises instead."""

    account = "us"
    owner_id = ""

    def __init__(self) -> None:
        self.states: dict[VmId, str] = {}
        self.origins: dict[VmId, CommitId] = {}
        """The commits that VMs were made from."""
        self.metadata_told: dict[str, object] = {}
        """What is told of each VM besides, as the wire has it."""
        self.hidden: set[VmId] = set()
        """VMs that the list leaves out."""
        self.unreadable = 0
        self.errors: dict[str, Exception] = {}
        self.calls: list[str] = []
        self.commits = FakeCommits(self)
        self.wait: dict[str, Callable[[], Awaitable[object]]] = {}
        """What a call waits for before it answers."""

    async def called(self, name: str, what: str = "") -> None:
        self.calls.append(f"{name} {what}".strip())
        if name in self.wait:
            await self.wait[name]()
        if name in self.errors:
            raise self.errors[name]

    def _record(self, vm_id: VmId) -> VmRecord:
        return VmRecord(vm_id=vm_id, state=self.states[vm_id])

    async def listing(self) -> VmListing:
        """Return the list."""
        await self.called("list")
        return VmListing(tuple(self._record(vm) for vm in self.states if vm not in self.hidden), self.unreadable)

    async def status(self, vm_id: VmId) -> VmRecord:
        """Return one VM."""
        await self.called("status", vm_id)
        if vm_id not in self.states:
            error = VmNotFound(f"VM {vm_id} is not found", status=404)
            error.own = True
            raise error
        return self._record(vm_id)

    async def look(self, vm_id: VmId) -> Look:
        """Look at one VM by list and status."""
        return await look_at(vm_id, self.listing, self.status)

    async def metadata(self, vm_id: VmId) -> VmMetadata:
        """Return one VM with its size."""
        await self.called("metadata", vm_id)
        origin = self.origins.get(vm_id, "c0ffee")
        told = {"vm_id": vm_id, "vcpu_count": 4, "mem_size_mib": 2048, "parent_commit_id": origin}
        return VmMetadata.model_validate(told | self.metadata_told)

    async def ssh_key(self, vm_id: VmId) -> SshKey:
        """Return a key; each call returns another one."""
        await self.called("key", vm_id)
        return SshKey(ssh_private_key=f"key {sum(call.startswith('key') for call in self.calls)}")

    async def set_power(self, vm_id: VmId, paused: bool) -> None:
        """Pause or resume."""
        await self.called("pause" if paused else "resume", vm_id)
        self.states[vm_id] = Power.PAUSED if paused else Power.RUNNING

    async def add_labels(self, vm_id: VmId, labels: dict[str, str]) -> None:
        """Label a VM."""
        await self.called("label", f"{vm_id} {labels}")

    async def delete(self, vm_id: VmId) -> None:
        """Delete."""
        await self.called("delete", vm_id)
        self.states.pop(vm_id, None)

    async def commit(self, vm_id: VmId, *, name: str, description: str, keep_paused: bool) -> CommitId:
        """Take a snapshot."""
        made = f"c0ffee0{len(self.commits.records)}"
        self.commits.records[made] = CommitRecord(
            commit_id=made, name=name, description=description, parent_vm_id=vm_id
        )
        await self.called("commit", f"{vm_id} {name} {'paused' if keep_paused else 'running'}")
        return CommitId(made)

    async def from_commit(self, commit_id: CommitId) -> VmId:
        """Make a VM from a commit."""
        await self.called("restore", commit_id)
        made = VmId(f"{commit_id}-restored")
        self.states[made] = "running"
        self.origins[made] = commit_id
        return made

    async def branch(self, vm_id: VmId, *, count: int, keep_paused: bool) -> Any:
        """Copy a VM."""
        await self.called("branch", vm_id)
        made = tuple(VmId(f"{vm_id}-copy{number}") for number in range(count))
        self.states |= dict.fromkeys(made, "running")
        return SimpleNamespace(vms=made, wanted=count, error="", unseen="")


class FakeBoard:
    """A board that notes what is done to it."""

    def __init__(self) -> None:
        self.tasks: tuple[Task, ...] = ()
        self.unreadable = 0
        self.calls: list[tuple[object, ...]] = []
        self.error: Exception | None = None
        self.looks = 0

    async def listing(self) -> Any:
        """Return the tasks."""
        self.looks += 1
        if self.error is not None:
            raise self.error
        return SimpleNamespace(tasks=self.tasks, unreadable=self.unreadable)

    async def get(self, task_id: TaskId) -> Task:
        """Return a task."""
        self.looks += 1
        if self.error is not None:
            raise self.error
        return next(task for task in self.tasks if task.id == task_id)

    async def create(self, title: str, by: str, **fields: object) -> Task:
        """Create a task."""
        await self._did("create", title, by)
        return Task(TaskId(f"t{len(self.calls)}"), title, "open")

    async def patch(self, task: TaskId, **fields: Any) -> Task:
        """Change a task."""
        await self._did("patch", task, fields)
        known = next((known for known in self.tasks if known.id == task), Task(task, "", "open"))
        return replace(known, **fields)

    async def add_note(self, task: str, by: str, content: str, kind: str) -> Note:
        """Add a note."""
        await self._did("note", task, content, kind)
        return Note(by, content, kind, 0.0)

    async def _did(self, *call: object) -> None:
        if self.error is not None:
            raise self.error
        self.calls.append(call)


class FakeRegistry:
    """A registry of given entries."""

    def __init__(self) -> None:
        self.entries: list[RegistryEntry] = []
        self.unreadable = 0
        self.removed: list[str] = []
        self.patched: list[tuple[str, str]] = []
        self.beats: list[str] = []
        self.error: Exception | None = None
        self.looks = 0

    async def list_entries(self) -> Any:
        """Return the entries."""
        self.looks += 1
        if self.error is not None:
            raise self.error
        await asyncio.sleep(0)
        return SimpleNamespace(entries=tuple(self.entries), unreadable=self.unreadable)

    async def add(self, wanted: object) -> None:
        """Enter what is new."""
        if self.error is not None:
            raise self.error

    async def get(self, vm_id: str) -> RegistryEntry:
        """Return an entry."""
        if self.error is not None:
            raise self.error
        found = next((entry for entry in self.entries if entry.id == vm_id), None)
        if found is None:
            raise RecordNotFound(f"there is no entry of VM {vm_id}")
        return found

    async def register(self, wanted: Registration) -> None:
        """Take an entry in."""
        self.entries.append(RegistryEntry(id=wanted.id, name=wanted.name, role=wanted.role, status=wanted.status))

    async def patch(self, vm_id: str, **changes: str) -> None:
        """Change an entry."""
        entry = await self.get(vm_id)
        self.entries[self.entries.index(entry)] = entry.model_copy(update=changes)
        self.patched.append((vm_id, changes.get("status", "")))

    async def heartbeat(self, wanted: Registration) -> None:
        """Take a sign of life."""
        if self.error is not None:
            raise self.error
        self.beats.append(wanted.id)

    async def deregister(self, vm_id: str) -> None:
        """Remove an entry."""
        if self.error is not None:
            raise self.error
        self.removed.append(vm_id)


class FakeFeed:
    """A feed that tells what a test puts into it."""

    def __init__(self) -> None:
        self.unreadable = 0
        self.items: asyncio.Queue[FeedItem | Exception] = asyncio.Queue()
        self.report: Callable[[bool, str], None] = lambda up, reason: None
        self.follows = 0

    async def follow(
        self, *, report: Callable[[bool, str], None], catching_up: Callable[[], None]
    ) -> AsyncIterator[FeedItem]:
        """Yield items until one is an error."""
        self.report = report
        self.catching_up = catching_up
        self.follows += 1
        while True:
            item = await self.items.get()
            if isinstance(item, Exception):
                raise item
            yield item


def refused(text: str = "the API said no") -> VersError:
    """Return an error of the API."""
    return VersError(text, hint="ask again")
