"""Nothing in the product is there for nobody: each name is used by the product itself, each import is declared."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from textual.message_pump import MessagePump

from tests.architecture.sources import ROOT, all_files, nodes, package_files, place, tree_of
from tests.architecture.test_circles import name_of

_STREAM = "a text stream has it, and whoever is given sys.stdout may ask for it"
_WATCHED = "tests wait for it or bound it; it is a view of what the class holds anyhow"

_USAGE = "the figures of usage are made of it"

EXCUSED = {
    "cockpit.embedded.gateway.gateway.Gateway.connections": _WATCHED,
    "cockpit.model.shared.usage.VM_ROLES": _USAGE,
    "cockpit.model.transcript.message.MessageFold.final_text": _WATCHED,
    "cockpit.model.transcript.ring.EntryRing.held_bytes": _WATCHED,
    "cockpit.remote.tail.tail.Tail.proven": _WATCHED,
    "cockpit.services.usage.ALL_TIME": _USAGE,
    "cockpit.services.usage.UsageClient.record_session": _USAGE,
    "cockpit.services.usage.UsageClient.record_vm": _USAGE,
    "cockpit.text.streams._CleanStream.seekable": _STREAM,
    "cockpit.text.streams._CleanStream.writable": _STREAM,
    "cockpit.text.streams._CleanStream.writelines": _STREAM,
    "cockpit.ui.actions.registry.key_table": "the README's table is made with it, and compared",
    "cockpit.ui.transcript.view.TranscriptView.reads_past": _WATCHED,
    "cockpit.ui.writing.composer.Composer.recipient": _WATCHED,
}
"""Names that nothing in the product uses by name, each with its reason."""

WRAPPERS = {
    "abstractmethod",
    "asynccontextmanager",
    "cache",
    "cached_property",
    "classmethod",
    "contextmanager",
    "dataclass",
    "lru_cache",
    "overload",
    "property",
    "runtime_checkable",
    "setter",
    "staticmethod",
}
"""Decorators that use nothing: any other hands what it decorates to somebody."""

FRAMEWORK_PREFIXES = ("action_", "compute_", "key_", "on_", "validate_", "watch_")
"""How Textual finds the methods of a widget by itself."""


def defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the public names of a module and its classes' methods as `name` and `Class.name`, with their lines."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if not handed_on(node):
                yield node.name, node.lineno
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in (inner for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)):
                yield name.id, node.lineno
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and not handed_on(method):
                    yield f"{node.name}.{method.name}", method.lineno


def handed_on(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Say whether a decorator hands a function to somebody who calls it."""
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name not in WRAPPERS:
            return True
    return False


