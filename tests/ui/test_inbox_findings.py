"""What does not fit is seen in the inbox, where one key does what is suggested, and another hears no more of it."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.claims import Claim, ClaimedBy, VmLook
from cockpit.model.commands.life import Deregister, Dismiss
from cockpit.model.ids import VmId
from cockpit.ui.dialogs.confirm import ConfirmDialog
from cockpit.ui.widgets.row_list import RowList
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene
from tests.ui.test_home import cockpit, notifications
from tests.ui.test_inbox import choose, header

GONE = VmId("99999999-0000-4000-8000-000000000009")


def unfitting() -> FakeEngine:
    engine = scene()
    claim = Claim(ClaimedBy.REGISTRY, "the registry", GONE, "lost", "worker", "worker")
    vms = tuple(replace(vm, perhaps_ours="a call lost its answer") for vm in engine.fleet.orphans()[:1])
    others = tuple(vm for vm in engine.fleet.vms if vm.id not in {one.id for one in vms})
    looks = (VmLook(GONE, engine.clock, gone="404"),)
    engine.change(replace(engine.fleet, vms=(*others, *vms), claims=(claim,), looks=looks))
    return engine


async def test_one_key_of_the_inbox_does_what_is_suggested() -> None:
    async with cockpit(unfitting(), size=(160, 40)) as (pilot, home, engine):
        home.bridge.flush()
        await pilot.pause()
        assert "≠ 2 do not fit" in header(home)
        dialog = await choose(pilot, "registered")
        (row,) = [one for one in dialog.query_one("#rows", RowList).rows if one.key]
        assert "[M] deregister" in str(row.content)
        await pilot.press("M")
        await pilot.pause()
        assert isinstance(home.app.screen, ConfirmDialog) and engine.ordered == []
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert engine.ordered == [Deregister(GONE)]


async def test_what_is_perhaps_ours_is_dismissed_there_and_what_is_gone_is_not() -> None:
    engine = unfitting()
    suspect = next(vm.id for vm in engine.fleet.vms if vm.perhaps_ours)
    async with cockpit(engine) as (pilot, home, _):
        await choose(pilot, "perhaps")
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert engine.ordered == [Dismiss(suspect)]
        await pilot.press("slash", *["backspace"] * 7, *"registered", "enter")
        await pilot.pause()
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert engine.ordered == [Dismiss(suspect)]
        assert "it leaves when it no longer waits: ~ puts it off" in notifications(pilot)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.pause()
        assert home.pane == "vms" and home.query_one("#vms", RowList).cursor_key == GONE


async def test_nothing_is_mended_where_nothing_may_be_changed() -> None:
    async with cockpit(unfitting(), read_only=True) as (pilot, _home, engine):
        await choose(pilot, "perhaps")
        await pilot.press("M")
        await pilot.pause()
        assert engine.ordered == [] and "the cockpit is read-only" in notifications(pilot)
