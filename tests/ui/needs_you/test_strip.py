"""The strip: what waits is answered where it stands, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.model.commands.agent import Answer, Steer
from cockpit.model.commands.life import Relaunch
from cockpit.model.commands.owed import AnswerOwed
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Process,
    ProcessState,
)
from cockpit.model.ids import TaskId, agent_of
from cockpit.model.inbox.question import digest_of
from cockpit.model.open_work import OpenDialog
from cockpit.model.owed import Owed, OwedKind
from cockpit.model.receipts.receipt import Stage
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.widgets.needs_you import sight
from tests.remote.waiting import until
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.hostile import FORBIDDEN, HOSTILE
from tests.ui.scene import DIALOG, scene, vm_id
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

pytestmark = pytest.mark.usefixtures("short_pauses")

ASKER, DEAD = agent_of(vm_id(4)), agent_of(vm_id(6))


def asking(*requests: DialogRequested, engine: FakeEngine | None = None) -> FakeEngine:
    engine = engine or scene()
    agent = next(one for one in engine.fleet.agents if one.id == ASKER)
    dialogs = tuple(OpenDialog(request, NOW - 100 + at) for at, request in enumerate(requests))
    engine.change_agent(replace(agent, activity=replace(agent.activity, dialogs=dialogs)))
    return engine


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question counts as read as soon as it is painted."""
    monkeypatch.setattr(sight, "STANDS", 0.0)


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        if key == "exclamation_mark":
            await take_the_strip(pilot)
            continue
        await pilot.press(key)
        await pilot.pause()
        await until(lambda: not is_being_drawn(pilot))


async def take_the_strip(pilot: Pilot[None]) -> None:
    """Give the keys to the strip once it is there, and wait until a frame has shown what it asks."""
    home = pilot.app.screen
    assert isinstance(home, HomeScreen)
    await until(lambda: home.strip.has_class("-waits") and home.strip.region.area > 0)
    await pilot.press("exclamation_mark")
    await pilot.pause()
    await until(lambda: home.strip.has_focus and home.strip.card.sight._since is not None)


def is_being_drawn(pilot: Pilot[None]) -> bool:
    """Say whether a question has the keys that no frame has shown yet: a key would come before it could be read."""
    home = pilot.app.screen
    if not isinstance(home, HomeScreen) or not home.strip.has_focus:
        return False
    drawn = home.strip.card.sight
    return drawn._what is not None and drawn._since is None


def answers(engine: FakeEngine) -> list[object]:
    return [command for command in engine.ordered if isinstance(command, Answer | AnswerOwed)]


def chosen(request: DialogRequested, **answer: object) -> Answer:
    return Answer(ASKER, request.dialog_id, digest=digest_of(request), **answer)  # type: ignore[arg-type]


CONFIRM = DialogRequested("d2", "confirm", "Publish the guide?")
INPUT = DialogRequested("d3", "input", "Which port?", prefill="80")
DELETES = DialogRequested("d4", "confirm", "Run this?", "rm -rf build")


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("request_", "keys", "answered"),
    [
        (DIALOG, ("2",), chosen(DIALOG, value=DIALOG.options[1])),
        (DIALOG, ("4",), None),
        (DIALOG, ("y",), None),
        (CONFIRM, ("y",), chosen(CONFIRM, confirmed=True)),
        (CONFIRM, ("n",), chosen(CONFIRM, confirmed=False)),
        (CONFIRM, ("1",), None),
        (INPUT, ("enter", "8", "8", "enter"), chosen(INPUT, value="88")),
        (INPUT, ("enter", "8", "escape"), None),
        (INPUT, ("8",), None),
        (DELETES, ("y",), None),
        (DELETES, ("y", "y"), chosen(DELETES, confirmed=True)),
        (DELETES, ("n",), chosen(DELETES, confirmed=False)),
    ],
)
async def test_a_question_is_answered_in_place(
    request_: DialogRequested, keys: tuple[str, ...], answered: Answer | None
) -> None:
    async with cockpit(asking(request_)) as (pilot, home, engine):
        await press(pilot, "exclamation_mark", *keys)
        assert answers(engine) == ([answered] if answered else [])
        assert home.strip.has_focus


