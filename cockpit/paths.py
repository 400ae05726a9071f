"""Where files live: the XDG directories, private to this user."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import platformdirs

from cockpit.errors import ConfigError

APP = "swarm-cockpit"


def private_directory(path: Path) -> Path:
    """Create a directory with mode 0700, or check that an existing one is ours and no link.

    Raises:
        ConfigError: it is a symbolic link, or belongs to somebody else.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise ConfigError(f"{path} is a symbolic link", hint="remove it: private files are not kept behind links")
    if status.st_uid != os.getuid():
        raise ConfigError(f"{path} belongs to user {status.st_uid}, not to you", hint="move it away")
    if stat.S_IMODE(status.st_mode) != 0o700:
        path.chmod(0o700)
    return path


def config_file() -> Path:
    """Return the path of config.toml; it need not exist."""
    return Path(platformdirs.user_config_dir(APP)) / "config.toml"


def state_directory() -> Path:
    """Return the directory for what must outlive a restart, created 0700."""
    return private_directory(Path(platformdirs.user_state_dir(APP)))


def log_directory() -> Path:
    """Return the directory of the log files, created 0700."""
    return private_directory(state_directory() / "log")


def embedded_directory() -> Path:
    """Return the root of the embedded fleet that belongs to this home, created 0700."""
    return private_directory(state_directory() / "fleet")


def runtime_directory() -> Path:
    """Return a short private directory for sockets: their paths are limited to about 100 bytes."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and Path(base).is_dir() and os.access(base, os.W_OK):
        return private_directory(Path(base) / "cockpit")
    return private_directory(Path(tempfile.gettempdir()) / f"cockpit-{os.getuid()}")


def write_private(path: Path, content: str) -> None:
    """Write a file atomically with mode 0600; it is never readable by others, not even for a moment."""
    private = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        private.replace(path)
    except BaseException:
        private.unlink(missing_ok=True)
        raise
