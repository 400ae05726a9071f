"""The recorded exchanges with the real services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parents[2] / "data" / "agent-services"


def exchanges(name: str) -> list[dict[str, Any]]:
    """Return the exchanges of a file, in their order."""
    loaded = json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(loaded, list)
    return loaded


def names(prefix: str) -> list[str]:
    """Return the exchange files whose name begins with a prefix."""
    return sorted(path.stem for path in DIRECTORY.glob(f"{prefix}*.json") if "same-millisecond" not in path.name)
