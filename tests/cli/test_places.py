"""Paths and environments as users have them: relative, empty, gone, unusable; each is right or a clear sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cockpit
from cockpit import paths
from cockpit.embedded.lifecycle import remove
from cockpit.embedded.sandbox.layout import search_path
from cockpit.errors import ConfigError
from tests.forked.command import forked


def run(*words: str, cwd: Path, shell: str = "", **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run a verb as a user would, in a directory and an environment of its own; None removes a variable."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(cwd / "home"),
        "PYTHONPATH": str(Path(cockpit.__file__).parent.parent),
        **variables,
    }
    # How an interpreter begins depends on these, and a fork did not begin with them.
    begins_otherwise = shell or any(name.startswith(("LANG", "LC_", "PYTHON")) for name in variables)
    command = [sys.executable, "-m", "cockpit", *words] if begins_otherwise else forked(*words)
    return subprocess.run(
        ["sh", "-c", f'{shell} exec "$0" "$@"', *command],
        cwd=cwd,
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        encoding=variables.get("PYTHONIOENCODING") or "utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A working directory whose fleets are removed."""
    yield tmp_path
    for lock in list(tmp_path.rglob("serve.lock")):
        remove(lock.parent)


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one message of a refusal."""
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout == "" and done.stderr.startswith("cockpit: "), done
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_a_relative_root_is_below_the_directory_it_was_given_in(place: Path) -> None:
    done = run("--root", "rel", "vms", "--json", cwd=place)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
    assert (place / "rel" / "fleet" / "serve.lock").exists()
    again = run("--root", "./x/../rel/", "vms", "--json", cwd=place)
    assert again.returncode == 0, again.stderr
    assert run("serve", "--stop", "--root", "rel/fleet", cwd=place).stderr == "stopped; agents go on\n"
    assert sorted(path.name for path in place.iterdir()) in (["home", "rel"], ["rel"])


def test_relative_variables_mean_the_same_in_the_server(place: Path) -> None:
    done = run(
        "vms", "--json", cwd=place, XDG_STATE_HOME="state", XDG_CONFIG_HOME="conf", XDG_RUNTIME_DIR="run", TMPDIR="tmp"
    )
    assert done.returncode == 0, done.stderr
    assert (place / "state" / "swarm-cockpit" / "fleet" / "serve.lock").exists()


@pytest.mark.parametrize("home", [None, "", "home"])
def test_a_home_that_is_missing_or_relative_is_found(place: Path, home: str | None) -> None:
    done = run("--root", str(place / "r"), "vms", "--json", cwd=place, HOME=home, XDG_STATE_HOME=str(place / "s"))
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


@pytest.mark.parametrize("root", ["/proc/x", "/sys/x", "file", "file/below", "", "  ", "dir/loop"])
@pytest.mark.parametrize(
    "verb", [("vms",), ("serve",), ("serve", "--foreground"), ("agents", "--json"), ("search", "x")]
)
def test_a_root_that_cannot_be_used_is_a_sentence(place: Path, root: str, verb: tuple[str, ...]) -> None:
    (place / "file").touch()
    (place / "dir").mkdir()
    (place / "dir" / "loop").symlink_to("loop")
    done = run("--root", root, *verb, cwd=place)
    assert done.returncode in (1, 2), done
    said = sentence(done)
    assert "--root" in said or "link" in said, said


@pytest.mark.parametrize("root", [".", "full", "/tmp", "/", "~"])
@pytest.mark.parametrize("verb", [("--root", "ROOT", "vms"), ("serve", "--root", "ROOT")])
def test_a_directory_of_somebody_s_is_not_made_private(place: Path, root: str, verb: tuple[str, ...]) -> None:
    for name in ("full", "home"):
        (place / name).mkdir(mode=0o755)
        (place / name / "work").touch()
    named = Path(root.replace("~", str(place / "home"))) if root.startswith(("/", "~")) else place / root
    before = named.stat().st_mode
    done = run(*(root if word == "ROOT" else word for word in verb), cwd=place)
    assert done.returncode == 2, done
    assert "name a new or an empty directory" in sentence(done)
    assert named.stat().st_mode == before


@pytest.mark.parametrize(
    "variables",
    [
        {"HOME": "/proc/nohome"},
        {"HOME": "/dev/null"},
        {"HOME": "/sys"},
        {"XDG_STATE_HOME": "/proc/y"},
        {"XDG_STATE_HOME": "/dev/null"},
        {"XDG_CONFIG_HOME": "/dev/null"},
        {"HOME": "~nobody-here/x"},
    ],
)
def test_a_home_that_cannot_be_used_is_a_sentence(place: Path, variables: dict[str, str]) -> None:
    done = run("vms", cwd=place, **variables)
    assert done.returncode in (1, 2), done
    sentence(done)


@pytest.mark.parametrize("config", ["absent.toml", ".", "", "bytes.toml", "file/x"])
def test_a_config_that_cannot_be_read_is_a_sentence(place: Path, config: str) -> None:
    (place / "file").touch()
    (place / "bytes.toml").write_bytes(b"\xff\xfe")
    done = run("--config", config, "--root", "r", "vms", cwd=place)
    assert done.returncode == 2, done
    sentence(done)


def test_a_relative_config_is_read(place: Path) -> None:
    (place / "c.toml").write_text("[nonsense]\n")
    assert f"{place / 'c.toml'}: unknown key 'nonsense'" in run("--config", "c.toml", "vms", cwd=place).stderr


def test_a_directory_that_is_gone_is_a_sentence(place: Path) -> None:
    leave = "mkdir gone && cd gone && rmdir ../gone;"
    done = run("--root", "rel", "vms", cwd=place, shell=leave)
    assert done.returncode == 2 and "relative to a directory that is gone" in sentence(done)
    good = run("--root", str(place / "r"), "vms", "--json", cwd=place, shell=leave)
    assert (good.returncode, good.stdout) == (0, "[]\n"), good.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_an_output_that_is_not_utf8_is_no_trouble(place: Path, encoding: str) -> None:
    done = run("--root", "r", "spawn", "ada", "--agent", "scripted", cwd=place, PYTHONIOENCODING=encoding, LANG="C")
    assert done.returncode == 0, done.stderr
    assert "ok first answer" in done.stderr


def test_a_directory_of_path_that_may_not_be_entered_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user of a test may be one for whom every directory is open: the refusal is the system call's."""
    closed = tmp_path / "closed"
    closed.mkdir()
    stat = os.stat

    def refusing(path: str | os.PathLike[str], **options: bool | int | None) -> os.stat_result:
        if str(path).startswith(str(closed)):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", refusing)
    found = search_path(f"{closed / 'bin'}:{tmp_path}:relative::/nowhere")
    assert str(tmp_path) in found.split(":") and str(closed) not in found


def test_variables_become_absolute_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    variables = {
        "HOME": "h",
        "TMPDIR": "",
        "XDG_STATE_HOME": "../s",
        "PATH": "bin::/usr/bin",
        "PI_CODING_AGENT_DIR": "~/p",
    }
    paths.settle_environment(variables)
    assert variables["HOME"] == str(tmp_path / "h")
    assert "TMPDIR" not in variables
    assert variables["XDG_STATE_HOME"] == str(tmp_path.parent / "s")
    assert variables["PATH"] == f"{tmp_path / 'bin'}:{tmp_path}:/usr/bin"
    assert variables["PI_CODING_AGENT_DIR"].endswith("/p") and variables["PI_CODING_AGENT_DIR"].startswith("/")


@pytest.mark.parametrize("path", ["", " ", "\t", "a\0b", "~no-such-user-here/x"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="--root"):
        paths.absolute(path, "--root")
