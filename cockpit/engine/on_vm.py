"""Scripts and files on the VMs of agents, over the links that are there: bounded in time and in what is carried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.agents.scaffold.layout import shell_path
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import Refused
from cockpit.model.ids import AgentId
from cockpit.remote.ssh.command import Completed

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

LINK_LIMIT = 30.0
"""Seconds a link gets to come up before what is to be done there is given up."""

OUTPUT_BYTES = 32_768
"""How much of the end of a command's output is kept."""

# What a command says goes into a file: of much output its end is wanted, and a pipe would end it early.
_RUN = """said=$(mktemp) || exit 1
trap 'rm -f "$said"' EXIT
trap 'exit 143' TERM INT HUP
cd {workspace} || exit 1
sh -c "$1" >"$said" 2>&1 </dev/null
code=$?
echo "$code $(($(wc -c <"$said")))"
tail -c "$2" "$said"
"""


async def connection_of(session: AgentSession | None, agent: AgentId) -> Connection:
    """Return the open connection to an agent's VM.

    Raises:
        CockpitError: there is none, and none comes up in time.
    """
    if session is None or session.link is None:
        raise Refused(f"agent {agent} is not attached", hint="its place is on no list: see `cockpit vms`")
    return await session.link.ready(LINK_LIMIT)


async def run_command(connection: Connection, workspace: str, text: str, limit: float) -> tuple[int, str, int]:
    """Run a command in an agent's workspace, with the VM's own environment and nothing on its standard input.

    Args:
        workspace: as the agent's paths name it.
        text: a command of a shell.
        limit: seconds.

    Returns:
        Its exit code, the end of what it said on both streams, and how many bytes it said altogether.

    Raises:
        CommandTimedOut: it was ended.
        CockpitError: it was not run, or that is not known.
    """
    script = _RUN.format(workspace=shell_path(workspace))
    done = await connection.run(script, text, str(OUTPUT_BYTES), timeout=limit, limit=OUTPUT_BYTES + 64)
    head, _, said = done.stdout.partition(b"\n")
    code, _, size = head.partition(b" ")
    if done.exit_code != 0 or not code.isdigit() or not size.isdigit():
        raise Refused(f"the command was not run: {said_by(done)}", hint="is the workspace there, and /tmp writable?")
    return int(code), said.decode("utf-8", "backslashreplace"), int(size)


def said_by(done: Completed) -> str:
    """Return what a script that failed wrote, or how it ended."""
    return done.stderr.decode("utf-8", "backslashreplace").strip() or f"exit {done.exit_code}"
