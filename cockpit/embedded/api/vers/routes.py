"""The Vers API's routes for VMs and commits, with the statuses and bodies of the platform's control plane."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.callers import NOT_YOURS, caller_of, may_stop
from cockpit.embedded.api.exchange import json_response
from cockpit.embedded.api.owners.others import Holding
from cockpit.embedded.api.records import Size, VmRow
from cockpit.embedded.api.vers.absent import absent_routes
from cockpit.embedded.api.vers.account import AccountRoutes
from cockpit.embedded.api.vers.commits import CommitRoutes
from cockpit.embedded.api.vers.exchange import (
    WRONG_TYPE,
    ApiError,
    TextError,
    field_labels,
    field_number,
    field_text,
    flag,
    new_vms,
    path_id,
    read_object,
    whole,
    wrong_type,
)
from cockpit.embedded.api.vers.images import IMAGE, ImageRoutes
from cockpit.embedded.api.vers.lifecycle import Lifecycle
from cockpit.embedded.api.vers.repositories import RepositoryRoutes
from cockpit.embedded.api.vers.running.routes import RunningRoutes
from cockpit.embedded.api.vers.running.sessions import StreamedCommands
from cockpit.embedded.api.vers.tags import TagRoutes

STATES = ("Paused", "Running", "Sleeping")
"""The words of a state to be: `Paused` is the platform's older one, `Sleeping` its newer one, and both are taken."""


