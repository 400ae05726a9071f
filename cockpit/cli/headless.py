"""What every headless verb needs: the fleet it is about, an engine for its time, and the state of the services."""

from __future__ import annotations

import asyncio
import difflib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit import config
from cockpit.bootstrap.fleet import Places, Setup, open_history
from cockpit.cli.signals import GracefulExit
from cockpit.errors import Gone, NotFound, Refused
from cockpit.model.family import FamilyBounds
from cockpit.model.health import VM_LIST, ServiceHealth
from cockpit.text.sanitize import our_text
from cockpit.text.streams import warn

if TYPE_CHECKING:
    from cockpit.engine.port import HeadlessPort, HistoryPort
    from cockpit.model.fleet import Agent

FIRST_CONTACT = 28.0
"""Seconds from its start within which a verb has reached what it needs, or ends and says what it waited for."""

FAMILY_LIMIT = 10.0
"""Seconds the agents get to say whom they work for."""


def everybody(agent: Agent) -> bool:
    """Attach to all agents."""
    return True


class Headless:
    """What a verb needs to open an engine, or the history alone."""

    def __init__(self, root: Path | None, config_file: Path | None) -> None:
        self._ends = time.monotonic() + FIRST_CONTACT
        self._settings = config.load(config_file)
        self._places = Places.under(root) if root else Places.standard()
        self._force_embedded = root is not None
        self._setup: Setup | None = None

    @property
    def golden_image(self) -> str:
        """The commit new agents are restored from when none is named."""
        return self._settings.vers.golden_image

    @property
    def bounds(self) -> FamilyBounds:
        """What an agent and all below it may have."""
        return FamilyBounds(self._settings.agent.max_vms, self._settings.agent.max_depth)

    def left(self) -> float:
        """Return the seconds that remain for the first contact."""
        return max(1.0, self._ends - time.monotonic())

    async def key_help(self) -> str:
        """Return how a platform's key is got, for who has none; else nothing."""
        return (await self._started()).key_help

    async def has_board(self) -> bool:
        """Say whether the fleet has a board."""
        return (await self._started()).has_board

    async def _started(self) -> Setup:
        """Return what the verb runs on; an embedded fleet is started."""
        if self._setup is None:
            self._setup = await asyncio.to_thread(
                Setup.of, self._settings, self._places, force_embedded=self._force_embedded
            )
        return self._setup

    @asynccontextmanager
    async def recorded(self) -> AsyncIterator[HistoryPort]:
        """Open the history alone: no fleet is asked, and none is started."""
        async with open_history(self._places) as recorded:
            say_notices(recorded)
            yield recorded

    @asynccontextmanager
    async def engine(
        self,
        attach: Callable[[Agent], bool] = everybody,
        *,
        watch: bool = False,
        record: bool = True,
        lists_only: bool = False,
        orders: bool = True,
    ) -> AsyncIterator[HeadlessPort]:
        """Run an engine that attaches to the named agents only; `lists_only` and `orders` as `StartOptions` says."""
        setup = await self._started()
        async with setup.engine(
            attach=attach, watch=watch, record=record, contact=self.left(), lists_only=lists_only, orders=orders
        ) as engine:
            say_notices(engine.recorded)
            for finding in engine.fleet.findings:
                warn(our_text("cockpit: {}", finding))
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
        return await verb(Headless(root, config_file))
    return graceful_exit.exit_code


async def learn_parents(engine: HeadlessPort, seconds: float) -> None:
    """Have the agents asked whom they work for that somebody else made: a verb that goes by families must know."""
    await engine.settled(min(FAMILY_LIMIT, seconds))
    await engine.lookout.learn_parents(min(FAMILY_LIMIT, seconds))


def nobody(agent: Agent) -> bool:
    """Attach to no agent."""
    return False


def only(*names: str) -> Callable[[Agent], bool]:
    """Attach to the named agents, each by name, id or VM id."""
    vms = {name.lower() for name in names}
    return lambda agent: agent.name in names or agent.id in names or agent.vm_id in vms


def require_health(engine: HeadlessPort, name: str) -> None:
    """Fail with a service's own reason if it did not answer."""
    health = silent(engine, name)
    if health is not None:
        raise Refused(health.reason, hint=health.hint or "try again; see the log file for more")


def say_missing(engine: HeadlessPort, *names: str) -> bool:
    """Say what is missing from the lists of services: one did not answer, or some of its records cannot be read."""
    missing = False
    for name in names:
        health = silent(engine, name)
        if health is not None:
            warn(our_text("cockpit: {}: {}", name, health.trouble))
            missing = True
    return say_unreadable(engine, *names) or missing


def say_unreadable(engine: HeadlessPort, *names: str) -> bool:
    """Say which lists have records that cannot be read: such a list may lack something."""
    unreadable = False
    for name in names:
        health = engine.fleet.service(name)
        if health is not None and health.unreadable:
            records = "record" if health.unreadable == 1 else "records"
            warn(
                our_text(
                    "cockpit: {}: {} {} of its list cannot be read: this is not all of it",
                    name,
                    health.unreadable,
                    records,
                )
            )
            unreadable = True
    return unreadable


def say_notices(recorded: HistoryPort) -> None:
    """Say what happened to the history when it was opened: set aside, upgraded, or kept for this time only."""
    for notice in recorded.notices:
        warn(our_text("cockpit: {}", notice))


def silent(engine: HeadlessPort, name: str) -> ServiceHealth | None:
    """Return what is wrong with a service, or None if it answered, or this fleet has none."""
    found, unanswered = engine.fleet.service(name), engine.fleet.unanswered(name)
    if (found is None or found.ok) and (unanswered or (found is None and name == VM_LIST)):
        what = "the VM list" if name == VM_LIST else f"the {name}"
        what += f" of {unanswered[0].removesuffix(f' {name}')}" if unanswered and unanswered[0] != name else ""
        return ServiceHealth(name, False, engine.now(), f"{what} did not answer in time", "try again", fault="late")
    return found if found is not None and not found.ok else None


def nearest(name: str, names: Iterable[str]) -> str:
    """Return a hint with the names that look most like one that fits nothing."""
    known = sorted(set(names))
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:3]
    return f"nearest: {', '.join(near)}" if near else "there is none at all"
