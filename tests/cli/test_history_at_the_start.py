"""A history that verbs cannot use: a newer one is refused and stays, a damaged one is kept and named."""

from __future__ import annotations

import sqlite3

import pytest

from cockpit.store import schema
from tests.fleets import FleetUnderTest

pytestmark = pytest.mark.timeout(300)
"""Seconds: each test starts a program for every verb."""

VERBS = [
    ("vms",),
    ("agents",),
    ("board",),
    ("search", "x"),
    ("spawn", "ada"),
    ("send", "ada", "x"),
    ("tail", "ada", "--no-follow"),
    ("wait", "ada", "--until", "idle"),
    ("read", "ada"),
    ("why", "ada"),
    ("relaunch", "ada"),
    ("adopt", "11111111-0000-4000-8000-000000000001", "--name", "ada"),
    ("trust-host-key", "ada", "--yes"),
    ("dismiss", "ada"),
    ("answer", "ada", "x"),
    ("pause", "ada"),
    ("resume", "ada"),
    ("abort", "ada"),
    ("destroy", "ada", "--yes"),
    ("commit", "ada"),
    ("branch", "ada"),
]


def test_every_verb_refuses_a_newer_history_and_every_verb_names_a_damaged_one(fleet: FleetUnderTest) -> None:
    assert fleet.run("vms").returncode == 0
    path = fleet.places.history
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    content = path.read_bytes()
    for verb in VERBS:
        done = fleet.run(*verb)
        assert done.returncode == 1, (verb, done)
        assert f"is of version {schema.VERSION + 1}" in done.stderr and "use the newer cockpit" in done.stderr, verb
        assert path.read_bytes() == content, verb
    assert list(path.parent.glob("*.broken-*")) == []
    for number, verb in enumerate(VERBS[:5], 1):
        path.write_bytes(b"no database " * 100)
        done = fleet.run(*verb)
        kept = list(path.parent.glob("*.broken-*"))
        assert len(kept) == number, (verb, done)
        assert any(f"it was kept as {one} and a new one begun" in done.stderr for one in kept), (verb, done)
        assert "Host keys" in done.stderr


@pytest.mark.parametrize("verb", [("vms",), ("search", "x")])
def test_a_sound_history_is_no_news(fleet: FleetUnderTest, verb: tuple[str, ...]) -> None:
    assert "history" not in fleet.run(*verb).stderr
