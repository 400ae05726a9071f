"""What the operator types or pastes is data: it arrives as it was, and only what is drawn is made harmless."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.app import App, ComposeResult
from textual.document._wrapped_document import WrappedDocument
from textual.pilot import Pilot

from cockpit.model.commands.agent import Answer, Prompt
from cockpit.model.commands.board import CreateTask, NoteTask
from cockpit.model.commands.life import Spawn
from cockpit.model.extensions import DialogRequested
from cockpit.model.inbox.question import digest_of
from cockpit.ui.app import CockpitApp
from cockpit.ui.terminal.input_parser import InputParser
from cockpit.ui.widgets.data_fields import DataDocument, DataInput, DataTextArea
from cockpit.ui.widgets.needs_you import sight
from cockpit.ui.writing.composer import Composer
from tests.faults.harness import ROOT
from tests.faults.terminal import Terminal
from tests.fleets import FleetUnderTest, fleet_under_test, poll
from tests.ui.fake_engine import FakeEngine
from tests.ui.hostile import FORBIDDEN
from tests.ui.needs_you.test_answer_dialog import opened
from tests.ui.scene import scene
from tests.ui.test_home import LT_API, cockpit, notifications
from tests.ui.test_key_gate import settled

PASTED = (Path(__file__).parents[1] / "data" / "faults" / "paste_tab_zwnj_zwj.txt").read_bytes().decode()
TEXTS = [
    PASTED,
    "\tindented",
    "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i",
    "\u202eright to left\u202c \u2066x\u2069 \ufeff",
    "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f467 e\u0301\ufe0f",
    "  spaces at both ends  ",
    "ends with a line\n",
    "\n\nbegins with two",
    "\x00\x01\x1b[31mred\x1b[0m\x7f\x9b",
    "\u3000wide\u00a0blank",
]


def paste(app: App[None], text: str) -> None:
    """Hand a paste to the application as the driver does: line breaks come as carriage returns."""
    app.post_message(events.Paste(text.replace("\n", "\r")))


def drawn(pilot: Pilot[None]) -> str:
    return "\n".join("".join(s.text for s in line) for line in pilot.app.screen._compositor.render_strips())


async def pasted(pilot: Pilot[None], text: str) -> None:
    await pilot.pause()
    paste(pilot.app, text)
    await pilot.pause()
    # A notice that comes up, or a focus that moves, holds what was pasted back for a moment.
    held = pilot.app.gate._task if isinstance(pilot.app, CockpitApp) else None
    if held is not None:
        await held
        await pilot.pause()


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_a_paste_reaches_the_agent_as_it_is_and_draws_nothing_hostile(text: str) -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "p")
        await pasted(pilot, text)
        assert home.query_one(Composer).text == text
        for character in FORBIDDEN:
            assert character not in drawn(pilot) or character in "\u200c\u200d", repr(character)
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [Prompt(LT_API, text)]
        await pilot.press("up")
        assert home.query_one(Composer).text == text, "and comes back so from the history"


TYPED = (
    "\ta\u200db \u06cc\u200c\u062e \u200ex\u00a0y\u2028z\u2029\ufeff e\u0301"
    " \U0001f469\u200d\U0001f467\ufe0f\u3000\x85.\u00ad "
)
"""Every kind of character that the framework takes for a key that writes nothing, among others."""


def keys_of(text: str, *, kitty: bool = False) -> list[events.Key]:
    """Return the keys that a terminal's bytes for a typed text are, in the old way or with the text in the report."""
    sent = "".join(f"\x1b[0;;{ord(character)}u" for character in text) if kitty else text
    found = [message for message in InputParser().feed(sent) if isinstance(message, events.Key)]
    assert len(found) == len(text)
    return found


async def typed(pilot: Pilot[None], text: str, *, kitty: bool = False) -> None:
    await pilot.pause()
    for key in keys_of(text, kitty=kitty):
        pilot.app.post_message(key)
    await settled(pilot)


