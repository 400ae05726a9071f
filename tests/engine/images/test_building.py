"""Golden images on a fleet of this machine: built by verbs, gone on with, patched, described, restored, deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fleets import FleetUnderTest

pytestmark = pytest.mark.slow

RECIPE = """
description = "what tests need"
[[steps]]
name = "system"
check = "false"
run = "touch /tmp/never-here"
[[steps]]
name = "notes"
scope = "home"
check = 'test -s "$HOME/notes"'
run = 'echo {word} >>"$HOME/notes"'
[[steps]]
name = "may fail"
scope = "home"
check = 'test -e "$HOME/good"'
run = 'test {good} = yes && touch "$HOME/good"'
[[steps]]
name = "secrets"
scope = "home"
clears_secrets = true
check = 'test ! -e "$HOME/.netrc"'
run = 'rm -f "$HOME/.netrc"'
"""


def recipe(directory: Path, *, word: str = "once", good: str = "yes") -> str:
    file = directory / "recipe.toml"
    file.write_text(RECIPE.format(word=word, good=good), encoding="utf-8")
    return str(file)


def test_an_image_is_built_gone_on_with_patched_and_restored(fleet: FleetUnderTest, tmp_path: Path) -> None:
    failed = fleet.run("images", "build", "base", "--recipe", recipe(tmp_path, good="no"))
    assert failed.returncode == 1
    assert "✓ notes" in failed.stderr and "✗ may fail" in failed.stderr
    assert "images build base` goes on from there" in failed.stderr
    assert json.loads(fleet.run("images", "list", "--json").stdout) == []
    (left,) = json.loads(fleet.run("vms", "--json").stdout)

    built = fleet.run("images", "build", "base", "--recipe", recipe(tmp_path), "--json")
    assert built.returncode == 5, "the system's step could not be done here, and that is no whole success"
    assert left["vm_id"] in built.stderr and "lacks system" in built.stderr and "base:latest" in built.stderr
    assert not Path("/tmp/never-here").exists()
    first = json.loads(built.stdout)
    assert (first["name"], first["number"], first["lacks"]) == ("base", 1, ["system"])
    assert json.loads(fleet.run("vms", "--json").stdout) == [], "the VM it was built on is gone"

    words = recipe(tmp_path, word="twice")
    patched = fleet.run("images", "patch", "base", "--recipe", words, "--again", "notes", "--json")
    assert patched.returncode == 5, patched.stderr
    second = json.loads(patched.stdout)
    assert (second["number"], second["origin"]) == (2, first["commit"])
    assert fleet.run("images", "describe", first["commit"], "the old one").returncode == 0
    listed = {image["commit"]: image for image in json.loads(fleet.run("images", "list", "--json").stdout)}
    assert [listed[commit]["superseded"] for commit in (first["commit"], second["commit"])] == [True, False]
    assert listed[first["commit"]]["description"] == "the old one"
    assert listed[first["commit"]]["lacks"] == ["system"], "what was found in it stays"

    assert fleet.run("spawn", "ada", "--agent", "scripted", "--image", "base").returncode == 0
    said = fleet.run("send", "ada", '[bash cat "$HOME/notes"; ls "$HOME/.swarm"]', "--wait", "done")
    assert said.returncode == 0, said.stderr
    output = fleet.run("tail", "ada", "--no-follow").stdout
    assert "once" in output and "twice" in output and "image.json" in output and "steps" not in output

    assert fleet.run("images", "delete", first["commit"], "--dry-run").returncode == 0
    assert fleet.run("images", "delete", first["commit"]).returncode == 2, "without a terminal it needs --yes"
    assert fleet.run("images", "delete", first["commit"], "--yes").returncode == 0
    assert fleet.run("images", "delete", second["commit"], "--yes").returncode == 1, "an agent lives that is made of it"
    assert [image["commit"] for image in json.loads(fleet.run("images", "list", "--json").stdout)] == [second["commit"]]
    assert fleet.run("images", "delete", "nothing", "--yes").returncode == 3


def test_a_secret_that_is_left_is_found_before_the_commit(fleet: FleetUnderTest, tmp_path: Path) -> None:
    text = RECIPE.format(word="AKIA" + "A1" * 8, good="yes")
    file = tmp_path / "recipe.toml"
    file.write_text(text, encoding="utf-8")
    before = fleet.run("images", "list", "--json").stdout
    refused = fleet.run("images", "build", "leaky", "--recipe", str(file))
    assert refused.returncode == 1
    assert "would hold a key or token, in notes" in refused.stderr
    assert "AKIA" not in refused.stderr
    assert fleet.run("images", "list", "--json").stdout == before


LIVING = (
    """
[[steps]]
name = "an agent"
scope = "home"
check = 'test -p "$HOME/pi-rpc/in"'
run = """
    + "'''"
    + """
mkdir -p -m 700 "$HOME/pi-rpc" && mkfifo "$HOME/pi-rpc/in"
setsid sh -c 'exec sleep 300 >"$HOME/pi-rpc/in"' </dev/null >/dev/null 2>&1 &
setsid sh -c 'exec cat <"$HOME/pi-rpc/in"' </dev/null >/dev/null 2>&1 &
"""
    + "'''"
    + """
[[steps]]
name = "out"
scope = "home"
clears_secrets = true
check = "true"
run = "true"
"""
)


def test_a_vm_on_which_an_agent_lives_is_not_committed(fleet: FleetUnderTest, tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(LIVING, encoding="utf-8")
    before = fleet.run("images", "list", "--json").stdout
    refused = fleet.run("images", "build", "living", "--recipe", str(file))
    assert refused.returncode == 1
    assert "an agent lives at ~/pi-rpc" in refused.stderr and "✗ commit" in refused.stderr
    assert fleet.run("images", "list", "--json").stdout == before
