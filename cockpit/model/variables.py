"""What an environment variable of an account may be: the platform keeps each as a line of /etc/environment."""

from __future__ import annotations

import re
from collections.abc import Iterable

NAME_FORM = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")
"""What the control plane takes as a variable's name."""
VALUE_LIMIT = 8192
"""Characters of a variable's value (vers-api reference, section 2.8)."""


def variable_fault(name: str, value: str) -> str:
    """Say why the platform would refuse a variable, or could not keep it in /etc/environment; else empty text."""
    if not NAME_FORM.fullmatch(name):
        return "a name is of letters, digits and _, does not begin with a digit, and has 256 characters at most"
    if len(value) > VALUE_LIMIT:
        return f"a value has {VALUE_LIMIT} characters at most, not {len(value)}"
    if any(mark in value for mark in "\n\r\0"):
        return "a value has one line: it is written as a line of /etc/environment"
    return ""


def fault_of_change(variables: Iterable[tuple[str, str]], removed: Iterable[str]) -> str:
    """Say why variables cannot be changed so, or return empty text; a value is never part of it."""
    given = dict(variables)
    for name, value in given.items():
        if fault := variable_fault(name, value):
            return f"{name!r} cannot be set: {fault}"
    for name in removed:
        if name in given:
            return f"{name} is both set and removed"
        if fault := variable_fault(name, ""):
            return f"{name!r} cannot be removed: {fault}"
    return ""
