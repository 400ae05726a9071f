"""The dashboard in a browser: by link only, live, and every word of agents inert."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.embedded.api.fakes import World, make_world, serving
from tests.embedded.browser.chromium import Page, chromium

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
HIDING = "safe\u202egnp.exe\u0007"
ADDRESS = "javascript:alert(3)"
LANES = ("open", "in_progress", "in_review", "blocked", "done")


async def fill(http: httpx.AsyncClient) -> None:
    """Write one of each thing, with the words that an agent would break a page with."""
    for status in LANES:
        task = {
            "title": f"{status} {MARKUP}",
            "createdBy": MARKUP,
            "status": status,
            "assignee": HIDING,
            "tags": [MARKUP],
        }
        made = await http.post("/board/tasks", json=task)
        path = f"/board/tasks/{made.json()['id']}"
        await http.post(f"{path}/notes", json={"author": MARKUP, "content": MARKUP, "type": "question"})
        artifacts = [
            {"type": "url", "url": ADDRESS, "label": "trap"},
            {"type": "url", "url": "https://a.test/", "label": "ok"},
        ]
        await http.post(f"{path}/artifacts", json={"artifacts": artifacts})
    await http.post("/feed/events", json={"agent": MARKUP, "type": "finding", "summary": MARKUP, "detail": MARKUP})
    await http.post("/feed/events", json={"agent": "ada", "type": "token_update", "summary": "9 tokens"})
    entry = {"id": MARKUP, "name": MARKUP, "role": "worker", "address": "a", "registeredBy": "r"}
    assert (await http.post("/registry/vms", json=entry)).status_code == 201


async def login(http: httpx.AsyncClient) -> str:
    """Return a link that opens the dashboard."""
    return str((await http.post("/auth/magic-link", headers={"X-Forwarded-Proto": "http"})).json()["url"])


def quiet(page: Page, base: str) -> None:
    """Check that a page loaded nothing from elsewhere, ran nothing of an agent's, and logged no error."""
    elsewhere = [url for url in page.loaded if urlsplit(url).netloc != urlsplit(base).netloc and url != "about:blank"]
    assert elsewhere == [] and page.said == []


async def test_the_dashboard_is_live_and_inert(tmp_path: Path) -> None:
    world = make_world(tmp_path / "records.sqlite")
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium())
        page = await browser.page()
        async with serving(world.application) as base, _client(world, base) as http:
            await fill(http)
            await page.open(f"{base}/ui/")
            await page.until("location.pathname === '/ui/login' && document.querySelector('h1') !== null")
            await page.open(await login(http))
            await page.until("location.pathname === '/ui/' && document.querySelector('#link')?.textContent === 'live'")
            await page.until("document.querySelectorAll('#lanes .task').length === 5")
            shown = await page.value("[...document.querySelectorAll('.lane')].map(lane => lane.innerText)")
            for status, lane in zip(LANES, shown, strict=True):
                assert lane.startswith(f"{status.replace('_', ' ')} 1") and f"{status} {MARKUP}" in lane
            await page.until("document.querySelector('#entries')?.innerText.includes('working')")
            # What agents wrote stands there as text: no element of the page was made of it.
            assert await page.value("document.querySelectorAll('img, script:not([src]), [onerror]').length") == 0
            assert await page.value("document.body.innerText.includes('\\u202e')") is False
            links = await page.value("[...document.querySelectorAll('.task a')].map(link => link.href)")
            assert set(links) == {"https://a.test/"}
            # The feed comes by itself; figures are there when they are asked for.
            assert "9 tokens" not in await page.text("#events")
            await page.value("document.querySelector('#with-figures').click()")
            assert "9 tokens" in await page.text("#events")
            for number in range(20):
                await http.post("/feed/events", json={"agent": "ada", "type": "custom", "summary": f"burst {number}."})
            await page.until("document.querySelector('#events').innerText.includes('burst 19.')")
            rows = await page.value("[...document.querySelectorAll('#events .text')].map(row => row.textContent)")
            assert [row for row in rows if row.startswith("burst")] == [f"burst {n}." for n in reversed(range(20))]
            # A card that was opened stays open while the board is asked again, and a task moves into its lane.
            await page.value("document.querySelector('.lane.done details').open = true")
            task = (await http.get("/board/tasks?status=open")).json()["tasks"][0]["id"]
            await http.post(f"/board/tasks/{task}/review", json={"summary": "done it", "reviewedBy": "ada"})
            await page.until("document.querySelectorAll('.lane.in_review .task').length === 2")
            assert await page.value("document.querySelector('.lane.done details').open")
            assert "in review" in await page.text("#counts")
            quiet(page, base)
            # The policy holds even against a script that got into the page.
            await page.value(_injected("window.broken = true"))
            assert await page.value("window.broken === undefined")
            assert any("Content Security Policy" in line for line in page.said)
            events = await _number_of_events(page)
        # The server goes and comes: the page says so, and that its session is gone with it.
        await page.until("document.querySelector('#link').textContent.startsWith('stale since')")
        again = make_world(tmp_path / "records.sqlite", world.token)
        async with serving(again.application, urlsplit(base).port or 0), _client(again, base) as http:
            await page.until("document.querySelector('#link').textContent === 'signed out'")
            await page.open(await login(http))
            await page.until("document.querySelector('#link')?.textContent === 'live'")
            assert await _number_of_events(page) == events


async def test_a_report_is_rendered_and_shared_without_a_token(tmp_path: Path) -> None:
    world = make_world(tmp_path / "records.sqlite")
    content = (
        f"# Sprint\n\n| Area | Done |\n|---|---|\n| auth | **1** |\n\n- one {MARKUP}\n- [trap]({ADDRESS})\n\n"
        "```\n<b>code</b>\n```\n</pre><script>alert(4)</script>"
    )
    async with chromium() as browser, serving(world.application) as base, _client(world, base) as http:
        report = {"title": f"Recap {MARKUP}", "author": "ada", "content": content, "tags": [MARKUP]}
        made = (await http.post("/reports", json=report)).json()["id"]
        link = (await http.post(f"/reports/{made}/share")).json()
        page = await browser.page()
        await page.open(link["url"])
        await page.until("document.querySelector('#rendered table') !== null")
        assert await page.text("#rendered td strong") == "1"
        assert await page.text("#rendered pre") == "<b>code</b>"
        assert f"one {MARKUP}" in await page.text("#rendered") and "<script>alert(4)" in await page.text("#rendered")
        assert f"Recap {MARKUP}" in await page.text("h1")
        assert await page.value("document.querySelectorAll('#rendered a, img, #rendered b').length") == 0
        quiet(page, base)
        await page.open(await login(http))
        await page.until("document.querySelector('#reports a') !== null")
        await page.value("document.querySelector('#reports a').click()")
        await page.until(
            "location.pathname.startsWith('/ui/report/') && document.querySelector('#rendered table') !== null"
        )
        quiet(page, base)
        await http.delete(f"/reports/share/{link['linkId']}")
        await page.open(link["url"])
        await page.until("document.querySelector('h1')?.textContent === '404'")


def _client(world: World, base: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {world.token}"})


def _injected(source: str) -> str:
    made = f"const made = document.createElement('script'); made.textContent = {source!r}"
    return f"(() => {{ {made}; document.body.append(made); }})()"


async def _number_of_events(page: Page) -> Any:
    return await page.until("document.querySelectorAll('#events li').length")
