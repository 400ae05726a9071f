"""The embedded Vers API against what is known of the platform's manners."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest

from cockpit.embedded.api.application import create_application
from cockpit.embedded.api.records import Records, Size
from cockpit.errors import ConfigError
from tests.embedded.api.fakes import FakeHosting, World, make_world, new_token

API = "/api/v1"


@pytest.fixture
def world() -> World:
    return make_world()


async def new_vm(world: World, **config: object) -> str:
    async with world.http() as http:
        answer = await http.post(f"{API}/vm/new_root?wait_boot=true", json={"vm_config": config})
    assert answer.status_code == 201
    return str(answer.json()["vm_id"])


async def state_of(world: World, vm_id: str) -> str:
    async with world.http() as http:
        return str((await http.get(f"{API}/vm/{vm_id}/status")).json()["state"])


@pytest.mark.parametrize("spoil", ["", "Bearer x", "bearer {t}", "Bearer {t} ", "Bearer  {t}", "{t}", "Bearer {u}"])
async def test_only_the_exact_header_value_opens_the_api(world: World, spoil: str) -> None:
    async with world.http(key=spoil.format(t=world.token, u=new_token())) as http:
        answer = await http.get(f"{API}/vms")
    assert (answer.status_code, answer.content) == (403, b"403 Forbidden")
    assert "content-type" not in answer.headers
    assert uuid.UUID(answer.headers["x-request-id"]).version == 4


async def test_a_client_s_request_id_is_kept(world: World) -> None:
    async with world.http(headers={"X-Request-ID": "mine-1"}) as http:
        assert (await http.get(f"{API}/vms")).headers["x-request-id"] == "mine-1"


async def test_what_needs_no_key(world: World) -> None:
    async with world.http(key="") as http:
        banner, version, health = [await http.get(path) for path in ("/", "/version", "/health")]
    assert banner.headers["content-type"].startswith("text/plain")
    assert set(version.json()) == {"executable_name", "workspace_version", "git_hash"}
    assert health.json()["status"] == "ok"


async def test_an_unknown_route_and_method_are_empty(world: World) -> None:
    async with world.http() as http:
        unknown = await http.get(f"{API}/nothing")
        method = await http.put(f"{API}/vms")
    assert (unknown.status_code, unknown.content) == (404, b"")
    assert (method.status_code, method.content) == (405, b"")


def test_a_token_nobody_could_send_is_refused() -> None:
    with pytest.raises(ConfigError):
        create_application(Records(":memory:"), FakeHosting(), "short")


async def test_a_vm_boots_first_and_acts_wait_for_it(world: World) -> None:
    world.hosting.gate = asyncio.Event()
    async with world.http() as http:
        vm_id = (await http.post(f"{API}/vm/new_root", json={"vm_config": {"labels": {"a": "b"}}})).json()["vm_id"]
        listed = (await http.get(f"{API}/vm")).json()
        assert [(vm["vm_id"], vm["state"], vm["labels"]) for vm in listed] == [(vm_id, "booting", {"a": "b"})]
        hasty = await http.patch(f"{API}/vm/{vm_id}/state?skip_wait_boot=true", json={"state": "Paused"})
        assert hasty.status_code == 500 and "is not finished booting" in hasty.json()["error"]
        low_priority = asyncio.create_task(http.patch(f"{API}/vm/{vm_id}/state", json={"state": "Paused"}))
        world.hosting.gate.set()
        answer = await low_priority
    assert (answer.status_code, answer.content) == (200, b"")
    assert "content-type" not in answer.headers
    assert await state_of(world, vm_id) == "paused"


async def test_a_command_is_run_without_a_shell_and_only_where_one_can_run(world: World) -> None:
    async with world.http() as http:
        vm_id = (await http.post(f"{API}/vm/new_root?wait_boot=true", json={"vm_config": {}})).json()["vm_id"]
        path = f"{API}/vm/{vm_id}/exec"
        done = await http.post(path, json={"command": ["cat", "-"], "stdin": "é", "env": {"A": "b"}})
        assert (done.status_code, done.json()) == (200, {"exit_code": 3, "stdout": "é", "stderr": "\ufffd"})
        assert world.hosting.calls[-1] == ("execute", vm_id, "cat", "-", "{'A': 'b'}", "300")
        long = await http.post(path, json={"command": ["x"], "timeout_secs": 9999})
        assert (long.status_code, world.hosting.calls[-1][-1]) == (200, "3600")
        wrong: list[dict[str, object]] = [{}, {"command": "ls"}, {"command": []}, {"command": [1]}]
        for body in (*wrong, {"command": ["x"], "env": {"A": 1}}):
            assert (await http.post(path, json=body)).status_code == 422
        gone = await http.post(f"{API}/vm/{uuid.uuid4()}/exec", json={"command": ["x"]})
        assert (gone.status_code, gone.json()["error"]) == (404, "not found")
        await http.patch(f"{API}/vm/{vm_id}/state", json={"state": "Paused"})
        assert (await http.post(path, json={"command": ["x"]})).status_code == 500


async def test_a_failed_boot_turns_the_id_into_404(world: World) -> None:
    world.hosting.failing.add("create")
    async with world.http() as http:
        waited = await http.post(f"{API}/vm/new_root?wait_boot=true", json={"vm_config": {}})
        assert waited.status_code == 500 and waited.json()["success"] is False
        vm_id = (await http.post(f"{API}/vm/new_root", json={"vm_config": {}})).json()["vm_id"]
        # Asking for the key waits for the boot.
        assert (await http.get(f"{API}/vm/{vm_id}/ssh_key")).status_code == 404
        answer = await http.get(f"{API}/vm/{vm_id}/status")
    assert answer.json() == {"error": "not found", "success": False}


@pytest.mark.parametrize(
    ("body", "status", "start"),
    [
        (b"", 400, "Failed to parse the request body as JSON: "),
        (b'{"state"', 400, "Failed to parse the request body as JSON: "),
        (b'{"state":"paused"}', 422, "Failed to deserialize the JSON body into the target type: "),
        (b'{"state":7}', 422, "Failed to deserialize the JSON body into the target type: "),
        (b"{}", 422, "Failed to deserialize the JSON body into the target type: "),
        (b"[]", 422, "Failed to deserialize the JSON body into the target type: "),
        (b'{"state":NaN}', 400, "Failed to parse the request body as JSON: "),
    ],
)
async def test_bodies_that_cannot_be_read_are_plain_text(world: World, body: bytes, status: int, start: str) -> None:
    vm_id = await new_vm(world)
    async with world.http() as http:
        answer = await http.patch(f"{API}/vm/{vm_id}/state", content=body)
    assert answer.status_code == status
    assert answer.text.startswith(start)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    if body == b'{"state":"paused"}':
        assert "unknown variant `paused`, expected one of `Paused`, `Running`, `Sleeping`" in answer.text


async def test_a_malformed_id_is_a_400_without_content_type(world: World) -> None:
    async with world.http() as http:
        answer = await http.get(f"{API}/vm/xyz/status")
    assert answer.status_code == 400 and "content-type" not in answer.headers
    assert answer.text.startswith("Invalid URL: Cannot parse `vm_id` with value `xyz`")


async def test_deleting(world: World) -> None:
    vm_id = await new_vm(world)
    async with world.http() as http:
        first = await http.delete(f"{API}/vm/{vm_id}")
        second = await http.delete(f"{API}/vm/{vm_id}")
        status = await http.get(f"{API}/vm/{vm_id}/status")
    assert (first.status_code, first.json()) == (200, {"vm_id": vm_id})
    assert (second.status_code, second.json()) == (403, {"error": "Forbidden", "success": False})
    assert status.status_code == 404
    assert world.hosting.sandboxes == {}


async def test_the_key_of_a_paused_vm_is_not_given(world: World) -> None:
    vm_id = await new_vm(world)
    async with world.http() as http:
        running = await http.get(f"{API}/vm/{vm_id}/ssh_key")
        await http.patch(f"{API}/vm/{vm_id}/state", json={"state": "Paused"})
        paused = await http.get(f"{API}/vm/{vm_id}/ssh_key")
    assert running.json()["ssh_port"] == 2222 and running.json()["ssh_private_key"].endswith("\n")
    assert (paused.status_code, paused.json()["error"]) == (500, "db error: body unparsable")


@pytest.mark.parametrize(
    ("paused", "keep", "after"), [(1, 0, "running"), (1, 1, "paused"), (0, 1, "paused"), (0, 0, "running")]
)
@pytest.mark.parametrize("verb", ["commit", "branch"])
async def test_power_after_a_commit(world: World, paused: int, keep: int, after: str, verb: str) -> None:
    vm_id = await new_vm(world)
    async with world.http() as http:
        if paused:
            await http.patch(f"{API}/vm/{vm_id}/state", json={"state": "Paused"})
        answer = await http.post(f"{API}/vm/{vm_id}/{verb}?keep_paused={'true' if keep else 'false'}")
    assert answer.status_code == 201
    assert await state_of(world, vm_id) == after


async def test_lineage_labels_and_commit_records(world: World) -> None:
    vm_id = await new_vm(world, labels={"role": "x"}, vcpu_count=2)
    async with world.http() as http:
        first = (await http.post(f"{API}/vm/{vm_id}/commit", json={"name": " golden ", "description": " "})).json()
        child = (await http.post(f"{API}/vm/from_commit", json={"commit_id": first["commit_id"]})).json()["vm_id"]
        metadata = (await http.get(f"{API}/vm/{child}/metadata")).json()
        second = (await http.post(f"{API}/vm/{vm_id}/commit")).json()
        commits = (await http.get(f"{API}/commits")).json()
        parents = (await http.get(f"{API}/vm/commits/{second['commit_id']}/parents")).json()
        listed = {vm["vm_id"]: vm["labels"] for vm in (await http.get(f"{API}/vms")).json()}
        busy = await http.delete(f"{API}/commits/{first['commit_id']}")
        free = await http.delete(f"{API}/commits/{second['commit_id']}")
    assert metadata["parent_commit_id"] == first["commit_id"] and metadata["grandparent_vm_id"] == vm_id
    assert metadata["vcpu_count"] == 2 and "labels" not in metadata and metadata["ip"].startswith("fd00:")
    assert listed == {vm_id: {"role": "x"}, child: None}
    assert [commit["name"] for commit in commits["commits"]][1] == "golden"
    assert commits["commits"][0]["name"].startswith(f"commit: of_vm={vm_id} timestamp=")
    assert commits["commits"][0]["grandparent_commit_id"] == first["commit_id"]
    assert [parent["id"] for parent in parents] == [second["commit_id"], first["commit_id"]]
    assert (busy.status_code, busy.json()["error"]) == (409, "commit still has 1 active VM(s)")
    assert (free.status_code, free.content) == (204, b"")


async def test_a_branch_that_fails_half_way_names_what_it_made(world: World) -> None:
    vm_id = await new_vm(world)
    world.hosting.restores_left = 2
    async with world.http() as http:
        answer = await http.post(f"{API}/vm/branch/by_vm/{vm_id}?count=3")
        listed = [vm["vm_id"] for vm in (await http.get(f"{API}/vms")).json()]
    body = answer.json()
    assert answer.status_code == 500 and "success" not in body and "failed to provision VM on node" in body["error"]
    assert sorted([vm_id, *(vm["vm_id"] for vm in body["vms"])]) == sorted(listed) and len(body["vms"]) == 2


async def test_not_found_texts(world: World) -> None:
    nobody = str(uuid.uuid4())
    async with world.http() as http:
        answers = {
            "status": await http.get(f"{API}/vm/{nobody}/status"),
            "state": await http.patch(f"{API}/vm/{nobody}/state", json={"state": "Running"}),
            "commit": await http.post(f"{API}/vm/{nobody}/commit"),
            "branch": await http.post(f"{API}/vm/{nobody}/branch"),
            "by_vm": await http.post(f"{API}/vm/branch/by_vm/{nobody}"),
            "from": await http.post(f"{API}/vm/from_commit", json={"commit_id": nobody}),
            "tag": await http.post(f"{API}/vm/from_commit", json={"tag_name": "x"}),
            "image": await http.post(f"{API}/vm/new_root", json={"vm_config": {"image_name": "x"}}),
        }
        both = await http.post(f"{API}/vm/from_commit", json={"commit_id": nobody, "ref": "a:b"})
    assert {name: (answer.status_code, answer.json()["error"]) for name, answer in answers.items()} == {
        "status": (404, "not found"),
        "state": (404, "vm not found"),
        "commit": (404, "vm not found"),
        "branch": (404, "commit not found"),
        "by_vm": (404, "parent vm not found"),
        "from": (404, "commit not found"),
        "tag": (404, "tag not found"),
        "image": (404, "image not found: x"),
    }
    assert answers["by_vm"].json()["vms"] == []
    assert both.status_code == 400 and both.headers["content-type"].startswith("text/plain")


async def test_labels(world: World) -> None:
    vm_id = await new_vm(world)

    async def labels() -> object:
        return (await http.get(f"{API}/vm/{vm_id}/status")).json()["labels"]

    async with world.http() as http:
        assert await labels() is None
        await http.patch(f"{API}/vm/{vm_id}/label", json={"labels": {"a": "1", "b": "2"}})
        await http.patch(f"{API}/vm/{vm_id}/label", json={"labels": {"b": "3"}})
        assert await labels() == {"a": "1", "b": "3"}
        await http.delete(f"{API}/vm/{vm_id}/label/a")
        assert await labels() == {"b": "3"}
        answer = await http.put(f"{API}/vm/{vm_id}/labels", json={"labels": {"c": "4"}})
        assert (answer.status_code, answer.content, await labels()) == (200, b"", {"c": "4"})
        assert (await http.put(f"{API}/vm/{vm_id}/labels", json={"labels": {"c": 4}})).status_code == 422


async def test_the_limit_is_a_403_in_json() -> None:
    world = make_world(vm_limit=1)
    await new_vm(world)
    async with world.http() as http:
        answer = await http.post(f"{API}/vm/new_root", json={"vm_config": {}})
    assert answer.status_code == 403 and answer.json()["success"] is False and "1 of 1" in answer.json()["error"]


async def test_records_survive_a_restart_and_half_made_things_do_not(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sqlite"
    world = make_world(path)
    vm_id = await new_vm(world, labels={"a": "b"})
    async with world.http() as http:
        commit_id = (await http.post(f"{API}/vm/{vm_id}/commit", json={"name": "kept"})).json()["commit_id"]
    row = world.records.vm(vm_id)
    assert row is not None
    world.records.add_vm(half := str(uuid.uuid4()), Size(), parent_commit_id=commit_id)
    world.records.add_commit(torn := str(uuid.uuid4()), row, "torn", None)
    async with world.http() as http:
        assert half not in str((await http.get(f"{API}/vms")).json())
        assert torn not in str((await http.get(f"{API}/commits")).json())
    world.records.close()
    assert path.stat().st_mode & 0o077 == 0

    again = make_world(path, world.token)
    async with again.application.router.lifespan_context(again.application), again.http() as http:
        assert [vm["labels"] for vm in (await http.get(f"{API}/vms")).json()] == [{"a": "b"}]
        assert [commit["name"] for commit in (await http.get(f"{API}/commits")).json()["commits"]] == ["kept"]
    assert again.records.unfinished() == ([], [])
    assert again.hosting.calls == [("destroy", half), ("destroy_commit", torn)]


async def test_acts_on_one_vm_do_not_overlap(world: World) -> None:
    vm_id = await new_vm(world)
    async with world.http() as http:
        answers = await asyncio.gather(
            *(http.post(f"{API}/vm/{vm_id}/commit") for _ in range(5)),
            *(http.patch(f"{API}/vm/{vm_id}/state", json={"state": word}) for word in ("Paused", "Running")),
            http.delete(f"{API}/vm/{vm_id}"),
        )
    assert [answer.status_code for answer in answers] == [201] * 5 + [200] * 3
    assert world.hosting.calls[-1] == ("destroy", vm_id)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sqlite"
    path.write_bytes(b"not a database at all, but long enough to look at" * 40)
    with pytest.raises(ConfigError, match=r"fleet\.sqlite"):
        Records(path)


async def test_commits_come_in_pages(world: World) -> None:
    vm_id = await new_vm(world)
    async with world.http() as http:
        made = [(await http.post(f"{API}/vm/{vm_id}/commit")).json()["commit_id"] for _ in range(5)]
        page = (await http.get(f"{API}/commits?limit=2&offset=1")).json()
        clamped = (await http.get(f"{API}/commits?limit=0&offset=-3")).json()
    assert [commit["commit_id"] for commit in page["commits"]] == made[::-1][1:3]
    assert (page["total"], page["limit"], page["offset"]) == (5, 2, 1)
    assert (clamped["limit"], clamped["offset"]) == (1, 0)
