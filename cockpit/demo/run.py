"""`cockpit demo`: a fresh embedded fleet of scripted agents that build something while the operator looks."""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import shutil
import signal
import uuid
from dataclasses import replace
from pathlib import Path

from cockpit import config, paths
from cockpit.bootstrap.fleet import Places, make_source, running_engine
from cockpit.demo.script import BOARD, CAST, SCRIPT, Part
from cockpit.engine.engine import Engine
from cockpit.engine.source import Source
from cockpit.errors import CockpitError
from cockpit.model.commands import Prompt, Spawn
from cockpit.model.fleet import Stage
from cockpit.text.streams import is_terminal, warn

log = logging.getLogger(__name__)

PREFIX = "demo-"
"""Begins the name of a demonstration's directory."""

LOCK = "demo.lock"
"""Held while a demonstration is shown."""

KEPT = "kept"
"""Marks a demonstration that the operator wanted to keep."""

SCRIPT_FILE = ".swarm/script.json"
"""Relative to the agent's home: what it does with which prompt."""


def demonstrate(*, keep: bool, speed: float, theme: str) -> int:
    """Run the demonstration until the operator leaves; then the fleet is removed unless it is kept."""
    if not is_terminal():
        warn("cockpit: the demonstration needs a terminal")
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    remove_abandoned()
    root = paths.state_directory() / f"{PREFIX}{uuid.uuid4().hex[:8]}"
    places = Places.under(root)
    with (root / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            settings = config.load()
            source = make_demo_source(places, speed)
            return asyncio.run(_show(settings, places, source, theme))
        finally:
            if keep:
                (root / KEPT).touch(mode=0o600)
                warn(f"kept: open it again with `cockpit --root {root}`")
            else:
                _remove(root)


def _leave(number: int, frame: object) -> None:
    """Leave through the `finally` clauses; while the screen is up it has its own, gentler way."""
    raise SystemExit(128 + number)


def remove_abandoned() -> None:
    """Remove the fleets of demonstrations that were killed before they could tidy up."""
    for root in paths.state_directory().glob(f"{PREFIX}*"):
        if (root / KEPT).exists():
            continue
        try:
            with (root / LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(root)
        except BlockingIOError:
            continue  # it is being shown right now
        except (OSError, CockpitError) as error:
            log.warning("the demonstration in %s cannot be removed: %s", root, error)


def _remove(root: Path) -> None:
    from cockpit.embedded.lifecycle import remove

    remove(root / "fleet")
    shutil.rmtree(root)


def make_demo_source(places: Places, speed: float) -> Source:
    """Return an embedded fleet whose scripted agents know the story."""
    source = make_source(config.Settings(), places, force_embedded=True, own_services=True)
    scripted = next(program for program in source.programs if program.name == "scripted")
    told = replace(
        scripted,
        arguments=lambda spawn, instructions, again: [
            *scripted.arguments(spawn, instructions, again),
            "--script",
            f"~/{SCRIPT_FILE}",
            "--speed",
            f"{speed:g}",
        ],
        files=((SCRIPT_FILE, json.dumps(SCRIPT).encode()),),
    )
    return replace(source, programs=(told,), default_program="scripted", notices=())


async def _show(settings: config.Settings, places: Places, source: Source, theme: str) -> int:
    from cockpit.ui.app import CockpitApp

    async with running_engine(settings, places, source, wait=False) as engine:
        telling = asyncio.create_task(tell(engine), name="story")
        try:
            app = CockpitApp(engine, theme=theme or settings.screen.theme)
            await app.run_async()
            return app.return_code or 0
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


async def tell(engine: Engine) -> None:
    """Put the board up, spawn the cast, and give everybody their prompts."""
    try:
        await _put_board_up(engine)
        async with asyncio.TaskGroup() as tasks:
            for part in CAST:
                tasks.create_task(_play(engine, part), name=part.name)
    except* CockpitError as group:
        for error in group.exceptions:
            log.warning("the story stopped: %s", error)
            engine.world.notice(f"the demonstration stopped: {error}")


async def _put_board_up(engine: Engine) -> None:
    board = engine.source.board
    assert board is not None
    for task in BOARD:
        await board.create(
            task.title,
            "atlas",
            description=task.description,
            status=task.status,
            assignee=task.assignee,
            tags=task.tags,
        )
    engine.watcher.look_at_board()


async def _play(engine: Engine, part: Part) -> None:
    """Spawn one agent and give it its prompts, each after the one before."""
    order = Spawn(part.name, part.kind, part.role, labels=part.labels, parent=part.parent)
    spawned = await engine.outcome(engine.dispatch(order))
    if spawned.stage is not Stage.DONE:
        raise CockpitError(f"{part.name} was not spawned: {spawned.reason}")
    agent = engine.agent_named(part.name)
    for prompt in part.prompts:
        await engine.outcome(engine.dispatch(Prompt(agent.id, prompt)))
