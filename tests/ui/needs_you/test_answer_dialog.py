"""The dialog that answers from any screen obeys the rule of the strip: no key counts before all could be read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from cockpit.model.commands.agent import Answer
from cockpit.model.extensions import DialogRequested
from cockpit.model.inbox.question import digest_of
from cockpit.ui.dialogs.answer import AnswerDialog
from cockpit.ui.widgets.needs_you import sight
from tests.remote.waiting import until
from tests.ui.fake_engine import FakeEngine
from tests.ui.needs_you.test_strip import ASKER, CONFIRM, DELETES, asking
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

pytestmark = pytest.mark.usefixtures("short_pauses")

LONG = DialogRequested("p", "confirm", "Approve?", "line\n" * 60)
MANY = DialogRequested("m", "select", "Which?", options=tuple(f"number {at}" for at in range(1, 13)))
WIDE = DialogRequested("w", "select", "Which?", options=("short", "wide " * 40 + "end"))


def answers(engine: FakeEngine) -> list[Answer]:
    return [one for one in engine.ordered if isinstance(one, Answer)]


async def opened(pilot: Pilot[None]) -> AnswerDialog:
    """Open the dialog, and wait until a frame has shown what it asks."""
    await pilot.press("a")
    await until(lambda: isinstance(pilot.app.screen, AnswerDialog) and pilot.app.screen.is_mounted)
    dialog = pilot.app.screen
    assert isinstance(dialog, AnswerDialog)
    await until(lambda: dialog.card.sight._since is not None)
    return dialog


@pytest.mark.parametrize(
    ("request_", "keys", "answered"),
    [
        (CONFIRM, ("y",), 1),
        (DELETES, ("y",), 0),
        (DELETES, ("y", "y"), 1),
        (DELETES, ("n",), 1),
        (DELETES, ("ctrl+x",), 1),
        (LONG, ("y", "y"), 0),
        (LONG, ("pagedown",) * 8 + ("y",), 1),
        (MANY, ("9",), 0),
        (MANY, ("9", "down", "enter"), 1),
        (WIDE, ("2",), 1),
    ],
)
async def test_it_asks_twice_and_shows_the_end_as_the_strip_does(
    monkeypatch: pytest.MonkeyPatch, request_: DialogRequested, keys: tuple[str, ...], answered: int
) -> None:
    monkeypatch.setattr(sight, "STANDS", 0.0)
    async with cockpit(asking(request_)) as (pilot, home, engine):
        home.select(ASKER)
        dialog = await opened(pilot)
        if request_ is WIDE:
            assert "end" in drawn(pilot.app), "an option is shown whole"
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            await until(lambda: pilot.app.screen is not dialog or dialog.card.sight._since is not None)
        assert len(answers(engine)) == answered
        assert all(one.digest == digest_of(request_) and one.agent == ASKER for one in answers(engine))
        if request_ is MANY and answered:
            assert answers(engine)[0].value == "number 10"


async def test_a_key_that_comes_too_early_says_why_where_it_was_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sight, "STANDS", 600.0)
    for request, key in ((CONFIRM, "y"), (DialogRequested("i", "input", "Say it", prefill="rm"), "enter")):
        async with cockpit(asking(request)) as (pilot, home, engine):
            home.select(ASKER)
            dialog = await opened(pilot)
            await pilot.press(key)
            await until(lambda dialog=dialog: "had stood there for" in str(dialog.card._said))  # type: ignore[misc]
            assert not answers(engine) and pilot.app.screen is dialog


async def test_what_waits_no_more_is_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sight, "STANDS", 0.0)
    async with cockpit(asking(CONFIRM)) as (pilot, home, engine):
        home.select(ASKER)
        dialog = await opened(pilot)
        withdraw(engine)
        await until(lambda: "withdrawn" in str(dialog.card._said))
        await pilot.press("y")
        await pilot.pause()
        assert not answers(engine) and pilot.app.screen is dialog


def withdraw(engine: FakeEngine) -> None:
    agent = next(one for one in engine.fleet.agents if one.id == ASKER)
    engine.change_agent(replace(agent, activity=replace(agent.activity, dialogs=())))


async def test_a_field_answers_with_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sight, "STANDS", 0.0)
    request = DialogRequested("i", "input", "Say it", prefill="one")
    async with cockpit(asking(request)) as (pilot, home, engine):
        home.select(ASKER)
        await opened(pilot)
        await pilot.press(*" two", "enter")
        await until(lambda: bool(answers(engine)))
        assert answers(engine) == [Answer(ASKER, "i", value=" two", digest=digest_of(request))]
