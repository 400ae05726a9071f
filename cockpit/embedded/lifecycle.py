"""Starting the embedded fleet in the background, stopping it, and removing it with everything it runs."""

from __future__ import annotations

import asyncio
import contextlib
import http
import http.client
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import cockpit
from cockpit.embedded.endpoint import FLEET_SIGNS, ServerEndpoint, held_lock, lock_file, read_endpoint, serving_pid
from cockpit.errors import ConfigError, Refused, TimedOut
from cockpit.paths import absolute, own_directory, private_directory

Answer = TypeVar("Answer")

POLL_INTERVAL = 0.05
HEALTH_TIMEOUT = 2.0
LOG_TAIL = 1000
"""Bytes of the log that an error carries."""
STOP_TIMEOUT = 15.0
"""Seconds a server gets to stop before it is killed; its agents are not touched either way."""

SERVER: tuple[str, ...] = (sys.executable, "-m", "cockpit.embedded.serve")
"""The program that is started, before its arguments."""

KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "TMPDIR",
    "TZ",
    "VIRTUAL_ENV",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "COCKPIT_SANDBOX",
    "COCKPIT_WALLS",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX",
)
"""What of the operator's environment a server gets: agents of the same user could read the rest in /proc."""


def ensure_started(root: Path, timeout: float = 20.0, walls: str = "") -> ServerEndpoint:
    """Return the running server of a root, after starting one in the background if there is none.

    Several callers at once are safe: one starts it, the others wait.

    Args:
        root: the fleet's directory.
        timeout: seconds until it must answer.
        walls: what a server that is started does about walls, unless the environment says it; empty is its default.

    Raises:
        TimedOut: it did not answer in time.
        Refused: it ended at once; the message has the end of its log.
        ConfigError: the directory is a link or belongs to somebody else.
    """
    deadline = time.monotonic() + timeout
    # The server works in another directory.
    root = absolute(root, "the fleet's directory")
    own_directory(root, FLEET_SIGNS)
    while True:
        endpoint = _answering(root)
        if endpoint is not None:
            return endpoint
        with held_lock(root / "start.lock") as mine:
            if mine and serving_pid(root) is None:
                return _start(root, deadline, walls)
        if time.monotonic() > deadline:
            raise TimedOut(
                f"the embedded fleet in {root} did not answer within {timeout:.0f} s",
                hint=f"see {root / 'serve.log'}",
            )
        time.sleep(POLL_INTERVAL)


def stop(root: Path) -> bool:
    """Stop the server of a root; its agents go on and the next server adopts them.

    Returns:
        Whether one was running.

    Raises:
        TimedOut: it neither stopped nor could be killed.
    """
    pid = serving_pid(root)
    if pid is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal_server(root, pid, number)
        if _poll(lambda: serving_pid(root) != pid, time.monotonic() + STOP_TIMEOUT):
            return True
    raise TimedOut(f"the server {pid} of {root} did not stop", hint="it may wait for a dead disk")


def remove(root: Path) -> None:
    """Stop the server of a root, end all its VMs with their agents, and remove the directory; for demonstrations.

    Raises:
        ConfigError: the directory is no fleet of ours.
        Refused: another server started meanwhile.
        HostingError: a process could not be ended.
    """
    if not root.exists():
        return
    if not lock_file(root).is_file():
        raise ConfigError(f"{root} is not the directory of an embedded fleet", hint="nothing was removed")
    private_directory(root)
    stop(root)
    with held_lock(lock_file(root)) as mine:
        if not mine:
            raise Refused(f"the fleet in {root} was started again meanwhile", hint="try again")
        asyncio.run(_destroy_all(root))
        from cockpit.embedded.sandbox.copy import remove_now  # of the library that is there by now

        remove_now(root)


@dataclass(frozen=True, slots=True)
class Running:
    """What runs in a fleet."""

    server: bool
    processes: dict[str, int]
    """How many processes each VM has, under the VM's id and, where it has an agent, the agent's name."""


