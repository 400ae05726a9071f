"""Keys that arrive in one read do in order what they say, in every dialog, form, filter and composer."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.model.commands.agent import Abort, Prompt
from cockpit.model.commands.vm import Branch, Pause
from cockpit.model.ids import agent_of
from cockpit.model.receipts.receipt import Stage
from cockpit.ui.actions.registry import BY_ID
from cockpit.ui.app import CockpitApp
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.form import GuardedForm
from cockpit.ui.dialogs.spawn.form import SpawnDialog
from cockpit.ui.dialogs.working import WorkingDialog
from cockpit.ui.key_gate import Guarded
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.settling import PatienceWithComing, Settling
from cockpit.ui.widgets.filter_line import FilterLine
from cockpit.ui.widgets.panes import AgentsTree
from cockpit.ui.writing.composer import Composer
from tests.remote.waiting import until
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit, notifications


@pytest.fixture(autouse=True)
def low_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a key began counts here, not the bound, which a busy machine reaches."""
    monkeypatch.setattr("cockpit.ui.key_gate.LIMIT", 60.0)


async def write(pilot: Pilot[None], *keys: str) -> None:
    """Hand all keys to the application at once, as one read does, and wait until they are used."""
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 else key
        pilot.app.post_message(events.Key(name, key if len(key) == 1 else None))
    await settled(pilot)


def patched_reach(settling: Settling) -> list[int]:
    """Return how many parts of the screen were asked each time, as it comes to be known."""
    asked: list[int] = []
    reach = settling._reach

    async def counted(pumps: list[MessagePump], patience: PatienceWithComing) -> set[MessagePump]:
        asked.append(len(pumps))
        return await reach(pumps, patience)

    settling._reach = counted  # type: ignore[method-assign]
    return asked


async def settled(pilot: Pilot[None]) -> None:
    await pilot.pause()
    assert isinstance(pilot.app, CockpitApp)
    task = pilot.app.gate._task
    if task is not None:
        await task
    await pilot.pause()


async def test_what_a_widget_has_to_do_anyway_is_let_go_on_without_asking_every_part_of_the_screen() -> None:
    async with cockpit() as (pilot, home, _):
        await settled(pilot)
        settling = Settling(pilot.app)
        await until(settling.is_at_rest)
        handled: list[str] = []
        home.query_one(AgentsTree).call_later(handled.append, "streamed")
        asked = patched_reach(settling)
        assert not settling.is_at_rest()
        assert await settling.comes_to_rest()
        assert handled == ["streamed"] and 0 < asked[0] < 10


async def test_a_key_long_after_the_last_waits_for_those_alone_that_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit() as (pilot, home, _):
        await settled(pilot)
        assert isinstance(pilot.app, CockpitApp)
        gate, asked = pilot.app.gate, []

        async def comes_to_rest(_: Settling) -> bool:
            asked.append(True)
            return True

        monkeypatch.setattr(Settling, "comes_to_rest", comes_to_rest)
        await until(lambda: not gate._restless)
        tree = home.query_one(AgentsTree)
        before = tree.cursor_key
        gate.take(events.Key("down", None))
        await until(lambda: tree.cursor_key != before)
        assert asked


async def test_a_prompt_is_written_not_obeyed() -> None:
    async with cockpit() as (pilot, home, engine):
        await write(pilot, "p", *"zebra pxak")
        assert engine.ordered == []
        assert home.query_one(Composer).text == "zebra pxak"


async def test_each_command_acts_on_the_agent_selected_when_its_key_was_pressed() -> None:
    async with cockpit() as (pilot, _home, engine):
        await write(pilot, "j", "p", *"text", "enter", "escape", "k", "p", *"other", "enter")
        assert engine.ordered == [Prompt(agent_of(vm_id(2)), "text"), Prompt(agent_of(vm_id(1)), "other")]


async def test_a_filter_and_a_key_after_it() -> None:
    async with cockpit() as (pilot, home, engine):
        await write(pilot, "slash", *"api", "enter", "p", *"go", "enter")
        assert not home.query_one(FilterLine).has_class("-open")
        assert [type(command) for command in engine.ordered] == [Prompt]


@pytest.mark.parametrize(
    ("keys", "ended"),
    [(("enter",), 3), (("escape",), 1), (("x", "enter"), 1), (("x", "x", "backspace", "backspace", "enter"), 3)],
    ids=["kept", "cleared", "nothing matches", "nothing matches for a while"],
)
async def test_an_act_behind_a_filter_goes_to_the_row_under_the_cursor(keys: tuple[str, ...], ended: int) -> None:
    async with cockpit() as (pilot, home, engine):
        await write(pilot, "slash", *"web", *keys, "x")
        assert engine.ordered == [Abort(agent_of(vm_id(ended)))]
        assert home.query_one(AgentsTree).cursor_key in ("", home.selected)


