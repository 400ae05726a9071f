"""Words to the reading script that keep it alive and ask whether the file is still the one that was read."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.remote.tail.answers import Check
from cockpit.remote.tail.cursor import Cursor, RecordPlace

if TYPE_CHECKING:
    from cockpit.remote.ssh.process import RemoteProcess


class ContentChecks:
    """The heartbeats and checks of one run of the script."""

    def __init__(
        self,
        position: Callable[[], RecordPlace | None],
        following: Callable[[], bool],
        *,
        heartbeat: float,
        interval: float,
    ) -> None:
        """Prepare; `started` begins.

        Args:
            position: how far the file was delivered.
            following: whether the script follows the file now.
            heartbeat: seconds between two words to the script.
            interval: seconds after which bytes that were read are checked again.
        """
        self.verified: Cursor | None = None
        """Position up to which everything delivered is known to be of one content. A later check proves it by the bytes
        before this position and not by the newest: those might already come from a content that took its place."""
        self._position = position
        self._following = following
        self._heartbeat = heartbeat
        self._interval = interval
        self._process: RemoteProcess | None = None
        self._asked: deque[RecordPlace] = deque()
        self._spoke_at = 0.0
        self._heartbeat_timer: asyncio.TimerHandle | None = None
        self._check_timer: asyncio.TimerHandle | None = None
        self._ended = False

    def started(self, process: RemoteProcess) -> None:
        """Learn the process; the first heartbeat follows after an interval: a script that just started waits for it."""
        self._process = process
        if not self._ended:
            self._heartbeat_later(self._heartbeat)

    def end(self) -> None:
        """Say no more."""
        self._ended = True
        for timer in (self._heartbeat_timer, self._check_timer):
            if timer is not None:
                timer.cancel()

    def later(self) -> None:
        """Have the file checked after the interval, if no check is under way."""
        if self._check_timer is None and not self._ended:
            self._check_timer = asyncio.get_running_loop().call_later(self._interval, self._check)

    def proof(self) -> str:
        """Return the words by which the script proves the content up to `verified`."""
        assert self.verified is not None
        at, identity = self.verified, self.verified.identity
        return f"{at.offset} {at.anchor_length} {at.anchor_digest} {identity.head_length} {identity.head_digest}"

    def answered(self, check: Check) -> bool:
        """Take the answer to the oldest open check; return whether the content is still the same."""
        asked = self._asked.popleft()
        if check.good:
            self.verified = asked.cursor()
        return check.good

    def _say(self, words: bytes) -> None:
        assert self._process is not None
        self._process.write(words)
        self._spoke_at = asyncio.get_running_loop().time()

    def _heartbeat_later(self, seconds: float) -> None:
        self._heartbeat_timer = asyncio.get_running_loop().call_later(seconds, self._heartbeat_due)

    def _heartbeat_due(self) -> None:
        """Send a heartbeat, unless a check was one."""
        quiet = asyncio.get_running_loop().time() - self._spoke_at
        if quiet >= self._heartbeat * 0.9:
            self._say(b"heartbeat\n")
            quiet = 0.0
        self._heartbeat_later(self._heartbeat - quiet)

    def _check(self) -> None:
        self._check_timer = None
        here = self._position()
        if self._process is not None and here is not None and self.verified is not None and self._following():
            self._asked.append(here)
            self._say(f"check {self.proof()}\n".encode())
