"""The embedded board, feed and registry against recorded exchanges with the real ones."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from cockpit.embedded.api.application import create_application
from cockpit.embedded.api.service_records import FEED_LIMIT, FEED_SLACK, Documents, Feed, Ids
from cockpit.embedded.api.streams import LISTENER_LIMIT
from tests.embedded.api.captures import exchanges
from tests.embedded.api.fakes import World, make_world, serving

VOLATILE = {"id", "createdAt", "updatedAt", "addedAt", "timestamp", "registeredAt", "lastSeen"}


@pytest.fixture
def world() -> World:
    return make_world()


def seeded() -> World:
    """Return a world that holds the recorded lists."""
    world = make_world()
    for table, name, wrapper in (
        ("tasks", "board.tasks.list", "tasks"),
        ("registry", "registry.list", "vms"),
        ("feed", "feed.events.list", ""),
    ):
        body = exchanges(name)[0]["json"]
        documents = (
            body
            if not wrapper
            else sorted(body[wrapper], key=lambda item: str(item.get("createdAt", item.get("registeredAt"))))
        )
        for document in documents:
            Documents(world.records, table).put(document)
    world.application = create_application(world.records, world.hosting, world.token)
    return world


def steady(value: Any) -> Any:
    """Return a value without ids and times."""
    if isinstance(value, dict):
        return {key: steady(item) for key, item in value.items() if key not in VOLATILE}
    return [steady(item) for item in value] if isinstance(value, list) else value


async def replay(world: World, exchange: dict[str, Any], *, exact: bool) -> None:
    """Send a recorded request and compare the answer with the recorded one."""
    request = exchange["request"]
    headers = {
        key: value.replace("cockpit-test-token", world.token) for key, value in request.get("headers", {}).items()
    }
    async with world.http(key="" if request.get("auth") == "none" else None, headers=headers) as http:
        content = request.get("rawBody")
        if content is None and "body" in request:
            content = json.dumps(request["body"])
        answer = await http.request(request["method"], request["path"], content=content)
    shown = f"{request['method']} {request['path']} -> {answer.text}"
    assert answer.status_code == exchange["status"], shown
    assert answer.headers["content-type"] == exchange["headers"]["content-type"], shown
    if "text" in exchange:
        assert answer.text == exchange["text"]
    elif exact:
        assert answer.json() == exchange["json"], shown
    else:
        assert steady(answer.json()) == steady(exchange["json"]), shown


@pytest.mark.parametrize("name", ["board.errors", "feed.errors", "registry.errors"])
async def test_errors_are_the_recorded_ones(name: str) -> None:
    world = seeded()
    for exchange in exchanges(name):
        await replay(world, exchange, exact=True)


async def test_the_bearer_check_is_the_recorded_one(world: World) -> None:
    for exchange in exchanges("auth.bearer"):
        await replay(world, exchange, exact=True)


@pytest.mark.parametrize(
    "name", ["board.tasks.list", "board.tasks.get", "feed.events.list", "registry.list", "registry.get"]
)
async def test_what_is_stored_comes_back_as_recorded(name: str) -> None:
    world = seeded()
    for exchange in exchanges(name):
        if exchange["status"] == 200 and exchange["request"]["path"].count("/") == 3:
            identifier = exchange["json"]["id"]
            Documents(world.records, name.split(".")[0].replace("board", "tasks")).put(
                exchange["json"] | {"id": identifier}
            )
        await replay(world, exchange, exact=True)


@pytest.mark.parametrize(
    "name", ["board.tasks.list.filtered", "feed.events.list.filtered", "feed.stats", "feed.events.get"]
)
async def test_filters_answer_as_recorded(name: str) -> None:
    world = seeded()
    for exchange in exchanges(name):
        await replay(world, exchange, exact=True)


async def test_registry_filters_without_the_freshness_rule() -> None:
    world = seeded()
    for exchange in exchanges("registry.list.filtered"):
        if "status=running" not in exchange["request"]["path"]:
            await replay(world, exchange, exact=True)


@pytest.mark.parametrize("name", ["board.tasks.create", "feed.events.publish", "registry.register"])
async def test_creations_answer_as_recorded(name: str, world: World) -> None:
    for exchange in exchanges(name):
        await replay(world, exchange, exact=False)


async def test_a_stale_entry_is_left_out_only_of_the_living(world: World) -> None:
    async with world.http() as http:
        for identifier in ("fresh", "a/b c"):
            body = {"id": identifier, "name": "n", "role": "worker", "address": "x", "registeredBy": "x"}
            assert (await http.post("/registry/vms", json=body)).status_code == 201
        documents = Documents(world.records, "registry")
        old = documents.get("a/b c")
        assert old is not None
        documents.put(old | {"lastSeen": "2020-01-01T00:00:00.000Z"})
        for path, count in (
            ("/registry/vms", 2),
            ("/registry/vms?role=worker", 2),
            ("/registry/vms?status=running", 1),
            ("/registry/discover/worker", 1),
        ):
            assert (await http.get(path)).json()["count"] == count, path
        beat = await http.post("/registry/vms/a%2Fb%20c/heartbeat")
        assert beat.status_code == 200 and beat.json()["id"] == "a/b c"
        assert (await http.get("/registry/discover/worker")).json()["count"] == 2


async def test_the_life_of_a_task(world: World) -> None:
    async with world.http() as http:
        task = (await http.post("/board/tasks", json={"title": " t ", "createdBy": "me", "assignee": "w"})).json()
        path = f"/board/tasks/{task['id']}"
        note = await http.post(f"{path}/notes", json={"author": "a", "content": "c", "type": "finding"})
        assert note.status_code == 201 and note.json()["type"] == "finding"
        bad = [{"type": "file", "url": "u", "label": "l"}, {"type": "pr", "url": "u", "label": "l"}]
        half = await http.post(f"{path}/review", json={"summary": "s", "reviewedBy": "w", "artifacts": bad})
        assert half.status_code == 400
        task = (await http.get(path)).json()
        assert task["status"] == "in_review" and len(task["artifacts"]) == 1 and task["artifacts"][0]["addedBy"] == "w"
        assert (await http.get("/board/review")).json()["count"] == 1
        task = (await http.post(f"{path}/reject", json={"reason": "no", "rejectedBy": "boss"})).json()
        assert task["status"] == "open" and task["notes"][-1]["content"] == "Rejected by boss: no"
        task = (await http.post(f"{path}/approve", json={"comment": "ok"})).json()
        assert task["status"] == "done" and task["notes"][-1]["content"] == "Approved by unknown: ok"
        task = (await http.patch(path, json={"assignee": None, "tags": "p0", "description": ""})).json()
        assert "assignee" not in task and task["tags"] == "p0" and task["description"] == ""
        assert (await http.post(f"{path}/bump")).json()["score"] == 1
        assert (await http.delete(path)).json() == {"deleted": True}
        assert (await http.get(f"/board/{task['id']}")).status_code == 404


async def test_notes_of_many_writers_are_all_kept(world: World) -> None:
    async with world.http() as http:
        task = (await http.post("/board/tasks", json={"title": "t", "createdBy": "me"})).json()
        path = f"/board/tasks/{task['id']}/notes"
        await asyncio.gather(
            *(http.post(path, json={"author": "a", "content": str(i), "type": "update"}) for i in range(50))
        )
        notes = (await http.get(path)).json()["notes"]
    assert sorted(int(note["content"]) for note in notes) == list(range(50))
    assert len({note["id"] for note in notes}) == 50


async def test_text_that_is_no_unicode_is_stored_and_returned(world: World) -> None:
    async with world.http() as http:
        body = rb'{"agent":"a","type":"custom","summary":"half \ud83d","detail":{"x":[1,null]}}'
        assert (await http.post("/feed/events", content=body)).status_code == 201
        listed = await http.get("/feed/events")
    assert listed.status_code == 200 and rb"\ud83d" in listed.content
    assert listed.json()[0]["detail"] == {"x": [1, None]}


def test_ids_grow_over_a_clock_that_steps_back_and_over_a_restart() -> None:
    times = iter([5.0, 5.0, 4.0, 4.5, 6.0])
    ids = Ids(clock=lambda: next(times))
    made = [ids.new() for _ in range(5)]
    assert made == sorted(set(made)) and all(len(made_id) == 26 for made_id in made)
    assert Ids(made[-1], clock=lambda: 1.0).new() > made[-1]


def test_the_feed_keeps_the_newest_and_its_file_does_not_grow(world: World) -> None:
    feed = Feed(world.records)
    with world.records.act():
        for number in range(FEED_LIMIT + FEED_SLACK + 5):
            feed.publish({"agent": "a", "type": "custom", "summary": str(number)})
    events = feed.readable()
    assert len(events) == FEED_LIMIT and events[-1]["summary"] == str(FEED_LIMIT + FEED_SLACK + 4)
    stored = world.records.database.execute("SELECT count(*) FROM feed").fetchone()[0]
    assert stored <= FEED_LIMIT + FEED_SLACK
    assert Feed(world.records).readable() == events


async def test_a_listener_that_does_not_keep_up_is_ended(world: World) -> None:
    feed = Feed(world.records)
    listener = feed.listeners.listen()
    for number in range(LISTENER_LIMIT + 1):
        feed.publish({"agent": "a", "type": "custom", "summary": str(number)})
    waiting = [listener.events.get_nowait() for _ in range(listener.events.qsize())]
    assert waiting[-1] is None and len(waiting) <= LISTENER_LIMIT


async def test_the_stream_replays_beats_and_ends() -> None:
    world = make_world(heartbeat=0.05)
    headers = {"Authorization": f"Bearer {world.token}"}
    async with serving(world.application) as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
        first = (await http.post("/feed/events", json={"agent": "a", "type": "custom", "summary": "1"})).json()
        await http.post("/feed/events", json={"agent": "b", "type": "custom", "summary": "2\n"})
        async with asyncio.timeout(10), http.stream("GET", f"/feed/stream?since={first['id']}") as response:
            assert response.headers["content-type"] == "text/event-stream"
            assert response.headers["cache-control"] == "no-cache"
            lines = response.aiter_lines()
            seen = [await anext(lines) for _ in range(4)]
            assert json.loads(seen[0].removeprefix("data: "))["summary"] == "2\n"
            assert seen[1:] == ["", ": heartbeat", ""]
            await http.post("/feed/events", json={"agent": "c", "type": "custom", "summary": "live"})
            async for line in lines:
                if line.startswith("data:"):
                    assert json.loads(line[6:])["agent"] == "c"
                    break
            world.application.state.parts.end_streams()
            assert [line async for line in lines if line.startswith("data")] == []
        refused = await http.get("/feed/stream", headers={"Authorization": "Bearer no"})
        assert refused.status_code == 401
