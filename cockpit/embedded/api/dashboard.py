"""The dashboard's routes: the link that opens it, its pages, and the services behind its session."""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import Template

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from cockpit.embedded.api.exchange import Rejected, json_response, plain, query
from cockpit.embedded.api.gate import SERVICE_PREFIXES, is_below, is_token
from cockpit.embedded.api.page.files import html, loaded, page
from cockpit.embedded.api.page.report import report_page
from cockpit.embedded.api.service_records import ServiceRecords
from cockpit.embedded.api.sessions import SESSION_LIFETIME, Sessions

PROXY = "/ui/api"
WITH_TOKEN = (*SERVICE_PREFIXES, "/auth/magic-link")
"""What a session may ask for as if it brought the token."""
ENTERED = '<html><head><meta http-equiv="refresh" content="0;url=/ui/"></head></html>'
PASSED_ON = (b"content-type", b"cache-control")
"""Headers of an answer that reach the browser through the proxy."""


class Dashboard:
    """The routes of the dashboard; the gate has asked for a session where one is needed."""

    def __init__(self, services: ServiceRecords, sessions: Sessions, token: str) -> None:
        self._reports = services.reports
        self._sessions = sessions
        self._token = token.encode()

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/auth/magic-link", self.make_link, methods=["POST"]),
            Route("/ui/login", self.enter, methods=["GET"]),
            Route("/ui/static/{file}", self.load, methods=["GET"]),
            Route("/favicon.ico", self.show_icon, methods=["GET"]),
            Route("/ui/", self.show, methods=["GET"]),
            Route("/ui/report/{id}", self.show_report, methods=["GET"]),
            Route(f"{PROXY}/{{path:path}}", _Proxy(self._token)),
            Route("/twilio/webhook", self.message, methods=["POST"]),
        ]

    async def make_link(self, request: Request) -> Response:
        """POST /auth/magic-link: an address that opens the dashboard once."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not is_token(given, self._token):
            raise Rejected(401, "Unauthorized")
        link = self._sessions.make_link()
        host = request.headers.get("host") or "localhost:3000"
        proto = request.headers.get("x-forwarded-proto") or "https"
        return json_response({"url": f"{proto}://{host}/ui/login?token={link.token}", "expiresAt": link.expires_at})

    async def enter(self, request: Request) -> Response:
        """GET /ui/login: uses a link up and begins a session."""
        token = query(request, "token")
        if not token:
            return _login("Agent Services Dashboard", "It opens by a link that whoever has the token asks for.")
        session = self._sessions.enter(token)
        if session is None:
            return _login("Invalid or expired link", "Ask for a new one.", 401)
        cookie = f"session={session}; Path=/; HttpOnly; SameSite=Lax; Max-Age={SESSION_LIFETIME:.0f}"
        if request.url.scheme == "https":
            cookie += "; Secure"
        return html(ENTERED, headers={"set-cookie": cookie})

    async def load(self, request: Request) -> Response:
        """GET /ui/static/:file: what the pages load; nothing secret is among it."""
        return self._loaded(request.path_params["file"])

    async def show_icon(self, _request: Request) -> Response:
        """GET /favicon.ico: a browser asks for it where a page names no icon, as the one that follows a link."""
        return self._loaded("icon.svg")

    def _loaded(self, name: str) -> Response:
        found = loaded(name)
        if found is None:
            return plain(404, "Not found")
        content, kind = found
        return Response(content, headers={"content-type": kind, "x-content-type-options": "nosniff"})

    async def show(self, _request: Request) -> Response:
        """GET /ui/: the dashboard."""
        return html(page("dashboard.html"))

    async def show_report(self, request: Request) -> Response:
        """GET /ui/report/:id: a report for whoever has a session."""
        report = self._reports.get(request.path_params["id"])
        return plain(404, "404 Not Found") if report is None else report_page(report)

    async def message(self, _request: Request) -> Response:
        """POST /twilio/webhook: text messages are not taken."""
        content = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Message>Service not configured</Message></Response>'
        )
        return Response(content, 503, headers={"content-type": "text/xml"})


class _Proxy:
    """Hands `/ui/api/PATH` to `/PATH` of the same application, with the token where a session stands for it."""

    def __init__(self, token: bytes) -> None:
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in ("GET", "HEAD") and _is_from_elsewhere(Headers(scope=scope)):
            await json_response({"error": "this page belongs to another site"}, 403)(scope, receive, send)
            return
        path = scope["path"].removeprefix(PROXY)
        headers = [(name, value) for name, value in scope["headers"] if name in (b"host", b"content-type")]
        if any(is_below(path, prefix) for prefix in WITH_TOKEN):
            headers.append((b"authorization", b"Bearer " + self._token))
        inner = {**scope, "path": path, "headers": headers, "path_params": {}}
        inner["raw_path"] = scope.get("raw_path", path.encode()).removeprefix(PROXY.encode())

        async def passed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": list(_passed_on(message["headers"]))}
            await send(message)

        await scope["app"](inner, receive, passed)


def _passed_on(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    return ((name, value) for name, value in headers if name.lower() in PASSED_ON)


def _is_from_elsewhere(headers: Headers) -> bool:
    """Say whether a browser sends a request for a page that is not ours: another port of a host shares its cookies."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and re.sub("^https?://", "", origin) != headers.get("host")


def _login(title: str, why: str, status: int = 200) -> Response:
    return html(Template(page("login.html")).substitute(title=title, why=why), status)
