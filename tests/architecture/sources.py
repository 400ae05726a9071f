"""The source files that the architecture's rules speak of."""

from __future__ import annotations

import ast
import contextlib
import gc
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "cockpit"


def package_files() -> list[Path]:
    """Return every module of the product."""
    return sorted(PACKAGE.rglob("*.py"))


def all_files() -> list[Path]:
    """Return every module of the product and of its tests."""
    return package_files() + sorted((ROOT / "tests").rglob("*.py"))


@contextlib.contextmanager
def no_look_for_garbage() -> Iterator[None]:
    """Keep the collector away from what is made here: to go through all trees again and again took more than twice the
    time of making them.
    """
    looks = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if looks:
            gc.enable()


@cache
def tree_of(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    with no_look_for_garbage():
        return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Return all nodes of a tree in the order of `ast.walk`, which would find them anew for each rule."""
    with no_look_for_garbage():
        return tuple(ast.walk(tree))


def forget() -> None:
    """Let go of all trees: hundreds of megabytes; nothing in them goes round, so they end without a collector."""
    nodes.cache_clear()
    tree_of.cache_clear()


def place(path: Path, line: int | None = None) -> str:
    """Return a place as a person looks for it: the path within the project, and the line."""
    name = str(path.relative_to(ROOT))
    return name if line is None else f"{name}:{line}"


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module."""
    for node in nodes(tree_of(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def classes(path: Path) -> Iterator[ast.ClassDef]:
    """Yield every class of a module."""
    for node in nodes(tree_of(path)):
        if isinstance(node, ast.ClassDef):
            yield node
