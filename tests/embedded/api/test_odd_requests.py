"""One long conversation with the real services, odd requests included: ours gives every answer that those gave.

The recording holds requests whose paths name what an earlier answer made (`{task}`), and the answers. Ids and moments
of the recording are left out of the comparison, but not where they stand.
"""

from __future__ import annotations

import base64
import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.embedded.api.captures import exchanges
from tests.embedded.api.fakes import make_world

RECORDED = datetime(2026, 11, 29, 16, 35, tzinfo=UTC)
"""When it was: what was used "in the last day" is said of moments that are written down."""
ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
MOMENT = re.compile(r"2(?!099)\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
PAGE = "text/html; charset=UTF-8"


def steady(value: Any) -> Any:
    """Return an answer without what no two servers share: ids, the present, the time of running, the host."""
    if isinstance(value, dict):
        return {
            ID.sub("ID", key): 0 if key == "uptime" else steady(item) for key, item in value.items() if key != "http"
        }
    if isinstance(value, list):
        return [steady(item) for item in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"https?://[^/]+/", "http://HOST/", MOMENT.sub("NOW", ID.sub("ID", value)))


def content_of(request: dict[str, Any]) -> bytes | None:
    """Return the body of a recorded request."""
    if "rawBase64" in request:
        return base64.b64decode(request["rawBase64"])
    if "rawBody" in request:
        return str(request["rawBody"]).encode()
    return json.dumps(request["body"]).encode() if "body" in request else None


def same(recorded: dict[str, Any], answer: httpx.Response) -> bool:
    """Say whether an answer is the recorded one."""
    kind = recorded["headers"].get("content-type")
    if (answer.status_code, answer.headers.get("content-type")) != (recorded["status"], kind):
        return False
    if answer.headers.get("location") != recorded["headers"].get("location"):
        return False
    if "json" in recorded:
        # As text: the order of the fields is a part of it.
        return json.dumps(steady(answer.json())) == json.dumps(steady(recorded["json"]))
    return kind == PAGE or bool(steady(answer.text) == steady(recorded["text"]))


def at_a_later_moment() -> None:
    """Return in another millisecond: what was made in one is listed in another order, and the real ones took longer."""
    now = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == now:
        pass


async def test_every_answer_is_that_of_the_real_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.embedded.api.usage.now_ms", lambda: RECORDED.timestamp() * 1000)
    world = make_world()
    names: dict[str, str] = {}
    different: list[str] = []
    async with world.http(crashing=True) as http:
        for recorded in exchanges("odd"):
            request = recorded["request"]
            path = re.sub(r"\{(\w+)\}", lambda found: names[found[1]], request["path"])
            headers = {} if request.get("auth") == "none" else {"Authorization": f"Bearer {world.token}"}
            http.headers.pop("Authorization", None)
            at_a_later_moment()
            answer = await http.request(request["method"], path, content=content_of(request), headers=headers)
            if not same(recorded, answer):
                different.append(f"{request}\n  real {recorded}\n  ours {answer.status_code} {answer.text[:300]}")
            for name, field in recorded.get("keep", {}).items():
                names[name] = answer.json()[field]
    assert not different, f"{len(different)} differ: " + "\n".join(different[:10])
