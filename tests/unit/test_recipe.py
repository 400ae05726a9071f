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
from cockpit.errors import ConfigError
from cockpit.model.recipe import MAX_NAME, MAX_TIMEOUT, Recipe, RecipeStep

LAST = '[[steps]]\nname = "out"\ncheck = "true"\ndo = "true"\nclears_secrets = true\n'

NAMES = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=MAX_NAME)
COMMANDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(str.strip)
STEPS = st.builds(
    RecipeStep,
    name=NAMES,
    check=COMMANDS,
    do=COMMANDS,
    timeout=st.floats(min_value=0.5, max_value=MAX_TIMEOUT),
    beyond_home=st.booleans(),
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
    if steps and len(names) == len(steps) and steps[-1].clears_secrets:
        assert Recipe(steps=tuple(steps)).steps == tuple(steps)
    else:
        with pytest.raises(ValueError, match=r"no \[\[steps\]\]|two steps are named|no clears_secrets"):
            Recipe(steps=tuple(steps))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", '""'),
        ("name", '"a\\nb"'),
        ("check", '" "'),
        ("do", '"a\\u0000b"'),
        ("timeout", "0"),
        ("timeout", "nan"),
        ("timeout", "inf"),
        ("timeout", "86401"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_step(tmp_path: Path, field: str, value: str) -> None:
    lines = {"name": '"first"', "check": '"true"', "do": '"hush-hush"', "timeout": "5", field: value}
    text = "[[steps]]\n" + "".join(f"{key} = {given}\n" for key, given in lines.items()) + LAST
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_recipe(file)
    assert str(caught.value).startswith(f"{file}: steps.1: ")
    assert field in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            LAST + '[[steps]]\nname = "a"\nchekc = "true"\ncheck = "true"\ndo = "true"\n',
            "'steps.2.chekc'; did you mean 'check'?",
        ),
        ('descripton = "x"\n' + LAST, "'descripton'; did you mean 'description'?"),
        (LAST + LAST, "two steps are named 'out'"),
        (LAST.replace("clears_secrets = true\n", ""), "no clears_secrets = true"),
        ("steps = []\n", "there is no [[steps]]"),
        ("[[steps]\n", "is not valid TOML"),
        (LAST.replace('do = "true"\n', ""), "steps.1.do: "),
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


def test_every_command_of_the_shipped_recipe_is_a_script_of_the_shell() -> None:
    for step in load_recipe(SHIPPED).steps:
        for command in (step.check, step.do):
            subprocess.run(["sh", "-n"], input=command, text=True, check=True, timeout=10)


def test_steps_within_the_home_bring_about_what_they_check(tmp_path: Path) -> None:
    tried = [step for step in load_recipe(SHIPPED).steps if not step.beyond_home and not step.clears_secrets]
    assert tried
    for step in tried:
        assert shell(step.check, tmp_path) != 0, step.name
        assert shell(step.do, tmp_path) == 0, step.name
        assert shell(step.check, tmp_path) == 0, step.name


@pytest.mark.parametrize("secret", [".ssh/id_rsa", ".pi/agent/auth.json", ".vers/keys.json", ".netrc", ".bash_history"])
def test_the_last_step_takes_each_secret_out(tmp_path: Path, secret: str) -> None:
    last = load_recipe(SHIPPED).steps[-1]
    file = tmp_path / secret
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("secret", encoding="utf-8")
    assert shell(last.check, tmp_path) != 0
    assert shell(last.do, tmp_path) == 0
    assert not file.exists()
    assert shell(last.check, tmp_path) == 0


def test_the_verb_prints_the_recipe_and_refuses_a_wrong_one(
    isolated_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["images", "recipe", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["file"] == str(SHIPPED)
    assert [step["name"] for step in told["steps"]][-1] == "secrets out"
    assert run(["images", "recipe"]) == 0
    assert "secrets out" in capfd.readouterr().out
    assert run(["images", "recipe", "--recipe", str(written(tmp_path, "steps = []\n"))]) == 2
    assert "there is no [[steps]]" in capfd.readouterr().err
    assert run(["images", "recipe", "--recipe", str(tmp_path / "absent.toml")]) == 2
    assert "check --recipe" in capfd.readouterr().err
