"""What the operator keeps of an agent, as one cell of its row: the sign is the key that sets it."""

from __future__ import annotations

from cockpit.model.filters.agents import Attributes
from cockpit.model.ids import AgentId
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look.cells import Piece

NO_SIGN: Piece = (ours(" "), "")


def sign_of(agent: AgentId, attributes: Attributes) -> Piece:
    """Return the sign of an agent: where an act failed, that it is marked, snoozed or pinned; one cell always."""
    if agent in attributes.failed:
        return ours("✗"), "bold $agent-failed"
    if agent in attributes.marked:
        return ours("*"), "bold $accent"
    if agent in attributes.snoozed:
        return ours("~"), "$muted"
    if agent in attributes.pinned:
        return ours("+"), "$muted"
    return NO_SIGN


def amiss_words(agent: AgentId, attributes: Attributes) -> Clean:
    """Say why the last act failed at an agent that is still marked for it, or nothing."""
    reason = attributes.failed.get(agent, "")
    return our_line("✗ {}", reason) if reason else NOTHING
