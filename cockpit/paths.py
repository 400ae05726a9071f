"""Where files live: the XDG directories, private to this user."""

from __future__ import annotations

import os
import pwd
import stat
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

import platformdirs

from cockpit.errors import ConfigError

APP = "swarm-cockpit"


PATH_VARIABLES = (
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "TMPDIR",
    "PI_CODING_AGENT_DIR",
    "VERS_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""Variables that name one file or directory each."""


def absolute(path: Path | str, what: str, *, base: Path | None = None) -> Path:
    """Return a path that means the same in every directory and in every process.

    Args:
        path: as it was given; `~` and `~name` are home directories.
        what: how it was given, for the message: `--root`.
        base: what a relative one is relative to; the directory of this process if None.

    Raises:
        ConfigError: it is empty, cannot be a path, or is relative to a directory that is gone.
    """
    text = str(path)
    if not text.strip():
        raise ConfigError(f"{what} is empty", hint="name a path")
    if "\0" in text:
        raise ConfigError(f"{what} holds a NUL character", hint="name a path")
    try:
        found = Path(text).expanduser()
        return Path(os.path.normpath((base or Path.cwd()) / found)) if not found.is_absolute() else found
    except RuntimeError as error:
        raise ConfigError(f"{what} is {text!r}, and there is no such home directory", hint="write it out") from error
    except OSError as error:
        raise ConfigError(
            f"{what} is {text!r}, relative to a directory that is gone", hint="name a path that begins with /"
        ) from error


def settle_environment(environment: MutableMapping[str, str]) -> None:
    """Make every path among the variables absolute, once and before anything is read or started.

    What is started in another directory would read a relative one otherwise than this process. An empty variable counts
    as absent, and a home directory that is not named is the one of the user's account.

    Raises:
        ConfigError: a path is relative to a directory that is gone, or there is no home directory at all.
    """
    if not environment.get("HOME", "").strip():
        environment.pop("HOME", None)
        try:
            environment["HOME"] = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            raise ConfigError(
                f"HOME is not set, and user {os.getuid()} has no account here", hint="set HOME to a directory of yours"
            ) from None
    environment["HOME"] = str(absolute(environment["HOME"], "HOME"))
    for name in PATH_VARIABLES:
        if name in environment:
            if environment[name].strip():
                environment[name] = str(absolute(environment[name], name))
            else:
                del environment[name]
    if "PATH" in environment:
        # An empty entry is the present directory, as shells have it.
        entries = environment["PATH"].split(os.pathsep)
        environment["PATH"] = os.pathsep.join(
            entry if entry.startswith("/") else str(absolute(entry or ".", "PATH")) for entry in entries
        )


def private_directory(path: Path) -> Path:
    """Create a directory with mode 0700, or check that an existing one is ours and no link.

    Raises:
        ConfigError: it cannot be made, is a symbolic link, or belongs to somebody else.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except OSError as error:
        raise _unusable(path, error) from error
    if stat.S_ISLNK(status.st_mode):
        raise ConfigError(f"{path} is a symbolic link", hint="remove it: private files are not kept behind links")
    if status.st_uid != os.getuid():
        raise ConfigError(f"{path} belongs to user {status.st_uid}, not to you", hint="move it away")
    if stat.S_IMODE(status.st_mode) != 0o700:
        try:
            path.chmod(0o700)
        except OSError as error:
            raise _unusable(path, error) from error
    return path


def own_directory(path: Path, signs: tuple[str, ...]) -> Path:
    """Create a private directory that an operator named, or take one of ours again.

    One that holds other things, or that others may write to, is not made private behind somebody's back.

    Args:
        path: the directory.
        signs: names of which a directory of ours has at least one.

    Raises:
        ConfigError: as `private_directory`, or it is used for something else.
    """
    try:
        shared = path.is_dir() and path.stat().st_mode & stat.S_ISVTX
        foreign = path.is_dir() and any(path.iterdir()) and not any((path / sign).exists() for sign in signs)
    except OSError as error:
        raise _unusable(path, error) from error
    if shared or foreign:
        why = "is shared with others" if shared else "holds other things"
        raise ConfigError(f"{path} {why}, and would be made private", hint="name a new or an empty directory")
    return private_directory(path)


def _unusable(path: Path, error: OSError) -> ConfigError:
    cause = "a file is in its place" if isinstance(error, FileExistsError) else error.strerror or str(error)
    return ConfigError(
        f"the directory {path} cannot be used: {cause}",
        hint="give another one with --root, or set XDG_STATE_HOME or HOME to a directory of yours",
    )


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


def write_private(path: Path, content: str, *, mode: int = 0o600) -> None:
    """Write a file atomically; without another mode it is never readable by others, not even for a moment."""
    private = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        private.replace(path)
    except BaseException:
        private.unlink(missing_ok=True)
        raise
