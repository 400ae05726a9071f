"""What is added often touches few files: walked once for what is there already."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from cockpit.agents.adapter import AgentAdapter
from cockpit.agents.kinds import ADAPTERS, described
from cockpit.model.own.described import DescribedAgent
from tests.architecture.sources import PACKAGE, nodes, package_files, place, tree_of

ABOVE = (PACKAGE / "cli", PACKAGE / "demo", PACKAGE / "ui")
"""Who gives commands: a verb and a key are counted by themselves."""

KINDS = tuple(
    sorted(
        {
            Path(inspect.getfile(type(adapter))).parent
            for adapter in (*ADAPTERS, *described({"a": DescribedAgent(("a",))}))
        }
    )
)
"""The folders of the kinds of agent: each reads and writes in its own way."""


def files_that_name(*names: str, outside: tuple[Path, ...] = ()) -> list[str]:
    """Return the modules that define, import or say one of the names."""
    return [
        place(path)
        for path in package_files()
        if not set(outside) & set(path.parents) and {*names} & words_of(tree_of(path))
    ]


def words_of(tree: ast.Module) -> set[str]:
    """Return the names and the texts of a module."""
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            found.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


@pytest.mark.parametrize("command", ["Steer", "FollowUp", "Prompt"])
def test_a_command_to_an_agent_touches_three_files_and_one_of_each_kind(command: str) -> None:
    assert len(files_that_name(command, outside=(*ABOVE, *KINDS))) <= 3
    for kind in KINDS:
        inside = [path for path in package_files() if kind in path.parents]
        assert len([path for path in inside if command in words_of(tree_of(path))]) <= 1, place(kind)


def test_a_list_pane_touches_four_files() -> None:
    assert files_that_name("FeedPane", "feed_row", "the feed") == [
        "cockpit/ui/actions/action.py",
        "cockpit/ui/look/rows/feed.py",
        "cockpit/ui/screens/home/layout.py",
        "cockpit/ui/widgets/panes.py",
    ]


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
def test_a_kind_of_agent_touches_its_folder_and_one_file(adapter: AgentAdapter) -> None:
    named = type(adapter).__name__
    assert files_that_name(named, outside=KINDS) == ["cockpit/agents/kinds.py"]
    registry = (PACKAGE / "agents" / "kinds.py").read_text(encoding="utf-8")
    assert registry.count(f"{named}()") == 1


def test_each_word_of_the_port_for_agents_is_asked_by_who_uses_it() -> None:
    asked = {
        node.attr
        for path in package_files()
        if PACKAGE / "agents" not in path.parents
        for node in nodes(tree_of(path))
        if isinstance(node, ast.Attribute)
    }
    assert {word for word in vars(AgentAdapter) if not word.startswith("_")} - asked == set()


def test_a_verb_touches_two_files() -> None:
    verb = [place(path) for path in sorted((PACKAGE / "cli").rglob("*.py")) if "search" in defined(tree_of(path))]
    assert verb == ["cockpit/cli/declared/lists.py", "cockpit/cli/lists.py"]


def defined(tree: ast.Module) -> set[str]:
    """Return the functions of a module."""
    return {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
