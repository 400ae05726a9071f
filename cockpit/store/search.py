"""Full-text search: which texts of an event are found again, and how what a person types becomes a query."""

from __future__ import annotations

import sqlite3
import unicodedata

import msgspec

from cockpit.model.codec import safe_text
from cockpit.model.events import Event, MessageEnded, MessageStarted, RetryStarted
from cockpit.model.extensions import DialogRequested
from cockpit.model.ids import AgentId
from cockpit.model.past import SearchHit
from cockpit.model.tool_use import ToolEnded, ToolStarted

MESSAGE_HEAD = 20_000
"""Characters of a prompt or an answer that can be found."""

OUTPUT_HEAD = 4_000
"""Characters of a tool's arguments or output that can be found: the rest is rarely words."""

MAX_QUERY = 1_000
"""Characters of a query that are looked at."""

MAX_WORDS = 24
"""Words of a query that are looked at: each costs a walk through the index."""

EXCERPT_WORDS = 24
"""Words around a match that a hit shows."""

# Private marks around a match. They are taken out of the texts, so that an agent cannot forge them.
_OPEN, _CLOSE = "\x02", "\x03"
_UNMARKED = str.maketrans({_OPEN: " ", _CLOSE: " ", "\0": " "})

_QUERY = f"""
SELECT epochs.agent, epochs.epoch, texts.line, texts.at, texts.source,
       snippet(texts_index, 0, '{_OPEN}', '{_CLOSE}', '…', {EXCERPT_WORDS})
FROM texts_index
JOIN texts ON texts.id = texts_index.rowid
JOIN epochs ON epochs.id = texts.stream
WHERE texts_index MATCH ? AND (? IS NULL OR epochs.agent = ?)
ORDER BY texts_index.rowid DESC
LIMIT ?
"""


def searchable(event: Event) -> tuple[str, str] | None:
    """Return (source, text) of what an event says to a person, or None."""
    match event:
        case MessageStarted(role="user", text=text):
            found = ("prompt", text[:MESSAGE_HEAD])
        case MessageEnded(role="assistant"):
            text = event.text[:MESSAGE_HEAD]
            found = ("answer", text) if text else ("error", event.error[:OUTPUT_HEAD])
        case ToolStarted(name=name, arguments=arguments):
            found = ("tool", f"{name} {_values(arguments)}")
        case ToolEnded(text=text, is_error=is_error):
            found = ("error" if is_error else "output", text[:OUTPUT_HEAD])
        case DialogRequested(title=title, message=message):
            found = ("question", f"{title} {message}"[:MESSAGE_HEAD])
        case RetryStarted(error=error):
            found = ("error", error[:OUTPUT_HEAD])
        case _:
            return None
    source, text = found
    clean = safe_text(text).translate(_UNMARKED).strip()
    return (source, clean) if clean else None


def match_query(text: str) -> str:
    """Turn what a person typed into a query that FTS5 always accepts: every word, the last one as a beginning.

    Returns empty text where there is no word to look for.
    """
    cleaned = unicodedata.normalize("NFC", safe_text(text[:MAX_QUERY])).replace('"', " ").replace("\0", " ")
    # A word such as `store.py` stays together as a phrase; one without a letter or digit has nothing to look for.
    words = [word for word in cleaned.split() if any(mark.isalnum() for mark in word)][:MAX_WORDS]
    return " ".join(f'"{word}"' for word in words) + "*" if words else ""


def find(connection: sqlite3.Connection, text: str, agent: AgentId | None, limit: int) -> list[SearchHit]:
    """Return the newest hits first."""
    query = match_query(text)
    if not query or limit <= 0:
        return []
    name = None if agent is None else safe_text(agent)
    rows = connection.execute(_QUERY, (query, name, name, limit))
    return [_hit(*row) for row in rows]


def _hit(agent: str, epoch: int, line: int, at: float, source: str, marked: str) -> SearchHit:
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    position = 0
    before, *matches = marked.split(_OPEN)
    pieces.append(before)
    position += len(before)
    for match in matches:
        inside, _, after = match.partition(_CLOSE)
        spans.append((position, position + len(inside)))
        pieces += (inside, after)
        position += len(inside) + len(after)
    return SearchHit(AgentId(agent), epoch, line, at, source, "".join(pieces), tuple(spans))


def _values(arguments: dict[str, object]) -> str:
    """Return the arguments' values in their order, without the names that every call repeats."""
    parts: list[str] = []
    left = OUTPUT_HEAD
    for value in arguments.values():
        if left <= 0:
            break
        part = value if isinstance(value, str) else _json(value)
        parts.append(part[:left])
        left -= len(part)
    return " ".join(parts)


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return ""