@pytest.mark.parametrize("kitty", [False, True], ids=["bytes", "kitty"])
async def test_what_is_typed_into_the_composer_reaches_the_agent_as_it_is(kitty: bool) -> None:
    text = TYPED.replace("\t", "") if kitty else TYPED
    async with cockpit() as (pilot, home, engine):
        await pilot.press("down", "p")
        await typed(pilot, text, kitty=kitty)
        assert home.query_one(Composer).text == text
        for character in FORBIDDEN:
            assert character not in drawn(pilot) or character in "\u200c\u200d", repr(character)
        await pilot.press("enter")
        await pilot.pause()
        assert engine.ordered == [Prompt(LT_API, text)]


@pytest.mark.parametrize("method", ["editor", "input"])
@pytest.mark.parametrize("way", [typed, pasted], ids=["typed", "pasted"])
async def test_an_answer_reaches_the_agent_as_it_is(
    monkeypatch: pytest.MonkeyPatch, method: str, way: Callable[..., Awaitable[None]]
) -> None:
    monkeypatch.setattr(sight, "STANDS", 0.0)
    text = TYPED if method == "editor" or way is pasted else TYPED.replace("\t", "")
    engine = scene()
    asking(engine, DialogRequested("d1", method, "Say it", prefill=""))
    async with cockpit(engine) as (pilot, home, _):
        home.select(LT_API)
        await opened(pilot)
        await way(pilot, text)
        await pilot.press("ctrl+s" if method == "editor" else "enter")
        await pilot.pause()
        asked = DialogRequested("d1", method, "Say it", prefill="")
        assert engine.ordered == [Answer(LT_API, "d1", value=text, digest=digest_of(asked))]


@pytest.mark.parametrize("way", [typed, pasted], ids=["typed", "pasted"])
async def test_every_field_of_a_form_keeps_its_text_with_the_blanks_at_its_ends(
    way: Callable[..., Awaitable[None]],
) -> None:
    text = f" {TYPED} " if way is pasted else f" {TYPED} ".replace("\t", "")
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("t")
        await way(pilot, text)
        await pilot.press("tab")
        await way(pilot, text)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert engine.ordered == [CreateTask(text, text, "", ())]


async def test_what_is_typed_goes_to_the_role_of_an_agent_as_it_is_and_names_are_refused_with_a_word() -> None:
    text = f" {TYPED} ".replace("\t", "")
    async with cockpit() as (pilot, _home, engine):
        await pilot.press("n", "tab")
        await typed(pilot, "ada")
        await pilot.press("tab")
        await typed(pilot, text)
        model = pilot.app.screen.query_one("#model", DataInput)
        model.value = "opus "
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert engine.ordered == [] and "white space" in drawn(pilot)
        model.value = "opus"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert [command.role for command in engine.ordered if isinstance(command, Spawn)] == [text]


async def test_tab_is_text_where_a_text_is_written_and_moves_on_in_a_form() -> None:
    async with cockpit() as (pilot, home, engine):
        await pilot.press("p")
        await typed(pilot, "\tx\tpDy")
        assert home.query_one(Composer).text == "\tx\tpDy" and engine.ordered == []


async def test_what_was_copied_comes_back_as_it_was_or_is_refused_with_a_word() -> None:
    async with cockpit() as (pilot, home, _):
        await pilot.press("p")
        await pasted(pilot, PASTED)
        await pilot.press("ctrl+a", "ctrl+c", "ctrl+x", "ctrl+v", "ctrl+v", "ctrl+z", "ctrl+y")
        await pilot.pause()
        composer = home.query_one(Composer)
        assert composer.text.replace(PASTED, "") == "" and composer.text
        pilot.app._clipboard = "one\ntwo"
        await pilot.press("escape", "t", "ctrl+v")
        await pilot.pause()
        assert pilot.app.screen.query_one("#title", DataInput).value == ""
        assert "one line" in notifications(pilot)[-1]


