"""An operator's own configuration of an agent program, as it is taken along to a VM: files, and what is left out."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

MOST_BYTES = 20_000_000
"""Bytes that are taken along at most."""

MOST_FILES = 5_000

MOST_ENTRIES = 50_000
"""Files and directories that are looked at for them at most: a tree may be a whole disk."""

_SECRET_NAME = re.compile(
    r"(^|[._-])(auth|secrets?|credentials?|tokens?|passwords?|id_(rsa|dsa|ecdsa|ed25519))([._-]|$)|"
    r"^\.env($|\.)|\.(pem|key|p12|pfx)$|api[_-]?keys?",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bsk-[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b|"
    rb"[\"']?(api[_-]?key|(auth|access|refresh)[_-]?token|secret|password)[\"']?\s*[:=]\s*[\"'][^\"'$\s]{8,}[\"']",
    re.IGNORECASE,
)

_NEVER = frozenset({".git", "node_modules", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is taken along."""

    files: tuple[tuple[str, bytes], ...] = ()
    """(path relative to the home directory of the VM's user, content)."""
    left_out: tuple[tuple[str, str], ...] = ()
    """(path as it is named to take it along all the same, why it stays here)."""
    packages: tuple[str, ...] = ()
    """Directories, relative to the home directory, in which npm is to install what their package.json names."""

    @property
    def digest(self) -> str:
        """Return what tells one configuration from another."""
        found = hashlib.sha256()
        for path, content in sorted(self.files):
            found.update(f"{path}\0{len(content)}\0".encode())
            found.update(content)
        return found.hexdigest()

    def archive(self) -> bytes:
        """Return the files as a tar archive; the same files give the same bytes."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path, content in sorted(self.files):
                member = tarfile.TarInfo(path)
                member.size, member.mode = len(content), 0o600
                archive.addfile(member, io.BytesIO(content))
        return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Place:
    """A directory of which files and trees are taken along."""

    directory: Path
    names: tuple[str, ...]
    """The files and trees in it; `.` is all of it."""
    target: str
    """Where they go, relative to the home directory on the VM."""
    shown: str = ""
    """What stands before the paths in it where they are named."""


def configuration_of(places: Iterable[Place], named: Collection[str] = ()) -> Configuration:
    """Read files and trees; what holds secrets stays unless it is named.

    Links are not followed, and what leads out of a directory is no part of it.

    Args:
        places: where the operator's configuration is, and where it goes.
        named: paths, as they are shown, that are taken along although they hold secrets.
    """
    whole = Configuration()
    for place in places:
        whole = _with(whole, place, named)
    return whole


def _with(before: Configuration, place: Place, named: Collection[str]) -> Configuration:
    """Return a configuration with what is taken along of one more place."""
    directory, target = place.directory, place.target
    files = [*before.files]
    left_out = [*before.left_out]
    packages = [*before.packages]
    total = sum(len(content) for _, content in files)
    inside = [path.removeprefix(place.shown) for path in named if path.startswith(place.shown)]
    paths, more = _paths(directory, [*place.names, *inside])
    if more:
        left_out.append((f"{place.shown}{more}", f"only {MOST_ENTRIES} files and directories are looked at"))
    for path in paths:
        local = path.relative_to(directory).as_posix()
        relative = f"{place.shown}{local}"
        try:
            size = path.stat().st_size
            if total + size > MOST_BYTES or len(files) >= MOST_FILES:
                left_out.append((relative, "there is too much of it"))
                continue
            with path.open("rb") as file:
                content = file.read(size + 1)
            if len(content) > size:
                left_out.append((relative, "it is being written"))
                continue
        except OSError as error:
            left_out.append((relative, error.strerror or str(error)))
            continue
        if relative not in named and (why := _secret(path.name, content)):
            left_out.append((relative, why))
            continue
        total += size
        files.append((f"{target}/{local}", content))
        if path.name == "package.json" and b'"dependencies"' in content:
            packages.append(f"{target}/{local}".rpartition("/")[0])
    return replace(before, files=tuple(files), left_out=tuple(left_out), packages=tuple(packages))


def _paths(directory: Path, names: Iterable[str]) -> tuple[list[Path], str]:
    """Return the files that are meant, and in which of the trees others were not looked at; empty if in none."""
    found: dict[Path, None] = {}
    seen = 0
    for name in names:
        top = directory / name
        if ".." in Path(name).parts or top.is_symlink():
            continue
        inside = _below(top) if top.is_dir() else iter([top])
        for path in inside:
            seen += 1
            if seen > MOST_ENTRIES:
                return list(found), name
            if path.is_file() and not path.is_symlink() and not _NEVER & set(path.relative_to(directory).parts):
                found.setdefault(path)
    return list(found), ""


def _below(top: Path) -> Iterator[Path]:
    """Yield what is in a directory and below it, in a fixed order; what is never taken along is not entered."""
    for place, directories, files in os.walk(top):
        directories[:] = sorted(set(directories) - _NEVER)
        yield from (Path(place) / name for name in sorted((*directories, *files)))


def _secret(name: str, content: bytes) -> str:
    """Say why a file is taken for one that holds secrets, or return empty text."""
    if _SECRET_NAME.search(name):
        return "its name says that it holds secrets"
    return "it holds what looks like a key" if _SECRET_TEXT.search(content) else ""
