"""The lanes: which tests are slow, which are run twice, and that the run says so."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.lanes import QUICK_FOLDERS, SLOW_FILES, SLOW_FOLDERS, TESTS, is_slow

RACES = """
import pathlib
import pytest

def fails_once(name):
    path = pathlib.Path(__file__).with_name(name)
    if not path.exists():
        path.write_text("ran")
        raise AssertionError(name)

@pytest.mark.races_the_clock("a bound of 1 s on a busy machine")
def test_with_a_mark():
    fails_once("with")

def test_without_a_mark():
    fails_once("without")

@pytest.mark.races_the_clock("it never comes true")
def test_that_always_fails():
    assert False
"""


def run(directory: Path, source: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with the lanes over one file of tests."""
    (directory / "test_it.py").write_text(source)
    (directory / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow\n    races_the_clock\n")
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.lanes", "-p", "no:cacheprovider", *options, str(directory)],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "1"])
def test_only_what_races_the_clock_is_run_twice_and_the_run_says_which(tmp_path: Path, workers: str) -> None:
    done = run(tmp_path, RACES, "-n", workers)
    said = [line.split("::")[1] for line in done.stdout.splitlines() if line.startswith("run twice: ")]
    assert sorted(said) == [
        "test_that_always_fails (it never comes true)",
        "test_with_a_mark (a bound of 1 s on a busy machine)",
    ], done.stdout + done.stderr
    failed = {line.split("::")[1].split()[0] for line in done.stdout.splitlines() if line.startswith("FAILED")}
    assert failed == {"test_without_a_mark", "test_that_always_fails"}


@pytest.mark.slow
def test_a_mark_without_its_reason_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "import pytest\n@pytest.mark.races_the_clock\ndef test_it(): pass\n", "-n", "0")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "needs its reason" in done.stdout + done.stderr


def test_folders_decide_what_is_slow() -> None:
    assert is_slow(TESTS / "engine" / "test_history.py")
    assert is_slow(TESTS / "remote" / "ssh" / "test_connection.py")
    assert not is_slow(TESTS / "engine" / "unit" / "test_sender.py")
    assert not is_slow(TESTS / "model" / "test_why.py")
    assert not is_slow(Path("/elsewhere/engine/test_it.py"))
    assert [folder for folder in (*SLOW_FOLDERS, *QUICK_FOLDERS) if not (TESTS / folder).is_dir()] == []
    assert [file for file in SLOW_FILES if not (TESTS / file).is_file()] == []


def test_nothing_is_rerun_without_a_reason() -> None:
    """Only the lanes may ask for a rerun, neither a test nor the configuration; the whole check names its own."""
    marked = [
        path.relative_to(ROOT).as_posix()
        for path in TESTS.rglob("*.py")
        # Most do not have the word anywhere: nothing has to be read of them.
        if "flaky" in (text := path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.Attribute) and node.attr == "flaky" for node in ast.walk(ast.parse(text)))
    ]
    assert marked == ["tests/lanes.py"]
    for file in ("pyproject.toml", ".ci/run"):
        assert "--reruns" not in (ROOT / file).read_text(encoding="utf-8"), file
