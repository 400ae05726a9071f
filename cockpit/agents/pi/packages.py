"""Packages that an operator's pi loads from this machine's own directories: named in its settings, and nowhere copied.

pi takes a source in `packages` of settings.json for a path unless it begins with one of the words below, and resolves
it from the directory of that file (badlogic/pi-mono, `packages/coding-agent/src/core/package-manager.ts`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from cockpit.agents.configuration import Configuration, Place

TARGET = "local-packages"
"""Where they are put, relative to pi's own directory."""

_FETCHED = ("npm:", "git:", "github:", "http:", "https:", "ssh:", "git@")
"""What pi gets from elsewhere by itself."""


def package_places(directory: Path, settings: bytes, target: str) -> tuple[list[Place], list[tuple[str, str]]]:
    """Return where the packages are that settings name by a path, and those that stay here, with the reason.

    Args:
        directory: pi's own directory, which holds the settings.
        settings: their content.
        target: pi's own directory on the VM, relative to the home directory there.
    """
    places: list[Place] = []
    missing: list[tuple[str, str]] = []
    for source in dict.fromkeys(_sources(settings)):
        path = _path(source, directory)
        name = _name(path)
        if directory.resolve().is_relative_to(path):
            missing.append((source, "settings.json names this package, and pi's own directory is in it"))
        elif path.is_dir():
            places.append(Place(path, (".",), f"{target}/{TARGET}/{name}", f"{TARGET}/{name}/"))
        elif path.is_file():
            places.append(Place(path.parent, (path.name,), f"{target}/{TARGET}/{name}", f"{TARGET}/{name}/"))
        else:
            missing.append((source, "settings.json names this package, and it is not there"))
    return places, missing


def with_copies(configuration: Configuration, file: str, directory: Path) -> Configuration:
    """Return a configuration whose settings name the copies of those packages.

    Args:
        configuration: what is taken along.
        file: the settings in it.
        directory: pi's own directory on this machine.
    """

    home = file.rpartition("/")[0]

    def copy(source: str) -> str:
        path = _path(source, directory)
        below = f"{TARGET}/{_name(path)}"
        if f"{home}/{below}/{path.name}" in there:
            return f"./{below}/{path.name}"
        return f"./{below}" if any(name.startswith(f"{home}/{below}/") for name in there) else source

    there = {name for name, _ in configuration.files}
    files = tuple((name, _changed(content, copy) if name == file else content) for name, content in configuration.files)
    return replace(configuration, files=files)


def with_whole_paths(settings: bytes, directory: Path) -> bytes:
    """Return settings that name those packages from everywhere on this machine."""
    return _changed(settings, lambda source: str(_path(source, directory)))


def _name(path: Path) -> str:
    """Return a name for a package's directory that no other one has."""
    return f"{path.name}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


def _path(source: str, directory: Path) -> Path:
    trimmed = source.strip()
    return (Path(trimmed).expanduser() if trimmed.startswith("~/") else directory / trimmed).resolve()


def _is_local(source: object) -> bool:
    return isinstance(source, str) and bool(source.strip()) and not source.strip().startswith(_FETCHED)


def _packages(settings: bytes) -> tuple[dict[str, Any], list[Any]]:
    """Return settings and the packages in them; none where they cannot be read as that."""
    try:
        content = json.loads(settings)
    except ValueError:
        return {}, []
    found = content.get("packages") if isinstance(content, dict) else None
    return (content, found) if isinstance(found, list) else ({}, [])


def _sources(settings: bytes) -> Iterator[str]:
    for entry in _packages(settings)[1]:
        source = entry.get("source") if isinstance(entry, dict) else entry
        if _is_local(source):
            yield str(source)


def _changed(settings: bytes, changed: Callable[[str], str]) -> bytes:
    """Return settings with other sources of those packages; byte for byte the same where there are none."""
    if not [*_sources(settings)]:
        return settings
    content, packages = _packages(settings)
    there: list[Any] = []
    for entry in packages:
        if isinstance(entry, dict) and _is_local(entry.get("source")):
            there.append(entry | {"source": changed(entry["source"])})
        else:
            there.append(changed(entry) if _is_local(entry) else entry)
    return json.dumps(content | {"packages": there}, indent=2).encode()
