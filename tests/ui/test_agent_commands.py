"""The list of the agent's own commands, and words behind `/`: asked for, chosen, done here, never sent by mistake."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from cockpit.model import inquiries as about
from cockpit.model.commands.agent import FollowUp, Prompt, Steer
from cockpit.model.commands.conversation import (
    CompactContext,
    ForkSession,
    NewSession,
    RunShell,
    SetModel,
    SetQueueMode,
    SwitchSession,
)
from cockpit.model.ids import AgentId
from cockpit.ui.actions import menu, sessions, tuning
from cockpit.ui.actions.action import Situation
from cockpit.ui.actions.registry import disabled_reason
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.live import LivePick, LiveText
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.ui.widgets.row_list import RowList
from cockpit.ui.writing.offers import OfferList
from cockpit.ui.writing.words import begun_word, fitting
from tests.ui.fake_engine import FakeEngine
from tests.ui.hostile import FORBIDDEN, HOSTILE
from tests.ui.scene import scene
from tests.ui.test_home import cockpit
from tests.ui.test_hostile import drawn

SMALL = (80, 24)
"""Cells of the smallest screen that has to look designed."""


def answering(agent: AgentId, engine: FakeEngine, word: str = "birds") -> None:
    """Have an agent answer every question, with a word of one's own in each text."""
    model = about.ModelChoice("anthropic", f"sonnet-{word}", word, 200_000, thinks=True)
    answers: dict[Any, Any] = {
        about.STATE: about.AgentSetup(model, word, "one-at-a-time", "all", True, "s1", f"/root/{word}", word, 3),
        about.STATISTICS: about.Statistics(word, word, tokens=12_400, cost=0.5, context_window=200_000, whole=False),
        about.MODELS: (model, about.ModelChoice("mock", "m1")),
        about.LEVELS: ("off", word),
        about.SLASH_COMMANDS: (about.SlashCommand(f"tidy{word}", word, "skill"), about.SlashCommand("tell", word)),
        about.FORK_POINTS: (about.ForkPoint("e1", word), about.ForkPoint("e2", "second")),
        about.LAST_ANSWER: word,
        about.MESSAGES: (about.SaidMessage(word, word, word, ((word, word),), failed=True),),
        about.TREE: (about.TreeEntry(word, "", word, word), about.TreeEntry("b", "a", "user", word, 2, current=True)),
    }
    engine.inquiries.answers |= {(agent, question.name): told for question, told in answers.items()}
    engine.inquiries.saved = (
        about.SavedSession(f"/root/{word}", "s1", word, word),
        about.SavedSession("/root/b", "s2"),
    )


async def settled(pilot: Pilot[None], times: int = 4) -> None:
    """Let what is asked be answered, and shown."""
    for _ in range(times):
        await pilot.pause()


async def opened(pilot: Pilot[None], home: HomeScreen, action: str) -> None:
    """Open what an action opens."""
    home.action_act(action)
    await settled(pilot)


def chosen(home: HomeScreen) -> AgentId:
    """Return the selected agent."""
    assert home.selected is not None
    return home.selected


async def test_the_list_shows_what_is_set_and_why_a_command_cannot_be_given() -> None:
    engine = scene()
    async with cockpit(engine, size=SMALL) as (pilot, home, _):
        answering(chosen(home), engine)
        await pilot.press("comma")
        await settled(pilot)
        dialog = pilot.app.screen
        assert isinstance(dialog, LivePick)
        rows = {row.key: row.content.plain for row in dialog.query_one(RowList).rows}
        assert set(rows) == {action.id for action in (*tuning.ACTIONS, *sessions.ACTIONS)}
        assert "anthropic/sonnet-birds" in rows["agent.model"] and "12.4k tokens" in rows["agent.stats"]
        assert "one-at-a-time" in rows["agent.steering_mode"] and "not told" in rows["agent.auto_retry"]
        assert "does not wait to try again" in rows["agent.abort_retry"]
        await pilot.press(*"steering", "enter")
        await settled(pilot)
        await pilot.press(*"all", "enter")
        await settled(pilot)
        assert engine.ordered == [SetQueueMode(chosen(home), "steering", "all")]


async def test_a_cockpit_that_only_reads_tells_and_changes_nothing() -> None:
    async with cockpit(read_only=True) as (pilot, home, engine):
        answering(chosen(home), engine)
        await pilot.press("comma")
        await settled(pilot)
        rows = {row.key: row.content.plain for row in pilot.app.screen.query_one(RowList).rows}
        changing = {action.id for action in (*tuning.ACTIONS, *sessions.ACTIONS) if action.writes}
        assert {key for key, row in rows.items() if "read-only" in row} == changing
        await pilot.press(*"new session", "enter")
        await settled(pilot)
        assert engine.ordered == [] and pilot.app.screen is home


async def test_what_is_chosen_goes_to_the_agent_that_was_selected() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        home.select(next(agent.id for agent in engine.fleet.agents if not agent.run_open))
        target = chosen(home)
        answering(target, engine)
        expected = {
            "agent.model": ("m1", SetModel(target, "mock", "m1")),
            "session.switch": ("s2", SwitchSession(target, "/root/b")),
            "session.fork": ("second", ForkSession(target, "e2")),
        }
        for action, (typed, command) in expected.items():
            await opened(pilot, home, action)
            await pilot.press(*typed, "enter")
            await settled(pilot)
            assert engine.ordered.pop() == command
        assert home.composer.text == "second", "the text a fork goes back before can be said otherwise"
        for action in ("session.messages", "session.tree", "session.answer", "agent.stats"):
            await opened(pilot, home, action)
            assert isinstance(pilot.app.screen, LiveText) and "asking …" not in drawn(pilot.app)
            await pilot.press("escape")
            await settled(pilot)
        await opened(pilot, home, "session.new")
        await opened(pilot, home, "agent.bash")
        await pilot.press(*"ls", "enter")
        await settled(pilot)
        assert engine.ordered == [NewSession(target), RunShell(target, "ls")]
        await opened(pilot, home, "session.export")
        await pilot.press("enter")
        await settled(pilot)
        ((form, path),) = engine.inquiries.exported
        assert form == "html" and path is not None and path.name.endswith("-session.html")


