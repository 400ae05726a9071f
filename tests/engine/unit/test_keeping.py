"""A destroy takes a commit first; what a dead cockpit left is found out, said, and never deleted before its time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine.commands.clean_commit import taken_out
from cockpit.engine.commands.dispatcher import Dispatcher
from cockpit.engine.upkeep import FAILED_PAUSE, TAKING_LIMIT
from cockpit.model.commands.command import Command
from cockpit.model.commands.images import DeleteImage
from cockpit.model.commands.life import Destroy, Restore, Undo
from cockpit.model.commands.vm import Commit
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import CommitId
from cockpit.model.kept import KeptCommit, KeptFor, KeptState, is_marked_for_undo
from cockpit.model.platform import DeleteCommit
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.vers.errors import Conflict, CreationUncertain
from cockpit.vers.wire import CommitRecord
from tests.engine.unit.control import refused
from tests.engine.unit.parts import BEGAN, VM, Parts

DAY = 86_400.0


async def done(parts: Parts, dispatcher: Dispatcher, command: Command) -> Receipt:
    """Order something and return its receipt at its end."""
    command_id = dispatcher.dispatch(command)
    while dispatcher.under_way:
        await asyncio.gather(*dispatcher.under_way)
    return parts.state.receipts[command_id]


def changes(parts: Parts) -> list[str]:
    """Return what was done to the platform, in order, without what only looks."""
    return [call.split()[0] for call in parts.vers.calls if call.split()[0] in ("commit", "delete", "restore")]


def one(parts: Parts) -> KeptCommit:
    """Return the only commit that is kept; shown and written down alike."""
    (kept,) = parts.memory.kept.kept.values()
    assert parts.state.snapshot().kept == (kept,)
    return kept


def left_behind(parts: Parts, **fields: object) -> KeptCommit:
    """Write down what a cockpit that was killed has left."""
    kept = KeptCommit(
        "order-1", KeptFor.UNDO, KeptState.BEGUN, BEGAN, parts.vers.account, VM, "builder", expires_at=BEGAN + DAY
    )
    kept = replace(kept, **fields)  # type: ignore[arg-type]
    parts.memory.kept.kept[kept.request] = kept
    parts.state.kept[kept.request] = kept
    return kept


async def test_a_destroy_commits_first_and_keeps_who_it_was() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    receipt = await done(parts, dispatcher, Destroy(VM))
    assert receipt.stage is Stage.DONE, receipt
    assert changes(parts) == ["commit", "delete"]
    kept = one(parts)
    assert (kept.state, kept.name, kept.kind, kept.expires_at) == (KeptState.KEPT, "builder", "worker", kept.at + DAY)
    assert json.loads(kept.identity)["name"] == "builder"
    assert kept.size is not None and kept.size.memory_mib == 2048
    said = parts.vers.commits.records[str(kept.commit)]
    assert kept.request in said.description and "undo of builder" in said.name
    assert parts.memory.kept.held == set(), "another cockpit may look after it now"


async def test_what_is_kept_for_undo_is_nobodys_to_delete_and_no_image() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    await done(parts, dispatcher, Destroy(VM))
    commit = one(parts).commit
    assert commit is not None
    for order in (DeleteCommit(commit), DeleteImage(commit)):
        refused_for = dispatcher.refusal(order)
        assert refused_for is not None and "kept to undo the destroy of builder" in refused_for.sentence
    own = CommitRecord(commit_id="c9", name="mine", description="my own, and swarm-cockpit keeps this for undo of x")
    parts.vers.commits.records["c9"] = own
    described = {record.commit_id: record.description for record in parts.vers.commits.records.values()}
    assert [key for key, text in described.items() if not is_marked_for_undo(text)] == ["c9"]


async def test_without_undo_nothing_is_committed() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    assert (await done(parts, dispatcher, Destroy(VM, undo=False))).stage is Stage.DONE
    assert changes(parts) == ["delete"] and parts.memory.kept.kept == {}


@pytest.mark.parametrize("full_disk", [False, True])
async def test_where_no_commit_can_be_taken_nothing_is_deleted(full_disk: bool) -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    if full_disk:
        parts.memory.refuses = "the disk is full"
    else:
        parts.vers.errors["commit"] = refused("could not commit VM: 500 no room")
    receipt = await done(parts, dispatcher, Destroy(VM))
    assert receipt.stage is Stage.FAILED
    assert "nothing was deleted" in receipt.reason and "--no-undo" in receipt.reason
    assert "delete" not in changes(parts) and VM in parts.vers.states
    assert parts.memory.kept.kept == {}


async def test_a_vm_that_is_gone_needs_no_commit() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    parts.vers.states.clear()
    parts.vers.errors["commit"] = refused("could not commit VM: 404 not found")
    assert (await done(parts, dispatcher, Destroy(VM))).stage is Stage.DONE
    assert changes(parts) == ["commit", "delete"]


async def test_a_commit_whose_answer_was_lost_stays_written_down() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    parts.vers.errors["commit"] = CreationUncertain("lost", hint="look", candidates=("c0ffee00",))
    assert (await done(parts, dispatcher, Destroy(VM))).stage is Stage.FAILED
    assert "delete" not in changes(parts)
    assert one(parts).state is KeptState.BEGUN
    await parts.upkeep().find_out()
    found = one(parts)
    assert (found.commit, found.state, found.trouble) == ("c0ffee00", KeptState.KEPT, "its VM was not deleted")


async def test_a_deletion_that_fails_keeps_the_commit_and_says_so() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    parts.vers.errors["delete"] = refused("could not delete VM: it is still there")
    assert (await done(parts, dispatcher, Destroy(VM))).stage is Stage.FAILED
    assert one(parts).state is KeptState.KEPT and "its VM was not deleted" in one(parts).trouble


@pytest.mark.parametrize("vm_is_there", [True, False])
async def test_a_cockpit_killed_between_commit_and_deletion_loses_nothing(
    vm_is_there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts()
    left_behind(parts, state=KeptState.TAKEN, commit=CommitId("c0ffee00"))
    parts.vers.commits.records["c0ffee00"] = CommitRecord(commit_id="c0ffee00")
    if not vm_is_there:
        parts.vers.states.clear()
    shown: list[int] = []
    put = parts.memory.kept.put

    async def put_slowly(kept: KeptCommit) -> None:
        # Here it shows already: who waits for it goes on.
        shown.append(len(parts.state.findings))
        await put(kept)

    monkeypatch.setattr(parts.memory.kept, "put", put_slowly)
    await parts.upkeep().look()
    assert one(parts).state is KeptState.KEPT and shown == [1]
    (said,) = parts.state.findings
    assert "destroy builder was cut off" in said
    assert ("was not deleted" in said) is vm_is_there and ("cockpit undo c0ffee00" in said) is not vm_is_there
    assert changes(parts) == [], "it looks, and does nothing"


async def test_an_order_that_was_cut_off_is_known_by_its_mark_or_forgotten_in_time() -> None:
    parts = Parts()
    left_behind(parts)
    upkeep = parts.upkeep()
    await upkeep.look()
    assert one(parts).state is KeptState.BEGUN and "no commit of it is listed yet" in one(parts).trouble
    parts.vers.commits.records["c1"] = CommitRecord(commit_id="c1", description="somebody's own")
    parts.vers.commits.records["c2"] = CommitRecord(commit_id="c2", description="kept: order-1")
    await upkeep.look()
    assert (one(parts).commit, one(parts).state) == ("c2", KeptState.KEPT)

    parts = Parts()
    left_behind(parts, at=BEGAN - TAKING_LIMIT - 1)
    parts.vers.commits.whole = False
    await parts.upkeep().look()
    assert one(parts).state is KeptState.BEGUN, "a list that is not whole proves nothing"
    parts.vers.commits.whole = True
    await parts.upkeep().look()
    assert parts.memory.kept.kept == {} and "no commit of it was taken" in parts.state.findings[0]


async def test_what_another_process_holds_or_another_account_has_is_left_alone() -> None:
    parts = Parts()
    expired = left_behind(parts, state=KeptState.KEPT, commit=CommitId("c0ffee00"), expires_at=BEGAN - 1)
    parts.memory.kept.others.add(expired.request)
    await parts.upkeep().look()
    parts.memory.kept.others.clear()
    parts.memory.kept.kept[expired.request] = replace(expired, account="them")
    await parts.upkeep().look()
    assert "delete" not in changes(parts)


async def test_what_expired_is_deleted_and_stays_listed_until_the_platform_says_it_is_gone() -> None:
    parts = Parts()
    for number, purpose in enumerate(KeptFor):
        record = CommitRecord(commit_id=f"c{number}", description="x")
        parts.vers.commits.records[record.commit_id] = record
        left_behind(
            parts,
            request=f"order-{number}",
            purpose=purpose,
            state=KeptState.KEPT,
            commit=record.id,
            expires_at=BEGAN - 1 if purpose is KeptFor.UNDO else None,
        )
    upkeep = parts.upkeep()
    parts.vers.errors["delete commit"] = Conflict("commit still has 1 active VM(s)", status=409)
    await upkeep.look()
    (undo,) = [kept for kept in parts.memory.kept.kept.values() if kept.purpose is KeptFor.UNDO]
    assert "1 active VM" in undo.trouble
    del parts.vers.errors["delete commit"]
    await upkeep.look()
    assert undo.request in parts.memory.kept.kept, "it is not asked again at once"
    await asyncio.sleep(FAILED_PAUSE)
    await upkeep.look()
    assert undo.request not in parts.memory.kept.kept
    assert set(parts.vers.commits.records) == {"c1", "c2"}, "checkpoints and the operator's own stay"


async def test_only_what_is_kept_can_be_undone() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    kept = left_behind(parts, state=KeptState.KEPT, commit=CommitId("c0ffee00"))
    assert dispatcher.refusal(Undo(CommitId("c0ffee00"))) is None
    for unfit in (
        replace(kept, state=KeptState.RESTORED),
        replace(kept, purpose=KeptFor.COMMIT),
        replace(kept, commit=None),
    ):
        parts.state.kept[unfit.request] = unfit
        parts.state.changed()
        assert dispatcher.refusal(Undo(CommitId("c0ffee00"))) is not None, unfit


async def test_a_commit_that_nobody_wrote_down_is_restored_under_a_name_only() -> None:
    parts = Parts()
    parts.state.vms[VM] = Vm(VM, Power.RUNNING)
    dispatcher = parts.dispatcher(parts.agent_sessions())
    parts.vers.commits.records["c1"] = CommitRecord(commit_id="c1", parent_vm_id="somewhere")
    receipt = await done(parts, dispatcher, Restore(CommitId("c1")))
    assert receipt.stage is Stage.FAILED and "is not known here" in receipt.reason and "--name" in receipt.reason
    assert changes(parts) == []
    taken = await done(parts, dispatcher, Restore(CommitId("c1"), "builder"))
    assert taken.stage is Stage.FAILED and "builder" in taken.reason and changes(parts) == []


async def test_the_operators_own_commits_are_kept_with_their_lineage() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    assert (await done(parts, dispatcher, Commit(VM, "first"))).stage is Stage.DONE
    await asyncio.sleep(1.0)
    assert (await done(parts, dispatcher, Commit(VM, "second"))).stage is Stage.DONE
    first, second = await parts.memory.kept.rows()
    assert (first.parent, second.parent) == ("c0ffee", first.commit)
    assert first.expires_at is None and first.purpose is KeptFor.COMMIT


async def test_what_another_cockpit_keeps_is_shown_here_in_a_moment() -> None:
    parts = Parts()
    kept = left_behind(parts, state=KeptState.KEPT, commit=CommitId("c0ffee00"))
    parts.vers.commits.records["c0ffee00"] = CommitRecord(commit_id="c0ffee00")
    parts.state.kept.clear()
    running = asyncio.create_task(parts.upkeep().run())
    await parts.state.until(lambda: bool(parts.state.kept), 10.0)
    assert parts.state.snapshot().kept == (kept,)
    parts.memory.kept.kept.clear()
    await parts.state.until(lambda: not parts.state.kept, 10.0)
    assert parts.state.snapshot().kept == ()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("gone", [True, False])
async def test_how_an_agent_is_brought_back_is_said_until_it_was_and_by_what_is_its_own(gone: bool) -> None:
    parts = Parts()
    parts.vers.states.clear()
    for number in "12":
        commit = CommitId(f"c0ffee0{number}")
        left_behind(parts, request=f"order-{number}", state=KeptState.TAKEN, commit=commit)
        parts.vers.commits.records[commit] = CommitRecord(commit_id=commit)
    running = asyncio.create_task(parts.upkeep().run())
    await parts.state.until(lambda: len(parts.state.findings) == 2, 10.0)
    assert all(f"cockpit undo c0ffee0{number}" in said for number, said in zip("12", parts.state.findings, strict=True))
    assert len(set(parts.state.findings)) == 2, "two agents had one name"
    rows = parts.memory.kept.kept
    if gone:
        del rows["order-1"]
    else:
        rows["order-1"] = replace(rows["order-1"], state=KeptState.RESTORED)
    await parts.state.until(lambda: len(parts.state.findings) == 1, 10.0)
    assert "cockpit undo c0ffee02" in parts.state.findings[0]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_somebody_else_deleted_is_forgotten_and_said() -> None:
    parts = Parts()
    left_behind(parts, state=KeptState.KEPT, commit=CommitId("c0ffee00"), account=parts.vers.account)
    parts.vers.commits.whole = False
    await parts.upkeep().look()
    assert len(parts.memory.kept.kept) == 1, "a list that is not whole proves nothing"
    parts.vers.commits.whole = True
    await parts.upkeep().look()
    assert parts.memory.kept.kept == {} and "brought back no more" in parts.state.findings[0]


async def test_what_another_process_finished_meanwhile_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    kept = left_behind(parts, state=KeptState.KEPT, commit=CommitId("c0ffee00"))
    asked = parts.vers.commits.listed

    async def listed() -> Any:
        parts.memory.kept.kept[kept.request] = replace(kept, state=KeptState.RESTORED)
        return await asked()

    monkeypatch.setattr(parts.vers.commits, "listed", listed)
    await parts.upkeep().look()
    assert parts.state.findings == [], "it was brought back while the list was asked for"
    assert parts.memory.kept.kept[kept.request].state is KeptState.RESTORED


async def test_an_order_that_its_process_ended_meanwhile_was_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    left_behind(parts)
    other = left_behind(parts, request="order-2", at=BEGAN + 1, name="tester")
    asked = parts.vers.commits.listed

    async def listed() -> Any:
        parts.memory.kept.kept[other.request] = replace(other, state=KeptState.KEPT, commit=CommitId("c2"))
        return await asked()

    parts.vers.commits.records["c2"] = CommitRecord(commit_id="c2", description="kept: order-2")
    monkeypatch.setattr(parts.vers.commits, "listed", listed)
    await parts.upkeep().find_out()
    assert [said for said in parts.state.findings if "tester" in said] == []


async def test_keys_that_were_put_back_are_said_to_lie_here_no_more(tmp_path: Path) -> None:
    parts = Parts()
    parts.memory.path = tmp_path / "history"
    file = taken_out(parts.memory.path) / f"{VM}.tar.base64"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    upkeep = parts.upkeep()
    await upkeep.find_out()
    (said,) = parts.state.findings
    assert "cockpit relaunch builder" in said and str(file) in said
    file.unlink()
    await upkeep.find_out()
    assert parts.state.findings == []
