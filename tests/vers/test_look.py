"""A VM is gone only by the complete list and the API's own words; everything else is unknown, with what was seen."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from cockpit.model.ids import VmId
from cockpit.vers.client import VersClient
from cockpit.vers.look import Found, Look, Missing, Unknown, look_at

VM = VmId("0f9e8d7c-6b5a-4948-8372-615049382716")
OTHER = "1f9e8d7c-6b5a-4948-8372-615049382716"
KEY = "9a8b7c6d-6b5a-4948-8372-615049382716" + "cd" * 32
OWN = httpx.Response(404, json={"error": "not found", "success": False})
HERE = httpx.Response(200, json={"vm_id": VM, "state": "running"})


async def no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


async def seen(listed: httpx.Response, status: httpx.Response) -> Look:
    """Return what one look says of a platform that gives these answers for ever."""

    def handle(request: httpx.Request) -> httpx.Response:
        answer = status if request.url.path.endswith("/status") else listed
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    async with VersClient("https://api.test/api/v1", KEY, transport=httpx.MockTransport(handle), rest=no_wait) as vers:
        return await vers.look(VM)


EMPTY = httpx.Response(200, json=[])
LISTED = httpx.Response(200, json=[{"vm_id": VM, "state": "sleeping"}])
PARTLY = httpx.Response(200, json=[{"vm_id": OTHER, "state": "running"}, {"id": 3}])
PAGE = httpx.Response(404, html="<!doctype html><h1>404 Not Found</h1>")
ASLEEP = httpx.Response(
    409, json={"error": "The requested VM is not currently running (node_id is null); is it sleeping?"}
)


@pytest.mark.parametrize(
    ("listed", "status", "kind", "words"),
    [
        (EMPTY, OWN, Missing, "lacks it"),
        (EMPTY, HERE, Found, "running"),
        (LISTED, ASLEEP, Found, "sleeps"),
        (LISTED, OWN, Unknown, "list shows it"),
        (PARTLY, OWN, Unknown, "cannot be read"),
        (httpx.Response(500, json={"error": "db error: x", "success": False}), OWN, Unknown, "cannot be had"),
        (EMPTY, PAGE, Unknown, "not the API’s own"),
        (EMPTY, httpx.Response(404), Unknown, "not the API’s own"),
        (EMPTY, httpx.Response(404, text="404 Not Found"), Unknown, "not the API’s own"),
        (EMPTY, httpx.Response(404, json={"message": "no Route matched"}), Unknown, "not the API’s own"),
        (EMPTY, httpx.Response(404, json={"status": 404, "error": "Not Found"}), Unknown, "not the API’s own"),
        (EMPTY, httpx.Response(404, content=b'{"error":"not found","success":false}'), Unknown, "not the API’s own"),
        (EMPTY, httpx.Response(403, json={"error": "Forbidden", "success": False}), Unknown, "403"),
        (EMPTY, httpx.Response(503), Unknown, "503"),
        (EMPTY, httpx.Response(500, json={"error": "http error: 404", "success": False}), Unknown, "500"),
        (EMPTY, httpx.Response(200, html="<html>ok</html>"), Unknown, "not JSON"),
        (EMPTY, httpx.Response(200, json={"vm_id": OTHER, "state": "running"}), Unknown, OTHER),
    ],
)
async def test_what_a_look_says(listed: httpx.Response, status: httpx.Response, kind: type[Any], words: str) -> None:
    look = await seen(listed, status)
    assert isinstance(look, kind) and words in look.evidence, look


async def test_a_look_at_a_silent_platform_ends() -> None:
    async def silent(*_: object) -> Any:
        await asyncio.Event().wait()

    look = await look_at(VM, silent, silent, limit=0.02)
    assert look == Unknown("list and status did not answer within 0.02 s")
