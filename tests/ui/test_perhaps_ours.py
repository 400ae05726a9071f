"""A VM that is perhaps ours says so in its row and in its why, with the evidence."""

from __future__ import annotations

from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import VmId
from cockpit.ui.dialogs.texts import why_vm_text
from cockpit.ui.look.rows import vm_row


def test_the_evidence_is_shown() -> None:
    vm = Vm(VmId("0f9e8d7c-6b5a-4948-8372-615049382716"), Power.RUNNING, perhaps_ours="spawn ada: a lost\x1b[2J answer")
    assert "perhaps ours" in vm_row(vm, None, 0.0, 60).plain
    text = why_vm_text(vm).plain
    assert "perhaps ours" in text and "spawn ada: a lost" in text and vm.id in text and "\x1b" not in text
    assert "orphan" in vm_row(Vm(vm.id), None, 0.0, 60).plain and "orphan" in why_vm_text(Vm(vm.id)).plain
