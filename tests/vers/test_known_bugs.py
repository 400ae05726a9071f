"""The table of known weaknesses names tests that exist, in order and each number once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.vers import known_bugs
from tests.vers.known_bugs import KNOWN_BUGS

ROOT = Path(__file__).parents[2]
COUNT = 60
"""How many weaknesses are known."""


def names_in(path: Path) -> set[str]:
    """Return the names of the tests a module declares."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def missing(told: str) -> str:
    """Say what a line names that does not exist; empty text if it names a test or gives a reason."""
    if not told.startswith("tests/"):
        return "" if len(told.split()) > 4 else f"{told!r} is no reason"
    place, _, name = told.partition("::")
    path = ROOT / place
    return "" if path.is_file() and name in names_in(path) else f"there is no {told}"


@pytest.mark.parametrize(("number", "told"), KNOWN_BUGS.items())
def test_a_line_names_a_test_that_exists_or_a_reason(number: int, told: str) -> None:
    assert 1 <= number <= COUNT
    assert not missing(told)


def test_each_number_stands_once_and_in_order() -> None:
    tree = ast.parse(Path(known_bugs.__file__).read_text(encoding="utf-8"))
    (table,) = (node for node in ast.walk(tree) if isinstance(node, ast.Dict))
    numbers = [ast.literal_eval(key) for key in table.keys if key is not None]
    assert numbers == list(range(1, COUNT + 1))


@pytest.mark.parametrize("told", ["tests/nowhere.py::test_x", "tests/vers/test_known_bugs.py::test_x", "done"])
def test_what_does_not_exist_is_found(told: str) -> None:
    assert missing(told)
