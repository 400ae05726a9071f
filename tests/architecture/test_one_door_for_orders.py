"""What a screen orders goes through one door, which remembers how it is undone."""

from __future__ import annotations

import ast

from tests.architecture.sources import PACKAGE, nodes, package_files, place, tree_of

DOORS = {PACKAGE / "ui" / "undo.py", PACKAGE / "ui" / "actions" / "ends.py"}
"""The door, and what undoes: that is no act to be undone itself."""


def test_no_screen_orders_past_the_door() -> None:
    found = [
        place(path, node.lineno)
        for path in package_files()
        if path.is_relative_to(PACKAGE / "ui") and path not in DOORS
        for node in nodes(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "dispatch"
    ]
    assert found == []
