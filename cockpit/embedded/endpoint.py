"""Where a running embedded fleet is: the file a server writes and its clients read."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from cockpit.paths import write_private

TOKEN_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class ServerEndpoint:
    """How to reach a running fleet. The token is not part of it, see `read_token`."""

    pid: int
    base_url: str
    """Of the API and the services: `http://127.0.0.1:PORT`."""
    ssh_host: str
    ssh_port: int
    """The TLS port of the SSH gateway."""
    vm_domain: str
    """A VM's TLS server name is `<vm_id>.` plus this."""
    ca_file: str
    """PEM file of the only authority to trust for the gateway."""
    tmux: bool
    """False where tmux is not installed: agents then run as detached processes."""
    version: str
    started_at: float
    """Unix seconds."""
    vm_keys: bool = False
    """It takes keys of VMs; one of an earlier version, which goes on until it is stopped, knows only its own."""
    tells_shared: bool = False
    """It says what its VMs share (`shared.py`)."""


def endpoint_file(root: Path) -> Path:
    """Return the file that describes the running server."""
    return root / "endpoint.json"


FLEET_SIGNS = ("serve.lock", "start.lock", "records.sqlite")
"""Files of which every fleet's directory has at least one."""


def lock_file(root: Path) -> Path:
    """Return the file the server holds locked as long as it lives; it contains its pid."""
    return root / "serve.lock"


def write_endpoint(root: Path, endpoint: ServerEndpoint) -> None:
    """Publish the server, readable by this user only."""
    write_private(endpoint_file(root), json.dumps(asdict(endpoint), indent=1))


def serving_pid(root: Path) -> int | None:
    """Return the pid of the server that holds this root, or None if none does."""
    try:
        with lock_file(root).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read(32).strip()
                return int(text) if text.isdigit() else None
    except OSError:
        return None
    return None


def read_endpoint(root: Path) -> ServerEndpoint | None:
    """Return the running server of a root, or None: a file left by a crash is not believed."""
    try:
        written = json.loads(endpoint_file(root).read_text(encoding="utf-8"))
        # A newer version may say more than this one knows.
        known = [field.name for field in fields(ServerEndpoint) if field.name in written]
        endpoint = ServerEndpoint(**{name: written[name] for name in known})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return endpoint if serving_pid(root) == endpoint.pid else None


def ensure_token(root: Path) -> str:
    """Return the fleet's API token, made on first use: 36 characters of UUID and 64 hexadecimal digits."""
    try:
        return read_token(root)
    except OSError:
        write_private(root / "token", f"{uuid.uuid4()}{secrets.token_hex(TOKEN_SECRET_BYTES)}")
        return read_token(root)


def read_token(root: Path) -> str:
    """Return the fleet's API token.

    Raises:
        OSError: there is none.
    """
    return (root / "token").read_text(encoding="ascii").strip()


@contextmanager
def held_lock(path: Path) -> Iterator[bool]:
    """Try to hold a file locked inside the block; yield whether it worked. The pid is written into it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield True
    finally:
        os.close(descriptor)
