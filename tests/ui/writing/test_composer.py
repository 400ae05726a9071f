"""What is written is kept, found again, completed, edited elsewhere; the border says what will really happen."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from cockpit.errors import Refused
from cockpit.model.commands.agent import FollowUp
from cockpit.model.ids import CommandId
from cockpit.model.notebook.draft import NO_DRAFT, Draft
from cockpit.ui.dialogs.sent import SentDialog
from cockpit.ui.look.cells import width_of
from cockpit.ui.look.states import Mode
from cockpit.ui.writing import editor, vm_paths, words
from cockpit.ui.writing.border import Addressed, subtitle, title
from cockpit.ui.writing.offer import Writing
from cockpit.ui.writing.offers import OfferList
from cockpit.ui.writing.template_files import MOST_BYTES, read_templates
from cockpit.ui.writing.vm_paths import VmPaths
from cockpit.ui.writing.walk import HistoryWalk
from tests.ui.hostile import FORBIDDEN, HOSTILE
from tests.ui.scene import scene
from tests.ui.test_home import LT_API, cockpit
from tests.ui.test_hostile import drawn

HOSTILE_NAME = f"src/{HOSTILE.replace('/', '')}"

NAMES = st.one_of(st.text(max_size=30), st.just(HOSTILE))


@given(NAMES, st.sampled_from(list(Mode)), st.text(max_size=60), st.text(max_size=60), st.integers(20, 250))
def test_the_border_fits_and_is_clean(name: str, mode: Mode, meaning: str, other: str, width: int) -> None:
    for refusal, warning in (("", ""), (other, ""), ("", other)):
        said = Addressed(name, mode, meaning, refusal, warning, True, 2, True)
        for drawn_line in (title(said, width).plain, subtitle(said, width).plain):
            assert not [character for character in FORBIDDEN if character in drawn_line]
            assert width_of(drawn_line) <= max(width, 75), "the act, a name and the marks stand whatever the width"


@given(st.lists(st.text(max_size=4), max_size=6), st.text(max_size=4), st.lists(st.sampled_from([-1, 1]), max_size=20))
def test_a_walk_comes_back_to_what_was_written(sent: list[str], written: str, steps: list[int]) -> None:
    walk = HistoryWalk(sent, written)
    for step in steps:
        walk.step(step, walk.text)
    while walk.step(1, walk.text):
        pass
    assert walk.at_written and walk.text == walk.written == written


async def test_drafts_and_history_are_the_agents_own() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "p", *"one", "enter", *"two", "enter", *"half")
        composer, agent = home.composer, home.selected
        assert agent == LT_API and engine.notebook.sent(LT_API) == ("one", "two")
        assert engine.notebook.draft(LT_API) == Draft("half")
        await pilot.press("up", "up")
        assert composer.text == "one" and engine.notebook.draft(LT_API).text == "half", "the draft is not the history's"
        await pilot.press("down", "down")
        assert composer.text == "half"
        await pilot.press("up", "enter")
        assert engine.ordered[-1] == FollowUp(LT_API, "two") and composer.text == "half", "what was written stays"
        await pilot.press("ctrl+r", *"one")
        await pilot.pause()
        assert isinstance(pilot.app.screen, SentDialog)
        await pilot.press("enter")
        await pilot.pause()
        assert composer.text == "one"
        await pilot.press("down")
        assert composer.text == "half"
        await pilot.press("escape", "down", "p")
        await pilot.pause()
        assert composer.recipient != LT_API and composer.text == ""
        await pilot.press("up")
        assert composer.text == "", "another agent has another history"
        await pilot.press("escape", "up", "p", "ctrl+u")
        await pilot.pause()
        assert engine.notebook.draft(LT_API) == NO_DRAFT, "what was deleted is no draft"


async def test_paths_and_templates_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vm_paths, "PAUSE", 0.0)
    (tmp_path / "review.md").write_text("# Review\nLook at what {name} did\n")
    monkeypatch.setattr(words.SlashWords.__init__, "__defaults__", (lambda: tmp_path,))
    engine = scene()
    for path in (
        "src/main.py",
        "src/shot.png",
        "notes with blank.md",
        HOSTILE_NAME,
        "deep/a/mark.py",
    ):
        engine.files.content[LT_API, path] = b"x"
    async with cockpit(engine) as (pilot, home, _):
        await pilot.press("down", "p", *"look at @s")
        listed = home.query_one(OfferList)
        await pilot.pause()
        assert listed.chosen() == (8, "@src/")
        await pilot.press("tab")
        await pilot.pause()
        assert home.composer.text == "look at @src/" and listed.shown
        assert not [character for character in FORBIDDEN if character in drawn(pilot.app)]
        await pilot.press(*"ma", "enter")
        assert home.composer.text == "look at src/main.py " and engine.ordered == []
        await pilot.press(*"and @shot", "tab", *"@no", "tab")
        await pilot.pause()
        assert home.composer.text == 'look at src/main.py and @vm:src/shot.png "notes with blank.md" '
        engine.files.refusals[LT_API] = "its VM is paused"
        await pilot.press(*"@xyz")
        await pilot.pause()
        assert listed.chosen() is None and "its VM is paused" in drawn(pilot.app)
        home.composer.put("")
        await pilot.press(*"/t:rev", "enter")
        await pilot.pause()
        assert home.composer.text == "# Review\nLook at what lt-api did"


async def test_paths_are_found_in_all_directories_and_asking_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vm_paths, "PAUSE", 0.0)
    engine = scene()
    engine.files.content[LT_API, "deep/a/mark.py"] = b"x"
    paths = VmPaths(engine)
    assert paths.begun(Writing(LT_API, "a@b", alone=True)) is None, "an address is none"
    learnt = [await paths.learn(LT_API, "mark") for _ in range(2)]
    assert learnt == [True, False], "it is known then"
    assert [one.inserted for one in paths.offers(LT_API, "mark")] == ["deep/a/mark.py "]
    engine.files.held_back = asyncio.Event()
    asking = asyncio.create_task(paths.learn(LT_API, "mar"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [one.inserted for one in paths.offers(LT_API, "mar")] == [], "what was let go is not shown"


async def test_an_agent_is_asked_for_its_words_once_whatever_is_typed_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, answered, asked = scene(), asyncio.Event(), 0

    async def ask(*_about: object) -> None:
        nonlocal asked
        asked += 1
        await answered.wait()

    monkeypatch.setattr(engine.inquiries, "ask", ask)
    source = words.SlashWords(engine)
    for needle in ("", "c", "co"):
        learning = asyncio.create_task(source.learn(LT_API, needle))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        learning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await learning
    last = asyncio.create_task(source.learn(LT_API, "com"))
    await asyncio.sleep(0)
    answered.set()
    assert await last and asked == 1


async def test_a_text_that_comes_back_from_the_editor_late_keeps_what_else_its_draft_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken_back = (CommandId("c1"),)

    async with cockpit() as (pilot, home, engine):

        async def write(app: App[object], path: Path, **kept: str) -> None:
            await asyncio.to_thread(path.write_text, "longer")
            home.composer.address(None, "", busy=False)

        monkeypatch.setattr(editor, "edit_files", write)
        await pilot.press("down", "p")
        home.composer.take_back(taken_back[0], Mode.STEER, "short")
        await pilot.press("ctrl+e")
        await pilot.app.workers.wait_for_complete()
        assert engine.notebook.draft(LT_API) == Draft("longer", Mode.STEER.value, taken_back)


async def test_the_editor_takes_and_gives_back(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []

    async def write(app: App[object], path: Path, **kept: str) -> None:
        seen.append(path)
        text = await asyncio.to_thread(path.read_text)
        await asyncio.to_thread(path.write_text, f"{text} and more\n")
        if text == "fail":
            raise Refused("vi ended with 1")

    monkeypatch.setattr(editor, "edit_files", write)
    async with cockpit() as (pilot, home, _):
        await pilot.press("down", "p", *"a text", "ctrl+e")
        await pilot.app.workers.wait_for_complete()
        assert home.composer.text == "a text and more" and not seen[0].parent.exists()
        home.composer.put("fail")
        await pilot.press("ctrl+e")
        await pilot.app.workers.wait_for_complete()
        assert home.composer.text == "fail" and seen[1].read_text() == "fail and more\n", "what was written is kept"
        seen[1].unlink()
        seen[1].parent.rmdir()


def test_templates_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    (tmp_path / "a b.md").write_text("A\n")
    (tmp_path / "broken.md").write_bytes(b"\xff")
    (tmp_path / "large.md").write_bytes(b"x" * (MOST_BYTES + 1))
    (tmp_path / "other.txt").write_text("no")
    read = read_templates(tmp_path)
    assert [(one.name, one.text) for one in read.templates] == [("a-b", "A")]
    assert ["UTF-8" in read.problems[0], "larger" in read.problems[1]] == [True, True] and len(read.problems) == 2
    assert read_templates(tmp_path / "none").problems == ()


async def test_the_border_says_what_happens() -> None:
    async with cockpit() as (pilot, home, _):
        await pilot.press("down", "p")
        await pilot.pause()
        assert "becomes a follow-up, read at the run's end" in str(home.composer._border_title)
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert "waits for the running tool (bash)" in str(home.composer._border_title)
