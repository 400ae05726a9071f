"""Changes in a text: which lines of it belong to a unified diff, and the colour of each."""

from __future__ import annotations

import re

ADDED = "$transcript-diff-added"
REMOVED = "$transcript-diff-removed"
HUNK = "$transcript-diff-hunk"
HEADER = "bold $muted"
CONTEXT = "$transcript-output"

_HUNK = re.compile(r"@@+ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_HEADS = ("diff ", "index ", "--- ", "+++ ", "new file mode ", "deleted file mode ", "old mode ", "new mode ",
          "similarity index ", "rename from ", "rename to ", "copy from ", "copy to ", "Binary files ")  # fmt: skip
_COLOURS = re.compile("\x1b\\[[0-9;]*[mK]")


def change_style(line: str) -> str:
    """Return the colour of a line of which it is known that it belongs to a change."""
    stripped = line.lstrip(" 0123456789")
    if line.startswith(("+++ ", "--- ", "diff ", "index ")) or line in ("+++", "---"):
        return HEADER
    if line.startswith("@@"):
        return HUNK
    if line.startswith("+") or (stripped != line and stripped.startswith("+")):
        return ADDED
    if line.startswith("-") or (stripped != line and stripped.startswith("-")):
        return REMOVED
    return CONTEXT


class DiffReader:
    """Reads a text line by line and tells what belongs to a change: a list with dashes is none."""

    def __init__(self) -> None:
        self._old = self._new = 0
        """Lines that are still to come of the hunk."""
        self._headed = False
        """The line before was one of a change's head."""

    def style(self, line: str) -> str:
        """Return the colour of the next line; empty if it is no part of a change."""
        if self._old > 0 or self._new > 0:
            return self._in_hunk(line)
        if (begun := _HUNK.match(line)) is not None:
            self._old, self._new = (int(number) if number is not None else 1 for number in begun.groups())
            return HUNK
        starts = line.startswith("diff --git ")
        self._headed = starts or (line.startswith(_HEADS) and (self._headed or line.startswith(("--- ", "Index: "))))
        return HEADER if self._headed and (starts or not line.startswith("--- ") or len(line) > 4) else ""

    def _in_hunk(self, line: str) -> str:
        match line[:1]:
            case "+":
                self._new -= 1
                return ADDED
            case "-":
                self._old -= 1
                return REMOVED
            case "\\":
                return HEADER
            case " " | "":
                self._old -= 1
                self._new -= 1
                return CONTEXT
            case _:  # it was no change, or one that was cut
                self._old = self._new = 0
                return self.style(line)


def diff_styles(text: str) -> list[str]:
    """Return the colour of each line of a text, empty where it has none; nothing at all where there is no change."""
    if "@@ -" not in text:
        return []
    plain = _COLOURS.sub("", text) if "\x1b" in text else text
    reader = DiffReader()
    return [reader.style(line) for line in plain.split("\n")]
