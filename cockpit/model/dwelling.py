"""What an agent lives on, in words: a VM of a platform, or a plain SSH host, where nothing is a VM."""

from __future__ import annotations

from cockpit.model.fleet import Vm


def kind_words(vm: Vm | None) -> str:
    """Return what it is called where its id follows."""
    return f"place on host {vm.host}" if vm is not None and vm.host else "VM"


def it_words(vm: Vm | None) -> str:
    """Return the subject of what is said of it where no agent is named: it is paused, or gone."""
    return f"the agent on host {vm.host}" if vm is not None and vm.host else "the VM"


def whose_words(name: str, vm: Vm | None) -> str:
    """Return the subject of what is said of it as an agent's: it is paused, or dead."""
    return f"{name} on host {vm.host}" if vm is not None and vm.host else f"{name}'s VM"


def reached_words(name: str, vm: Vm | None) -> str:
    """Return the subject of what is said of the connection to an agent."""
    return f"host {vm.host}" if vm is not None and vm.host else f"{name}'s VM"
