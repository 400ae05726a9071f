"""The file in which other tools keep their lieutenants, changed entry by entry: all else stays byte for byte.

The format is that of hdresearch/pi-v, branch `pranavfeb13`, `extensions/vers-lieutenant.ts`:
`{"lieutenants": [{"name", "role", "vmId", "isLocal", "status", "taskCount", "createdAt", "lastActivityAt"}],
"savedAt"}`.
Its writers rewrite it in place from what they remember, so an entry of ours may vanish; nothing here relies on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.errors import CockpitError

LIST = "lieutenants"
SAVED_AT = "savedAt"
BLANK = " \t\r\n"

EMPTY = '{\n  "lieutenants": [],\n  "savedAt": null\n}\n'
"""A file that holds nobody."""

_DECODER = json.JSONDecoder()


class StateFileBroken(CockpitError):
    """The file is there and cannot be read as what it should be: it is left as it is."""


@dataclass(frozen=True, slots=True)
class StateEntry:
    """One lieutenant as such a file has it."""

    name: str
    vm_id: str
    """A VM's id, lower case; `local-NAME` for one without a VM."""
    role: str = ""
    status: str = ""
    """`idle`, `working`, `paused` or `error`."""
    is_local: bool = False
    last_activity_at: str = ""


def entries_in(text: str) -> tuple[StateEntry, ...]:
    """Return the lieutenants of a file; an entry that names none is left out.

    Raises:
        StateFileBroken: it is no such file.
    """
    found = (value for _, _, value in _elements(text))
    return tuple(entry for value in found if (entry := _entry(value)) is not None)


def with_entry(text: str, fields: Mapping[str, Any], saved_at: str) -> str:
    """Return the text of a file with one lieutenant added, or brought up to date where its VM is there already.

    Args:
        text: the file as it is; empty text is a file without lieutenants.
        fields: the entry; fields of the entry that is there and that are not given stay as they are.
        saved_at: the moment of the change, RFC 3339.

    Raises:
        StateFileBroken: it is no such file.
    """
    text = text if text.strip() else EMPTY
    elements = list(_elements(text))
    for start, end, value in elements:
        if _vm_of(value) == str(fields["vmId"]).lower():
            return _saved(text[:start] + _with_fields(text[start:end], fields) + text[end:], saved_at)
    begin, close, _ = _list_span(text)
    written = json.dumps(dict(fields), ensure_ascii=False)
    if not elements:
        return _saved(f"{text[:begin]}\n    {written}\n  {text[close:]}", saved_at)
    (start, _, _), (_, last, _) = elements[0], elements[-1]
    before = text[begin:start]  # as the others are set off from each other, so is this one
    return _saved(f"{text[:last]},{before}{written}{text[last:]}", saved_at)


def without_entry(text: str, vm_id: str, saved_at: str) -> str:
    """Return the text of a file without the lieutenant of a VM; the same text if it is not there.

    Raises:
        StateFileBroken: it is no such file.
    """
    if not text.strip():
        return text
    elements = list(_elements(text))
    for at, (start, end, value) in enumerate(elements):
        if _vm_of(value) != vm_id.lower():
            continue
        if at + 1 < len(elements):
            end = elements[at + 1][0]
        elif at > 0:
            start = elements[at - 1][1]
        return _saved(text[:start] + text[end:], saved_at)
    return text


def _entry(value: object) -> StateEntry | None:
    if not isinstance(value, dict) or not _vm_of(value) or not isinstance(value.get("name"), str):
        return None

    def word(name: str) -> str:
        said = value.get(name)
        return said if isinstance(said, str) else ""

    local = value.get("isLocal") is True or _vm_of(value).startswith("local-")
    return StateEntry(value["name"], _vm_of(value), word("role"), word("status"), local, word("lastActivityAt"))


def _vm_of(value: object) -> str:
    said = value.get("vmId") if isinstance(value, dict) else None
    return said.strip().lower() if isinstance(said, str) else ""


def _with_fields(text: str, fields: Mapping[str, Any]) -> str:
    """Return the text of an object with some fields replaced where they stand, and new ones at its end."""
    missing = dict(fields)
    pieces, done, last = [], 0, 1
    for name, start, end in _members(text, 0):
        last = end
        if name in fields:
            missing.pop(name, None)
            pieces += [text[done:start], json.dumps(fields[name], ensure_ascii=False)]
            done = end
    pieces.append(text[done:last])
    more = ", ".join(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in missing.items())
    separator = ", " if more and last > 1 else ""
    return "".join([*pieces, separator, more, text[last:]])


def _saved(text: str, saved_at: str) -> str:
    return _with_fields(text, {SAVED_AT: saved_at}) if text[:1] == "{" else _saved_after_blanks(text, saved_at)


def _saved_after_blanks(text: str, saved_at: str) -> str:
    start = _skip(text, 0)
    return text[:start] + _with_fields(text[start:], {SAVED_AT: saved_at})


def _list_span(text: str) -> tuple[int, int, list[Any]]:
    """Return where the list of lieutenants begins and ends, brackets left out, and its values."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StateFileBroken(f"it is no JSON: {error}", hint="mend it, or move it away") from error
    listed = whole.get(LIST) if isinstance(whole, dict) else None
    if not isinstance(listed, list):
        raise StateFileBroken(f"it has no list of {LIST}", hint="mend it, or move it away")
    # Of several members of one name the last one counts, as for every reader of JSON.
    start, end = [(start, end) for name, start, end in _members(text, _skip(text, 0)) if name == LIST][-1]
    return start + 1, end - 1, listed


def _elements(text: str) -> Iterator[tuple[int, int, Any]]:
    """Yield where each entry of the list stands, and what it says.

    Raises:
        StateFileBroken: it is no such file.
    """
    if not text.strip():
        return
    at, close, _ = _list_span(text)
    while (at := _skip(text, at)) < close:
        value, end = _DECODER.raw_decode(text, at)
        yield at, end, value
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at += 1


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Yield each member of the valid JSON object that begins at a place: its name, and where its value stands."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, start)
        yield name, start, end
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    """Return the place of the next character that is no blank."""
    while at < len(text) and text[at] in BLANK:
        at += 1
    return at
