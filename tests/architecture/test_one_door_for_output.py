"""Nothing is printed but through the door of `cockpit/text/streams.py`, and every program stands behind it."""

from __future__ import annotations

import ast

from tests.architecture.sources import PACKAGE, nodes, package_files, place, tree_of

DOOR = PACKAGE / "text" / "streams.py"
PROTOCOLS = {
    PACKAGE / "embedded" / "scripted_agent" / "__main__.py",
    PACKAGE / "embedded" / "sandbox" / "fork_server.py",
    PACKAGE / "embedded" / "sandbox" / "walls" / "raise_walls.py",
    *(PACKAGE / "agents").glob("*/__main__.py"),
}
"""Programs whose output is a protocol of ours, read by a program of ours and never by a terminal. A kind of agent may
bring one as the `__main__.py` of its folder."""
PRINTERS = {"print", "input"}
MODULES = {"typer", "click"}
MODULE_PRINTERS = {
    "echo",
    "secho",
    "echo_via_pager",
    "prompt",
    "confirm",
    "print_exc",
    "print_exception",
    "print_stack",
}
STREAMS = {"stdout", "stderr"}


def test_nothing_prints_past_the_door() -> None:
    found = [
        f"{place(path, getattr(node, 'lineno', None))} {what}"
        for path in package_files()
        if path != DOOR and path not in PROTOCOLS
        for node in nodes(tree_of(path))
        if (what := printing(node))
    ]
    assert found == []


def printing(node: ast.AST) -> str:
    """Return how a call or an attribute reaches a terminal past the door, or empty text."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id if node.func.id in PRINTERS else ""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return ""
    whole = f"{node.value.id}.{node.attr}"
    if node.value.id == "sys" and node.attr in STREAMS:
        return whole
    return whole if node.value.id in {*MODULES, "traceback"} and node.attr in MODULE_PRINTERS else ""


def test_the_rule_sees_what_it_forbids() -> None:
    source = "print(1); sys.stdout.write(''); typer.echo(''); x = input(); traceback.print_exc(); sys.stderr"
    assert sorted(filter(None, map(printing, ast.walk(ast.parse(source))))) == [
        "input",
        "print",
        "sys.stderr",
        "sys.stdout",
        "traceback.print_exc",
        "typer.echo",
    ]


def test_every_program_for_people_stands_behind_the_door() -> None:
    open_programs = [
        place(path)
        for path in package_files()
        if 'if __name__ == "__main__"' in (text := path.read_text(encoding="utf-8"))
        and "guard_streams()" not in text
        and path not in PROTOCOLS
    ]
    assert open_programs == []
