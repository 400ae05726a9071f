"""Two owners of one fleet over real HTTP: whatever one has is the other's neither to see nor to touch."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from cockpit.embedded.owners import change_token, ensure_owner, token_file
from cockpit.embedded.vm_keys import vm_key
from cockpit.errors import ConfigError, NotFound
from tests.embedded.api.fakes import World, make_world, new_token, serving

API = "/api/v1"
FORBIDDEN = (403, {"error": "forbidden", "success": False})


@dataclass
class Two:
    """A served fleet, and a client of each owner."""

    world: World
    root: Path
    base: str
    ada: httpx.AsyncClient
    bob: httpx.AsyncClient
    bobs_token: str


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    world = make_world(root=tmp_path)
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(world.application))
        # He is made while the server runs, as an operator makes him.
        token = token_file(ensure_owner(tmp_path, "bob")).read_text(encoding="ascii")
        ada, bob = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=30)
            )
            for key in (world.token, token)
        ]
        yield Two(world, tmp_path, base, ada, bob, token)


async def made(http: httpx.AsyncClient) -> str:
    """Return the id of a VM that an owner makes."""
    answer = await http.post(f"{API}/vm/new_root?wait_boot=true", json={"vm_config": {}})
    assert answer.status_code == 201
    return str(answer.json()["vm_id"])


async def committed(http: httpx.AsyncClient, vm_id: str) -> str:
    """Return the id of a commit of a VM."""
    return str((await http.post(f"{API}/vm/{vm_id}/commit")).json()["commit_id"])


def requests_on(vm: str, commit: str) -> list[tuple[str, str, Any]]:
    """Return a request for everything that is done with somebody's VM or commit by its id."""
    one = f"/vm/{vm}"
    return [
        ("GET", f"{one}/status", None),
        ("GET", f"{one}/metadata", None),
        ("GET", f"{one}/ssh_key", None),
        ("PATCH", f"{one}/state", {"state": "Paused"}),
        ("PATCH", f"{one}/state", {"state": "Sleeping"}),
        ("PATCH", f"{one}/disk", {"fs_size_mib": 9000}),
        ("PATCH", f"{one}/label", {"labels": {"a": "b"}}),
        ("PUT", f"{one}/labels", {"labels": {"a": "b"}}),
        ("DELETE", f"{one}/label/a", None),
        ("POST", f"{one}/commit", None),
        ("POST", f"{one}/branch", None),
        ("POST", f"{one}/exec", {"command": ["true"]}),
        ("POST", f"{one}/exec/stream", {"command": ["true"]}),
        ("POST", f"{one}/exec/stream/attach", {"exec_id": vm}),
        ("GET", f"{one}/logs", None),
        ("GET", f"{one}/files?path=/x", None),
        ("PUT", f"{one}/files", {"path": "/x", "content_b64": ""}),
        ("DELETE", one, None),
        ("POST", "/vm/from_commit", {"commit_id": commit}),
        ("POST", f"/vm/{commit}/branch", None),
        ("POST", f"/vm/branch/by_commit/{commit}", None),
        ("GET", f"/vm/commits/{commit}/parents", None),
        ("PATCH", f"/commits/{commit}", {"is_public": True}),
        ("DELETE", f"/commits/{commit}", None),
        ("POST", "/commit_tags", {"tag_name": "mine", "commit_id": commit}),
    ]


async def test_nothing_of_one_owner_is_the_others(two: Two) -> None:
    vm = await made(two.ada)
    commit = await committed(two.ada, vm)
    for path, body in (
        ("/commit_tags", {"tag_name": "golden", "commit_id": commit}),
        ("/repositories", {"name": "images"}),
        ("/repositories/images/tags", {"tag_name": "v1", "commit_id": commit}),
    ):
        assert (await two.ada.post(f"{API}{path}", json=body)).status_code == 201
    assert (await two.ada.put(f"{API}/env_vars", json={"vars": {"SECRET": "adas"}})).status_code == 200
    before = dict(two.world.hosting.sandboxes)

    for method, path, body in requests_on(vm, commit):
        answer = await two.bob.request(method, f"{API}{path}", json=body)
        assert (answer.status_code, answer.json()) == FORBIDDEN, (method, path)
    hybrid = await two.bob.post(f"{API}/vm/branch/by_vm/{vm}")
    assert (hybrid.status_code, hybrid.json()["vms"]) == (403, [])
    for path, said in (
        ("/commit_tags/golden", "tag not found"),
        ("/repositories/images", "repository not found"),
        ("/repositories/images/tags/v1", "repository not found"),
        ("/public/repositories/embedded/images", "repository not found"),
    ):
        answer = await two.bob.get(f"{API}{path}")
        assert (answer.status_code, answer.json()["error"]) == (404, said)
    assert (await two.bob.delete(f"{API}/env_vars/SECRET")).status_code == 404
    for path, name in (
        ("/vms", ""), ("/vm", ""), ("/commits", "commits"), ("/commits/public", "commits"),
        ("/commit_tags", "tags"), ("/repositories", "repositories"), ("/env_vars", "vars"),
    ):  # fmt: skip
        answer = (await two.bob.get(f"{API}{path}")).json()
        assert not (answer[name] if name else answer), path
    assert two.world.hosting.sandboxes == before

    # What nobody has is told as what is not there, and the same names are each owner's own.
    nobodys = "00000000-0000-4000-8000-000000000000"
    assert (await two.bob.get(f"{API}/vm/{nobodys}/status")).status_code == 404
    assert (await two.bob.delete(f"{API}/vm/{nobodys}")).json()["error"] == "Forbidden"
    own = await made(two.bob)
    assert (await two.bob.post(f"{API}/repositories", json={"name": "images"})).status_code == 201
    assert [row["vm_id"] for row in (await two.bob.get(f"{API}/vms")).json()] == [own]
    assert [row["vm_id"] for row in (await two.ada.get(f"{API}/vms")).json()] == [vm]
    assert own not in two.world.hosting.environments, "the first owner's variables are not his VM's"
    assert (await two.ada.get(f"{API}/vm/{own}/status")).status_code == 403


