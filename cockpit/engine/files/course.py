"""The course of one transfer: bytes, files, rate, what was left out; and how long it holds on to a link that drops."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace

from cockpit.engine.cancellation import check_cancelled
from cockpit.engine.files.reach import FileReach, OutOfReach, Reached
from cockpit.engine.operation import describe
from cockpit.errors import CockpitError
from cockpit.model.files.transfer import LEFT_OUT_KEPT, LeftOut, Transfer, TransferState
from cockpit.remote.errors import ChannelRefused, CommandTimedOut, Dropped

log = logging.getLogger(__name__)

PATIENCE = 300.0
"""Seconds a transfer waits for a link that dropped."""

FRUITLESS = 5
"""Times in a row that it goes on without a byte having come, before it gives up."""

PAUSE = 0.5
"""Seconds before it goes on, doubled each fruitless time."""

AT_ONCE = 4
"""Files of a tree that are on their way at the same time."""

RATE_TIME = 4.0
"""Seconds over which the rate is measured."""

_GAVE_OUT = (Dropped, ChannelRefused, CommandTimedOut)


class TransferCourse:
    """Keeps what is known of a transfer; files of one transfer may be on their way at the same time."""

    def __init__(self, transfer: Transfer, now: Callable[[], float], show: Callable[[Transfer], None]) -> None:
        self.transfer = transfer
        self._now = now
        self._show = show
        self._finished = 0
        self._under_way: dict[str, int] = {}
        self._samples: deque[tuple[float, int]] = deque()
        self._moved = 0
        """Bytes that came over the link."""

    def expect(self, files: int, size: int) -> None:
        """Say what is to be carried altogether."""
        self._put(of_files=files, total=size)

    def begin(self, path: str, there: int) -> None:
        """Say that a file is on its way, and how much of it is there already; less than before after a new start."""
        self._under_way[path] = there
        self._put(current=path)

    def came(self, path: str, size: int) -> None:
        """Say that bytes of a file were carried."""
        self._under_way[path] += size
        self._moved += size
        self._put()

    def whole(self, path: str, size: int, *, same: bool = False) -> None:
        """Say that a file is where it belongs.

        Args:
            path: which.
            size: bytes of it.
            same: it was there already.
        """
        self._under_way.pop(path, None)
        self._finished += size
        self._put(files=self.transfer.files + 1, same=self.transfer.same + same)

    def leave_out(self, path: str, why: str) -> None:
        """Say that something is not carried."""
        self._under_way.pop(path, None)
        known = self.transfer.left_out
        kept = (*known, LeftOut(path, why)) if len(known) < LEFT_OUT_KEPT else known
        self._put(left_out=kept, left_out_count=self.transfer.left_out_count + 1)

    def wait(self, reason: str) -> None:
        """Say that it waits for the link."""
        self._samples.clear()
        self._put(state=TransferState.WAITING, reason=reason)

    def end(self, state: TransferState, reason: str = "") -> None:
        """End it."""
        self._put(state=state, reason=reason, ended_at=self._now(), current="", rate=0.0)

    async def persist(
        self, reach: FileReach, act: Callable[[Reached], Awaitable[None]], *, limit: float = PATIENCE
    ) -> None:
        """Do a part of the transfer, and go on with it when the link is back after a drop.

        Raises:
            CockpitError: it cannot be done, or the link did not come back in time.
        """
        fruitless = 0
        while True:
            before = self._moved
            try:
                async with reach.within(self.transfer.order.agent, limit) as reached:
                    if self.transfer.state is TransferState.WAITING:
                        self._put(state=TransferState.RUNNING, reason="")
                    await act(reached)
                    return
            except _GAVE_OUT as error:
                check_cancelled()
                fruitless = 0 if self._moved > before else fruitless + 1
                if fruitless > FRUITLESS:
                    raise
                log.info("a transfer waits for the link of %s: %s", self.transfer.order.agent, error)
                self.wait(error.message)
            await asyncio.sleep(PAUSE * 2**fruitless)

    async def try_one(self, path: str, act: Awaitable[None]) -> None:
        """Do what concerns one file of many; one that cannot be carried keeps no other."""
        try:
            await act
        except (OutOfReach, *_GAVE_OUT):
            raise
        except CockpitError as error:
            self.leave_out(path, describe(error))

    def _put(self, **changes: object) -> None:
        now = self._now()
        if "state" not in changes and self.transfer.state is TransferState.RUNNING:
            if not self._samples or now - self._samples[-1][0] >= 0.1:
                self._samples.append((now, self._moved))
            while len(self._samples) > 2 and now - self._samples[0][0] > RATE_TIME:
                self._samples.popleft()
            began, moved = self._samples[0]
            if now - began >= 0.2:
                changes["rate"] = (self._moved - moved) / (now - began)
        done = self._finished + sum(self._under_way.values())
        self.transfer = replace(self.transfer, done=done, **changes)  # type: ignore[arg-type]
        self._show(self.transfer)


async def side_by_side(work: Callable[[], Awaitable[None]]) -> None:
    """Do the same several times at once; the first failure ends the others and is raised."""
    tasks = [asyncio.ensure_future(work()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
