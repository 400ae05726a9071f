"""The embedded fleet's HTTP application: the Vers API and the services on one port, for each owner its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from cockpit.embedded.api.owners.household import Household
from cockpit.embedded.api.records import Records
from cockpit.embedded.api.service_records import ServiceRecords
from cockpit.embedded.api.streams import HEARTBEAT_INTERVAL
from cockpit.embedded.api.vers.lifecycle import VM_LIMIT
from cockpit.embedded.hosting import Hosting


@dataclass(frozen=True, slots=True)
class Parts:
    """What an application is made of; kept as `application.state.parts`."""

    household: Household
    services: ServiceRecords
    """Those of the first owner."""

    def end_streams(self) -> None:
        """End the open event streams: call it when the server is told to stop, or it waits for them for ever."""
        self.household.end_streams()


def create_application(
    records: Records,
    hosting: Hosting,
    token: str,
    *,
    root: Path | None = None,
    vm_limit: int = VM_LIMIT,
    heartbeat: float = HEARTBEAT_INTERVAL,
) -> Starlette:
    """Build the application.

    Args:
        records: the first owner's file; it stays the caller's to close.
        hosting: what runs the VMs.
        token: the first owner's one key, for the API and the services.
        root: the fleet's directory, where further owners are found; None for a fleet of one.
        vm_limit: VMs that may exist at once.
        heartbeat: seconds between two comments on an event stream.

    Raises:
        ConfigError: the token has not the platform's form, so that no client could use it.
    """
    household = Household(records, hosting, token, root, vm_limit=vm_limit, heartbeat=heartbeat)

    @asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        await household.recover()
        try:
            yield
        finally:
            await household.close()

    application = Starlette(middleware=[Middleware(Doorkeeper, household=household)], lifespan=lifespan)
    application.state.parts = Parts(household, household.first.surface.records)
    return application


class Doorkeeper:
    """Leads each request to the owner that it comes from."""

    def __init__(self, app: ASGIApp, household: Household) -> None:
        self._app = app
        self._household = household

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await (self._household if scope["type"] == "http" else self._app)(scope, receive, send)
