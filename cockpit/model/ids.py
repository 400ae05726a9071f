"""Identifiers: distinct names for strings that must never be mixed up."""

from typing import NewType

VmId = NewType("VmId", str)
"""A VM of the Vers API: a lower-case UUID."""

AgentId = NewType("AgentId", str)
"""An agent. One agent lives on one VM, so this is the VM's id; it outlives renames and restarts."""

CommitId = NewType("CommitId", str)
"""A snapshot of a VM: a UUID."""

TaskId = NewType("TaskId", str)
"""A board task: a ULID."""

CommandId = NewType("CommandId", str)
"""One act of the operator; it is the `id` on pi's wire and the key of the receipt."""

OperationId = NewType("OperationId", str)
"""A multi-step act on the fleet (spawn, destroy ...) whose steps are shown as they happen."""


def agent_of(vm_id: VmId) -> AgentId:
    """Return the id of the agent that lives on a VM."""
    return AgentId(vm_id)


def vm_of(agent_id: AgentId) -> VmId:
    """Return the VM an agent lives on."""
    return VmId(agent_id)


OWN_COMMANDS = "ck-"
"""How the id of every command begins that a cockpit writes, whichever process it is."""


def is_cockpits(command_id: str) -> bool:
    """Say whether a command was written by a cockpit, and not by another client of the agent."""
    return command_id.startswith(OWN_COMMANDS)