async def test_the_fields_of_the_spawn_form_do_not_mix() -> None:
    async with cockpit() as (pilot, _home, engine):
        await write(pilot, "n", "tab")
        assert isinstance(pilot.app.screen, SpawnDialog)
        fields = [widget.id for widget in pilot.app.screen.query(Input)]
        await write(pilot, "escape", "n", *"px", "tab", "end", *"name")
        assert isinstance(pilot.app.screen, SpawnDialog)
        assert "pxname" in [pilot.app.screen.query_one(f"#{name}", Input).value for name in fields]
        assert engine.ordered == []


async def test_a_closed_dialog_gives_the_next_key_to_what_is_below() -> None:
    async with cockpit() as (pilot, _home, engine):
        await write(pilot, "question_mark", "escape", "j", "w", "q", "p", *"x y", "enter")
        assert isinstance(pilot.app.screen, HomeScreen)
        assert engine.ordered == [Prompt(agent_of(vm_id(2)), "x y")]


@pytest.mark.parametrize("action", ["vm.destroy", "vm.branch"])
async def test_a_question_about_harm_takes_no_key_read_before_it_was_shown(action: str) -> None:
    async with cockpit() as (pilot, _home, engine):
        await write(pilot, BY_ID[action].keys.split(",")[0], "y", "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog | GuardedForm)
        assert engine.ordered == []
        assert "2 keys typed before the question was shown were not used" in notifications(pilot)
        await write(pilot, "escape")
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_a_question_takes_keys_once_it_is_shown() -> None:
    async with cockpit() as (pilot, _home, engine):
        await write(pilot, BY_ID["vm.branch"].keys.split(",")[0], "enter")
        assert engine.ordered == []
        await write(pilot, "enter")
        assert [type(command) for command in engine.ordered] == [Branch]


async def test_a_question_takes_no_key_while_the_terminal_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit() as (pilot, _home, engine):
        await write(pilot, BY_ID["vm.branch"].keys.split(",")[0])
        app = pilot.app
        assert isinstance(app, CockpitApp)
        stalled = True
        monkeypatch.setattr(app.gate, "_stalls", lambda: stalled)
        await write(pilot, "enter")
        stalled = False
        typed_before = events.Key("enter", None)
        app.on_reads_again()
        app.gate.take(typed_before)
        await settled(pilot)
        assert engine.ordered == []
        await write(pilot, "enter")
        assert [type(command) for command in engine.ordered] == [Branch]


async def test_pause_says_whom_and_how_to_undo_it() -> None:
    async with cockpit() as (pilot, home, engine):
        await write(pilot, "j", BY_ID["vm.pause"].keys.split(",")[0])
        await write(pilot, "f")
        assert [type(command) for command in engine.ordered] == [Pause]
        text = f"paused lt-api · {BY_ID['vm.resume'].keys.split(',')[0]} resume"
        assert text not in notifications(pilot)
        advance(engine, Stage.DONE)
        home.bridge.flush()
        await pilot.pause()
        assert text in notifications(pilot)


@pytest.mark.parametrize(("action", "word"), [("vm.pause", "paused"), ("talk.abort", "aborted")])
@pytest.mark.parametrize("end", [Stage.FAILED, Stage.UNCONFIRMED])
async def test_what_failed_is_never_said_to_be_done(action: str, word: str, end: Stage) -> None:
    async with cockpit() as (pilot, home, engine):
        await write(pilot, "j", BY_ID[action].keys.split(",")[0])
        if isinstance(pilot.app.screen, WorkingDialog):
            await write(pilot, "f")
        assert len(engine.ordered) == 1
        advance(engine, end)
        home.bridge.flush()
        await pilot.pause()
        assert not [text for text in notifications(pilot) if text.startswith(word)]


async def test_an_abort_is_said_when_it_is_done() -> None:
    async with cockpit() as (pilot, home, engine):
        await write(pilot, "j", BY_ID["talk.abort"].keys.split(",")[0])
        assert "aborted lt-api" not in notifications(pilot)
        advance(engine, Stage.DONE)
        home.bridge.flush()
        await pilot.pause()
        assert "aborted lt-api" in notifications(pilot)


def advance(engine: FakeEngine, stage: Stage) -> None:
    """Let the last command come to a stage."""
    *others, last = engine.fleet.receipts
    engine.change(replace(engine.fleet, receipts=(*others, replace(last, stage=stage))))


KEYS = ["j", "k", "p", "s", "f", "slash", "tab", "1", "2", "3", "4", "escape", "enter", "question_mark", "z", "w", "n",
        "colon", "b", "x", "a", " ", "down", "up", "ctrl+t", "ctrl+s", "shift+tab", "B", "D", "*zoo max"]  # fmt: skip
LEAVING = ("escape",)


@pytest.mark.parametrize("seed", range(6))
async def test_one_read_does_what_the_same_keys_do_one_by_one(seed: int) -> None:
    """What a question drops because it was not shown yet is left out where the keys come one by one."""
    drawn = random.Random(seed).choices(KEYS, k=25)
    keys = [key for name in drawn for key in (name[1:] if name.startswith("*") else (name,))]

    async def outcome(*, together: bool) -> tuple[object, ...]:
        async with cockpit() as (pilot, home, engine):
            if together:
                await write(pilot, *keys)
            else:
                for key in keys:
                    if key in LEAVING or not isinstance(pilot.app.screen, Guarded):
                        await write(pilot, key)
            focused = pilot.app.focused
            fields = [(field.id, field.value) for field in pilot.app.screen.query(Input)]
            screen = type(pilot.app.screen)
            ordered, text = list(engine.ordered), home.query_one(Composer).text
            return screen, focused.id if focused else None, fields, home.selected, ordered, text

    assert await outcome(together=True) == await outcome(together=False), keys


@pytest.mark.parametrize(("opens", "dropped"), [("D", "n"), ("D", "q"), ("B", "x"), ("jjjD", "nq"), ("jjja", "ny1")])
async def test_a_key_that_leaves_is_taken_by_a_question_that_was_not_shown_yet(opens: str, dropped: str) -> None:
    async with cockpit() as (pilot, home, engine):
        await write(pilot, *opens, *dropped, "enter", "ctrl+s", "ctrl+x", "escape", "4", "1", "p", *"go", "enter")
        assert isinstance(pilot.app.screen, HomeScreen)
        assert home.selected is not None
        assert engine.ordered == [Prompt(home.selected, "go")]
        text = f"{len(dropped) + 3} keys typed before the question was shown were not used"
        assert text in notifications(pilot)


@pytest.mark.parametrize("opens", ["D", "B", "jjjD", "jjja"])
async def test_the_key_that_leaves_the_cockpit_does_so_from_a_question_that_was_not_shown_yet(opens: str) -> None:
    async with cockpit() as (pilot, _home, engine):
        for key in (*opens, "y", "ctrl+q"):
            pilot.app.post_message(events.Key(_character_to_key(key), key) if len(key) == 1 else events.Key(key, None))
        async with asyncio.timeout(20):
            while not pilot.app._exit:  # noqa: ASYNC110
                await asyncio.sleep(0)
    assert engine.ordered == []


@pytest.mark.parametrize("key", ["u", "ctrl+j"])
async def test_a_key_given_to_an_action_is_still_text_in_a_field(key: str) -> None:
    app = CockpitApp(scene(), keymap={"app.quit": key})
    async with app.run_test(size=(120, 40)) as pilot:
        await write(pilot, "p", "a", key, "b")
        assert app.screen.query_one(Composer).text == {"u": "aub", "ctrl+j": "a\nb"}[key]


async def test_a_key_is_on_its_way_until_the_next_frame_or_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.ui.key_gate.ANSWERED_WITHIN", 60.0)
    async with cockpit() as (pilot, home, _):
        app = pilot.app
        assert isinstance(app, CockpitApp)
        gate = app.gate
        gate.take(events.Key("j", "j"))
        assert gate.is_answering()
        await until(lambda: home.selected == agent_of(vm_id(2)))
        await until(lambda: not gate.is_answering())
        gate.take(events.Key("f20", None))  # does nothing, so that no frame may come
        assert gate.is_answering()
        monkeypatch.setattr("cockpit.ui.key_gate.ANSWERED_WITHIN", 0.0)
        assert not gate.is_answering()


async def test_what_was_read_from_the_terminal_goes_first_before_it_is_known_to_be_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cockpit.ui.key_gate.COMES_WITHIN", 60.0)
    monkeypatch.setattr("cockpit.ui.key_gate.ANSWERED_WITHIN", 0.0)
    async with cockpit() as (pilot, _, _):
        assert isinstance(pilot.app, CockpitApp)
        gate = pilot.app.gate
        assert not gate.is_answering() and not gate.draws_later()
        gate.comes()
        assert gate.is_answering() and gate.draws_later()
        gate.take(events.Key("f20", None))  # it has come: from here on it counts as the key that it is
        assert not gate.is_answering() and not gate.draws_later()
        gate.comes()
        monkeypatch.setattr("cockpit.ui.key_gate.COMES_WITHIN", 0.0)
        assert not gate.is_answering() and not gate.draws_later()
