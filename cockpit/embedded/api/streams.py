"""Server-sent events: those who listen, and the answer that streams to one of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from starlette.responses import StreamingResponse

from cockpit.embedded.api.exchange import json_line

HEARTBEAT_INTERVAL = 15.0
"""Seconds between two comments on an open stream, counted from its start."""
LISTENER_LIMIT = 2_000
"""Events that may wait for one slow listener before its stream is ended; it then reads again from its last id."""


class Listener:
    """One open stream: events wait here until they are written out."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(LISTENER_LIMIT)
        self.ended = False

    def tell(self, event: dict[str, Any]) -> None:
        """Hand over an event, or end the stream of a listener that does not keep up."""
        if self.ended:
            return
        try:
            self.events.put_nowait(event)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """End the stream after nothing more."""
        self.ended = True
        while True:
            with suppress(asyncio.QueueFull):
                self.events.put_nowait(None)
                return
            self.events.get_nowait()


class Listeners:
    """The open streams of one kind of event."""

    def __init__(self) -> None:
        self._open: set[Listener] = set()
        self._ended = False

    def listen(self) -> Listener:
        """Open a stream; pair it with `leave`. What is told from now on reaches it."""
        listener = Listener()
        if self._ended:
            listener.end()
        else:
            self._open.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Close a stream."""
        self._open.discard(listener)

    def tell(self, event: dict[str, Any]) -> None:
        """Hand an event to every open stream."""
        for listener in tuple(self._open):
            listener.tell(event)

    def end(self) -> None:
        """End every open stream and each new one at once."""
        self._ended = True
        for listener in tuple(self._open):
            listener.end()


class EventStream(StreamingResponse):
    """What was missed, then events as they come, with a comment now and then; it leaves however it ends."""

    def __init__(
        self,
        listeners: Listeners,
        missed: list[dict[str, Any]],
        heartbeat: float,
        wanted: Callable[[dict[str, Any]], bool] = lambda event: True,
    ) -> None:
        """Open the stream.

        Args:
            listeners: where it listens. No await may lie between the reading of `missed` and this call.
            missed: events that are sent first.
            heartbeat: seconds between two comments.
            wanted: which events are sent at all.
        """
        self._listeners = listeners
        self._listener = listeners.listen()
        frames = _frames(self._listener, missed, heartbeat, wanted)
        super().__init__(frames, headers={"cache-control": "no-cache", "content-type": "text/event-stream"})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listeners.leave(self._listener)


async def _frames(
    listener: Listener, missed: list[dict[str, Any]], heartbeat: float, wanted: Callable[[dict[str, Any]], bool]
) -> AsyncIterator[bytes]:
    for past in missed:
        if wanted(past):
            yield _frame(past)
    next_heartbeat = time.monotonic() + heartbeat
    while True:
        try:
            async with asyncio.timeout(max(0.0, next_heartbeat - time.monotonic())):
                event = await listener.events.get()
        except TimeoutError:
            yield b": heartbeat\n\n"
            next_heartbeat += heartbeat
            continue
        if event is None:
            return
        if wanted(event):
            yield _frame(event)


def _frame(event: dict[str, Any]) -> bytes:
    return b"data: " + json_line(event) + b"\n\n"
