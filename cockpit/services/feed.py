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
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from pydantic import ValidationError

from cockpit.model.board import FeedItem
from cockpit.model.news.port import FeedStatistics
from cockpit.services.errors import ServiceBroken, ServiceError, ServiceMissing, TokenRefused
from cockpit.services.following import HOPELESS, SETTLED, SILENCE, Memory, delay, frames
from cockpit.services.http import Reply, ServiceHttp, part
from cockpit.services.wire import EventRecord, each, unwrapped

BACKLOG = 1000
"""Events asked for at first contact: most of them are reports of tokens, which are summed up."""

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

    async def statistics(self) -> FeedStatistics:
        """Return what the server counts over the events it keeps.

        Raises:
            ServiceError: it could not be had.
        """
        what = "count the feed"
        body = (await self._http.request(what, "GET", "/feed/stats")).body
        if not isinstance(body, dict):
            raise ServiceBroken(f"could not {what}: the answer is no statistics", hint="check the server's address")
        latest = body.get("latestPerAgent")
        records = each(list(latest.values()), EventRecord) if isinstance(latest, dict) else ()
        total = body.get("total")
        by_kind = _counts(body.get("byType"))
        return FeedStatistics(
            total if isinstance(total, int) else sum(by_kind.values()),
            _counts(body.get("byAgent")),
            by_kind,
            {record.agent: record.item() for record in records},
        )

    async def follow(
        self,
        *,
        backlog: int = BACKLOG,
        since: str = "",
        report: LinkReport = lambda _up, _reason: None,
        catching_up: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[FeedItem, None]:
        """Yield events for ever, each once: first those of the past, then each as it comes.

        It never ends and never raises for a failure of the server or the network: it reports, waits, and connects
        again. Close it with `contextlib.aclosing` where it is left early.

        Args:
            backlog: how many past events come first, if `since` is empty; with 0 only new ones come.
            since: the id of the last event known from before; all after it come, and it may come again.
            report: told `(True, "")` when the stream stands, `(False, reason)` when it is lost.
            catching_up: told when the server takes the stream again, and what was missed is asked for.
        """
        memory = Memory(since)
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
                    catching_up()
                    # What was published between the server's replay and its subscription is only in the list.
                    before = self.unreadable
                    for item in memory.fresh(await self.list_events(since=memory.floor())):
                        yield item
                    self.unreadable = max(before, self.unreadable)
                    report(True, "")
                    async for content in frames(response, "follow the feed"):
                        event = _decoded(content)
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
                failures = max(failures, HOPELESS)
            report(False, reason)
            await self._rest(delay(failures, self._jitter()))


def _decoded(content: bytes) -> FeedItem | None:
    try:
        return EventRecord.model_validate(json.loads(content)).item()
    except (ValueError, RecursionError):
        return None


def _counts(value: object) -> dict[str, int]:
    found = value.items() if isinstance(value, dict) else ()
    return {str(name): number for name, number in found if isinstance(number, int) and not isinstance(number, bool)}


def _item(what: str, reply: Reply) -> FeedItem:
    try:
        return EventRecord.model_validate(reply.body).item()
    except ValidationError as error:
        raise ServiceBroken(f"could not {what}: the answer is no event", hint="read the feed again") from error
