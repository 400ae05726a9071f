"""Starting a process inside a sandbox, and learning of its end without a thread per process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from cockpit.embedded.sandbox.processes import read_entry
from cockpit.embedded.sandbox.supervisor import Supervisor

HANG_UP_GRACE = 0.5
"""Seconds between SIGHUP and SIGKILL when the channel of a command is closed."""
POLL_INTERVAL = 0.01

ENTER = """
IFS='
'
for group in $1; do echo $$ > "$group" || exit 126; done
echo 100 > /proc/$$/oom_score_adj
if [ -n "$2" ]; then exec <>"$2" >&0 2>&1 || exit 126; fi
cd "$3" || exit 126
shift 3
exec "$@"
"""
"""Joins the control groups and takes the terminal as its own before anything of the sandbox runs.

Where memory runs out the kernel takes what a sandbox runs rather than what keeps it: its first process, the server.
"""

Stream = int | IO[bytes] | None


class LaunchedProcess:
    """A process at the head of its own session and process group."""

    def __init__(self, pid: int, exited: asyncio.Future[int], terminal: int = -1) -> None:
        self.pid = pid
        self.terminal = terminal
        """Our end of the terminal that it got behind its walls, -1 without one; whoever launched it closes it."""
        entry = read_entry(pid)
        self.start = entry.start if entry is not None else 0
        """Clock ticks since boot."""
        self.exited = exited
        """Done when it ended: the exit code, or minus the number of the signal that ended it."""

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole process group; one that is gone is no error."""
        signal_group(self.pid, number)

    async def hang_up(self, *, frozen: bool) -> None:
        """End the process group: SIGHUP, then SIGKILL; SIGKILL alone if it is frozen and could not hear the first."""
        if frozen:
            signal_group(self.pid, signal.SIGKILL)
        else:
            await hang_up_group(self.pid)


def signal_group(leader: int, number: signal.Signals) -> bool:
    """Signal a process group; return False if nobody is in it."""
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return False
    return True


def await_exit(popen: subprocess.Popen[bytes]) -> asyncio.Future[int]:
    """Return a future of a child's exit code, without a thread per child."""
    loop = asyncio.get_running_loop()
    exited: asyncio.Future[int] = loop.create_future()
    descriptor = os.pidfd_open(popen.pid)

    def reap() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        code = popen.wait()
        if not exited.done():
            exited.set_result(code)

    loop.add_reader(descriptor, reap)
    return exited


async def hang_up_group(leader: int) -> None:
    """End a process group: SIGHUP, and SIGKILL for what is left after `HANG_UP_GRACE`."""
    deadline = asyncio.get_running_loop().time() + HANG_UP_GRACE
    signal_group(leader, signal.SIGHUP)
    # A stopped process takes the SIGHUP only when it continues.
    alive = signal_group(leader, signal.SIGCONT)
    while alive and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(POLL_INTERVAL)
        alive = _group_lives(leader)
    if alive:
        signal_group(leader, signal.SIGKILL)


def _group_lives(leader: int) -> bool:
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


async def launch(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path | str,
    members_files: Sequence[Path],
    supervisor: Supervisor | None = None,
    terminal: str = "",
    size: tuple[int, int] | None = None,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.DEVNULL,
    stderr: Stream = subprocess.DEVNULL,
) -> LaunchedProcess:
    """Start a program in its own session, inside its control groups if there are some.

    Args:
        arguments: the program and its arguments.
        environment: its whole environment.
        directory: its working directory.
        members_files: the control groups' `cgroup.procs`.
        supervisor: where there is no control group, who starts it and keeps its descendants.
        terminal: the path of a pseudo-terminal's slave that becomes its controlling terminal.
        size: columns and rows of a terminal that the supervisor makes behind the walls, instead of the streams.
        stdin, stdout, stderr: as for `subprocess.Popen`.

    Raises:
        OSError: it could not be started.
        HostingError: the supervisor does not answer.
    """
    groups = "\n".join(str(file) for file in members_files)
    program = ["/bin/sh", "-c", ENTER, "sandbox", groups, terminal, str(directory), *arguments]
    if supervisor is not None:
        if size is not None:
            started = await supervisor.launch(program, environment, (), size)
            return LaunchedProcess(started.pid, started.exited, started.terminal)
        with contextlib.ExitStack() as opened:
            streams = [_descriptor(stream, opened) for stream in (stdin, stdout, stderr)]
            started = await supervisor.launch(program, environment, streams)
            return LaunchedProcess(started.pid, started.exited)
    return _start_child(program, environment, (stdin, stdout, stderr))


def _start_child(
    program: Sequence[str], environment: Mapping[str, str], streams: tuple[Stream, Stream, Stream]
) -> LaunchedProcess:
    """Start a child of this process; it takes no longer than the kernel needs to fork."""
    stdin, stdout, stderr = streams
    popen = subprocess.Popen(
        program, env=dict(environment), stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
    )
    return LaunchedProcess(popen.pid, await_exit(popen))


def _descriptor(stream: Stream, opened: contextlib.ExitStack) -> int:
    """Return the descriptor behind a stream; none is the null device."""
    if stream is None or stream == subprocess.DEVNULL:
        return opened.enter_context(Path(os.devnull).open("r+b", buffering=0)).fileno()
    return stream if isinstance(stream, int) else stream.fileno()
