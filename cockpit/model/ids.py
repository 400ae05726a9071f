"""Identifiers: distinct names for strings that must never be mixed up."""

from typing import NewType

VmId = NewType("VmId", str)
"""A VM of the Vers API: a lower-case UUID."""

AgentId = NewType("AgentId", str)
"""An agent: a place (a VM of a source, a host) and a directory there. It outlives renames and restarts, and nothing
takes it apart: what lives where is asked of the fleet."""

CommitId = NewType("CommitId", str)
"""A snapshot of a VM: a UUID."""

TaskId = NewType("TaskId", str)
"""A board task: a ULID."""

CommandId = NewType("CommandId", str)
"""One command of the operator; it is the `id` on pi's wire and the key of the receipt."""

OperationId = NewType("OperationId", str)
"""A command of several steps (spawn, destroy ...) whose steps are shown as they happen."""


def agent_of(place: str, directory: str = "") -> AgentId:
    """Return the id of the agent that lives in a directory of a place; without a directory, of the place's only one."""
    return AgentId(f"{place}:{directory}") if directory else AgentId(place)


OWN_COMMANDS = "ck-"
"""How the id of every command begins that a cockpit writes, whichever process it is."""


CONVERSATION_QUESTION = "cockpit-conversation"
"""How the id of the question begins by which a cockpit learns what was said in the conversation an agent went to."""


def is_cockpits(command_id: str) -> bool:
    """Say whether a command was written by a cockpit, and not by another client of the agent."""
    return command_id.startswith(OWN_COMMANDS)