async def test_a_draft_with_odd_characters_waits_with_its_agent() -> None:
    async with cockpit() as (pilot, home, _):
        await pilot.press("down", "p")
        await pasted(pilot, PASTED)
        await pilot.press("escape", "down", "up", "p")
        await pilot.pause()
        assert home.query_one(Composer).text == PASTED


async def test_typing_before_between_and_behind_odd_lines_changes_nothing_else() -> None:
    async with cockpit() as (pilot, home, _):
        await pilot.press("down", "p")
        await pasted(pilot, "a\u2028b\nc\td")
        await pilot.press("X", "up", "home", "Y", "ctrl+j", "delete", "end", "Z")
        await pilot.pause()
        assert home.query_one(Composer).text == "Y\n\u2028bZ\nc\tdX"


@pytest.mark.parametrize("text", ["caf\udce9", "half \ud83d a pair"])
async def test_what_no_json_can_hold_is_refused_with_a_word(text: str) -> None:
    async with cockpit() as (pilot, home, _):
        await pilot.press("down", "p")
        await pasted(pilot, text)
        assert home.query_one(Composer).text == ""
        assert notifications(pilot) and "nothing was pasted" in notifications(pilot)[0]


def asking(engine: FakeEngine, request: DialogRequested) -> None:
    """Let the agent ask a question."""
    from dataclasses import replace

    from cockpit.model.fleet import (
        ActivityState,
    )
    from cockpit.model.open_work import OpenDialog

    agent = engine.fleet.agent(LT_API)
    assert agent is not None
    activity = replace(agent.activity, state=ActivityState.ASKING, dialogs=(OpenDialog(request, engine.clock),))
    engine.change_agent(replace(agent, activity=activity))


@pytest.mark.parametrize("method", ["editor", "input"])
async def test_a_prefill_goes_back_as_the_agent_gave_it(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setattr(sight, "STANDS", 0.0)
    prefill = "\tx\u200dy\u2028z" if method == "input" else "\tall:\n\u200e# x\u2028y\n"
    engine = scene()
    asking(engine, DialogRequested("d1", method, "Edit it", prefill=prefill))
    async with cockpit(engine) as (pilot, home, _):
        home.select(LT_API)
        await opened(pilot)
        await pilot.press("ctrl+s" if method == "editor" else "enter")
        await pilot.pause()
        asked = DialogRequested("d1", method, "Edit it", prefill=prefill)
        assert engine.ordered == [Answer(LT_API, "d1", value=prefill, digest=digest_of(asked))]


async def test_a_note_arrives_as_it_was_pasted() -> None:
    async with cockpit(size=(160, 45)) as (pilot, _home, engine):
        await pilot.press("2", "down", "c")
        await pilot.pause()
        pilot.app.screen.query_one(DataTextArea).focus()
        await pasted(pilot, PASTED)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert [command.content for command in engine.ordered if isinstance(command, NoteTask)] == [PASTED]


async def test_a_field_of_one_line_takes_no_half_of_a_paste() -> None:
    async with cockpit() as (pilot, home, _):
        await pilot.press("n", "tab")
        await pilot.pause()
        field = pilot.app.focused
        assert isinstance(field, DataInput) and not isinstance(home, DataInput)
        await pasted(pilot, "one\ntwo")
        assert field.value == "" and "one line" in notifications(pilot)[0]
        await pasted(pilot, "one\n")
        assert field.value == "one"


KEYS = ["ctrl+z", "ctrl+y", "ctrl+a", "ctrl+x", "ctrl+v", "ctrl+c", "ctrl+k", "ctrl+u", "ctrl+w", "delete", "backspace",
        "up", "down", "home", "end", "shift+up", "shift+left", "ctrl+left", "enter", "x", "tab", "ctrl+shift+k",
        "pageup", "pagedown"]  # fmt: skip


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("seed", range(6))
async def test_any_keys_of_editing_leave_a_text_that_is_drawn_as_it_is(seed: int) -> None:
    chance = random.Random(seed)
    app = Fields()
    async with app.run_test(size=(30, 20)) as pilot:
        area = app.query_one(DataTextArea)
        area.tab_behavior, area.text = "indent", "\n".join(f"a\tline {n} " * (n % 4) for n in range(12))
        area.focus()
        for key in chance.choices(KEYS, k=60):
            await pilot.press(key)
            wrapped = WrappedDocument(area.document, area.wrap_width, area.indent_width)
            assert area.wrapped_document._wrap_offsets == wrapped._wrap_offsets, key
            assert area.wrapped_document._offset_to_line_info == wrapped._offset_to_line_info, key


class Fields(App[None]):
    """Both kinds of field, alone."""

    def compose(self) -> ComposeResult:
        yield DataTextArea(id="area")
        yield DataInput(id="line")


ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=60)


