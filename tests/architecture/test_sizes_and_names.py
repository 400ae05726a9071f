"""Budgets and names: what keeps a room small enough to be seen at once."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess

from tests.architecture.sources import (
    PACKAGE,
    ROOT,
    all_files,
    classes,
    functions,
    nodes,
    package_files,
    place,
    tree_of,
)
from tests.requirements import missing

MODULE_LINES = 400
APP_LINES = 300
FUNCTION_STATEMENTS = 50
PUBLIC_METHODS = 25

VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}

TOP_LEVEL = {
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "AGENTS.md",
    "CHANGELOG.md",
    ".gitignore",
    ".ci",
    "cockpit",
    "tests",
    "themes",
    "screenshots",
}

ON_TOP = {"__init__", "__main__", "config", "errors", "logs", "paths", "processes"}
"""Modules of the package that stand in no room."""

BARE_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[)")


def test_modules_are_short() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in package_files()}
    budget = {path: APP_LINES if path == PACKAGE / "ui" / "app.py" else MODULE_LINES for path in lines}
    assert [f"{place(path)}: {count} lines" for path, count in lines.items() if count > budget[path]] == []


def test_every_other_module_stands_in_a_room() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == ON_TOP


def test_functions_are_short() -> None:
    long = [
        f"{place(path, function.lineno)} {function.name}: {count} statements"
        for path in package_files()
        for function in functions(path)
        if (count := statements_of(function)) > FUNCTION_STATEMENTS
    ]
    assert long == []


def test_classes_are_narrow() -> None:
    wide = [
        f"{place(path, found.lineno)} {found.name}: {count} public methods"
        for path in package_files()
        for found in classes(path)
        if (count := public_methods_of(found)) > PUBLIC_METHODS
    ]
    assert wide == []


def test_every_module_says_first_what_it_is_for() -> None:
    silent = [
        place(path)
        for path in package_files()
        if ast.get_docstring(tree_of(path)) is None or not path.read_text(encoding="utf-8").startswith('"""')
    ]
    assert silent == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [place(path) for path in all_files() if VAGUE_NAMES & set(path.stem.lower().strip("_").split("_"))]
    assert vague == []


def test_a_prefix_of_several_files_is_a_folder() -> None:
    shared: dict[tuple[str, str], list[str]] = {}
    for path in package_files():
        words = path.stem.strip("_").split("_")
        if not path.stem.startswith("__"):
            shared.setdefault((place(path.parent), words[0]), []).append(path.stem)
    assert {key: names for key, names in shared.items() if len(names) > 1} == {}


def test_one_name_is_one_class() -> None:
    """A name that means two things makes every reader look up which."""
    defined: dict[str, list[str]] = {}
    for path in package_files():
        for found in tree_of(path).body:  # A message inside its widget is named by both.
            if isinstance(found, ast.ClassDef) and not found.name.startswith("_"):
                defined.setdefault(found.name, []).append(place(path, found.lineno))
    assert {name: places for name, places in defined.items() if len(places) > 1} == {}


def test_every_ignored_type_error_is_named() -> None:
    bare = [
        place(path, number)
        for path in all_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if BARE_IGNORE.search(line) and "BARE_IGNORE" not in line
    ]
    assert bare == []


def test_imports_are_absolute() -> None:
    relative = [
        place(path, node.lineno)
        for path in all_files()
        for node in nodes(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_the_top_level_holds_what_it_should() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        missing("this is no checkout, or git is not installed")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    names = {path.split("/")[0] for path in listed.stdout.split("\0") if path}
    assert names - TOP_LEVEL == set()


def statements_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the statements of a function, those of functions within it too, and no docstring."""
    count = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return count - (ast.get_docstring(function) is not None)


def public_methods_of(found: ast.ClassDef) -> int:
    """Count the methods that a caller sees; a property is read as an attribute and does not count."""
    return sum(
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and not node.name.startswith("_")
        and not any(is_property(decorator) for decorator in node.decorator_list)
        for node in found.body
    )


def is_property(decorator: ast.expr) -> bool:
    """Say whether a decorator makes an attribute of a method."""
    if isinstance(decorator, ast.Attribute):
        return decorator.attr in {"setter", "deleter", "cached_property"}
    return isinstance(decorator, ast.Name) and decorator.id in {"property", "cached_property"}
