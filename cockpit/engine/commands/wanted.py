"""What an agent is to be, as it is written down: beside the call that makes its VM, and with each commit of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from cockpit.model.fleet import AgentKind
from cockpit.model.size import VmSize

if TYPE_CHECKING:
    from cockpit.model.commands.life import Spawn


def wanted_text(wanted: Spawn | None) -> str:
    """Return what an agent will be as it is kept; empty if none is wanted."""
    return json.dumps(asdict(wanted)) if wanted is not None else ""


def wanted_from(text: str) -> Spawn | None:
    """Return what an agent should have been; None if none was wanted, or it cannot be read."""
    from cockpit.model.commands.life import Spawn

    try:
        found = json.loads(text)
        size = VmSize(**found["size"]) if found.get("size") else None
        kind, labels = AgentKind(found["kind"]), tuple(found["labels"])
        named = tuple(found.get("sync_named", ()))
        return Spawn(**{**found, "kind": kind, "labels": labels, "size": size, "sync_named": named})
    except (ValueError, TypeError, KeyError):
        return None
