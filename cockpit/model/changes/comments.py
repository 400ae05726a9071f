"""Comments on changed lines: gathered in rounds, each round one message to the agent, each comment with a number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from cockpit.model.changes.diff import FileChange, moved_line
from cockpit.model.changes.report import LOOSE
from cockpit.model.ids import CommandId

QUOTED = 200
"""Characters of the line that go along."""

MOST = 200
"""Comments of one round."""

_HANDLED = re.compile(r"^\W*handled\b[:\s]*((?:C\d{1,6}\b[\s,.;&`*]*(?:and\b\s*)?)+)", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"C(\d{1,6})", re.IGNORECASE)


RoundMode = Literal["prompt", "steer", "follow-up"]
"""How a round is sent."""


class CommentState(StrEnum):
    """What became of a comment."""

    DRAFT = "draft"
    """It waits for its round to be sent."""
    OPEN = "open"
    HANDLED = "handled"
    OUTDATED = "outdated"
    """The line it is about is another one now."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What the operator says about one line."""

    place: str
    """The repository, from the workspace on."""
    path: str
    line: int
    """From 1, in the file as it was then; of a removed line, in the file before."""
    quoted: str
    """The line itself."""
    commit: str
    """The state of the repository that the line is of."""
    note: str
    removed: bool = False
    """It is about a line that was removed."""
    number: int = 0
    """Its id within the agent, written `C3`; 0 before it is kept."""
    at: float = 0.0
    command: CommandId | None = None
    """The message it was sent with; None as long as it was not."""
    handled_by: str = ""
    """Who said that it is dealt with: `you` or `the agent`."""
    line_now: int | None = None
    """Where the line is now, as last seen; None if it is another one, or nobody has looked."""
    outdated: bool = False

    @property
    def name(self) -> str:
        """How it is called, here and to the agent."""
        return f"C{self.number}"

    @property
    def state(self) -> CommentState:
        """What became of it."""
        if self.handled_by:
            return CommentState.HANDLED
        if self.outdated:
            return CommentState.OUTDATED
        return CommentState.DRAFT if self.command is None else CommentState.OPEN

    @property
    def where(self) -> str:
        """Repository, file and line in words."""
        head = "" if self.place in (".", LOOSE) else f"{self.place.removeprefix('./')}/"
        return f"{head}{self.path}:{self.line}{' (removed)' if self.removed else ''}"


def round_message(comments: Sequence[Comment]) -> str:
    """Return the message that carries a round of comments."""
    many = f"{len(comments)} comments" if len(comments) != 1 else "A comment"
    head = (
        f"{many} on your changes. When you have dealt with one, say so in your answer on a line of its own, "
        f"such as `handled {comments[0].name}`."
    )
    told = [f"{one.name} {one.where}\n> {one.quoted[:QUOTED].strip()}\n{one.note}" for one in comments]
    return "\n\n".join([head, *told])


def handled_in(texts: Iterable[str]) -> frozenset[int]:
    """Return the numbers of the comments that answers of the agent say are dealt with."""
    return frozenset(
        int(number) for text in texts for found in _HANDLED.finditer(text) for number in _NUMBER.findall(found[1])
    )


def line_now(comment: Comment, files: Iterable[FileChange]) -> int | None:
    """Return where a comment's line is, by what changed since then without context; None if it is another one.

    Of a removed line: None once it is there again.
    """
    file = next((file for file in files if comment.path in (file.old, file.new)), None)
    if comment.removed:
        hunks = file.hunks if file is not None else ()
        gone = any(line.old == comment.line for hunk in hunks for line in hunk.lines)
        return comment.line if gone else None
    if file is None:
        return comment.line
    if file.status == "D" or file.binary or not file.whole:
        return None
    return moved_line(file.hunks, comment.line)
