"""The text that tells an agent who it is and how it reports, and the program that it reports with."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from cockpit.agents.kinds import adapter_of
from cockpit.agents.reporting import board
from cockpit.errors import Refused
from cockpit.model.commands.life import Spawn
from cockpit.model.hand_over import RULES

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

INSTRUCTIONS_FILE = ".swarm/instructions.md"
"""Relative to the home directory on the VM."""

LIMIT = 60.0
"""Seconds one script gets."""

INSTRUCTIONS = """# You are {name}

You are a {kind} in a swarm of coding agents that one operator supervises{parent}.
{role}
You keep your context over many tasks. End each task with a short summary and your open questions.
"""

BOARD = """
# The board

The swarm shares a board of tasks and a feed of events. You are {name} on both; `operator` there is the person who \
supervises you, and nobody else writes under that name. When a task is handed to you, you are told its id; \
`board mine` lists the tasks that are yours.{tools}

{rules}
"""

OWN_TOOLS = """ You also have the tools board_list_tasks, board_update_task, board_add_note, feed_publish and \
feed_list. A blocker takes two acts with them: a note of type blocker on the task, and an event blocker_found."""


class ReportsBy(StrEnum):
    """Who says on the feed what an agent does by itself: that a prompt began, that it ended, that it failed."""

    EXTENSION = "extension"
    """Its program does, by the extension of the coordination services."""
    COCKPIT = "cockpit"
    """A cockpit does."""


def instructions(spawn: Spawn, reports: ReportsBy | None = None) -> str:
    """Return the text that tells an agent who it is.

    Args:
        spawn: the agent.
        reports: who reports for it; None where there is no board.
    """
    parent = f"; you work for {spawn.parent}" if spawn.parent else ""
    role = f"Your role: {spawn.role}\n" if spawn.role else ""
    text = INSTRUCTIONS.format(name=spawn.name, kind=spawn.kind.value, parent=parent, role=role)
    if reports is None:
        return text
    tools = OWN_TOOLS if reports is ReportsBy.EXTENSION else ""
    return text + BOARD.format(name=spawn.name, tools=tools, rules=RULES)


async def instruct(
    connection: Connection, home: str, spawn: Spawn, program: str, *, has_services: bool
) -> ReportsBy | None:
    """Write what the agent reads of itself and what it reports with; return who reports for it, if anybody can.

    Args:
        connection: to where it is to run, with all of its configuration.
        home: the home directory there.
        spawn: the agent.
        program: the name of its kind.
        has_services: whether there are board and feed.

    Raises:
        CockpitError: a file cannot be written.
    """
    reports: ReportsBy | None = None
    if has_services:
        script = adapter_of(program).check_in_script()
        found = bool(script) and (await connection.run(script, timeout=LIMIT)).exit_code == 0
        reports = ReportsBy.EXTENSION if found else ReportsBy.COCKPIT
        await give_board(connection, home)
    await connection.write_file(f"{home}/{INSTRUCTIONS_FILE}", instructions(spawn, reports).encode(), mode=0o600)
    return reports


async def give_board(connection: Connection, home: str) -> None:
    """Write the program that an agent reports with.

    Raises:
        CockpitError: it cannot be written.
    """
    directory = f"{home}/{board.FILE}".rpartition("/")[0]
    made = await connection.run('mkdir -p -m 700 -- "$@"', f"{home}/.swarm", directory, timeout=LIMIT)
    if made.exit_code != 0:
        raise Refused(f"cannot make {directory}: {made.stderr.decode(errors='replace')[-200:]}")
    await connection.write_file(f"{home}/{board.FILE}", board.board_script().encode(), mode=0o700)
