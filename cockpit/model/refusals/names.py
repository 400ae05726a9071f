"""Why a name cannot be given."""

from __future__ import annotations

from cockpit.model.fleet import Fleet
from cockpit.model.names import fault_of
from cockpit.model.refusals.grounds import Refusal, RefusalCode


def name_fault(name: str, fleet: Fleet) -> Refusal | None:
    sentence = fault_of(name, [vm.id for vm in fleet.vms])
    return Refusal(RefusalCode.BAD_NAME, sentence) if sentence else None


def name_taken(name: str) -> Refusal:
    return Refusal(RefusalCode.NAME_TAKEN, f"there is an agent named {name} already")
