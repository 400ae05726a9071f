"""The verb that brings the answers and files of several agents into one directory, and says what was missing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from pathlib import Path, PurePosixPath

from cockpit.cli import output
from cockpit.cli.agent import connected
from cockpit.cli.choosing import Chosen
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, require_health
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.paths import write_private
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

ANSWER = "answer.txt"
"""Where an agent's last answer goes, in the agent's directory."""

FILES = "files"
"""The directory beside it for what was brought from its workspace; absolute paths begin anew below it."""

AT_ONCE = 4
"""Agents that are brought from at the same time."""


class Collected:
    """What was brought, and what was not."""

    def __init__(self, into: Path) -> None:
        self.into = into
        self.brought: list[tuple[str, Path]] = []
        self.missing: list[tuple[str, str]] = []

    def objects(self) -> dict[str, object]:
        """Return both for JSON."""
        return {
            "into": str(self.into),
            "brought": [{"name": name, "path": str(path.relative_to(self.into))} for name, path in self.brought],
            "missing": [{"name": name, "what": what} for name, what in self.missing],
        }


async def collect(
    headless: Headless, choice: Chosen, into: Path, patterns: Sequence[str], answers: bool, as_json: bool
) -> int:
    """Bring the last answer of each agent, and the files that patterns match; what is there already is replaced.

    Args:
        into: a directory; made if it is absent.
        patterns: paths on the VM, from the workspace on, with the shell's `*`, `?` and `[ ]`.
        answers: whether answers are wanted.
    """
    choice.check_one_way()
    collected = Collected(into)
    async with headless.engine(choice.attached(), watch=True) as engine:
        require_health(engine, "vers")
        agents = (await choice.looked_up(engine, headless.left())).agents(engine)
        turns = asyncio.Semaphore(AT_ONCE)
        places, contact = directories(agents), headless.left()

        async def bring(agent: Agent) -> None:
            # Those out of reach are waited for together: one after another would take minutes.
            try:
                await connected(engine, agent.id, contact)
            except CockpitError as error:
                collected.missing.append((agent.name, str(error)))
                return
            async with turns:
                await _from(engine, agent, into / places[agent.id], collected, patterns, answers)

        async with asyncio.TaskGroup() as tasks:
            for agent in agents:
                tasks.create_task(bring(agent))
    if as_json:
        output.print_json(collected.objects())
    else:
        for name, path in sorted(collected.brought):
            say(our_line("{} {}", name, str(path)))
    for name, what in sorted(collected.missing):
        warn(our_text("cockpit: {}: {}", name, what))
    if not collected.missing:
        return ExitCode.DONE
    return ExitCode.PARTIAL if collected.brought else ExitCode.FAILED


async def _from(
    engine: HeadlessPort,
    agent: Agent,
    place: Path,
    collected: Collected,
    patterns: Sequence[str],
    answers: bool,
) -> None:
    if answers:
        try:
            said = await engine.comparison.answer(agent.id)
        except CockpitError as error:
            collected.missing.append((agent.name, f"its answer: {error}"))
        else:
            if not said.strip():
                collected.missing.append((agent.name, "it has answered nothing yet"))
            elif fault := await _fault_of(asyncio.to_thread(_write, place / ANSWER, said)):
                collected.missing.append((agent.name, f"its answer: {fault}"))
            else:
                collected.brought.append((agent.name, place / ANSWER))
    for pattern in patterns:
        try:
            await _matching(engine, agent, pattern, place / FILES, collected)
        except CockpitError as error:
            collected.missing.append((agent.name, f"{pattern}: {error}"))


async def _matching(engine: HeadlessPort, agent: Agent, pattern: str, place: Path, collected: Collected) -> None:
    found = await engine.files.matching(agent.id, pattern)
    if not found:
        collected.missing.append((agent.name, f"{pattern}: no such file"))
    for path, _size in found:
        to = local_path(place, path)
        if to is None:
            collected.missing.append((agent.name, f"{path}: not a path that can be kept below {place}"))
            continue
        if fault := await _fault_of(_fetch(engine, agent, path, to)):
            collected.missing.append((agent.name, f"{path}: {fault}"))
        else:
            collected.brought.append((agent.name, to))


async def _fetch(engine: HeadlessPort, agent: Agent, path: str, to: Path) -> None:
    await asyncio.to_thread(to.parent.mkdir, parents=True, exist_ok=True)
    await engine.files.fetch(agent.id, path, to)


async def _fault_of(act: Awaitable[None]) -> str:
    """Do something; return why it could not be done: one file that has no place here keeps no other from its own."""
    try:
        await act
    except CockpitError as error:
        return str(error)
    except OSError as error:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
    return ""


def directories(agents: Sequence[Agent]) -> dict[AgentId, str]:
    """Return the name of each agent's directory: its own, and where several have that one, its VM with it."""
    named = Counter(agent.name for agent in agents)
    return {agent.id: agent.name if named[agent.name] == 1 else f"{agent.name}-{agent.vm_id[:8]}" for agent in agents}


def local_path(place: Path, path: str) -> Path | None:
    """Return where a file of a VM goes below a directory, or None if its path leads out of it: a VM says anything."""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "//", ".")]
    if not parts or ".." in parts or any("\0" in part for part in parts):
        return None
    return place.joinpath(*parts)


def _write(path: Path, text: str) -> None:
    """Write a text whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, text if text.endswith("\n") else f"{text}\n")
