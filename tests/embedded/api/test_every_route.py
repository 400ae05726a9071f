"""Every route of the platform against the embedded API: statuses, content types and bodies as the platform has them.

The table is written from what is known of the platform, with no code of the product. `ANY` stands for whatever is
there; a type stands for every value of it; the keys of an object are exactly these, but for those marked with `?`.
"""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any
from unittest.mock import ANY

import httpx
import pytest

from tests.embedded.api.fakes import World, make_world

API = "/api/v1"
NOBODY = str(uuid.uuid4())
ASLEEP = "The requested VM is not currently running (node_id is null); is it sleeping?"

VM = {"vm_id": str, "owner_id": str, "created_at": str, "state": "running", "labels": ANY}
METADATA = {
    "vm_id": str,
    "owner_id": str,
    "created_at": str,
    "state": "running",
    "ip": str,
    "deleted_at": None,
    "parent_commit_id": ANY,
    "grandparent_vm_id": ANY,
    "mem_size_mib": 512,
    "vcpu_count": 1,
    "fs_size_mib?": int,
    "sandbox?": {
        "walls": True,
        "shared": ["network"],
        "limits": {"memory_mib": 512, "processes": int},
        "unlimited": {"pids": str},
    },
}
NEW_VM = {"vm_id": str}
NEW_VMS = {"vms": [NEW_VM], "vm_id": str}
COMMIT = {
    "commit_id": str,
    "name": str,
    "owner_id": str,
    "is_public": bool,
    "created_at": str,
    "description": ANY,
    "parent_vm_id": str,
    "grandparent_commit_id": ANY,
    "vcpu_count?": int,
    "mem_size_mib?": int,
    "fs_size_mib?": int,
    "size_bytes?": int,
}
PARENT = {"id" if name == "commit_id" else name: value for name, value in COMMIT.items()}
COMMITS = {"commits": [COMMIT], "total": int, "limit": 50, "offset": 0}
TAG = {"tag_id": str, "tag_name": str, "commit_id": str, "created_at": str, "updated_at": str, "description": ANY}
REPO_TAG = {**TAG, "reference": "repo:tag"}
REPOSITORY = {"repo_id": str, "name": "repo", "is_public": bool, "created_at": str, "description": ANY}
PUBLIC = {**REPOSITORY, "org_name": "embedded", "full_name": "embedded/repo"}
IMAGE = {
    "base_image_id": str,
    "created_at": str,
    "image_name": "default",
    "is_public": True,
    "owner_id": str,
    "size_mib": int,
    "source_type": str,
    "description": str,
}
WHO = {
    "user": {"id": str, "user_name": str, "email": str},
    "org": {"id": str, "name": str},
    "api_key": {
        "id": str,
        "label": str,
        "created_at": str,
        "expires_at": None,
        "max_vcpus": None,
        "max_memory_mib": None,
    },
}
VERSION = {"executable_name": "orchestrator", "workspace_version": str, "git_hash": str}
EMPTY = object()
"""Nothing at all, and no content type."""


def error(text: object = str) -> dict[str, object]:
    """Return the JSON family of errors."""
    return {"error": text, "success": False}


