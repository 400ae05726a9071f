"""Who gets in: the token's gate of the services, and the session's gate of the dashboard."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from cockpit.embedded.api.exchange import json_response
from cockpit.embedded.api.sessions import Sessions

SERVICE_PREFIXES = (
    "/board",
    "/feed",
    "/log",
    "/registry",
    "/skills",
    "/reports",
    "/usage",
    "/commits",
    "/journal",
)
PUBLIC = re.compile(r"/reports/share/[^/]+(/og-image\.svg)?")
"""Reports that were shared: their link is the key."""
WITHOUT_SESSION = ("/ui/login", "/ui/static")


def is_below(path: str, prefix: str) -> bool:
    """Say whether a path is a prefix, or goes on behind it."""
    return path == prefix or path.startswith(f"{prefix}/")


def is_token(text: str, token: bytes) -> bool:
    """Compare what was given with the token, in a time that says nothing of it."""
    return hmac.compare_digest(text.encode("latin-1", "replace"), token)


class ServiceGate:
    """Lets nobody to the services without the token, nor to the dashboard without a session."""

    def __init__(self, admit: Callable[[Scope, str], bool], sessions: Sessions) -> None:
        """Prepare.

        Args:
            admit: says whether a token is good, and notes on the call whose it is.
            sessions: those of the dashboard.
        """
        self._admit = admit
        self._sessions = sessions

    def refusal(self, scope: Scope) -> Response | None:
        """Return the answer to a call that may not come in, or None (hdresearch/vers-agent-services, src)."""
        path, headers = scope["path"], Headers(scope=scope)
        if is_below(path, "/ui"):
            return self._without_session(path, headers)
        if not any(is_below(path, prefix) for prefix in SERVICE_PREFIXES):
            return None
        if scope["method"] in ("GET", "HEAD") and PUBLIC.fullmatch(path):
            return None
        if not headers.get("authorization"):
            return json_response({"error": "Unauthorized — missing Authorization header"}, 401)
        found = re.fullmatch(r"Bearer\s+(.+)", headers["authorization"], re.IGNORECASE)
        if found is None or not self._admit(scope, found[1]):
            return json_response({"error": "Unauthorized — invalid token"}, 401)
        return None

    def _without_session(self, path: str, headers: Headers) -> Response | None:
        if path == WITHOUT_SESSION[0] or path.startswith(f"{WITHOUT_SESSION[1]}/"):
            return None
        found = re.search(r"(?:^|;\s*)session=([^;]+)", headers.get("cookie", ""))
        if found is not None and self._sessions.is_open(found[1]):
            return None
        return Response(status_code=302, headers={"location": "/ui/login", "content-type": "text/plain; charset=UTF-8"})
