"""The look at a host costs little for each place, and nothing that stands there holds it up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from cockpit.engine.hosts.places import HostLook, parse_look
from cockpit.engine.hosts.scripts import PLACE_FILE, SCAFFOLD, SCAN
from cockpit.model.names import NAME_LABEL

PLACES = 10


def place(home: Path, name: str, labels: str) -> Path:
    """Make what a spawned agent leaves."""
    directory = home / "agents" / name / SCAFFOLD
    directory.mkdir(parents=True)
    (directory / PLACE_FILE).write_text(labels)
    return directory


def look(home: Path, search: str) -> HostLook:
    """Look as it is done on a host."""
    environment = {"HOME": str(home), "PATH": search}
    done = subprocess.run(
        ["/bin/sh", "-c", SCAN, "sh", "~/agents", "~/odd*"],
        env=environment,
        capture_output=True,
        timeout=60,
        check=True,
    )
    return parse_look("alpha", done.stdout)


def test_a_place_costs_two_programs_at_most(tmp_path: Path) -> None:
    tools, calls = tmp_path / "tools", tmp_path / "calls"
    tools.mkdir()
    for name in ("head", "tr", "wc", "cat"):
        (tools / name).write_text(f'#!/bin/sh\necho {name} >>"{calls}"\nexec {shutil.which(name)} "$@"\n')
        (tools / name).chmod(0o755)
    for number in range(PLACES):
        directory = place(tmp_path, f"ada-{number}", json.dumps({NAME_LABEL: f"ada-{number}"}))
        (directory / "pid").write_text("1")
    found = look(tmp_path, str(tools)).places
    assert sorted(one.labels[NAME_LABEL] for one in found) == sorted(f"ada-{number}" for number in range(PLACES))
    assert len(calls.read_text().split()) <= 2 * PLACES


def test_what_is_no_file_and_labels_on_several_lines_hold_nothing_up(tmp_path: Path) -> None:
    odd = place(tmp_path, "odd", "")
    for name in (PLACE_FILE, "pid"):
        (odd / name).unlink(missing_ok=True)
        os.mkfifo(odd / name)
    (odd / "run").touch()
    place(tmp_path, "bob", json.dumps({NAME_LABEL: "bob"}, indent="\t"))
    (tmp_path / "odd\nplace\tx" / "run").mkdir(parents=True)
    (tmp_path / "odd\nplace\tx" / "out").touch()
    found = {one.directory.split("/")[-2]: one for one in look(tmp_path, os.environ["PATH"]).places}
    assert found.keys() == {"odd", "bob"}
    assert found["odd"].process is None and found["bob"].labels == {NAME_LABEL: "bob"}
