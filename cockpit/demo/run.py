"""`cockpit demo`: a fresh embedded fleet of scripted agents that build something while the operator looks."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import IO

from cockpit import config, paths
from cockpit.bootstrap.fleet import Places, Setup
from cockpit.demo.script import BOARD, CAST, SCRIPT, CastMember
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.board import CreateTask
from cockpit.model.commands.life import Spawn
from cockpit.model.receipts.receipt import Stage
from cockpit.text.sanitize import our_text
from cockpit.text.streams import warn
from cockpit.ui.keys_first import run_screen

log = logging.getLogger(__name__)

PREFIX = "demo-"
"""Begins the name of a demonstration's directory."""

LOCK = "demo.lock"
"""Held while a demonstration is shown."""

KEPT = "kept"
"""Marks a demonstration that the operator wanted to keep."""

RESERVED_DESCRIPTORS = 256
"""Descriptors a process may have that has only begun."""

SCRIPT_FILE = ".swarm/script.json"
"""Relative to the agent's home: what it does with which prompt."""


Present = Callable[[Setup], Coroutine[None, None, int]]
"""Shows a fleet until the operator leaves; returns the exit code."""


def demonstrate(present: Present, *, keep: bool, speed: float) -> int:
    """Run the demonstration until the operator leaves; then the fleet is removed unless it is kept."""
    remove_abandoned()
    root = paths.state_directory() / f"{PREFIX}{uuid.uuid4().hex[:8]}"
    places = Places.under(root)
    if keep:
        (root / KEPT).touch(mode=0o600)
    with (root / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove_when_left(root, lock)
        try:
            return run_screen(present(make_demo_setup(config.load(), places, speed)))
        finally:
            if keep:
                warn(our_text("kept: open it again with `cockpit --root {}`", str(root)))
            else:
                _remove(root)


def _remove_when_left(root: Path, lock: IO[str]) -> None:
    """Leave a process behind that removes the fleet once this one has ended in whatever way, also by a kill.

    It waits for the lock, which the kernel gives back, and holds nothing of the terminal.
    """
    if os.fork():
        return
    os.setsid()
    lock.close()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.closerange(3, RESERVED_DESCRIPTORS)
    try:
        with (root / LOCK).open("w") as waiting:
            fcntl.flock(waiting, fcntl.LOCK_EX)
            if root.is_dir() and not (root / KEPT).exists():
                _remove(root)
    finally:
        os._exit(0)


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


def make_demo_setup(settings: config.Settings, places: Places, speed: float) -> Setup:
    """Return an embedded fleet whose scripted agents know the story."""
    return Setup.scripted(settings, places, SCRIPT_FILE, json.dumps(SCRIPT).encode(), speed)


@contextlib.asynccontextmanager
async def telling(engine: HeadlessPort) -> AsyncIterator[None]:
    """Tell the story during the block."""
    task = asyncio.create_task(tell(engine), name="story")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def tell(engine: HeadlessPort) -> None:
    """Put the board up, spawn the cast, and give everybody their prompts."""
    try:
        await _put_board_up(engine)
        async with asyncio.TaskGroup() as tasks:
            for member in CAST:
                tasks.create_task(_play(engine, member), name=member.name)
    except* CockpitError as group:
        for error in group.exceptions:
            log.warning("the story stopped: %s", error)
            engine.notice(f"the demonstration stopped: {error}")


async def _put_board_up(engine: HeadlessPort) -> None:
    for task in BOARD:
        command = CreateTask(task.title, task.description, task.assignee, task.tags, task.status, author=CAST[0].name)
        put = await engine.outcome(engine.dispatch(command))
        if put.stage is not Stage.DONE:
            raise CockpitError(f"the task {task.title} is not on the board: {put.reason}")


async def _play(engine: HeadlessPort, member: CastMember) -> None:
    """Spawn one agent and give it its prompts, each after the one before."""
    command = Spawn(member.name, member.kind, member.role, labels=member.labels, parent=member.parent)
    spawned = await engine.outcome(engine.dispatch(command))
    if spawned.stage is not Stage.DONE:
        raise CockpitError(f"{member.name} was not spawned: {spawned.reason}")
    agent = engine.agent_named(member.name)
    for prompt in member.prompts:
        await engine.outcome(engine.dispatch(Prompt(agent.id, prompt)))