def used(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module reads: an import alone, and a list of what is exported, read nothing."""
    exported = {
        id(inner)
        for node in tree.body
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets)
        for inner in ast.walk(node)
    }
    for node in nodes(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in exported:
            yield from (word for word in node.value.replace(":", ".").split(".") if word.isidentifier())
        elif isinstance(node, (ast.ImportFrom, ast.Import)):
            yield from (alias.name for alias in node.names if alias.asname is not None)


def prefixes(tree: ast.Module) -> Iterator[str]:
    """Yield what a module puts before a word to find a method by its name."""
    for node in nodes(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            name = node.args[1]
            if isinstance(name, ast.JoinedStr) and isinstance(name.values[0], ast.Constant):
                yield str(name.values[0].value)


def called_by_a_framework(module: str, name: str) -> bool:
    """Say whether a method overrides one of a class that is not ours, or is found by its prefix."""
    class_name, _, method = name.partition(".")
    owner = getattr(importlib.import_module(module), class_name)
    if not method or not inspect.isclass(owner):
        return False
    if issubclass(owner, MessagePump) and method.startswith(FRAMEWORK_PREFIXES):
        return True
    return any(hasattr(base, method) for base in owner.__mro__[1:] if not base.__module__.startswith("cockpit."))


def test_every_name_is_used_by_the_product() -> None:
    names = {name for path in package_files() for name in used(tree_of(path))}
    begin = tuple(prefix for path in package_files() for prefix in prefixes(tree_of(path)))
    found = [
        f"{place(path, line)} {name}"
        for path in package_files()
        for name, line in defined(tree_of(path))
        if (last := name.rpartition(".")[2]) not in names and not last.startswith(("__", *begin))
        if f"{name_of(path)}.{name}" not in EXCUSED and not called_by_a_framework(name_of(path), name)
    ]
    assert found == []


def test_the_excused_names_are_there() -> None:
    known = {f"{name_of(path)}.{name}" for path in package_files() for name, _ in defined(tree_of(path))}
    assert set(EXCUSED) - known == set()


def test_a_name_is_imported_from_where_it_is_defined() -> None:
    modules = {name_of(path): path for path in package_files()}
    found = [
        f"{place(path, node.lineno)} {node.module}.{alias.name}"
        for path in all_files()
        for node in nodes(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module in modules
        for alias in node.names
        if alias.name not in bound(modules[node.module]) and f"{node.module}.{alias.name}" not in modules
    ]
    assert found == []


@cache
def bound(path: Path) -> frozenset[str]:
    """Return the names a module defines, imports left out."""
    names = {node.id for node in nodes(tree_of(path)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(names | {node.name for node in tree_of(path).body if isinstance(node, definitions)})


def test_a_package_hands_on_no_names() -> None:
    found = [
        place(path, node.lineno)
        for path in package_files()
        if path.name == "__init__.py"
        for node in nodes(tree_of(path))
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__"
    ]
    assert found == []


STANDARD = {*sys.stdlib_module_names, "__future__", "_typeshed", "cockpit", "tests"}
"""What needs no declaration; `_typeshed` is the type checker's own."""

RUN_AS_PROGRAMS = {
    "build": "tests/packaging runs it",
    "hatchling": "builds the package",
    "types-pygments": "tells mypy the types of pygments",
    "import-linter": "the contracts of this file's neighbours, run as a program",
    "mypy": "run as a program",
    "pytest-asyncio": "a plugin of pytest",
    "pytest-rerunfailures": "a plugin of pytest",
    "pytest-textual-snapshot": "a plugin of pytest",
    "pytest-timeout": "a plugin of pytest",
    "pytest-xdist": "a plugin of pytest",
    "ruff": "run as a program",
}
"""What is declared for tests and imported by none of them."""


def imported(paths: list[Path]) -> set[str]:
    """Return the distributions that modules import, by the names a project declares them with."""
    tops = {
        name.partition(".")[0]
        for path in paths
        for node in nodes(tree_of(path))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    known = packages_distributions()
    return {known.get(top, [top])[0].lower().replace("_", "-") for top in tops - STANDARD}


def declared(requirements: list[str]) -> set[str]:
    """Return the names of distributions in a list of requirements."""
    return {re.split(r"[<>=!~\[; ]", requirement)[0].lower() for requirement in requirements}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    product, tests = declared(project["dependencies"]), declared(project["optional-dependencies"]["test"])
    assert imported(package_files()) == product
    assert imported(all_files()) - product | set(RUN_AS_PROGRAMS) == tests


def test_the_rules_see_what_they_look_for() -> None:
    source = (
        "import a as b\nfrom c import d\n__all__ = ['exported']\nLIMIT = 1\ndef dead(): ...\n"
        "@app.command()\ndef verb(): ...\nclass Thing:\n    @property\n    def held(self): ...\n"
        "x = getattr(y, f'_do_{z}')\n"
    )
    tree = ast.parse(source)
    assert [name for name, _ in defined(tree)] == ["__all__", "LIMIT", "dead", "Thing", "Thing.held", "x"]
    assert {"exported", "d", "LIMIT", "dead", "held"} & set(used(tree)) == set()
    assert {"a", "y", "getattr"} <= set(used(tree))
    assert list(prefixes(tree)) == ["_do_"]
    assert declared(["rich>=13", "pytest>=8.2,<9"]) == {"rich", "pytest"}


PROC = {
    "agents/scaffold/scaffold_machine.py": "who has a pipe open: psutil tells regular files only",
    "agents/scaffold/test_scripts.py": "a watch of all arguments, as often as it can look",
    "bench/bench_fleet.py": "whose each of thousands of processes is, at one look",
    "bench/bench_ingest.py": "inotify instances",
    "bench/precedence.py": "the share of a session",
    "bench/table.py": "processor time to the nanosecond, shared memory by its share",
    "embedded/sandbox/attacker.py": "it has no package, and attacks what it finds there",
    "embedded/test_serve.py": "arguments and environment as they are, byte for byte",
    "engine/unit/test_plans.py": "when a process began, in ticks",
    "faults/test_one_agent_alone.py": "the highest number of a descriptor",
    "faults/test_signals.py": "which signals are caught, what a thread waits in",
    "inside.py": "what a process is called in each namespace",
    "real_pi/test_pi_in_scaffold.py": "arguments and environment as they are, byte for byte",
    "security/test_secrets.py": "a watch of all arguments, as often as it can look",
    "text/test_streams.py": "what a thread waits in",
    "ui/terminal/closing.py": "what a thread waits in",
}
"""Tests that read /proc themselves, each for what psutil does not tell."""


def test_tests_read_of_processes_with_psutil() -> None:
    found = {
        str(path.relative_to(ROOT / "tests"))
        for path in all_files()
        if (ROOT / "tests") in path.parents
        for node in nodes(tree_of(path))
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in ("Path", "open", "os.scandir", "os.listdir"))
        if any(isinstance(inner, ast.Constant) and str(inner.value).startswith("/proc") for inner in ast.walk(node))
    }
    assert found == set(PROC)
