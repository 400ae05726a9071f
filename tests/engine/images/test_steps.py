"""Steps of a recipe on a machine: done once, found again by whoever comes back, bounded, and never where they harm."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.engine.images import scripts
from cockpit.engine.images.steps import bring_about
from cockpit.errors import CockpitError, Refused, TimedOut
from cockpit.model.keys import KEY_FORMS
from cockpit.model.recipe import RecipeStep, StepScope
from cockpit.remote.ssh.command import Completed
from tests.embedded.waiting import until

Outcome = tuple[str, bool]
"""What is said of a step, and whether its result is lacking."""


class LocalShell:
    """Runs scripts here, with a home of the test's own, as an SSH server does for a VM."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ran: list[str] = []

    async def run(self, script: str, *arguments: str, stdin: bytes = b"", timeout: float) -> Completed:
        """Run a script to its end."""
        self.ran.append(script)
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"]}
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", script, "sh", *arguments),
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(timeout):
            out, err = await process.communicate(stdin)
        return Completed(process.returncode, out, err)


MADE = 'test -e "$HOME/made"'


def step(run: str, limit: float = 20.0, scope: StepScope = StepScope.HOME) -> RecipeStep:
    return RecipeStep(name="a step", check=MADE, run=run, limit=limit, scope=scope)


def is_asleep(process: int) -> bool:
    """Say whether a process that was begun as `sleep` still is."""
    try:
        found = psutil.Process(process)
        return bool(found.name() == "sleep" and found.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def done(vm: LocalShell, wanted: RecipeStep, *, shares_host: bool = False, again: bool = False) -> Outcome:
    result = await bring_about(wanted, vm, shares_host=shares_host, again=again, tell=lambda line: None)
    return result.words, result.lacking


@pytest.fixture
def vm(tmp_path: Path) -> LocalShell:
    return LocalShell(tmp_path)


async def test_a_step_is_done_once_and_again_only_if_it_is_asked_for(vm: LocalShell) -> None:
    wanted = step('echo x >>"$HOME/made"')
    assert await done(vm, wanted) == ("done", False)
    assert await done(vm, wanted) == ("present", False)
    assert (vm.home / "made").read_text() == "x\n"
    assert await done(vm, wanted, again=True) == ("run again", False)
    assert (vm.home / "made").read_text() == "x\nx\n"


async def test_a_step_that_fails_says_how_it_ended_and_what_it_said_last(vm: LocalShell) -> None:
    with pytest.raises(Refused, match=r"exit code 3: first\nlast"):
        await done(vm, step("echo first; echo; echo last >&2; exit 3"))
    with pytest.raises(Refused, match="check still fails"):
        await done(vm, step("true"))
    assert await done(vm, step('touch "$HOME/made"')) == ("done", False), "a mended step goes on"


async def test_a_step_that_does_not_end_is_ended_with_all_it_began(vm: LocalShell) -> None:
    with pytest.raises(TimedOut, match=r"within 1 s"):
        await done(vm, step('sleep 300 & echo $! >"$HOME/child"; wait', limit=1.0))
    child = int((vm.home / "child").read_text())
    await until(lambda: not is_asleep(child))


async def test_who_comes_back_finds_the_step_going_on_and_begins_no_second_one(vm: LocalShell) -> None:
    wanted = step('echo began >>"$HOME/log"; until [ -e "$HOME/go" ]; do sleep 0.02; done; touch "$HOME/made"')
    first = asyncio.create_task(done(vm, wanted))
    await until((vm.home / "log").exists)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = asyncio.create_task(done(vm, wanted))
    await until(lambda: vm.ran.count(scripts.LOOK) >= 2)
    (vm.home / "go").touch()
    assert await second == ("done", False)
    assert (vm.home / "log").read_text() == "began\n"


@pytest.mark.parametrize("scope", [StepScope.SYSTEM, StepScope.MACHINE])
async def test_where_vms_share_the_host_only_the_home_is_changed(vm: LocalShell, scope: StepScope) -> None:
    words, lacking = await done(vm, step('touch "$HOME/made"', scope=scope), shares_host=True)
    assert "here" in words
    assert lacking is (scope is StepScope.SYSTEM)
    assert not (vm.home / "made").exists()
    (vm.home / "made").touch()
    again = await done(vm, step('rm "$HOME/made"', scope=scope), shares_host=True, again=True)
    assert again[0] != "run again"
    assert (vm.home / "made").exists()
    if scope is StepScope.SYSTEM:
        assert await done(vm, step("false", scope=scope), shares_host=True) == ("present", False)


async def test_a_home_that_cannot_be_written_is_said(vm: LocalShell) -> None:
    (vm.home / ".swarm").write_text("a file where a directory must be")
    with pytest.raises(CockpitError, match="cannot be begun"):
        await done(vm, step("true"))


async def test_the_look_for_secrets_finds_values_and_what_looks_like_a_key(vm: LocalShell) -> None:
    planted = {
        "notes/a": "my hush-hush-value is here",
        "b": "0f9e8d7c-6b5a-4948-8372-615049382716" + "ab" * 32,
        "c": "sk-ant-" + "x" * 40,
        "harmless": "hush-hush 0f9e8d7c-6b5a-4948-8372-615049382716 sk-ant-short",
        "node_modules/d": "sk-ant-" + "x" * 40,
    }
    for name, text in planted.items():
        (vm.home / name).parent.mkdir(exist_ok=True)
        (vm.home / name).write_text(text)
    found = await vm.run(
        scripts.LOOK_FOR_SECRETS, "home", *(form for _, form in KEY_FORMS), stdin=b"hush-hush-value\n", timeout=20
    )
    assert found.stdout.decode().splitlines() == ["./b", "./c", "./notes/a"]
    nothing = await vm.run(scripts.LOOK_FOR_SECRETS, "home", "[0-9]{99}", timeout=20)
    assert nothing.stdout == b"", "no value at all is found nowhere"
