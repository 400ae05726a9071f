"""A verb's own group is loaded and no other, and a start of the cockpit loads what it uses."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from cockpit.cli.declared.application import application
from cockpit.cli.declared.loading import declare_all, groups, verb_of, verbs_in
from tests.faults.harness import ROOT


def test_each_verb_is_found_in_the_text_of_the_group_that_declares_it() -> None:
    declare_all()
    made = typer.main.get_command(application)
    told = {verb: name for name, verbs in groups().items() for verb in verbs}
    declared = {
        (info.name or info.callback.__name__.replace("_", "-")): info.callback.__module__
        for info in application.registered_commands
        if info.callback is not None
    }
    declared |= {
        str(info.name): info.typer_instance.registered_commands[0].callback.__module__
        for info in application.registered_groups
        if info.typer_instance is not None and info.typer_instance.registered_commands[0].callback is not None
    }
    assert set(told) == set(made.commands) == set(declared)  # type: ignore[attr-defined]
    assert {verb: f"cockpit.cli.declared.{name}" for verb, name in told.items()} == declared
    assert all(sum(verb in verbs for verbs in groups().values()) == 1 for verb in told)


def test_names_are_read_as_typer_gives_them() -> None:
    text = '@application.command()\ndef stop_all(x: int) -> None: ...\n@application.command("ls")\ndef listing():\n'
    assert verbs_in(text + 'application.add_typer(vm, name="vm")\n') == ("vm", "stop-all", "ls")


@pytest.mark.parametrize(
    ("arguments", "verb"),
    [
        ([], ""),
        (["vms", "--json"], "vms"),
        (["--root", "vms", "board"], "board"),
        (["--root=/x", "--read-only", "ls", "a:b"], "ls"),
        (["--read-only"], ""),
        (["--help"], None),
        (["-h"], None),
        (["--root"], None),
        (["--roo", "x", "vms"], None),
        (["--", "vms"], None),
    ],
)
def test_the_verb_is_found_behind_the_options_before_it(arguments: list[str], verb: str | None) -> None:
    assert verb_of(arguments) == verb


@given(st.lists(st.text(max_size=8), max_size=5))
def test_any_words_are_read_without_a_failure(arguments: list[str]) -> None:
    found = verb_of(arguments)
    assert found in (None, "") or found in arguments


LOADED = """import sys
from cockpit.cli.declared.loading import declare
import cockpit.__main__, cockpit.cli.main, cockpit.cli.headless
declare(["vms", "--json"])
print(" ".join(sorted(sys.modules)))
"""


def test_a_verb_that_reaches_no_vm_loads_no_ssh_no_screen_and_no_other_group() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    loaded = set(done.stdout.split())
    assert {"cockpit.cli.declared.lists", "httpx"} <= loaded
    tops = {name.partition(".")[0] for name in loaded}
    assert not tops & {"asyncssh", "cryptography", "textual", "rich"}
    mine = {name for name in loaded if name.startswith("cockpit.cli.declared.")}
    assert mine == {f"cockpit.cli.declared.{name}" for name in ("application", "loading", "lists")}
