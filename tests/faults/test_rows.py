"""The fault matrix names tests that exist."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

from tests.faults.harness import ROOT
from tests.faults.rows import ROWS

EXPECTED = {*range(1, 46), 50, 52, 55, 56}


@functools.cache
def functions_of(path: Path) -> frozenset[str]:
    """Return the test functions of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def test_every_fault_has_its_row() -> None:
    assert set(ROWS) == EXPECTED


@pytest.mark.parametrize("number", sorted(ROWS))
def test_every_named_test_exists(number: int) -> None:
    row = ROWS[number]
    assert row.tests
    for name in row.tests:
        place, _, function = name.partition("::")
        assert function in functions_of(ROOT / place), name
