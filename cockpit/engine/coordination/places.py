"""Which server is asked: that of a source, and what kind it is where it lacks what was asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from cockpit.engine.running_source import RunningSource
from cockpit.engine.source import Services
from cockpit.errors import NotFound, Refused
from cockpit.model.refusals.shared import NO_SERVICES
from cockpit.model.shared.listed import Listed
from cockpit.model.shared.server import ServerFacts, ServerKind
from cockpit.services.errors import ServiceError, ServiceMissing
from cockpit.services.health import HealthClient

Kept = TypeVar("Kept")


class ServicePlaces:
    """The services of all sources."""

    def __init__(self, running: Sequence[RunningSource]) -> None:
        self._running = tuple(running)

    def services(self, place: str) -> Services:
        """Return the services of a source; those of the first that has any if none is named.

        Raises:
            NotFound: there is no such source.
            Refused: it has no services, or none has.
        """
        named = [running for running in self._running if running.name == place] if place else list(self._running)
        if not named:
            known = ", ".join(running.name for running in self._running)
            raise NotFound(f"there is no source {place!r}", hint=f"known: {known}")
        present = next((running.source.present for running in named if running.source.present is not None), None)
        if present is None:
            raise Refused(NO_SERVICES.sentence)
        return present


async def reef_facts(services: Services, missing: ServiceMissing) -> ServerFacts:
    """Return what a reef has, to whoever met something that it lacks.

    Raises:
        ServiceMissing: it is no reef, so that it should have what is missing.
    """
    try:
        facts = await HealthClient(services.http).look()
    except ServiceError:
        raise missing from None
    if facts.kind is not ServerKind.REEF:
        raise missing
    return facts


async def or_told(services: Services, what: str, look: Callable[[], Awaitable[Listed[Kept]]]) -> Listed[Kept]:
    """Return a list; an empty one that says why, where the server is a reef that lacks such a service.

    Raises:
        ServiceError: it could not be had.
    """
    try:
        return await look()
    except ServiceMissing as missing:
        facts = await reef_facts(services, missing)
        return Listed(missing=(lack(what, facts),))


def lack(what: str, facts: ServerFacts) -> str:
    """Say that a reef lacks something, and what it has."""
    return f"this server is a reef and has no {what}; it has {', '.join(facts.modules) or 'nothing that it names'}"