PUT_FILE = {"path": "/root/a", "content_b64": "aGk=", "mode": 384, "create_dirs": True}
TABLE: list[tuple[str, str, Any, int, Any]] = [
    ("GET", "/vms", None, 200, [VM, VM]),
    ("GET", "/vm", None, 200, [VM, VM]),
    ("POST", "/vm/new_root?wait_boot=true", {"vm_config": {}}, 201, NEW_VM),
    ("POST", "/vm/new_root", {"vm_config": {"image_name": "x"}}, 404, error("image not found: x")),
    ("GET", "/vm/{vm}/status", None, 200, VM),
    ("GET", "/vm/{nobody}/status", None, 404, error("not found")),
    ("GET", "/vm/{vm}/metadata", None, 200, METADATA),
    ("GET", "/vm/{nobody}/metadata", None, 404, error("not found")),
    ("GET", "/vm/{vm}/ssh_key", None, 200, {"ssh_private_key": str, "ssh_port": int}),
    ("GET", "/vm/{nobody}/ssh_key", None, 404, error("not found")),
    ("PATCH", "/vm/{vm}/state", {"state": "Paused"}, 200, EMPTY),
    ("PATCH", "/vm/{vm}/state", {"state": "Sleeping"}, 200, EMPTY),
    ("PATCH", "/vm/{vm}/state", {"state": "Running"}, 200, EMPTY),
    ("PATCH", "/vm/{nobody}/state", {"state": "Running"}, 404, error("vm not found")),
    ("PATCH", "/vm/{vm}/disk", {"fs_size_mib": 4096}, 200, EMPTY),
    ("PATCH", "/vm/{vm}/disk", {"fs_size_mib": 1}, 400, error()),
    ("PATCH", "/vm/{vm}/label", {"labels": {"a": "b"}}, 200, EMPTY),
    ("PUT", "/vm/{vm}/labels", {"labels": {}}, 200, EMPTY),
    ("DELETE", "/vm/{vm}/label/a", None, 200, EMPTY),
    ("POST", "/vm/{vm}/commit", None, 201, {"commit_id": str}),
    ("POST", "/vm/{nobody}/commit", None, 404, error("vm not found")),
    ("POST", "/vm/from_commit", {"commit_id": "{commit}"}, 201, NEW_VM),
    ("POST", "/vm/from_commit", {"tag_name": "tag"}, 201, NEW_VM),
    ("POST", "/vm/from_commit", {"ref": "repo:tag"}, 201, NEW_VM),
    ("POST", "/vm/from_commit", {"ref": "repo"}, 400, error("Invalid ref format. Expected 'repo_name:tag_name'")),
    ("POST", "/vm/from_commit", {"commit_id": "{nobody}"}, 404, error("commit not found")),
    ("POST", "/vm/from_commit", {"tag_name": "none"}, 404, error("tag not found")),
    ("POST", "/vm/{vm}/branch", None, 201, NEW_VMS),
    ("POST", "/vm/{commit}/branch", None, 201, NEW_VMS),
    ("POST", "/vm/{nobody}/branch", None, 404, error("commit not found")),
    ("POST", "/vm/branch/by_vm/{vm}?keep_paused=true", None, 201, NEW_VMS),
    ("POST", "/vm/branch/by_vm/{vm}?count=0", None, 201, {"vms": []}),
    ("POST", "/vm/branch/by_vm/{nobody}", None, 404, {"vms": [], "error": "parent vm not found"}),
    ("POST", "/vm/branch/by_commit/{commit}", None, 201, NEW_VMS),
    ("POST", "/vm/branch/by_commit/{nobody}", None, 404, error("commit not found")),
    ("POST", "/vm/branch/by_tag/tag", None, 201, NEW_VMS),
    ("POST", "/vm/branch/by_ref/repo/tag", None, 201, NEW_VMS),
    ("GET", "/vm/commits/{commit}/parents", None, 200, [PARENT]),
    ("GET", "/commits", None, 200, COMMITS),
    ("GET", "/commits/public", None, 200, {**COMMITS, "commits": []}),
    ("PATCH", "/commits/{commit}", {"is_public": True, "name": "n"}, 200, {**COMMIT, "name": "n", "is_public": True}),
    ("PATCH", "/commits/{nobody}", {"is_public": True}, 404, error("commit not found")),
    ("DELETE", "/commits/{commit}", None, 409, error("commit still has 1 active VM(s)")),
    ("DELETE", "/commits/{nobody}", None, 404, error("commit not found")),
    ("GET", "/commit_tags", None, 200, {"tags": [TAG]}),
    (
        "POST",
        "/commit_tags",
        {"tag_name": "t2", "commit_id": "{commit}"},
        201,
        {"tag_id": str, "tag_name": "t2", "commit_id": str},
    ),
    ("POST", "/commit_tags", {"tag_name": "tag", "commit_id": "{commit}"}, 409, error("tag already exists")),
    ("GET", "/commit_tags/tag", None, 200, TAG),
    ("GET", "/commit_tags/none", None, 404, error("tag not found")),
    ("PATCH", "/commit_tags/tag", {"description": None}, 204, EMPTY),
    ("DELETE", "/commit_tags/tag", None, 204, EMPTY),
    ("GET", "/repositories", None, 200, {"repositories": [REPOSITORY]}),
    ("POST", "/repositories", {"name": "r2"}, 201, {"repo_id": str, "name": "r2"}),
    ("POST", "/repositories", {"name": "repo"}, 409, error("repository already exists")),
    ("POST", "/repositories", {"name": "a b"}, 400, error()),
    ("GET", "/repositories/repo", None, 200, REPOSITORY),
    ("GET", "/repositories/none", None, 404, error("repository not found")),
    ("DELETE", "/repositories/repo", None, 204, EMPTY),
    ("PATCH", "/repositories/repo/visibility", {"is_public": False}, 204, EMPTY),
    ("GET", "/repositories/repo/tags", None, 200, {"repository": "repo", "tags": [REPO_TAG]}),
    (
        "POST",
        "/repositories/repo/tags",
        {"tag_name": "t2", "commit_id": "{commit}"},
        201,
        {"tag_id": str, "commit_id": str, "reference": "repo:t2"},
    ),
    ("GET", "/repositories/repo/tags/tag", None, 200, REPO_TAG),
    ("PATCH", "/repositories/repo/tags/tag", {"description": "d"}, 204, EMPTY),
    ("DELETE", "/repositories/repo/tags/tag", None, 204, EMPTY),
    (
        "POST",
        "/repositories/fork",
        {"source_org": "embedded", "source_repo": "repo", "source_tag": "tag", "repo_name": "mine"},
        201,
        {"repo_name": "mine", "tag_name": "tag", "reference": "mine:tag", "commit_id": str, "vm_id": str},
    ),
    (
        "POST",
        "/repositories/fork",
        {"source_org": "x", "source_repo": "repo", "source_tag": "tag"},
        404,
        error("repository not found"),
    ),
    ("GET", "/public/repositories", None, 200, {"repositories": [PUBLIC]}),
    ("GET", "/public/repositories/embedded/repo", None, 200, PUBLIC),
    ("GET", "/public/repositories/embedded/repo/tags", None, 200, {"repository": "repo", "tags": [REPO_TAG]}),
    ("GET", "/public/repositories/embedded/repo/tags/tag", None, 200, REPO_TAG),
    (
        "POST",
        "/vm/{vm}/exec",
        {"command": ["x"], "exec_id": "{nobody}"},
        200,
        {"exit_code": 3, "stdout": str, "stderr": str, "exec_id": NOBODY},
    ),
    ("POST", "/vm/{vm}/exec", {"command": ["x"]}, 200, {"exit_code": 3, "stdout": str, "stderr": str}),
    ("POST", "/vm/{nobody}/exec", {"command": ["x"]}, 404, error("not found")),
    ("POST", "/vm/{nobody}/exec/stream", {"command": ["x"]}, 404, error("not found")),
    ("POST", "/vm/{nobody}/exec/stream/attach", {"exec_id": "{nobody}"}, 404, error("not found")),
    ("GET", "/vm/{vm}/logs", None, 200, {"entries": [], "next_offset": 0, "eof": True}),
    ("GET", "/vm/{nobody}/logs", None, 404, error("not found")),
    ("GET", "/vm/{vm}/files?path=/a", None, 500, error()),
    ("GET", "/vm/{nobody}/files?path=/a", None, 404, error("not found")),
    ("PUT", "/vm/{nobody}/files", PUT_FILE, 404, error("not found")),
    ("PUT", "/vm/{vm}/files", {**PUT_FILE, "content_b64": "#"}, 500, error()),
    ("PUT", "/vm/{vm}/files", {**PUT_FILE, "path": "a"}, 400, error()),
    ("DELETE", "/vm/{vm}", None, 200, NEW_VM),
    ("DELETE", "/vm/{nobody}", None, 403, error("Forbidden")),
    ("GET", "/env_vars", None, 200, {"vars": {}}),
    ("PUT", "/env_vars", {"vars": {"A": "b"}, "replace": True}, 200, {"vars": {"A": "b"}}),
    ("PUT", "/env_vars", {"vars": {"9": "b"}}, 400, error()),
    ("DELETE", "/env_vars/A", None, 404, error("Environment variable not found")),
    ("GET", "/whoami", None, 200, WHO),
    ("GET", "/system/version", None, 200, VERSION),
    ("POST", "/keys/validate", None, 200, {"valid": True, "message": str}),
    ("GET", "/images", None, 200, {"images": [IMAGE], "total": 1, "limit": 50, "offset": 0}),
    ("GET", "/images/default/status", None, 200, {"image_name": "default", "size_mib": int, "status": str}),
    ("GET", "/images/x/status", None, 404, error("image not found: x")),
    ("POST", "/images/create", {"image_name": "x"}, 501, error()),
    ("POST", "/images/upload?image_name=x", None, 501, error()),
    ("DELETE", "/images/images/{nobody}", None, 501, error()),
    ("GET", "/domains", None, 200, []),
    ("POST", "/domains", {"domain": "d.example", "vm_id": "{vm}"}, 501, error()),
    ("GET", "/domains/{nobody}", None, 404, error("domain not found")),
    ("DELETE", "/domains/{nobody}", None, 404, error("domain not found")),
    ("POST", "/deploy", {"repo": "a/b"}, 501, error()),
]


