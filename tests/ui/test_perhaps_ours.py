"""What is perhaps ours or elsewhere says so with the evidence, and can be dismissed; what is ours cannot."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.commands.life import Dismiss
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import VmId, agent_of
from cockpit.ui.dialogs.texts import why_vm_text
from cockpit.ui.look.rows.machines import vm_row
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit, notifications


def test_the_evidence_is_shown() -> None:
    vm = Vm(VmId("0f9e8d7c-6b5a-4948-8372-615049382716"), Power.RUNNING, perhaps_ours="spawn ada: a lost\x1b[2J answer")
    assert "perhaps ours" in vm_row(vm, None, 0.0, 60).plain
    text = why_vm_text(vm).plain
    assert "perhaps ours" in text and "spawn ada: a lost" in text and vm.id in text and "\x1b" not in text
    assert "claimed twice " in vm_row(Vm(vm.id), None, 0.0, 60, "claimed twice").plain + " "
    assert "orphan" in vm_row(Vm(vm.id), None, 0.0, 60).plain and "orphan" in why_vm_text(Vm(vm.id)).plain


def with_suspect(engine: FakeEngine) -> FakeEngine:
    """Let the first VM that nobody has be perhaps ours."""
    orphan = engine.fleet.orphans()[0]
    vms = (replace(vm, perhaps_ours="a call lost its answer") if vm is orphan else vm for vm in engine.fleet.vms)
    engine.change(replace(engine.fleet, vms=tuple(vms)))
    return engine


async def test_the_vm_under_the_cursor_is_dismissed_if_it_is_perhaps_ours() -> None:
    engine = with_suspect(scene())
    orphan = engine.fleet.orphans()[0]
    async with cockpit(engine) as (pilot, home, _):
        home.go_to(f"vm:{orphan.id}")
        await pilot.pause()
        home.try_action("vm.dismiss")
        await pilot.pause()
        assert engine.ordered == [Dismiss(orphan.id)]


async def test_an_agent_elsewhere_is_dismissed_and_one_that_is_ours_is_not() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        home.try_action("vm.dismiss")
        await pilot.pause()
        assert engine.ordered == []
        assert any("only its destruction ends it" in said for said in notifications(pilot))
        moved = engine.fleet.agent(agent_of(vm_id(1)))
        assert moved is not None
        vms = tuple(vm for vm in engine.fleet.vms if vm.id != moved.vm_id)
        agents = tuple(
            replace(known, elsewhere="somebody at elsewhere") if known is moved else known
            for known in engine.fleet.agents
        )
        engine.change(replace(engine.fleet, vms=vms, agents=agents))
        home.take_in()
        home.try_action("vm.dismiss")
        await pilot.pause()
        assert engine.ordered == [Dismiss(moved.vm_id)]
