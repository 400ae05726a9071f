"""Bringing an agent back in the place of another: who goes for it is named, and nobody goes without a yes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from cockpit.cli import best_of, commits, destruction, fleet, losses, undoing
from cockpit.cli.exits import ExitCode
from cockpit.errors import Refused, UsageError
from cockpit.model.accounts import CommitList, CommitView
from cockpit.model.commands.life import Restore
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Fleet,
    Link,
    LinkState,
    Power,
    Vm,
)
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.open_work import OpenDialog
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
    assert (
        await undoing.restore(HeadlessOnDouble(engine), "ada", "", "", yes=False, dry_run=False, as_json=False)
        == ExitCode.DONE
    )
    assert engine.ordered == [Restore(CommitId("c0ffee00"))]


async def test_nobody_goes_for_another_without_a_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = HeadlessDouble(FLEET)
    monkeypatch.setattr(losses, "input_is_terminal", lambda: False)
    with pytest.raises(UsageError, match="would destroy ada"):
        await undoing.restore(HeadlessOnDouble(engine), "bob", "", "ada", yes=False, dry_run=False, as_json=False)
    monkeypatch.setattr(losses, "input_is_terminal", lambda: True)
    monkeypatch.setattr(losses, "ask", lambda question: "no")
    assert (
        await undoing.restore(HeadlessOnDouble(engine), "bob", "", "ada", yes=False, dry_run=False, as_json=False)
        == ExitCode.FAILED
    )
    assert "lieutenant ada on VM" in capsys.readouterr().err
    assert engine.ordered == []
    monkeypatch.setattr(undoing, "_brought_back", _only_order)
    assert (
        await undoing.restore(HeadlessOnDouble(engine), "bob", "", "ada", yes=True, dry_run=False, as_json=False)
        == ExitCode.DONE
    )
    assert engine.ordered == [Restore(CommitId("c0ffee00"), "", VM)]


async def _only_order(engine: HeadlessDouble, command: Restore, as_json: bool) -> int:
    engine.dispatch(command)
    return ExitCode.DONE


class Asking(HeadlessDouble):
    """Tells what its agents ask once their output is read, and not before."""

    async def settled(self, timeout: float) -> None:
        """Read it."""
        request = DialogRequested(dialog_id="d", method="confirm", title="Shall I go on?")
        asking = [
            replace(agent, activity=Activity(ActivityState.ASKING, dialogs=(OpenDialog(request, 0.0),)))
            for agent in self.fleet.agents
        ]
        self.change(replace(self.fleet, agents=tuple(asking)))


async def _restore(headless: HeadlessOnDouble) -> int:
    return await undoing.restore(headless, "bob", "", "ada", yes=False, dry_run=False, as_json=False)


async def _retry(headless: HeadlessOnDouble) -> int:
    return await undoing.retry(headless, "ada", "again", yes=False, dry_run=False, as_json=False)


async def _destroy(headless: HeadlessOnDouble) -> int:
    return await destruction.destroy(headless, ["ada"], destruction.How(False, False, False, False))


async def _keep(headless: HeadlessOnDouble) -> int:
    return await best_of.compare(
        headless, ["ada", "bea"], "bea", patches=False, yes=False, dry_run=False, as_json=False
    )


@pytest.mark.parametrize("verb", [_restore, _retry, _destroy, _keep])
async def test_what_an_agent_asks_is_read_before_it_is_given_up(
    verb: Callable[[HeadlessOnDouble], Awaitable[int]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = VmId("bbbbbbbb-0000-4000-8000-000000000001")
    bea = Agent(agent_of(other), "bea", AgentKind.WORKER, other, link=Link(LinkState.UP))
    ada = replace(FLEET.agents[0], kind=AgentKind.WORKER)
    taken = replace(KEPT, request="c", purpose=KeptFor.CHECKPOINT, name="ada", prompt="go")
    vms = (*FLEET.vms, Vm(other, Power.RUNNING))
    engine = Asking(replace(FLEET, vms=vms, agents=(ada, bea), kept=(KEPT, taken)))
    monkeypatch.setattr(losses, "input_is_terminal", lambda: True)
    monkeypatch.setattr(losses, "ask", lambda question: "no")
    assert await verb(HeadlessOnDouble(engine)) == ExitCode.FAILED
    assert "Shall I go on?" in capsys.readouterr().err


async def test_who_is_kept_of_copies_and_who_goes_is_json_where_that_is_wanted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = VmId("bbbbbbbb-0000-4000-8000-000000000001")
    ada, bea = (
        Agent(agent_of(vm), name, AgentKind.WORKER, vm, link=Link(LinkState.UP))
        for vm, name in ((VM, "ada"), (other, "bea"))
    )
    engine = HeadlessDouble(replace(FLEET, vms=(*FLEET.vms, Vm(other, Power.RUNNING)), agents=(ada, bea)))
    code = await best_of.compare(
        HeadlessOnDouble(engine), ["ada", "bea"], "bea", patches=False, yes=False, dry_run=True, as_json=True
    )
    assert code == ExitCode.DONE
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == ["ada"]


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_commit_that_undoes_a_destroy_is_refused_before_anything_is_asked(
    dry_run: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = replace(KEPT, purpose=KeptFor.UNDO)
    engine = HeadlessDouble(replace(FLEET, kept=(kept,)))
    monkeypatch.setattr(engine, "platform", OneCommit(CommitView(CommitId("c0ffee00"), "vers", "base")))
    monkeypatch.setattr(fleet, "input_is_terminal", lambda: pytest.fail("it was asked"))
    with pytest.raises(Refused, match="kept to undo the destroy of bob"):
        await commits.delete(HeadlessOnDouble(engine), "base", yes=False, dry_run=dry_run, as_json=False)


class OneCommit:
    """A platform with one commit."""

    def __init__(self, commit: CommitView) -> None:
        self._commit = commit

    async def commits(self) -> CommitList:
        """Return it."""
        return CommitList((self._commit,))

    async def learn(self) -> None:
        """Nothing is asked."""