@settings(max_examples=60, deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_a_document_gives_back_what_was_put_into_it(first: str, second: str) -> None:
    document = DataDocument(first)
    assert document.text == first
    end = document.replace_range((0, 0), (0, 0), second).end_location
    assert document.text == second + first
    document.replace_range((0, 0), end, "")
    assert document.text == first


@pytest.fixture(scope="module")
def fleet() -> Iterator[FleetUnderTest]:
    """A fleet with one agent."""
    with fleet_under_test() as made:
        assert made.run("spawn", "ada", "--role", "tests", "--agent", "scripted").returncode == 0
        yield made


def user_texts(fleet: FleetUnderTest) -> list[str]:
    """Return the texts that the agent says it was given, read from its own output."""
    (out,) = (fleet.places.fleet / "vms").glob("*/*/pi-rpc/out")
    found = []
    for line in out.read_bytes().split(b"\n"):
        record = json.loads(line) if line.strip() else {}
        message = record.get("message", {}) if record.get("type") == "message_start" else {}
        if isinstance(message, dict) and message.get("role") == "user":
            content = message["content"]
            found.append(content if isinstance(content, str) else "".join(part.get("text", "") for part in content))
    return found


@pytest.mark.slow
def test_a_paste_at_a_real_terminal_is_in_the_agents_own_output(fleet: FleetUnderTest) -> None:
    terminal = Terminal(fleet.command(), fleet.environment(), ROOT, forked=True)
    try:
        terminal.read_until(lambda: terminal.shows("⇄ up"), "the link")
        body = PASTED.replace("\n", "\r").encode()
        terminal.write(b"p\x1b[200~" + body + b"\x1b[201~\r")
        terminal.read_until(lambda: PASTED in user_texts(fleet), "the text")
    finally:
        terminal.close()


@pytest.mark.slow
def test_bytes_that_are_no_text_are_refused_and_all_others_arrive(fleet: FleetUnderTest) -> None:
    import subprocess

    latin = (ROOT / "tests" / "data" / "faults" / "latin1_prompt.bin").read_bytes()
    offset = next(at for at in range(len(latin)) if latin[at] >= 0x80)
    refused: tuple[tuple[str | bytes, bytes], ...] = (("-", latin), (latin.rstrip(b"\n"), b""))
    for word, data in refused:
        command: list[str | bytes] = [*fleet.verb("send", "ada"), word]
        done = subprocess.run(
            command, input=data, capture_output=True, env=fleet.environment(), timeout=60, check=False
        )
        assert done.returncode == 2, done.stderr
        assert f"0x{latin[offset]:02x} at offset {offset}".encode() in done.stderr
    before = user_texts(fleet)
    done = subprocess.run(
        fleet.verb("send", "ada", "-", "--wait", "consumed"),
        input=PASTED.encode(),
        capture_output=True,
        env=fleet.environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    poll(lambda: user_texts(fleet)[len(before) :] == [PASTED], "the text as it was")
