"""The verbs `vm`, `commits`, `repositories` and `whoami` as a script uses them, over one fleet without an agent."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from cockpit.embedded.endpoint import read_token
from tests.fleets import FleetUnderTest


def done(fleet: FleetUnderTest, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a verb that must succeed."""
    ended = fleet.run(*words)
    assert ended.returncode == 0, ended
    return ended


def told(fleet: FleetUnderTest, *words: str) -> Any:
    """Return what a verb says in JSON."""
    return json.loads(done(fleet, *words, "--json").stdout)


def test_a_vm_its_size_its_labels_and_what_becomes_of_its_commits(fleet: FleetUnderTest) -> None:
    for words in (("--vcpu", "0"), ("--from", "golden", "--disk", "9000"), ("--count", "2")):
        assert fleet.run("vm", "new", *words).returncode == 2
    done(fleet, "vm", "new", "--dry-run")
    assert told(fleet, "vms") == []

    (made,) = told(fleet, "vm", "new", "--vcpu", "4", "--memory", "2048", "--label", "role=builder")
    vm = made["vm_id"]
    assert (made["vcpus"], made["memory_mib"], made["disk_mib"]) == (4, 2048, 8192)
    assert told(fleet, "vm", "label", vm)["labels"]["role"] == "builder"
    own = {name: text for name, text in told(fleet, "vm", "label", vm)["labels"].items() if name != "role"}
    assert all(name.startswith("swarm-cockpit-") for name in own) and own
    labels = told(fleet, "vm", "label", vm, "role=golden", "team=a", "--replace")["labels"]
    assert labels == {"role": "golden", "team": "a", **own}
    assert told(fleet, "vm", "label", vm, "--remove", "team", "--replace")["labels"] == own

    shrunk = fleet.run("vm", "size", vm, "--disk", "8192")
    assert shrunk.returncode == 1 and "can only grow" in shrunk.stderr
    assert told(fleet, "vm", "size", vm, "--disk", "10G")["disk_mib"] == 10240
    listed = done(fleet, "vms").stdout
    assert "4c 2G 10G" in listed and "SANDBOX" in listed and " walls" in listed

    (first,) = done(fleet, "commit", vm, "--name", "golden").stdout.split()
    (second,) = done(fleet, "commit", vm, "--name", "later").stdout.split()
    found = {commit["commit_id"]: commit for commit in told(fleet, "commits")}
    assert list(found) == [second, first]
    assert found[second]["parent_commit"] == first and found[second]["parent_vm"] == vm
    assert found[first]["size_bytes"] > 0 and found[first]["disk_mib"] == 10240
    assert [parent["commit_id"] for parent in told(fleet, "commits", "show", "later")["parents"]] == [first]

    done(fleet, "repositories", "new", "images")
    done(fleet, "commits", "tag", "golden", "stable")
    assert fleet.run("commits", "tag", "later", "stable").returncode == 1
    done(fleet, "commits", "tag", "later", "stable", "--move")
    assert told(fleet, "commits", "tag", second[:8], "images:v1")["tags"] == ["stable", "images:v1"]
    renamed = told(fleet, "commits", "rename", "stable", "newest", "--description", "what agents start from")
    assert (renamed["name"], renamed["description"], renamed["commit_id"]) == (
        "newest",
        "what agents start from",
        second,
    )
    assert told(fleet, "repositories")[0]["tags"] == {"v1": second}

    assert told(fleet, "repositories", "show", "images")["public"] is True
    (tag,) = told(fleet, "repositories", "tags", "embedded/images")
    assert (tag["commit_id"], tag["reference"]) == (second, "embedded/images:v1")
    assert fleet.run("vm", "new", "--from", "embedded/images:v2").returncode == 1
    children = told(fleet, "vm", "new", "--from", "embedded/images:v1", "--count", "2")
    assert [child["parent_commit"] for child in children] == [second, second]
    would = told(fleet, "commits", "delete", "newest", "--dry-run")
    assert sorted(would["vms"]) == sorted(child["vm_id"] for child in children)
    held = fleet.run("commits", "delete", "newest", "--yes")
    assert held.returncode == 1 and "2 active VM(s)" in held.stderr, held
    unasked = fleet.run("commits", "delete", "golden")
    assert unasked.returncode == 2 and "--yes" in unasked.stderr
    assert told(fleet, "commits", "delete", "golden", "--yes") == {"deleted": first}
    assert fleet.run("commits", "show", "golden").returncode == 3
    done(fleet, "repositories", "delete", "images", "--yes")
    assert told(fleet, "commits")[0]["tags"] == ["stable"]


def test_variables_are_said_to_be_readable_and_their_values_are_not_printed(fleet: FleetUnderTest) -> None:
    changed = done(fleet, "vm", "env", "CANARY=a secret", "B=2")
    assert "everybody on it can read them" in changed.stderr and "a secret" not in changed.stdout + changed.stderr
    assert told(fleet, "vm", "env") == {"CANARY": "a secret", "B": "2"}
    assert fleet.run("vm", "env", "1A=x").returncode == 1
    assert told(fleet, "vm", "env", "--remove", "CANARY") == {"B": "2"}
    assert fleet.run("vm", "env", "nothing").returncode == 2


def test_whoami_says_whose_key_it_is_and_how_one_is_got(fleet: FleetUnderTest) -> None:
    said = fleet.run("whoami", "--json")
    (account,) = json.loads(said.stdout)
    assert "embedded" in account["platform_version"]
    assert account["valid"] and account["organisation"] == "embedded" and account["key_from"] is None
    assert "https://vers.sh" in said.stderr and "~/.vers/keys.json" in said.stderr
    assert read_token(fleet.places.fleet)[40:] not in said.stdout + said.stderr
