"""No request makes the embedded fleet fail, whatever stands in a field: what goes wrong is an answer, and says why.

The services answer 500 where the imitated ones do, which is held to recordings elsewhere; an error that nothing caught
is raised here by the client.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.embedded.api.fakes import World, make_world

UNKNOWN = "00000000-0000-4000-8000-000000000000"

FIELDS: dict[str, tuple[str, dict[str, Any]]] = {
    "POST /board/tasks": (
        "",
        {
            "title": "t",
            "createdBy": "a",
            "description": "d",
            "status": "open",
            "assignee": "b",
            "tags": ["x"],
            "dependencies": [],
        },
    ),
    "PATCH /board/tasks/{task}": (
        "",
        {"title": "t", "description": "d", "status": "done", "assignee": "b", "tags": [], "dependencies": []},
    ),
    "POST /board/tasks/{task}/notes": ("", {"author": "a", "content": "c", "type": "update"}),
    "POST /board/tasks/{task}/artifacts": (
        "artifacts",
        {"type": "url", "url": "u", "label": "l", "addedBy": "a"},
    ),
    "POST /board/tasks/{task}/review": ("", {"summary": "s", "reviewedBy": "a", "artifacts": []}),
    "POST /board/tasks/{task}/approve": ("", {"approvedBy": "a", "comment": "c"}),
    "POST /board/tasks/{task}/reject": ("", {"reason": "r", "rejectedBy": "a"}),
    "POST /board/tasks/{task}/bump": ("", {}),
    "POST /feed/events": ("", {"agent": "a", "type": "custom", "summary": "s", "detail": "d", "metadata": {}}),
    "POST /registry/vms": (
        "",
        {
            "id": "i",
            "name": "n",
            "role": "worker",
            "status": "running",
            "address": "a",
            "registeredBy": "r",
            "services": [],
            "metadata": {},
        },
    ),
    "PATCH /registry/vms/{entry}": (
        "",
        {"name": "n", "status": "paused", "address": "a", "services": [], "metadata": {}},
    ),
    "POST /registry/vms/{entry}/heartbeat": ("", {}),
    "POST /log": ("", {"text": "t", "agent": "a"}),
    "POST /journal": ("", {"text": "t", "author": "a", "mood": "m", "tags": ["x"]}),
    "POST /usage/sessions": (
        "",
        {
            "sessionId": "s",
            "agent": "a",
            "model": "m",
            "tokens": dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "total"), 1),
            "cost": dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "total"), 0.1),
            "turns": 1,
            "toolCalls": {"bash": 1},
            "startedAt": "2026-11-20T10:00:00Z",
            "endedAt": "2026-11-20T10:00:00Z",
            "parentAgent": "p",
        },
    ),
    "POST /usage/vms": (
        "",
        {
            "vmId": "v",
            "role": "worker",
            "agent": "a",
            "createdAt": "2026-11-20T10:00:00Z",
            "destroyedAt": "2026-11-20T10:00:00Z",
            "commitId": "c",
        },
    ),
    "POST /skills/items": (
        "",
        {"name": "s", "description": "d", "content": "c", "publishedBy": "p", "tags": ["x"], "enabled": True},
    ),
    "PATCH /skills/items/skill": ("", {"description": "d", "tags": ["x"], "enabled": True}),
    "POST /skills/extensions": (
        "",
        {"name": "e", "description": "d", "content": "c", "publishedBy": "p", "enabled": True},
    ),
    "POST /skills/sync": (
        "",
        {"agentId": "a", "vmId": "v", "skills": [{"name": "s", "version": 1}], "extensions": []},
    ),
    "POST /reports": ("", {"title": "t", "author": "a", "content": "c", "tags": ["x"]}),
    "POST /reports/{report}/share": ("", {"createdBy": "a", "label": "l", "expiresAt": "2099-01-01T00:00:00Z"}),
    "POST /commits": (
        "",
        {"commitId": "c", "vmId": "v", "label": "l", "agent": "a", "tags": ["x"], "metadata": {}},
    ),
    "POST /api/v1/vm/new_root": (
        "vm_config",
        {
            "vcpu_count": 1,
            "mem_size_mib": 512,
            "fs_size_mib": 512,
            "labels": {"a": "b"},
            "image_name": "default",
            "kernel_name": "k",
        },
    ),
    "POST /api/v1/vm/from_commit": ("", {"commit_id": UNKNOWN, "tag_name": "t", "ref": "r:t"}),
    "PATCH /api/v1/vm/{vm}/state": ("", {"state": "Running"}),
    "POST /api/v1/vm/{vm}/commit": ("", {"name": "n", "description": "d"}),
    "PATCH /api/v1/vm/{vm}/label": ("", {"labels": {"a": "b"}}),
    "PUT /api/v1/vm/{vm}/labels": ("", {"labels": {"a": "b"}}),
    "PATCH /api/v1/commits/{commit}": ("", {"is_public": True, "name": "n", "description": "d"}),
    "PATCH /api/v1/vm/{vm}/disk": ("", {"fs_size_mib": 4096}),
    "POST /api/v1/commit_tags": ("", {"tag_name": "t", "commit_id": UNKNOWN, "description": "d"}),
    "PATCH /api/v1/commit_tags/{tag}": ("", {"commit_id": UNKNOWN, "description": "d"}),
    "POST /api/v1/repositories": ("", {"name": "n", "description": "d"}),
    "PATCH /api/v1/repositories/{repository}/visibility": ("", {"is_public": True}),
    "POST /api/v1/repositories/{repository}/tags": ("", {"tag_name": "t", "commit_id": UNKNOWN, "description": "d"}),
    "PATCH /api/v1/repositories/{repository}/tags/{tag}": ("", {"commit_id": UNKNOWN, "description": "d"}),
    "PUT /api/v1/env_vars": ("vars", {"A": "b"}),
    "POST /api/v1/keys/validate": ("", {}),
}
"""Every call with a body: where its fields are, and good values for them."""

QUERIES = {
    "GET /board/tasks": ("status", "assignee", "tag"),
    "GET /board/review": (),
    "GET /feed/events": ("since", "limit", "agent", "type"),
    "GET /feed/stats": (),
    "GET /registry/vms": ("role", "status"),
    "GET /registry/discover/worker": (),
    "GET /log": ("since", "until", "last"),
    "GET /log/raw": ("since", "until", "last"),
    "GET /journal": ("since", "until", "last", "author", "tag", "raw"),
    "GET /usage": ("range",),
    "GET /usage/sessions": ("agent", "range"),
    "GET /usage/vms": ("role", "agent", "range"),
    "GET /skills/items": ("tag", "enabled"),
    "GET /reports": ("author", "tag"),
    "GET /commits": ("tag", "agent", "label", "vmId", "since"),
    "GET /api/v1/commits": ("limit", "offset"),
    "GET /api/v1/vms": (),
    "GET /api/v1/vm/{vm}/status": (),
    "GET /api/v1/vm/{vm}/metadata": (),
    "POST /api/v1/vm/{vm}/branch": ("keep_paused", "skip_wait_boot"),
    "POST /api/v1/vm/branch/by_commit/{commit}": ("count_",),
    "POST /api/v1/vm/new_root": ("wait_boot",),
}

DEEP = "[" * 900 + "]" * 900

ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    3,
    2**31,
    2**32,
    2**64,
    10**400,
    1.5,
    -0.0,
    "",
    " ",
    "x",
    "\x00",
    "\ud800",
    "half \ud83d",
    "\ufeff",
    "\u202e",
    "é" * 5000,
    [],
    [None],
    [[]],
    [3],
    ["\udfff"],
    {},
    {"a": None},
    {"\ud800": "\udfff"},
    {"__proto__": 1},
    {"a": {"b": [{}]}},
]

RAW = [
    b"",
    b" ",
    b"{",
    b"{not json",
    b"null",
    b"3",
    b'"text"',
    b"[]",
    b"[1]",
    b"true",
    b"\xff\xfe",
    b'{"title": "\xff"}',
    b'\xef\xbb\xbf{"title": "t"}',
    '{"title": "t"}'.encode("utf-16"),
    b'{"title": NaN}',
    b'{"title": Infinity}',
    b'{"metadata": 1e999, "tags": -1e999}',
    b'{"title": ' + b"9" * 5000 + b"}",
    DEEP.encode(),
    b'{"metadata": ' + DEEP.encode() + b"}",
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b'{"title": "t", "title": 3}',
    b"\x00" * 100,
]


async def filled() -> tuple[World, dict[str, str]]:
    """Return a fleet that has one of each thing, and their names."""
    world = make_world(vm_limit=5)
    async with world.http(crashing=True) as http:
        task = (await http.post("/board/tasks", json={"title": "t", "createdBy": "a"})).json()["id"]
        entry = {"id": "i1", "name": "n", "role": "worker", "address": "a", "registeredBy": "r"}
        assert (await http.post("/registry/vms", json=entry)).status_code == 201
        written = {"title": "t", "author": "a", "content": "c"}
        report = (await http.post("/reports", json=written)).json()["id"]
        skill = {"name": "skill", "description": "d", "content": "c", "publishedBy": "p"}
        assert (await http.post("/skills/items", json=skill)).status_code == 201
        made = await http.post("/api/v1/vm/new_root?wait_boot=true", json={"vm_config": {}})
        vm = made.json()["vm_id"]
        commit = (await http.post(f"/api/v1/vm/{vm}/commit")).json()["commit_id"]
        await http.post("/api/v1/repositories", json={"name": "images"})
        for tags in ("/api/v1/commit_tags", "/api/v1/repositories/images/tags"):
            assert (await http.post(tags, json={"tag_name": "v1", "commit_id": commit})).status_code == 201
    names = {"task": task, "entry": "i1", "vm": vm, "commit": commit, "repository": "images", "tag": "v1"}
    names["report"] = report
    return world, names


async def ask(http: httpx.AsyncClient, call: str, names: dict[str, str], **how: Any) -> httpx.Response:
    """Send one request and check what holds for every answer."""
    method, path = call.format(**names).split(" ", 1)
    answer = await http.request(method, path, **how)
    shown = f"{call} {how} -> {answer.status_code} {answer.text[:300]}"
    if answer.status_code == 500 and not path.startswith("/api/"):
        assert answer.text == "Internal Server Error", shown
        return answer
    assert answer.status_code < 500, shown
    if answer.status_code >= 400 and not path.startswith("/api/") and answer.status_code != 413:
        assert answer.json()["error"], shown
    return answer


async def lists_still_answer(http: httpx.AsyncClient, names: dict[str, str]) -> None:
    """Check that what was accepted can be read again."""
    for call in (
        "GET /board/tasks",
        "GET /feed/events",
        "GET /feed/stats",
        "GET /registry/vms?role=worker",
        "GET /log/raw",
        "GET /journal/raw",
        "GET /usage",
        "GET /usage/sessions",
        "GET /usage/vms",
        "GET /skills/items",
        "GET /skills/extensions",
        "GET /skills/manifest",
        "GET /skills/agents",
        "GET /reports",
        "GET /reports/{report}/shares",
        "GET /commits",
    ):
        assert (await ask(http, call, names)).status_code == 200
    for call in (
        "GET /api/v1/vms",
        "GET /api/v1/commits",
        "GET /api/v1/vm/{vm}/metadata",
        "GET /api/v1/commit_tags",
        "GET /api/v1/repositories",
        "GET /api/v1/repositories/{repository}/tags",
        "GET /api/v1/env_vars",
    ):
        assert (await ask(http, call, names)).status_code == 200


@pytest.mark.parametrize("call", FIELDS)
async def test_no_value_in_any_field_makes_it_fail(call: str) -> None:
    world, names = await filled()
    inside, good = FIELDS[call]
    async with world.http(crashing=True) as http:
        for field in good:
            for odd in ODD:
                fields = {**good, field: odd}
                await ask(http, call, names, content=json.dumps(_placed(inside, fields)))
        for odd in ODD:
            await ask(http, call, names, content=json.dumps(odd))
            if inside:
                await ask(http, call, names, content=json.dumps({inside: odd}))
                await ask(http, call, names, content=json.dumps({inside: [odd]}))
        await lists_still_answer(http, names)


def _placed(inside: str, fields: dict[str, Any]) -> dict[str, Any]:
    if not inside:
        return fields
    return {inside: [fields] if inside == "artifacts" else fields}


@pytest.mark.parametrize("call", FIELDS)
async def test_no_body_makes_it_fail(call: str) -> None:
    world, names = await filled()
    async with world.http(crashing=True) as http:
        for raw in RAW:
            await ask(http, call, names, content=raw)
        await lists_still_answer(http, names)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(call=st.sampled_from(sorted(FIELDS)), data=st.data())
async def test_no_request_makes_it_fail(call: str, data: st.DataObject) -> None:
    world, names = await filled()
    inside, good = FIELDS[call]
    fields = dict(good)
    for field in data.draw(st.sets(st.sampled_from(sorted(good) or ["x"]))):
        fields[field] = data.draw(JSON_VALUES)
    async with world.http(crashing=True) as http:
        await ask(http, call, names, content=json.dumps(_placed(inside, fields)))
        await lists_still_answer(http, names)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(call=st.sampled_from(sorted(QUERIES)), data=st.data())
async def test_no_query_makes_it_fail(call: str, data: st.DataObject) -> None:
    world, names = await filled()
    words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
        ["-1", "9" * 40, "٣", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026", "Z" * 26, "%00", "\x00"]
    )
    params = {name: data.draw(words) for name in QUERIES[call]}
    async with world.http(crashing=True) as http:
        await ask(http, call, names, params=params, content=b"{}")
