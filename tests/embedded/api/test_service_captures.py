"""The recorded exchanges with the small services, played in their order: log, usage, skills, reports and the others."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.embedded.api.captures import DIRECTORY, exchanges
from tests.embedded.api.fakes import World, make_world, serving
from tests.embedded.api.test_odd_requests import ID, same, steady

RECORDED_AT = datetime(2026, 11, 20, 15, 58, 21, tzinfo=UTC)
TOKEN = "cockpit-test-token"
HANDOFF = {"name": "handoff", "description": "How to hand work over", "content": "# Handoff\n"}
Post = tuple[str, dict[str, Any]]


def body_of(name: str, number: int) -> dict[str, Any]:
    """Return what a recorded request sent."""
    body = exchanges(name)[number]["request"]["body"]
    assert isinstance(body, dict)
    return body


def session_of(number: int) -> dict[str, Any]:
    """Return a recorded usage record as an agent would send it."""
    record = exchanges("usage.sessions")[1]["json"]["sessions"][number]
    return {key: value for key, value in record.items() if key not in ("id", "recordedAt")}


UNRECORDED: dict[str, dict[int, list[Post]]] = {
    "log": {1: [("/log", entry) for entry in exchanges("log")[1]["json"]["entries"][1:]]},
    "journal": {},
    "commits": {},
    "reports": {},
    "reports.share": {0: [("/reports", body_of("reports", 0))]},
    "skills.items": {2: [("/skills/items", {**HANDOFF, "publishedBy": "lt-backend", "tags": ["process", "lt"]})]},
    "skills.extensions": {},
    "skills.sync": {
        0: [
            ("/skills/items", body_of("skills.items", 0)),
            ("/skills/items", body_of("skills.items", 1)),
            ("/skills/extensions", body_of("skills.extensions", 0)),
        ]
    },
    "usage.sessions": {1: [("/usage/sessions", session_of(1))]},
    "usage.vms": {},
    "usage.summary": {
        0: [
            ("/usage/sessions", session_of(0)),
            ("/usage/sessions", session_of(1)),
            ("/usage/vms", body_of("usage.vms", 0)),
        ]
    },
    "auth.magic-link": {},
}
"""What the recording left out: the requests that were sent before an exchange, by its number."""


def recent(value: Any) -> Any:
    """Return a body whose moments lie as far back from now as they did when they were recorded."""
    if isinstance(value, dict):
        return {key: recent(item) for key, item in value.items()}
    if isinstance(value, list):
        return [recent(item) for item in value]
    if not isinstance(value, str) or not re.fullmatch(r"2026-11-20T[\d:.]+Z", value):
        return value
    moment = datetime.now(UTC) - (RECORDED_AT - datetime.fromisoformat(value))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.mark.parametrize("name", UNRECORDED)
async def test_the_recorded_answers_are_given(name: str) -> None:
    world = make_world()
    ids: dict[str, str] = {}

    def ours(text: str) -> str:
        return ID.sub(lambda found: ids.get(found[0], found[0]), text).replace(TOKEN, world.token)

    async with world.http(crashing=True, headers={"User-Agent": ""}) as http:
        for number, exchange in enumerate(exchanges(name)):
            for path, body in UNRECORDED[name].get(number, []):
                made = await http.post(path, json=recent(body))
                assert made.status_code == 201, made.text
                if path == "/reports":
                    ids[exchange["request"]["path"].split("/")[2]] = made.json()["id"]
            request = exchange["request"]
            if request["path"].endswith("/shares"):
                # The recording counts one visitor.
                assert (await http.get(f"/reports/share/{next(reversed(ids.values()))}")).status_code == 200
            headers = {key: ours(value) for key, value in request.get("headers", {}).items()}
            if request.get("auth") == "none":
                headers.setdefault("Authorization", "")
            content = json.dumps(recent(request["body"])) if "body" in request else None
            answer = await http.request(request["method"], ours(request["path"]), content=content, headers=headers)
            if exchange["status"] in (200, 201) and "json" in exchange:
                recorded, given = (ID.findall(json.dumps(one)) for one in (exchange["json"], answer.json()))
                ids |= dict(zip(recorded, given, strict=False))
            if "accessCount" in answer.text:
                assert answer.json()["links"][0]["accessCount"] == 1
            assert same(exchange, answer), f"{request} -> {answer.text}"


async def test_a_session_answers_as_recorded() -> None:
    world = make_world()
    async with world.http() as http:
        assert (await http.post("/board/tasks", json={"title": "t", "createdBy": "a"})).status_code == 201
        link = (await http.post("/auth/magic-link", headers={"X-Forwarded-Proto": "http"})).json()
        assert re.fullmatch(rf"http://fleet\.test/ui/login\?token={ID.pattern}{ID.pattern}", link["url"])
        ends = datetime.fromisoformat(link["expiresAt"]) - datetime.now(UTC)
        assert timedelta(minutes=4) < ends <= timedelta(minutes=5)
    async with world.http(key="") as http:
        enter, again, proxied, without, no_slash, page = exchanges("auth.session")
        entered = await http.get(link["url"])
        cookie = entered.headers["set-cookie"]
        assert same(enter, entered) and len(entered.content) == 74 and 'url=/ui/"' in entered.text
        assert re.fullmatch(rf"session={ID.pattern}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400", cookie)
        assert same(again, await http.get(link["url"]))
        http.cookies.clear()
        assert same(without, await http.get("/ui/api/board/tasks"))
        session = {"Cookie": f"other=1; {cookie.split(';')[0]}"}
        tasks = await http.get("/ui/api/board/tasks?status=open", headers=session)
        assert (tasks.status_code, tasks.headers["content-type"]) == (proxied["status"], "application/json")
        assert tasks.json()["count"] == 1
        assert (await http.get("/ui/api/board/tasks?status=blocked", headers=session)).json()["count"] == 0
        assert same(no_slash, await http.get("/ui", headers=session))
        assert same(page, await http.get("/ui/", headers=session))
        made = await http.post("/ui/api/board/tasks", content=b'{"title":"x","createdBy":"y"}', headers=session)
        assert made.status_code == 201
        assert (await http.get("/ui/api/board/tasks", headers={"Cookie": "session=" + "0" * 26})).status_code == 302


async def test_a_session_is_no_key_to_anything_but_the_services_and_no_other_site_uses_it() -> None:
    world = make_world()
    async with world.http() as http:
        link = (await http.post("/auth/magic-link")).json()["url"]
        session = {"Cookie": (await http.get(link)).headers["set-cookie"].split(";")[0]}
    async with world.http(key="") as http:
        assert (await http.get("/ui/api/api/v1/vms", headers=session)).status_code == 403
        assert (await http.get("/ui/api/health", headers=session)).status_code == 200
        for foreign in ({"Origin": "http://fleet.test:9999"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
            task = await http.post("/ui/api/board/tasks", content=b"{}", headers=session | foreign)
            assert task.status_code == 403, foreign
        own = {"Origin": "http://fleet.test", "Sec-Fetch-Site": "same-origin"}
        assert (await http.post("/ui/api/board/tasks", content=b"{}", headers=session | own)).status_code == 400


async def frames_of(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Yield what a stream says."""
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line[6:])


