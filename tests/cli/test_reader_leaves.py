"""`cockpit tail | head`: it ends quietly when nobody reads any more, also while the agent says nothing."""

from __future__ import annotations

import subprocess

import pytest

from tests.fleets import FleetUnderTest


@pytest.mark.parametrize("form", [(), ("--json",), ("--raw",)])
def test_a_tail_whose_reader_leaves_ends_quietly(fleet: FleetUnderTest, form: tuple[str, ...]) -> None:
    if form == ():
        assert fleet.run("spawn", "ada", "--agent", "scripted").returncode == 0
        assert fleet.run("send", "ada", "[say One.]", "--wait", "done").returncode == 0
    with subprocess.Popen(
        fleet.command("tail", "ada", *form), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=fleet.environment()
    ) as tail:
        assert tail.stdout is not None and tail.stderr is not None
        assert tail.stdout.readline()
        tail.stdout.close()
        assert tail.wait(60) == 141
        assert tail.stderr.read() == b""


def test_what_was_ordered_is_not_given_up_because_nobody_reads(fleet: FleetUnderTest) -> None:
    with subprocess.Popen(
        fleet.command("spawn", "bea", "--agent", "scripted", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=fleet.environment(),
    ) as spawn:
        assert spawn.stdout is not None
        spawn.stdout.close()
        spawn.wait(60)
    assert "bea" in fleet.run("agents").stdout
