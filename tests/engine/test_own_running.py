"""The operator's own programs: bounded in time and size, and never with an agent's words in them."""

from __future__ import annotations

from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.engine.clock import Clock
from cockpit.engine.own.programs import OwnPrograms
from cockpit.engine.own.running import run_command
from cockpit.engine.state import FleetState
from cockpit.errors import UsageError
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import AgentId, VmId
from cockpit.model.own.declared import Own, OwnCommand
from tests.remote.waiting import until

ADA = Agent(AgentId("ada"), "ada", AgentKind.WORKER, VmId("ada"), role="$(touch x)")


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not taken leave of does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def test_a_command_is_bounded_and_ended_with_what_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    slow = await run_command(f"echo began; sleep 60 & echo $! > {pid}; wait", {}, 0.5, 100)
    assert (slow.line, slow.code) == ("began", None) and "took more than 0.5 s" in slow.trouble
    await until(lambda: not lives(int(pid.read_text())))
    loud = await run_command("yes | head -c 1000000", {}, 20.0, 1000)
    assert (len(loud.text), loud.is_cut, loud.code) == (1000, True, 0)
    failed = await run_command("echo no >&2; exit 3", {}, 20.0, 1000)
    assert (failed.line, failed.code, failed.trouble) == ("no", 3, "")


async def test_an_agents_words_are_data_to_a_command(tmp_path: Path) -> None:
    state = FleetState(Clock(), "")
    state.agents = {ADA.id: ADA}
    own = OwnPrograms(state, Own(commands=(OwnCommand("say", f'cd {tmp_path}; printf "%s" "$COCKPIT_ROLE"'),)))
    assert (await own.run("say", ADA.id)).text == "$(touch x)"
    assert not (tmp_path / "x").exists()
    with pytest.raises(UsageError, match="no command"):
        await own.run("sya", ADA.id)
