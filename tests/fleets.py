"""A whole cockpit for a test: an embedded fleet of its own, and engines that come and go over it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import cockpit
from cockpit.bootstrap.fleet import Places, make_source, running_engine
from cockpit.config import Settings
from cockpit.embedded.lifecycle import remove
from cockpit.engine.engine import Engine
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.receipts.receipt import Receipt, Stage
from tests.forked.command import forked, servers_forked
from tests.leftovers import short_directory

LIMIT = 60.0
"""Seconds a condition gets on a busy machine before the test fails."""


class FleetUnderTest:
    """One embedded fleet and its history, in a directory with a short path."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.places = Places.under(root)
        self.settings = Settings()

    @contextlib.asynccontextmanager
    async def engine(self, **options: Any) -> AsyncIterator[Engine]:
        """Run an engine over the fleet."""
        source = await asyncio.to_thread(make_source, self.settings, self.places, force_embedded=True)
        async with running_engine(self.settings, self.places, source, **options) as engine:
            yield engine

    def command(self, *words: str) -> list[str]:
        """Return the command line of a cockpit over this fleet."""
        return [sys.executable, "-m", "cockpit", "--root", str(self.root), *words]

    def verb(self, *words: str) -> list[str]:
        """Return the command line of a headless verb over this fleet, without the time that loading takes."""
        return forked("--root", str(self.root), *words)

    def run(self, *words: str, timeout: float = LIMIT, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a headless verb."""
        return subprocess.run(
            self.verb(*words),
            capture_output=True,
            text=True,
            timeout=timeout,
            input=stdin,
            env=self.environment(),
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """Return this process's environment, able to import the package from anywhere."""
        return {**os.environ, "PYTHONPATH": str(Path(cockpit.__file__).parent.parent)}

    def remove(self) -> None:
        """End everything that runs in the fleet, and its directory."""
        remove(self.places.fleet)
        shutil.rmtree(self.root, ignore_errors=True)


@contextlib.contextmanager
def fleet_under_test() -> Iterator[FleetUnderTest]:
    """Make a fleet and remove it afterwards."""
    fleet = FleetUnderTest(short_directory("ckf"))
    with servers_forked():
        try:
            yield fleet
        finally:
            fleet.remove()


async def order(engine: Engine, command: Command, until: Stage = Stage.DONE) -> Receipt:
    """Dispatch a command and return its receipt once it is that far; fails if it failed."""
    receipt = await engine.outcome(engine.dispatch(command), until=until, timeout=LIMIT)
    assert receipt.stage not in (Stage.FAILED, Stage.UNCONFIRMED), receipt
    return receipt


async def spawned(engine: Engine, name: str, *, program: str = "scripted", model: str = "") -> Agent:
    """Spawn a lieutenant and return it."""
    await order(engine, Spawn(name, AgentKind.LIEUTENANT, "tests", program=program, model=model))
    return engine.agent_named(name)


async def until(engine: Engine, condition: Callable[[], bool], what: str, limit: float = LIMIT) -> None:
    """Wait for a condition on the state of the engine's fleet."""
    assert await engine.fleet_state.until(condition, limit), f"never came: {what}"


def poll(condition: Callable[[], bool], what: str, limit: float = LIMIT) -> None:
    """Wait for a condition outside any loop."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.02)


def is_settled(engine: Engine) -> bool:
    """Say whether each attached agent was tried, and read to its end where its link is up."""
    return all(running.agent_sessions.settled() for running in engine.running)
