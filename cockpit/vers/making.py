"""The making of VMs, from an image, a commit, a tag or another VM: nothing is made twice, and nothing made is lost."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping

from cockpit.errors import UsageError
from cockpit.model.ids import CommitId, VmId
from cockpit.model.size import VmSize, size_fault
from cockpit.vers.effects import confirm_made
from cockpit.vers.errors import BadAnswer, Resource, ResourceNotFound, VersError
from cockpit.vers.reconcile import REQUEST_LABEL, BranchResult, Creation, any_lineage, check_new
from cockpit.vers.repositories import Repositories, reference_parts
from cockpit.vers.tags import Tags
from cockpit.vers.transport import CREATION_TIMEOUT, VersTransport, path_part
from cockpit.vers.vms import Vms
from cockpit.vers.wire import VmMetadata, new_vm_ids

MOST_COPIES = 255
"""Copies in one call: the field holds 8 bits."""
_RESOURCES = {"image": Resource.IMAGE, "commit": Resource.COMMIT, "vm": Resource.VM, "tag": Resource.TAG}
"""What a 404 is about, by what a VM was to be made from."""


class MakingVms(Vms):
    """The VMs of an account, and how more of them are made."""

    def __init__(self, wire: VersTransport, owner: str, rest: Callable[[float], Awaitable[None]]) -> None:
        super().__init__(wire, owner, rest)
        self.tags = Tags(wire, "/commit_tags", "")
        """The account's flat list of names for commits."""
        self.repositories = Repositories(wire)
        """The account's repositories, and the public ones."""

    async def create_root(
        self,
        size: VmSize | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        image: str = "",
        wait_boot: bool = True,
        request: str = "",
    ) -> VmId:
        """Create a VM from an image.

        Args:
            size: what it is to have; None leaves it to the platform, whose own defaults are small.
            labels: server-side labels; one that names this call is added.
            image: the image's name; empty for the platform's own.
            wait_boot: return when the VM runs, not while it boots.
            request: what that label says, where the caller has written it down; made up if empty.

        Raises:
            UsageError: no VM can have that size.
            CreationUncertain: the answer was lost and it cannot be told whether the VM exists.
        """
        config: dict[str, object] = {"image_name": image} if image else {}
        if size is not None:
            if fault := size_fault(size):
                raise UsageError(f"could not create a VM: {fault}", hint="nothing was sent")
            config |= {
                "vcpu_count": size.vcpus,
                "mem_size_mib": size.memory_mib,
                "fs_size_mib": size.disk_mib,
            }
        marker = request or str(uuid.uuid4())
        body = {"vm_config": {**config, "labels": {**(labels or {}), REQUEST_LABEL: marker}}}
        creation = await self._reconciler.begin("image", marker=marker)
        params: dict[str, str | int] = {"wait_boot": str(wait_boot).lower()}
        return (await self._create("create a VM", creation, "/vm/new_root", params=params, body=body)).vms[0]

    async def from_commit(self, commit_id: CommitId) -> VmId:
        """Create a VM from a commit; it runs when this returns, with the size the commit has.

        Raises:
            CommitNotFound: no such commit.
            CreationUncertain: the answer was lost and it cannot be told whether the VM exists.
        """
        return await self._restore(f"commit {commit_id}", {"commit_id": commit_id}, _made_from(commit_id))

    async def from_tag(self, name: str) -> VmId:
        """Create a VM from what a tag of the account's flat list names; see `from_commit`.

        Raises:
            TagNotFound: no such tag.
            CreationUncertain: the answer was lost and it cannot be told whether the VM exists.
        """
        return await self._restore(f"tag {name}", {"tag_name": name}, await self._origin(self.tags, name))

    async def from_reference(self, reference: str) -> VmId:
        """Create a VM from `REPOSITORY:TAG`; see `from_commit`.

        Raises:
            UsageError: it has another form.
            TagNotFound: no such tag.
            CreationUncertain: the answer was lost and it cannot be told whether the VM exists.
        """
        repository, tag = reference_parts(reference)
        matches = await self._origin(self.repositories.tags(repository), tag)
        return await self._restore(f"{reference}", {"ref": reference}, matches)

    async def _restore(self, source: str, body: object, matches: Callable[[VmMetadata], bool]) -> VmId:
        creation = await self._reconciler.begin(source, matches=matches)
        what = f"start a VM from {source}"
        return (await self._create(what, creation, "/vm/from_commit", body=body)).vms[0]

    async def branch(self, vm_id: VmId, *, count: int = 1, keep_paused: bool = False) -> BranchResult:
        """Copy a running VM, memory included, `count` times; leaves a commit behind.

        Args:
            vm_id: the VM to copy.
            count: 1 to 255; the copies are made one after another within the call.
            keep_paused: leave a paused VM paused; without it the platform resumes it.

        Raises:
            CreationUncertain: the answer was lost and it cannot be told which copies exist.
        """
        path = f"/vm/branch/by_vm/{path_part(vm_id)}"
        kept: dict[str, str | int] = {"keep_paused": str(keep_paused).lower()}

        def matches(metadata: VmMetadata) -> bool:
            return metadata.grandparent_vm_id.lower() == vm_id.lower()

        return await self._branch(f"vm {vm_id}", f"VM {vm_id}", path, count, matches, kept)

    async def branch_commit(self, commit_id: CommitId, *, count: int = 1) -> BranchResult:
        """Start `count` VMs from a commit.

        Raises:
            CommitNotFound: no such commit.
            CreationUncertain: the answer was lost and it cannot be told which copies exist.
        """
        path = f"/vm/branch/by_commit/{path_part(commit_id)}"
        source = f"commit {commit_id}"
        return await self._branch(source, source, path, count, _made_from(commit_id))

    async def branch_tag(self, name: str, *, count: int = 1) -> BranchResult:
        """Start `count` VMs from what a tag of the account's flat list names.

        Raises:
            TagNotFound: no such tag.
            CreationUncertain: the answer was lost and it cannot be told which copies exist.
        """
        matches = await self._origin(self.tags, name)
        return await self._branch(f"tag {name}", f"tag {name}", f"/vm/branch/by_tag/{path_part(name)}", count, matches)

    async def branch_reference(self, reference: str, *, count: int = 1) -> BranchResult:
        """Start `count` VMs from `REPOSITORY:TAG`.

        Raises:
            UsageError: it has another form.
            TagNotFound: no such tag.
            CreationUncertain: the answer was lost and it cannot be told which copies exist.
        """
        repository, tag = reference_parts(reference)
        matches = await self._origin(self.repositories.tags(repository), tag)
        path = f"/vm/branch/by_ref/{path_part(repository)}/{path_part(tag)}"
        return await self._branch(reference, reference, path, count, matches)

    async def _branch(
        self,
        source: str,
        name: str,
        path: str,
        count: int,
        matches: Callable[[VmMetadata], bool],
        more: Mapping[str, str | int] | None = None,
    ) -> BranchResult:
        if not 1 <= count <= MOST_COPIES:
            raise UsageError(f"{count} copies cannot be made", hint=f"1 to {MOST_COPIES}")
        creation = await self._reconciler.begin(source, wanted=count, matches=matches)
        return await self._create(f"branch {name}", creation, path, params={"count": count, **(more or {})})

    async def _origin(self, tags: Tags, name: str) -> Callable[[VmMetadata], bool]:
        """Return how a VM is known that was made from a tag: by its commit, or not at all if that cannot be read.

        Raises:
            TagNotFound: the API says that there is no such tag; nothing was made.
        """
        try:
            return _made_from((await tags.one(name)).commit_id)
        except VersError as error:
            if isinstance(error, ResourceNotFound) and error.own:
                raise
            return any_lineage

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
                what,
                "POST",
                path,
                params=params,
                body=body,
                repeatable=False,
                timeout=CREATION_TIMEOUT,
                resource=_RESOURCES.get(creation.source.partition(" ")[0], Resource.TAG),
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


def _made_from(commit_id: str) -> Callable[[VmMetadata], bool]:
    return lambda metadata: metadata.parent_commit_id.lower() == commit_id.lower()
