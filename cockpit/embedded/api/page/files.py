"""The files of the pages, and the headers that keep a browser from doing anything else with them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.responses import Response

DIRECTORY = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "application/javascript", ".svg": "image/svg+xml"}
"""What a browser may load, by the end of its name; a page itself is answered by its route."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
GUARDS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
"""On every page: nothing inline runs, nothing is loaded from elsewhere, and no address leaves with a token in it."""


def html(content: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a page."""
    answer = Response(content, status, headers={**GUARDS, **(headers or {})})
    answer.headers["content-type"] = "text/html; charset=UTF-8"
    return answer


@cache
def page(name: str) -> str:
    """Return the text of one of our pages."""
    return (DIRECTORY / name).read_text(encoding="utf-8")


@cache
def loaded(name: str) -> tuple[bytes, str] | None:
    """Return what a page loads, and its type; None if there is none of the name."""
    kind = TYPES.get(Path(name).suffix)
    if kind is None or name not in (file.name for file in DIRECTORY.iterdir()):
        return None
    return (DIRECTORY / name).read_bytes(), kind
