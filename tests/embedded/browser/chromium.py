"""A headless Chromium, driven through its debugging pipe: what it loads, logs and shows."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.leftovers import short_directory
from tests.requirements import require_program

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
)
LINE_LIMIT = 2**24
PATIENCE = 40.0
"""Seconds that a condition in a page gets on a busy machine."""


@dataclass
class Page:
    """One tab."""

    browser: Browser
    session: str
    loaded: list[str] = field(default_factory=list)
    """Every address that it asked for."""
    said: list[str] = field(default_factory=list)
    """Errors that it logged, its own refusals included."""

    async def open(self, address: str) -> None:
        """Go to an address."""
        await self.browser.call("Page.navigate", {"url": address}, self.session)

    async def value(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = await self.browser.call("Runtime.evaluate", asked, self.session)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Return the value of an expression as soon as it is true."""
        value: Any = None
        try:
            async with asyncio.timeout(PATIENCE):
                while not value:
                    try:
                        value = await self.value(expression)
                    except AssertionError:
                        value = None  # the page is being replaced
                    await asyncio.sleep(0.05)
        except TimeoutError:
            shown = await self.value("document.body.innerText")
            raise AssertionError(
                f"{expression} did not come true; the page shows {shown!r}, said {self.said}"
            ) from None
        return value

    async def text(self, selector: str) -> str:
        """Return the text that an element shows."""
        return str(await self.value(f"document.querySelector({json.dumps(selector)}).innerText"))


class Browser:
    """The process, and the calls that wait for their answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    async def call(self, method: str, parameters: dict[str, Any], session: str = "") -> dict[str, Any]:
        """Call a method and return its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        answered = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps(message).encode() + b"\0")
        await self._writer.drain()
        async with asyncio.timeout(PATIENCE):
            answer = await answered
        assert "error" not in answer, (method, answer)
        result: dict[str, Any] = answer["result"]
        return result

    async def page(self) -> Page:
        """Open a tab."""
        target = (await self.call("Target.createTarget", {"url": "about:blank"}))["targetId"]
        session = (await self.call("Target.attachToTarget", {"targetId": target, "flatten": True}))["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Network", "Log", "Runtime"):
            await self.call(f"{domain}.enable", {}, session)
        return page

    async def read(self) -> None:
        """Read answers and events until the pipe ends."""
        while True:
            try:
                message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            except asyncio.IncompleteReadError:
                return
            if "id" in message:
                self._waiting.pop(message["id"]).set_result(message)
            elif page := self._pages.get(message.get("sessionId", "")):
                _note(page, message["method"], message["params"])


def _note(page: Page, method: str, about: dict[str, Any]) -> None:
    match method:
        case "Network.requestWillBeSent":
            page.loaded.append(about["request"]["url"])
        case "Log.entryAdded" if about["entry"]["level"] == "error":
            page.said.append(about["entry"]["text"])
        case "Runtime.exceptionThrown":
            page.said.append(json.dumps(about["exceptionDetails"]))
        case "Page.javascriptDialogOpening":
            page.said.append(f"dialog: {about['message']}")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser with a profile of its own, and end it."""
    path = str(require_program("chromium"))
    profile = short_directory("chromium")
    (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash"),
        *(path, *FLAGS, f"--user-data-dir={profile}", "about:blank"),
        pass_fds=(theirs_in, theirs_out),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": str(profile)},
    )
    for descriptor in (theirs_in, theirs_out):
        os.close(descriptor)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(LINE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours_in, "rb"))
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), os.fdopen(ours_out, "wb")
    )
    browser = Browser(reader, asyncio.StreamWriter(transport, protocol, None, loop))
    reading = asyncio.create_task(browser.read())
    try:
        yield browser
        await browser.call("Browser.close", {})
    finally:
        if process.returncode is None:
            try:
                async with asyncio.timeout(10):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        transport.close()
        await reading
        shutil.rmtree(profile, ignore_errors=True)
