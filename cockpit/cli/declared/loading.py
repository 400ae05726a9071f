"""Declares the verbs that a command line needs: one group of them where a verb is named, all of them for the help.

Which group declares a verb is read from the groups' own text: it takes a hundredth of what their import takes, and
leaves nothing to be kept in step with them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent

NO_GROUPS = ("__init__", "application", "loading")

_COMMAND = re.compile(r'^@application\.command\((?:(?:name=)?"([^"]+)")?[^)\n]*\)\ndef (\w+)\(', re.MULTILINE)
_FAMILY = re.compile(r'^application\.add_typer\(\w+, name="([^"]+)"\)', re.MULTILINE)

VALUED = ("--root", "--config", "--theme")
"""The options before a verb that take the next word."""

BARE = ("--read-only", "--low-bandwidth")


def groups() -> dict[str, tuple[str, ...]]:
    """Return the groups of verbs by the names of their modules, each with the verbs that it declares."""
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NO_GROUPS)
    return {name: verbs_in((HERE / f"{name}.py").read_text(encoding="utf-8")) for name in names}


def verbs_in(text: str) -> tuple[str, ...]:
    """Return the verbs that the text of a group declares, as typer names them."""
    named = (given or function.lower().replace("_", "-") for given, function in _COMMAND.findall(text))
    return (*_FAMILY.findall(text), *named)


def verb_of(arguments: Sequence[str]) -> str | None:
    """Return the verb of a command line; empty text where there is none, None where that is for the parser to say."""
    words = iter(arguments)
    for word in words:
        if word in VALUED:
            if next(words, None) is None:
                return None
        elif not word.startswith("-"):
            return word
        elif word not in BARE and not word.startswith(tuple(f"{option}=" for option in VALUED)):
            return None
    return ""


def declare(arguments: Sequence[str]) -> None:
    """Declare what a command line needs: nothing to open the screen, the verb's own group, or all."""
    verb = verb_of(arguments)
    if verb == "":
        return
    found = [name for name, verbs in groups().items() if verb in verbs] if verb is not None else []
    for name in found:
        import_module(f"{__package__}.{name}")
    if not found:
        declare_all()


def declare_all() -> None:
    """Declare every verb."""
    for name in groups():
        import_module(f"{__package__}.{name}")
