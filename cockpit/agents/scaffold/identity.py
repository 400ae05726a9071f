"""What an agent's VM says of who it is and whom it works for: its identity file, and its process's own environment.

The identity file is the one of hdresearch/pi-v (`~/.swarm/identity.json`: `vmId`, `agentId`, `parentVmId`, `depth`);
the variables are those of the published extensions. A copied VM has the file and the process of its original: what
names another VM than the one it lies on says nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cockpit.agents.scaffold import shell
from cockpit.agents.scaffold.answers import ScriptAnswer, fail
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.scaffold.scripts import settings_of

WHO = r"""
file=$HOME/.swarm/identity.json
[ ! -f "$file" ] || say identity "$(head -c 4096 "$file" 2>/dev/null | tr '\n\r\t' '   ')"
if agent=$(agent_process || cut_off_process); then
    # A program may give itself a name, which then stands in place of its arguments, with NULs behind it.
    say command "$(tr '\0\n\r\t' '    ' <"/proc/$agent/cmdline" 2>/dev/null | head -c 200)"
fi
if [ -n "$agent" ] && [ -r "/proc/$agent/environ" ]; then
    for name in VERS_VM_ID VERS_AGENT_NAME VERS_AGENT_ROLE VERS_PARENT_AGENT; do
        if value=$(tr '\0' '\n' 2>/dev/null <"/proc/$agent/environ" | grep -m 1 "^$name="); then
            say "$name" "$(printf %s "${value#*=}" | head -c 200)"
        fi
    done
fi
[ ! -r /proc/loadavg ] || say load "$(cut -d ' ' -f 1-3 /proc/loadavg)"
finish 0
"""

COMMAND_WORDS = 3
"""Words of a command line in which the program is: before it stand an interpreter and its options."""


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    """Who an agent is by its VM's own word; every text is the agent's, hostile until sanitised."""

    name: str = ""
    role: str = ""
    """A word of the registry's roles, or another."""
    parent: str = ""
    """The name of the agent it works for."""
    parent_vm: str = ""
    """That agent's VM; empty where it was made by nobody on a VM."""
    says_parent: bool = False
    """It was told whom it works for, be it nobody."""
    load: str = ""
    """The VM's load averages."""
    command: tuple[str, ...] = ()
    """The first words of its process's command line, or what the process calls itself."""


def who_script(paths: AgentPaths) -> str:
    """Return the script that reads who an agent is; no value but those of four names leaves the VM."""
    return settings_of(paths) + shell.COMMON + WHO


def parse_who(exit_code: int, stdout: bytes, stderr: bytes, *, vm: str, place: str) -> AgentIdentity:
    """Read what such a script said.

    Args:
        exit_code: as the others, of the script.
        vm: the id under which the agent is known.
        place: where it lives, as messages name it.

    Raises:
        CockpitError: the script did not come to its end.
    """
    answer = ScriptAnswer.read(stdout)
    if exit_code != 0 or answer is None:
        fail("read who the agent is", place, exit_code, answer, stderr)
    file = _identity_file(answer.value("identity"), vm)
    own = answer.value("VERS_VM_ID").strip().lower() in ("", vm.lower())
    parent_vm = _word(file, "parentVmId").lower()
    return AgentIdentity(
        name=(answer.value("VERS_AGENT_NAME").strip() if own else "") or _word(file, "agentId"),
        role=answer.value("VERS_AGENT_ROLE").strip() if own else "",
        parent=answer.value("VERS_PARENT_AGENT").strip() if own else "",
        parent_vm="" if parent_vm == "local" else parent_vm,
        says_parent=(own and "VERS_PARENT_AGENT" in answer.values) or parent_vm != "",
        load=answer.value("load").strip(),
        command=tuple(answer.value("command").split()[:COMMAND_WORDS]),
    )


def _identity_file(text: str, vm: str) -> dict[str, Any]:
    """Return the file's fields if it is this VM's own."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and _word(found, "vmId").lower() == vm.lower() else {}


def _word(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""