async def test_changes_of_skills_are_streamed_as_recorded() -> None:
    recorded = [
        json.loads(line[6:]) for line in (DIRECTORY / "skills.stream.body.txt").read_text().splitlines() if line
    ]
    world = make_world()
    headers = {"Authorization": f"Bearer {world.token}"}
    retro = {"name": "retro", "description": "d", "content": "c", "publishedBy": "p"}
    extension = {"name": "hello-ext", "description": "d", "content": "c", "publishedBy": "p"}
    async with serving(world.application) as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
        await http.post("/skills/extensions", json=extension)
        async with asyncio.timeout(20), http.stream("GET", "/skills/stream") as stream:
            frames = frames_of(stream)
            await http.post("/skills/items", json=retro)
            for enabled in (False, True):
                await http.patch("/skills/items/retro", json={"enabled": enabled})
            await http.patch("/skills/items/retro", json={"description": "says nothing"})
            await http.post("/skills/items", json=retro)
            await http.delete("/skills/items/retro")
            await http.post("/skills/extensions", json=extension)
            seen = [await anext(frames) for _ in recorded]
        assert json.dumps(steady(seen)) == json.dumps(steady(recorded))
        async with asyncio.timeout(20), http.stream("GET", f"/skills/stream?since={seen[2]['id']}") as stream:
            frames = frames_of(stream)
            assert [await anext(frames) for _ in seen[3:]] == seen[3:]


async def test_a_session_streams_the_bytes_that_the_token_streams(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.token}"}
    async with serving(world.application) as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
        link = (await http.post("/auth/magic-link", headers={"X-Forwarded-Proto": "http"})).json()["url"]
        session = {"Cookie": (await http.get(link)).headers["set-cookie"].split(";")[0], "Authorization": ""}
        http.cookies.clear()
        async with asyncio.timeout(20), http.stream("GET", "/ui/api/feed/stream", headers=session) as stream:
            assert stream.headers["content-type"] == "text/event-stream"
            assert stream.headers["cache-control"] == "no-cache"
            event = {"agent": "coordinator", "type": "custom", "summary": "through the proxy"}
            sent = (await http.post("/feed/events", json=event)).json()
            assert await anext(frames_of(stream)) == sent
