"""What each call sends, and how each answer is read: the shapes are those of the platform's published document."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from cockpit.errors import UsageError
from cockpit.model.ids import CommitId, VmId
from cockpit.model.size import VmSize
from cockpit.vers.client import VersClient
from cockpit.vers.errors import (
    ApiUnreachable,
    CommitNotFound,
    Conflict,
    EffectUnknown,
    RepositoryNotFound,
    TagNotFound,
    VersError,
    VmNotFound,
)

KEY = "9a8b7c6d-6b5a-4948-8372-615049382716" + "cd" * 32
VM = VmId("0f9e8d7c-6b5a-4948-8372-615049382716")
NEW = "1f9e8d7c-6b5a-4948-8372-615049382716"
COMMIT = CommitId("2f9e8d7c-6b5a-4948-8372-615049382716")

TAG = {"tag_id": "t", "tag_name": "Golden", "commit_id": COMMIT}
ANSWERS: dict[str, Any] = {
    "GET /vms": [],
    "GET /commits": {"commits": [{"commit_id": COMMIT, "is_public": True, "name": "old"}]},
    "GET /commits/public": {"commits": [{"commit_id": COMMIT}], "total": 1},
    f"GET /vm/commits/{COMMIT}/parents": [{"id": COMMIT, "name": "old"}, {"id": NEW}],
    "GET /commit_tags": {"tags": [TAG]},
    "GET /commit_tags/Golden": TAG,
    "GET /repositories": {"repositories": [{"repo_id": "r", "name": "pi", "is_public": False}]},
    "GET /repositories/pi/tags/Golden": TAG,
    "GET /repositories/pi/tags": {"repository": "pi", "tags": [TAG]},
    "GET /public/repositories": {"repositories": [{"name": "pi-agent", "org_name": "vers"}]},
    "GET /env_vars": {"vars": {"A": "1"}},
    "GET /whoami": {"user": {"user_name": "u"}, "org": {"name": "o"}, "api_key": {"max_vcpus": 4}},
    "POST /keys/validate": {"valid": True, "message": "fine"},
}
MAKING = {"vms": [{"vm_id": NEW}]}


class Notebook:
    """A platform that notes what it is sent, and answers as the document says."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Any]] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix("/api/v1")
        self.seen.append((request.method, path, json.loads(request.content) if request.content else None))
        call = f"{request.method} {path.partition('?')[0]}"
        if call in ANSWERS:
            return httpx.Response(200, json=ANSWERS[call])
        if request.method == "POST" and path.startswith("/vm"):
            return httpx.Response(201, json=MAKING)
        if call == f"GET /vm/{NEW}/status":
            return httpx.Response(200, json={"vm_id": NEW, "state": "running"})
        return httpx.Response(204) if request.method == "DELETE" else httpx.Response(200)

    def client(self) -> VersClient:
        return VersClient("https://api.test/api/v1", KEY, transport=httpx.MockTransport(self.handle))


Call = Callable[[VersClient], Awaitable[object]]

CALLS: dict[str, tuple[Call, tuple[str, str, Any]]] = {
    "replace labels": (
        lambda vers: vers.replace_labels(VM, {"a": "b"}),
        ("PUT", f"/vm/{VM}/labels", {"labels": {"a": "b"}}),
    ),
    "remove label": (lambda vers: vers.remove_label(VM, "a/b"), ("DELETE", f"/vm/{VM}/label/a%2Fb", None)),
    "disk": (lambda vers: vers.resize_disk(VM, 16384), ("PATCH", f"/vm/{VM}/disk", {"fs_size_mib": 16384})),
    "from commit": (lambda vers: vers.from_commit(COMMIT), ("POST", "/vm/from_commit", {"commit_id": COMMIT})),
    "from tag": (lambda vers: vers.from_tag("Golden"), ("POST", "/vm/from_commit", {"tag_name": "Golden"})),
    "from ref": (lambda vers: vers.from_reference("pi:Golden"), ("POST", "/vm/from_commit", {"ref": "pi:Golden"})),
    "branch tag": (lambda vers: vers.branch_tag("Golden"), ("POST", "/vm/branch/by_tag/Golden?count=1", None)),
    "branch ref": (
        lambda vers: vers.branch_reference("pi:Golden"),
        ("POST", "/vm/branch/by_ref/pi/Golden?count=1", None),
    ),
    "public commits": (
        lambda vers: vers.commits.listed(public=True),
        ("GET", "/commits/public?limit=100&offset=0", None),
    ),
    "rename": (
        lambda vers: vers.commits.change(COMMIT, name="new"),
        ("PATCH", f"/commits/{COMMIT}", {"is_public": True, "name": "new"}),
    ),
    "hide": (
        lambda vers: vers.commits.change(COMMIT, public=False),
        ("PATCH", f"/commits/{COMMIT}", {"is_public": False}),
    ),
    "tag": (
        lambda vers: vers.tags.create("Golden", COMMIT),
        ("POST", "/commit_tags", {"tag_name": "Golden", "commit_id": COMMIT}),
    ),
    "move tag": (
        lambda vers: vers.tags.move("Golden", COMMIT, ""),
        ("PATCH", "/commit_tags/Golden", {"commit_id": COMMIT, "description": ""}),
    ),
    "delete tag": (lambda vers: vers.tags.delete("Golden"), ("DELETE", "/commit_tags/Golden", None)),
    "repository": (
        lambda vers: vers.repositories.create("pi", "d"),
        ("POST", "/repositories", {"name": "pi", "description": "d"}),
    ),
    "visibility": (
        lambda vers: vers.repositories.set_public("pi", True),
        ("PATCH", "/repositories/pi/visibility", {"is_public": True}),
    ),
    "delete repository": (lambda vers: vers.repositories.delete("pi"), ("DELETE", "/repositories/pi", None)),
    "tag of repository": (
        lambda vers: vers.repositories.tags("pi").create("v1", COMMIT, "first"),
        ("POST", "/repositories/pi/tags", {"tag_name": "v1", "commit_id": COMMIT, "description": "first"}),
    ),
    "variables": (
        lambda vers: vers.variables.set({"A": "x y"}),
        ("PUT", "/env_vars", {"vars": {"A": "x y"}, "replace": False}),
    ),
    "delete variable": (lambda vers: vers.variables.delete("A"), ("DELETE", "/env_vars/A", None)),
    "check key": (lambda vers: vers.key.check(), ("POST", "/keys/validate", {})),
}


