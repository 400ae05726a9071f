"""One step of a recipe on a VM: looked for, run if its result is not there, and looked for again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cockpit.engine.images import scripts
from cockpit.errors import Refused, TimedOut
from cockpit.model.recipe import RecipeStep, StepScope
from cockpit.remote.ssh.command import Completed

CHECK_LIMIT = 60.0
"""Seconds a check may take."""

SCRIPT_LIMIT = 60.0
"""Seconds one of our own short scripts may take."""

LOOKS = 20
"""Tenths of a second a look waits for the end of a step before it says how far it is."""

GRACE = 15.0
"""Seconds beyond its limit after which a step is ended from here, where the VM did not end it."""

LAST_LINES = 15
"""Lines of a failed step's output that are said."""

NOT_HERE = "not here: a VM of the embedded fleet has the programs of this machine"
NO_PART = "no part of an image here: the commit of a sandbox holds its own files alone"


class StepPlace(Protocol):
    """What runs scripts on a VM, again if the link gives out."""

    async def run(self, script: str, *arguments: str, stdin: bytes = b"", timeout: float) -> Completed:
        """Run a script to its end."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What came of a step."""

    words: str
    """For the operation's steps."""
    lacking: bool = False
    """Its result is not there, and it could not be brought about here."""


async def bring_about(
    step: RecipeStep, vm: StepPlace, *, shares_host: bool, again: bool, tell: Callable[[str], None]
) -> StepResult:
    """Bring about what a step is for, unless it is there.

    Args:
        step: the step.
        vm: where.
        shares_host: the VM is a sandbox that shares this machine's programs and files.
        again: run it even if its result is there.
        tell: hears how far it is, in a line of its output.

    Raises:
        Refused: it failed, or its check fails after it; says what it printed last.
        TimedOut: it did not end within its limit, and was ended.
        CockpitError: the VM cannot be reached; the step goes on there.
    """
    if shares_host and step.scope is StepScope.MACHINE:
        return StepResult(NO_PART)
    if not again and await _is_there(step, vm):
        return StepResult("present")
    if shares_host and step.scope is not StepScope.HOME:
        return StepResult(NOT_HERE, lacking=True)
    await _run(step, vm, tell)
    if not await _is_there(step, vm):
        raise Refused(
            f"step {step.name!r} ran without an error, but its check still fails",
            hint="mend its check or its run in the recipe (`cockpit images recipe` says which file)",
        )
    return StepResult("run again" if again else "done")


async def _is_there(step: RecipeStep, vm: StepPlace) -> bool:
    done = await vm.run(step.check, timeout=CHECK_LIMIT)
    return done.exit_code == 0


async def _run(step: RecipeStep, vm: StepPlace, tell: Callable[[str], None]) -> None:
    limit = f"{max(1, round(step.limit))}"
    begun = await vm.run(scripts.BEGIN, step.key, limit, stdin=step.run.encode(), timeout=SCRIPT_LIMIT)
    if begun.exit_code != 0:
        said = begun.stderr.decode("utf-8", "backslashreplace").strip()
        raise Refused(f"step {step.name!r} cannot be begun: {said or 'its files cannot be written'}")
    deadline = asyncio.get_running_loop().time() + step.limit + GRACE
    while True:
        state, lines = await _look(step, vm, LOOKS, 1)
        if state != "running":
            break
        if lines:
            tell(lines[-1])
        if asyncio.get_running_loop().time() > deadline:
            await vm.run(scripts.END, step.key, timeout=SCRIPT_LIMIT)
            state = "ended 124"
            break
    if state == "ended 0":
        return
    _, lines = await _look(step, vm, 0, LAST_LINES)
    said = "\n".join(lines) or "it said nothing"
    if state in ("ended 124", "ended 137"):
        raise TimedOut(f"step {step.name!r} did not end within {step.limit:g} s and was ended: {said}")
    if state == "lost":
        raise Refused(f"step {step.name!r} was cut off on the VM before it ended: {said}", hint="build again to go on")
    raise Refused(f"step {step.name!r} failed with exit code {state.removeprefix('ended ')}: {said}")


async def _look(step: RecipeStep, vm: StepPlace, looks: int, lines: int) -> tuple[str, list[str]]:
    """Return `running`, `lost` or `ended CODE`, and the last lines of its output."""
    done = await vm.run(scripts.LOOK, step.key, f"{looks}", f"{lines}", timeout=SCRIPT_LIMIT)
    state, *said = done.stdout.decode("utf-8", "backslashreplace").splitlines() or ["lost"]
    return state, said
