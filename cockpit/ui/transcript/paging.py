"""Moves the window onto an agent's past as the reader needs it."""

from __future__ import annotations

from cockpit.engine.port import CockpitPort
from cockpit.model.ids import AgentId
from cockpit.model.transcript.window import Place
from cockpit.ui.transcript.passage import PageRequest


def turn_page(engine: CockpitPort, agent: AgentId, request: PageRequest, place: Place | None) -> None:
    """Ask the engine for what the reader needs; the output reads on in it once it is filled."""
    match request:
        case PageRequest.PAST:
            engine.open_past(agent, place)
        case PageRequest.OLDER:
            engine.page_older(agent)
        case PageRequest.NEWER:
            engine.page_newer(agent)
        case PageRequest.LIVE:
            engine.leave_past(agent)
