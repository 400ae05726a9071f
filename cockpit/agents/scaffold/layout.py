"""Where an agent's files lie on a VM, and the exit codes the scaffold's scripts end with.

The layout is the one of hdresearch/pi-v, `extensions/vers-swarm.ts` (`startRpcAgent`): a FIFO `in`, an appended `out`
and `err`, tmux sessions `pi-keeper` and `pi-rpc`. Added here: `run`, `exit` and `pid`, so that a daemon run has an
identity and an end that outlives it, and a lock for whoever writes.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import IntEnum

from cockpit.errors import UsageError

KEEPER_SESSION = "pi-keeper"
"""The tmux session that holds a write end of the FIFO, so that the agent never sees end of file."""

AGENT_SESSION = "pi-rpc"
"""The tmux session the agent runs in."""


@dataclass(frozen=True, slots=True)
class AgentPaths:
    """The two directories of an agent. Each starts with `/`, or with `~/` for the home of the VM's user."""

    directory: str
    """Holds `in`, `out`, `err`, `run`, `exit`, `pid`, `launch.sh`; private to the user (mode 0700)."""
    workspace: str
    """The agent's working directory; made if it is absent."""

    def __post_init__(self) -> None:
        for path in (self.directory, self.workspace):
            shell_path(path)

    def file(self, name: str) -> str:
        """Return the path of one of the files, in the same notation."""
        return f"{self.directory.rstrip('/')}/{name}"


class ScriptExit(IntEnum):
    """How a scaffold script ended; values are clear of the shell's own (1, 2, 126 and above) and ssh's 255."""

    DONE = 0
    NOT_PRIVATE = 10
    """The directory is a link, or somebody else's."""
    INPUT_INCOMPLETE = 11
    """Standard input ended early: the connection dropped. Nothing was done."""
    PROGRAM_MISSING = 12
    ENDED_AT_ONCE = 13
    NO_TMUX = 14
    NOT_STARTED = 15
    """The launcher did not get the agent running in time."""
    FILE_MISSING = 16
    NO_READER = 21
    """Nobody reads the FIFO: the agent is dead. Nothing was written."""
    NOT_READ = 22
    """The agent did not read in time; a part may have been written."""
    LOCKED = 23
    """Another writer held the lock for too long. Nothing was written."""
    READER_LEFT = 24
    """The agent ended while it was written to; a part may have been read."""


def shell_path(path: str) -> str:
    """Return a path as one word of a POSIX shell script, `~/` expanded by the VM's shell.

    Raises:
        UsageError: the path is relative, or holds a NUL or a line feed.
    """
    if "\0" in path or "\n" in path:
        raise UsageError(f"{path!r} cannot be a path on a VM", hint="use a path without NUL and line feed")
    if path.startswith("~/"):
        return f'"$HOME"/{shlex.quote(path[2:])}' if path[2:] else '"$HOME"'
    if path.startswith("/"):
        return shlex.quote(path)
    raise UsageError(f"{path!r} is not a path on a VM", hint="begin it with / or ~/")


def shell_word(argument: str) -> str:
    """Return an argument as one word of a POSIX shell script; a leading `~/` stands for the home of the VM's user.

    Raises:
        UsageError: the argument holds a NUL.
    """
    if "\0" in argument:
        raise UsageError("an argument of the agent holds a NUL byte", hint="take it out")
    if argument.startswith("~/") and "\n" not in argument:
        return shell_path(argument)
    return shlex.quote(argument)


def command_line(script: str) -> str:
    """Return a script as one command for an SSH exec, whatever the login shell of the VM's user is."""
    return f"exec sh -c {shlex.quote(script)}"


VM_PATHS = AgentPaths("/tmp/pi-rpc", "/root/workspace")
"""Where agents live on a Vers VM; others who use the platform look there, too."""

HOME_PATHS = AgentPaths("~/pi-rpc", "~/workspace")
"""Where agents live in a sandbox or on a plain host: several may share one file system."""
