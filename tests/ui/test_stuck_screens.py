"""Keys go on, in order, where a screen never mounts or settles, the gate fails, or the application stands still."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver

from cockpit.model.commands.agent import Prompt
from cockpit.model.ids import agent_of
from cockpit.text.clean import ours
from cockpit.ui.app import CockpitApp
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.dialog import Dialog
from cockpit.ui.key_gate import KeyGate
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.settling import Patience, Settling
from cockpit.ui.widgets.data_fields import DataInput
from cockpit.ui.writing.composer import Composer
from tests.ui.scene import vm_id
from tests.ui.test_home import cockpit, notifications
from tests.ui.test_key_gate import write

FIRST = agent_of(vm_id(1))


def key(name: str) -> events.Key:
    return events.Key(name, name if len(name) == 1 else None)


class EndlessMount(Dialog[None]):
    """A dialog whose mount does not end before the test does."""

    def __init__(self) -> None:
        super().__init__(ours("never"))
        self.released = asyncio.Event()

    async def on_mount(self) -> None:
        await self.released.wait()


class EndlessQuestion(ConfirmDialog):
    """A question about harm whose mount does not end before the test does."""

    def __init__(self) -> None:
        super().__init__(ours("Destroy"), [ours("it")], ours("for ever"))
        self.released = asyncio.Event()

    async def _on_compose(self, event: events.Compose) -> None:
        event.prevent_default()
        await self.released.wait()


async def used(app: App[None], *names: str) -> None:
    """Hand keys to the application in one read and wait until the gate is done with them."""
    assert isinstance(app, CockpitApp)
    for name in names:
        app.post_message(key(name))
    await reached(lambda: app.gate._task is not None and not app.gate._task.done())
    await reached(lambda: app.gate._task is not None and app.gate._task.done())


async def test_a_screen_whose_mount_never_ends_holds_the_keys_for_the_limit_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    wait = Settling.wait

    async def measured(settling: Settling, seconds: float) -> None:
        began = time.monotonic()
        await wait(settling, seconds)
        waits.append(time.monotonic() - began)

    monkeypatch.setattr(Settling, "wait", measured)
    monkeypatch.setattr("cockpit.ui.key_gate.LIMIT", 2.0)
    monkeypatch.setattr("cockpit.ui.settling.COMING", 1)
    async with cockpit() as (pilot, home, engine):
        stuck = EndlessMount()
        try:
            home.open_dialog(stuck)
            await used(pilot.app, "j", "k", "up", "down", "escape", "p", *"go", "enter")
            assert isinstance(pilot.app.screen, HomeScreen)
            await reached(lambda: bool(engine.ordered))
            assert engine.ordered == [Prompt(FIRST, "go")]
        finally:
            stuck.released.set()
    assert len([seconds for seconds in waits if seconds >= 1.9]) == 1, waits


class SlowMount(Dialog[None]):
    """A dialog that is mounted only when its release is told, and takes text then."""

    def __init__(self) -> None:
        super().__init__(ours("slow"))
        self.released = asyncio.Event()

    def compose_body(self) -> ComposeResult:
        yield DataInput(id="text")

    async def _on_compose(self, event: events.Compose) -> None:
        event.prevent_default()
        await self.released.wait()
        await super()._on_compose(event)

    def on_mount(self) -> None:
        self.query_one("#text").focus()


async def test_what_is_typed_for_a_screen_that_is_long_in_coming_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.ui.settling.COMING", 100)
    async with cockpit() as (pilot, home, engine):
        slow = SlowMount()
        home.open_dialog(slow)
        asyncio.get_running_loop().call_later(1.0, slow.released.set)
        await used(pilot.app, *"w*3:x")
        await reached(lambda: slow.query_one(DataInput).value == "w*3:x")
        assert engine.ordered == []


async def test_a_question_that_is_never_painted_is_left_and_confirms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.ui.key_gate.LIMIT", 0.2)
    monkeypatch.setattr("cockpit.ui.settling.COMING", 1)
    answers: list[bool | None] = []
    async with cockpit() as (pilot, home, engine):
        stuck = EndlessQuestion()
        try:
            home.open_dialog(stuck, answers.append)
            await used(pilot.app, "y", "enter", "escape")
            assert isinstance(pilot.app.screen, HomeScreen)
            assert answers == [None] and engine.ordered == []
            said = "2 keys typed before the question was shown were not used"
            await reached(lambda: said in notifications(pilot))
        finally:
            stuck.released.set()


async def test_a_screen_that_never_settles_holds_the_keys_for_the_limit_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.ui.key_gate.LIMIT", 2.0)
    monkeypatch.setattr("cockpit.ui.settling.COMING", 1)
    monkeypatch.setattr("cockpit.ui.settling.Settling._is_laid_out", lambda settling: False)
    async with cockpit() as (pilot, _home, engine):
        began = time.monotonic()
        await write(pilot, "j", "k", "down", "up", "p", "a", "enter", "escape", "j", "k", "j")
        spent = time.monotonic() - began
        assert engine.ordered == [Prompt(FIRST, "a")]
    assert spent < 11 * 2.0


@pytest.mark.parametrize("name", ["_settle", "_is_typing", "_is_early", "_say_dropped"])
async def test_an_error_of_the_gate_is_loud_and_holds_no_key(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(gate: KeyGate, *_: object) -> bool:
        raise RuntimeError("the gate is broken")

    async with cockpit() as (pilot, home, _engine):
        gate = pilot.app.gate  # type: ignore[attr-defined]
        with monkeypatch.context() as broken, caplog.at_level(logging.ERROR):
            broken.setattr(KeyGate, name, fail)
            gate._dropped = int(name == "_say_dropped")
            await used(pilot.app, "j", "j", "k")
            await pilot.pause()
        assert home.selected == agent_of(vm_id(2))
        failed = [record for record in caplog.records if record.exc_info and "key gate" in record.getMessage()]
        assert failed and "the gate is broken" in str(failed[0].exc_info)
        assert "internal error in the key gate: see the log file" in notifications(pilot)
        await write(pilot, "k")
        assert home.selected == FIRST


async def test_a_broken_gate_still_confirms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(gate: KeyGate, *_: object) -> bool:
        raise RuntimeError("the gate is broken")

    async with cockpit() as (pilot, _home, engine):
        monkeypatch.setattr(KeyGate, "_is_early", fail)
        await write(pilot, "D", *"vitruvius", "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        assert engine.ordered == []


async def test_a_key_that_comes_while_the_gate_ends_its_work_is_not_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    say = KeyGate._say_dropped

    def and_a_key(gate: KeyGate) -> None:
        say(gate)
        gate.take(key("escape"))

    monkeypatch.setattr(KeyGate, "_say_dropped", and_a_key)
    async with cockpit() as (pilot, _home, engine):
        await write(pilot, "D", "y")
        assert isinstance(pilot.app.screen, HomeScreen)
        assert engine.ordered == []


async def test_keys_that_are_held_while_the_application_is_suspended_are_used_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(HeadlessDriver, "can_suspend", True)
    async with cockpit() as (pilot, _home, engine):
        gate = pilot.app.gate  # type: ignore[attr-defined]
        for name in ("j", "p", *"zebra"):
            pilot.app.post_message(key(name))
        await reached(lambda: bool(gate._waiting))
        with pilot.app.suspend():
            assert gate._waiting
            stand_still(1.0)
        await used(pilot.app, *" max", "enter")
        await pilot.pause()
        assert engine.ordered == [Prompt(agent_of(vm_id(2)), "zebra max")]


async def test_time_in_which_the_application_stands_still_does_not_open_the_gate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The place that was typed is gone to some messages after the key; the screen stands still among them."""
    go_to = HomeScreen.go_to

    def slow(home: HomeScreen, place: str) -> None:
        home.call_later(home.call_later, home.call_later, go_to, home, place)
        stand_still(0.8)

    monkeypatch.setattr(HomeScreen, "go_to", slow)
    async with cockpit() as (pilot, home, engine):
        await write(pilot, "colon", *"lt-api", "enter", "p", *"zoo", "enter")
        assert engine.ordered == [Prompt(agent_of(vm_id(2)), "zoo")]
        assert home.query_one(Composer).text == ""


@pytest.mark.races_the_clock("a wait of 0.3 s is measured")
async def test_patience_counts_the_time_in_which_the_loop_ran() -> None:
    patience = Patience(0.3)
    stand_still(0.4)
    assert not patience.ended()
    began = time.monotonic()
    await reached(patience.ended)
    assert time.monotonic() - began <= 0.35


def stand_still(seconds: float) -> None:
    """Do nothing and let nobody else do anything, as a long draw or a stopped process does."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        pass


async def reached(condition: Callable[[], bool]) -> None:
    """Let others have their turn until a condition holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)
