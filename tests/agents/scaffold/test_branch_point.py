"""What a copy started from: marked and compared by the scripts as they run on a VM, with git as its oracle."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cockpit.agents.scaffold.branch_point import Difference, Spent, difference_script, mark_script, parse_difference
from cockpit.agents.scaffold.layout import AgentPaths

SPENT = Spent(1200, 0.25, 2, 77)


def run(script: str) -> subprocess.CompletedProcess[bytes]:
    """Run a script as the VM's shell does."""
    return subprocess.run(["sh", "-c", script], capture_output=True, check=False, timeout=60)


def git(place: Path, *words: str) -> None:
    """Run git in a repository of the agent."""
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", "-C", str(place), *identity, *words], check=True, capture_output=True, timeout=60)


@pytest.fixture
def paths(tmp_path: Path) -> AgentPaths:
    """An agent's two directories, with one file in each."""
    made = AgentPaths(str(tmp_path / "agent"), str(tmp_path / "work"))
    for directory in (made.directory, made.workspace):
        Path(directory).mkdir()
    Path(made.file("out")).write_text("{}\n")
    return made


def difference(paths: AgentPaths) -> Difference:
    """Return what the script says now."""
    done = run(difference_script(paths))
    assert done.returncode == 0, done.stderr
    found = parse_difference(done.stdout, truncated=False)
    assert found is not None, done.stdout
    return found


def test_what_changed_since_is_told_whether_it_was_committed_or_not(paths: AgentPaths) -> None:
    work = Path(paths.workspace)
    git(work, "init", "-q")
    (work / "kept").write_text("a\nb\n")
    git(work, "add", ".")
    git(work, "commit", "-qm", "before")
    (work / "dirty").write_text("from before\n")
    before = subprocess.run(["git", "-C", str(work), "count-objects"], capture_output=True, check=True).stdout
    assert run(mark_script(paths, SPENT)).returncode == 0
    unchanged = difference(paths)
    assert (unchanged.files, unchanged.patch, unchanged.spent) == (0, "", SPENT)
    (work / "kept").write_text("a\nc\n")
    git(work, "commit", "-qam", "after")
    (work / "new").write_text("1\n2\n3\n")
    found = difference(paths)
    assert (found.files, found.added, found.removed) == (2, 4, 1)
    assert "+c" in found.patch and "+3" in found.patch and "from before" not in found.patch
    git(work, "reset", "-q", "--hard", "HEAD~1")
    (work / "new").unlink()
    assert difference(paths).files == 0
    after = subprocess.run(["git", "-C", str(work), "count-objects"], capture_output=True, check=True).stdout
    assert after.split()[0] > before.split()[0], "only its own commit is in it"


def test_without_a_repository_the_workspace_itself_is_compared_and_hooks_do_not_run(paths: AgentPaths) -> None:
    work = Path(paths.workspace)
    (work / "with space").write_text("x\n")
    assert run(mark_script(paths, SPENT)).returncode == 0
    assert not (work / ".git").exists()
    (work / "with space").unlink()
    found = difference(paths)
    assert (found.files, found.added, found.removed) == (1, 0, 1)


def test_several_repositories_below_the_workspace_are_compared_each(paths: AgentPaths) -> None:
    for name in ("one", "two"):
        place = Path(paths.workspace) / name
        place.mkdir()
        git(place, "init", "-q")
    assert run(mark_script(paths, SPENT)).returncode == 0
    for name in ("one", "two"):
        (Path(paths.workspace) / name / "file").write_text(f"{name}\n")
    assert difference(paths).files == 2


def test_a_repository_without_a_commit_within_another_keeps_nothing_from_being_compared(paths: AgentPaths) -> None:
    work = Path(paths.workspace)
    for place in (work, work / "begun", work / "deep" / "a" / "b" / "c"):
        place.mkdir(parents=True, exist_ok=True)
        git(place, "init", "-q")
    (work / "own").write_text("x\n")
    marked = run(mark_script(paths, SPENT))
    assert marked.returncode == 0, marked.stderr
    (work / "own").write_text("y\n")
    (work / "begun" / "file").write_text("z\n")
    found = difference(paths)
    assert (found.files, found.added, found.removed) == (2, 2, 1)


def test_what_was_never_marked_is_said_and_what_a_vm_says_is_not_believed(paths: AgentPaths) -> None:
    done = run(difference_script(paths))
    assert done.returncode != 0 and b"no branch point" in done.stderr
    for said in (b"", b"hello", b"1 2 3\n", b"a b c d e f g\npatch\n", b"1e999 1 1 1 1 1e999 1\npatch\n"):
        assert parse_difference(said, truncated=False) is None
