"""No import goes round: not from module to module, and not from room to room of the screens."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from tests.architecture.sources import PACKAGE, nodes, package_files, tree_of

Graph = Mapping[str, frozenset[str]]


def name_of(path: Path) -> str:
    """Return a module's name; a package is named like its folder."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(tree: ast.Module, names: Collection[str]) -> frozenset[str]:
    """Return those of some modules that a module names anywhere, those for the type checker only included."""
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            inner = {part for part in parts if part in names}
            found.update(inner)
            if node.module in names and inner != parts:
                found.add(node.module)
    return frozenset(found)


@cache
def modules() -> Graph:
    """Return which module of the product imports which."""
    paths = {name_of(path): path for path in package_files()}
    return {name: imports_of(tree_of(path), paths) - {name} for name, path in paths.items()}


def rooms(graph: Graph, under: str) -> Graph:
    """Draw a graph of modules together to the folders and modules right below a package."""

    def room(module: str) -> str:
        return ".".join(module.split(".")[: under.count(".") + 2])

    inside = {name for name in graph if name.startswith(f"{under}.")}
    drawn: dict[str, frozenset[str]] = {}
    for name in inside:
        others = {room(other) for other in graph[name] if other in inside} - {room(name)}
        drawn[room(name)] = drawn.get(room(name), frozenset()) | others
    return drawn


def circle(graph: Graph) -> list[str]:
    """Return one way that comes back to where it started, or nothing."""
    left = dict(graph)
    while leaves := [name for name, others in left.items() if not others & left.keys()]:
        for name in leaves:
            del left[name]
    if not left:
        return []
    way = [min(left)]
    while way.count(way[-1]) == 1:
        way.append(min(left[way[-1]] & left.keys()))
    return way[way.index(way[-1]) :]


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circle(modules()) == []


def test_no_room_of_the_screens_knows_one_that_knows_it() -> None:
    assert circle(rooms(modules(), "cockpit.ui")) == []


def test_the_rule_sees_a_circle_and_draws_rooms() -> None:
    graph = {
        "p.a.x": frozenset({"p.b.y"}),
        "p.b.y": frozenset({"p.c"}),
        "p.b.z": frozenset({"p.a.x"}),
        "p.c": frozenset[str](),
    }
    assert circle(graph) == []
    assert circle(rooms(graph, "p")) == ["p.a", "p.b", "p.a"]
    source = "from p import c\nfrom p.a.x import thing\nimport p.b.y\ndef late():\n    from p.b.z import other\n"
    assert imports_of(ast.parse(source), graph) == {"p.c", "p.a.x", "p.b.y", "p.b.z"}
