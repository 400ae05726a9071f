"""Where a file is: `NAME:PATH` on a command line, and paths that begin in an agent's workspace."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A path on the VM of an agent."""

    name: str
    """The agent's name, or its VM's id."""
    path: str
    """As it was given; relative ones begin in the workspace, `~/` in the home of the VM's user."""


def file_place(text: str) -> FilePlace | None:
    """Return the place that `NAME:PATH` or `NAME:` means; None for a text without a colon, or with a slash before it.

    A name holds no colon, so the first one ends it; a local path that holds one is written `./a:b`.
    """
    name, colon, path = text.partition(":")
    return FilePlace(name, path) if colon and name and "/" not in name else None


def path_on_vm(path: str, workspace: str, home: str) -> str:
    """Return an absolute path; where `..` leads is for the VM to say, since links count there.

    Args:
        path: as it was given; empty is the workspace itself.
        workspace: absolute.
        home: absolute, of the VM's user.
    """
    if path.startswith("/"):
        return path
    if path == "~" or path.startswith("~/"):
        return f"{home.rstrip('/')}/{path[2:]}"
    return f"{workspace.rstrip('/')}/{path}" if path else workspace


def parent_of(path: str) -> str:
    """Return the directory that an absolute path is in; of the root, the root."""
    return path.rstrip("/").rpartition("/")[0] or "/"


def name_of(path: str) -> str:
    """Return the last part of a path."""
    return path.rstrip("/").rpartition("/")[2]


def below(path: str, name: str) -> str:
    """Return the path of a name in a directory."""
    return f"{path.rstrip('/')}/{name}"
