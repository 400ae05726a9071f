"""One value of config.toml set by us: comments, order and everything else stay as the operator wrote them."""

from __future__ import annotations

import json
import re
import stat
import tomllib
from pathlib import Path

from cockpit.errors import ConfigError
from cockpit.paths import write_private

PRIVATE = 0o600

_HEADER = re.compile(r"\s*\[")


def write_setting(file: Path, table: str, key: str, value: str) -> None:
    """Set one value in a file, which is made if there is none; it is replaced in one act, also behind a link.

    Raises:
        ConfigError: the file cannot be read or written, or has no place for it that we can find.
    """
    target = file.resolve()
    try:
        # Line ends are kept as they are.
        text = target.read_bytes().decode("utf-8") if target.exists() else ""
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else PRIVATE
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint=by_hand(file, table, key, value)) from error
    changed = with_setting(text, table, key, value)
    if changed is None:
        raise ConfigError(
            f"{file} is written so that [{table}] {key} cannot be set in it", hint=by_hand(file, table, key, value)
        )
    if changed == text:
        return
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(target, changed, mode=mode)
    except OSError as error:
        cause = error.strerror or str(error)
        raise ConfigError(f"{file} cannot be written: {cause}", hint=by_hand(file, table, key, value)) from error


def by_hand(file: Path, table: str, key: str, value: str) -> str:
    """Return what the operator can do instead."""
    return f"write {key} = {json.dumps(value)} into table [{table}] of {file} yourself"


def with_setting(text: str, table: str, key: str, value: str) -> str | None:
    """Return a TOML text with one value set, or None if it cannot be done by one line.

    Args:
        text: the whole file.
        table: a table's name, without dots.
        key: the key in it.
        value: printable text.
    """
    try:
        wanted = tomllib.loads(text)
        there = wanted.setdefault(table, {})
        if not isinstance(there, dict):
            return None
    except tomllib.TOMLDecodeError:
        return None
    there[key] = value
    line_end = "\r\n" if "\r\n" in text else "\n"
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    for changed in _changes(text, table, key, line, line_end):
        # A line that only looks like a header or a key stands in a text of several lines: the parser tells.
        try:
            if tomllib.loads(changed) == wanted:
                return changed
        except tomllib.TOMLDecodeError:
            continue
    return None


def _changes(text: str, table: str, key: str, line: str, line_end: str) -> list[str]:
    """Return the texts that may be it, the most likely first."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += line_end
    header = re.compile(rf"\s*\[\s*[\"']?{re.escape(table)}[\"']?\s*\]\s*(#.*)?$")
    old = re.compile(rf"(\s*)(?:{re.escape(table)}\s*\.\s*)?{re.escape(key)}\s*=\s*(\"[^\"]*\"|'[^']*')(\s*(?:#.*)?)$")
    found: list[str] = []
    for place, present in enumerate(lines):
        if match := old.match(present.rstrip("\r\n")):
            dotted = f"{table}." if re.match(rf"\s*{re.escape(table)}\s*\.", present) else ""
            found.append(_joined(lines, place, place + 1, f"{match[1]}{dotted}{line}{match[3]}{line_end}"))
    for place, present in enumerate(lines):
        if header.match(present.rstrip("\r\n")):
            found.append(_joined(lines, place + 1, place + 1, line + line_end))
    gap = line_end if lines else ""
    found.append("".join(lines) + f"{gap}[{table}]{line_end}{line}{line_end}")
    first = next((place for place, present in enumerate(lines) if _HEADER.match(present)), len(lines))
    found.append(_joined(lines, first, first, f"{table}.{line}{line_end}"))
    return found


def _joined(lines: list[str], begin: int, end: int, new: str) -> str:
    return "".join([*lines[:begin], new, *lines[end:]])
