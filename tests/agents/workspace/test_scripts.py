"""Workspaces are kept, compared and restored by the scripts as they run on a VM; the agent's own git is left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cockpit.agents.workspace import scripts
from cockpit.agents.workspace.answers import repository_of
from cockpit.model.changes.report import LOOSE, Base, Since, SnapshotKind
from tests.agents.workspace.machine import Machine, git, run


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with an empty workspace."""
    return Machine.at(tmp_path)


def index_of(place: Path) -> tuple[bytes, bytes]:
    """Return the agent's index and its settings, byte for byte."""
    return (place / ".git" / "index").read_bytes(), (place / ".git" / "config").read_bytes()


def test_what_was_committed_and_what_was_not_is_told_and_the_agents_git_is_left_alone(machine: Machine) -> None:
    place = machine.repository("app")
    (machine.work / "loose").write_text("1\n")
    (place / "staged").write_text("s\n")
    git(place, "add", "staged")
    (place / ".gitignore").write_text("*.log\n")
    machine.keep(text="Do it")
    before = index_of(place), git(place, "status", "--porcelain"), git(place, "log", "--format=%H", "main")
    (place / ".git" / "index.lock").touch()
    (place / "kept").write_text("a\nB\nc\n")
    (place / "new").write_text("n\n")
    (place / "noise.log").write_text("no\n")
    (machine.work / "loose").write_text("1\n2\n")
    (place / "staged").unlink()
    found = machine.look()
    assert [(file.status, file.new) for file in found["./app"].files] == [("M", "kept"), ("A", "new"), ("D", "staged")]
    assert (found["./app"].added, found["./app"].removed) == (2, 2) and found["./app"].branch == "main"
    assert (found[LOOSE].added, found[LOOSE].files[0].new) == (1, "loose")
    (place / ".git" / "index.lock").unlink()
    (place / "kept").write_text("a\nb\nc\n")
    (place / "new").unlink()
    (place / "noise.log").unlink()
    (place / "staged").write_text("s\n")
    assert (index_of(place), git(place, "status", "--porcelain"), git(place, "log", "--format=%H", "main")) == before
    assert not any(Path(machine.paths.file("changes")).glob(".look.*")), "something temporary stays"


def test_a_commit_a_turn_and_the_last_text_are_bases_of_their_own(machine: Machine) -> None:
    place = machine.repository()
    machine.keep(SnapshotKind.PROMPT, "first")
    (place / "one").write_text("1\n")
    machine.keep(SnapshotKind.END)
    git(place, "add", ".")
    git(place, "commit", "-qm", "one")
    machine.keep(SnapshotKind.PROMPT, "second")
    (place / "two").write_text("2\n")
    machine.keep(SnapshotKind.END)

    def names(since: Since, name: str = "") -> list[str]:
        return [file.new for file in machine.look(since, name)["."].files]

    assert names(Since.TASK) == ["one", "two"]
    assert names(Since.PROMPT) == ["two"]
    assert names(Since.COMMIT, "HEAD") == ["two"] and names(Since.COMMIT, "HEAD~1") == ["one", "two"]
    ((_, kept),) = machine.told()
    assert [(one.kind, one.said) for one in kept][::2] == [("prompt", "first"), ("prompt", "second")]
    ends = [one.key for one in kept if one.kind == "end"]
    assert [names(Since.TURN, key) for key in ends] == [["one"], ["two"]]
    assert "is no commit" in machine.look(Since.COMMIT, "--upload-pack=touch")["."].fault
    assert "no commit nowhere" in machine.look(Since.COMMIT, "nowhere")["."].fault
    machine.keep(SnapshotKind.TASK)
    assert names(Since.TASK) == []


def test_a_repository_that_came_with_the_first_turn_is_told_since_then(machine: Machine, tmp_path: Path) -> None:
    origin = Machine.at(tmp_path / "other").repository()
    machine.keep()
    git(machine.work, "clone", "-q", str(origin), "copy")
    place = machine.work / "copy"
    (place / "kept").write_text("a\nb\nc\nd\n")
    git(place, "commit", "-qam", "mine")
    machine.keep(SnapshotKind.END)
    found = machine.look()["./copy"]
    assert (found.base_how, found.added, found.removed) == ("clone", 1, 0)
    assert (found.upstream, found.ahead, found.behind) == ("origin/main", 1, 0)


