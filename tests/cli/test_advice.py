"""A verb that takes a text for agents tells of a large file in it, on standard error, and takes it all the same."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from cockpit.cli.texts import text_for_agents
from cockpit.cli.workers import tasks_given
from cockpit.model.notebook.pitfalls import INLINE_FILE

FILE = "Write this to a.py:\n```\n" + "value = compute(1)\n" * 80 + "```"


@pytest.mark.parametrize("given", ["argument", "-", "--task", "--tasks"])
def test_a_large_file_in_a_text_is_told_of(
    given: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FILE.encode())))
    listed = tmp_path / "tasks"
    listed.write_text(f"one thing\n---\n{FILE}\n")
    said = {
        "argument": lambda: text_for_agents(FILE),
        "-": lambda: text_for_agents("-"),
        "--task": lambda: tasks_given(FILE, "")[0],
        "--tasks": lambda: tasks_given("", str(listed))[1],
    }[given]()
    assert said == FILE
    output, errors = capsys.readouterr()
    assert not output and errors.count(INLINE_FILE) == 1


def test_a_text_without_one_is_taken_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert text_for_agents("Fix the tests.") == "Fix the tests."
    assert capsys.readouterr() == ("", "")
