"""Destroy and undo on a real fleet: the agent comes back with its conversation, whoever has its name by then."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

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
    # The platform may have been told to delete it, and not be done yet; whoever looks first says what was cut off.
    before = fleet.run("vms")
    listed = fleet.run("undo", "--json")
    assert listed.returncode == 0, listed.stderr
    (kept,) = [one for one in json.loads(listed.stdout) if one["name"] == "eve"]
    assert kept["state"] == "kept" and kept["commit_id"]
    after = fleet.run("vms")
    said = before.stderr + listed.stderr + after.stderr
    was_there, there = vm in before.stdout, vm in after.stdout
    # Where the kill came after the deletion, too, nothing was cut off and nothing is to be said.
    assert ("destroy eve was cut off" in said) or not there
    assert ("was not deleted" in said) is there or was_there is not there
    if not there:
        assert fleet.run("undo", "eve").returncode == 0


def home_of(fleet: FleetUnderTest, vm: str) -> Path:
    """Return the home of a VM of the embedded fleet."""
    return fleet.places.fleet / "vms" / vm / "home"


def holding(fleet: FleetUnderTest, secret: str) -> list[str]:
    """Return the files of commits that hold a text."""
    files = (path for path in (fleet.places.fleet / "commits").rglob("*") if path.is_file() and not path.is_symlink())
    return [str(path) for path in files if secret.encode() in path.read_bytes()]


def test_a_clean_commit_holds_no_key_and_the_agent_goes_on_with_its_own(fleet: FleetUnderTest) -> None:
    vm = json.loads(fleet.run("spawn", "kim", "--agent", "scripted", "--json").stdout)["vm_id"]
    assert fleet.run("send", "kim", "[say remember green]", "--wait", "done").returncode == 0
    key = home_of(fleet, vm) / ".pi" / "agent" / "auth.json"
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_text('{"key": "very-secret-word"}', encoding="utf-8")
    done = fleet.run("commit", "kim", "--clean", "--name", "tidy", "--json")
    assert done.returncode == 0, done.stderr
    assert ".pi/agent/auth.json" in done.stderr and "very-secret" not in done.stderr
    assert holding(fleet, "very-secret-word") == []
    assert key.read_text(encoding="utf-8") == '{"key": "very-secret-word"}'
    assert fleet.run("send", "kim", "[say still here]", "--wait", "done").stdout.strip() == "still here"
    assert "very-secret-word" not in "".join(
        path.read_text(errors="replace") for path in fleet.root.glob("taken-out/*")
    ), "nothing stays behind here"

    unclean = fleet.run("commit", "kim")
    assert unclean.returncode == 0 and "--clean" in unclean.stderr, "what may be in it is said"
    assert holding(fleet, "very-secret-word") != []

    (commit,) = json.loads(done.stdout)
    back = fleet.run("restore", commit, "--name", "kim-before", "--json")
    assert back.returncode == 0, back.stderr
    assert json.loads(back.stdout)["name"] == "kim-before"
    said = fleet.run("read", "kim-before", "--last", "2").stdout
    assert "remember green" in said and "still here" not in said


def test_keys_that_a_killed_commit_took_off_come_back_with_a_relaunch(fleet: FleetUnderTest) -> None:
    vm = json.loads(fleet.run("spawn", "lee", "--agent", "scripted", "--json").stdout)["vm_id"]
    key = home_of(fleet, vm) / ".netrc"
    key.write_text("password other-secret", encoding="utf-8")
    committing = subprocess.Popen(
        fleet.verb("commit", "lee", "--clean"), stderr=subprocess.PIPE, text=True, env=fleet.environment()
    )
    assert committing.stderr is not None
    for line in committing.stderr:
        if "take its keys out" in line:
            committing.send_signal(signal.SIGKILL)
            break
    committing.communicate()
    if not key.exists():
        relaunched = fleet.run("relaunch", "lee")
        assert relaunched.returncode == 0, relaunched.stderr
        assert "put its keys back" in relaunched.stderr
    assert key.read_text(encoding="utf-8") == "password other-secret"
    assert fleet.run("send", "lee", "[say again]", "--wait", "done").stdout.strip() == "again"


def test_a_prompt_that_went_wrong_is_tried_again_from_its_checkpoint(fleet: FleetUnderTest) -> None:
    assert fleet.run("spawn", "max", "--agent", "scripted").returncode == 0
    assert fleet.run("retry", "max", "x", "--yes").returncode == 3, "there is no checkpoint yet"
    assert fleet.run("send", "max", "[say before]", "--wait", "done").returncode == 0
    first = fleet.run("send", "max", "[say wrong way]", "--checkpoint", "--wait", "done")
    assert (first.returncode, first.stdout.strip()) == (0, "wrong way"), first.stderr
    assert "keys among them" in first.stderr, "what is in the commit is said"
    again = fleet.run("retry", "max", "[say right way]", "--yes", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["name"] == "max"
    assert fleet.run("wait", "max", "--until", "idle", "--timeout", "30").returncode == 0
    said = fleet.run("read", "max", "--last", "5").stdout
    assert "before" in said and "right way" in said and "wrong way" not in said
    (one, two) = json.loads(fleet.run("checkpoints", "max", "--json").stdout)
    assert [one["prompt"], two["prompt"]] == ["[say wrong way]", "[say right way]"]
    assert one["commit_id"] == two["commit_id"]
    kept = [one["name"] for one in json.loads(fleet.run("undo", "--json").stdout) if one["state"] == "kept"]
    assert "max" in kept, "the wrong way can be brought back, too"
