"""Board and registry clients against the embedded services, recorded answers and faults."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from cockpit.errors import ConfigError
from cockpit.model.ids import TaskId
from cockpit.services.board import BoardClient
from cockpit.services.errors import (
    RecordNotFound,
    RequestRefused,
    ServiceBroken,
    ServiceError,
    ServiceMissing,
    ServiceUnreachable,
    TokenRefused,
)
from cockpit.services.feed import FeedClient
from cockpit.services.http import ServiceHttp
from cockpit.services.registry import Registration, RegistryClient
from tests.embedded.api.captures import exchanges, names
from tests.embedded.api.fakes import World, make_world

ENTRY = Registration(id="vm/1", name="w", role="worker", address="a", registered_by="me", metadata={"pid": 1})


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def http(world: World) -> ServiceHttp:
    return ServiceHttp("http://fleet.test/", world.token, transport=world.transport)


def answering(*answers: httpx.Response | Exception) -> tuple[ServiceHttp, list[httpx.Request]]:
    left = iter(answers)
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ServiceHttp("http://services.test", "token", transport=httpx.MockTransport(handle)), seen


async def test_the_life_of_a_task(http: ServiceHttp) -> None:
    board = BoardClient(http)
    task = await board.create("Do it", "me", assignee="w", tags=["p0"])
    note = await board.add_note(task.id, "w", "found it", "finding")
    assert (note.kind, note.content) == ("finding", "found it")
    task = await board.patch(task.id, assignee="", tags=["p1"], status="in_progress", dependencies=[TaskId("x")])
    assert (task.assignee, task.tags, task.status, task.dependencies) == ("", ("p1",), "in_progress", ("x",))
    task = await board.add_artifacts(task.id, [("branch", "b", "feat/b")], "w")
    assert task.artifacts == (("branch", "b", "feat/b"),)
    assert (await board.submit(task.id, "please", "w")).status == "in_review"
    assert (await board.reject(task.id, "me", "no")).status == "open"
    assert (await board.approve(task.id, "me", "fine")).status == "done"
    assert (await board.bump(task.id)).score == 1
    assert [listed.id for listed in await board.list_tasks(status="done", tag="p1")] == [task.id]
    assert await board.list_tasks(assignee="w") == ()
    await board.delete(task.id)
    with pytest.raises(RecordNotFound, match=f"read task {task.id}"):
        await board.get(task.id)
    with pytest.raises(RequestRefused, match="invalid status: odd"):
        await board.create("x", "me", status="odd")


async def test_registering_twice_is_success_and_a_lost_entry_comes_back(http: ServiceHttp) -> None:
    registry = RegistryClient(http)
    first = await registry.register(ENTRY)
    again = await registry.register(Registration("vm/1", "renamed", "worker", "a", "me", status="paused"))
    assert (again.registeredAt, again.name, again.status, again.metadata) == (
        first.registeredAt,
        "renamed",
        "paused",
        {"pid": 1},
    )
    await registry.deregister("vm/1")
    await registry.deregister("vm/1")
    await registry.heartbeat(ENTRY)
    await registry.heartbeat(ENTRY)
    assert (await registry.get("vm/1")).name == "w"
    assert (await registry.patch("vm/1", status="stopped")).status == "stopped"
    listing = await registry.list_entries(role="worker")
    assert [entry.id for entry in listing.entries] == ["vm/1"]


async def test_ages_are_measured_by_the_server_s_clock() -> None:
    body = next(item["json"] for item in exchanges("registry.list"))
    http, _ = answering(httpx.Response(200, json=body, headers={"date": "Fri, 20 Nov 2026 15:58:21 GMT"}))
    listing = await RegistryClient(http).list_entries()
    stale = {entry.name for entry in listing.entries if entry.age(listing.server_now) > 300}
    assert stale == {"worker-docs", "lt-frontend"} and len(listing.entries) == 7


async def test_an_entry_removed_between_two_calls_is_made_again() -> None:
    gone = httpx.Response(404, json={"error": "VM not found"})
    taken = httpx.Response(409, json={"error": "VM already registered"})
    http, seen = answering(taken, gone, httpx.Response(201, json={"id": "vm/1"}))
    assert (await RegistryClient(http).register(ENTRY)).id == "vm/1"
    assert [(request.method, request.url.raw_path) for request in seen][1] == ("PATCH", b"/registry/vms/vm%2F1")


@pytest.mark.parametrize("name", [*names("board"), *names("feed"), *names("registry"), "auth.bearer"])
async def test_every_recorded_answer_is_read_or_explained(name: str) -> None:
    for exchange in exchanges(name):
        text = exchange.get("text")
        content: dict[str, Any] = {"json": exchange["json"]} if text is None else {"text": text}
        http, _ = answering(httpx.Response(exchange["status"], **content))
        request = exchange["request"]
        if exchange["status"] < 300:
            await http.request("replay", request["method"], "/x")
            continue
        with pytest.raises(ServiceError, match="could not replay") as raised:
            await http.request("replay", "POST", "/x")
        said = text if text is not None else exchange["json"]["error"]
        assert said[:40] in str(raised.value) and raised.value.status == exchange["status"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(401, json={"error": "Unauthorized — invalid token"}), TokenRefused),
        (httpx.Response(404, text="404 Not Found"), ServiceMissing),
        (httpx.Response(404, json={"error": "task not found"}), RecordNotFound),
        (httpx.Response(302, headers={"location": "/ui/login"}), ServiceBroken),
        (httpx.Response(200, text="<html>"), ServiceBroken),
        (httpx.Response(200, content=b"[" * 100_000), ServiceBroken),
        (httpx.Response(200, json={"count": 3}), ServiceBroken),
        (httpx.Response(200, text=""), ServiceBroken),
        (httpx.Response(500, text="Internal Server Error"), ServiceBroken),
        (httpx.ConnectError("refused"), ServiceUnreachable),
    ],
)
async def test_faults(answer: httpx.Response | Exception, kind: type[ServiceError]) -> None:
    http, seen = answering(answer)
    with pytest.raises(kind, match="could not list the board's tasks"):
        await BoardClient(http).list_tasks()
    assert len(seen) == 1 and "token" not in repr(http)


async def test_a_stale_connection_is_tried_once_more_but_no_post() -> None:
    reset = httpx.RemoteProtocolError("Server disconnected without sending a response.")
    http, seen = answering(reset, httpx.Response(200, json={"tasks": [], "count": 0}))
    assert await BoardClient(http).list_tasks() == () and len(seen) == 2
    http, seen = answering(reset, httpx.Response(404, json={"error": "task not found"}))
    await BoardClient(http).delete(TaskId("t"))
    http, seen = answering(reset, reset)
    with pytest.raises(ServiceUnreachable):
        await FeedClient(http).publish("a", "custom", "s")
    assert len(seen) == 1


async def test_a_silent_service_is_given_up() -> None:
    async def silent(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    http = ServiceHttp("http://x", "t", transport=httpx.MockTransport(silent), timeout=0.02)
    with pytest.raises(ServiceUnreachable, match=r"within 0\.02 s"):
        await BoardClient(http).list_tasks()
    await http.close()


@pytest.mark.parametrize("url", ["host:3000", "", "https://me:secret@host"])
def test_a_bad_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        ServiceHttp(url, "t")
    assert "secret" not in str(raised.value)
