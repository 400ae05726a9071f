"""Links that open the dashboard once, and the sessions that they begin: in memory, gone with the server."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cockpit.embedded.api.moments import text_of
from cockpit.services import ulid

LINK_LIFETIME = 300.0
SESSION_LIFETIME = 86_400.0
"""Seconds; a browser is told the same."""
LIMIT = 1_000
"""Links, and sessions, that live at once; the oldest go first."""


@dataclass(frozen=True, slots=True)
class LoginLink:
    """What opens the dashboard once."""

    token: str
    expires_at: str


class Sessions:
    """The links that were not used and the sessions that go on."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._links: dict[str, float] = {}
        self._sessions: dict[str, float] = {}

    def make_link(self) -> LoginLink:
        """Make a link."""
        token = self._secret() + self._secret()
        ends = self._clock() + LINK_LIFETIME
        _add(self._links, token, ends, self._clock())
        return LoginLink(token, text_of(datetime.fromtimestamp(ends, UTC)))

    def enter(self, token: str) -> str | None:
        """Use a link up; return the id of the session that it begins, None if it is used, unknown or too old."""
        ends = self._links.pop(token, 0.0)
        if ends < self._clock():
            return None
        session = self._secret()
        _add(self._sessions, session, self._clock() + SESSION_LIFETIME, self._clock())
        return session

    def has_link(self, token: str) -> bool:
        """Say whether a link of these was made and not used yet."""
        return self._links.get(token, 0.0) >= self._clock()

    def is_open(self, session: str) -> bool:
        """Say whether a session goes on."""
        return self._sessions.get(session, 0.0) >= self._clock()

    def _secret(self) -> str:
        return ulid.encode(int(self._clock() * 1000), secrets.randbits(ulid.RANDOM_BITS))


def _add(kept: dict[str, float], secret: str, ends: float, now: float) -> None:
    """Keep a secret until it ends, and forget those that ended or are too many."""
    for other in [other for other, until in kept.items() if until < now]:
        del kept[other]
    while len(kept) >= LIMIT:
        del kept[next(iter(kept))]
    kept[secret] = ends
