"""The verb `read`: the last answers, or the last lines, of an agent that lives or is gone."""

from __future__ import annotations

import json

import pytest

from tests.fleets import FleetUnderTest


@pytest.fixture(scope="module")
def eve(fleet: FleetUnderTest) -> str:
    """An agent that answered three times; before it had, that was said."""
    assert fleet.run("spawn", "eve", "--agent", "scripted").returncode == 0
    done = fleet.run("read", "eve")
    assert (done.returncode, done.stdout) == (1, "") and "has answered nothing yet" in done.stderr, done
    for word in ("One.", "Two \x07lines.", "Three."):
        assert fleet.run("send", "eve", f"[think 5] [say {word}]", "--wait", "done").returncode == 0
    return "eve"


def test_nobody_answered_nothing(fleet: FleetUnderTest) -> None:
    assert fleet.run("read", "nobody").returncode == 3


def test_the_last_answers(fleet: FleetUnderTest, eve: str) -> None:
    assert fleet.run("read", eve).stdout == "Three.\n"
    two = fleet.run("read", eve, "--last", "2").stdout
    assert "\x07" not in two and two.endswith("\n\nThree.\n") and two.startswith("Two "), two
    found = json.loads(fleet.run("read", eve, "--last", "9", "--json").stdout)
    assert [answer["text"] for answer in found] == ["One.", "Two \x07lines.", "Three."]
    assert [answer["line"] for answer in found] == sorted(answer["line"] for answer in found)


def test_answers_and_lines_exclude_each_other(fleet: FleetUnderTest) -> None:
    assert fleet.run("read", "eve", "--last", "2", "--lines", "3").returncode == 2


def test_the_last_lines(fleet: FleetUnderTest, eve: str) -> None:
    def places(*words: str) -> list[tuple[int, int, str]]:
        records = map(json.loads, fleet.run(*words, "--json").stdout.splitlines())
        return [(record["line"], record["offset"], record["kind"]) for record in records]

    assert places("read", eve, "--lines", "5") == places("tail", eve, "--no-follow")[-5:]
    assert "Three." in fleet.run("read", eve, "--lines", "20").stdout


def test_what_the_operator_ran_on_the_agent_is_among_the_lines(fleet: FleetUnderTest, eve: str) -> None:
    assert fleet.run("bash", eve, "echo heron; exit 4").stdout == "heron\n"
    shown = fleet.run("read", eve, "--lines", "1").stdout
    assert "operator's bash, exit 4" in shown and "heron" in shown, shown


def test_one_that_is_gone_is_read_from_the_record(fleet: FleetUnderTest, eve: str) -> None:
    assert fleet.run("destroy", eve, "--yes").returncode == 0
    done = fleet.run("read", eve, "--last", "3")
    assert done.returncode == 0 and done.stdout.endswith("Three.\n") and "is gone" in done.stderr, done
