"""The services as an archive of Python files: what they import of this package, and the packages they stand on."""

from __future__ import annotations

import ast
import gzip
import importlib.util
import io
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from cockpit.errors import ConfigError

ENTRY = "cockpit.embedded.services"
"""The module that is run from the archive."""
OWN = "cockpit"
PACKAGES = ("starlette", "uvicorn", "anyio", "h11", "click", "idna", "typing_extensions", "sniffio")
"""What they stand on: Python alone, so that they run on any machine that has one."""
STATIC = "static"
"""The folder beside a module that holds what its pages load."""
NEEDED_NO_MORE = ("sniffio",)
"""Packages that only older versions of the others need."""


@cache
def service_archive() -> bytes:
    """Return the archive, as `tar` packed by `gzip`: the same bytes for the same files.

    Raises:
        ConfigError: a package is not installed as files.
    """
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, file in sorted(service_files().items()):
            content = file.read_bytes()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o600
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def service_files() -> dict[str, Path]:
    """Return the files of the archive by their names in it.

    Raises:
        ConfigError: as `service_archive`.
    """
    files = dict(_own_files())
    for package in PACKAGES:
        files |= dict(_package_files(package))
    return files


def _own_files() -> Iterator[tuple[str, Path]]:
    """Yield the modules of this package that the entry comes to, each with the packages it lies in."""
    root = Path(_place(OWN)[0]).parent
    waiting, seen = [ENTRY], set[str]()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        waiting += [module.rpartition(".")[0]] if "." in module else []
        base = root.joinpath(*module.split("."))
        file = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
        if not file.is_file():
            # A name that is imported from a module is no module itself.
            continue
        yield file.relative_to(root).as_posix(), file
        for page in (file.parent / STATIC).iterdir() if (file.parent / STATIC).is_dir() else ():
            yield page.relative_to(root).as_posix(), page
        waiting += _imported(file)


def _imported(file: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in found if name == OWN or name.startswith(f"{OWN}.")]


def _package_files(package: str) -> Iterator[tuple[str, Path]]:
    if package in NEEDED_NO_MORE and importlib.util.find_spec(package) is None:
        return
    places = _place(package)
    for place in map(Path, places):
        if place.is_file():
            yield place.name, place
            continue
        for file in place.rglob("*.py"):
            yield file.relative_to(place.parent).as_posix(), file


def _place(package: str) -> list[str]:
    """Return the directories of a package, or the file of a module."""
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    if spec is not None and not places and spec.origin:
        places = [spec.origin]
    if not places or not all(Path(place).exists() for place in places):
        raise ConfigError(
            f"the package {package} is not there as files, and the services cannot be carried to a VM without it",
            hint="install Swarm Cockpit from its wheel, with pip",
        )
    return places
