"""All that can be chosen while something is written to an agent."""

from __future__ import annotations

from cockpit.engine.port import CockpitPort
from cockpit.ui.writing.offer import Choosable
from cockpit.ui.writing.vm_paths import VmPaths
from cockpit.ui.writing.words import SlashWords


def choosable(engine: CockpitPort) -> tuple[Choosable, ...]:
    """Return the sources, the first that fits counts."""
    return SlashWords(engine), VmPaths(engine)
