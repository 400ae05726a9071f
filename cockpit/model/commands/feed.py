"""Commands about the feed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublishEvent:
    """Put an event on the feed."""

    kind: str
    summary: str
    detail: str = ""
    author: str = ""
    """Whose event it is; empty for the operator."""
    source: str = ""
    """On whose feed; empty for the first source's."""
