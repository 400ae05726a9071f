"""Many agents at once under keys: what is asked, what is ordered, what is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.content import Content
from textual.widgets import Input, TextArea

from cockpit.model.commands.swarm import BestOf, FanOut, StopAll, Teardown
from cockpit.model.comparison import Candidate, group_label
from cockpit.model.fleet import Activity, ActivityState, AgentKind, Power, Vm
from cockpit.model.ids import OperationId
from cockpit.model.operation import Operation, Part
from cockpit.model.standstill import to_stop
from cockpit.model.workers import workers_in
from cockpit.text.clean import NOTHING
from cockpit.ui.dialogs import course
from cockpit.ui.dialogs.compare import CompareDialog, comparison_text
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.course import Course, CourseDialog, part_lines
from cockpit.ui.dialogs.form import FormDialog
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.scene import make_agent, scene
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn


def shown(dialog: object, selector: str = "#text") -> str:
    """Return what a dialog shows."""
    return str(dialog.query_one(selector).render())  # type: ignore[attr-defined]


async def test_stopping_all_names_its_targets_asks_and_shows_its_course() -> None:
    async with cockpit() as (pilot, _home, engine):
        vms = to_stop(engine.fleet)
        await pilot.press("X")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ConfirmDialog)
        assert "Every run is aborted" in shown(pilot.app.screen, "#consequence")
        await pilot.press("escape")
        await pilot.pause()
        assert engine.ordered == []
        await pilot.press("X", "y")
        await pilot.pause()
        assert engine.ordered == [StopAll(vms)]
        assert isinstance(pilot.app.screen, CourseDialog)


async def test_a_teardown_asks_which_workers_and_wants_their_number_typed() -> None:
    async with cockpit() as (pilot, home, engine):
        workers = workers_in(engine.fleet)
        home.try_action("swarm.teardown")
        await pilot.pause()
        form = pilot.app.screen
        assert isinstance(form, FormDialog)
        form.finish({"which": "all"})
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(pilot.app.screen, ConfirmDialog)
        pilot.app.screen.query_one(Input).value = "1"
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == []
        pilot.app.screen.query_one(Input).value = str(len({worker.vm_id for worker in workers}))
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [Teardown(tuple(dict.fromkeys(worker.vm_id for worker in workers)))]


async def test_however_many_are_torn_down_the_question_shows_what_happens_and_its_field() -> None:
    engine = scene()
    workers = [make_agent(n, f"w{n}", AgentKind.WORKER, Activity(ActivityState.IDLE, NOW)) for n in range(1, 31)]
    vms = [Vm(worker.vm_id, Power.RUNNING, NOW - 9) for worker in workers]
    engine.change(replace(engine.fleet, agents=tuple(workers), vms=tuple(vms)))
    async with cockpit(engine, size=(80, 24)) as (pilot, home, _):
        home.try_action("swarm.teardown")
        await pilot.pause()
        form = pilot.app.screen
        assert isinstance(form, FormDialog)
        form.finish({"which": "all"})
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        question = pilot.app.screen
        text = drawn(pilot.app)
        assert "No commit of them is made" in text and "type 30 to confirm" in text and "w1 " in text
        field = question.query_one("#word", Input)
        assert field.has_focus and field.region.bottom < 24
        await pilot.press(*["down"] * 60)
        await pilot.pause()
        assert "w30 " in drawn(pilot.app) and "type 30 to confirm" in drawn(pilot.app)


async def test_best_of_gives_one_text_to_all_or_one_to_each() -> None:
    async with cockpit() as (pilot, home, engine):
        agent = home.agent
        assert agent is not None
        for texts, count, wanted in (("try it", "2", ("try it", "try it")), ("one\ntwo\n", "1", ("one", "two"))):
            home.try_action("trial.best_of")
            await pilot.pause()
            form = pilot.app.screen
            form.query_one("#count", Input).value = count
            form.query_one("#texts", TextArea).text = texts
            await pilot.press("ctrl+s")
            await pilot.pause()
            assert engine.ordered[-1] == BestOf(agent.vm_id, wanted)
            await pilot.press("escape")
            await pilot.pause()


async def test_a_command_goes_to_the_workers_that_are_chosen() -> None:
    async with cockpit() as (pilot, home, engine):
        home.try_action("trial.fan_out")
        await pilot.pause()
        pilot.app.screen.query_one("#command", Input).value = "make test"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert engine.ordered == [FanOut(tuple(worker.id for worker in workers_in(engine.fleet)), "make test")]


async def test_copies_are_compared_and_one_of_them_is_kept() -> None:
    engine = copies()
    async with cockpit(engine) as (pilot, home, _engine):
        home.try_action("trial.compare")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, CompareDialog)
        assert "the answer" in shown(dialog) and "+added" in shown(dialog)
        await pilot.press("k")
        await pilot.pause()
        form = pilot.app.screen
        assert isinstance(form, FormDialog)
        first, *rest = list(engine.comparison.candidates)
        form.finish({"keep": first})
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        pilot.app.screen.query_one(Input).value = str(len(rest))
        await pilot.press("enter")
        await pilot.pause()
        (ordered,) = engine.ordered
        assert isinstance(ordered, Teardown)
        assert set(ordered.vms) == {
            candidate.vm for key, candidate in engine.comparison.candidates.items() if key in rest
        }


def copies() -> FakeEngine:
    """Return a fleet whose workers are copies of one agent, and what each came to."""
    engine = scene()
    label = group_label("lt-api")
    agents = tuple(
        replace(agent, labels=(label,)) if agent.kind is AgentKind.WORKER and not agent.elsewhere else agent
        for agent in engine.fleet.agents
    )
    engine.change(replace(engine.fleet, agents=agents))
    for agent in workers_in(engine.fleet, label=label):
        engine.comparison.candidates[agent.id] = Candidate(
            agent.id, agent.name, agent.vm_id, "done", "the answer", 100, 0.01, 5.0, 1, 1, 0, "+added"
        )
    return engine


def test_what_is_unknown_of_a_copy_and_what_hostile_agents_say_is_shown_as_such() -> None:
    evil = Candidate(
        workers_in(copies().fleet)[0].id, "w", workers_in(copies().fleet)[0].vm_id, "done", "\x1b[2Jx", 1, 0.0
    )
    text = str(comparison_text([replace(evil, unknown="its VM did not answer", cut=True)]))
    assert "\x1b" not in text and "unknown: its VM did not answer" in text and "goes on" in text and "?" in text


def test_outputs_of_many_are_shown_below_what_became_of_each() -> None:
    parts = (Part("w-1", None, "ended", "", 3, 1.5, "ok\n"), Part("w-2", None, "timed out", "after 2 s"))
    lines = [str(line) for part in parts for line in part_lines(part)]
    assert lines == ["  w-1 ended  exit 3 · 1.5 s", "ok", "  w-2 timed out  after 2 s"]


def test_what_was_said_on_a_vm_is_drawn_once_however_often_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def draw(part: Part) -> list[Content]:
        drawn.append(part.target)
        return part_lines(part)

    monkeypatch.setattr(course, "part_lines", draw)
    first, second = Part("w-1", None, "ended", output="one"), Part("w-2", None, "ended", output="two")
    text_of = Course().text
    operation = Operation(OperationId("o"), "fan out", "", 0.0, parts=(first,))
    assert text_of([operation], [], 1.0, 80, NOTHING) is not None
    after = text_of([replace(operation, parts=(first, second))], [], 2.0, 80, NOTHING)
    assert "one" in str(after) and "two" in str(after)
    ended = replace(operation, parts=(first, second), ended_at=3.0)
    assert "done in" in str(text_of([ended], [], 4.0, 80, NOTHING))
    assert text_of([ended], [], 5.0, 80, NOTHING) is None, "nothing is different"
    assert "no" in str(text_of([ended], ["no"], 6.0, 80, NOTHING))
    assert drawn == ["w-1", "w-2"]