async def test_an_agent_that_does_not_answer_is_said_to_where_its_list_would_be() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        engine.inquiries.reasons[about.TREE.name] = "pi 0.73.1 cannot be asked that"
        await opened(pilot, home, "agent.model")
        assert "nobody says the models it can use" in drawn(pilot.app)
        await pilot.press("enter", "escape")
        await settled(pilot)
        situation = Situation(engine, engine.fleet, home.agent)
        (tree,) = [action for action in sessions.ACTIONS if action.id == "session.tree"]
        assert disabled_reason(tree, situation) == "pi 0.73.1 cannot be asked that"
        nobody = Situation(engine, engine.fleet)
        assert all(disabled_reason(action, nobody) for action in (*menu.ACTIONS, *tuning.ACTIONS, *sessions.ACTIONS))
        assert engine.ordered == []


async def test_words_behind_a_slash_are_completed_from_the_agents_own_list() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        home.select(next(agent.id for agent in engine.fleet.agents if not agent.run_open))
        target = chosen(home)
        answering(target, engine)
        await pilot.press("p", "slash")
        await settled(pilot)
        listed = home.query_one(OfferList)
        assert listed.chosen() == (0, "/tidybirds ")
        await pilot.press("c", "o")
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert not listed.chosen() and home.pane == "composer", "the list goes first"
        await pilot.press("escape")
        await settled(pilot)
        assert home.pane != "composer"
        await pilot.press("p")
        await settled(pilot)
        assert listed.chosen() == (0, "/compact ") and engine.inquiries.asked.count(about.SLASH_COMMANDS.name) == 1
        await pilot.press("tab")
        await settled(pilot)
        assert home.composer.text == "/compact " and not listed.chosen()
        await pilot.press(*"the nests", "enter")
        await settled(pilot)
        assert engine.ordered == [CompactContext(target, "the nests")] and not home.composer.text
        await pilot.press(*"/tel", "enter")
        await settled(pilot)
        assert len(engine.ordered) == 1, "the first enter only completes"
        await pilot.press("enter")
        await settled(pilot)
        assert engine.ordered[-1] == Prompt(target, "/tell ")
        await pilot.press(*"/etc/hosts is empty", "enter")
        await settled(pilot)
        assert engine.ordered[-1] == Prompt(target, "/etc/hosts is empty"), "a path is text"
        for answer, sent in (("n", False), ("y", True)):
            count = len(engine.ordered)
            home.composer.text = "/nobody"
            await pilot.press("enter")
            await settled(pilot)
            assert isinstance(pilot.app.screen, ConfirmDialog) and len(engine.ordered) == count
            await pilot.press(answer)
            await settled(pilot)
            assert home.composer.text == ("" if sent else "/nobody")
            assert (len(engine.ordered) > count) is sent
        await pilot.press(*"/model", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, LivePick), "it is chosen here"
        texts = [one.text for one in engine.ordered if isinstance(one, Prompt | Steer | FollowUp)]
        assert texts == ["/tell ", "/etc/hosts is empty", "/nobody"]


async def test_hostile_answers_are_inert_in_every_new_place() -> None:
    engine = scene()
    async with cockpit(engine, size=SMALL) as (pilot, home, _):
        answering(chosen(home), engine, HOSTILE)
        for action in (*menu.ACTIONS, *tuning.ACTIONS, *sessions.ACTIONS):
            if disabled_reason(action, home.situation()) or action.id in ("session.new", "session.clone"):
                continue
            await opened(pilot, home, action.id)
            shown = drawn(pilot.app)
            assert not [character for character in FORBIDDEN if character in shown], action.id
            if pilot.app.screen is not home:
                await pilot.press("escape")
                await settled(pilot)
        await pilot.press("p", "slash")
        await settled(pilot)
        shown = drawn(pilot.app)
        assert home.query_one(OfferList).shown and not [one for one in FORBIDDEN if one in shown]


def test_what_fits_a_beginning() -> None:
    assert begun_word("/") == "" and begun_word("/skill:t") == "skill:t"
    assert [begun_word(text) for text in ("", "a /b", "/a b", "/a\n", "//", "/a/b")] == [None] * 6
    names = [about.SlashCommand(name) for name in ("renew", "new", "model")]
    assert [one.name for one in fitting("NEW", names)] == ["new", "renew"]


async def test_enter_takes_the_word_that_is_pointed_to_also_where_another_is_written_whole() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        target = chosen(home)
        engine.inquiries.words = ()
        names = tuple(about.SlashCommand(name) for name in ("model-list", "model"))
        engine.inquiries.answers[target, about.SLASH_COMMANDS.name] = names
        await pilot.press("p", *"/model")
        await settled(pilot)
        listed = home.query_one(OfferList)
        assert listed.chosen() == (0, "/model ") and listed.is_whole()
        await pilot.press("down", "enter")
        await settled(pilot)
        assert home.composer.text == "/model-list " and engine.ordered == []