@pytest.mark.parametrize(("call", "sent"), CALLS.values(), ids=CALLS)
async def test_a_call_is_sent_as_the_platform_documents_it(call: Call, sent: tuple[str, str, Any]) -> None:
    notebook = Notebook()
    async with notebook.client() as vers:
        await call(vers)
    assert sent in notebook.seen
    assert [seen[:2] for seen in notebook.seen if seen[0] != "GET"] == [sent[:2]] or sent[0] == "GET"


async def test_a_size_is_sent_whole_and_an_impossible_one_not_at_all() -> None:
    notebook = Notebook()
    async with notebook.client() as vers:
        await vers.create_root(VmSize(), labels={"a": "b"})
        config = notebook.seen[1][2]["vm_config"]
        assert config.items() >= {"vcpu_count": 2, "mem_size_mib": 4096, "fs_size_mib": 8192}.items()
        assert config["labels"]["a"] == "b"
        count = len(notebook.seen)
        for size in (VmSize(vcpus=0), VmSize(memory_mib=-1), VmSize(disk_mib=2**32)):
            with pytest.raises(UsageError, match="nothing was sent"):
                await vers.create_root(size)
        with pytest.raises(UsageError, match="cannot be had"):
            await vers.resize_disk(VM, 0)
        assert len(notebook.seen) == count


async def test_answers_are_read_in_their_published_form() -> None:
    async with Notebook().client() as vers:
        assert [tag.tag_name for tag in await vers.tags.listed()] == ["Golden"]
        assert [repository.name for repository in await vers.repositories.listed()] == ["pi"]
        assert [repository.full_name for repository in await vers.repositories.public()] == ["vers/pi-agent"]
        assert [tag.commit_id for tag in await vers.repositories.tags("pi").listed()] == [COMMIT]
        assert [commit.commit_id for commit in await vers.commits.parents(COMMIT)] == [COMMIT, NEW]
        assert await vers.variables.listed() == {"A": "1"}
        who = await vers.key.whoami()
        assert who is not None and (who.user.user_name, who.org.name, who.limits.vcpus) == ("u", "o", 4)
        assert (await vers.key.check()).valid


@pytest.mark.parametrize(
    ("text", "call", "kind"),
    [
        ("not found", lambda vers: vers.status(VM), VmNotFound),
        ("commit not found", lambda vers: vers.from_commit(COMMIT), CommitNotFound),
        ("parent vm not found", lambda vers: vers.branch(VM), VmNotFound),
        ("tag not found", lambda vers: vers.tags.one("x"), TagNotFound),
        ("repository not found", lambda vers: vers.repositories.one("x"), RepositoryNotFound),
        ("repository not found", lambda vers: vers.repositories.tags("x").one("y"), RepositoryNotFound),
        ("not found", lambda vers: vers.commits.parents(COMMIT), CommitNotFound),
        ("commit not found", lambda vers: vers.tags.create("x", COMMIT), CommitNotFound),
    ],
)
async def test_a_404_names_what_was_not_found(text: str, call: Call, kind: type[VersError]) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/vms"):
            return httpx.Response(200, json=[])
        return httpx.Response(404, json={"error": text, "success": False})

    async with VersClient("https://api.test/api/v1", KEY, transport=httpx.MockTransport(handle)) as vers:
        with pytest.raises(VersError) as raised:
            await call(vers)
    assert type(raised.value) is kind
    assert kind is VmNotFound or "VM" not in raised.value.hint


