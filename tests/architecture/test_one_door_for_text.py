"""Only `cockpit/text` makes `Clean` text, a template of ours is a literal, and nothing is drawn but through a door.

mypy proves the rest: the doors take `Clean`. What it cannot see is here: a framework's own ways to draw take any text.
"""

from __future__ import annotations

import ast
import string
from pathlib import Path

from tests.architecture.sources import PACKAGE, nodes, package_files, place, tree_of

TEXT = PACKAGE / "text"
UI = PACKAGE / "ui"
LITERAL = {"ours"}
TEMPLATES = {"our_line", "our_text"}

DOORS = {
    "Content": {UI / "look" / "cells.py"},
    "Static": {UI / "widgets" / "plain.py"},
    "Text": {UI / "widgets" / "data_fields.py"},
    "Segment": {UI / "widgets" / "row_list.py", UI / "transcript" / "canvas.py", UI / "board" / "lanes.py"},
    "notify": {UI / "widgets" / "notice.py"},
    "border_title": {UI / "widgets" / "frame.py"},
    "border_subtitle": {UI / "widgets" / "frame.py"},
    "Input": {UI / "widgets" / "data_fields.py"},
    "TextArea": {UI / "widgets" / "data_fields.py"},
}
"""What puts a text on the screen, and the modules that may use it; `Segment` takes only pieces of Content there."""

WIDGETS_OF_TEXT = {"Button", "Checkbox", "Label", "Link", "Markdown", "OptionList", "Pretty", "RichLog"}
"""The framework's widgets that read texts as markup or draw them as they are; there is no door for them."""


def made(node: ast.AST) -> bool:
    """Say whether a node makes `Clean` text of any text."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        casts = node.func.id == "cast" and node.args and ast.unparse(node.args[0]).strip("'\"") == "Clean"
        return node.func.id == "Clean" or bool(casts)
    return False


def test_only_the_door_makes_clean_text() -> None:
    found = [
        place(path, getattr(node, "lineno", None))
        for path in package_files()
        if path.parent != TEXT
        for node in nodes(tree_of(path))
        if made(node)
    ]
    assert found == []


def fault(node: ast.AST) -> str:
    """Return what is wrong with the words of our own in a call, or empty text."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
        return ""
    name, words = node.func.id, node.args[0]
    if name not in LITERAL | TEMPLATES:
        return ""
    if not isinstance(words, ast.Constant) or not isinstance(words.value, str):
        return f"{name}: not a literal"
    if name in TEMPLATES:
        places = sum(field is not None for _, field, _, _ in string.Formatter().parse(words.value))
        values = node.args[1:]
        if not places or (places != len(values) and not any(isinstance(value, ast.Starred) for value in values)):
            return f"{name}: {places} places, {len(values)} values"
    return ""


def test_words_of_our_own_are_literals_with_a_place_for_each_value() -> None:
    found = [
        f"{place(path, getattr(node, 'lineno', None))} {what}"
        for path in package_files()
        if path.parent != TEXT
        for node in nodes(tree_of(path))
        if (what := fault(node))
    ]
    assert found == []


def drawn(node: ast.AST) -> str:
    """Return the way to the screen that a node uses, or empty text."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node.func.id if node.func.id in {*DOORS, *WIDGETS_OF_TEXT} else ""
        if isinstance(node.func, ast.Attribute) and node.func.attr == "notify":
            return "notify" if node.args or node.keywords else ""
        whole = ast.unparse(node.func)
        return whole if whole.startswith(("Content.from_", "Content.assemble", "Text.from_")) else ""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return next((target.attr for target in targets if isinstance(target, ast.Attribute) and target.attr in DOORS), "")


def test_nothing_is_drawn_past_the_doors() -> None:
    found = [
        f"{place(path, getattr(node, 'lineno', None))} {what}"
        for path in sorted(UI.rglob("*.py"))
        for node in nodes(tree_of(path))
        if (what := drawn(node)) and path not in DOORS.get(what, set[Path]())
    ]
    assert found == []


def test_the_rules_see_what_they_forbid() -> None:
    calls = ast.walk(ast.parse("Clean(a); cast('Clean', a); cast(Clean, a); cast(int, a); clean_line(a)"))
    assert [made(node) for node in calls if isinstance(node, ast.Call)] == [True] * 3 + [False] * 2
    source = (
        "ours(name); ours(f'{name}'); our_line(name); our_line('{} {}', a); our_text('a'); our_line('{}', a); ours('a')"
    )
    assert list(filter(None, map(fault, ast.walk(ast.parse(source))))) == [
        "ours: not a literal",
        "ours: not a literal",
        "our_line: not a literal",
        "our_line: 2 places, 1 values",
        "our_text: 0 places, 0 values",
    ]
    source = "self.app.notify(a); Content(a); Content.from_markup(a); w.border_title = a; Label(a); lock.notify()"
    assert sorted(filter(None, map(drawn, ast.walk(ast.parse(source))))) == [
        "Content",
        "Content.from_markup",
        "Label",
        "border_title",
        "notify",
    ]
