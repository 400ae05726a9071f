"""What every headless verb needs: the fleet it is about, an engine for its time, and the state of the services."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from cockpit import config
from cockpit.bootstrap.fleet import Places, make_source, running_engine
from cockpit.cli.signals import GracefulExit
from cockpit.engine.engine import CONTACT_LIMIT, Engine
from cockpit.errors import Gone, NotFound, Refused
from cockpit.model.fleet import Agent, ServiceHealth
from cockpit.store.store import Store
from cockpit.text.streams import warn

FIRST_CONTACT = 28.0
"""Seconds from its start within which a verb has reached what it needs, or ends and says what it waited for."""


class Headless:
    """What a verb needs to open an engine."""

    def __init__(self, root: Path | None, config_file: Path | None) -> None:
        self._ends = time.monotonic() + FIRST_CONTACT
        self.settings = config.load(config_file)
        self.places = Places.under(root) if root else Places.standard()
        self.source = make_source(self.settings, self.places, force_embedded=root is not None)

    def left(self) -> float:
        """Return the seconds that remain for the first contact."""
        return max(1.0, self._ends - time.monotonic())

    @asynccontextmanager
    async def engine(
        self, attach: Callable[[Agent], bool] = lambda agent: True, *, watch: bool = False, record: bool = True
    ) -> AsyncIterator[Engine]:
        """Run an engine that attaches to the named agents only."""
        async with running_engine(
            self.settings,
            self.places,
            self.source,
            attach=attach,
            watch=watch,
            record=record,
            contact=min(CONTACT_LIMIT, self.left()),
        ) as engine:
            say_notices(engine.store)
            try:
                yield engine
            except Gone:
                raise
            except NotFound as error:
                health = silent(engine, "vers") or silent(engine, "registry")
                if health is None:
                    say_unreadable(engine, "vers", "registry")
                    raise
                # What is not known cannot be told from what does not exist.
                raise Refused(f"{error.message}, as far as is known: {health.reason}", hint=health.hint) from error


Verb = Callable[[Headless], Awaitable[int]]
"""A verb whose arguments are settled; returns its exit code or raises a CockpitError."""


def run(verb: Verb, root: Path | None, config_file: Path | None) -> int:
    """Run one verb to its end."""
    return asyncio.run(_run(verb, root, config_file))


async def _run(verb: Verb, root: Path | None, config_file: Path | None) -> int:
    with GracefulExit() as graceful_exit:
        headless = await asyncio.to_thread(Headless, root, config_file)
        return await verb(headless)
    return graceful_exit.exit_code


def nobody(agent: Agent) -> bool:
    """Attach to no agent."""
    return False


def only(name: str) -> Callable[[Agent], bool]:
    """Attach to one agent, by name or VM id."""
    return lambda agent: name in (agent.name, agent.id) or name.lower() == agent.vm_id


def require_health(engine: Engine, name: str) -> None:
    """Fail with a service's own reason if it did not answer."""
    health = silent(engine, name)
    if health is not None:
        raise Refused(health.reason, hint=health.hint or "try again; see the log file for more")


def say_unreadable(engine: Engine, *names: str) -> int:
    """Say which lists have records that cannot be read; return the exit code: such a list may lack something."""
    code = 0
    for name in names:
        health = engine.fleet_state.health.get(name)
        if health is not None and health.unreadable:
            records = "record" if health.unreadable == 1 else "records"
            warn(f"cockpit: {name}: {health.unreadable} {records} of its list cannot be read: this is not all of it")
            code = 1
    return code


def say_notices(store: Store) -> None:
    """Say what happened to the history when it was opened: set aside, upgraded, or kept for this time only."""
    for notice in store.notices:
        warn(f"cockpit: {notice}")


def silent(engine: Engine, name: str) -> ServiceHealth | None:
    """Return what is wrong with a service, or None if it answered."""
    if name == "vers" and name not in engine.fleet_state.health:
        return ServiceHealth(name, False, engine.now(), "the VM list did not answer in time", "try again")
    found = engine.fleet_state.health.get(name)
    return found if found is not None and not found.ok else None
