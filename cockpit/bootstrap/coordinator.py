"""Under which name the cockpit itself stands on board and feed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.config import Settings

NAME_LIMIT = 48
"""Characters of a project's name that a coordinator's name takes."""


def coordinator(settings: Settings) -> str:
    """Return `coordinator-PROJECT`, by default after the present directory; empty where nothing is to be told."""
    if not settings.coordination.publish:
        return ""
    project = settings.coordination.project or _directory()
    usable = re.sub(r"[^a-z0-9._-]+", "-", project.casefold()).strip("-.")[:NAME_LIMIT]
    return f"coordinator-{usable}" if usable else "coordinator"


def _directory() -> str:
    try:
        return Path.cwd().name
    except OSError:
        # The directory was removed below this process: the name is then the general one.
        return ""