async def test_each_is_told_who_he_is(two: Two) -> None:
    for http, key, name, organisation in (
        (two.ada, two.world.token, "operator", "embedded"),
        (two.bob, two.bobs_token, "bob", "bob"),
    ):
        told = (await http.get(f"{API}/whoami")).json()
        assert (told["user"]["user_name"], told["org"]["name"]) == (name, organisation)
        assert told["api_key"]["id"] == told["org"]["id"] == key[:36]
        assert (await http.post(f"{API}/keys/validate")).json()["valid"] is True
        vm = await made(http)
        assert (await http.get(f"{API}/vm/{vm}/status")).json()["owner_id"] == key[:36]
        # An agent inside is known by its VM's key as one of that owner's.
        async with httpx.AsyncClient(
            base_url=two.base, headers={"Authorization": f"Bearer {vm_key(key, vm)}"}
        ) as inside:
            assert [row["vm_id"] for row in (await inside.get(f"{API}/vms")).json()] == [vm]
            child = await made(inside)
            assert (await inside.get(f"{API}/vm/{child}/ssh_key")).status_code == 200
            assert (await inside.delete(f"{API}/vm/{vm}")).status_code == 403
        assert (await http.delete(f"{API}/vm/{child}")).status_code == 200


async def test_boards_feeds_and_shared_reports_are_each_owners(two: Two) -> None:
    task = {"title": "hers", "createdBy": "ada"}
    assert (await two.ada.post("/board/tasks", json=task)).status_code == 201
    assert (await two.bob.get("/board/tasks")).json() == {"tasks": [], "count": 0}
    event = {"agent": "ada", "type": "custom", "summary": "hers"}
    assert (await two.ada.post("/feed/events", json=event)).status_code == 201
    assert (await two.bob.delete("/feed/events")).status_code == 200
    assert len((await two.ada.get("/feed/events")).json()) == 1
    report = {"title": "his", "author": "bob", "content": "# all of it"}
    made_report = (await two.bob.post("/reports", json=report)).json()
    shared = (await two.bob.post(f"/reports/{made_report['id']}/share")).json()
    async with httpx.AsyncClient(base_url=two.base) as browser:
        link = httpx.URL(shared["url"]).path
        assert "all of it" in (await browser.get(link)).text
        login = (await two.bob.post("/auth/magic-link", headers={"x-forwarded-proto": "http"})).json()["url"]
        assert (await browser.get(login)).status_code == 200
        assert (await browser.get("/ui/api/reports")).json()["reports"][0]["title"] == "his"
        assert (await browser.get("/ui/api/board/tasks")).json()["count"] == 0
        assert (await browser.get("/ui/api/api/v1/vms")).status_code == 403, "a session is no key of the API"


async def test_what_one_shows_to_everybody_the_other_can_start(two: Two) -> None:
    vm = await made(two.ada)
    commit = await committed(two.ada, vm)
    assert (await two.ada.patch(f"{API}/commits/{commit}", json={"is_public": True})).status_code == 200
    shown = (await two.bob.get(f"{API}/commits/public")).json()
    assert [(row["commit_id"], row["owner_id"]) for row in shown["commits"]] == [(commit, two.world.token[:36])]
    assert (await two.bob.get(f"{API}/commits")).json()["total"] == shown["total"] - 1 == 0
    restored = await two.bob.post(f"{API}/vm/from_commit", json={"commit_id": commit})
    assert restored.status_code == 201
    assert (await two.bob.delete(f"{API}/commits/{commit}")).status_code == 403
    assert "1 active VM" in (await two.ada.delete(f"{API}/commits/{commit}")).json()["error"]
    for path, body in (
        ("/repositories", {"name": "images"}),
        ("/repositories/images/tags", {"tag_name": "v1", "commit_id": commit}),
    ):
        assert (await two.ada.post(f"{API}{path}", json=body)).status_code == 201
    await two.ada.patch(f"{API}/repositories/images/visibility", json={"is_public": True})
    assert (await two.bob.get(f"{API}/public/repositories")).json()["repositories"][0]["full_name"] == "embedded/images"
    source = {"source_org": "embedded", "source_repo": "images", "source_tag": "v1"}
    fork = await two.bob.post(f"{API}/repositories/fork", json=source)
    assert fork.status_code == 201, fork.text
    assert (await two.ada.get(f"{API}/vm/{fork.json()['vm_id']}/status")).status_code == 403


