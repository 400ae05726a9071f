"""The home screen under keys: what is ordered, what is selected, what is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.model import events as ev
from cockpit.model.commands.agent import Abort, FollowUp, Prompt, Steer
from cockpit.model.commands.board import MoveTask
from cockpit.model.commands.life import Destroy, Relaunch, Spawn
from cockpit.model.commands.vm import Commit, Pause, Resume
from cockpit.model.fleet import ActivityState, AgentKind, Fleet, Power, ProcessState
from cockpit.model.ids import OperationId, TaskId, agent_of
from cockpit.model.operation import Operation, Step
from cockpit.model.size import VmSize
from cockpit.ui.app import CockpitApp
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.spawn.form import SpawnDialog
from cockpit.ui.look.states import Mode
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.widgets.panes import AgentsTree, BoardPane, FeedPane, VmsTable
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.writing.composer import Composer
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.scene import scene, vm_id

LT_API = agent_of(vm_id(2))


@asynccontextmanager
async def cockpit(
    engine: FakeEngine | None = None, size: tuple[int, int] = (120, 40), *, read_only: bool = False
) -> AsyncIterator[tuple[Pilot[None], HomeScreen, FakeEngine]]:
    """Run the cockpit over an engine double."""
    engine = engine or scene()
    app = CockpitApp(engine, read_only=read_only)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        home = app.screen
        assert isinstance(home, HomeScreen)
        yield pilot, home, engine


def notifications(pilot: Pilot[None]) -> list[str]:
    return [notification.message for notification in pilot.app._notifications]


def shown(home: HomeScreen, selector: str) -> str:
    return str(home.query(selector).first(Plain).content)


async def test_the_tree_opens_on_the_architect_and_the_engine_knows() -> None:
    async with cockpit() as (pilot, home, engine):
        assert home.selected == agent_of(vm_id(1))
        assert engine.focused[-1] == agent_of(vm_id(1))
        await pilot.press("down")
        await pilot.pause()
        assert home.selected == LT_API
        assert engine.focused[-1] == LT_API
        assert home.query_one(VmsTable).cursor_key == vm_id(2)


@pytest.mark.parametrize(("key", "command"), [("p", Prompt), ("s", Steer), ("f", FollowUp)])
async def test_three_acts_of_writing(key: str, command: type) -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", key, *"go on", "enter")
        await pilot.pause()
        assert engine.ordered == [command(LT_API, "go on")]
        assert home.query_one(Composer).text == ""


async def test_border_names_recipient_and_act_and_follows_the_mode_key() -> None:
    async with cockpit() as (pilot, home, _engine):
        await pilot.press("down", "s")
        await pilot.pause()
        composer = home.query_one(Composer)
        assert composer.has_class("-steer")
        assert "↯ STEER" in str(composer._border_title) and "lt-api" in str(composer._border_title)
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert composer.mode is Mode.FOLLOW_UP
        assert composer.has_class("-follow-up") and not composer.has_class("-steer")


async def test_drafts_stay_with_their_agent_and_are_never_sent_to_another() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "p", *"half a thought", "escape", "1", "down")
        await pilot.pause()
        composer = home.query_one(Composer)
        assert composer.recipient != LT_API and composer.text == ""
        await pilot.press("up")
        await pilot.pause()
        assert composer.recipient == LT_API and composer.text == "half a thought"
        assert composer.mode is Mode.PROMPT
        assert engine.ordered == []


async def test_newline_history_and_paste() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "p", "a", "ctrl+j", "b", "enter")
        assert engine.ordered == [Prompt(LT_API, "a\nb")]
        await pilot.press("up")
        assert home.query_one(Composer).text == "a\nb"
        await pilot.press("down")
        assert home.query_one(Composer).text == ""


async def test_a_refused_text_stays_and_the_reason_is_said() -> None:
    engine = scene()
    engine.refusals[Prompt] = "its VM is gone"
    async with cockpit(engine) as (pilot, home, _):
        await pilot.press("down", "i", "ctrl+t", *"x", "enter")
        composer = home.query_one(Composer)
        while composer.mode is not Mode.PROMPT:
            await pilot.press("ctrl+t")
        await pilot.pause()
        assert "its VM is gone" in str(composer._border_subtitle)
        before = len(engine.ordered)
        await pilot.press(*"keep me", "enter")
        await pilot.pause()
        assert len(engine.ordered) == before
        assert "keep me" in composer.text
        assert "its VM is gone" in notifications(pilot)


async def test_a_disabled_key_says_why() -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("r")
        await pilot.pause()
        assert notifications(pilot) == ["Resume: the VM is running, not paused"]
        assert engine.ordered == []


async def test_pause_resume_abort_go_to_the_selected_target() -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("down", "z")
        await pilot.pause()
        assert engine.ordered == [], "one that works is not frozen by one key"
        await pilot.press("a")
        await pilot.press("x")
        assert engine.ordered == [Pause(vm_id(2), abort=True), Abort(LT_API)]
        fleet = engine.fleet
        paused = tuple(replace(vm, power=Power.PAUSED) if vm.id == vm_id(2) else vm for vm in fleet.vms)
        engine.change(replace(fleet, vms=paused))
        await pilot.press("r")
        assert engine.ordered[-1] == Resume(vm_id(2))


async def test_destroying_a_lieutenant_needs_its_name_and_the_target_is_frozen() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "D")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ConfirmDialog)
        home.select(agent_of(vm_id(1)))
        await pilot.press(*"wrong", "enter")
        await pilot.pause()
        assert engine.ordered == []
        pilot.app.screen.query_one(Input).value = "lt-api"
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [Destroy(vm_id(2))]


async def test_destroying_a_worker_needs_y_and_escape_backs_out() -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("down", "down", "D", "escape")
        await pilot.pause()
        assert engine.ordered == []
        await pilot.press("D", "y")
        await pilot.pause()
        assert engine.ordered == [Destroy(vm_id(5))]


async def test_a_commit_has_the_name_and_the_keys_of_the_form() -> None:
    async with cockpit() as (pilot, home, engine):
        home.go_to(f"vm:{vm_id(5)}")
        await pilot.pause()
        for keys, clean in (((), False), (("right",), True)):
            await pilot.press("C", *"golden", "tab", *keys, "enter")
            await pilot.pause()
            assert engine.ordered[-1] == Commit(vm_id(5), "golden", clean=clean)


async def test_spawning_workers_from_the_form() -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("n", "tab", "shift+tab", "right", "tab", *"w-new", "tab", *"fix")
        dialog = pilot.app.screen
        assert isinstance(dialog, SpawnDialog)
        dialog.query_one("#count", Input).value = "2"
        dialog.query_one("#labels", Input).value = "api, fast"
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [
            Spawn(name, AgentKind.WORKER, "fix", None, "pi", ("api", "fast"), "", "") for name in ("w-new-1", "w-new-2")
        ]
        assert dialog.has_class("-running")
        assert len(dialog.operations()) == 2


async def test_the_spawn_form_says_what_is_wrong() -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("n", "tab", "enter")
        await pilot.pause()
        assert "an agent needs a name" in str(pilot.app.screen.query_one("#problem").render())
        assert engine.ordered == []


async def test_board_keys() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("2")
        await pilot.pause()
        assert home.query_one(BoardPane).cursor_key == "01JTASK1"
        await pilot.press("m", "right", "enter")
        await pilot.pause()
        assert engine.ordered == [MoveTask(TaskId("01JTASK1"), "in_review", seen="in_progress")]


async def test_next_waiting_goes_to_the_question_first() -> None:
    async with cockpit() as (pilot, home, _engine):
        await pilot.press("exclamation_mark")
        await pilot.pause()
        assert home.selected == agent_of(vm_id(4))


async def test_go_to_finds_by_name() -> None:
    async with cockpit() as (pilot, home, _engine):
        await pilot.press("colon", *"e2e", "enter")
        await pilot.pause()
        assert home.selected == agent_of(vm_id(6))


async def test_filter_narrows_and_escape_shows_everything_again() -> None:
    async with cockpit() as (pilot, home, _engine):
        tree = home.query_one(AgentsTree)
        await pilot.press("slash", *"w-")
        await pilot.pause()
        assert [row.key for row in tree.rows] == [agent_of(vm_id(number)) for number in (5, 6, 4)]
        assert "3 hits" in shown(home, ".filter-note") and "keep" in shown(home, "#footer")
        await pilot.press(*" -stat:x")
        await pilot.pause()
        assert "did you mean state:?" in shown(home, ".filter-note") and len(tree.rows) == 3
        await pilot.press("enter")
        await pilot.pause()
        assert home.focused is tree and "prompt" in shown(home, "#footer")
        await pilot.press("escape")
        await pilot.pause()
        assert len(tree.rows) == 6


async def test_an_agent_under_the_cursor_stays_when_it_no_longer_fits_the_filter() -> None:
    async with cockpit() as (pilot, home, engine):
        tree = home.query_one(AgentsTree)
        await pilot.press("slash", *"state:asking", "enter")
        await pilot.pause()
        (asking,) = (row.key for row in tree.rows)
        assert home.selected == asking
        calm = replace(engine.fleet.agents[0].activity, state=ActivityState.IDLE, dialogs=())
        agents = tuple(replace(one, activity=calm) if one.id == asking else one for one in engine.fleet.agents)
        engine.change(replace(engine.fleet, agents=agents))
        home.bridge.flush()
        assert [row.key for row in tree.rows] == [asking] and home.selected == asking


async def test_rows_that_come_and_go_leave_the_cursor_on_its_agent() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "down")
        await pilot.pause()
        selected = home.selected
        fleet = engine.fleet
        engine.change(replace(fleet, agents=fleet.agents[1:]))
        home.bridge.flush()
        assert home.selected == selected == home.query_one(AgentsTree).cursor_key
        engine.change(replace(fleet, agents=tuple(agent for agent in fleet.agents if agent.id != selected)))
        home.bridge.flush()
        assert home.selected != selected
        assert home.selected == home.query_one(AgentsTree).cursor_key


async def test_narrow_screens_show_one_list_and_number_keys_switch_it() -> None:
    async with cockpit(size=(80, 24)) as (pilot, home, _engine):
        assert home.query_one(AgentsTree).display and not home.query_one(BoardPane).display
        await pilot.press("5")
        await pilot.pause()
        assert home.query_one(FeedPane).display and not home.query_one(AgentsTree).display
        assert home.query_one(FeedPane).rows
        await pilot.press("tab")
        await pilot.pause()
        assert home.query_one(AgentsTree).display


async def test_wide_screens_show_every_pane() -> None:
    async with cockpit(size=(200, 50)) as (_pilot, home, _engine):
        for pane in (AgentsTree, BoardPane, VmsTable, FeedPane):
            assert home.query_one(pane).display


async def test_the_newest_of_the_feed_stays_in_sight_while_nobody_reads_in_it() -> None:
    async with cockpit(size=(200, 50)) as (_pilot, home, engine):
        feed = home.query_one(FeedPane)
        for number in range(80):
            event = replace(engine.fleet.feed[-1], id=f"new{number}")
            engine.change(replace(engine.fleet, feed=(*engine.fleet.feed, event)))
            home.bridge.flush()
            assert feed.cursor_key == event.id and feed.scroll_offset.y == 0


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_zoom_gives_the_focused_area_the_screen_and_back(width: int) -> None:
    async with cockpit(size=(width, 30)) as (pilot, home, _engine):
        for pane, key in (("agents", "1"), ("output", "4"), ("board", "2")):
            await pilot.press(key)
            await pilot.pause()
            shown = home.query_one(f"#{pane}")
            before = shown.size
            await pilot.press("Z")
            await pilot.pause()
            strip = home.query_one("#needs-you").outer_size.height
            assert shown.size.width >= width - 3 and shown.size.height >= 26 - strip
            await pilot.press("escape")
            await pilot.pause()
            assert shown.size == before and before.height < 20


async def test_read_only_orders_nothing() -> None:
    async with cockpit(read_only=True) as (pilot, home, engine):
        await pilot.press("down", "p", "x", "z", "D", "n", "t", "i")
        await pilot.pause()
        assert engine.ordered == []
        assert pilot.app.screen is home


async def test_an_empty_fleet_teaches() -> None:
    async with cockpit(FakeEngine(Fleet(source="embedded"))) as (pilot, home, _engine):
        text = "\n".join("".join(s.text for s in line) for line in home._compositor.render_strips())
        assert "No agents yet." in text and "Press n to spawn a lieutenant." in text
        await pilot.press("p", "x", "w", "exclamation_mark")
        await pilot.pause()
        assert pilot.app.screen is home


async def test_what_arrives_is_shown_and_hidden_panes_cost_nothing() -> None:
    async with cockpit(size=(80, 24)) as (pilot, home, engine):
        await pilot.press("down")
        await pilot.pause()
        engine.say(LT_API, ev.ToolEnded("t1", "bash", "52 passed"))
        home.bridge.flush()
        text = "\n".join("".join(s.text for s in line) for line in home._compositor.render_strips())
        assert home.query_one(VmsTable).rows == ()
        await pilot.pause()
        text = "\n".join("".join(s.text for s in line) for line in home._compositor.render_strips())
        assert "52 passed" in text


async def test_help_and_quit() -> None:
    async with cockpit() as (pilot, home, _engine):
        await pilot.press("question_mark")
        await pilot.pause()
        assert pilot.app.screen is not home
        await pilot.press("escape", "q")
        await pilot.pause()
    assert pilot.app.return_value is None


async def test_a_failed_command_is_announced_once() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        engine.refusals[Pause] = "the API said no"
        home.command(Pause(vm_id(2)))
        home.bridge.flush()
        await pilot.pause()
        home.bridge.flush()
        assert notifications(pilot) == ["the API said no"]


async def test_notices_and_operations_stand_under_the_header() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        bar = home.query_one("#standing")
        assert not bar.display
        running = Operation(OperationId("o"), "spawn", "ada", NOW - 9, (Step("wait for SSH", NOW - 5),))
        failed = Operation(
            OperationId("p"),
            "branch",
            "lt-api",
            NOW - 9,
            (Step("copy", NOW - 5, NOW - 4, "no room"),),
            NOW - 4,
            "no room",
        )
        engine.change(replace(engine.fleet, notices=("tmux is absent",), operations=(running, failed)))
        home.bridge.flush()
        await pilot.pause()
        text = str(bar.render())
        assert "! tmux is absent" in text
        assert "▸ spawn ada  wait for SSH 5.0s" in text
        assert "✗ branch lt-api failed at copy: no room" in text
        assert bar.size.height == 3
        engine.change(replace(engine.fleet, notices=(), operations=()))
        home.bridge.flush()
        await pilot.pause()
        assert not bar.display


async def test_older_history_is_asked_for_at_the_oldest_line_only() -> None:
    async with cockpit() as (pilot, _home, engine):
        for number in range(400):
            engine.say(LT_API, ev.MessageStarted("user", f"again {number}"))
        await pilot.press("down", "4", "pageup")
        await pilot.pause()
        assert engine.paged == []
        await pilot.press("home")
        await pilot.pause()
        assert set(engine.paged) == {LT_API}


async def test_another_version_of_the_program_is_asked_about_before_it_is_taken() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        dead = next(agent for agent in engine.fleet.agents if agent.process.state is ProcessState.DEAD)
        engine.change_agent(replace(dead, version="0.87.1", program_path="/opt/pi/bin/pi"))
        home.select(dead.id)
        home.action_act("agent.change_program")
        await pilot.pause()
        await pilot.pause()
        assert isinstance(pilot.app.screen, ConfirmDialog)
        shown = "\n".join("".join(s.text for s in line) for line in pilot.app.screen._compositor.render_strips())
        assert f"started with {dead.program} 0.87.1" in shown and engine.ordered == []
        await pilot.press("y")
        await pilot.pause()
        assert engine.ordered == [Relaunch(dead.id, change_program=True)]


async def test_a_fresh_vm_gets_the_size_that_was_typed_and_an_image_keeps_its_own() -> None:
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("n", *"ada", "tab")
        dialog = pilot.app.screen
        assert isinstance(dialog, SpawnDialog)
        size = dialog.query_one("#size", Input)
        assert size.value == "2/4096/8192"
        size.value = "four"
        await pilot.press("enter")
        await pilot.pause()
        assert "such as 2/4096/8192" in str(dialog.query_one("#problem").render()) and engine.ordered == []
        size.value = "4/8G/20G"
        dialog.query_one("#image").focus()
        await pilot.press("right")
        await pilot.pause()
        assert not dialog.query_one("#row-size").display
        await pilot.press("left")
        await pilot.pause()
        assert dialog.query_one("#row-size").display
        await pilot.press("enter")
        await pilot.pause()
        assert [getattr(command, "size", None) for command in engine.ordered] == [VmSize(4, 8192, 20480)]
