"""What an agent lives on, in words: a VM of a platform, or a plain SSH host, where nothing is a VM."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.fleet import Vm
from cockpit.model.ids import VmId


def kind_words(vm: Vm | None) -> str:
    """Return what it is called where its id follows."""
    return f"place on host {vm.host}" if vm is not None and vm.host else "VM"


def named_words(vm: Vm | None, vm_id: VmId) -> str:
    """Return how the machine is named: as a VM by its id, or as a host by its name."""
    return f"host {vm.host}" if vm is not None and vm.host else f"VM {vm_id}"


def it_words(vm: Vm | None) -> str:
    """Return the subject of what is said of it where no agent is named: it is paused, or gone."""
    return f"the agent on host {vm.host}" if vm is not None and vm.host else "the VM"


def its_words(vm: Vm | None) -> str:
    """Return the subject of what is said of it where an agent was named before."""
    return "it" if vm is not None and vm.host else "its VM"


def whose_words(name: str, vm: Vm | None) -> str:
    """Return the subject of what is said of it as an agent's: it is paused, or dead."""
    return f"{name} on host {vm.host}" if vm is not None and vm.host else f"{name}'s VM"


def all_words(count: int, vms: Iterable[Vm | None]) -> str:
    """Count several of them: VMs, unless one is on a host.

    Args:
        count: how many are meant.
        vms: what is known of them.
    """
    word = "place" if any(vm is not None and vm.host for vm in vms) else "VM"
    return f"{count} {word}{'' if count == 1 else 's'}"


def reached_words(name: str, vm: Vm | None) -> str:
    """Return the subject of what is said of the connection to an agent."""
    return f"host {vm.host}" if vm is not None and vm.host else f"{name}'s VM"
