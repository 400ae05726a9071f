"""Key files are taken off a VM wherever they lie, and come back as they were; what no commit holds stays."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cockpit.agents.scaffold.key_files import (
    AGENTS_MARK,
    LIST_HOLDERS,
    LIST_KEY_FILES,
    PUT_KEY_FILES_BACK,
    READ_KEY_FILES,
    REMOVE_KEY_FILES,
    relative_to,
)
from tests.agents.scaffold.test_scripts import SHELLS


def run(shell: str, home: Path, script: str, *words: str, data: bytes = b"") -> bytes:
    """Run a script as an SSH exec would, and return what it printed."""
    done = subprocess.run(
        [*(["busybox", "sh"] if shell == "busybox" else [shell]), "-c", script, "sh", *words],
        input=data,
        capture_output=True,
        check=False,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def home_with_links(tmp_path: Path) -> tuple[Path, dict[Path, bytes]]:
    """Return a home with a plain key file, one behind two links, one behind a linked directory, and the real files."""
    home, outside = tmp_path / "home", tmp_path / "with space"
    (home / ".pi" / "agent").mkdir(parents=True)
    (outside / "ssh").mkdir(parents=True)
    keys = {
        home / ".pi" / "agent" / "auth.json": b"plain",
        outside / "netrc": b"behind links",
        outside / "ssh" / "id_rsa": b"in a linked directory",
    }
    for file, key in keys.items():
        file.write_bytes(key)
        file.chmod(0o640)
    (home / "between").symlink_to(outside / "netrc")
    (home / ".netrc").symlink_to("between")
    (home / ".git-credentials").symlink_to(outside / "netrc")
    (home / ".ssh").symlink_to(outside / "ssh")
    (home / ".npmrc").symlink_to("nowhere")
    return home, keys


@pytest.mark.parametrize("shell", SHELLS)
def test_what_a_link_leads_to_is_taken_out_and_comes_back(shell: str, tmp_path: Path) -> None:
    home, keys = home_with_links(tmp_path)
    listed = run(shell, home, LIST_KEY_FILES, "whole").decode().splitlines()
    assert sorted(listed) == sorted(str(file.resolve()) for file in keys), "each once"
    archive = run(shell, home, READ_KEY_FILES, "whole")
    run(shell, home, REMOVE_KEY_FILES, "whole")
    assert [file for file in keys if file.exists()] == [] and (home / ".netrc").is_symlink()
    everything = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert not any(key in everything for key in keys.values()), "a commit would hold it"
    assert run(shell, home, LIST_KEY_FILES, "whole") == b""
    assert run(shell, home, READ_KEY_FILES, "whole") == b""
    run(shell, home, PUT_KEY_FILES_BACK, relative_to(archive), data=archive)
    for file, key in keys.items():
        assert file.read_bytes() == key and file.stat().st_mode & 0o777 == 0o640
    assert (home / ".netrc").is_symlink() and (home / ".netrc").read_bytes() == b"behind links"
    assert (home / ".ssh").is_symlink()


@pytest.mark.parametrize("shell", SHELLS)
def test_where_a_commit_holds_the_home_alone_what_lies_outside_is_not_touched(shell: str, tmp_path: Path) -> None:
    home, keys = home_with_links(tmp_path)
    plain = home / ".pi" / "agent" / "auth.json"
    assert run(shell, home, LIST_KEY_FILES, "home").decode().splitlines() == [str(plain.resolve())]
    run(shell, home, REMOVE_KEY_FILES, "home")
    assert [file for file in keys if not file.exists()] == [plain]


def test_what_an_agent_started_and_left_running_is_named(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "VERS_VM_ID": "holders-test", "SECRET": "value"}
    left = subprocess.Popen(["sleep", "987"], env=environment)
    try:
        assert run("sh", tmp_path, LIST_HOLDERS, f"{AGENTS_MARK}holders-test").decode().split("\n") == [
            "sleep 987 ",
            "",
        ]
    finally:
        left.kill()
        left.wait()
    assert run("sh", tmp_path, LIST_HOLDERS, f"{AGENTS_MARK}holders-test") == b""


def test_what_an_earlier_version_took_out_comes_back(tmp_path: Path) -> None:
    home, keys = home_with_links(tmp_path)
    plain = home / ".pi" / "agent" / "auth.json"
    archive = run("sh", home, 'cd "$HOME" && tar -cf - .pi/agent/auth.json')
    plain.unlink()
    run("sh", home, PUT_KEY_FILES_BACK, relative_to(archive), data=archive)
    assert plain.read_bytes() == keys[plain]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_name_too_long_for_the_head_of_an_archive_comes_back_where_it_was(shell: str, tmp_path: Path) -> None:
    home = tmp_path / ("d" * 60) / ("e" * 60)
    key = home / ".pi" / "agent" / "auth.json"
    key.parent.mkdir(parents=True)
    key.write_bytes(b"a key")
    archive = run(shell, home, READ_KEY_FILES, "whole")
    run(shell, home, REMOVE_KEY_FILES, "whole")
    assert not key.exists()
    run(shell, home, PUT_KEY_FILES_BACK, relative_to(archive), data=archive)
    assert key.read_bytes() == b"a key"
    assert list(tmp_path.rglob("auth.json")) == [key]


def test_what_is_no_archive_is_left_to_the_program_that_says_so() -> None:
    assert relative_to(b"no archive") == relative_to(b"") == "root"
