"""Servers that answer as the real ones did: by method and path, by place in a file, or with a body of their own."""

from __future__ import annotations

import json
from typing import Any

import httpx

from cockpit.services.http import ServiceHttp
from tests.embedded.api.captures import exchanges

DATE = "Fri, 20 Nov 2026 15:58:21 GMT"
"""The server's clock when it was recorded."""


def response(exchange: dict[str, Any]) -> httpx.Response:
    """Return the recorded answer of an exchange."""
    content: dict[str, Any] = {"json": exchange["json"]} if "json" in exchange else {"text": exchange["text"]}
    return httpx.Response(exchange["status"], headers={"date": DATE}, **content)


def replaying(name: str, *requests: str) -> ServiceHttp:
    """Return a server that answers each of these requests (`GET /log`), and no other, as it was recorded."""
    recorded = {f"{one['request']['method']} {one['request']['path']}": one for one in exchanges(name)}
    answers = {request: recorded[request] for request in requests}

    def handle(request: httpx.Request) -> httpx.Response:
        return response(answers[f"{request.method} {request.url.raw_path.decode()}".removesuffix("?range=7d")])

    return ServiceHttp("http://services.test", "token", transport=httpx.MockTransport(handle))


def sending(name: str, place: int) -> tuple[ServiceHttp, list[httpx.Request]]:
    """Return a server that answers as in one recorded exchange, and what it was sent."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return response(exchanges(name)[place])

    return ServiceHttp("http://services.test", "token", transport=httpx.MockTransport(handle)), seen


def serving(body: object) -> ServiceHttp:
    """Return a server that answers everything with a body."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=_json(body), headers=JSON))
    return ServiceHttp("http://services.test", "token", transport=transport)


JSON = {"content-type": "application/json", "date": DATE}


def _json(body: object) -> bytes:
    return json.dumps(body).encode()
