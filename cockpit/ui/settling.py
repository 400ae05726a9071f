"""Waits until what a key began is worked off: the screen it led to is mounted and laid out, and no message goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from weakref import WeakSet

from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import Screen

log = logging.getLogger(__name__)

SLICE = 0.02
"""Seconds between two looks whether a widget that is waited for was removed."""

PAUSE = 0.002
"""Seconds between two looks whether a screen is laid out."""

STEP = 0.1
"""Seconds that count at most between two looks at the clock."""

COMING = 10
"""How much longer a screen is waited for that a key led to and that is not laid out yet: only there can it be used."""

MOMENTS = 4
"""Times that those who have something to do are let go on before everybody is asked."""

ROUNDS = 12
"""Rounds without a change of screen or focus after which a screen that is never quiet counts as settled."""


class Patience:
    """How long is waited, in seconds during which the loop ran.

    A loop that stood still (a long draw, a process that was stopped and goes on) gave nobody a turn meanwhile: however
    long that took, it counts as one step.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._looked = monotonic()

    def ended(self) -> bool:
        """Tell whether the time is up."""
        now = monotonic()
        self._left -= min(now - self._looked, STEP)
        self._looked = now
        return self._left <= 0


class PatienceWithComing:
    """Patience that begins once the screen has come that is waited for; for that it waits longer, but not for ever."""

    def __init__(self, seconds: float, is_coming: Callable[[], bool]) -> None:
        self._seconds = seconds
        self._usual, self._longest = Patience(seconds), Patience(seconds * COMING)
        self._is_coming = is_coming

    def ended(self) -> bool:
        """Tell whether the time is up."""
        longest = self._longest.ended()
        if not self._is_coming():
            return self._usual.ended()
        self._usual = Patience(self._seconds)
        return longest


class Settling:
    """Knows when an application has come to rest, and what in it is not worth waiting for."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._deaf: WeakSet[MessagePump] = WeakSet()
        """What was waited for in vain; it is waited for again once it has answered."""
        self._shapeless: WeakSet[Screen[object]] = WeakSet()
        """Screens whose layout was waited for in vain, until they are laid out after all."""

    async def wait(self, seconds: float) -> None:
        """Wait until what the last key began is worked off, for some seconds at most.

        For a screen that is still to come it is waited longer: whatever is written for it would be lost elsewhere.
        """
        patience = PatienceWithComing(seconds, self._is_coming)
        before: object = None
        unchanged = 0
        while self._app.is_running:
            if patience.ended():
                if self._is_pending():
                    self._shapeless.add(self._app.screen)
                return
            pumps = self._pumps()
            self._deaf.update(await self._reach(pumps, patience))
            now = (tuple(self._app.screen_stack), self._app.focused, tuple(self._pumps()))
            unchanged = unchanged + 1 if now == before else 0
            before = now
            ready = not self._is_pending()
            if unchanged and ready and (unchanged > ROUNDS or self._is_quiet(pumps)):
                return
            if not ready or self._app.screen._callbacks:
                await asyncio.sleep(PAUSE)

    async def comes_to_rest(self) -> bool:
        """Let those that have something to do go on for a moment; tell whether nothing is under way then.

        Where agents stream, something of theirs is under way at any time: to ask each part of the screen whether it has
        done all, as `wait` does twice, takes longer than a key's whole way.
        """
        for _ in range(MOMENTS):
            if self.is_at_rest():
                return True
            busy = [pump for pump in self._pumps() if _has_work(pump)]
            if not busy:
                return False  # a screen is to come
            await self._reach(busy, PatienceWithComing(SLICE, self._is_coming))
        return self.is_at_rest()

    def is_at_rest(self) -> bool:
        """Tell whether nothing is under way now."""
        return not self._is_pending() and self._is_quiet(self._pumps())

    def _pumps(self) -> list[MessagePump]:
        pumps = [self._app, *self._app.screen_stack, *self._app.screen.walk_children()]
        return [pump for pump in pumps if pump not in self._deaf]

    async def _reach(self, pumps: list[MessagePump], patience: PatienceWithComing) -> set[MessagePump]:
        """Wait until every pump has handled what is in its queue now; return those that were waited for in vain."""
        pending = set(pumps)
        reached = asyncio.Event()

        def here(pump: MessagePump) -> None:
            self._deaf.discard(pump)
            pending.discard(pump)
            if not pending:
                reached.set()

        for pump in pumps:
            if not pump.call_later(here, pump):
                here(pump)
        while pending:
            await _within(reached, SLICE)
            pending -= {pump for pump in pending if not pump.is_attached}
            if patience.ended():
                break
        return pending

    def _is_pending(self) -> bool:
        """Tell whether the screen is still to be laid out, and worth waiting for."""
        screen = self._app.screen
        if self._is_laid_out():
            self._shapeless.discard(screen)
            return False
        return screen not in self._shapeless and screen not in self._deaf

    def _is_coming(self) -> bool:
        """Tell whether the screen is not mounted yet, and worth waiting for: one that is laid out anew is there."""
        return not self._app.screen.is_mounted and self._is_pending()

    def _is_laid_out(self) -> bool:
        screen = self._app.screen
        return screen.is_mounted and not screen._layout_required and bool(screen.size)

    def _is_quiet(self, pumps: list[MessagePump]) -> bool:
        waiting = any(map(_has_work, pumps))
        screen = self._app.screen
        return not waiting and (screen in self._deaf or not screen._callbacks)


def _has_work(pump: MessagePump) -> bool:
    return bool(pump.message_queue_size or pump._next_callbacks)


async def awaited_within(
    seconds: float, work: Callable[..., Awaitable[object]], *arguments: object, **named: object
) -> None:
    """Wait for work, for some seconds at most; after that it goes on by itself."""
    task = asyncio.ensure_future(work(*arguments, **named))
    done, _ = await asyncio.wait([task], timeout=seconds)
    if done:
        task.result()
    else:
        log.warning("%r has not ended after %s s and is no longer waited for", work, seconds)


async def _within(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
