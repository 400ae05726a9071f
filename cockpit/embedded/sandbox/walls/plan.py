"""What a sandbox sees behind its walls: which of the host's trees, which of its own, and what is kept out of sight."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cockpit
from cockpit.embedded.sandbox.layout import WALLED_HOME, SandboxLayout, search_path

SYSTEM_TREES = ("/usr", "/etc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix", "/gnu")
"""The host's directories that a sandbox sees, so far as they exist; nothing else at the root is seen."""
CHANGED_TREES = {"etc": "/etc", "usr": "/usr", "packages": "/var/lib/dpkg", "sources": "/var/lib/apt"}
"""Those that a sandbox may change for itself, where overlays are allowed, under the names of what keeps the changes."""
EMPTY = ("home", "mnt", "srv", "media", "var", "var/log", "var/cache")
"""Directories that a VM has, with nothing of the host in them."""
SEARCHED_TREES = {"/etc": 6, "/opt": 2}
"""Where what not everybody on the host may read is looked for, and how deep: it is kept out of a sandbox's sight."""
ACCOUNT_FILES = ("shadow", "shadow-", "gshadow", "gshadow-")
"""Files below /etc that programs rewrite: a sandbox gets them without the passwords."""
PROGRAMS = ("node", "npm", "npx", "pi", "claude", "tmux", "git", "rg", "fd", "bun", "uv")
"""What agents and their extensions start, wherever the operator's search path finds it."""

Step = dict[str, str]


@dataclass(frozen=True, slots=True)
class HostView:
    """What all sandboxes of a fleet see alike."""

    shown: tuple[str, ...]
    """Files and directories of programs that lie outside the system's trees."""
    links: tuple[tuple[str, str], ...]
    """Links on the way to them."""
    hidden: tuple[str, ...]
    """What lies in the system's trees and is nobody's business in a sandbox."""


def view_of_host(environment: Mapping[str, str], private: Iterable[Path]) -> HostView:
    """Look at the host once.

    Args:
        environment: the server's; its search path says where the programs are.
        private: directories of the operator and of the fleet, no part of which is shown but for programs.
    """
    secret = [os.path.realpath(path) for path in private]
    shown: dict[str, None] = {}
    links: dict[str, str] = {}
    for path in (sys.executable, *_found_programs(environment)):
        for link, target in _links_to(path):
            if not _is_seen(link):
                links[link] = target
        shown[_package_of(os.path.realpath(path))] = None
    for path in _python_places():
        shown[os.path.realpath(path)] = None
    wanted = sorted(path for path in shown if not _is_seen(path) and not _holds(path, secret))
    tops = [path for path in wanted if not any(_is_below(path, other) for other in wanted if other != path)]
    hidden = [*_unreadable(), *(path for path in secret if _is_seen(path))]
    below = [(link, target) for link, target in links.items() if not any(_is_below(link, top) for top in tops)]
    return HostView(tuple(tops), tuple(below), tuple(hidden))


