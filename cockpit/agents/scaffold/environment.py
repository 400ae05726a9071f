"""The environment of an agent, as the start script reads it from its standard input."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.agents.scaffold.scripts import ENVIRONMENT_END
from cockpit.errors import UsageError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SHELL_NAMES = frozenset({"IFS", "ENV", "PPID", "UID", "EUID", "OPTIND", "BASHOPTS", "SHELLOPTS", "BASH_VERSINFO"})
"""Variables a shell keeps for itself: setting one would end or bend the launcher."""


def can_be_set(name: str) -> bool:
    """Say whether a name is one of a variable that an agent may be given."""
    return bool(_NAME.match(name)) and name not in _SHELL_NAMES and not name.startswith("cockpit_")


def encode_environment(variables: Mapping[str, str]) -> bytes:
    r"""Return an environment as the start script reads it: `NAME=value` lines and a last line as proof of the end.

    Everything but printable ASCII, and the backslash, is written as `\0ooo`, which `printf %b` of every POSIX shell
    undoes: a value is never parsed as shell text.

    Raises:
        UsageError: a name is none, or is the shell's own; a value holds a NUL.
    """
    lines: list[str] = []
    for name, value in variables.items():
        if not can_be_set(name):
            raise UsageError(f"{name!r} cannot be set in an agent's environment", hint="choose another variable name")
        if "\0" in value:
            raise UsageError(f"the value of {name} holds a NUL byte", hint="correct it where it is set")
        encoded = "".join(
            chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else f"\\0{byte:03o}"
            for byte in value.encode("utf-8", "surrogateescape")
        )
        lines.append(f"{name}={encoded}\n")
    return "".join(lines).encode("ascii") + ENVIRONMENT_END.encode("ascii") + b"\n"
