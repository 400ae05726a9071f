"""The feed's client: lists, publishes, and follows without losing an event or showing one twice.

The stream alone loses events: ids of one millisecond sort by chance, and what is published while the server replays
is in neither part. So each connection asks from below the last millisecond, opens the stream, lists once more, and
drops what was seen.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
from pydantic import ValidationError

from cockpit.model.board import FeedItem
from cockpit.services import ulid
from cockpit.services.errors import ServiceBroken, ServiceError, ServiceMissing, TokenRefused
from cockpit.services.http import Reply, ServiceHttp, part
from cockpit.services.wire import EventRecord, each, unwrapped

SILENCE = 45.0
"""Seconds without a byte after which a stream is given up: the server sends a comment every 15."""
FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
"""Seconds between attempts: doubled from the first, each with jitter."""
SETTLED = 30.0
"""Seconds a stream must last for the next failure to begin with the first delay again."""
FLOOR_MARGIN_MS = 60_000
"""Milliseconds asked for again on each reconnection: what a clock that stepped back may have stamped."""
SEEN_LIMIT = 20_000
"""Remembered ids: twice what a server keeps."""
FRAME_LIMIT = 16 * 1024 * 1024
"""Longest accepted line of the stream in bytes."""
BACKLOG = 200
"""Events shown at first contact."""

LinkReport = Callable[[bool, str], None]


class FeedClient:
    """The feed on one server."""

    def __init__(
        self,
        http: ServiceHttp,
        *,
        silence: float = SILENCE,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            http: the server.
            silence: seconds without a byte after which a stream is given up.
            rest: how waits between attempts are spent.
            jitter: a random number in [0, 1).
        """
        self._http = http
        self._silence = silence
        self._rest = rest
        self._jitter = jitter
        self.unreadable = 0
        """Events that could not be read, of the last list and of the stream since."""

    async def list_events(
        self, *, since: str = "", limit: int = 0, agent: str = "", kind: str = ""
    ) -> tuple[FeedItem, ...]:
        """Return events, oldest first; of a limit the newest, and 0 is no limit.

        Raises:
            ServiceError: the list could not be had.
        """
        what = "list the feed"
        given = (("since", since), ("agent", agent), ("type", kind))
        params: dict[str, str | int] = {name: value for name, value in given if value}
        reply = await self._http.request(what, "GET", "/feed/events", params={**params, "limit": limit})
        try:
            entries = unwrapped(reply.body, "events")
        except ValueError as error:
            raise ServiceBroken(f"could not {what}: {error}", hint="check the server's address") from error
        records = each(entries, EventRecord)
        self.unreadable = len(entries) - len(records)
        return tuple(record.item() for record in records)

    async def get(self, event_id: str) -> FeedItem:
        """Return one event.

        Raises:
            RecordNotFound: there is none.
        """
        what = f"read event {event_id}"
        return _item(what, await self._http.request(what, "GET", f"/feed/events/{part(event_id)}"))

    async def publish(
        self, agent: str, kind: str, summary: str, *, detail: str = "", metadata: dict[str, Any] | None = None
    ) -> FeedItem:
        """Publish an event and return it. After a lost answer it may have been published.

        Raises:
            ServiceError: it was refused, or the answer was lost.
        """
        body: dict[str, Any] = {"agent": agent, "type": kind, "summary": summary}
        if detail:
            body["detail"] = detail
        if metadata:
            body["metadata"] = metadata
        what = f"publish {kind} of {agent}"
        return _item(what, await self._http.request(what, "POST", "/feed/events", body=body))

    async def follow(
        self, *, backlog: int = BACKLOG, since: str = "", report: LinkReport = lambda _up, _reason: None
    ) -> AsyncGenerator[FeedItem, None]:
        """Yield events for ever, each once: first those of the past, then each as it comes.

        It never ends and never raises for a failure of the server or the network: it reports, waits, and connects
        again. Close it with `contextlib.aclosing` where it is left early.

        Args:
            backlog: how many past events come first, if `since` is empty; with 0 only new ones come.
            since: the id of the last event known from before; all after it come, and it may come again.
            report: told `(True, "")` when the stream stands, `(False, reason)` when it is lost.
        """
        memory = _Memory(since)
        failures = 0
        while True:
            began = time.monotonic()
            try:
                if not memory.floor():
                    past = memory.fresh(await self.list_events(limit=max(backlog, 1)))
                    for item in past[-backlog:] if backlog else ():
                        yield item
                async with self._http.stream(
                    "follow the feed", "/feed/stream", params=memory.since(), silence=self._silence
                ) as response:
                    # What was published between the server's replay and its subscription is only in the list.
                    before = self.unreadable
                    for item in memory.fresh(await self.list_events(since=memory.floor())):
                        yield item
                    self.unreadable = max(before, self.unreadable)
                    report(True, "")
                    async for event in _events(response):
                        if event is None:
                            self.unreadable += 1
                            report(True, "")
                        for unseen in memory.fresh((event,) if event is not None else ()):
                            yield unseen
                lost: ServiceError | None = None
                reason = "the server ended the stream"
            except ServiceError as error:
                lost = error
                reason = str(error)
            failures = 1 if time.monotonic() - began >= SETTLED else failures + 1
            if isinstance(lost, TokenRefused | ServiceMissing):
                # It will not be different in a second.
                failures = max(failures, 6)
            report(False, reason)
            await self._rest(self._delay(failures))

    def _delay(self, failures: int) -> float:
        span = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures - 1, 8))
        return span * (0.5 + 0.5 * self._jitter())