class VersApi:
    """The routes below the version prefix; those of VMs are its own."""

    def __init__(self, holding: Holding, lifecycle: Lifecycle, sessions: StreamedCommands) -> None:
        self._lifecycle = lifecycle
        self._sessions = sessions
        self._holding = holding
        self._names = holding.names
        self._records = holding.records

    def routes(self) -> list[Route]:
        """Return the routes, the most specific first."""
        vm = "/vm/{vm_id}"
        return [
            *absent_routes(),
            *ImageRoutes(self._holding.owner_id).routes(),
            *RunningRoutes(self._lifecycle, self._sessions, self._entered).routes(),
            *CommitRoutes(self._lifecycle).routes(),
            *TagRoutes(self._lifecycle, self._names).routes(),
            *RepositoryRoutes(self._lifecycle, self._names).routes(),
            *AccountRoutes(self._holding).routes(),
            Route("/vms", self.list_vms, methods=["GET"]),
            Route("/vm", self.list_vms, methods=["GET"]),
            Route("/vm/new_root", self.new_root, methods=["POST"]),
            Route("/vm/from_commit", self.from_commit, methods=["POST"]),
            Route("/vm/branch/by_vm/{vm_id}", self.branch_by_vm, methods=["POST"]),
            Route("/vm/branch/by_commit/{commit_id}", self.branch_by_commit, methods=["POST"]),
            Route("/vm/branch/by_tag/{tag}", self.branch_by_tag, methods=["POST"]),
            Route("/vm/branch/by_ref/{repository}/{tag}", self.branch_by_ref, methods=["POST"]),
            Route("/vm/{vm_or_commit_id}/branch", self.branch, methods=["POST"]),
            Route(f"{vm}/status", self.status, methods=["GET"]),
            Route(f"{vm}/metadata", self.metadata, methods=["GET"]),
            Route(f"{vm}/ssh_key", self.ssh_key, methods=["GET"]),
            Route(f"{vm}/state", self.set_state, methods=["PATCH"]),
            Route(f"{vm}/commit", self.commit, methods=["POST"]),
            Route(f"{vm}/disk", self.resize_disk, methods=["PATCH"]),
            Route(f"{vm}/label", self.add_labels, methods=["PATCH"]),
            Route(f"{vm}/labels", self.replace_labels, methods=["PUT"]),
            Route(f"{vm}/label/{{name}}", self.remove_label, methods=["DELETE"]),
            Route(vm, self.delete, methods=["DELETE"]),
        ]

    # -- who may ---------------------------------------------------------------------------------------------------

    def _stopped(self, request: Request) -> str:
        """Return the id of the VM that is to be stopped, frozen or continued.

        Raises:
            ApiError: an agent asks for one that it did not make; what froze its own is not its to undo.
        """
        vm_id = path_id(request, "vm_id")
        if not may_stop(self._records, caller_of(request), vm_id):
            raise ApiError(403, f"VM {vm_id} was not made by this VM: {NOT_YOURS}")
        return vm_id

    def _entered(self, request: Request) -> str:
        """Return the id of the VM on which something is to be run: from within, all of it can be stopped.

        Raises:
            ApiError: an agent asks for one that is neither its own nor made by it.
        """
        vm_id = path_id(request, "vm_id")
        return vm_id if vm_id == caller_of(request) else self._stopped(request)

    async def _check_copied(self, request: Request, vm_id: str) -> None:
        """See that an agent which copies another's VM leaves it running: to take a commit can freeze, and continue.

        Raises:
            ApiError: it would not.
        """
        vm = self._records.vm(vm_id)
        if vm is None or may_stop(self._records, caller_of(request), vm_id):
            return
        if flag(request, "keep_paused") or await self._lifecycle.state(vm) != "running":
            raise ApiError(403, f"VM {vm_id} would not be left as it is, and was not made by this VM: {NOT_YOURS}")

    # -- VMs -----------------------------------------------------------------------------------------------------

    async def _vm_json(self, vm: VmRow) -> dict[str, Any]:
        return {
            "vm_id": vm.vm_id,
            "owner_id": self._holding.owner_id,
            "created_at": vm.created_at,
            "state": await self._lifecycle.state(vm),
            "labels": vm.labels,
        }

    async def list_vms(self, _request: Request) -> Response:
        """GET /vms and /vm: a bare array."""
        return json_response(await asyncio.gather(*(self._vm_json(vm) for vm in self._lifecycle.visible())))

    async def status(self, request: Request) -> Response:
        """GET /vm/{vm_id}/status."""
        vm = self._lifecycle.vm(path_id(request, "vm_id"))
        self._lifecycle.check_awake(vm)
        return json_response(await self._vm_json(vm))

    async def metadata(self, request: Request) -> Response:
        """GET /vm/{vm_id}/metadata: lineage and address, no labels."""
        vm = self._lifecycle.vm(path_id(request, "vm_id"))
        self._lifecycle.check_awake(vm)
        record = await self._vm_json(vm)
        del record["labels"]
        record |= {
            "ip": _address(vm.vm_id),
            "deleted_at": None,
            "parent_commit_id": vm.parent_commit_id,
            "grandparent_vm_id": vm.grandparent_vm_id,
            "mem_size_mib": vm.size.mem_size_mib,
            "vcpu_count": vm.size.vcpu_count,
            "fs_size_mib": vm.size.fs_size_mib,
        }
        enclosure = await self._lifecycle.hosting.enclosure(vm.vm_id)
        if enclosure is not None:
            record["sandbox"] = asdict(enclosure)
        return json_response(record)

    async def ssh_key(self, request: Request) -> Response:
        """GET /vm/{vm_id}/ssh_key."""
        key, port = await self._lifecycle.private_key(self._entered(request))
        return json_response({"ssh_private_key": key, "ssh_port": port})

    async def new_root(self, request: Request) -> Response:
        """POST /vm/new_root."""
        wait_boot = flag(request, "wait_boot")
        body = await read_object(request)
        config = body.get("vm_config")
        if "vm_config" not in body:
            raise TextError(422, f"{WRONG_TYPE}missing field `vm_config`")
        if not isinstance(config, dict):
            raise wrong_type("vm_config", config, "struct VmConfig")
        default = Size()
        size = Size(
            field_number(config, "vcpu_count", default.vcpu_count),
            field_number(config, "mem_size_mib", default.mem_size_mib),
            field_number(config, "fs_size_mib", default.fs_size_mib),
        )
        labels = field_labels(config)
        image = field_text(config, "image_name") or IMAGE
        field_text(config, "kernel_name")
        if image != IMAGE:
            raise ApiError(404, f"image not found: {image}")
        made_by = caller_of(request)
        return json_response(
            {"vm_id": await self._lifecycle.create(size, labels, wait_boot=wait_boot, made_by=made_by)}, 201
        )

    async def from_commit(self, request: Request) -> Response:
        """POST /vm/from_commit: exactly one of three keys."""
        body = await read_object(request)
        given = [name for name in ("commit_id", "tag_name", "ref") if name in body]
        if len(given) != 1 or not isinstance(body[given[0]], str):
            raise TextError(400, "Failed to parse the request body as JSON: no variant of enum FromCommitRequest found")
        value = body[given[0]]
        if given[0] == "ref" and value.count(":") != 1:
            raise ApiError(400, "Invalid ref format. Expected 'repo_name:tag_name'")
        if given[0] != "commit_id":
            repository, _, tag = value.rpartition(":") if given[0] == "ref" else ("", "", value)
            commit_id = self._tagged(repository, tag)
            return json_response({"vm_id": await self._lifecycle.restore(commit_id, caller_of(request))}, 201)
        try:
            commit_id = str(uuid.UUID(value))
        except ValueError as error:
            raise TextError(400, "Failed to parse the request body as JSON: commit_id: UUID parsing failed") from error
        return json_response({"vm_id": await self._lifecycle.restore(commit_id, caller_of(request))}, 201)

    async def set_state(self, request: Request) -> Response:
        """PATCH /vm/{vm_id}/state: words are capitalised, the answer is empty."""
        vm_id = self._stopped(request)
        skip_wait_boot = flag(request, "skip_wait_boot")
        body = await read_object(request)
        if "state" not in body:
            raise TextError(422, f"{WRONG_TYPE}missing field `state`")
        word = body["state"]
        if not isinstance(word, str):
            raise wrong_type("state", word, "string or map")
        if word not in STATES:
            known = ", ".join(f"`{state}`" for state in STATES)
            raise TextError(422, f"{WRONG_TYPE}state: unknown variant `{word[:60]}`, expected one of {known}")
        await self._lifecycle.set_state(vm_id, word, skip_wait_boot=skip_wait_boot)
        return Response(status_code=200)

    async def delete(self, request: Request) -> Response:
        """DELETE /vm/{vm_id}: 200 with the id; 403 for an unknown one."""
        vm_id = self._stopped(request)
        await self._lifecycle.delete(vm_id, skip_wait_boot=flag(request, "skip_wait_boot"))
        return json_response({"vm_id": vm_id})

    async def resize_disk(self, request: Request) -> Response:
        """PATCH /vm/{vm_id}/disk: 200 and empty; a disk can only grow."""
        vm_id = path_id(request, "vm_id")
        skip_wait_boot = flag(request, "skip_wait_boot")
        body = await read_object(request)
        if "fs_size_mib" not in body:
            raise TextError(422, f"{WRONG_TYPE}missing field `fs_size_mib`")
        wanted = field_number(body, "fs_size_mib", 0)
        await self._lifecycle.resize_disk(vm_id, wanted, skip_wait_boot=skip_wait_boot)
        return Response(status_code=200)

    # -- labels --------------------------------------------------------------------------------------------------

    async def add_labels(self, request: Request) -> Response:
        """PATCH /vm/{vm_id}/label: added to those there are."""
        vm = self._lifecycle.vm(path_id(request, "vm_id"))
        labels = field_labels(await read_object(request), needed=True) or {}
        # Read again after the body arrived: another request may have changed them meanwhile.
        present = self._lifecycle.vm(vm.vm_id).labels or {}
        self._records.set_labels(vm.vm_id, present | labels)
        return Response(status_code=200)

    async def replace_labels(self, request: Request) -> Response:
        """PUT /vm/{vm_id}/labels."""
        vm = self._lifecycle.vm(path_id(request, "vm_id"))
        self._records.set_labels(vm.vm_id, field_labels(await read_object(request), needed=True) or {})
        return Response(status_code=200)

    async def remove_label(self, request: Request) -> Response:
        """DELETE /vm/{vm_id}/label/{name}."""
        vm = self._lifecycle.vm(path_id(request, "vm_id"))
        removed = request.path_params["name"]
        self._records.set_labels(vm.vm_id, {key: text for key, text in (vm.labels or {}).items() if key != removed})
        return Response(status_code=200)

    # -- commits and branches ------------------------------------------------------------------------------------

    async def commit(self, request: Request) -> Response:
        """POST /vm/{vm_id}/commit; the body is optional, blank texts count as absent."""
        vm_id = path_id(request, "vm_id")
        keep_paused, skip_wait_boot = flag(request, "keep_paused"), flag(request, "skip_wait_boot")
        await self._check_copied(request, vm_id)
        body = await read_object(request, optional=True)
        name = (field_text(body, "name") or "").strip()
        description = (field_text(body, "description") or "").strip() or None
        commit_id = await self._lifecycle.commit(
            vm_id, name, description, keep_paused=keep_paused, skip_wait_boot=skip_wait_boot
        )
        return json_response({"commit_id": commit_id}, 201)

    async def branch(self, request: Request) -> Response:
        """POST /vm/{vm_or_commit_id}/branch: the id as a VM, else as a commit."""
        either = path_id(request, "vm_or_commit_id")
        vm = self._records.vm(either)
        if vm is not None and (vm.started or vm.parent_commit_id is None):
            self._lifecycle.check_awake(vm)
            return await self._branch_vm(request, either)
        self._lifecycle.check_not_others(either)
        return await self._branch_commit(request, either)

    async def branch_by_vm(self, request: Request) -> Response:
        """POST /vm/branch/by_vm/{vm_id}."""
        return await self._branch_vm(request, path_id(request, "vm_id"))

    async def branch_by_commit(self, request: Request) -> Response:
        """POST /vm/branch/by_commit/{commit_id}."""
        return await self._branch_commit(request, path_id(request, "commit_id"))

    async def branch_by_tag(self, request: Request) -> Response:
        """POST /vm/branch/by_tag/{tag}."""
        return await self._branch_commit(request, self._tagged("", request.path_params["tag"]))

    async def branch_by_ref(self, request: Request) -> Response:
        """POST /vm/branch/by_ref/{repository}/{tag}."""
        tagged = self._tagged(request.path_params["repository"], request.path_params["tag"])
        return await self._branch_commit(request, tagged)

    def _tagged(self, repository: str, name: str) -> str:
        """Return the commit a tag names.

        Raises:
            ApiError: there is no such tag, or no such repository.
        """
        if repository and self._names.repository(repository) is None:
            raise ApiError(404, "repository not found")
        tag = self._names.tag(repository, name)
        if tag is None:
            raise ApiError(404, "tag not found")
        return tag.commit_id

    async def _branch_vm(self, request: Request, vm_id: str) -> Response:
        await self._check_copied(request, vm_id)
        made = await self._lifecycle.branch_vm(
            vm_id,
            _copies(request),
            keep_paused=flag(request, "keep_paused"),
            skip_wait_boot=flag(request, "skip_wait_boot"),
            made_by=caller_of(request),
        )
        return _branched(made)

    async def _branch_commit(self, request: Request, commit_id: str) -> Response:
        commit = self._lifecycle.startable(commit_id)
        made = await self._lifecycle.branch_commit(commit, _copies(request), caller_of(request))
        return _branched(made)


def _branched(made: list[str]) -> Response:
    """Return both results of a branch in one: clients of today read `vms`, older ones `vm_id`."""
    return json_response({"vms": new_vms(made)} | ({"vm_id": made[0]} if made else {}), 201)


def _copies(request: Request) -> int:
    count = whole(request, "count", 1)
    if not 0 <= count <= 255:
        raise TextError(400, "Failed to deserialize query string: count: number too large to fit in target type")
    return count


def _address(vm_id: str) -> str:
    """Return a local IPv6 address that is the VM's own; nothing listens on it."""
    digits = vm_id.replace("-", "")
    return "fd00:" + ":".join(digits[index : index + 4] for index in range(0, 28, 4))
