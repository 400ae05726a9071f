"""The environment an agent is started with: who it is, whose it is, and how it reaches platform and services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cockpit.agents.adapter import Program
from cockpit.engine.agent_record import registry_role
from cockpit.engine.source import Source
from cockpit.model.commands.life import Spawn
from cockpit.model.ids import VmId


def environment_of(
    spawn: Spawn,
    program: Program,
    source: Source,
    vm_id: VmId,
    *,
    passed: Mapping[str, str],
    golden: str,
    services: Mapping[str, str],
) -> dict[str, str]:
    """Return the whole environment of an agent that is started now; holds secrets.

    What says who the agent is comes last: neither a pattern of the operator's nor a program may replace it. What is
    not known is set to nothing, since a tmux server that an image brought may have another agent's value.

    Args:
        spawn: the agent, under the name it has on this VM.
        program: what is started.
        source: the fleet; knows the addresses and keys.
        vm_id: the VM it runs on: a copy's own, not its original's.
        passed: what goes along from this machine.
        golden: the commit its VM was made from; empty if none.
        services: how it reaches services that are another fleet's; empty for those of its own.
    """
    return {
        **passed,
        **source.environment_on(vm_id),
        **services,
        **program.environment,
        "VERS_VM_ID": vm_id,
        "VERS_AGENT_NAME": spawn.name,
        "VERS_AGENT_ROLE": registry_role(spawn.kind),
        "VERS_PARENT_AGENT": spawn.parent,
        "VERS_GOLDEN_COMMIT_ID": golden,
        "GIT_EDITOR": "true",
    }


def environment_words(environment: Mapping[str, str], without: Iterable[str] = ()) -> str:
    """Name the variables that are set to something; a value is never part of it.

    Args:
        environment: all of them.
        without: those that are named elsewhere.
    """
    named = set(without)
    return f"sets {', '.join(name for name, value in environment.items() if value and name not in named)}"
