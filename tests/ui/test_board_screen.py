"""The board's screen: columns side by side, a cursor that holds on to its task, and the acts upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from cockpit.model.board import Task, TaskContent
from cockpit.model.commands.board import (
    ApproveTask,
    BumpTask,
    CreateTask,
    DeleteTask,
    EditTask,
    MoveTask,
    RejectTask,
    SubmitTask,
)
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import TaskId
from cockpit.model.receipts.receipt import Stage
from cockpit.model.tasks.port import TaskDraft
from cockpit.ui.app import CockpitApp
from cockpit.ui.board.editing import AgainDialog, TaskEditor
from cockpit.ui.board.lanes import Lanes
from cockpit.ui.screens.board import BoardScreen
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene

FIRST = TaskId("01JTASK1")


def drawn(lanes: Lanes) -> str:
    """Return what the columns show."""
    return "\n".join(lanes.render_line(y).text.rstrip() for y in range(lanes.size.height))


@asynccontextmanager
async def board(
    engine: FakeEngine | None = None, size: tuple[int, int] = (120, 40), *, read_only: bool = False
) -> AsyncIterator[tuple[Pilot[None], BoardScreen, FakeEngine]]:
    """Open the board over the scene."""
    engine = engine or scene()
    app = CockpitApp(engine, read_only=read_only)
    async with app.run_test(size=size) as pilot:
        await pilot.press("b")
        yield pilot, await shown(pilot), engine


async def shown(pilot: Pilot[None]) -> BoardScreen:
    """Wait until the board shows its columns."""
    while True:
        await pilot.pause()
        screen = pilot.app.screen
        if isinstance(screen, BoardScreen) and screen.is_mounted and screen.query(Lanes) and screen.lanes.shown:
            return screen


def with_tasks(engine: FakeEngine, *tasks: Task) -> FakeEngine:
    """Put other tasks on the board."""
    engine.change(replace(engine.fleet, tasks=tasks))
    return engine


async def test_each_status_has_a_column_also_one_of_a_newer_server() -> None:
    engine = scene()
    strange = Task(TaskId("01JX"), "From the future", "waiting_for_god")
    async with board(with_tasks(engine, *engine.fleet.tasks, strange), (200, 50)) as (_, screen, _engine):
        text = drawn(screen.lanes)
        for words in ("OPEN 1", "IN PROGRESS 2", "IN REVIEW 1", "BLOCKED 1", "WAITING FOR GOD 1", "DONE 1"):
            assert words in text
        assert "From the future" in text
        assert "Health endpoint" not in text, "what is done is folded"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 45), (200, 50), (50, 20)])
async def test_columns_without_room_are_named_with_their_counts(size: tuple[int, int]) -> None:
    async with board(size=size) as (pilot, screen, _engine):
        for _ in range(5):
            text = drawn(screen.lanes).casefold()
            for words in ("open 1", "in progress 2", "in review 1", "blocked 1", "done 1"):
                assert words in text or size[0] < 80
            assert screen.lanes.status in screen.lanes.shown
            await pilot.press("l")
            await pilot.pause()
        assert screen.lanes.status == "done"


async def test_the_cursor_holds_on_to_its_task_while_others_move_it() -> None:
    async with board() as (pilot, screen, engine):
        await pilot.press("l", "j")
        await pilot.pause()
        held = screen.lanes.cursor_key
        assert screen.lanes.status == "in_progress" and held
        tasks = [replace(one, status="blocked") if one.id == held else one for one in engine.fleet.tasks]
        engine.change(replace(engine.fleet, tasks=tuple(tasks)))
        screen.bridge.flush()
        await pilot.pause()
        assert (screen.lanes.cursor_key, screen.lanes.status) == (held, "blocked")
        engine.change(replace(engine.fleet, tasks=tuple(one for one in tasks if one.id != held)))
        screen.bridge.flush()
        assert screen.lanes.cursor_key != held and screen.lanes.status == "blocked"


async def test_a_long_column_scrolls_under_the_cursor_and_stays_where_it_is() -> None:
    tasks = [Task(TaskId(f"01J{n:03}"), f"task {n:03}", "open", created_at=float(-n)) for n in range(300)]
    async with board(with_tasks(scene(), *tasks), (80, 24)) as (pilot, screen, engine):
        await pilot.press("end")
        await pilot.pause()
        assert "task 299" in drawn(screen.lanes) and "task 000" not in drawn(screen.lanes)
        before = drawn(screen.lanes)
        engine.change(replace(engine.fleet, tasks=(*tasks, Task(TaskId("01JNEW"), "new", "blocked"))))
        screen.bridge.flush()
        assert [line[:23] for line in drawn(screen.lanes).splitlines()][2:] == [
            line[:23] for line in before.splitlines()
        ][2:]


async def test_a_task_is_moved_by_one_column_as_it_was_seen_and_taken_back() -> None:
    async with board() as (pilot, screen, engine):
        assert screen.lanes.status == "open"
        await pilot.press("greater_than_sign")
        await pilot.pause()
        assert engine.ordered == [MoveTask(TaskId("01JTASK5"), "in_progress", "open")]
        tasks = [replace(one, status="in_progress") if one.id == "01JTASK5" else one for one in engine.fleet.tasks]
        receipts = tuple(replace(one, stage=Stage.DONE) for one in engine.fleet.receipts)
        engine.change(replace(engine.fleet, tasks=tuple(tasks), receipts=receipts))
        screen.bridge.flush()
        await pilot.pause()
        await pilot.press("u")
        await pilot.pause()
        assert engine.ordered[-1] == MoveTask(TaskId("01JTASK5"), "open", "in_progress")


async def test_the_first_column_has_none_on_its_left() -> None:
    async with board() as (pilot, _screen, engine):
        await pilot.press("less_than_sign")
        await pilot.pause()
        assert engine.ordered == []
        assert "there is no column on that side" in [one.message.split(": ")[-1] for one in pilot.app._notifications]


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        (("plus",), BumpTask(FIRST)),
        (("y", *"fine", "enter"), ApproveTask(FIRST, "fine")),
        (("s", *"done", "ctrl+s"), SubmitTask(FIRST, "done")),
        (("x", *"no", "ctrl+s"), RejectTask(FIRST, "no")),
        (("D", "y"), DeleteTask(FIRST)),
    ],
)
async def test_acts_upon_the_card_under_the_cursor(keys: tuple[str, ...], command: object) -> None:
    async with board() as (pilot, screen, engine):
        screen.lanes.point_at(FIRST)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        assert engine.ordered == [command]


async def test_a_read_only_cockpit_has_no_acts_here() -> None:
    async with board(read_only=True) as (pilot, _screen, engine):
        for key in ("greater_than_sign", "plus", "y", "D", "t"):
            await pilot.press(key)
        await pilot.pause()
        assert engine.ordered == [] and isinstance(pilot.app.screen, BoardScreen)


async def test_keys_of_the_home_screen_do_nothing_to_machines_here() -> None:
    async with board() as (pilot, screen, engine):
        for key in ("z", "X", "B", "C", "R", "n"):
            await pilot.press(key)
        await pilot.pause()
        assert engine.ordered == [] and pilot.app.screen is screen


async def test_the_filter_narrows_by_tag_and_person_and_escape_drops_it_first() -> None:
    async with board() as (pilot, screen, _engine):
        await pilot.press("slash", *"@lt", "enter")
        await pilot.pause()
        text = drawn(screen.lanes)
        assert "Pagination" in text and "Refresh tokens" not in text and "IN PROGRESS 1/2" in text
        await pilot.press("escape")
        await pilot.pause()
        assert "Refresh tokens" in drawn(screen.lanes) and pilot.app.screen is screen
        await pilot.press("escape")
        await pilot.pause()
        assert type(pilot.app.screen).__name__ == "HomeScreen"


async def test_from_an_agent_to_its_tasks() -> None:
    app = CockpitApp(scene())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("down", "W")
        screen = await shown(pilot)
        assert screen.needle == "@lt-api"
        assert "Pagination" in drawn(screen.lanes)


async def test_a_refused_token_is_said_with_the_way_to_mend_it() -> None:
    engine = scene()
    sick = ServiceHealth(
        "board", False, engine.clock - 180, "could not list: 401 Unauthorized", "check VERS_AUTH_TOKEN"
    )
    engine.change(replace(engine.fleet, health=(sick,)))
    async with board(engine) as (_, screen, _engine):
        said = str(screen.query_one("#trouble").render())
        assert "the token is refused since 3m" in said and "check VERS_AUTH_TOKEN" in said


async def test_the_board_is_looked_at_only_while_it_is_seen() -> None:
    async with board() as (pilot, screen, engine):
        looks = engine.coordination.board.looks
        assert looks
        await pilot.press("escape")
        await pilot.pause()
        await screen.bridge._tick_ages()
        assert engine.coordination.board.looks == looks


def editor(pilot: Pilot[None], engine: FakeEngine, edits: list[tuple[str, str]]) -> TaskEditor:
    """Return an editor whose operator makes these replacements, one for each time it opens."""
    left = iter(edits)

    async def open_editor(draft: TaskDraft) -> None:
        old, new = next(left)
        text = draft.path.read_text()
        assert old in text
        draft.path.write_text(text.replace(old, new, 1))

    def order(edit: EditTask) -> object:
        command = engine.dispatch(edit)
        done = [replace(one, stage=Stage.DONE) if one.id == command else one for one in engine.fleet.receipts]
        engine.change(replace(engine.fleet, receipts=tuple(done)))
        return command

    return TaskEditor(pilot.app, engine, order, lambda text: None, open_editor)  # type: ignore[arg-type]


async def test_an_edit_changes_what_was_edited_and_the_text_goes_once_it_is_done() -> None:
    async with board() as (pilot, _screen, engine):
        await editor(pilot, engine, [("tags: auth, api", "tags: auth, api, p1")]).edit(FIRST)
        (command,) = engine.ordered
        assert isinstance(command, EditTask) and command.after.tags == ("auth", "api", "p1")
        assert len(engine.coordination.board.discarded) == 1


async def test_two_who_change_the_same_see_both_and_the_text_is_kept_until_it_fits() -> None:
    async with board() as (pilot, _screen, engine):
        mine = [("title: Refresh tokens survive a restart", "title: Mine"), ("title: Mine", "title: Both")]
        known = next(one for one in engine.fleet.tasks if one.id == FIRST)
        work = editor(pilot, engine, mine)
        draft = engine.coordination.board.draft

        async def drafted(task: TaskId, content: TaskContent | None = None) -> TaskDraft:
            made = await draft(task, content)
            engine.coordination.board.theirs[FIRST] = replace(known, title="Theirs", tags=("auth",))
            return made

        engine.coordination.board.draft = drafted  # type: ignore[method-assign,assignment]
        done = pilot.app.run_worker(work.edit(FIRST))
        while not isinstance(pilot.app.screen, AgainDialog):
            await pilot.pause()
        said = str(pilot.app.screen.query_one("#targets").render())
        assert "Mine" in said and "Theirs" in said
        await pilot.press("e")
        await done.wait()
        (command,) = engine.ordered
        assert isinstance(command, EditTask)
        assert (command.before.title, command.after.title) == ("Theirs", "Both")


async def test_a_text_that_cannot_be_read_is_told_with_its_line_and_kept() -> None:
    async with board() as (pilot, _screen, engine):
        done = pilot.app.run_worker(editor(pilot, engine, [("status: in_progress", "status: finished")]).edit(FIRST))
        while not isinstance(pilot.app.screen, AgainDialog):
            await pilot.pause()
        said = str(pilot.app.screen.query_one("#targets").render())
        assert "line 5: there is no column 'finished'" in said and "your text is" in said
        await pilot.press("escape")
        await done.wait()
        assert engine.ordered == [] and engine.coordination.board.discarded == []


async def test_a_new_task_may_wait_for_others() -> None:
    async with board() as (pilot, _screen, engine):
        await pilot.press("t", *"Sweep", "tab", "tab", "tab", "tab", *"pagination", "ctrl+s")
        await pilot.pause()
        assert engine.ordered == [CreateTask("Sweep", "", "", (), dependencies=(TaskId("01JTASK2"),))]
