"""A report as a page: readable without scripts, and every word of it inert."""

from __future__ import annotations

from html import escape
from string import Template
from typing import Any

from starlette.responses import Response

from cockpit.embedded.api.page.files import GUARDS, html, page

LINE_LENGTH = 40
"""Characters of a title in one line of the preview."""
LINES = 3


def report_page(report: dict[str, Any], image: str = "") -> Response:
    """Return the page of a report.

    Args:
        report: the report.
        image: the address of its preview, for what unfolds links.
    """
    title, author = str(report["title"]), str(report["author"])
    tags = report["tags"] if isinstance(report["tags"], list) else [report["tags"]]
    values = {
        "title": title,
        "author": author,
        "date": str(report["createdAt"])[:16].replace("T", " "),
        "tags": " · ".join(str(tag) for tag in tags),
        "content": str(report["content"]),
        "description": f"Report by @{author}",
        "image": image,
    }
    inert = {name: escape(_without_surrogates(value)) for name, value in values.items()}
    return html(Template(page("report.html")).substitute(inert))


def unknown_page(why: str) -> Response:
    """Return the page of an address that leads nowhere."""
    return html(Template(page("unknown.html")).substitute(why=escape(why)), 404)


def preview(report: dict[str, Any]) -> Response:
    """Return a card with the title and the author of a report, as SVG."""
    words, lines = _without_surrogates(str(report["title"])).split(), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) + 1 > LINE_LENGTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()[:LINE_LENGTH]
    shown = lines[:LINES]
    shown[-1] += "…" if len(lines) > LINES else ""
    texts = "".join(
        f'<text x="80" y="{200 + 52 * row}" font-size="44" fill="#fff">{_xml(line)}</text>'
        for row, line in enumerate(shown)
    )
    by = f'<text x="80" y="440" font-size="28" fill="#0fc">@{_xml(_without_surrogates(str(report["author"])))}</text>'
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630" font-family="sans-serif">'
        f'<rect width="1200" height="630" fill="#111"/>{texts}{by}</svg>'
    )
    headers = {**GUARDS, "cache-control": "public, max-age=3600", "content-type": "image/svg+xml"}
    return Response(picture, headers=headers)


def _xml(text: str) -> str:
    """Return a text for XML, which holds no control characters at all."""
    return escape("".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text))


def _without_surrogates(text: str) -> str:
    return (
        text.encode("utf-16-le", "surrogatepass")
        .decode("utf-16-le", "replace")
        .replace("\0", "\N{REPLACEMENT CHARACTER}")
    )