async def test_before_it_was_read_no_key_answers_and_the_strip_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sight, "STANDS", 3600.0)
    for keys in (("1",), ("y",), ("n",), ("N",), ("1", "1", "1")):
        async with cockpit(asking(DIALOG, CONFIRM)) as (pilot, _home, engine):
            await press(pilot, "exclamation_mark", *keys)
            assert engine.ordered == []
            if keys not in (("y",), ("n",)):
                await until(lambda: "was not used: the question had stood there for" in drawn(pilot.app))


async def test_what_began_to_wait_since_the_last_look_stands_there_as_soon_as_the_keys_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = scene()
    waiting = engine.fleet
    idle, alive = Activity(ActivityState.IDLE), Process(ProcessState.ALIVE)
    quiet = tuple(replace(one, activity=idle, process=alive) for one in waiting.agents)
    engine.change(replace(waiting, agents=quiet, tasks=()))
    async with cockpit(engine) as (_pilot, home, _):
        home.bridge.flush()
        assert home.strip.waits == 0
        monkeypatch.setattr(HomeScreen, "list_steps", lambda _self: iter(()))  # no look comes to its help
        monkeypatch.setattr(HomeScreen, "age_steps", lambda _self: iter(()))
        engine.change(waiting)
        home.focus_pane("needs-you")
        await until(lambda: home.strip.waits == 2 and home.strip.has_focus and home.strip.card.display, 3.0)


@pytest.mark.usefixtures("at_once")
async def test_without_the_focus_no_key_of_the_strip_counts() -> None:
    async with cockpit(asking(CONFIRM)) as (pilot, home, engine):
        await press(pilot, "y", "1", "2", "exclamation_mark", "escape", "y", "1")
        assert answers(engine) == []
        assert not home.strip.has_focus


@pytest.mark.usefixtures("at_once")
async def test_a_question_that_takes_the_place_of_the_one_that_was_read_is_not_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = replace(CONFIRM, message="rm -rf /")
    async with cockpit(asking(CONFIRM)) as (pilot, home, engine):
        await press(pilot, "exclamation_mark")
        with monkeypatch.context() as between_two_looks:
            between_two_looks.setattr(HomeScreen, "list_steps", lambda _home: iter(()))
            between_two_looks.setattr(HomeScreen, "age_steps", lambda _home: iter(()))
            asking(other, engine=engine)  # not drawn yet: the key was meant for what stands there
            await press(pilot, "y")
            assert answers(engine) == []
            await until(lambda: "read it again" in drawn(pilot.app))
        home.bridge.flush()
        # What became of the key is said beside the question that took the place of its own.
        await until(lambda: all(words in drawn(pilot.app) for words in ("⚠ deletes", "rm -rf /", "read it again")))
        monkeypatch.setattr(sight, "STANDS", 3600.0)
        await press(pilot, "y")
        await until(lambda: "rm -rf /" in drawn(pilot.app))
        assert answers(engine) == []


@pytest.mark.usefixtures("at_once")
async def test_a_long_text_is_approved_only_once_its_end_was_shown() -> None:
    plan = DialogRequested("p", "confirm", "Approve the plan?", "\n".join(f"step {at}" for at in range(60)))
    async with cockpit(asking(plan), (120, 40)) as (pilot, _home, engine):
        await press(pilot, "exclamation_mark", "y")
        await until(lambda: "its end was not shown yet" in drawn(pilot.app))
        assert answers(engine) == []
        await press(pilot, *["pagedown"] * 3, "y")
        assert answers(engine) == []
        await press(pilot, *["pagedown"] * 6, "y")
        await until(lambda: "step 59" in drawn(pilot.app))
        assert answers(engine) == [chosen(plan, confirmed=True)]


@pytest.mark.usefixtures("at_once")
async def test_a_no_may_carry_a_reason() -> None:
    async with cockpit(asking(CONFIRM)) as (pilot, _home, engine):
        await press(pilot, "exclamation_mark", "N", *"too early", "enter")
        text = "The operator said no to “Publish the guide?”: too early"
        assert engine.ordered == [chosen(CONFIRM, confirmed=False), Steer(ASKER, text)]


@pytest.mark.usefixtures("at_once")
async def test_an_agent_that_died_is_relaunched_from_the_strip_and_the_next_comes_with_the_same_key() -> None:
    async with cockpit() as (pilot, home, engine):
        await press(pilot, "exclamation_mark", "exclamation_mark", "R")
        assert engine.ordered == [Relaunch(DEAD)] and home.selected == DEAD
        await press(pilot, "exclamation_mark", "1")
        assert len(answers(engine)) == 1, "round and round"


