"""The verb `trust-host-key` over a VM whose trusted key was changed behind the cockpit's back."""

from __future__ import annotations

import json
import sqlite3
import subprocess

import asyncssh
import pytest

from tests.fleets import FleetUnderTest


@pytest.fixture
def changed(fleet: FleetUnderTest) -> str:
    """An agent whose VM shows another key than the one that is trusted; returns its VM's id."""
    fleet.run("destroy", "ada", "--yes")
    done = fleet.run("spawn", "ada", "--agent", "scripted", "--json")
    assert done.returncode == 0, done.stderr
    vm_id = str(json.loads(done.stdout)["vm_id"])
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh").decode()
    with sqlite3.connect(fleet.places.history) as history:
        history.execute("UPDATE host_keys SET key = ? WHERE identity = ?", (" ".join(other.split()[:2]), vm_id))
    history.close()
    return vm_id


def trust(fleet: FleetUnderTest, *words: str) -> subprocess.CompletedProcess[str]:
    return fleet.run("trust-host-key", *words)


def test_a_changed_key_is_trusted_once_somebody_says_so(fleet: FleetUnderTest, changed: str) -> None:
    refused = fleet.run("send", "ada", "hello")
    assert refused.returncode == 1 and f"`cockpit trust-host-key {changed}`" in refused.stderr, refused
    asked = trust(fleet, "ada")
    assert asked.returncode == 2 and "--yes" in asked.stderr and "SHA256:" in asked.stderr, asked
    assert fleet.run("send", "ada", "hello").returncode == 1, "a question that was not answered changes nothing"
    done = trust(fleet, changed, "--yes", "--json")
    assert done.returncode == 0, done
    said = json.loads(done.stdout)
    private = fleet.places.fleet / "vms" / changed / "keys" / "host"
    shown = asyncssh.read_private_key(private).export_public_key("openssh").decode().split()[:2]
    assert said == {"vm_id": changed, "trusted": " ".join(shown)}
    assert fleet.run("send", "ada", "[say Here.]", "--wait", "done").stdout == "Here.\n"
    again = trust(fleet, "ada", "--yes")
    assert again.returncode == 0 and "is the trusted one" in again.stderr, again
    assert trust(fleet, "nobody", "--yes").returncode == 3
