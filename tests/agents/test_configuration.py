"""An operator's configuration goes along without its secrets, twice is as once, and what fails is said."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection
from pathlib import Path

import pytest

from cockpit.agents.adapter import LaunchSettings
from cockpit.agents.configuration import Configuration, Place, configuration_of
from cockpit.agents.pi.launch import local_program
from cockpit.agents.scaffold.answers import ScriptAnswer
from cockpit.engine.commands.synchronisation import synchronise_script

NAMES = ("settings.json", "AGENTS.md", "skills", "git")


def written(directory: Path, **files: str) -> Path:
    """Write files whose names have `__` for a slash."""
    for name, text in files.items():
        path = directory / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def operators(tmp_path: Path) -> Path:
    """Return a configuration of an operator."""
    return written(
        tmp_path / "pi",
        settings_dot_json='{"theme": "dark"}',
        auth_dot_json='{"anthropic": "x"}',
        skills__x__SKILL_dot_md="do it",
        skills__x__token_dot_txt="t",
        skills__y__run_dot_sh="KEY = 'sk-ant-0123456789abcdefgh'",
        git__p__package_dot_json='{"dependencies": {}}',
        git__p__node_modules__z__index_dot_js="z",
        git__p___dot_git__config="c",
    )


def configuration_in(
    directory: Path, names: tuple[str, ...], target: str, named: Collection[str] = ()
) -> Configuration:
    """Return what is taken along of one directory."""
    return configuration_of([Place(directory, names, target)], named)


def run(configuration: Configuration, home: Path) -> ScriptAnswer:
    """Do on a home directory what is done on a VM."""
    done = subprocess.run(
        ["sh", "-c", synchronise_script(configuration)],
        input=configuration.archive(),
        capture_output=True,
        check=False,
        env={"HOME": str(home), "PATH": f"{home}/bin:/usr/bin:/bin"},
    )
    answer = ScriptAnswer.read(done.stdout)
    assert answer is not None, done.stderr
    return answer


def test_secrets_stay_unless_they_are_named(tmp_path: Path) -> None:
    directory = operators(tmp_path)
    (directory / "skills" / "out").symlink_to("/etc/passwd")
    found = configuration_in(directory, NAMES, ".pi/agent")
    assert [path for path, _ in found.files] == [
        ".pi/agent/settings.json",
        ".pi/agent/skills/x/SKILL.md",
        ".pi/agent/git/p/package.json",
    ]
    assert dict(found.left_out) == {
        "skills/x/token.txt": "its name says that it holds secrets",
        "skills/y/run.sh": "it holds what looks like a key",
    }
    assert found.packages == (".pi/agent/git/p",)
    named = configuration_in(directory, NAMES, ".pi/agent", ("skills/y/run.sh", "auth.json", "../../etc/passwd"))
    assert {".pi/agent/skills/y/run.sh", ".pi/agent/auth.json"} <= {path for path, _ in named.files}
    assert "passwd" not in str(named)
    assert configuration_in(tmp_path / "nothing", NAMES, ".pi/agent") == Configuration()


def test_twice_is_as_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    npm = home / "bin" / "npm"
    npm.parent.mkdir(parents=True)
    npm.write_text("#!/bin/sh\nmkdir node_modules\necho called >>$HOME/calls\n")
    npm.chmod(0o755)
    configuration = configuration_in(operators(tmp_path), NAMES, ".pi/agent")
    assert run(configuration, home).value("state") == "written"
    before = sorted(str(path.relative_to(home)) for path in home.rglob("*"))
    assert run(configuration, home).value("state") == "present"
    assert sorted(str(path.relative_to(home)) for path in home.rglob("*")) == before
    assert ".pi/agent/skills/x/SKILL.md" in before and ".pi/agent/skills/x/x" not in before, "nothing is nested"
    assert (home / "calls").read_text() == "called\n" and (home / ".pi/agent/settings.json").stat().st_mode & 0o77 == 0


def test_a_package_that_cannot_be_installed_is_said_and_tried_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    npm = home / "bin" / "npm"
    npm.parent.mkdir(parents=True)
    npm.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    npm.chmod(0o755)
    configuration = configuration_in(operators(tmp_path), NAMES, ".pi/agent")
    for _ in range(2):
        answer = run(configuration, home)
        assert answer.value("state") == "written"
        assert [value for key, value in answer.values.items() if key.startswith("failed")] == [
            ".pi/agent/git/p: no network"
        ]


def test_packages_of_this_machine_go_along_and_the_settings_name_their_copies(tmp_path: Path) -> None:
    pi = tmp_path / "pi"
    written(tmp_path / "own" / "tool", package_dot_json='{"pi": {}}', extensions__x_dot_ts="x", _dot_env="SECRET=1")
    written(tmp_path / "own", single_dot_ts="s")
    packages = [
        "../own/tool",
        {"source": str(tmp_path / "own" / "single.ts"), "skills": []},
        "npm:@a/b",
        "git:github.com/a/b",
        "../not/there",
        "..",
    ]
    written(pi, settings_dot_json=json.dumps({"theme": "dark", "packages": packages}))
    program = local_program("pi", LaunchSettings(), {"PI_CODING_AGENT_DIR": str(pi), "PATH": ""})
    assert program.configuration is not None
    found = program.configuration(())
    files = dict(found.files)
    settings = json.loads(files[".pi/agent/settings.json"])
    tool, single, *rest = settings["packages"]
    assert settings["theme"] == "dark" and rest == packages[2:]
    assert files[f".pi/agent/{tool}/extensions/x.ts".replace("/./", "/")] == b"x"
    assert single["skills"] == [] and files[f".pi/agent/{single['source']}".replace("/./", "/")] == b"s"
    assert len(files) == 4, sorted(files)
    left = dict(found.left_out)
    assert "not there" in left["../not/there"] and "own directory" in left[".."]
    assert [why for path, why in left.items() if path.endswith("/.env")] == ["its name says that it holds secrets"]
    (env,) = (path for path in left if path.endswith("/.env"))
    named = program.configuration((env,))
    assert b"SECRET=1" in dict(named.files).values()


def test_an_agent_on_this_machine_finds_the_packages_where_they_are(tmp_path: Path) -> None:
    pi = written(tmp_path / "pi", settings_dot_json='{"packages": ["../own/tool", "npm:b"]}')
    program = local_program("pi", LaunchSettings(), {"PI_CODING_AGENT_DIR": str(pi), "PATH": ""})
    settings = json.loads(dict(program.files)[".pi/agent/settings.json"])
    assert settings["packages"] == [str(tmp_path / "own" / "tool"), "npm:b"]


def test_a_tree_that_is_a_whole_disk_is_not_walked_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = written(tmp_path / "pi", settings_dot_json="{}", skills__node_modules__x="x" * 9)
    for number in range(30):
        written(directory, **{f"skills__s{number:02}": "do it"})
    monkeypatch.setattr("cockpit.agents.configuration.MOST_ENTRIES", 10)
    found = configuration_in(directory, ("settings.json", "skills"), ".pi/agent")
    assert 1 < len(found.files) <= 10
    assert ("skills", "only 10 files and directories are looked at") in found.left_out
    monkeypatch.setattr("cockpit.agents.configuration.MOST_ENTRIES", 40)
    assert configuration_in(directory, ("skills",), ".pi/agent").left_out == ()


def test_what_grows_while_it_is_read_stays_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = written(tmp_path / "pi", settings_dot_json="{}")
    seen = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> object:
        found = seen(path, follow_symlinks=follow_symlinks)
        if path.name == "settings.json":
            with path.open("a") as file:
                file.write("x" * 100)
        return found

    monkeypatch.setattr(Path, "stat", stat)
    found = configuration_in(directory, ("settings.json",), ".pi/agent")
    assert found.files == () and found.left_out == (("settings.json", "it is being written"),)