def test_nothing_that_a_repository_names_is_run(machine: Machine, tmp_path: Path) -> None:
    place = machine.repository()
    trap = tmp_path / "trap"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    program.chmod(0o755)
    for hook in ("reference-transaction", "post-index-change", "pre-commit", "post-checkout"):
        (place / ".git" / "hooks" / hook).write_text(program.read_text())
        (place / ".git" / "hooks" / hook).chmod(0o755)
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.external"):
        git(place, "config", key, str(program))
    for key in ("diff.y.command", "diff.y.textconv", "core.pager", "core.alternateRefsCommand", "core.sshCommand"):
        git(place, "config", key, str(program))
    git(place, "config", "diff.noprefix", "true")
    (place / ".gitattributes").write_text("* filter=x diff=y\n")
    trap.unlink(missing_ok=True)
    answer = machine.keep()
    (key,) = [part.text for part in answer.head.values() if part.name == "key"]
    (place / "kept").write_text("evil\n")
    machine.keep(SnapshotKind.END)
    assert [file.new for file in machine.look()["."].files] == ["kept"]
    assert run(scripts.patch_script(machine.paths, Base(), ".")).returncode == 0
    machine.answer(scripts.restore_script(machine.paths, key))
    assert (place / "kept").read_text() == "a\nb\nc\n"
    assert not trap.exists()


def test_a_patch_fits_where_the_base_is_checked_out(machine: Machine, tmp_path: Path) -> None:
    place = machine.repository()
    (place / "old name").write_text("".join(f"line {number}\n" for number in range(40)))
    (place / "image").write_bytes(bytes(range(256)) * 4)
    git(place, "add", ".")
    git(place, "commit", "-qm", "more")
    git(tmp_path, "clone", "-q", str(place), "here")
    machine.keep()
    (place / "old name").rename(place / 'new "näme"\n')
    (place / "image").write_bytes(bytes(reversed(range(256))) * 4)
    (place / "kept").write_text("a\r\nb\nc")
    (place / "kept").chmod(0o755)
    (place / "link").symlink_to("kept")
    done = run(scripts.patch_script(machine.paths, Base(), "."))
    git(tmp_path / "here", "apply", "--check", "-", data=done.stdout)
    git(tmp_path / "here", "apply", "-", data=done.stdout)
    for name in os.listdir(place):  # noqa: PTH208 - the names are bytes of any kind
        if name != ".git":
            assert (tmp_path / "here" / name).read_bytes() == (place / name).read_bytes(), name
    statuses = {file.new: file.status for file in machine.look()["."].files}
    assert statuses == {'new "näme"\n': "R", "image": "M", "kept": "M", "link": "A"}


def test_a_restored_state_is_kept_first_and_branch_and_commits_stay(machine: Machine) -> None:
    place = machine.repository()
    machine.keep(SnapshotKind.PROMPT)
    (place / "kept").write_text("turn one\n")
    (place / "made").mkdir()
    (place / "made" / "file").write_text("x\n")
    (machine.work / "ignored.log").write_text("mine\n")
    (place / ".gitignore").write_text("*.log\n")
    machine.keep(SnapshotKind.END)
    git(place, "add", ".")
    git(place, "commit", "-qm", "turn")
    head = git(place, "rev-parse", "HEAD")
    ((_, kept),) = machine.told()
    answer = machine.answer(scripts.restore_script(machine.paths, kept[0].key))
    assert (place / "kept").read_text() == "a\nb\nc\n" and not (place / "made").exists()
    assert (machine.work / "ignored.log").read_text() == "mine\n"
    assert git(place, "rev-parse", "HEAD") == head and git(place, "symbolic-ref", "--short", "HEAD") == b"main\n"
    (safety,) = [part.text for part in answer.repositories[0] if part.name == "key"]
    (place / "kept").write_text("a\nb\nc\n")
    machine.answer(scripts.restore_script(machine.paths, safety))
    assert (place / "kept").read_text() == "turn one\n" and (place / "made" / "file").read_text() == "x\n"
    assert run(scripts.restore_script(machine.paths, "1234567890-end")).returncode == scripts.NOT_THERE


