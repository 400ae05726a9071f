"""Commands about questions and blockers that stand on the board or in the feed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnswerOwed:
    """Answer: as a note where it was asked, and as a message to who asked."""

    key: str
    text: str
    steers: bool = False
    """An agent at work reads it before its next model call; else when its run is over."""


@dataclass(frozen=True, slots=True)
class SettleOwed:
    """Hear no more of it, without an answer."""

    key: str


@dataclass(frozen=True, slots=True)
class ReopenOwed:
    """Hear again of what was settled without an answer."""

    key: str


OwedCommand = AnswerOwed | SettleOwed | ReopenOwed
