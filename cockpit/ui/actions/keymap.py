"""The operator's own keys: checked once against the registry, every mistake named, the rest applied."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cockpit.ui.actions.registry import ACTIONS, BY_ID

RESERVED = {"ctrl+c": "copy", "escape": "back out"}
"""Keys that keep their meaning everywhere."""


@dataclass(frozen=True, slots=True)
class CheckedKeymap:
    """The overrides that hold, and what was wrong with the others."""

    keys: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def check_keymap(overrides: Mapping[str, str]) -> CheckedKeymap:
    """Validate overrides (`action id -> comma-separated keys`).

    An unknown id is reported with the nearest one; a key that another action of its screen holds after all overrides is
    refused, since the framework would let either win in silence.
    """
    problems: list[str] = []
    wanted: dict[str, str] = {}
    for action_id, keys in overrides.items():
        if action_id not in BY_ID:
            nearest = difflib.get_close_matches(action_id, BY_ID, n=1, cutoff=0.4)
            problems.append(f"keymap: no action {action_id!r}" + (f", nearest is {nearest[0]!r}" if nearest else ""))
        elif not _split(keys):
            problems.append(f"keymap: {action_id} has no key")
        elif taken := [key for key in _split(keys) if key in RESERVED]:
            problems.append(f"keymap: {taken[0]} stays {RESERVED[taken[0]]}, {action_id} keeps its own key")
        else:
            wanted[action_id] = ",".join(_split(keys))
    holders: dict[tuple[str, str], str] = {}
    for action in ACTIONS:
        if action.id not in wanted:
            holders.update({(action.screen, key): action.id for key in _split(action.keys)})
    accepted: dict[str, str] = {}
    for action_id, keys in wanted.items():
        screen = BY_ID[action_id].screen
        clash = next((key for key in _split(keys) if (screen, key) in holders), None)
        if clash is not None:
            problems.append(f"keymap: {clash} already means {holders[screen, clash]}, {action_id} keeps its own key")
            continue
        accepted[action_id] = keys
        holders.update({(screen, key): action_id for key in _split(keys)})
    return CheckedKeymap(accepted, tuple(problems))


def _split(keys: str) -> list[str]:
    """Split a comma-separated key list."""
    return [key.strip() for key in keys.split(",") if key.strip()]


def keys_of_home(overrides: Mapping[str, str]) -> dict[str, str]:
    """Return the keys that mean something on the home screen, each with its action; `overrides` are the accepted ones.

    Keys of the lists themselves are among them.
    """
    taken = dict.fromkeys(("up", "down", "j", "k", "pageup", "pagedown", "home", "end"), "to move in a list") | RESERVED
    for action in ACTIONS:
        if action.screen == "home":
            taken.update(dict.fromkeys(_split(overrides.get(action.id, action.keys)), action.label))
    return taken
