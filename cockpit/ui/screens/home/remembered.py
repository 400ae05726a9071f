"""What the operator set for the areas of the home screen, kept in a file of the state directory by size class."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from cockpit.paths import write_private
from cockpit.ui.screens.home.arrangement import SIDE, SIZE_CLASSES, Wishes

log = logging.getLogger(__name__)

FARTHEST = 400
"""Cells or lines by which an area can have been moved: no terminal has more."""


def recalled(path: Path | None) -> dict[str, Wishes]:
    """Return what was kept; what cannot be read is left out, and a broken file begins anew."""
    if path is None:
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("the kept layout %s cannot be read, the usual one is shown: %s", path, error)
        return {}
    if not isinstance(kept, dict):
        return {}
    names = {one.name for one in SIZE_CLASSES}
    return {name: _wishes(value) for name, value in kept.items() if name in names and isinstance(value, dict)}


def remember(path: Path | None, wishes: Mapping[str, Wishes]) -> str:
    """Keep what was set; say why that failed, or return empty text."""
    if path is None:
        return ""
    content = {
        name: {"agents": one.agents, "side": one.side, "hidden": sorted(one.hidden)} for name, one in wishes.items()
    }
    try:
        write_private(path, json.dumps(content))
    except OSError as error:
        log.warning("the layout could not be kept in %s: %s", path, error)
        return f"the layout is not kept: {error.strerror or error}"
    return ""


def _wishes(kept: Mapping[str, object]) -> Wishes:
    hidden = kept.get("hidden")
    areas = {area for area in hidden if area in SIDE} if isinstance(hidden, list) else set()
    return Wishes(_number(kept.get("agents")), _number(kept.get("side")), frozenset(areas))


def _number(value: object) -> int:
    return max(-FARTHEST, min(FARTHEST, value)) if isinstance(value, int) else 0
