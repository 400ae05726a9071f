"""Reads the rules over commands that ask twice: the operator's own beside config.toml, else the shipped ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cockpit.model.inbox
from cockpit import paths
from cockpit.config import parsed
from cockpit.errors import ConfigError
from cockpit.model.inbox.caution import CautionRule

SHIPPED = Path(cockpit.model.inbox.__file__).with_name("caution.toml")
"""The rules that count where the operator has none."""

KEYS = ("name", "why", "patterns")


def caution_file(config: Path | None = None) -> Path:
    """Return the file that counts: `caution.toml` beside config.toml, else the shipped one."""
    own = (config or paths.config_file()).with_name("caution.toml")
    return own if own.exists() else SHIPPED


def load_caution(file: Path) -> tuple[CautionRule, ...]:
    """Read rules.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or a rule in it is none; it names the line.
    """
    try:
        content = parsed(file)
    except FileNotFoundError as error:
        raise ConfigError(f"{file} does not exist") from error
    lines = file.read_text(encoding="utf-8").splitlines()
    unknown = [key for key in content if key != "rules"]
    if unknown:
        raise _wrong(file, _line(lines, unknown[0]), f"unknown key {unknown[0]!r}: a rule begins with [[rules]]")
    tables = content.get("rules", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _wrong(file, _line(lines, "rules"), "each rule begins with [[rules]]")
    heads = [at for at, line in enumerate(lines, 1) if re.match(r"\s*\[\[\s*rules\s*\]\]", line)]
    places = heads if len(heads) == len(tables) else [1] * len(tables)
    return tuple(_rule(file, lines, at, table) for at, table in zip(places, tables, strict=True))


def _rule(file: Path, lines: list[str], at: int, table: dict[str, Any]) -> CautionRule:
    """Read one rule that begins in a line."""
    for key in table:
        if key not in KEYS:
            raise _wrong(file, _line(lines, key, at), f"unknown key {key!r}; known here: {', '.join(KEYS)}")
    for key in ("name", "why"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise _wrong(file, _line(lines, key, at), f"the rule has no {key}, or it is no text")
    patterns = table.get("patterns")
    if not isinstance(patterns, list) or not patterns:
        raise _wrong(file, _line(lines, "patterns", at), "the rule has no patterns: a list of texts")
    return CautionRule(table["name"], table["why"], tuple(_pattern(file, lines, at, one) for one in patterns))


def _pattern(file: Path, lines: list[str], at: int, pattern: object) -> re.Pattern[str]:
    place = _line(lines, str(pattern), at, anywhere=True)
    if not isinstance(pattern, str) or not pattern:
        raise _wrong(file, place, f"a pattern is a text, not {pattern!r}")
    try:
        found = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise _wrong(file, place, f"{pattern!r} is no regular expression: {error}") from error
    if found.search(""):
        raise _wrong(file, place, f"{pattern!r} matches everything")
    return found


def _line(lines: list[str], words: str, after: int = 1, *, anywhere: bool = False) -> int:
    """Return the line from one on that has a key, or some words anywhere; that one if none has."""
    for at in range(after, len(lines) + 1):
        line = lines[at - 1]
        if (words in line) if anywhere else line.lstrip().startswith(words):
            return at
    return after


def _wrong(file: Path, line: int, problem: str) -> ConfigError:
    return ConfigError(f"{file}, line {line}: {problem}", hint="mend it, or remove it for the rules that are shipped")
