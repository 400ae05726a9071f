"""The server of the embedded fleet: one process on loopback that runs API, services, sandboxes and SSH gateway.

Stopping or losing it ends no agent: tmux servers and other detached processes have no parent here. The next server
adopts them, paused VMs included. Only commands of open SSH sessions end with it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

from cockpit import __version__
from cockpit.embedded.access.inside import Inside
from cockpit.embedded.api.application import create_application
from cockpit.embedded.api.records import Records
from cockpit.embedded.api.server import ApiServer
from cockpit.embedded.endpoint import (
    FLEET_SIGNS,
    ServerEndpoint,
    endpoint_file,
    ensure_token,
    held_lock,
    lock_file,
    write_endpoint,
)
from cockpit.embedded.gateway.certificates import VM_DOMAIN
from cockpit.embedded.gateway.gateway import Gateway, quiet_ssh_log
from cockpit.embedded.log_file import open_log
from cockpit.embedded.sandbox.layout import search_path
from cockpit.embedded.sandbox.sandboxes import Sandboxes
from cockpit.embedded.shared import Shared, write_shared
from cockpit.errors import CockpitError
from cockpit.paths import absolute, own_directory, write_private
from cockpit.text.sanitize import our_text
from cockpit.text.streams import guard_streams, warn

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
LOCK_PATIENCE = 1.0
"""Seconds to try for the lock: a reader that checks it holds it for microseconds."""
ALREADY_SERVED = 3
"""Exit code when another server has the root."""
FAILED = 1


def run_foreground(root: Path) -> int:
    """Serve a fleet until SIGTERM or SIGINT.

    Returns:
        An exit code: 0 after a clean stop, `ALREADY_SERVED` if another server has this root, `FAILED` otherwise.
    """
    own_directory(root, FLEET_SIGNS)
    with contextlib.ExitStack() as stack:
        if not _take(stack, lock_file(root)):
            warn(our_text("cockpit: {} is served already", str(root)))
            return ALREADY_SERVED
        endpoint_file(root).unlink(missing_ok=True)
        handler = open_log(root)
        quiet_ssh_log()
        try:
            asyncio.run(_serve(root))
        except CockpitError as error:
            logger.error("the fleet cannot be served: %s", error)
            warn(our_text("cockpit: {}", str(error)))
            return FAILED
        except Exception:
            logger.exception("the server failed")
            raise
        finally:
            endpoint_file(root).unlink(missing_ok=True)
            logging.getLogger().removeHandler(handler)
            handler.close()
    return 0


def _take(stack: contextlib.ExitStack, path: Path) -> bool:
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        attempt = contextlib.ExitStack()
        if attempt.enter_context(held_lock(path)):
            stack.push(attempt)
            return True
        attempt.close()
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)


async def _serve(root: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # A shell ignores it for its background jobs, and everything that runs in a sandbox would inherit that.
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # The terminal that started the server may go. Ignoring the signal would pass to every process of the sandboxes.
    loop.add_signal_handler(signal.SIGHUP, logger.info, "the starter's terminal is gone")
    api_socket, ssh_socket = _bind(root)
    sandboxes = Sandboxes(root)
    await sandboxes.adopt()
    gateway = Gateway(sandboxes, root / "tls")
    await gateway.start(ssh_socket)
    records = Records(root / "records.sqlite")
    try:
        application = create_application(records, sandboxes, ensure_token(root), root=root)
        household = application.state.parts.household
        inside = Inside(_base_url(api_socket), f"{LOOPBACK}:{gateway.port}", household.key_on)
        sandboxes.platform = inside.variables
        api = ApiServer(application)
        serving = asyncio.create_task(api.serve(sockets=[api_socket]), name="API")
        try:
            await _until_started(api, serving)
            write_endpoint(root, _describe(root, gateway, api_socket))
            logger.info("serving %d VMs, API on port %d", len(sandboxes.vm_ids()), api_socket.getsockname()[1])
            telling = asyncio.create_task(asyncio.to_thread(_tell_shared, root, sandboxes), name="what VMs share")
            stopping = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait((stopping, serving), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            await telling
        finally:
            # Event streams never end by themselves, and the server waits for them.
            application.state.parts.end_streams()
            api.should_exit = True
            await serving
    finally:
        endpoint_file(root).unlink(missing_ok=True)
        await gateway.close()
        sandboxes.close()
        records.close()
        logger.info("stopped; agents go on")


async def _until_started(api: ApiServer, serving: asyncio.Task[None]) -> None:
    while not api.started:
        if serving.done():
            raise CockpitError("the API did not start", hint="see serve.log")
        await asyncio.sleep(0.01)


def _tell_shared(root: Path, sandboxes: Sandboxes) -> None:
    """Find out what VMs share and say it; whoever wants a server need not wait for it."""
    offer = sandboxes.offer()
    try:
        write_shared(root, Shared(os.getpid(), offer.walls is not None, offer.reason, sandboxes.unlimited()))
    except OSError as error:
        logger.warning("what VMs share cannot be written down: %s", error)


def _describe(root: Path, gateway: Gateway, api_socket: socket.socket) -> ServerEndpoint:
    return ServerEndpoint(
        pid=os.getpid(),
        base_url=_base_url(api_socket),
        ssh_host=LOOPBACK,
        ssh_port=gateway.port,
        vm_domain=VM_DOMAIN,
        ca_file=str(gateway.authority),
        tmux=shutil.which("tmux", path=search_path(os.environ.get("PATH", ""))) is not None,
        version=__version__,
        started_at=time.time(),
        vm_keys=True,
        tells_shared=True,
    )


def _base_url(api_socket: socket.socket) -> str:
    return f"http://{LOOPBACK}:{api_socket.getsockname()[1]}"


def _bind(root: Path) -> tuple[socket.socket, socket.socket]:
    """Bind the ports of the last time if they are free, others if not, and remember them."""
    path = root / "ports.json"
    try:
        remembered = json.loads(path.read_text(encoding="utf-8"))
        wanted = (int(remembered["api"]), int(remembered["ssh"]))
    except (OSError, ValueError, KeyError, TypeError):
        wanted = (0, 0)
    api_socket, ssh_socket = (_bind_one(port) for port in wanted)
    ports = {"api": api_socket.getsockname()[1], "ssh": ssh_socket.getsockname()[1]}
    write_private(path, json.dumps(ports))
    return api_socket, ssh_socket


def _bind_one(port: int) -> socket.socket:
    for candidate in dict.fromkeys((port, 0)):
        # Naming the protocol makes asyncio send small answers at once.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        # Connections of the last server linger in TIME_WAIT and must not cost us the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, candidate))
        except OSError:
            listener.close()
            continue
        return listener
    raise CockpitError(f"no port is free on {LOOPBACK}", hint="close some programs")


def main(argv: list[str] | None = None) -> int:
    """Run the server from the command line."""
    parser = argparse.ArgumentParser(prog="cockpit serve", description="Serve the embedded fleet on loopback.")
    parser.add_argument("--root", type=Path, required=True, help="the fleet's directory")
    parser.add_argument("--detach", action="store_true", help="leave the starter: return at once, serve on")
    options = parser.parse_args(argv)
    if options.detach and os.fork():
        # The starter reaps this process at once; the server belongs to nobody.
        os._exit(0)
    try:
        return run_foreground(absolute(options.root, "--root"))
    except CockpitError as error:
        warn(our_text("cockpit: {}", str(error)))
        return FAILED


if __name__ == "__main__":
    guard_streams()
    sys.exit(main())
