"""Hands keys on one after another, each to the focus that the keys before it have brought about."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from time import monotonic
from typing import ClassVar
from weakref import WeakKeyDictionary

from textual import events
from textual.app import App
from textual.command import CommandPalette
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from cockpit.text.sanitize import our_line
from cockpit.ui.widgets.data_fields import is_written
from cockpit.ui.widgets.notice import notice

LIMIT = 0.5
"""Seconds after which a key goes on although what the key before it began has not ended."""

SLICE = 0.02
"""Seconds between two looks whether a widget that is waited for was removed."""

ROUNDS = 12
"""Rounds without a change of screen or focus after which a screen that is never quiet counts as settled."""

Typed = events.Key | events.Paste | events.MouseEvent
"""What is handed on in the order in which it was read."""


class Guarded:
    """A screen whose keys do harm or answer an agent: it takes none that was read before it was painted."""

    takes_no_early_keys: ClassVar[bool] = True


class KeyGate:
    """The queue between the terminal's keys and the focus.

    A message pump of its own runs application, screen and widget, so a key that is handed on at once is in the old
    focus's queue before the key ahead of it moves the focus. Here a key waits until the key ahead of it is worked off
    and the screen it led to is mounted and laid out; never for data, and never longer than `LIMIT`.
    """

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._task: asyncio.Task[None] | None = None
        self._painted: WeakKeyDictionary[Screen[object], float] = WeakKeyDictionary()
        self._typed_into: Widget | None = None
        self._dropped = 0
        self._unready = 0

    def take(self, event: Typed) -> None:
        """Queue a key or a paste as it was read."""
        self._waiting.append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="key gate")

    def wants(self, event: events.Event) -> bool:
        """Tell whether an event goes through the gate: keys, pastes, buttons, and other mouse events behind them."""
        if event.is_forwarded:
            return False
        if isinstance(event, events.Key | events.Paste | events.MouseDown | events.MouseUp):
            return True
        return isinstance(event, events.MouseEvent) and self._task is not None and not self._task.done()

    def painted(self, screen: Screen[object]) -> None:
        """Remember when a screen could first be seen."""
        if screen not in self._painted and any(child.size.area for child in screen.children):
            self._painted[screen] = monotonic()

    def close(self) -> None:
        """Forget what waits; the application ends."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    async def _drain(self) -> None:
        while self._waiting:
            if not self._is_typing(self._waiting[0]) and not isinstance(self._waiting[0], events.MouseMove):
                await self._settle()
            event = self._waiting.popleft()
            if self._is_early(event):
                self._dropped += 1
                continue
            if isinstance(event, events.Key) and event.key == "enter" and self._is_searching():
                self._unready += 1
                continue
            passed = asyncio.Event()
            if not self._app.call_later(partial(self._pass_on, event, passed)):
                return
            await _within(passed, LIMIT)
        if self._dropped or self._unready:
            await self._settle()
            self._say_dropped()
        self._typed_into = None

    async def _pass_on(self, event: Typed, passed: asyncio.Event) -> None:
        """Let the application handle a key, in its own pump."""
        try:
            focused = self._app.focused
            await App.on_event(self._app, event)
            self._typed_into = focused if _is_written(event) and isinstance(focused, Input | TextArea) else None
        finally:
            passed.set()

    def _is_typing(self, event: Typed) -> bool:
        """Tell whether a letter follows a letter into the same field: those move no focus."""
        return _is_written(event) and self._typed_into is not None and self._app.focused is self._typed_into

    def _is_early(self, event: Typed) -> bool:
        screen = self._app.screen
        return isinstance(screen, Guarded) and event.time < self._painted.get(screen, float("inf"))

    def _is_searching(self) -> bool:
        """Tell whether the palette still looks for what was typed: its list is that of an earlier text."""
        screen = self._app.screen
        return isinstance(screen, CommandPalette) and any(
            worker.node is screen and not worker.is_finished for worker in self._app.workers
        )

    def _say_dropped(self) -> None:
        for number, when in ((self._dropped, "the question was shown"), (self._unready, "the search had ended")):
            if number:
                keys = "1 key" if number == 1 else f"{number} keys"
                were = "was" if number == 1 else "were"
                notice(self._app, our_line("{} typed before {} {} not used", keys, when, were), severity="warning")
        self._dropped = self._unready = 0

    async def _settle(self) -> None:
        """Wait until what the last key began is worked off, for `LIMIT` seconds at most."""
        ends = monotonic() + LIMIT
        before: object = None
        unchanged = 0
        while monotonic() < ends and self._app.is_running:
            pumps = self._pumps()
            await self._reach(pumps, ends)
            now = (tuple(self._app.screen_stack), self._app.focused, tuple(self._pumps()))
            unchanged = unchanged + 1 if now == before else 0
            before = now
            if (
                unchanged
                and self._is_laid_out()
                and not self._is_searching()
                and (unchanged > ROUNDS or self._is_quiet(pumps))
            ):
                return
            if not self._is_laid_out() or self._app.screen._callbacks or self._is_searching():
                await asyncio.sleep(0.002)

    def _pumps(self) -> list[MessagePump]:
        return [self._app, *self._app.screen_stack, *self._app.screen.walk_children()]

    async def _reach(self, pumps: list[MessagePump], ends: float) -> None:
        """Wait until every pump has handled what is in its queue now."""
        pending = set(pumps)
        reached = asyncio.Event()

        def here(pump: MessagePump) -> None:
            pending.discard(pump)
            if not pending:
                reached.set()

        for pump in pumps:
            if not pump.call_later(here, pump):
                here(pump)
        while pending and monotonic() < ends:
            await _within(reached, SLICE)
            pending -= {pump for pump in pending if not pump.is_attached}

    def _is_laid_out(self) -> bool:
        screen = self._app.screen
        return screen.is_mounted and not screen._layout_required and bool(screen.size)

    def _is_quiet(self, pumps: list[MessagePump]) -> bool:
        waiting = any(pump.message_queue_size or pump._next_callbacks for pump in pumps)
        return not waiting and not self._app.screen._callbacks


def _is_written(event: Typed) -> bool:
    """Tell whether it writes text where a field has the focus."""
    return isinstance(event, events.Paste) or (isinstance(event, events.Key) and is_written(event.character))


async def _within(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