class _Memory:
    """What was seen, and from where to ask again."""

    def __init__(self, last: str) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._first = last
        self._last = last

    def fresh(self, items: tuple[FeedItem, ...]) -> list[FeedItem]:
        """Return the items not seen before, and take them as seen."""
        found: list[FeedItem] = []
        for item in items:
            if item.id in self._seen:
                self._seen.move_to_end(item.id)
                continue
            self._seen[item.id] = None
            self._last = item.id
            self._first = self._first or item.id
            found.append(item)
        while len(self._seen) > SEEN_LIMIT:
            self._seen.popitem(last=False)
        return found

    def floor(self) -> str:
        """Return an id safely before the last one that arrived, empty if there is none.

        It does not reach back before the first one: what is older was left out on purpose. Only a clock that stepped
        back takes it there.
        """
        floor = ulid.floor(self._last, FLOOR_MARGIN_MS)
        first = ulid.floor(self._first, 0)
        return first if floor < first <= self._last else floor

    def since(self) -> dict[str, str]:
        """Return the stream's query."""
        floor = self.floor()
        return {"since": floor} if floor else {}


async def _events(response: httpx.Response) -> AsyncIterator[FeedItem | None]:
    """Yield the events of a stream, None for one that cannot be read; comments are passed over.

    Lines end at LF only: other separators of Unicode occur unescaped inside the JSON.
    """
    pending: list[bytes] = []
    data: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > FRAME_LIMIT:
            raise ServiceBroken("could not follow the feed: an event of the stream has no end")
        pending.append(chunk)
        if b"\n" not in chunk:
            continue
        *lines, rest = b"".join(pending).split(b"\n")
        pending = [rest]
        for raw in lines:
            line = raw.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                item = _decoded(b"\n".join(data))
                data = []
                yield item
        size = len(rest) + sum(map(len, data))


def _decoded(content: bytes) -> FeedItem | None:
    try:
        return EventRecord.model_validate(json.loads(content)).item()
    except (ValueError, RecursionError):
        return None


def _item(what: str, reply: Reply) -> FeedItem:
    try:
        return EventRecord.model_validate(reply.body).item()
    except ValidationError as error:
        raise ServiceBroken(f"could not {what}: the answer is no event", hint="read the feed again") from error
