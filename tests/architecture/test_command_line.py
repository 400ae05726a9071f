"""The command line calls its verbs with types, so that mypy finds a wrong call, and needs no screen for it."""

from __future__ import annotations

import ast

from tests.architecture.sources import PACKAGE, nodes, place, tree_of
from tests.architecture.test_imports import IMPORT_ALL, LOOK_FOR_SCREEN, run

COMMAND_LINE = sorted((PACKAGE / "cli").rglob("*.py"))


def untyped(node: ast.AST) -> str:
    """Return what takes any arguments whatever, so that no type checker sees a wrong call, or empty text."""
    if isinstance(node, ast.arguments):
        gathered = [one.arg for one in (node.vararg, node.kwarg) if one is not None and named(one.annotation)]
        return ", ".join(gathered)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Callable":
        arguments = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else None
        return "Callable[...]" if isinstance(arguments, ast.Constant) and arguments.value is Ellipsis else ""
    return ""


def named(annotation: ast.expr | None) -> bool:
    """Say whether an annotation is one that any value has."""
    return isinstance(annotation, ast.Name) and annotation.id in {"object", "Any"}


def test_no_call_of_a_verb_takes_any_arguments() -> None:
    found = [
        f"{place(path, getattr(node, 'lineno', None))} {what}"
        for path in COMMAND_LINE
        for node in nodes(tree_of(path))
        if (what := untyped(node))
    ]
    assert found == []


def test_the_rule_sees_what_it_forbids() -> None:
    source = "def run(verb: str, *words: object) -> None: ...\nwork: Callable[..., int]\nfit: Callable[[int], int]\n"
    assert sorted(filter(None, map(untyped, ast.walk(ast.parse(source))))) == ["Callable[...]", "words"]


def test_verbs_run_without_a_screen() -> None:
    run(IMPORT_ALL, "cockpit.cli")


def test_verbs_load_no_screen() -> None:
    names = (".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in COMMAND_LINE)
    run(LOOK_FOR_SCREEN, *(name for name in names if not name.endswith("__")))