def _found_programs(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield all of each name, not the first alone: an agent may be told to go on with another version."""
    for directory in search_path(environment.get("PATH", "")).split(os.pathsep):
        for name in PROGRAMS:
            found = shutil.which(name, path=directory)
            if found:
                yield found


def _links_to(path: str) -> Iterator[tuple[str, str]]:
    """Yield each link between a name and the file it stands for, with what it says."""
    for _ in range(40):
        directory, name = os.path.split(path)
        path = f"{os.path.realpath(directory)}/{name}"
        if not os.path.islink(path):  # noqa: PTH114 - a path here is a string, as in the steps
            return
        target = os.readlink(path)  # noqa: PTH115
        yield path, target
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))  # noqa: PTH118, PTH120


def _package_of(path: str) -> str:
    """Return what a program needs beside its own file: the packages around a script of Node."""
    parts = path.split("/")
    return "/".join(parts[: parts.index("node_modules") + 1]) if "node_modules" in parts else path


def _python_places() -> Iterator[str]:
    """Yield what this Python and our own programs need: packages, standard library and interpreter."""
    yield str(Path(cockpit.__file__).parent)
    yield sys.prefix
    yield sys.base_prefix
    for name in ("stdlib", "platstdlib"):
        yield sysconfig.get_path(name)
    library = f"{sysconfig.get_config_var('LIBDIR')}/{sysconfig.get_config_var('LDLIBRARY')}"
    if os.path.isfile(library):  # noqa: PTH113 - `Path.is_file` raises where the way to it may not be searched
        yield library


def _is_seen(path: str) -> bool:
    return any(_is_below(path, tree) for tree in SYSTEM_TREES)


def _is_below(path: str, tree: str) -> bool:
    return path == tree or path.startswith(tree.rstrip("/") + "/")


def _holds(path: str, secret: Iterable[str]) -> bool:
    """Say whether showing a path would show something that must stay hidden."""
    return any(_is_below(other, path) for other in secret)


def _unreadable() -> Iterator[str]:
    """Yield what not everybody on the host may read, below the trees where that is looked for."""
    for tree, depth in SEARCHED_TREES.items():
        yield from _unreadable_below(tree, depth)


def _unreadable_below(directory: str, depth: int) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        try:
            mode = entry.stat(follow_symlinks=False).st_mode
        except FileNotFoundError:
            continue  # somebody took it away meanwhile
        if stat.S_ISDIR(mode):
            if mode & 0o005 != 0o005:
                yield entry.path
            elif depth > 1:
                yield from _unreadable_below(entry.path, depth - 1)
        elif stat.S_ISREG(mode) and not mode & 0o004:
            yield entry.path


def steps_for(layout: SandboxLayout, view: HostView, overlays: Mapping[str, str], folders: Path) -> list[Step]:
    """Return how the walls of one sandbox are built, in order.

    Args:
        layout: its own places.
        view: what it sees of the host.
        overlays: which trees it may change for itself, and by which kind of attribute: `trusted` or `user`.
        folders: an ordinary user's own directories over those trees (`folders.py`).
    """
    accounts = [f"/etc/{name}" for name in ACCOUNT_FILES] if "/etc" in overlays else []
    changed = {tree: name for name, tree in CHANGED_TREES.items() if tree in overlays}
    # Made by whoever follows no link: a sandbox may have left one in the way.
    steps: list[Step] = [{"do": "directory", "at": f"/{name}"} for name in EMPTY]
    steps += _system_steps(layout, changed, overlays, folders)
    steps += [{"do": "hide", "at": path, "may": "fail"} for path in view.hidden if path not in accounts]
    steps.append({"do": "devices", "at": "/dev"})
    steps.append({"do": "processes", "at": "/proc"})
    steps.append({"do": "show", "at": "/sys", "from": "/sys"})
    steps.append({"do": "memory", "at": "/run"})
    steps.append({"do": "link", "at": "/var/run", "to": "/run"})
    own = {WALLED_HOME: layout.home, "/tmp": layout.temporary, "/var/tmp": layout.lasting}
    # What an earlier server started, or wrote down, knows the same files by their places on the host.
    own |= {os.path.realpath(place): place for place in (layout.home, layout.temporary)}
    steps += [{"do": "own", "at": at, "from": str(place)} for at, place in own.items()]
    names = os.path.realpath("/etc/resolv.conf")
    if _is_below(names, "/run") and Path(names).is_file():
        steps.append({"do": "show", "at": names, "from": names, "may": "fail"})
    # An update on the host may have taken a program away since: the others are still there to begin with.
    steps += [{"do": "show", "at": path, "from": path, "may": "fail"} for path in view.shown]
    steps += [{"do": "link", "at": link, "to": target, "may": "fail"} for link, target in view.links]
    return steps


def _system_steps(
    layout: SandboxLayout, changed: Mapping[str, str], overlays: Mapping[str, str], folders: Path
) -> Iterator[Step]:
    """Yield how the host's trees are shown: a link as a link, a directory by itself or under an overlay."""
    for tree in (*SYSTEM_TREES, *(tree for tree in CHANGED_TREES.values() if tree not in SYSTEM_TREES)):
        place = Path(tree)
        if place.is_symlink():
            yield {"do": "link", "at": tree, "to": str(place.readlink())}
        elif not place.is_dir():
            continue
        elif tree in changed:
            upper, work = (str(place / changed[tree]) for place in (layout.changes, layout.overlay_work))
            step = {"do": "overlay", "at": tree, "from": tree, "upper": upper, "work": work}
            own = {"userxattr": "yes", "over": str(folders / changed[tree])}
            yield {**step, **own} if overlays[tree] == "user" else step
        else:
            yield {"do": "show", "at": tree, "from": tree}


def prepare(layout: SandboxLayout, overlays: Mapping[str, str]) -> None:
    """Make what a sandbox keeps behind its walls, so far as it is missing.

    Raises:
        OSError: the disk refused.
    """
    for directory in (layout.rest, layout.lasting, layout.changes):
        directory.mkdir(mode=0o755, exist_ok=True)
    for directory in (layout.temporary, layout.lasting):
        directory.chmod(0o1777)
    for name, tree in CHANGED_TREES.items():
        if tree not in overlays:
            continue
        for place in (layout.changes, layout.overlay_work):
            (place / name).mkdir(mode=0o755, parents=True, exist_ok=True)
    if "/etc" in overlays:
        _write_accounts(layout.changes / "etc")


def _write_accounts(etc: Path) -> None:
    """Lay the host's account files without their passwords over the real ones; no link of a sandbox is followed."""
    directory = os.open(etc, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for name in ACCOUNT_FILES:
            try:
                lines = (Path("/etc") / name).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
                target = os.open(name, flags, 0o640, dir_fd=directory)
            except (FileNotFoundError, FileExistsError, PermissionError):
                # The host has none, or the sandbox its own; an ordinary user reads none of it in a sandbox either.
                continue
            with os.fdopen(target, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.writelines(f"{_without_password(line)}\n" for line in lines)
    finally:
        os.close(directory)


def _without_password(line: str) -> str:
    return ":".join("*" if place == 1 else part for place, part in enumerate(line.split(":")))
