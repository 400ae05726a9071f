"""What is drawn before the cockpit has loaded: clean, and away again whatever comes of the start."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.cli.first_sight import LastKnown, last_known, lines_of
from cockpit.store.store import Store
from tests.faults.harness import ROOT
from tests.faults.terminal import ALTERNATE_SCREEN, Terminal
from tests.fleets import FleetUnderTest, fleet_under_test
from tests.ui.hostile import FORBIDDEN

ANY = st.text(max_size=60)
AGENTS = st.lists(st.builds(LastKnown, ANY, ANY, ANY, ANY, st.floats(0, 4e9)), max_size=8)


@given(AGENTS, st.integers(20, 200), st.integers(4, 60), st.floats(0, 4e9))
def test_lines_are_clean_and_stay_on_the_screen(known: list[LastKnown], width: int, height: int, now: float) -> None:
    lines = lines_of(known, width, height, now)
    assert len(lines) < height and ("as last known" in lines[0] or width < 50)
    for line in lines:
        assert not any(character in line for character in FORBIDDEN)
        assert cell_len(line) <= width


def test_names_of_any_width_leave_the_columns_where_they_are() -> None:
    cells = {"ada": 3, "refactor-the-whole-api-1": 24, "日本語エージェント": 18, "संपादक": 5, "עורך": 4}
    lines = lines_of([LastKnown(name, "worker", "", "idle", 1.0) for name in cells], 80, 24, 9.0)[2:]
    before = [line.partition("idle")[0].partition(name) for name, line in zip(cells, lines, strict=True)]
    assert {len(left) + cells[name] + len(right) for left, name, right in before} == {2 + 24 + 1}


def test_lines_that_are_cut_say_so_and_end_in_one_column_whatever_their_script() -> None:
    known = [LastKnown(name, "lieutenant", "", "working", 1.0, 44) for name in ("ada", "переписать-ссылки", "重构认证")]
    head, _, *lines = lines_of(known, 46, 24, 9.0)
    assert "44 agents" in head
    assert {cell_len(line) for line in lines} == {46} and {line.rpartition(" ")[2] for line in lines} == {"lieute…"}


@pytest.fixture(scope="module")
def fleet() -> Iterator[FleetUnderTest]:
    """A fleet with one agent that its history knows."""
    with fleet_under_test() as made:
        assert made.run("spawn", "ada", "--role", "tests", "--agent", "scripted").returncode == 0
        assert made.run("send", "ada", "[say Hello.]", "--wait", "done").returncode == 0
        yield made


def opened(fleet: FleetUnderTest, *words: str) -> Terminal:
    return Terminal(fleet.command(*words), fleet.environment(), ROOT)


async def test_what_a_history_knows_is_read_without_the_engine(fleet: FleetUnderTest, tmp_path: Path) -> None:
    (ada,) = last_known(fleet.places.history, 10)
    assert (ada.name, ada.role, ada.kind) == ("ada", "tests", "lieutenant") and ada.state and ada.at > 0
    store = await Store.open(tmp_path / "new.sqlite")
    assert last_known(tmp_path / "new.sqlite", 10) == ()
    await store.close()
    (tmp_path / "no").write_bytes(b"this is no database at all" * 99)
    for path in (tmp_path / "no", tmp_path / "absent"):
        with pytest.raises(sqlite3.Error):
            last_known(path, 10)


def test_the_screen_takes_the_place_of_what_was_last_known(fleet: FleetUnderTest) -> None:
    terminal = opened(fleet)
    try:
        terminal.read_until(lambda: terminal.shows("1 agent, as last known"), "what was last known")
        assert terminal.shows("ada") and not terminal.shows("Lieutenants")
        terminal.read_until(lambda: terminal.shows("Lieutenants"), "the screen")
        assert not terminal.shows("as last known")
        terminal.write(b"q")
        terminal.read_until(lambda: terminal.process.poll() is not None, "the end")
        while terminal.read(0.2):
            pass
        terminal.assert_restored()
    finally:
        terminal.close()


def test_a_start_that_fails_or_is_ended_gives_the_terminal_back(fleet: FleetUnderTest, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("no_such_setting = 1\n", encoding="utf-8")
    terminal = opened(fleet, "--config", str(wrong))
    try:
        terminal.read_until(lambda: terminal.process.poll() is not None, "the end")
        while terminal.read(0.2):
            pass
        terminal.assert_restored()
        assert b"as last known" in terminal.seen and terminal.process.poll() == 2
        assert b"no_such_setting" in terminal.seen[terminal.seen.rindex(b"\x1b[?%dl" % ALTERNATE_SCREEN) :]
    finally:
        terminal.close()
    terminal = opened(fleet)
    try:
        terminal.read_until(lambda: b"as last known" in terminal.seen, "what was last known")
        terminal.end(signal.SIGINT)
        terminal.assert_restored()
        assert terminal.process.poll() == 128 + signal.SIGINT
    finally:
        terminal.close()
