"""A plan in Markdown, as a person writes one: a task is a heading or an item of a list, with its fields below it.

    # Release two
    at once: 3
    review: yes

    ## Write the parser
    role: worker
    paths: src/parser.py, tests/test_parser.py
    minutes: 15
    accept:
    - the tests in tests/test_parser.py pass
    - a broken line is reported with its number

    What one should know about it.

    ## Use it
    after: Write the parser

`after` names tasks by their title, by an `id:` of their own, by the number of a numbered list, or by what the title
begins with (`T1: Write the parser`). What is no field is the task's description; what is fenced is never read as one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cockpit.model.plan.draft import FIELDS, LISTS, SETTINGS, PlanDraft, Reading, nearest_field, planned, values_in
from cockpit.model.plan.plan import PlanFault

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*\Z")
_FENCE = re.compile(r"[ \t]*(```+|~~~+)")
_ITEM = re.compile(
    r"(?P<indent>[ \t]*)(?:[-*+]|(?P<number>\d{1,4})[.)])[ \t]+(?P<box>\[[ xX]\][ \t]+)?(?P<text>\S.*)\Z"
)
_FIELD = re.compile(
    r"[ \t]*(?:[-*+][ \t]+)?(?:\*\*|__)?(?P<name>[A-Za-z][A-Za-z ]{1,11}?)(?:\*\*|__)?[ \t]*:(?:\*\*|__)?"
    r"(?:[ \t]+(?P<value>.*))?\Z"
)
_NUMBERED = re.compile(r"(\d{1,4})[.)][ \t]+(\S.*)\Z")


def read_markdown(text: str, name: str) -> Reading:
    """Read a plan.

    Args:
        text: of it.
        name: how it is called where its text does not say.
    """
    reader = _Reader(_outline(text.splitlines()))
    for number, line in enumerate(text.splitlines(), 1):
        reader.take(number, line)
    title = reader.outline.title
    return planned(reader.drafts, reader.settings, title or name, reader.faults)


@dataclass(frozen=True, slots=True)
class _Outline:
    """How a text tells its tasks."""

    level: int
    """Of the headings that are tasks; 0 where items of a list are."""
    title: str = ""
    """Of the whole."""
    title_line: int = 0


def _outline(lines: list[str]) -> _Outline:
    headings: list[tuple[int, str, int]] = []
    fence = ""
    for number, line in enumerate(lines, 1):
        fence, inside = _fenced(fence, line)
        if not inside and (match := _HEADING.match(line)):
            headings.append((len(match[1]), match[2], number))
    levels = sorted({level for level, _, _ in headings})
    if not levels:
        return _Outline(0)
    first = headings[0]
    if first[0] == 1 and sum(level == 1 for level, _, _ in headings) == 1:
        return _Outline(levels[1] if len(levels) > 1 else 0, first[1], first[2])
    return _Outline(levels[0])


def _fenced(fence: str, line: str) -> tuple[str, bool]:
    """Return the fence that is open after a line, and whether the line is within one, its marks included."""
    match = _FENCE.match(line)
    if fence:
        closes = match is not None and match[1].startswith(fence) and not line.strip().strip(fence[0])
        return ("" if closes else fence), True
    return (match[1], True) if match else ("", False)


@dataclass(slots=True)
class _Reader:
    outline: _Outline
    drafts: list[PlanDraft] = field(default_factory=list)
    settings: dict[str, tuple[str, int]] = field(default_factory=dict)
    faults: list[PlanFault] = field(default_factory=list)
    _fence: str = ""
    _open: str = ""
    """The field whose values stand in a list below it."""

    def take(self, number: int, line: str) -> None:
        """Take the next line."""
        self._fence, inside = _fenced(self._fence, line)
        if inside:
            self._open = ""
            self._text(line)
        elif not line.strip():
            self._text("")
        elif not (self._heading(number, line) or self._item(number, line) or self._field(number, line)):
            self._open = ""
            self._text(line)

    def _heading(self, number: int, line: str) -> bool:
        match = _HEADING.match(line)
        if match is None:
            return False
        self._open = ""
        if number == self.outline.title_line:
            return True
        if len(match[1]) == self.outline.level:
            numbered = _NUMBERED.match(match[2])
            self._begin(match[2], number, numbered[1] if numbered else "")
        elif len(match[1]) > self.outline.level > 0:
            if not self.drafts:
                self.faults.append(PlanFault(number, f"the heading {match[2][:60]!r} stands deeper than the tasks do"))
            self._text(line)
        return True

    def _item(self, number: int, line: str) -> bool:
        match = _ITEM.match(line)
        if match is None:
            return False
        indent = len(match["indent"].expandtabs(4))
        if not self.outline.level and indent < 2:
            self._open = ""
            if (match["box"] or "").strip() in ("[x]", "[X]"):
                self.faults.append(PlanFault(number, f"{match['text'][:60]!r} is ticked off already: take it out"))
                return True
            self._begin(match["text"], number, match["number"] or "")
            return True
        if self._open and self.drafts and not self._is_field(line):
            self.drafts[-1].put(self._open, [match["text"].strip().strip("`").strip()], number)
            return True
        return False

    def _is_field(self, line: str) -> bool:
        match = _FIELD.match(line)
        return match is not None and _folded(match["name"]) in FIELDS

    def _begin(self, title: str, number: int, numeral: str) -> None:
        self.drafts.append(PlanDraft(" ".join(title.strip().strip("*_`").split()), number, numeral))

    def _field(self, number: int, line: str) -> bool:
        match = _FIELD.match(line)
        if match is None:
            return False
        word, value = _folded(match["name"]), (match["value"] or "").strip()
        if not self.drafts:
            return self._setting(number, word, value)
        name = FIELDS.get(word)
        draft = self.drafts[-1]
        if name is None:
            # Where fields stand, a word that is nearly one is a slip: as text it would be lost without a word.
            near = nearest_field(word, FIELDS) if not any(map(str.strip, draft.text)) else ""
            if near:
                self.faults.append(PlanFault(number, f"{match['name']!r} is no field of a task: is `{near}:` meant?"))
            return bool(near)
        self._open = name if name in LISTS and not value else ""
        if name not in LISTS and name in draft.fields:
            self.faults.append(PlanFault(number, f"{draft.title!r} has a second `{word}:`"))
        elif name not in LISTS and not value:
            self.faults.append(PlanFault(number, f"`{word}:` of {draft.title!r} says nothing"))
        draft.put(name, values_in(name, value), number)
        return True

    def _setting(self, number: int, word: str, value: str) -> bool:
        if word in SETTINGS:
            if word in self.settings:
                self.faults.append(PlanFault(number, f"there is a second `{word}:`"))
            self.settings[word] = (value, number)
        elif near := nearest_field(word, SETTINGS):
            self.faults.append(PlanFault(number, f"{word!r} is no setting of a plan: is `{near}:` meant?"))
        return True

    def _text(self, line: str) -> None:
        if self.drafts and (line.strip() or self.drafts[-1].text):
            self.drafts[-1].text.append(line.rstrip())


def _folded(word: str) -> str:
    return " ".join(word.casefold().split())