async def test_a_token_that_is_taken_away_opens_nothing_and_comes_back_as_it_was(two: Two) -> None:
    vm = await made(two.bob)
    file = token_file(two.root / "owners" / "bob")
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    file.rename(file.with_name("aside"))
    refused = await two.bob.get(f"{API}/vms")
    assert (refused.status_code, refused.text) == (403, "403 Forbidden")
    assert (await two.bob.get("/board/tasks")).status_code == 401
    file.with_name("aside").rename(file)
    assert [row["vm_id"] for row in (await two.bob.get(f"{API}/vms")).json()] == [vm]
    async with httpx.AsyncClient(base_url=two.base, headers={"Authorization": f"Bearer {new_token()}"}) as nobody:
        assert (await nobody.get(f"{API}/vms")).status_code == 403


async def test_another_token_opens_what_the_former_opened_which_opens_nothing_from_then_on(two: Two) -> None:
    vm = await made(two.bob)
    of_agent = {"Authorization": f"Bearer {vm_key(two.bobs_token, vm)}"}
    assert (await two.bob.get(f"{API}/vms", headers=of_agent)).status_code == 200
    async with two.bob.stream("GET", "/feed/stream") as feed:
        assert feed.status_code == 200
        token = change_token(two.root, "bob").read_text(encoding="ascii")
        assert token[:36] == two.bobs_token[:36] and token != two.bobs_token
        # Nobody has said anything to the server yet.
        assert (await two.bob.get(f"{API}/vms")).status_code == 403
        assert (await two.bob.get(f"{API}/vms", headers=of_agent)).status_code == 403
        renewed = {"Authorization": f"Bearer {token}"}
        (row,) = (await two.bob.get(f"{API}/vms", headers=renewed)).json()
        assert (row["vm_id"], row["owner_id"]) == (vm, token[:36])
        async with asyncio.timeout(30):
            assert [line async for line in feed.aiter_lines() if line.startswith("data")] == []
    assert (await two.ada.get(f"{API}/vm/{vm}/status")).status_code == 403
    assert (await two.bob.delete(f"{API}/vm/{vm}", headers=renewed)).status_code == 200


async def test_who_comes_after_one_that_was_removed_has_nothing_of_his(two: Two) -> None:
    await two.bob.put(f"{API}/env_vars", json={"vars": {"SECRET": "bobs"}})
    shutil.rmtree(two.root / "owners" / "bob")
    assert (await two.bob.get(f"{API}/vms")).status_code == 403
    token = token_file(ensure_owner(two.root, "bob")).read_text(encoding="ascii")
    answer = await two.bob.get(f"{API}/env_vars", headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == {"vars": {}}
    assert (await two.bob.get(f"{API}/vms")).status_code == 403


def test_nobody_has_the_token_of_an_owner_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no owner is called bob"):
        change_token(tmp_path, "bob")
    assert not list(tmp_path.iterdir())


async def test_the_next_server_serves_every_owner_and_the_limit_is_the_machines(tmp_path: Path) -> None:
    token = token_file(ensure_owner(tmp_path, "bob")).read_text(encoding="ascii")
    key = {"Authorization": f"Bearer {token}"}
    for turn in range(2):
        world = make_world(tmp_path / "records.sqlite", root=tmp_path, vm_limit=2)
        async with serving(world.application) as base, httpx.AsyncClient(base_url=base, headers=key) as bob:
            assert len((await bob.get(f"{API}/vms")).json()) == turn
            if not turn:
                await made(bob)
                async with httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {world.token}"}) as ada:
                    await made(ada)
                    refused = await ada.post(f"{API}/vm/new_root", json={"vm_config": {}})
                    assert refused.status_code == 403 and "2 of 2 VMs" in refused.json()["error"]
        world.records.close()


@pytest.mark.parametrize("name", ["", "..", "a/b", "Ada", "-a", "embedded", "a" * 33, "a\n"])
def test_a_name_that_cannot_be_a_directory_is_no_owners(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="no owner"):
        ensure_owner(tmp_path, name)
    assert not list(tmp_path.iterdir())
