"""Layouts that are not Latin act by the place of a key, texts stay as typed; the terminal's ground decides a theme."""

from __future__ import annotations

import pytest
from textual import events
from textual.message import Message

from cockpit.ui.app import CockpitApp
from cockpit.ui.key_gate import KeyGate
from cockpit.ui.terminal.command_string import MOST_KEPT, CommandString, GroundReported
from cockpit.ui.terminal.input_parser import InputParser
from tests.ui.scene import scene
from tests.ui.test_home import cockpit


def keys_of(found: list[Message]) -> list[tuple[str, str | None]]:
    """Return names and characters of keys."""
    return [(key.key, key.character) for key in found if isinstance(key, events.Key)]


@pytest.mark.parametrize(
    ("sequence", "key", "place"),
    [
        ("\x1b[1092::97;1;1092u", ("ф", "ф"), "a"),
        ("\x1b[1092:1060:97;2;1060u", ("Ф", "Ф"), "A"),
        ("\x1b[1102::46;1;1102u", ("ю", "ю"), "full_stop"),
        ("\x1b[1102:1070:46;2;1070u", ("Ю", "Ю"), "greater_than_sign"),
        ("\x1b[1079::112;5u", ("ctrl+з", None), "ctrl+p"),
        ("\x1b[1495::106;1;1495u", ("ח", "ח"), "j"),
    ],
)
def test_a_key_of_another_layout_tells_its_place(sequence: str, key: tuple[str, str | None], place: str) -> None:
    parser = InputParser()
    assert keys_of(parser.feed(sequence)) == [key]
    assert parser.places.known == {key[0]: place}


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        ("\x1b[97;1;97u", ("a", "a")),
        ("\x1b[97:65;2;65u", ("A", "A")),
        ("\x1b[113::97;1;113u", ("q", "q")),
        ("\x1b[63::55;2;63u", ("question_mark", "?")),
        ("\x1b[1092;1;1092u", ("ф", "ф")),
    ],
    ids=["as ever", "with its shifted key", "another Latin layout", "a sign that ASCII has", "no place told"],
)
def test_a_key_that_needs_no_place_is_what_it_says(sequence: str, key: tuple[str, str | None]) -> None:
    parser = InputParser()
    assert keys_of(parser.feed(sequence)) == [key]
    assert parser.places.known == {}


@pytest.mark.parametrize("sequence", ["\x1b[1092:::97u", "\x1b[:::u", "\x1b[1092::9999999;1u", "\x1b[1092::1;1;1092u"])
def test_nonsense_about_places_is_none(sequence: str) -> None:
    parser = InputParser()
    parser.feed(sequence)
    assert parser.places.known == {}


async def test_the_place_acts_and_the_text_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cockpit() as (pilot, home, engine):
        gate = pilot.app.gate  # type: ignore[attr-defined]
        assert isinstance(gate, KeyGate)
        monkeypatch.setattr(gate, "_places", lambda: {"з": "p", "ш": "i"})
        pilot.app.post_message(events.Key("з", "з"))
        await pilot.pause()
        await pilot.pause()
        assert home.pane == "composer"
        for character in "зш":
            pilot.app.post_message(events.Key(character, character))
        await pilot.pause()
        await pilot.pause()
        assert home.composer.text == "зш"
        assert engine.ordered == []


@pytest.mark.parametrize(
    ("answer", "luminance"),
    [
        ("\x1b]11;rgb:0000/0000/0000\x1b\\", 0.0),
        ("\x1b]11;rgb:ffff/ffff/ffff\x07", 1.0),
        ("\x1b]11;rgb:ff/00/00\x1b\\", 0.2126),
        ("\x1b]11;rgba:0000/ffff/0000/ffff\x1b\\", 0.7152),
        ("\x1b]11;rgb:fdf6/e3e3/e3e3\x9c", 0.911),
    ],
)
@pytest.mark.parametrize("piece", [1, 5, 100])
def test_the_terminals_ground_is_read(answer: str, luminance: float, piece: int) -> None:
    parser = InputParser()
    found = [message for at in range(0, len(answer), piece) for message in parser.feed(answer[at : at + piece])]
    (ground,) = found
    assert isinstance(ground, GroundReported)
    assert ground.luminance == pytest.approx(luminance, abs=0.01)


@pytest.mark.parametrize(
    "answer",
    [
        "\x1b]11;?\x1b\\",
        "\x1b]10;rgb:ff/ff/ff\x1b\\",
        "\x1bP11;rgb:ff/ff/ff\x1b\\",
        "\x1b]11;rgb:gg/ff/ff\x1b\\",
        f"\x1b]11;rgb:ff/ff/ff{'x' * 10_000}\x1b\\",
    ],
)
def test_any_other_answer_is_nothing(answer: str) -> None:
    assert InputParser().feed(answer) == []


def test_little_of_an_answer_is_kept() -> None:
    string = CommandString()
    for _ in range(100):
        string.take("y" * 1000, 0, 0.0)
    assert len(string._text) == MOST_KEPT


@pytest.mark.parametrize(
    ("luminances", "late", "theme"),
    [((0.95,), False, "cockpit-light"), ((0.05,), False, "cockpit-dark"), ((0.95,), True, "cockpit-dark")],
)
async def test_the_automatic_theme_suits_the_ground(luminances: tuple[float, ...], late: bool, theme: str) -> None:
    app = CockpitApp(scene(), theme="auto")
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.theme == "cockpit-dark"
        app._asked_at = float("-inf") if late else float("inf")
        for luminance in luminances:
            app.post_message(GroundReported(luminance))
        await pilot.pause()
        assert app.theme == theme


async def test_a_theme_that_was_chosen_is_kept_whatever_the_ground_is() -> None:
    app = CockpitApp(scene(), theme="high-contrast")
    async with app.run_test(size=(80, 24)) as pilot:
        app._asked_at = float("inf")
        app.post_message(GroundReported(1.0))
        await pilot.pause()
        assert app.theme == "high-contrast"
