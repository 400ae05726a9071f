"""Bringing an agent back in the place of another: who goes for it is named, and nobody goes without a yes."""

from __future__ import annotations

import pytest

from cockpit.cli import losses, undoing
from cockpit.cli.exits import ExitCode
from cockpit.errors import UsageError
from cockpit.model.commands import Restore
from cockpit.model.fleet import Agent, AgentKind, Fleet, Link, LinkState, Power, Vm
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from tests.cli.double import HeadlessDouble, HeadlessOnDouble

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
KEPT = KeptCommit("r", KeptFor.COMMIT, KeptState.KEPT, 0.0, "us", VM, "bob", commit=CommitId("c0ffee00"))
FLEET = Fleet(
    vms=(Vm(VM, Power.RUNNING),),
    agents=(Agent(agent_of(VM), "ada", AgentKind.LIEUTENANT, VM, link=Link(LinkState.UP)),),
    kept=(KEPT,),
    health=(ServiceHealth("vers", True, 0.0),),
    awaited=("vers",),
)


async def test_what_was_kept_of_an_agent_under_another_name_is_found_by_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = HeadlessDouble(FLEET)
    assert await undoing.checkpoints(HeadlessOnDouble(engine), "ada", True) == ExitCode.DONE
    assert "c0ffee00" in capsys.readouterr().out
    monkeypatch.setattr(undoing, "_brought_back", _only_order)
    assert await undoing.restore(HeadlessOnDouble(engine), "ada", "", "", False, False) == ExitCode.DONE
    assert engine.ordered == [Restore(CommitId("c0ffee00"))]


async def test_nobody_goes_for_another_without_a_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = HeadlessDouble(FLEET)
    monkeypatch.setattr(losses, "input_is_terminal", lambda: False)
    with pytest.raises(UsageError, match="would destroy ada"):
        await undoing.restore(HeadlessOnDouble(engine), "bob", "", "ada", False, False)
    monkeypatch.setattr(losses, "input_is_terminal", lambda: True)
    monkeypatch.setattr(losses, "ask", lambda question: "no")
    assert await undoing.restore(HeadlessOnDouble(engine), "bob", "", "ada", False, False) == ExitCode.FAILED
    assert "lieutenant ada on VM" in capsys.readouterr().err
    assert engine.ordered == []
    monkeypatch.setattr(undoing, "_brought_back", _only_order)
    assert await undoing.restore(HeadlessOnDouble(engine), "bob", "", "ada", True, False) == ExitCode.DONE
    assert engine.ordered == [Restore(CommitId("c0ffee00"), "", VM)]


async def _only_order(engine: HeadlessDouble, command: Restore, as_json: bool) -> int:
    engine.dispatch(command)
    return ExitCode.DONE
