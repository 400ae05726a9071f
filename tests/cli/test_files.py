"""The verbs about the files of agents, as a script calls them: what they print, change, and end with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.model.files.place import FilePlace, file_place, path_on_vm
from tests.fleets import FleetUnderTest


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ada:src/a.py", FilePlace("ada", "src/a.py")),
        ("ada:", FilePlace("ada", "")),
        ("ada:a:b", FilePlace("ada", "a:b")),
        ("ada", None),
        ("./a:b", None),
        (":x", None),
    ],
)
def test_a_place_is_a_name_and_a_path(text: str, place: FilePlace | None) -> None:
    assert file_place(text) == place


def test_a_relative_path_begins_in_the_workspace() -> None:
    assert path_on_vm("a/b", "/w", "/h") == "/w/a/b"
    assert path_on_vm("", "/w", "/h") == "/w"
    assert path_on_vm("~/x", "/w", "/h") == "/h/x" and path_on_vm("~", "/w", "/h") == "/h/"
    assert path_on_vm("/etc", "/w", "/h") == "/etc"


def test_files_go_there_and_back_and_each_end_has_its_code(fleet: FleetUnderTest, tmp_path: Path) -> None:
    def run(*words: str, code: int = 0) -> str:
        ended = fleet.run(*words)
        assert ended.returncode == code, (words, ended)
        return ended.stdout

    run("spawn", "ada", "--agent", "scripted")
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "a.py").write_text("one\nthe needle\n")
    (tmp_path / "tree" / "link").symlink_to("/etc")
    (tmp_path / "tree" / "run").write_bytes(b"\0\1")
    assert "2 files" in run("put", str(tmp_path / "tree"), "ada:", "--dry-run", code=5)
    assert json.loads(run("ls", "ada", "--json"))["total"] == 0, "nothing was to be done"
    put = json.loads(run("put", str(tmp_path / "tree"), "ada:", "--json", code=5))
    assert (put["files"], put["left_out_count"], put["left_out"][0]["path"]) == (2, 1, "link")
    assert run("cat", "ada:tree/sub/a.py") == "one\nthe needle\n"
    assert "binary" in fleet.run("cat", "ada:tree/run").stderr
    assert run("grep", "ada:tree", "NEEDLE", "-i") == "tree/sub/a.py:2:the needle\n"
    assert run("grep", "ada:tree", "absent", code=1) == ""
    assert run("find", "ada", "A.P*") == "tree/sub/a.py\n"
    run("get", "ada:tree", str(tmp_path / "back"))
    assert (tmp_path / "back" / "sub" / "a.py").read_text() == "one\nthe needle\n"
    (tmp_path / "back" / "run").write_bytes(b"mine")
    run("get", "ada:tree/run", str(tmp_path / "back"), code=1)
    assert (tmp_path / "back" / "run").read_bytes() == b"mine"
    run("get", "ada:tree/run", str(tmp_path / "back"), "--force")
    assert (tmp_path / "back" / "run").read_bytes() == b"\0\1"
    run("ls", "nobody", code=3)
    run("pause", "ada")
    assert "paused" in fleet.run("ls", "ada").stderr
