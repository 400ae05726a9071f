"""What of a VM is nowhere else, found by the script in real repositories and among real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.agents.scaffold.remains import parse_remains, remains_script
from cockpit.errors import CockpitError
from cockpit.model.loss import Remains, Repository
from tests.agents.scaffold.scaffold_machine import Machine, wait_until
from tests.agents.scaffold.test_scripts import SHELLS, shell_machine
from tests.requirements import require_program

VM = "aaaaaaaa-0000-4000-8000-000000000001"

SLEEPER = "import signal, sys\nprint('up', flush=True)\nsignal.pause()\n"


@pytest.fixture(params=SHELLS)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """A machine for each shell, with git."""
    require_program("git")
    machine = shell_machine(tmp_path, request.param)
    yield machine
    machine.close()


def look(machine: Machine) -> Remains:
    """Run the script as an SSH exec would."""
    return parse_remains(*machine.execute(remains_script(machine.paths, VM)), place=f"VM {VM}")


def git(place: Path, *words: str) -> None:
    """Run git as an agent does, with nobody's configuration."""
    place.mkdir(parents=True, exist_ok=True)
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", **names}
    subprocess.run(["git", "-C", str(place), *words], check=True, capture_output=True, env=environment, timeout=30)


def committed(place: Path, name: str) -> None:
    """Commit a file of its own."""
    (place / name).write_text(name, encoding="utf-8")
    git(place, "add", name)
    git(place, "commit", "-q", "-m", name)


def test_work_that_no_remote_has_is_found_wherever_it_is(machine: Machine, tmp_path: Path) -> None:
    origin = tmp_path / "origin.bare"
    git(origin, "init", "-q", "--bare")
    work = tmp_path / "workspace" / "app"
    git(work, "init", "-q", "-b", "main")
    committed(work, "one")
    git(work, "remote", "add", "origin", str(origin))
    git(work, "push", "-q", "origin", "main")
    git(work, "fetch", "-q", "origin")
    assert look(machine).repositories == (Repository("~/workspace/app", 0, 0, 0, has_remote=True),), (
        "all of it is elsewhere"
    )

    committed(work, "two")
    git(work, "switch", "-q", "-c", "side")
    committed(work, "three")
    git(work, "switch", "-q", "main")
    (work / "new\nline").write_text("x", encoding="utf-8")
    (work / "one").write_text("changed", encoding="utf-8")
    alone = tmp_path / "elsewhere" / "notes"
    git(alone, "init", "-q", "-b", "main")
    committed(alone, "a")
    (alone / "a").write_text("later", encoding="utf-8")
    git(alone, "stash", "-q")
    empty = tmp_path / "empty"
    git(empty, "init", "-q")

    broken = tmp_path / "workspace" / "broken"
    (broken / ".git").mkdir(parents=True)
    for file in ("loose", "deep/er/loose", "node_modules/x/index.js"):
        (tmp_path / "workspace" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "workspace" / file).write_text("x", encoding="utf-8")

    remains = look(machine)
    assert remains.loose_files == 2, "those of repositories and packages are not loose"
    found = {repository.path: repository for repository in remains.repositories}
    assert found["~/workspace/app"] == Repository("~/workspace/app", 2, 2, 0, has_remote=True), (
        "a branch that is not checked out counts"
    )
    assert found["~/elsewhere/notes"] == Repository("~/elsewhere/notes", 0, 1, 1, has_remote=False)
    assert found["~/empty"] == Repository("~/empty", 0, 0, 0, has_remote=False)
    assert found["~/workspace/broken"] == Repository("~/workspace/broken"), "unknown, never nothing"
    (said,) = remains.unknown
    assert said.startswith("the work in ~/workspace/broken: ") and "not a git repository" in said


def test_what_the_agent_started_is_named_and_the_scaffold_is_not(machine: Machine, tmp_path: Path) -> None:
    machine.start(environment={"VERS_VM_ID": VM, "VERS_AGENT_NAME": "ada"})
    assert look(machine).processes == (), "agent, launcher, keeper and tmux are the scaffold"
    machine_environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    by_mark = [sys.executable, "-S", "-c", SLEEPER, "--by-mark"]
    by_place = [sys.executable, "-S", "-c", SLEEPER, "--by-place"]
    logged_in = [sys.executable, "-S", "-c", SLEEPER, "--logged-in"]
    stranger = [sys.executable, "-S", "-c", SLEEPER, "--stranger"]
    started = [
        subprocess.Popen(words, env=environment, cwd=place, stdout=subprocess.PIPE, start_new_session=True)
        for words, environment, place in (
            (by_mark, {**machine_environment, "VERS_VM_ID": VM, "VERS_AGENT_NAME": "ada"}, "/"),
            (logged_in, {**machine_environment, "VERS_VM_ID": VM}, "/"),
            (by_place, machine_environment, tmp_path / "workspace"),
            (stranger, {**machine_environment, "VERS_VM_ID": "bbbbbbbb-0000-4000-8000-000000000002"}, "/"),
        )
    ]
    try:
        for process in started:
            assert process.stdout is not None and process.stdout.readline() == b"up\n"
        wait_until(lambda: len(look(machine).processes) == 2, "both are found")
        marks = sorted(line.rsplit(" ", 1)[1] for line in look(machine).processes)
        assert marks == ["--by-mark", "--by-place"]
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_a_script_that_was_cut_tells_nothing() -> None:
    with pytest.raises(CockpitError, match="look for unsaved work on VM"):
        parse_remains(0, b"cockpit-scaffold-begin\nloose=3\n", b"", place=f"VM {VM}")
