"""Own columns and commands: what is wrong with a declaration is said with its line and what is nearest."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.config import load
from cockpit.errors import ConfigError
from cockpit.model.board import Task
from cockpit.model.filters.agents import AgentView
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import AgentId, TaskId, VmId
from cockpit.model.own.declared import OwnColumn, OwnCommand
from cockpit.model.own.toml_lines import line_of
from cockpit.model.own.values import FIELDS, variables_of

GOOD = """
[[columns]]
name = "repo"
field = "repository"

[[columns]]
name = "load"
command = "uptime"
every = 60

[[commands]]
name = "log"
command = 'git -C "$COCKPIT_DIRECTORY" log'
key = "f5"
"""


def test_columns_and_commands_are_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(GOOD)
    own = load(file).own
    assert own.columns == (OwnColumn("repo", "repository"), OwnColumn("load", command="uptime", every=60))
    assert own.commands == (OwnCommand("log", 'git -C "$COCKPIT_DIRECTORY" log', "f5"),)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("field = ", "feild = ", r"line 4: unknown key 'columns.1.feild'; did you mean 'field'\?"),
        ('"repository"', '"repositry"', r"line 4: columns.1.field: no field 'repositry'; did you mean 'repository'\?"),
        ('"load"', '"repo"', r"line 7: columns.2.name: there is a column 'repo' already"),
        ('command = "uptime"', "", r"line 6: columns.2.field: a column takes either field or command"),
        ("every = 60", "every = 1", r"line 9: columns.2.every: .*greater than or equal to 5"),
        ("key = ", "keys = ", r"line 14: unknown key 'commands.1.keys'; did you mean 'key'\?"),
        ('"log"', '" "', r"line 12: commands.1.name: a command needs a name"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(GOOD.replace(before, after, 1))
    with pytest.raises(ConfigError) as raised:
        load(file)
    assert re.search(f"config.toml, {said}", str(raised.value)), str(raised.value)


@given(st.lists(st.sampled_from(["[[columns]]", "[other]", "name = 1", " name=2", "", "# name = 3"]), max_size=12))
def test_a_line_is_in_the_table_that_is_meant(lines: list[str]) -> None:
    headers = [at for at, line in enumerate(lines, 1) if line == "[[columns]]"]
    for number, header in enumerate(headers):
        rest = [*enumerate(lines[header:], header + 1)]
        end = next((at for at, line in rest if line.startswith("[")), len(lines) + 1)
        inside = [at for at, line in rest if at < end and line in ("name = 1", " name=2")]
        assert line_of("\n".join(lines), "columns", number, "name") == (inside[0] if inside else header)
    assert line_of("\n".join(lines), "columns", len(headers)) is None


AGENT = Agent(AgentId("a"), "ada", AgentKind.WORKER, VmId("v"))


@given(st.text(max_size=50), st.text(max_size=50))
def test_whatever_agents_say_can_stand_in_an_environment(said: str, title: str) -> None:
    view = AgentView(replace(AGENT, last_text=said, role=said), None, (Task(TaskId("t"), title, "open"),), (), 0.0)
    variables = variables_of(view)
    assert set(variables) == {f"COCKPIT_{name.upper()}" for name in FIELDS}
    for value in variables.values():
        assert "\0" not in value and isinstance(value.encode(), bytes)
