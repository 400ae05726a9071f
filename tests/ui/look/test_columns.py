"""How a row's width is shared out, and names that are too long for their column: at every width, with hostile names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.board import Task
from cockpit.model.fleet import Agent
from cockpit.model.ids import TaskId
from cockpit.text.clean import Clean
from cockpit.text.sanitize import clean_line
from cockpit.ui.look.cells import width_of
from cockpit.ui.look.rows import names as names_module
from cockpit.ui.look.rows.agents import AgentLine, agent_row, columns_for, headings, tasks_by_assignee
from cockpit.ui.look.rows.columns import Table, allot
from cockpit.ui.look.rows.names import cut_apart, least_room
from cockpit.ui.look.rows.panes import title, title_line
from cockpit.ui.look.tree import agent_tree
from tests.ui.fake_engine import NOW
from tests.ui.hostile import fleet as hostile_fleet
from tests.ui.scene import fleet

WIDTHS = range(40, 261)
NAMES = st.text(st.sampled_from("ab-_1290界й😀é"), min_size=1, max_size=40)


def rows_of(agents: tuple[Agent, ...]) -> list[AgentLine]:
    on = tasks_by_assignee(fleet().tasks)
    names = tuple(clean_line(agent.name) for agent in agents)
    bars = (5, 500, 50_000)
    found = []
    for node in agent_tree(agents):
        task, more = on.get(node.agent.name, (None, 0))
        found.append(AgentLine(node, None, task, more, bars=bars, names=names))
    return found


def table_at(rows: list[AgentLine], width: int) -> Table:
    return allot(columns_for(rows, width), width)


@pytest.mark.parametrize("agents", [fleet().agents, hostile_fleet().agents], ids=["scene", "hostile"])
def test_every_width_is_filled_and_a_wider_one_shows_no_less(agents: tuple[Agent, ...]) -> None:
    rows = rows_of(agents)
    shown: set[str] = set()
    for width in WIDTHS:
        table = table_at(rows, width)
        assert sum(table.cells.values()) + table.gap * (len(table.cells) - 1) == width
        if width != 140:  # Two blanks part the columns from here on.
            assert shown <= set(table.cells), width
        shown = set(table.cells)
        for row in rows[:6]:
            assert agent_row(row, NOW, table).cell_length == width


def test_the_name_is_cut_last_and_what_is_done_last_but_one() -> None:
    rows = rows_of(fleet().agents)
    for width in WIDTHS:
        columns = {column.name: column for column in columns_for(rows, width)}
        table = allot(list(columns.values()), width)
        cut = {name for name, cells in table.cells.items() if cells < columns[name].natural}
        if "agent" in cut:
            assert table.width("doing") <= columns["doing"].least
        if "doing" in cut:
            assert table.width("task") <= columns["task"].least
        if "doing" not in table.cells:
            assert set(table.cells) <= {"agent", "state"}


def test_from_a_hundred_columns_on_each_row_says_the_kind_as_a_word_and_the_task() -> None:
    rows = rows_of(fleet().agents)
    for width in (96, 116, 156, 246):
        table = table_at(rows, width)
        assert {"kind", "task", "doing", "context", "cost", "age"} <= set(table.cells)
    assert {"pulse", "model"} <= set(table_at(rows, 246).cells)
    lines = [agent_row(row, NOW, table_at(rows, 96)).plain for row in rows]
    assert [next(kind for kind in ("architect", "lieutenant", "worker") if kind in line) for line in lines] == [
        row.node.agent.kind.value for row in rows
    ]


def test_headings_stand_over_their_columns() -> None:
    rows = rows_of(fleet().agents)
    for width in (78, 116, 156, 246):
        columns = columns_for(rows, width)
        table = allot(columns, width)
        places = table.places()
        for at, word in headings(columns, table):
            (name,) = [column.name for column in columns if column.heading == word]
            assert places[name] <= at and at + len(word) <= places[name] + max(len(word), table.width(name))


@given(st.lists(NAMES, min_size=2, max_size=12, unique=True), st.integers(1, 60))
def test_a_name_never_takes_more_than_its_room(names: list[str], room: int) -> None:
    clean = [clean_line(name) for name in names]
    for name in clean:
        shown = cut_apart(name, clean, room)
        assert width_of(shown) <= room
        assert shown == name or "…" in shown
        assert (shown == name) == (width_of(name) <= room)


@given(st.lists(NAMES, min_size=2, max_size=12, unique=True))
def test_names_that_differ_look_different_in_the_room_they_need(names: list[str]) -> None:
    clean = tuple(dict.fromkeys(clean_line(name) for name in names))
    room = least_room(clean, 8, 100)
    assert len({cut_apart(name, clean, room) for name in clean}) == len(clean)


def test_the_middle_goes_and_the_number_stays() -> None:
    names = [clean_line(f"refactor-the-storage-layer-{number}") for number in range(1, 13)]
    assert cut_apart(names[2], names, 12) == "refactor-…-3"
    assert cut_apart(names[11], names, 12) == "refactor…-12"
    middles = [clean_line(f"the-same-beginning-{word}-the-same-end") for word in ("ada", "bob")]
    assert len({cut_apart(name, middles, 14) for name in middles}) == 2


def test_each_name_is_cut_once_for_all_rows_of_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    cuts: list[Clean] = []
    cut = names_module._cut

    def counted(name: Clean, room: int, tail: int) -> Clean:
        cuts.append(name)
        return cut(name, room, tail)

    monkeypatch.setattr(names_module, "_cut", counted)
    many = tuple(clean_line(f"implement-the-login-page-of-the-shop-{number:03}") for number in range(200))
    for _ in range(3):  # flushes
        for name in many[:30]:
            assert cut_apart(name, many, 11).endswith(name[-4:])
    assert len(cuts) <= len(many) + 3 * 30


def test_an_agent_is_on_the_task_that_moves_and_the_others_are_counted() -> None:
    tasks = (
        Task(TaskId("1"), "waits", "open", "ada"),
        Task(TaskId("2"), "moves", "in_progress", "ada"),
        Task(TaskId("3"), "over", "done", "ada"),
        Task(TaskId("4"), "nobody's", "in_progress", ""),
    )
    assert tasks_by_assignee(tasks) == {"ada": (tasks[1], 1)}


@given(st.text(max_size=60), st.integers(0, 300), st.lists(st.integers(0, 300), max_size=5), st.text(max_size=30))
def test_a_title_never_overflows_its_frame(name: str, width: int, places: list[int], end: str) -> None:
    lead = title(1, clean_line(name), clean_line(end))
    words = [(at, clean_line("WORD")) for at in sorted(set(places))]
    assert title_line(lead, width, words).cell_length <= max(0, width)
    assert title_line(lead, width, (), [(clean_line(end), "")]).cell_length <= max(0, width)


def test_what_is_not_normal_is_said_and_what_is_normal_is_not() -> None:
    rows = rows_of(fleet().agents)
    table = table_at(rows, 160)
    assert not [row for row in rows if "⇄" in agent_row(row, NOW, table).plain]
    paused = replace(rows[0], vm=replace(fleet().vms[0], power=type(fleet().vms[0].power)("paused")))
    assert "paused" in agent_row(paused, NOW, table).plain