def running_in(root: Path) -> Running:
    """Look at what runs in a fleet, without touching any of it."""
    from cockpit.embedded.inventory import agent_in
    from cockpit.embedded.sandbox.layout import FleetLayout
    from cockpit.embedded.sandbox.processes import find_members

    vms = FleetLayout(root).vms
    processes: dict[str, int] = {}
    for directory in sorted(vms.iterdir()) if vms.is_dir() else ():
        members = len(find_members(directory.name))
        if members:
            name = agent_in(directory)
            processes[f"{directory.name} ({name})" if name else directory.name] = members
    return Running(serving_pid(root) is not None, processes)


def end_fleet(root: Path) -> None:
    """Stop the server of a root and end all that runs on its VMs; disks, commits and records stay.

    Raises:
        Refused: another server started meanwhile.
        TimedOut: the server did not stop.
        HostingError: a process could not be ended.
    """
    stop(root)
    with held_lock(lock_file(root)) as mine:
        if not mine:
            raise Refused(f"the fleet in {root} was started again meanwhile", hint="try again")
        asyncio.run(_halt_all(root))


async def _halt_all(root: Path) -> None:
    from cockpit.embedded.sandbox.sandboxes import Sandboxes

    with contextlib.closing(Sandboxes(root)) as sandboxes:
        await sandboxes.adopt()
        await sandboxes.halt_all()


async def _destroy_all(root: Path) -> None:
    # Here alone, since it brings the SSH library along, which a mere start has no use for.
    from cockpit.embedded.sandbox.sandboxes import Sandboxes

    with contextlib.closing(Sandboxes(root)) as sandboxes:
        await sandboxes.adopt()
        await sandboxes.destroy_all()


def _start(root: Path, deadline: float, walls: str) -> ServerEndpoint:
    """Start a server and wait until it answers.

    The server inherits the write end of a pipe and never uses it: the pipe's end tells that the server is gone.
    """
    log = root / "serve.log"
    log.touch(mode=0o600)
    before = log.stat().st_size
    alive, inherited = os.pipe()
    try:
        try:
            _spawn(root, log, inherited, deadline, walls)
        finally:
            os.close(inherited)
        while time.monotonic() < deadline:
            endpoint = _answering(root)
            if endpoint is not None:
                return endpoint
            if select.select([alive], [], [], POLL_INTERVAL)[0]:
                raise Refused(
                    f"the embedded fleet in {root} ended at once: {_log_since(log, before)}",
                    hint=f"see {log}",
                )
    finally:
        os.close(alive)
    raise TimedOut(f"the embedded fleet in {root} did not answer in time", hint=f"see {log}")


def _log_since(log: Path, before: int) -> str:
    with log.open("rb") as text:
        text.seek(before)
        return text.read()[-LOG_TAIL:].decode(errors="replace").strip()


def _spawn(root: Path, log: Path, inherited: int, deadline: float, walls: str) -> None:
    """Start a server that belongs to nobody: own session, no terminal, no parent here."""
    package = str(Path(cockpit.__file__).parent.parent)
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    environment["PYTHONPATH"] = package
    if walls:
        environment.setdefault("COCKPIT_WALLS", walls)
    with log.open("ab") as output:
        starter = subprocess.Popen(
            [*SERVER, "--root", str(root), "--detach"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=(inherited,),
            cwd="/",
            env=environment,
        )
    try:
        # It forks and ends by itself; failing that, the pipe tells why.
        starter.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        starter.kill()
        starter.wait()
        raise TimedOut(f"the embedded fleet in {root} did not start in time", hint=f"see {log}") from None


def _answering(root: Path) -> ServerEndpoint | None:
    """Return the server's endpoint if it answers."""
    endpoint = read_endpoint(root)
    if endpoint is None:
        return None
    address = urlsplit(endpoint.base_url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=HEALTH_TIMEOUT)
    try:
        connection.request("GET", "/health")
        return endpoint if connection.getresponse().status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _poll(ask: Callable[[], Answer | None], deadline: float) -> Answer | None:
    """Ask until there is an answer or the time is over."""
    while not (answer := ask()) and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL)
    return answer


def _signal_server(root: Path, pid: int, number: signal.Signals) -> None:
    """Signal the server, and only it: the lock tells that the pid still is the server's."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if serving_pid(root) == pid:
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return
    finally:
        os.close(descriptor)
