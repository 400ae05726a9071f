"""The README tells the truth: keys, verbs, exit codes and settings are the product's, and every picture is there."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

import cockpit.cli.main  # noqa: F401 - declares the verbs
from cockpit import config
from cockpit.cli.declared.application import application
from cockpit.cli.declared.loading import declare_all
from cockpit.cli.exits import MEANINGS, ExitCode
from cockpit.demo.screenshots import local
from cockpit.ui.actions.keymap import check_keymap
from cockpit.ui.actions.registry import key_table
from tests.packaging.installation import ROOT

declare_all()

README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURES = sorted((ROOT / "screenshots").glob("*.svg"))
CAST = ROOT / "screenshots" / "demonstration.cast"
THEMES = sorted(path.stem for path in (ROOT / "themes").glob("*.toml"))

ADDRESS = re.compile(r"https?://(?!www\.w3\.org/2000/svg)\S+|@import|@font-face|url\((?!#)")
MACHINE = re.compile(r"/(?:tmp|home|root|work|opt|var|usr)/[\w.]")


def command_lines() -> list[list[str]]:
    """Return every `cockpit …` that the README names, as words."""
    return [found.split() for found in re.findall(r"`(cockpit [^`]*)`", README)]


def test_the_key_table_is_the_registry() -> None:
    assert key_table() in README, "put the output of cockpit.ui.actions.registry.key_table() under Keys"


def test_it_opens_with_the_picture_and_the_two_commands() -> None:
    assert README.startswith("![") and "](screenshots/home-cockpit-dark.svg)" in README.splitlines()[0]
    lines = README.splitlines()
    assert "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/cockpit" in lines
    assert "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest" in lines
    assert len(lines) <= 200


def test_every_picture_it_shows_is_there() -> None:
    shown = set(re.findall(r"\]\((screenshots/[^)]+)\)", README))
    assert [path for path in sorted(shown) if not (ROOT / path).is_file()] == []
    assert shown == {f"screenshots/{picture.name}" for picture in [*PICTURES, CAST]}
    assert {f"screenshots/home-{theme}.svg" for theme in THEMES} <= shown


def test_the_animated_picture_is_small_and_shows_the_cockpit_at_work() -> None:
    assert CAST.stat().st_size < 300_000
    head, *lines = [json.loads(line) for line in CAST.read_text(encoding="utf-8").splitlines()]
    assert (head["version"], MACHINE.findall(json.dumps(head))) == (2, [])
    times, kinds, texts = zip(*lines, strict=True)
    assert set(kinds) == {"o"} and list(times) == sorted(times) and times[-1] < 60
    written = "".join(texts)
    assert all(word in written for word in ("atlas", "forge", "working", "asking"))
    assert MACHINE.findall(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", " ", written)) == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_a_picture_loads_nothing_and_tells_nothing_of_the_machine(picture: Path) -> None:
    svg = picture.read_text(encoding="utf-8")
    ET.fromstring(svg)
    assert ADDRESS.findall(svg) == []
    text = svg.replace("&#160;", " ")
    assert MACHINE.findall(text) == []


def test_a_picture_keeps_its_words_in_their_columns() -> None:
    blank = "&#160;"
    words = f"{blank}ab{blank * 3}界{blank * 2}"
    placed = local(f'<text class="a-r1" x="24.4" y="20" textLength="122" clip-path="url(#b)">{words}</text>')
    assert [(float(x), words) for x, words in re.findall(r'x="([\d.]+)"[^>]*>([^<]*)<', placed)] == [
        (36.6, "ab"),
        (97.6, "界"),
    ]


def test_every_verb_it_names_exists_and_every_verb_is_named() -> None:
    commands = typer.main.get_command(application)
    verbs = set(getattr(commands, "commands", {}))
    named = {words[1] for words in command_lines() if len(words) > 1 and not words[1].startswith("-")}
    assert named <= verbs
    table = README.split("| Verb | Example |", 1)[1].split("\n\n", 1)[0]
    told = {verb.strip() for row in table.splitlines() for verb in re.split("[,;]", row.split("|")[1] if row else "")}
    assert verbs - {"demo"} <= told | named


def test_the_options_it_names_exist() -> None:
    group = typer.main.get_command(application)
    known = {option for parameter in group.params for option in parameter.opts}
    for command in getattr(group, "commands", {}).values():
        known |= {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for words in command_lines() for word in words if re.fullmatch(r"--\w.*", word)} <= known


def test_the_exit_codes_are_the_products() -> None:
    codes = re.search(r"Exit codes: (.*?)\.", README)
    assert codes is not None
    assert codes[1] == ", ".join(f"{code:d} {meaning}" for code, meaning in MEANINGS.items())
    assert set(MEANINGS) == set(ExitCode)
    asked = CliRunner().invoke(application, ["--help"])
    assert all(f"  {code:d}  {meaning}\n" in asked.output for code, meaning in MEANINGS.items()), asked.output


def test_the_example_settings_are_valid(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert example is not None
    file = tmp_path / "config.toml"
    file.write_text(example[1], encoding="utf-8")
    settings = config.load(file)
    assert settings.screen.theme in THEMES
    checked = check_keymap(settings.screen.keys)
    assert checked.problems == () and checked.keys