async def test_a_404_that_is_not_the_api_s_own_speaks_of_the_address() -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(404, html="<html>404</html>"))
    async with VersClient("https://api.test/api/v1", KEY, transport=transport) as vers:
        with pytest.raises(TagNotFound, match="check the base URL"):
            await vers.tags.one("x")
        assert await vers.key.whoami() is None


async def test_a_taken_name_is_a_conflict() -> None:
    body = {"error": "repository already exists", "success": False}
    transport = httpx.MockTransport(lambda _request: httpx.Response(409, json=body))
    async with VersClient("https://api.test/api/v1", KEY, transport=transport) as vers:
        with pytest.raises(Conflict, match="take another name"):
            await vers.repositories.create("pi")


async def no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("spoilt", [httpx.Response(503), httpx.ReadError("reset")], ids=["503", "reset"])
async def test_a_lost_answer_is_settled_by_looking(spoilt: httpx.Response | Exception, done: bool) -> None:
    tags: dict[str, str] = {}
    posts = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal posts
        if request.method == "GET":
            name = request.url.path.rpartition("/")[2]
            if name not in tags:
                return httpx.Response(404, json={"error": "tag not found", "success": False})
            return httpx.Response(200, json={"tag_name": name, "commit_id": tags[name]})
        posts += 1
        if done:
            body = json.loads(request.content)
            tags[body["tag_name"]] = body["commit_id"]
        if isinstance(spoilt, Exception):
            raise spoilt
        return httpx.Response(spoilt.status_code)

    transport = httpx.MockTransport(handle)
    async with VersClient("https://api.test/api/v1", KEY, transport=transport, rest=no_wait) as vers:
        if done:
            await vers.tags.create("golden", COMMIT)
        else:
            with pytest.raises(VersError, match="could not tag commit"):
                await vers.tags.create("golden", COMMIT)
    assert posts == 1


BLIND: dict[str, Call] = {
    "tag": lambda vers: vers.tags.create("golden", COMMIT),
    "untag": lambda vers: vers.tags.delete("golden"),
    "repository": lambda vers: vers.repositories.create("pi"),
    "show": lambda vers: vers.repositories.set_public("pi", True),
    "variables": lambda vers: vers.variables.set({"A": "b"}),
    "label": lambda vers: vers.add_labels(VM, {"a": "b"}),
    "labels": lambda vers: vers.replace_labels(VM, {"a": "b"}),
    "unlabel": lambda vers: vers.remove_label(VM, "a"),
    "disk": lambda vers: vers.resize_disk(VM, 9000),
}


@pytest.mark.parametrize("act", BLIND.values(), ids=BLIND)
async def test_what_cannot_be_looked_at_after_a_lost_answer_is_unknown(act: Call) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(503, text="503 Service unavailable"))
    async with VersClient("https://api.test/api/v1", KEY, transport=transport, rest=no_wait) as vers:
        with pytest.raises(EffectUnknown, match="is unknown"):
            await act(vers)


@pytest.mark.parametrize("blind", [True, False], ids=["the list is refused", "it is still listed"])
async def test_a_commit_that_was_not_seen_to_go_is_not_called_deleted(blind: bool) -> None:
    ordered = False

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal ordered
        if request.method == "DELETE":
            ordered = True
            return httpx.Response(204)
        if ordered and blind:
            return httpx.Response(503)
        return httpx.Response(200, json={"commits": [{"commit_id": COMMIT}], "total": 1})

    transport = httpx.MockTransport(handle)
    async with VersClient("https://api.test/api/v1", KEY, transport=transport, rest=no_wait) as vers:
        with pytest.raises(VersError) as raised:
            await vers.commits.delete(COMMIT)
    assert isinstance(raised.value, EffectUnknown) is blind
    assert ("whether it is gone is unknown" if blind else "the list shows it") in str(raised.value)


@pytest.mark.parametrize(
    ("validate", "listed", "valid"),
    [
        (httpx.Response(200, json={"valid": False, "message": "revoked"}), 200, False),
        (httpx.Response(403, text="403 Forbidden"), 200, False),
        (httpx.Response(404), 200, True),
        (httpx.Response(422, text="missing field"), 200, True),
        (httpx.Response(404), 403, False),
    ],
)
async def test_a_key_is_judged_by_the_gate_where_the_server_is_older(
    validate: httpx.Response, listed: int, valid: bool
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/keys/validate"):
            return validate
        return httpx.Response(listed, json=[]) if listed == 200 else httpx.Response(listed, text="403 Forbidden")

    async with VersClient("https://api.test/api/v1", KEY, transport=httpx.MockTransport(handle)) as vers:
        assert (await vers.key.check()).valid is valid


async def test_a_silent_platform_says_nothing_of_a_key() -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(503))
    async with VersClient("https://api.test/api/v1", KEY, transport=transport, rest=no_wait) as vers:
        with pytest.raises(ApiUnreachable):
            await vers.key.check()
