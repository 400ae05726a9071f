"""The recipe of golden images: the shipped one runs, an operator's own counts, and what is wrong in it is named."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit import paths
from cockpit.bootstrap.recipe import SHIPPED, load_recipe, recipe_file
from cockpit.cli.main import run
from cockpit.config import load
from cockpit.errors import ConfigError
from cockpit.model.recipe import MAX_LIMIT, MAX_NAME, Recipe, RecipeStep, StepScope
from tests.requirements import require_program

LAST = '[[steps]]\nname = "out"\ncheck = "true"\nrun = "true"\nscope = "home"\nclears_secrets = true\n'

NAMES = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=MAX_NAME)
COMMANDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(str.strip)
STEPS = st.builds(
    RecipeStep,
    name=NAMES,
    check=COMMANDS,
    run=COMMANDS,
    limit=st.floats(min_value=0.5, max_value=MAX_LIMIT),
    scope=st.sampled_from(StepScope),
    bootstrap=st.booleans(),
    clears_secrets=st.booleans(),
)


def written(directory: Path, text: str) -> Path:
    file = directory / "recipe.toml"
    file.write_text(text, encoding="utf-8")
    return file


def shell(command: str, home: Path) -> int:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(["sh", "-c", command], env=environment, timeout=30, check=False).returncode


@given(st.lists(STEPS, max_size=5))
def test_a_recipe_is_one_exactly_if_its_names_differ_and_secrets_go_last(steps: list[RecipeStep]) -> None:
    names = {step.name for step in steps}
    clearing = [index for index, step in enumerate(steps) if step.clears_secrets]
    last = list(range(len(steps) - len(clearing), len(steps)))
    at_home = any(steps[index].scope is StepScope.HOME for index in clearing)
    if clearing and len(names) == len(steps) and clearing == last and at_home:
        assert Recipe(steps=tuple(steps)).steps == tuple(steps)
    else:
        with pytest.raises(ValueError, match=r"no \[\[steps\]\]|two steps are|no clears_|stands after|keeps its"):
            Recipe(steps=tuple(steps))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", '""'),
        ("name", '"a\\nb"'),
        ("check", '" "'),
        ("run", '"a\\u0000b"'),
        ("limit", "0"),
        ("limit", "nan"),
        ("limit", "inf"),
        ("limit", "86401"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_step(tmp_path: Path, field: str, value: str) -> None:
    lines = {"name": '"first"', "check": '"true"', "run": '"hush-hush"', "limit": "5", field: value}
    text = "[[steps]]\n" + "".join(f"{key} = {given}\n" for key, given in lines.items()) + LAST
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_recipe(file)
    assert str(caught.value).startswith(f"{file}, line 1: steps.1: ")
    assert field in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            LAST + '[[steps]]\nname = "a"\nchekc = "true"\ncheck = "true"\nrun = "true"\n',
            "'steps.2.chekc'; did you mean 'check'?",
        ),
        ('descripton = "x"\n' + LAST, "'descripton'; did you mean 'description'?"),
        (LAST + LAST, "two steps are named 'out'"),
        (LAST.replace("clears_secrets = true\n", ""), "no clears_secrets = true"),
        ("steps = []\n", "there is no [[steps]]"),
        ("[[steps]\n", "is not valid TOML"),
        (LAST.replace('run = "true"\n', ""), "steps.1.run: "),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_the_nearest_right_key(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_recipe(file)
    assert str(file) in str(caught.value)
    assert said in str(caught.value)


def test_the_shipped_recipe_is_used_until_there_is_one_beside_config_toml(isolated_home: Path) -> None:
    assert recipe_file() == SHIPPED
    own = paths.config_file().with_name("recipe.toml")
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(LAST, encoding="utf-8")
    assert recipe_file() == own
    assert recipe_file(SHIPPED) == SHIPPED


def test_a_config_that_is_named_has_its_recipe_beside_it(isolated_home: Path, tmp_path: Path) -> None:
    config = tmp_path / "other.toml"
    config.write_text("[agent]\nmax_vms = 3\n", encoding="utf-8")
    assert recipe_file(config=load(config).file) == SHIPPED
    own = written(tmp_path, LAST)
    assert recipe_file(config=load(config).file) == own
    assert load().file is None


def test_every_command_of_the_shipped_recipe_is_a_script_of_the_shell() -> None:
    for step in load_recipe(SHIPPED).steps:
        for command in (step.check, step.run):
            subprocess.run(["sh", "-n"], input=command, text=True, check=True, timeout=10)


def test_steps_within_the_home_bring_about_what_they_check(tmp_path: Path) -> None:
    steps = [step for step in load_recipe(SHIPPED).steps if step.scope is StepScope.HOME]
    tried = [step for step in steps if step.bootstrap]
    assert tried
    for step in tried:
        assert shell(step.check, tmp_path) != 0, step.name
        assert shell(step.run, tmp_path) == 0, step.name
        assert shell(step.check, tmp_path) == 0, step.name


SECRETS = (
    *(".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history", ".netrc", ".pypirc"),
    *(".git-credentials", ".config/git/credentials", ".config/gh/hosts.yml", ".aws/credentials", ".kube/config"),
    *(".docker/config.json", ".cargo/credentials.toml", ".cache/huggingface/token", ".gnupg/private-keys-v1.d/k"),
    *(".vers/keys.json", ".vers/config.json", ".vers/agent-services.json", ".versrc", ".pi/lieutenants.json"),
    *(".pi/agent/auth.json", ".pi/agent/models.json", ".pi/agent/sessions/a/b.jsonl", ".claude/.credentials.json"),
    *(".codex/auth.json", ".swarm/identity.json", ".swarm/instructions.md", "workspace/app/.env", ".ssh/environment"),
    *(".local/state/swarm-cockpit/history.sqlite", ".pam_environment", "workspace/.env.local"),
)
"""Files that hold keys, tokens, or what somebody typed or said."""

WITHIN = (
    (".ssh/deploy", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "", "-----BEGIN"),
    (".npmrc", "fund=false\n//registry.example/:_authToken=hush\n", "fund=false\n", "hush"),
    (".bashrc", "alias l=ls\nif true; then\n  export MY_API_KEY=hush\nfi\n", "alias l=ls", "hush"),
    (".profile", "umask 022\nGH_TOKEN='hush'\n", "umask 022", "hush"),
    (".gitconfig", '[url "https://me:hush@git.example/"]\n', "https://git.example/", "hush"),
    ("workspace/app/.git/config", "\turl = https://hush@git.example/a.git\n", "https://git.example/a.git", "hush"),
)
"""Files with a secret in them: what they say, what stays of it, and what must be gone."""


def last_step() -> RecipeStep:
    return next(step for step in load_recipe(SHIPPED).steps if step.clears_secrets and step.scope is StepScope.HOME)


@pytest.mark.parametrize("secret", SECRETS)
def test_the_last_step_takes_each_secret_out(tmp_path: Path, secret: str) -> None:
    file = tmp_path / secret
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("hush", encoding="utf-8")
    assert shell(last_step().check, tmp_path) != 0
    assert shell(last_step().run, tmp_path) == 0
    assert not file.exists()
    assert shell(last_step().check, tmp_path) == 0


@pytest.mark.parametrize(("name", "text", "stays", "gone"), WITHIN)
def test_the_last_step_takes_a_secret_out_of_a_file_that_stays(
    tmp_path: Path, name: str, text: str, stays: str, gone: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    assert shell(last_step().check, tmp_path) != 0
    assert shell(last_step().run, tmp_path) == 0
    left = file.read_text(encoding="utf-8") if file.exists() else ""
    assert stays in left
    assert gone not in left
    assert shell(last_step().check, tmp_path) == 0
    if name in (".bashrc", ".profile"):
        subprocess.run(["sh", "-n", str(file)], check=True, timeout=10)


def test_what_is_no_secret_stays(tmp_path: Path) -> None:
    kept = {
        ".bashrc": "export EDITOR=true\nmonkey() { echo key; }\n",
        ".gitconfig": '[url "ssh://git@git.example/"]\n[user]\n  name = pi-agent\n',
        ".ssh/known_hosts": "git.example ssh-ed25519 AAAA\n",
        ".ssh/authorized_keys": "ssh-ed25519 AAAA\n",
        "workspace/app/.env.example": "KEY=\n",
        ".pi/agent/settings.json": "{}",
    }
    for name, text in kept.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert shell(last_step().check, tmp_path) == 0
    assert shell(last_step().run, tmp_path) == 0
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in kept} == kept


def test_host_keys_are_made_anew_once_where_the_vm_has_another_id(tmp_path: Path) -> None:
    """The script that the step installs, with its paths below a directory of the test."""
    require_program("ssh-keygen")
    (step,) = [step for step in load_recipe(SHIPPED).steps if "renew-host-keys" in step.run]
    script = step.run.split("<<'END'\n")[1].split("\nEND\n")[0]
    script = script.replace("/etc/", f"{tmp_path}/etc/").replace("systemctl try-reload-or-restart", "echo restarted")
    keys = tmp_path / "etc" / "ssh"
    keys.mkdir(parents=True)
    assert shell(script, tmp_path) == 0, "no VM of the platform: nothing is touched"
    assert not list(keys.glob("*.pub"))
    (tmp_path / "etc" / "vm_id").write_text("first\n", encoding="utf-8")
    seen: list[dict[str, str]] = []
    for vm_id in ("first", "first", "second"):
        (tmp_path / "etc" / "vm_id").write_text(f"{vm_id}\n", encoding="utf-8")
        assert shell(script, tmp_path) == 0
        seen.append({file.name: file.read_text(encoding="utf-8") for file in keys.glob("ssh_host_*_key.pub")})
    assert seen[0] == seen[1]
    assert len(seen[2]) == len(seen[0]) == 3
    assert not set(seen[0].values()) & set(seen[2].values())


def test_the_verb_prints_the_recipe_and_refuses_a_wrong_one(
    isolated_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["images", "recipe", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["file"] == str(SHIPPED)
    assert [step["name"] for step in told["steps"]][-1] == "secrets out of the system"
    assert run(["images", "recipe"]) == 0
    assert "secrets out of the home" in capfd.readouterr().out
    assert run(["images", "recipe", "--recipe", str(written(tmp_path, "steps = []\n"))]) == 2
    assert "there is no [[steps]]" in capfd.readouterr().err
    assert run(["images", "recipe", "--recipe", str(tmp_path / "absent.toml")]) == 2
    assert "check --recipe" in capfd.readouterr().err