def matches(found: Any, wanted: Any) -> bool:
    """Say whether a value is as the table says."""
    if isinstance(wanted, type):
        return type(found) is wanted
    if isinstance(wanted, list):
        pairs = zip(found, wanted, strict=False)
        return isinstance(found, list) and len(found) == len(wanted) and all(matches(*pair) for pair in pairs)
    if not isinstance(wanted, dict):
        return bool(found == wanted)
    optional = {name.removesuffix("?") for name in wanted if name.endswith("?")}
    exact = {name.removesuffix("?"): value for name, value in wanted.items()}
    if not isinstance(found, dict) or not exact.keys() - optional <= found.keys() <= exact.keys():
        return False
    return all(matches(value, exact[name]) for name, value in found.items())


async def prepared(world: World, http: httpx.AsyncClient) -> dict[str, str]:
    """Make a VM, a commit of it with a VM made of that, a tag, and a public repository with a tag."""
    vm = (await http.post(f"{API}/vm/new_root?wait_boot=true", json={"vm_config": {}})).json()["vm_id"]
    commit = (await http.post(f"{API}/vm/{vm}/commit")).json()["commit_id"]
    await http.post(f"{API}/vm/from_commit", json={"commit_id": commit})
    await http.post(f"{API}/commit_tags", json={"tag_name": "tag", "commit_id": commit})
    await http.post(f"{API}/repositories", json={"name": "repo"})
    await http.post(f"{API}/repositories/repo/tags", json={"tag_name": "tag", "commit_id": commit})
    await http.patch(f"{API}/repositories/repo/visibility", json={"is_public": True})
    return {"vm": vm, "commit": commit, "nobody": NOBODY}


