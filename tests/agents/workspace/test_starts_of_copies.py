"""What a copy started from is marked and compared, and how far its original had come stands beside it."""

from __future__ import annotations

from pathlib import Path

from cockpit.agents.workspace import scripts
from cockpit.agents.workspace.start import Spent, spent_in
from cockpit.model.changes.report import LOOSE, Base, Since, SnapshotKind
from tests.agents.workspace.machine import Machine, git

SPENT = Spent(1200, 0.25, 2, 77)


def mark(machine: Machine) -> None:
    """Mark the beginning of a copy."""
    machine.answer(scripts.keep_script(machine.paths, SnapshotKind.START, spent=SPENT.words()))


def test_what_changed_since_is_told_whether_it_was_committed_or_not(tmp_path: Path) -> None:
    machine = Machine.at(tmp_path)
    place = machine.repository()
    (place / "dirty").write_text("from before\n")
    mark(machine)
    assert machine.look(Since.START)["."].files == ()
    head = machine.answer(scripts.look_script(machine.paths, Base(Since.START))).head
    assert spent_in(head["spent"].text) == SPENT and head["start_at"].number > 0
    (place / "kept").write_text("a\nc\n")
    git(place, "commit", "-qam", "after")
    (place / "new").write_text("1\n2\n3\n")
    found = machine.look(Since.START)["."]
    assert (len(found.files), found.added, found.removed) == (2, 3, 1)
    git(place, "reset", "-q", "--hard", "HEAD~1")
    (place / "new").unlink()
    assert machine.look(Since.START)["."].files == ()


def test_without_a_repository_the_workspace_itself_is_compared(tmp_path: Path) -> None:
    machine = Machine.at(tmp_path)
    (machine.work / "with space").write_text("x\n")
    mark(machine)
    assert not (machine.work / ".git").exists()
    (machine.work / "with space").unlink()
    found = machine.look(Since.START)[LOOSE]
    assert (len(found.files), found.added, found.removed) == (1, 0, 1)


def test_repositories_without_a_commit_and_one_within_another_are_compared(tmp_path: Path) -> None:
    machine = Machine.at(tmp_path)
    for place in (machine.work, machine.work / "begun", machine.work / "deep" / "a" / "b" / "c"):
        place.mkdir(parents=True, exist_ok=True)
        git(place, "init", "-q")
    (machine.work / "own").write_text("x\n")
    mark(machine)
    (machine.work / "own").write_text("y\n")
    (machine.work / "begun" / "file").write_text("z\n")
    found = machine.look(Since.START).values()
    assert sum(len(one.files) for one in found) == 2 and not any(one.fault for one in found)


def test_what_a_vm_says_is_not_believed() -> None:
    for said in ("", "hello", "1 2 3", "a b c d", "1e999 1 1 1"):
        assert spent_in(said) is None
