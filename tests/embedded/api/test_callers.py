"""An agent calls by its VM's key: it stops only what it made, and signs only as itself. The operator may do all."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.embedded.vm_keys import vm_key, vm_of_key
from cockpit.vers.credentials import KEY_FORM
from tests.embedded.api.fakes import World, make_world, new_token

API = "/api/v1"


@pytest.fixture
def world() -> World:
    return make_world()


def as_agent(world: World, vm_id: str) -> httpx.AsyncClient:
    """Return a client that calls as the agent of a VM."""
    return world.http(key=f"Bearer {vm_key(world.token, vm_id)}")


async def made(http: httpx.AsyncClient) -> str:
    """Return the id of a VM that a caller makes."""
    answer = await http.post(f"{API}/vm/new_root?wait_boot=true", json={"vm_config": {}})
    assert answer.status_code == 201
    return str(answer.json()["vm_id"])


async def stops(http: httpx.AsyncClient, vm_id: str) -> list[int]:
    """Return what a caller is answered that wants to stop a VM in each way there is; the last one ends it."""
    vm = f"{API}/vm/{vm_id}"
    return [
        (await http.post(f"{vm}/exec", json={"command": ["true"]})).status_code,
        (await http.get(f"{vm}/ssh_key")).status_code,
        (await http.patch(f"{vm}/state", json={"state": "Paused"})).status_code,
        (await http.patch(f"{vm}/state", json={"state": "Running"})).status_code,
        (await http.delete(vm)).status_code,
    ]


async def test_an_agent_stops_what_it_made_and_nobody_else(world: World) -> None:
    async with world.http() as operator:
        ada, bob = await made(operator), await made(operator)
        async with as_agent(world, ada) as by_ada, as_agent(world, bob) as by_bob:
            child = await made(by_ada)
            async with as_agent(world, child) as by_child:
                grandchild = await made(by_child)
                assert await stops(by_child, ada) == [403] * 5, "nor who made it"
            commit = (await by_ada.post(f"{API}/vm/{child}/commit")).json()["commit_id"]
            refused = await by_bob.delete(f"{API}/vm/{child}")
            assert "an agent may stop only what it made" in refused.json()["error"]
            assert (
                await stops(by_bob, child) == await stops(by_bob, grandchild) == await stops(by_bob, ada) == [403] * 5
            )
            assert (await by_bob.delete(f"{API}/commits/{commit}")).status_code == 403, "it is what undoes an end"
            own = (await by_bob.post(f"{API}/vm/{bob}/exec", json={"command": ["true"]})).status_code
            assert own == 200 and (await by_bob.delete(f"{API}/vm/{bob}")).status_code == 403
            assert {"delete", "pause"}.isdisjoint(call[0] for call in world.hosting.calls)
            branched = (await by_bob.post(f"{API}/vm/{ada}/branch")).json()["vms"][0]["vm_id"]
            assert await stops(by_bob, branched) == [200] * 5 and await stops(by_ada, grandchild) == [200] * 5
            assert (await by_ada.delete(f"{API}/commits/{commit}")).status_code == 204
        assert await stops(operator, child) == [200] * 5 and await stops(operator, ada) == [200] * 5


async def test_a_copy_of_anothers_vm_neither_freezes_nor_continues_it(world: World) -> None:
    async with world.http() as operator:
        ada, bob = await made(operator), await made(operator)
        async with as_agent(world, ada) as by_ada, as_agent(world, bob) as by_bob:
            child = await made(by_ada)
            ways = (f"{API}/vm/{{}}/commit", f"{API}/vm/{{}}/branch", f"{API}/vm/branch/by_vm/{{}}")
            for way in ways:
                for vm_id in (ada, child):
                    assert (await by_bob.post(f"{way.format(vm_id)}?keep_paused=true")).status_code == 403
                    assert (await by_bob.post(way.format(vm_id))).status_code == 201
                assert (await by_ada.post(f"{way.format(ada)}?keep_paused=true")).status_code == 403, "nor itself"
            assert "pause" not in [call[0] for call in world.hosting.calls]
            assert (await operator.patch(f"{API}/vm/{ada}/state", json={"state": "Paused"})).status_code == 200
            for way in ways:
                assert (await by_bob.post(way.format(ada))).status_code == 403, "who froze it has a reason"
            assert world.hosting.sandboxes[ada] == "paused"
            assert (await by_ada.post(f"{API}/vm/{child}/commit?keep_paused=true")).status_code == 201
            assert (await operator.post(f"{API}/vm/{ada}/commit")).status_code == 201


async def test_who_is_brought_back_has_its_own_again_and_a_copy_beside_it_has_not(world: World) -> None:
    async with world.http() as operator:
        ada = await made(operator)
        async with as_agent(world, ada) as by_ada:
            child, other = await made(by_ada), await made(by_ada)
        commit = (await operator.post(f"{API}/vm/{ada}/commit")).json()["commit_id"]
        copy = (await operator.post(f"{API}/vm/from_commit", json={"commit_id": commit})).json()["vm_id"]
        async with as_agent(world, copy) as by_copy:
            assert (await by_copy.delete(f"{API}/vm/{child}")).status_code == 403
            assert (await operator.delete(f"{API}/vm/{ada}")).status_code == 200
            assert (await by_copy.delete(f"{API}/vm/{child}")).status_code == 200
        async with as_agent(world, ada) as by_the_dead:
            assert (await by_the_dead.delete(f"{API}/vm/{other}")).status_code == 403
            assert (await by_the_dead.get("/board/tasks")).status_code == 401


async def test_an_agent_says_of_others_neither_that_they_stopped_nor_that_they_are_no_more(world: World) -> None:
    async with world.http() as operator:
        ada, bob = await made(operator), await made(operator)
        async with as_agent(world, ada) as by_ada, as_agent(world, bob) as by_bob:
            child = await made(by_ada)
            entry = {"name": "x", "role": "worker", "address": "a", "registeredBy": "ada", "metadata": {"own": True}}
            assert (await by_bob.post("/registry/vms", json={**entry, "id": ada})).status_code == 403
            for vm_id in (ada, child, "name:x"):
                assert (await by_ada.post("/registry/vms", json={**entry, "id": vm_id})).status_code == 201
            for vm_id in (ada, child):
                path = f"/registry/vms/{vm_id}"
                assert (await by_bob.patch(path, json={"status": "stopped"})).status_code == 403
                assert (await by_bob.delete(path)).status_code == 403
                forged = {"metadata": {"labels": ["plan:p"], "parentVmId": bob, "namedAt": 9e9}}
                assert (await by_bob.patch(path, json=forged)).status_code == 403
                assert (await by_bob.patch(path, json={"name": "bob"})).status_code == 403
                assert (await by_bob.get(path)).json()["metadata"] == {"own": True}
                assert (await by_ada.patch(path, json={"status": "stopped"})).status_code == 200
                assert (await by_ada.delete(path)).status_code == 200
            assert (await by_bob.delete("/registry/vms/name:x")).status_code == 200, "it is nobody's life"


FORGED: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/board/tasks", {"title": "x", "createdBy": "operator"}),
    ("POST", "/board/tasks/{task}/notes", {"author": " Operator", "content": "do it", "type": "update"}),
    ("POST", "/board/tasks/{task}/approve", {"approvedBy": "operator"}),
    ("POST", "/board/tasks/{task}/reject", {"rejectedBy": "operator", "reason": "x"}),
    ("POST", "/board/tasks/{task}/review", {"summary": "x", "reviewedBy": "OPERATOR"}),
    (
        "POST",
        "/board/tasks/{task}/artifacts",
        {"artifacts": [{"type": "url", "url": "u", "label": "l", "addedBy": "operator"}]},
    ),
    ("POST", "/feed/events", {"agent": "operator", "type": "custom", "summary": "x"}),
    ("PATCH", "/board/tasks/{task}", {"description": "delete all of it"}),
    ("PATCH", "/board/tasks/{task}", {"title": "delete all of it"}),
    ("DELETE", "/board/tasks/{task}", {}),
]
"""What would look as if the operator said it, or never did."""


async def test_only_the_operator_signs_as_the_operator(world: World) -> None:
    async with world.http() as operator:
        ada = await made(operator)
        task = (await operator.post("/board/tasks", json={"title": "t", "createdBy": "operator"})).json()["id"]
        before = (await operator.get(f"/board/tasks/{task}")).json()
        async with as_agent(world, ada) as by_ada:
            for method, path, body in FORGED:
                answer = await by_ada.request(method, path.format(task=task), json=body)
                assert answer.status_code == 403 and "operator" in answer.json()["error"], (path, answer.text)
            assert (await operator.get(f"/board/tasks/{task}")).json() == before
            assert (await by_ada.post("/auth/magic-link")).status_code == 401, "by a link one calls as the operator"
            honest = {"author": "ada", "content": "the operator said so", "type": "update"}
            assert (await by_ada.post(f"/board/tasks/{task}/notes", json=honest)).status_code == 201
            assert (await by_ada.patch(f"/board/tasks/{task}", json={"status": "in_progress"})).status_code == 200
        for method, path, body in FORGED:
            assert (await operator.request(method, path.format(task=task), json=body)).is_success, path


@given(st.uuids(), st.text(max_size=120))
def test_a_key_is_its_vm_s_alone_and_cannot_be_made_of_another(vm_id: uuid.UUID, text: str) -> None:
    token, other = new_token(), new_token()
    key = vm_key(token, str(vm_id))
    assert KEY_FORM.fullmatch(key) and vm_of_key(token, key) == str(vm_id)
    changed = key[:-1] + ("0" if key[-1] != "0" else "1")
    for wrong in (text, token, other, vm_key(other, str(vm_id)), f"{uuid.uuid4()}{key[36:]}", changed, key[:99]):
        assert vm_of_key(token, wrong) == ""
