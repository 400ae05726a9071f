"""Texts of arguments and standard input: taken as they are, or refused with the place of what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cockpit.errors import UsageError
from cockpit.model.sendable import unsendable

PATH_OPTIONS = ("--root", "--config")
"""Options whose value is a path: those may hold any byte."""


def refuse_bytes(arguments: Sequence[str]) -> None:
    """Refuse arguments that are not UTF-8: they would reach an agent as something else.

    Raises:
        UsageError: names the argument, the byte and its offset.
    """
    for at, argument in enumerate(arguments):
        is_path = at > 0 and arguments[at - 1] in PATH_OPTIONS
        if not is_path and not argument.startswith(tuple(f"{option}=" for option in PATH_OPTIONS)):
            reason = unsendable(argument)
            if reason:
                raise UsageError(f"argument {at + 1}: {reason}")


def read_input() -> str:
    """Return the whole of standard input, unchanged.

    Raises:
        UsageError: it is not UTF-8, or there is none.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed", hint="give the text as an argument")
    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"standard input: {unsendable(data.decode('utf-8', 'surrogateescape'))}") from None