def test_the_midst_of_a_rebase_a_worktree_a_submodule_and_a_huge_file(machine: Machine, tmp_path: Path) -> None:
    place = machine.repository("app")
    git(place, "checkout", "-qb", "side")
    (place / "kept").write_text("side\n")
    git(place, "commit", "-qam", "side")
    git(place, "checkout", "-q", "main")
    (place / "kept").write_text("main\n")
    git(place, "commit", "-qam", "main")
    part = Machine.at(tmp_path / "part").repository()
    git(place, "submodule", "--quiet", "add", str(part), "part")
    git(place, "commit", "-qm", "part")
    git(place, "worktree", "add", "-q", "../tree", "side")
    machine.keep()
    os.truncate(os.open(place / "huge", os.O_CREAT | os.O_WRONLY), 20 << 20)
    (machine.work / "tree" / "kept").write_text("in the tree\n")
    (place / "part" / "kept").write_text("in the part\n")
    done = run(f"cd {place} && git -c user.name=a -c user.email=a@b rebase -q side")
    assert done.returncode != 0, "there is no conflict"
    found = machine.look()
    assert found["./app"].midst == "rebase" and found["./app"].left_out == ("huge",)
    (kept,) = [file for file in found["./app"].files if file.new == "kept"]
    assert "<<<<<<<" in "".join(line.text for line in kept.hunks[0].lines)
    assert [file.new for file in found["./tree"].files] == ["kept"] and found["./tree"].branch == "side"
    assert [file.new for file in found["./app/part"].files] == ["kept"]
    assert not any(one.fault for one in found.values()), found


def test_five_thousand_files_are_told_and_more_than_is_kept_is_said(machine: Machine) -> None:
    place = machine.repository()
    machine.keep()
    for number in range(5_000):
        (place / f"-file {number}").write_text(f"{number}\n" * 3)
    found = machine.look()["."]
    assert (len(found.files), found.added, found.fault) == (5_000, 15_000, "")
    listed = git(place, "ls-files", "-o", "-z").decode().split("\0")[:-1]
    assert sorted(file.new for file in found.files) == sorted(listed)
    small = scripts.look_script(machine.paths, Base()).replace("most_files=20000", "most_files=4000")
    answer = machine.answer(small)
    assert "5000 files" in repository_of(answer.repositories[0])[0].fault


def test_two_workspaces_are_compared_and_nothing_of_the_other_stays(tmp_path: Path) -> None:
    first = Machine.at(tmp_path / "first")
    place = first.repository()
    second = Machine.at(tmp_path / "second")
    git(second.work.parent, "clone", "-q", str(place), "work")
    (place / "kept").write_text("first\n")
    (second.work / "kept").write_text("second\n")
    (second.work / "own").write_text("only there\n")
    commits = run(scripts.commits_script(first.paths)).stdout
    pack = run(scripts.pack_script(second.paths, "."), commits).stdout
    tree, _, data = pack.partition(b"\n")
    before = git(place, "count-objects", "-v")
    answer = first.answer(scripts.against_script(first.paths, ".", tree.decode()), data)
    found, _ = repository_of(answer.repositories[0])
    told = [(file.status, file.new, file.added, file.removed) for file in found.files]
    assert told == [("M", "kept", 1, 1), ("D", "own", 0, 1)], found.fault
    after = git(place, "count-objects", "-v")
    assert int(after.split()[1]) - int(before.split()[1]) <= 3, "the other's objects are here"
    broken = first.answer(scripts.against_script(first.paths, ".", tree.decode()), data[:-40])
    assert repository_of(broken.repositories[0])[0].fault


def test_what_was_kept_too_late_becomes_what_it_was_before(machine: Machine) -> None:
    place = machine.repository()
    machine.keep(SnapshotKind.PROMPT, "one")
    machine.keep(SnapshotKind.END)
    (place / "early").write_text("the agent was faster\n")
    answer = machine.keep(SnapshotKind.PROMPT, "two")
    assert machine.look(Since.PROMPT)["."].files == ()
    machine.answer(scripts.late_script(machine.paths, answer.head["key"].text, "two"))
    assert [file.new for file in machine.look(Since.PROMPT)["."].files] == ["early"]
    ((_, kept),) = machine.told()
    assert kept[-1].said == "two"
