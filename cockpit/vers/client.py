"""The Vers API as the engine uses it: each call bounded, each failure explained, nothing created twice."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from cockpit.errors import UsageError
from cockpit.model.ids import CommitId, VmId
from cockpit.vers.commits import Commits
from cockpit.vers.credentials import owner_id
from cockpit.vers.effects import about, confirm_deleted, confirm_made, confirm_power
from cockpit.vers.errors import BadAnswer, VersError, VmNotFound
from cockpit.vers.look import Look, look_at
from cockpit.vers.reconcile import REQUEST_LABEL, BranchResult, Creation, Reconciler, check_new
from cockpit.vers.transport import CREATION_TIMEOUT, VersTransport, path_part
from cockpit.vers.wire import CommitRecord, SshKey, VmListing, VmMetadata, VmRecord, new_vm_ids, vm_list

READ_TIMEOUT = 20.0
"""Seconds a call that only reads may take, with all its attempts: who asked must hear of a silent platform soon."""
DELETION_TIMEOUT = 60.0
"""Seconds a deletion may take: about seven are usual, and the VM is looked at afterwards in any case."""


class VersClient:
    """One account on one platform. Closes its connections with `close` or as a context manager."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = READ_TIMEOUT,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        place: str = "",
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Args:
            base_url: with the version prefix, as `credentials.api_base_url` returns it.
            api_key: stripped of surrounding white space, since the gateway counts characters.
            transport: the wire, for tests.
            timeout: seconds for a whole call, answer included; creating calls have their own, longer one.
            rest: how waits between attempts are spent.
            jitter: a random number in [0, 1).
            place: what tells this platform from others where its URL does not, since its port changes.
        """
        key = api_key.strip()
        self._wire = VersTransport(base_url, key, transport=transport, timeout=timeout, rest=rest, jitter=jitter)
        self.owner_id = owner_id(key)
        """The part of the key that is no secret: the owner of what this client creates."""
        self.account = f"{self.owner_id or 'no owner'} at {place or base_url}"
        """Whose VMs this client sees: what its lists lack may well exist in another account."""
        self._rest = rest
        self._list_path = "/vms"
        self._pause_word = "Paused"
        self._commits = Commits(self._wire)
        self._reconciler = Reconciler(self.list_vms, self.metadata, self.owner_id, rest)

    def __repr__(self) -> str:
        return f"VersClient({self._wire.base_url!r}, owner={self.owner_id!r})"

    async def __aenter__(self) -> VersClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    # -- reading -------------------------------------------------------------------------------------------------

    async def health(self) -> None:
        """Return if the platform's edge answers; it needs no key and consumes nothing.

        Raises:
            VersError: it does not.
        """
        await self._wire.request("reach the Vers API", "GET", f"{self._wire.root_url}/health")

    async def list_vms(self) -> tuple[VmRecord, ...]:
        """Return the VMs of the organisation.

        A VM whose host does not answer is left out by the server, so absence is no proof of deletion: ask `status`.

        Raises:
            VersError: the list could not be had.
        """
        return (await self.listing()).records

    async def listing(self) -> VmListing:
        """Return the VMs of the organisation, with how many entries could not be read.

        Raises:
            VersError: the list could not be had.
        """
        what = "list the VMs"
        try:
            answer = await self._wire.request(what, "GET", self._list_path)
        except VmNotFound:
            # Servers from June 2026 on know the list under the singular only.
            other = "/vm" if self._list_path == "/vms" else "/vms"
            answer = await self._wire.request(what, "GET", other)
            self._list_path = other
        listing = answer.read(what, vm_list)
        self._reconciler.learn(record.vm_id for record in listing.records)
        return listing

    async def look(self, vm_id: VmId) -> Look:
        """Look whether a VM exists: found, missing or unknown, with what was seen; see `cockpit.vers.look`."""
        return await look_at(vm_id, self.listing, self.status)

    async def status(self, vm_id: VmId) -> VmRecord:
        """Return one VM.

        Raises:
            VmNotFound: it is gone.
            VmAsleep: it sleeps, although the list shows it.
            BadAnswer: the answer is about another VM.
        """
        what = f"read the status of VM {vm_id}"
        answer = await self._wire.request(what, "GET", f"/vm/{path_part(vm_id)}/status")
        return about(what, vm_id, answer.read(what, VmRecord.model_validate))

    async def metadata(self, vm_id: VmId) -> VmMetadata:
        """Return one VM with its lineage.

        Raises:
            VersError: as `status`.
        """
        what = f"read the lineage of VM {vm_id}"
        answer = await self._wire.request(what, "GET", f"/vm/{path_part(vm_id)}/metadata")
        return about(what, vm_id, answer.read(what, VmMetadata.model_validate))

    async def ssh_key(self, vm_id: VmId) -> SshKey:
        """Return the key that opens a VM; it stays the same for the VM's life, so keep it.

        Raises:
            VmPaused: keys are given for running VMs only.
        """
        what = f"fetch the SSH key of VM {vm_id}"
        answer = await self._wire.request(what, "GET", f"/vm/{path_part(vm_id)}/ssh_key")
        return answer.read(what, SshKey.model_validate)

    async def list_commits(self) -> tuple[CommitRecord, ...]:
        """Return this key's commits, newest first as the server orders them, over all pages.

        Raises:
            VersError: a page could not be had.
        """
        return (await self._commits.listed()).records

    # -- power and deletion --------------------------------------------------------------------------------------

    async def set_power(self, vm_id: VmId, paused: bool) -> None:
        """Pause or resume a VM; doing it to one that is so already is no error.

        Raises:
            VersError: the platform refused, or it is unknown whether it happened.
        """
        what = f"{'pause' if paused else 'resume'} VM {vm_id}"
        try:
            await (self._pause(what, vm_id) if paused else self._write_state(what, vm_id, "Running"))
        except VersError as error:
            # The state itself decides: an answer may be lost, and a host refuses to do again what is done.
            await confirm_power(what, vm_id, paused, error, self.look, self._rest)

    async def _pause(self, what: str, vm_id: VmId) -> None:
        """Write the state in the word this server knows."""
        try:
            await self._write_state(what, vm_id, self._pause_word)
        except VersError as error:
            other = "Sleeping" if self._pause_word == "Paused" else "Paused"
            if error.status != 422 or f"`{other}`" not in error.message:
                raise
            await self._write_state(what, vm_id, other)
            self._pause_word = other

    async def _write_state(self, what: str, vm_id: VmId, word: str) -> None:
        await self._wire.request(
            what, "PATCH", f"/vm/{path_part(vm_id)}/state", body={"state": word}, timeout=CREATION_TIMEOUT
        )

    async def delete(self, vm_id: VmId) -> None:
        """Delete a VM; one that is gone already is no error if it was known to be ours.

        The answer decides nothing: the VM is gone when the list and its status say so, see `cockpit.vers.look`.

        Raises:
            VmNotFound: there is no such VM, and none was ever known here.
            EffectUnknown: it cannot be told whether it is gone.
            VersError: it is still there.
        """
        what = f"delete VM {vm_id}"
        was_known = self._reconciler.knows(vm_id)
        failure: VersError | None = None
        try:
            await self._wire.request(what, "DELETE", f"/vm/{path_part(vm_id)}", timeout=DELETION_TIMEOUT)
        except VersError as error:
            failure = error
        await confirm_deleted(what, vm_id, failure, self.look, self._rest)
        if failure is not None and failure.status in (403, 404) and not was_known:
            raise VmNotFound(f"could not {what}: there is no such VM", hint="list the VMs", status=404) from failure

    async def add_labels(self, vm_id: VmId, labels: dict[str, str]) -> None:
        """Add server-side labels to those a VM has; restores and branches begin with none.

        Raises:
            VersError: it was refused.
        """
        what = f"label VM {vm_id}"
        await self._wire.request(what, "PATCH", f"/vm/{path_part(vm_id)}/label", body={"labels": labels})

    # -- creation ------------------------------------------------------------------------------------------------

    async def create_root(
        self,
        config: dict[str, Any] | None = None,
        *,
        labels: dict[str, str] | None = None,
        wait_boot: bool = True,
        request: str = "",
    ) -> VmId:
        """Create a VM from an image.

        Args:
            config: fields of `vm_config`, e.g. `vcpu_count`, `mem_size_mib`, `fs_size_mib`, `image_name`.
            labels: server-side labels; one that names this call is added.
            wait_boot: return when the VM runs, not while it boots.
            request: what that label says, where the caller has written it down; made up if empty.

        Raises:
            CreationUncertain: the answer was lost and it cannot be told whether the VM exists.
        """
        marker = request or str(uuid.uuid4())
        body = {"vm_config": {**(config or {}), "labels": {**(labels or {}), REQUEST_LABEL: marker}}}
        creation = await self._reconciler.begin("image", marker=marker)
        params: dict[str, str | int] = {"wait_boot": str(wait_boot).lower()}
        return (await self._create("create a VM", creation, "/vm/new_root", params=params, body=body)).vms[0]

    async def from_commit(self, commit_id: CommitId) -> VmId:
        """Create a VM from a commit; it runs when this returns.

        Raises:
            VmNotFound: no such commit.
            CreationUncertain: the answer was lost and it cannot be told whether the VM exists.
        """
        creation = await self._reconciler.begin(
            f"commit {commit_id}",
            matches=lambda metadata: metadata.parent_commit_id.lower() == commit_id.lower(),
        )
        what = f"start a VM from commit {commit_id}"
        return (await self._create(what, creation, "/vm/from_commit", body={"commit_id": commit_id})).vms[0]

    async def branch(self, vm_id: VmId, *, count: int = 1, keep_paused: bool = False) -> BranchResult:
        """Copy a running VM, memory included, `count` times; leaves a commit behind.

        Args:
            vm_id: the VM to copy.
            count: 1 to 255; the copies are made one after another within the call.
            keep_paused: leave a paused VM paused; without it the platform resumes it.

        Raises:
            CreationUncertain: the answer was lost and it cannot be told which copies exist.
        """
        _check_count(count)
        params: dict[str, str | int] = {"count": count, "keep_paused": str(keep_paused).lower()}
        creation = await self._reconciler.begin(
            f"vm {vm_id}",
            wanted=count,
            matches=lambda metadata: metadata.grandparent_vm_id.lower() == vm_id.lower(),
        )
        return await self._create(f"branch VM {vm_id}", creation, f"/vm/branch/by_vm/{path_part(vm_id)}", params=params)

    async def branch_commit(self, commit_id: CommitId, *, count: int = 1) -> BranchResult:
        """Start `count` VMs from a commit.

        Raises:
            CreationUncertain: the answer was lost and it cannot be told which copies exist.
        """
        _check_count(count)
        creation = await self._reconciler.begin(
            f"commit {commit_id}",
            wanted=count,
            matches=lambda metadata: metadata.parent_commit_id.lower() == commit_id.lower(),
        )
        path = f"/vm/branch/by_commit/{path_part(commit_id)}"
        return await self._create(f"branch commit {commit_id}", creation, path, params={"count": count})

    async def _create(
        self,
        what: str,
        creation: Creation,
        path: str,
        *,
        params: dict[str, str | int] | None = None,
        body: object = None,
    ) -> BranchResult:
        error = unseen = ""
        try:
            answer = await self._wire.request(
                what, "POST", path, params=params, body=body, repeatable=False, timeout=CREATION_TIMEOUT
            )
            vms = answer.read(what, new_vm_ids)
            unseen = await self._confirm_made(what, vms, creation)
            if len(vms) < creation.wanted:
                error = f"the answer names {len(vms)} of {creation.wanted}; look whether there are others"
        except VersError as failure:
            vms, error, unseen = await self._made_before(what, creation, failure)
        self._reconciler.claim(vms)
        return BranchResult(vms, creation.wanted, error, unseen)

    async def _confirm_made(self, what: str, vms: tuple[VmId, ...], creation: Creation) -> str:
        """Return why it could not be seen that VMs an answer names are there; see `check_new` and `confirm_made`."""
        check_new(what, vms, creation)
        return await confirm_made(what, vms, self.listing, self.look, self._rest)

    async def _made_before(
        self, what: str, creation: Creation, failure: VersError
    ) -> tuple[tuple[VmId, ...], str, str]:
        """Return what a call made before it failed, why it is no more, why it is unseen; else what has its label."""
        vms = tuple(VmId(vm) for vm in failure.created)
        try:
            if vms:
                return vms, failure.message, await self._confirm_made(what, vms, creation)
        except VersError as wrong:
            failure = BadAnswer(f"{failure.message}; {wrong.message}", status=failure.status)
        return await self._reconciler.recover(creation, failure), "", ""

    async def commit(
        self, vm_id: VmId, *, name: str = "", description: str = "", keep_paused: bool = False
    ) -> CommitId:
        """Take a snapshot of a VM.

        Args:
            vm_id: the VM.
            name: for people; the server makes one up if empty.
            description: for people.
            keep_paused: leave the VM paused; without it the platform resumes even one that was paused before.

        Raises:
            CreationUncertain: the answer was lost. A listed commit is no proof: its record precedes the copy.
        """
        return await self._commits.take(vm_id, name, description, keep_paused)


def _check_count(count: int) -> None:
    if not 1 <= count <= 255:
        raise UsageError(f"{count} copies cannot be made", hint="1 to 255")
