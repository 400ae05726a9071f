"""Verbs over one fleet: the queue, standard error, and the lines of several agents as one."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from cockpit.cli.expression import Expression
from cockpit.cli.signals import TookTooLong
from cockpit.cli.since import moment_of
from cockpit.errors import UsageError
from tests.engine.evidence import agent_place
from tests.fleets import FleetUnderTest, poll

NOW = datetime(2026, 11, 29, 14, 5).timestamp()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", NOW - 90),
        ("1h30m", NOW - 5400),
        ("2d", NOW - 172_800),
        ("14:00", NOW - 300),
        ("14:04:30", NOW - 30),
        ("14:06", NOW + 60 - 86_400),
        ("2026-11-29T13:05", NOW - 3600),
        ("2026-11-29", NOW - 14 * 3600 - 300),
    ],
)
def test_a_moment_is_a_span_or_a_time(text: str, moment: float) -> None:
    assert moment_of(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "soon", "10", "25:00", "1h-2m", "999999999d9", "2026-13-01", "\x1b[2J"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--since"):
        moment_of(text, NOW)


def test_an_expression_that_runs_away_is_ended() -> None:
    assert Expression("b.b").finds("xbab") and not Expression("^b").finds("xb")
    with pytest.raises(TookTooLong):
        Expression("(a+)+$").finds("a" * 60 + "!")
    assert Expression("a").finds("a"), "what comes after it is searched as before"
    with pytest.raises(UsageError, match="no regular expression"):
        Expression("(")


def test_the_queue_of_an_agent_and_the_lines_of_two(fleet: FleetUnderTest) -> None:
    for name in ("ada", "bob"):
        assert fleet.run("spawn", name, "--agent", "scripted").returncode == 0
    assert fleet.run("send", "bob", "[think 5] [say Of \x1b[31mbob.]", "--wait", "done").returncode == 0
    assert fleet.run("send", "ada", "[bash sleep 300]").returncode == 0
    for text, mode in (("first", "follow-up"), ("second", "follow-up"), ("stop", "steer")):
        assert fleet.run("send", "ada", text, "--mode", mode).returncode == 0

    def queue(*words: str) -> dict[str, object]:
        done = fleet.run("queue", "ada", *words, "--json")
        assert done.returncode == 0, done
        found: dict[str, object] = json.loads(done.stdout)
        return found

    def waiting() -> list[tuple[str, str]]:
        found = queue()["waiting"]
        assert isinstance(found, list) and all(one["command"] and one["since"] for one in found)
        return [(one["kind"], one["text"]) for one in found]

    assert waiting() == [("steer", "stop"), ("follow-up", "first"), ("follow-up", "second")]
    listed = fleet.run("queue", "ada").stdout
    assert "after an abort: it waits for the next prompt" in listed and "cockpit  first" in listed
    assert fleet.run("queue", "ada", "--take", "9").returncode == 2
    assert fleet.run("queue", "ada", "--take", "1", "--clear").returncode == 2
    assert queue("--steer", "3", "--dry-run")["done"] is False and len(waiting()) == 3
    assert queue("--steer", "3")["done"] is True
    assert waiting() == [("steer", "stop"), ("steer", "second"), ("follow-up", "first")]
    assert fleet.run("queue", "ada", "--take", "1").stdout == "stop\n"
    assert fleet.run("queue", "ada", "--clear").returncode == 2, "without a terminal nobody can be asked"
    assert fleet.run("queue", "ada", "--clear", "--yes").stdout == "second\n\nfirst\n"
    assert waiting() == []
    refused = fleet.run("send", "ada", "look", "--image", "a.png")
    assert refused.returncode == 1 and "reads no images" in refused.stderr

    both = fleet.run("tail", "ada", "bob", "--no-follow").stdout.splitlines()
    assert {line.split()[1] for line in both} == {"ada", "bob"} and "\x1b" not in "".join(both)
    clocks = [line.split()[0] for line in both]
    assert clocks == sorted(clocks) or "23:59" in clocks[0]
    found = [json.loads(line) for line in fleet.run("tail", "ada", "bob", "--no-follow", "--json").stdout.splitlines()]
    alone = fleet.run("tail", "ada", "--no-follow", "--json").stdout.splitlines()
    assert len([one for one in found if one["name"] == "ada"]) == len(alone)
    assert [one["about"] for one in found] == sorted(one["about"] for one in found)
    fits = fleet.run("tail", "ada", "bob", "--no-follow", "--grep", "Of .*bob")
    assert fits.returncode == 0 and {line.split()[1] for line in fits.stdout.splitlines()} == {"bob"}
    assert fleet.run("tail", "ada", "bob", "--no-follow", "--grep", "nothing like it").returncode == 1
    assert fleet.run("tail", "ada", "nobody", "--no-follow").returncode == 3
    assert fleet.run("tail", "ada", "bob", "--raw").returncode == 2
    assert len(fleet.run("read", "bob", "--lines", "2").stdout.strip().splitlines()) >= 2

    vm_id = json.loads(fleet.run("err", "ada", "--json").stdout)["vm_id"]
    err = agent_place(fleet, vm_id) / "err"
    poll(err.exists, "a file for standard error")
    err.write_bytes(b"one\n\x1b[2Jtwo\nthree")
    assert json.loads(fleet.run("err", "ada", "--lines", "2", "--json").stdout)["lines"] == ["\x1b[2Jtwo", "three"]
    said = fleet.run("err", "ada").stdout
    assert said.splitlines()[0] == "one" and "\x1b" not in said
