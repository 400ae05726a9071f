"""What a line means, whatever is typed; and what it can become: each candidate leads to a line that means something."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cockpit.ui.actions.action import Situation
from cockpit.ui.actions.offered import OfferedAction
from cockpit.ui.actions.registry import ACTIONS, disabled_reason
from cockpit.ui.actions.words import vocabulary
from cockpit.ui.command_line.completion import candidates
from cockpit.ui.command_line.grammar import (
    HERE,
    Command,
    Kind,
    LineError,
    LineWords,
    Parsed,
    parse,
    quoted,
    tokens_of,
)
from tests.ui.scene import scene

NAMES = st.lists(
    st.text(max_size=12) | st.text(alphabet="a\"' "),
    max_size=5,
    unique_by=lambda name: name.replace('"', "'").casefold(),
)
COMMANDS = (
    Command("pause", "vm.pause", kinds=(Kind.AGENT,)),
    Command("prompt", "talk.prompt", kinds=(Kind.AGENT, Kind.TEXT)),
    Command("move", "board.move", kinds=(Kind.TASK, Kind.STATUS)),
    Command("go", "move.go_to", kinds=(Kind.PLACE,)),
    Command("help", "app.help"),
)


def words(names: list[str]) -> LineWords:
    named = [(name, f"k{at}") for at, name in enumerate(names)]
    return LineWords(COMMANDS, {Kind.AGENT: named, Kind.TASK: named, Kind.PLACE: named, Kind.STATUS: [("done", "d")]})


@given(st.text(max_size=60), NAMES)
def test_any_line_means_something_or_says_where_it_does_not(line: str, names: list[str]) -> None:
    tokens = tokens_of(line)
    assert all(one.end <= other.start for one, other in pairwise(tokens))
    found = parse(line, words(names))
    if isinstance(found, LineError):
        assert found.text and 0 <= found.start <= len(line)
    else:
        assert len(found.keys) <= len(found.command.kinds) and found.line == line
    for one in candidates(line, words(names)):
        assert one.line.startswith(line[: tokens[-1].start] if tokens and not line[-1].isspace() else line.lstrip()[:0])


@given(NAMES, st.sampled_from(["pause", "prompt", "go"]), st.text(min_size=1, max_size=30))
def test_a_name_is_found_again_however_it_is_written(names: list[str], word: str, text: str) -> None:
    for at, name in enumerate(names):
        found = parse(f"{word} {quoted(name)}", words(names))
        assert isinstance(found, Parsed)
        assert found == Parsed(found.command, (HERE if name == HERE else f"k{at}",), f"{word} {quoted(name)}")
        if word == "prompt" and text.strip():
            said = parse(f"prompt {quoted(name)} {text}", words(names))
            assert isinstance(said, Parsed) and said.keys[1] == text.strip()


@given(NAMES)
def test_what_is_offered_leads_to_a_line_that_means_something(names: list[str]) -> None:
    vocabulary_ = words(names)
    for line in ("", "pau", "pause ", "move ", "go "):
        for one in candidates(line, vocabulary_):
            assert isinstance(parse(one.line, vocabulary_), Parsed)


def test_errors_name_what_is_near_and_what_is_ambiguous() -> None:
    twins = LineWords(COMMANDS, {Kind.AGENT: [("ada", "1"), ("ada", "2"), ("bob", "3")]})
    for line, said, start in (
        ("puase bob", "nearest is 'pause'", 0),
        ("pause bub", "nearest is 'bob'", 6),
        ("pause ada", "2 are called 'ada'", 6),
        ("pause bob now", "takes [agent], not 'now'", 10),
        ("help me", "takes nothing more", 5),
    ):
        found = parse(line, twins)
        assert isinstance(found, LineError) and said in found.text and found.start == start
    assert parse("pause 2", twins) == Parsed(COMMANDS[0], ("2",), "pause 2")


def test_every_action_can_be_typed_by_a_word_of_its_own() -> None:
    engine = scene()
    situation = Situation(engine, engine.fleet, engine.fleet.agents[0])
    offered = [
        OfferedAction(one.id, one.label, one.group, one.description, one.keys, disabled_reason(one, situation))
        for one in ACTIONS
    ]
    all_ = vocabulary(offered, engine.fleet, ("dark",))
    assert sorted(one.action for one in all_.commands) == sorted(one.id for one in ACTIONS)
    assert len({one.word for one in all_.commands}) == len(ACTIONS)
    for word in ("prompt", "steer", "follow-up", "abort", "pause", "resume", "why", "spawn", "move", "assign", "go"):
        assert any(one.word == word for one in all_.commands), word