def filled(text: str, ids: dict[str, str]) -> str:
    """Put the ids in their places."""
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text


async def test_each_route_answers_as_the_platform_does() -> None:
    wrong: list[str] = []
    for method, path, body, status, wanted in TABLE:
        world = make_world()
        async with world.http() as http:
            ids = await prepared(world, http)
            content = None if body is None else filled(json.dumps(body), ids).encode()
            answer = await http.request(method, f"{API}{filled(path, ids)}", content=content)
        kind = answer.headers.get("content-type")
        if wanted is EMPTY:
            right = answer.content == b"" and kind is None
        else:
            right = kind == "application/json" and matches(answer.json(), wanted)
        if answer.status_code != status or not right:
            wrong.append(f"{method} {path}: {answer.status_code} {kind} {answer.text[:300]}")
    assert not wrong, "\n".join(wrong)


async def test_a_vm_that_sleeps_answers_as_the_platform_s_do() -> None:
    world = make_world()
    async with world.http() as http:
        ids = await prepared(world, http)
        vm = f"{API}/vm/{ids['vm']}"
        assert (await http.patch(f"{vm}/state", json={"state": "Sleeping"})).status_code == 200
        listed = {one["vm_id"]: one["state"] for one in (await http.get(f"{API}/vms")).json()}
        answers = {
            "status": await http.get(f"{vm}/status"),
            "metadata": await http.get(f"{vm}/metadata"),
            "ssh_key": await http.get(f"{vm}/ssh_key"),
            "commit": await http.post(f"{vm}/commit"),
            "delete": await http.delete(vm),
            "branch": await http.post(f"{vm}/branch"),
            "state": await http.patch(f"{vm}/state", json={"state": "Paused"}),
            "exec": await http.post(f"{vm}/exec", json={"command": ["x"]}),
            "disk": await http.patch(f"{vm}/disk", json={"fs_size_mib": 9999}),
            "by_vm": await http.post(f"{API}/vm/branch/by_vm/{ids['vm']}"),
        }
        assert listed[ids["vm"]] == "sleeping"
        told = {name: (answer.status_code, answer.json()["error"]) for name, answer in answers.items()}
        asleep = dict.fromkeys(("status", "metadata", "ssh_key", "commit", "delete", "branch", "state"), (409, ASLEEP))
        assert told == asleep | {
            "exec": (500, "internal server error"),
            "disk": (500, "node not found"),
            "by_vm": (500, f"error committing vm: {ASLEEP}"),
        }
        assert (await http.patch(f"{vm}/state", json={"state": "Running"})).status_code == 200
        assert (await http.get(f"{vm}/status")).json()["state"] == "running"


