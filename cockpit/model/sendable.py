"""Which texts can reach an agent unchanged: all but those that no JSON string can hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.model.commands.command import Command

_SURROGATE = re.compile("[\ud800-\udfff]")
BYTES_AS_SURROGATES = range(0xDC80, 0xDD00)
"""How Python holds the bytes 0x80 to 0xff of a text that is not UTF-8 (PEP 383)."""


def unsendable(text: str) -> str:
    """Say why a text cannot be sent as it is, or return empty text. Nothing is ever replaced in silence."""
    found = _SURROGATE.search(text)
    if found is None:
        return ""
    code = ord(found.group())
    if code in BYTES_AS_SURROGATES:
        offset = len(text[: found.start()].encode("utf-8", "surrogateescape"))
        return f"the text is not UTF-8: byte 0x{code - 0xDC00:02x} at offset {offset}; convert it and try again"
    return f"the text holds half a character (U+{code:04X}) at position {found.start()}, which no JSON can carry"


def unsendable_part(command: Command) -> str:
    """Say which of a command's texts cannot be sent as it is, or return empty text."""
    for field in fields(command):
        for text in _texts_in(getattr(command, field.name)):
            if reason := unsendable(text):
                return reason if field.name in ("text", "value", "content") else f"{field.name}: {reason}"
    return ""


def _texts_in(value: object) -> Iterator[str]:
    """Yield a field's text, or those of what it holds: tuples and records, one in another."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _texts_in(part)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _texts_in(getattr(value, field.name))
