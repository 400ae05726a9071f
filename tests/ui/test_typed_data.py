"""What the operator types or pastes is data: it arrives as it was, and only what is drawn is made harmless."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from cockpit.model.commands import Answer, NoteTask, Prompt
from cockpit.model.events import DialogRequested
from cockpit.ui.widgets.composer import Composer
from cockpit.ui.widgets.data_fields import DataDocument, DataInput, DataTextArea
from tests.faults.harness import ROOT
from tests.faults.terminal import Terminal
from tests.fleets import FleetUnderTest, fleet_under_test, poll
from tests.ui.fake_engine import FakeEngine
from tests.ui.hostile import FORBIDDEN
from tests.ui.test_home import LT_API, cockpit, notifications

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

    from cockpit.model.fleet import ActivityState, OpenDialog

    agent = engine.fleet.agent(LT_API)
    assert agent is not None
    activity = replace(agent.activity, state=ActivityState.ASKING, dialogs=(OpenDialog(request, engine.clock),))
    engine.change_agent(replace(agent, activity=activity))


@pytest.mark.parametrize("method", ["editor", "input"])
async def test_a_prefill_goes_back_as_the_agent_gave_it(method: str) -> None:
    from tests.ui.scene import scene

    prefill = "\tx\u200dy\u2028z" if method == "input" else "\tall:\n\u200e# x\u2028y\n"
    engine = scene()
    asking(engine, DialogRequested("d1", method, "Edit it", prefill=prefill))
    async with cockpit(engine) as (pilot, home, _):
        home.select(LT_API)
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("ctrl+s" if method == "editor" else "enter")
        await pilot.pause()
        assert engine.ordered == [Answer(LT_API, "d1", value=prefill)]


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
        await pilot.press("n")
        await pilot.pause()
        field = pilot.app.focused
        assert isinstance(field, DataInput) and not isinstance(home, DataInput)
        await pasted(pilot, "one\ntwo")
        assert field.value == "" and "one line" in notifications(pilot)[0]
        await pasted(pilot, "one\n")
        assert field.value == "one"


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
    (out,) = (fleet.places.fleet / "vms").glob("*/home/pi-rpc/out")
    found = []
    for line in out.read_bytes().split(b"\n"):
        record = json.loads(line) if line.strip() else {}
        message = record.get("message", {}) if record.get("type") == "message_start" else {}
        if isinstance(message, dict) and message.get("role") == "user":
            content = message["content"]
            found.append(content if isinstance(content, str) else "".join(part.get("text", "") for part in content))
    return found


def test_a_paste_at_a_real_terminal_is_in_the_agents_own_output(fleet: FleetUnderTest) -> None:
    terminal = Terminal(fleet.command(), fleet.environment(), ROOT)
    try:
        terminal.read_until(lambda: "⇄ up".encode() in terminal.seen, "the link")
        body = PASTED.replace("\n", "\r").encode()
        terminal.write(b"p\x1b[200~" + body + b"\x1b[201~\r")
        terminal.read_until(lambda: PASTED in user_texts(fleet), "the text")
    finally:
        terminal.close()


def test_bytes_that_are_no_text_are_refused_and_all_others_arrive(fleet: FleetUnderTest) -> None:
    import subprocess

    latin = (ROOT / "tests" / "data" / "faults" / "latin1_prompt.bin").read_bytes()
    offset = next(at for at in range(len(latin)) if latin[at] >= 0x80)
    refused: tuple[tuple[str | bytes, bytes], ...] = (("-", latin), (latin.rstrip(b"\n"), b""))
    for word, data in refused:
        command: list[str | bytes] = [*fleet.command("send", "ada"), word]
        done = subprocess.run(
            command, input=data, capture_output=True, env=fleet.environment(), timeout=60, check=False
        )
        assert done.returncode == 2, done.stderr
        assert f"0x{latin[offset]:02x} at offset {offset}".encode() in done.stderr
    before = user_texts(fleet)
    done = subprocess.run(
        fleet.command("send", "ada", "-", "--wait", "consumed"),
        input=PASTED.encode(),
        capture_output=True,
        env=fleet.environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    poll(lambda: user_texts(fleet)[len(before) :] == [PASTED], "the text as it was")
