"""What does not fit is a row, and one key does what is suggested: at once where it only adds, else it asks."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.claims import Claim, ClaimedBy, VmLook
from cockpit.model.colours import COLOURS
from cockpit.model.commands.life import Adopt, Deregister, Destroy, Rename, Undo
from cockpit.model.fleet import AgentKind, Power
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.loss import Remains, Repository
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.dialogs.destroy import DestroyDialog
from cockpit.ui.dialogs.form import FormDialog
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit, notifications

GONE = VmId("99999999-0000-4000-8000-000000000009")


async def test_an_agent_that_was_found_is_taken_over_by_one_key() -> None:
    engine = scene()
    orphan = engine.fleet.orphans()[0]
    claim = Claim(ClaimedBy.STATE_FILE, "~/.pi/lieutenants.json", orphan.id, "quill", "lieutenant")
    look = VmLook(orphan.id, engine.clock, found=(("/tmp/pi-rpc", "alive"),), looked=("/tmp/pi-rpc",))
    vms = tuple(replace(vm, power=Power.RUNNING) if vm is orphan else vm for vm in engine.fleet.vms)
    engine.change(replace(engine.fleet, vms=vms, claims=(claim,), looks=(look,)))
    async with cockpit(engine, size=(120, 40)) as (pilot, home, _):
        home.go_to(f"vm:{orphan.id}")
        await pilot.pause()
        await pilot.press("M")
        await pilot.pause()
        assert engine.ordered == [Adopt(orphan.id, "quill", AgentKind.LIEUTENANT, directory="/tmp/pi-rpc")]


async def test_what_is_registered_and_gone_has_a_row_and_is_taken_out_after_a_question() -> None:
    engine = scene()
    claim = Claim(ClaimedBy.REGISTRY, "the registry", GONE, "lost", "worker", "worker")
    engine.change(replace(engine.fleet, claims=(claim,), looks=(VmLook(GONE, engine.clock, gone="404"),)))
    async with cockpit(engine, size=(120, 40)) as (pilot, home, _):
        home.focus_pane("vms")
        await pilot.pause()
        pane = home.query_one("#vms", RowList)
        assert pane.point_at(GONE)
        await pilot.press("M")
        await pilot.pause()
        assert isinstance(home.app.screen, ConfirmDialog) and engine.ordered == []
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert engine.ordered == [Deregister(GONE)]


async def test_the_row_of_a_vm_that_is_gone_says_what_the_key_does() -> None:
    engine = scene()
    claim = Claim(ClaimedBy.REGISTRY, "the registry", GONE, "lost", "worker", "worker")
    commit = CommitId("c0ffee00-0000-4000-8000-000000000009")
    kept = KeptCommit("o", KeptFor.UNDO, KeptState.KEPT, engine.clock - 9, "us", GONE, "lost", commit=commit)
    looks = (VmLook(GONE, engine.clock, gone="404"),)
    engine.change(replace(engine.fleet, claims=(claim,), looks=looks, kept=(kept,)))
    async with cockpit(engine, size=(140, 40)) as (pilot, home, _):
        home.focus_pane("vms")
        await pilot.pause()
        pane = home.query_one("#vms", RowList)
        assert pane.point_at(GONE)
        (row,) = (row for row in pane.rows if row.key == GONE)
        undo = "kept for undo" in str(row.content)
        await pilot.press("M")
        await pilot.pause()
        assert isinstance(home.app.screen, ConfirmDialog) is not undo
        assert engine.ordered == ([Undo(commit)] if undo else [])


async def test_a_vm_that_is_to_go_is_destroyed_as_by_its_own_key_with_what_would_be_lost() -> None:
    engine = scene()
    orphan = engine.fleet.orphans()[0]
    vms = tuple(replace(vm, perhaps_ours="a lost call") if vm is orphan else vm for vm in engine.fleet.vms)
    engine.change(replace(engine.fleet, vms=vms))
    engine.losses.remains[orphan.id] = Remains((Repository("/w/app", 2, 1, 0),))
    async with cockpit(engine, size=(120, 40)) as (pilot, home, _):
        home.go_to(f"vm:{orphan.id}")
        await pilot.pause()
        await pilot.press("M")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, DestroyDialog) and engine.ordered == []
        await pilot.app.workers.wait_for_complete()
        shown = "\n".join(str(dialog.query_one(part, Plain).content) for part in ("#targets", "#consequence"))
        assert str(orphan.id) in shown and "/w/app: 2 files not committed, 1 commit not pushed" in shown
        assert "a lost call" in shown and "undo" in shown, "the evidence, and the way back"
        await pilot.press("y")
        await pilot.pause()
        assert engine.ordered == [Destroy(orphan.id)]


async def test_where_there_is_nothing_to_mend_the_key_says_so() -> None:
    engine = scene()
    engine.change(replace(engine.fleet, vms=(), agents=(), claims=(), looks=(), kept=()))
    async with cockpit(engine, size=(120, 40)) as (pilot, home, _):
        home.focus_pane("vms")
        await pilot.pause()
        await pilot.press("M")
        await pilot.pause()
        assert notifications(pilot) == ["nothing is wrong with it, as far as is known"]


async def test_renaming_keeps_what_is_not_changed() -> None:
    engine = scene()
    agent = engine.fleet.agent(agent_of(vm_id(1)))
    assert agent is not None
    async with cockpit(engine, size=(120, 40)) as (pilot, home, _):
        home.select(agent.id)
        home.try_action("agent.rename")
        await pilot.pause()
        form = home.app.screen
        assert isinstance(form, FormDialog)
        form.finish({**form.values(), "name": "ida", "colour": COLOURS[-1]})
        await pilot.pause()
        assert engine.ordered == [Rename(agent.id, "ida", agent.role, agent.labels, COLOURS[-1])]
