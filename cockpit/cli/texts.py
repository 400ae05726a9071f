"""Texts of arguments and standard input: taken as they are, or refused with the place of what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import BinaryIO

from cockpit.errors import UsageError
from cockpit.model.sendable import unsendable
from cockpit.paths import absolute

PATH_OPTIONS = ("--image", "--root", "--config", "--into", "--recipe", "--spec", "--tasks")
"""Options whose value is a path: those may hold any byte."""


MOST_BYTES = 16 << 20
"""A text that is longer is none that an agent reads: a wrong file, or one without an end."""


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
    return _text_of(sys.stdin.buffer, "standard input")


def read_text(option: str, path: str) -> str:
    """Return the text of a file, unchanged; `-` is standard input.

    Args:
        option: which names the file.
        path: the file.

    Raises:
        UsageError: it cannot be read, or it is no text.
    """
    if path == "-":
        return read_input()
    try:
        with absolute(path, option).open("rb") as file:
            return _text_of(file, f"{option} {path}")
    except OSError as error:
        raise UsageError(f"{option} {path} cannot be read: {error.strerror or error}") from error


def text_for_agents(given: str) -> str:
    """Return what a text of the arguments says, `-` being standard input, and tell of its pitfalls.

    Raises:
        UsageError: standard input is none.
    """
    text = read_input() if given == "-" else given
    advise(text)
    return text


def advise(*texts: str) -> None:
    """Say once on standard error what to beware of in texts for agents; they are sent all the same."""
    from cockpit.model.notebook.pitfalls import pitfall  # not every verb sends one
    from cockpit.text.sanitize import our_line
    from cockpit.text.streams import warn

    if said := next(filter(None, map(pitfall, texts)), ""):
        warn(our_line("cockpit: {}", said))


def _text_of(file: BinaryIO, named: str) -> str:
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UsageError(f"{named} has more than {MOST_BYTES >> 20} MiB", hint="is it the file that was meant?")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{named}: {unsendable(data.decode('utf-8', 'surrogateescape'))}") from None
