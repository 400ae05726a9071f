"""One entry of a transcript: what is shown of a message, a tool call, a question or a notice."""

from __future__ import annotations

from enum import StrEnum

from cockpit.model.reduce.tools import one_line

ENTRY_LIMIT = 128 * 1024
"""Characters one entry keeps; of a longer text the head and the tail stay, and a line in between says what is gone."""

PARTS_LIMIT = 1024
"""Pieces held before they are joined: a delta of five characters costs ten times its length as a string of its own."""

ENTRY_OVERHEAD = 256
"""Bytes an entry counts for beside its texts."""


class EntryKind(StrEnum):
    """What an entry is; the pane chooses glyph and colour from it."""

    USER = "user"
    """The operator's prompt."""
    STEER = "steer"
    """The operator's steer, at the place where the agent read it."""
    FOLLOW_UP = "follow-up"
    ANSWER = "answer"
    THINKING = "thinking"
    TOOL = "tool"
    NOTICE = "notice"
    """What an extension says, a retry, a compaction, an abort."""
    QUESTION = "question"
    """A dialog; open while it waits for a person."""
    ERROR = "error"
    MARKER = "marker"
    """A seam: the agent started or exited, the output file was replaced."""
    BORDER = "border"
    """Not the agent's: why nothing older than this is shown."""
    OUTPUT = "output"
    """What a program that only prints has printed."""
    RAW = "raw"
    """A line this version cannot read, as it came."""
    COMMAND = "command"
    """The operator's own shell command and its output."""


class Entry:
    """One entry; it changes while `open`, and `revision` grows with every change."""

    __slots__ = (
        "_cut",
        "_head",
        "_limit",
        "_parts",
        "_size",
        "at",
        "call_id",
        "complete",
        "cost",
        "counted",
        "diff",
        "duration",
        "ended_at",
        "epoch",
        "exit_code",
        "failed",
        "held",
        "key",
        "kind",
        "line",
        "open",
        "revision",
        "said_at",
        "title",
        "told_line",
        "written",
    )

    def __init__(
        self,
        key: int,
        kind: EntryKind,
        title: str,
        at: float,
        *,
        line: int,
        epoch: int,
        limit: int = ENTRY_LIMIT,
    ) -> None:
        self.key = key
        """Grows by one from entry to entry and never changes; negative for history that was paged in."""
        self.kind = kind
        self.title = one_line(title, 300)
        self.at = at
        """Unix seconds of the first record."""
        self.line = line
        """Line number in its epoch of the first record, or of the one it stands behind: it never falls on the way down.
        """
        self.told_line = line
        """Line number of the first record: a later one than `line` where it was told late."""
        self.epoch = epoch
        self.open = False
        """More is expected: text streams, a tool runs, a question waits."""
        self.failed = False
        self.held = False
        """A question waits that may be about it: nobody knows that it runs."""
        self.revision = 0
        """The transcript's revision at the last change of this entry."""
        self.diff = ""
        """A unified diff, for edits."""
        self.exit_code: int | None = None
        """Of a shell command, where the agent says it."""
        self.duration: float | None = None
        """Seconds a tool or a whole answer took, where the agent says it."""
        self.cost: float | None = None
        """US dollars of the answer this is, or of the one that made this call and says nothing beside its calls."""
        self.said_at: float | None = None
        """Unix seconds by the agent's clock, where it says when its message was made."""
        self.ended_at: float | None = None
        """Unix seconds by the agent's clock, where it says when the answer was complete."""
        self.written = ""
        """What a call puts into a file."""
        self.call_id = ""
        """The tool call, dialog or command this entry belongs to."""
        self.complete = False
        """The text is the agent's final one, not what deltas have built so far."""
        self.counted = 0
        """The size the transcript has in its books."""
        self._limit = max(64, limit)
        self._parts: list[str] = []
        self._size = 0
        self._head = ""
        self._cut = 0

    def __repr__(self) -> str:
        return f"Entry({self.key}, {self.kind.value}, {self.title!r}, {self.text[:60]!r})"

    @property
    def text(self) -> str:
        """The text so far; hostile until sanitised."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        tail = self._parts[0] if self._parts else ""
        if not self._cut:
            return tail
        return f"{self._head}\n… {self._cut} characters are not kept here …\n{tail}"

    @property
    def moment(self) -> float:
        """Unix seconds of its beginning: as the agent says it, else when its first record arrived here."""
        return self.said_at if self.said_at is not None else self.at

    @property
    def size(self) -> int:
        """Characters held, plus a fixed share for the entry itself."""
        return self._size + len(self._head) + len(self.title) + len(self.diff) + len(self.written) + ENTRY_OVERHEAD

    def append(self, text: str) -> None:
        """Add text at the end."""
        self._parts.append(text)
        self._size += len(text)
        if self._size > self._limit or len(self._parts) > PARTS_LIMIT:
            self._tighten()

    def replace(self, text: str) -> bool:
        """Set the whole text; return False when it is what stands there already."""
        if not self._cut and len(text) == self._size and text == self.text:
            return False
        self._parts = [text]
        self._size = len(text)
        self._head = ""
        self._cut = 0
        if self._size > self._limit:
            self._tighten()
        return True

    def put_before(self, text: str) -> None:
        """Add text at the front: the start of a message of which only the end was read first."""
        self.replace(text + self.text)

    def keep_diff(self, diff: str) -> None:
        """Set the diff, cut to the entry's limit."""
        self.diff = self._within(diff)

    def keep_written(self, text: str) -> None:
        """Set what a call puts into a file, cut to the entry's limit."""
        self.written = self._within(text)

    def _within(self, text: str) -> str:
        gone = len(text) - self._limit
        return text if gone <= 0 else f"{text[: self._limit]}\n… {gone} characters are not kept here …"

    def _tighten(self) -> None:
        """Join the pieces, and beyond the limit keep half of it as head and half of it as tail."""
        joined = "".join(self._parts)
        half = self._limit // 2
        if len(joined) > self._limit:
            if not self._cut:
                self._head, joined = joined[:half], joined[half:]
            self._cut += len(joined) - half
            joined = joined[-half:]
        self._parts = [joined]
        self._size = len(joined)
