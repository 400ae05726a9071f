"""The link into the dashboard: its scheme and host are those by which the server is reached from here."""

from __future__ import annotations

import httpx
import pytest

from cockpit.services.errors import ServiceBroken, ServiceMissing, TokenRefused
from cockpit.services.http import ServiceHttp
from cockpit.services.magic_link import MagicLinkClient
from tests.embedded.api.captures import exchanges
from tests.services.replay import response, sending

RECORDED = exchanges("auth.magic-link")


@pytest.mark.parametrize("place", [0, 1])
async def test_an_https_link_of_a_plain_server_is_mended(place: int) -> None:
    http, sent = sending("auth.magic-link", place)
    link = await MagicLinkClient(http).ask()
    token = RECORDED[place]["json"]["url"].partition("?")[2]
    assert link.url == f"http://services.test/ui/login?{token}"
    assert link.dashboard == "http://services.test/ui/"
    assert round(link.seconds) == 299
    assert (sent[0].method, sent[0].headers["x-forwarded-proto"]) == ("POST", "http")
    assert sent[0].headers["authorization"] == "Bearer token", "here the word is compared letter by letter"
    assert "token=" not in repr(link)


async def test_behind_a_path_and_tls_it_stays_there() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return response(RECORDED[0])

    http = ServiceHttp("https://team.test/swarm/", "t", transport=httpx.MockTransport(handle))
    link = await MagicLinkClient(http).ask()
    assert link.url.startswith("https://team.test/swarm/ui/login?token=") and link.dashboard.endswith("/swarm/ui/")
    assert seen[0].headers["x-forwarded-proto"] == "https"


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (response(RECORDED[2]), TokenRefused, "VERS_AUTH_TOKEN"),
        (httpx.Response(404, text="404 Not Found"), ServiceMissing, "http://services.test/ui/"),
        (httpx.Response(200, json={"url": "none"}), ServiceBroken, "no link"),
        (httpx.Response(302, headers={"location": "/ui/login"}), ServiceBroken, "redirects"),
    ],
)
async def test_a_server_that_gives_none_says_why(answer: httpx.Response, kind: type[Exception], said: str) -> None:
    http = ServiceHttp("http://services.test", "t", transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(kind) as refused:
        await MagicLinkClient(http).ask()
    assert said in f"{refused.value} {getattr(refused.value, 'hint', '')}"