async def test_the_stream_of_a_command_is_come_back_to() -> None:
    world = make_world()
    exec_id = str(uuid.uuid4())
    async with world.http() as http:
        ids = await prepared(world, http)
        vm = f"{API}/vm/{ids['vm']}/exec/stream"
        first = await http.post(vm, json={"command": ["x", "a", "b"], "exec_id": exec_id})
        again = await http.post(vm, json={"command": ["x", "c"], "exec_id": exec_id})
        whole = await http.post(f"{vm}/attach", json={"exec_id": exec_id})
        rest = await http.post(f"{vm}/attach", json={"exec_id": exec_id, "cursor": 1})
        newest = await http.post(f"{vm}/attach", json={"exec_id": exec_id, "from_latest": True})
        none = await http.post(f"{vm}/attach", json={"exec_id": NOBODY})
        wrong = await http.post(f"{vm}/attach", json={"exec_id": 7})
        logs = (await http.get(f"{API}/vm/{ids['vm']}/logs?stream=stdout")).json()
        bad = await http.get(f"{API}/vm/{ids['vm']}/logs?stream=x")
    assert (first.status_code, first.headers["content-type"]) == (200, "application/x-ndjson")
    chunk = {"type": "chunk", "exec_id": exec_id, "stream": "stdout"}
    said = [
        {**chunk, "cursor": 1, "data_b64": base64.b64encode(b"a").decode()},
        {**chunk, "cursor": 2, "data_b64": base64.b64encode(b"b").decode()},
        {"type": "exit", "exec_id": exec_id, "cursor": 3, "exit_code": 4},
    ]
    lines = [[json.loads(line) for line in answer.text.splitlines()] for answer in (first, whole, rest)]
    assert lines == [said, said, said[1:]]
    # What went wrong after the 200 ends the stream without an `exit`.
    assert [(answer.status_code, answer.content) for answer in (again, newest, none)] == [(200, b"")] * 3
    assert wrong.status_code == 422 and bad.status_code == 400
    assert [base64.b64decode(entry["data_b64"]) for entry in logs["entries"]] == [b"a", b"b"]


@pytest.mark.parametrize(("code", "status"), [(0, 200), (1, 500)])
async def test_files_are_read_and_written_from_within(code: int, status: int) -> None:
    world = make_world()
    async with world.http() as http:
        ids = await prepared(world, http)
        world.hosting.answer = (code, b"hi\n", b"cat: no")
        read = await http.get(f"{API}/vm/{ids['vm']}/files?path=/root/a%20b")
        written = await http.put(f"{API}/vm/{ids['vm']}/files", json=PUT_FILE)
        unnamed = await http.get(f"{API}/vm/{ids['vm']}/files")
    assert (read.status_code, written.status_code, unnamed.status_code) == (status, status, 400)
    if code:
        assert read.json() == error("Failed to read file: cat: no")
        assert written.json() == error("Failed to write file: cat: no")
    else:
        assert (read.json(), written.content) == ({"content_b64": "aGkK"}, b"")
    assert world.hosting.calls[-2][-3] == "/root/a b"
    assert world.hosting.calls[-1][-5:-2] == ("/root/a", "600", "yes")