@pytest.mark.usefixtures("at_once")
async def test_the_strip_relaunches_the_agent_it_names_alone_whoever_is_marked() -> None:
    async with cockpit() as (pilot, home, engine):
        await press(pilot, "down", "asterisk", "exclamation_mark", "exclamation_mark", "R")
        assert engine.ordered == [Relaunch(DEAD)] and len(home.marks.agents) == 1


@pytest.mark.usefixtures("at_once")
async def test_an_answer_on_its_way_is_not_given_twice_and_one_that_failed_can_be_given_again() -> None:
    async with cockpit(asking(CONFIRM)) as (pilot, home, engine):
        await press(pilot, "exclamation_mark", "y", "y", "n")
        assert len(answers(engine)) == 1
        failed = (replace(one, stage=Stage.FAILED, reason="the link went down") for one in engine.fleet.receipts)
        engine.change(replace(engine.fleet, receipts=tuple(failed)))
        home.bridge.flush()
        await pilot.pause()
        await until(lambda: "it was not answered: the link went down" in drawn(pilot.app))
        await press(pilot, "n")
        assert answers(engine)[1:] == [chosen(CONFIRM, confirmed=False)]


@pytest.mark.usefixtures("at_once")
async def test_what_is_withdrawn_says_so_and_loses_no_text() -> None:
    async with cockpit(asking(INPUT)) as (pilot, home, engine):
        await press(pilot, "exclamation_mark", "enter", "9")
        asking(engine=engine)
        home.bridge.flush()
        await press(pilot, "enter")
        shown = drawn(pilot.app)
        assert "it waits no more: nothing was sent" in shown and answers(engine) == []
        assert home.strip.card.query_one(Input).value == "9"
        await press(pilot, "escape")
        await until(lambda: "withdrawn: w-tokens does not wait any more" in drawn(pilot.app))


@pytest.mark.usefixtures("at_once")
async def test_what_was_answered_here_is_not_called_withdrawn() -> None:
    async with cockpit(asking(CONFIRM)) as (pilot, home, engine):
        await press(pilot, "exclamation_mark", "y")
        done = (replace(one, stage=Stage.DONE) for one in engine.fleet.receipts)
        engine.change(replace(engine.fleet, receipts=tuple(done)))
        asking(engine=engine)
        home.bridge.flush()
        await pilot.pause()
        assert "withdrawn" not in drawn(pilot.app)


@pytest.mark.usefixtures("at_once")
async def test_a_question_of_the_board_is_answered_in_place() -> None:
    engine = asking()
    owed = Owed("note:T1:N1", OwedKind.QUESTION, "stranger", "Which port?", NOW - 999.0, TaskId("T1"), "Limiter")
    engine.change(replace(engine.fleet, owed=(owed,)))
    async with cockpit(engine) as (pilot, _home, engine):
        await press(pilot, "exclamation_mark", "enter", *"8080", "enter")
        assert engine.ordered == [AnswerOwed("note:T1:N1", "8080")]


@pytest.mark.usefixtures("at_once")
async def test_under_read_only_nothing_is_answered() -> None:
    async with cockpit(asking(CONFIRM), read_only=True) as (pilot, _home, engine):
        await press(pilot, "exclamation_mark", "y")
        await until(lambda: "the cockpit is read-only" in drawn(pilot.app))
        assert engine.ordered == []


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (250, 60)])
async def test_hostile_words_are_inert_at_every_size(size: tuple[int, int]) -> None:
    hostile = DialogRequested("h", "select", HOSTILE, HOSTILE, (HOSTILE, "plain"), HOSTILE)
    async with cockpit(asking(hostile), size) as (pilot, _home, _engine):
        await press(pilot, "exclamation_mark")
        assert not any(char in drawn(pilot.app) for char in FORBIDDEN)


async def test_a_terminal_that_took_no_frame_yet_lets_no_key_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sight, "STANDS", 0.0)
    taken: Callable[[float], float | None] = lambda composed: None  # noqa: E731
    async with cockpit(asking(CONFIRM)) as (pilot, home, engine):
        monkeypatch.setattr(home.strip.card.sight, "_taken", taken)
        await press(pilot, "exclamation_mark", "y")
        await until(lambda: "before the question was shown" in drawn(pilot.app))
        assert engine.ordered == []
