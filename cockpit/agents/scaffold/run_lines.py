"""The lines that the launcher writes into an agent's output before it starts and after it ended."""

from __future__ import annotations

from typing import Any

from cockpit.agents.fields import integer_of, text_of
from cockpit.model.events import DaemonExited, DaemonStarted


def event_of_run(record: dict[str, Any]) -> DaemonStarted | DaemonExited | None:
    """Return what a line of the launcher's own means; None for any other, which is the agent's."""
    match record.get("type"):
        case "cockpit_run":
            return DaemonStarted(text_of(record.get("run")), text_of(record.get("agent")))
        case "cockpit_exit":
            return DaemonExited(text_of(record.get("run")), integer_of(record.get("code")))
        case _:
            return None
