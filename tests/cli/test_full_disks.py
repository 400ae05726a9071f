"""A fleet and a history on a disk that is full or read-only: agents stay in reach, and what cannot be done is said."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleets import FleetUnderTest
from tests.leftovers import short_directory
from tests.requirements import missing


def mount(*words: str) -> None:
    """Mount something, or say that it cannot be done here."""
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"no small disk can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def small() -> Iterator[FleetUnderTest]:
    """A fleet with one agent on a disk of its own."""
    disk = short_directory("ckd")
    mount("-t", "tmpfs", "-o", "size=6m", "none", str(disk))
    fleet = FleetUnderTest(disk / "r")
    try:
        done = fleet.run("spawn", "ada", "--agent", "scripted")
        assert done.returncode == 0, done
        yield fleet
    finally:
        mount("-o", "remount,rw,size=16m", str(disk))
        fleet.remove()
        subprocess.run(["umount", "-l", str(disk)], check=True)
        disk.rmdir()


def fill(disk: Path) -> None:
    """Leave not one byte free."""
    with (disk / "filling").open("wb", buffering=0) as file, pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk_is_named_and_keeps_nobody_from_the_agents(small: FleetUnderTest) -> None:
    assert small.run("send", "ada", "hello", "--wait", "done").returncode == 0
    fill(small.root.parent)
    listed = small.run("agents")
    assert listed.returncode == 0 and "Done with" in listed.stdout, listed
    assert "its disk is full" in listed.stderr, listed
    sent = small.run("send", "ada", "say more", "--wait", "consumed")
    assert sent.returncode == 0 or "unconfirmed" not in sent.stderr, sent
    found = small.run("search", "hello")
    assert found.returncode == 1 and "nothing that is recorded can be read" in found.stderr, found
    assert "its disk is full" in found.stderr and "Traceback" not in found.stderr
    made = small.run("spawn", "bob", "--agent", "scripted")
    assert made.returncode == 1 and "could not create a VM" in made.stderr, made
    assert "disk is full" in made.stderr.splitlines()[-1] or os.strerror(errno.ENOSPC) in made.stderr, made
    (small.root.parent / "filling").unlink()
    again = small.run("search", "hello")
    assert again.returncode == 0, again
    assert small.run("spawn", "bob", "--agent", "scripted").returncode == 0


def test_a_read_only_disk_is_named(small: FleetUnderTest) -> None:
    assert small.run("send", "ada", "hello", "--wait", "done").returncode == 0
    assert small.run("serve", "--stop").returncode == 0
    # What still has a file open for writing keeps a disk from becoming read-only: the agents end with the fleet.
    assert small.run("serve", "--end-fleet", "--yes").returncode == 0
    mount("-o", "remount,ro", str(small.root.parent))
    for verb in (("agents",), ("search", "hello"), ("spawn", "bob", "--agent", "scripted")):
        done = small.run(*verb)
        assert done.returncode == 1 and "read-only" in done.stderr.lower(), (verb, done)
        assert "Traceback" not in done.stderr, (verb, done)
