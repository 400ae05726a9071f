"""Destroy and undo on a real fleet: the agent comes back with its conversation, whoever has its name by then."""

from __future__ import annotations

import json
import signal
import subprocess

from tests.fleets import FleetUnderTest


def test_a_destroyed_agent_comes_back_with_its_conversation_under_a_name_of_its_own(fleet: FleetUnderTest) -> None:
    spawned = fleet.run("spawn", "ada", "--role", "tests", "--label", "docs", "--agent", "scripted")
    assert spawned.returncode == 0, spawned.stderr
    assert fleet.run("send", "ada", "[say remember blue]", "--wait", "done").returncode == 0
    asked = fleet.run("destroy", "ada", "--dry-run", "--json")
    assert asked.returncode == 0, asked.stderr
    (loss,) = json.loads(asked.stdout)
    assert (loss["name"], loss["unknown"], loss["processes"]) == ("ada", [], [])
    assert fleet.run("agents", "--json").stdout.count('"ada"') == 1, "looking changes nothing"

    gone = fleet.run("destroy", "*", "--yes", "--json")
    assert gone.returncode == 0, gone.stderr
    (said,) = json.loads(gone.stdout)
    assert said["name"] == "ada" and said["error"] is None and said["undo"]
    assert fleet.run("destroy", "*", "--yes").returncode == 3, "there is no lieutenant left"
    assert fleet.run("spawn", "ada", "--worker", "--agent", "scripted").returncode == 0

    back = fleet.run("undo", "ada", "--json")
    assert back.returncode == 0, back.stderr
    agent = json.loads(back.stdout)
    assert (agent["name"], agent["kind"], agent["role"], agent["labels"]) == ("ada-2", "lieutenant", "tests", ["docs"])
    assert "remember blue" in fleet.run("read", "ada-2").stdout
    assert fleet.run("undo", "ada").returncode == 3, "it is back already"
    (kept,) = json.loads(fleet.run("undo", "--json").stdout)
    assert (kept["commit_id"], kept["state"]) == (said["undo"], "restored")


def test_a_cockpit_killed_between_commit_and_deletion_loses_nothing(fleet: FleetUnderTest) -> None:
    spawned = fleet.run("spawn", "eve", "--agent", "scripted", "--json")
    assert spawned.returncode == 0, spawned.stderr
    vm = json.loads(spawned.stdout)["vm_id"]
    destroying = subprocess.Popen(
        fleet.verb("destroy", "eve", "--yes"), stderr=subprocess.PIPE, text=True, env=fleet.environment()
    )
    assert destroying.stderr is not None
    for line in destroying.stderr:
        if "commit for undo" in line:
            destroying.send_signal(signal.SIGKILL)
            break
    destroying.communicate()
    listed = fleet.run("undo", "--json")
    assert listed.returncode == 0, listed.stderr
    (kept,) = [one for one in json.loads(listed.stdout) if one["name"] == "eve"]
    assert kept["state"] == "kept" and kept["commit_id"]
    there = vm in fleet.run("vms").stdout
    assert "destroy eve was cut off" in listed.stderr
    assert ("was not deleted" in listed.stderr) is there
    if not there:
        assert fleet.run("undo", "eve").returncode == 0
