"""How the scripted agent makes workers: over the API of the platform and the registry, as any program of an agent may.

It knows nothing of a cockpit. Its workers are further scripted agents, started by what stands in `START` with the
layout of hdresearch/pi-v (`extensions/vers-swarm.ts`): a FIFO `in`, an appended `out`, two tmux sessions. They are its
children by the registry's `parentVmId`, by `VERS_PARENT_AGENT` and by the identity file.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
import time
from collections.abc import Callable
from typing import Any

from cockpit.embedded.scripted_agent.service import call
from cockpit.embedded.scripted_agent.tools import ToolResult

API_TIMEOUT = 60.0
"""Seconds a call of the platform's API may take."""
LOOK_INTERVAL = 0.5
WORK_LIMIT = 600.0
"""Seconds the workers get altogether."""

START = r"""
set -e
umask 077
directory=$HOME/pi-rpc
mkdir -p "$directory" "$HOME/workspace" "$HOME/.swarm"
printf '%s' "$2" >"$HOME/.swarm/identity.json"
cat >"$HOME/.swarm/script.json"
rm -f "$directory/in"
mkfifo "$directory/in"
: >>"$directory/out"
: >>"$directory/err"
printf 'cd "$HOME/workspace" && exec %s <"%s/in" >>"%s/out" 2>>"%s/err"\n' \
    "$1" "$directory" "$directory" "$directory" >"$directory/start.sh"
if command -v tmux >/dev/null 2>&1; then
    tmux new-session -d -s pi-keeper "exec sleep 2147483647 >'$directory/in'"
    # A shell stays: tmux ends a pane whose terminal nobody has open any more.
    tmux new-session -d -s pi-rpc "sh '$directory/start.sh'; exit"
else
    setsid sh -c "exec sleep 2147483647 >'$directory/in'" </dev/null >/dev/null 2>&1 &
    setsid sh "$directory/start.sh" </dev/null >/dev/null 2>&1 &
fi
"""
"""$1: the program with its arguments, quoted. $2: the identity file. Standard input: the story."""

SEND = 'cat >"$HOME/pi-rpc/in"'
ENDS = 'grep -c \'"type":"agent_end"\' "$HOME/pi-rpc/out" || true'


class TooMany(Exception):
    """The identity file allows no such workers."""


async def run_workers(
    agent: str, workers: list[dict[str, str]], stop: asyncio.Event, on_output: Callable[[str], None]
) -> ToolResult:
    """Make the workers at the same time, give each its task, and wait until all are done.

    Args:
        agent: the name of the agent that makes them.
        workers: name and task of each.
        stop: set when the run is aborted; the workers go on then.
        on_output: hears how far it is.
    """
    said: list[str] = []

    def tell(line: str) -> None:
        said.append(line)
        on_output("\n".join(said))

    try:
        identity = _own_identity()
        _check_bounds(identity, len(workers))
        made = await asyncio.gather(*(_make(agent, worker["name"], identity, tell) for worker in workers))
        for vm_id, worker in zip(made, workers, strict=True):
            prompt = json.dumps({"id": f"task-{worker['name']}", "type": "prompt", "message": worker["task"]})
            await _execute(vm_id, ["sh", "-c", SEND], stdin=f"{prompt}\n")
            tell(f"{worker['name']} has its task")
        async with asyncio.timeout(WORK_LIMIT):
            await asyncio.gather(
                *(_until_done(vm, one["name"], stop, tell) for vm, one in zip(made, workers, strict=True))
            )
    except TooMany as error:
        return ToolResult(str(error), is_error=True)
    except TimeoutError:
        return ToolResult("\n".join([*said, "not all were done in time"]), is_error=True)
    except (OSError, KeyError, TypeError, ValueError) as error:
        return ToolResult("\n".join([*said, f"the platform or the registry refused: {error}"]), is_error=True)
    return ToolResult("\n".join(said), is_error=stop.is_set())


def _own_identity() -> dict[str, Any]:
    try:
        with open(os.path.expanduser("~/.swarm/identity.json"), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        found = {}
    return found if isinstance(found, dict) else {}


def _check_bounds(identity: dict[str, Any], wanted: int) -> None:
    """Honour the bounds that the identity file sets; 0, or none, is no bound.

    Raises:
        TooMany: so many are not allowed.
    """
    depth, deepest, most = (int(identity.get(name) or 0) for name in ("depth", "maxDepth", "maxVms"))
    if deepest and depth + 1 > deepest:
        raise TooMany(f"maxDepth is {deepest}, and I am {depth} deep: no worker was made")
    if most and wanted + 1 > most:
        raise TooMany(f"maxVms is {most}, mine among them: {wanted} workers are too many, and none was made")


async def _make(agent: str, name: str, identity: dict[str, Any], tell: Callable[[str], None]) -> str:
    """Make one worker: its VM, its program, its entry in the registry. Returns the VM's id."""
    own_vm = os.environ.get("VERS_VM_ID", "")
    body = {"vm_config": {"labels": {"swarm-cockpit-agent": name}}}
    vm_id = str((await _api("POST", "/vm/new_root?wait_boot=true", body))["vm_id"])
    tell(f"VM {vm_id[:8]} for {name}")
    who = {
        "vmId": vm_id,
        "agentId": name,
        "rootVmId": identity.get("rootVmId") or own_vm,
        "parentVmId": own_vm,
        "depth": int(identity.get("depth") or 0) + 1,
        "maxDepth": identity.get("maxDepth") or 0,
        "maxVms": identity.get("maxVms") or 0,
        "createdAt": time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime()),
    }
    inherited = {key: text for key, text in os.environ.items() if key.startswith("VERS_") or key == "PYTHONPATH"}
    environment = inherited | {
        "VERS_VM_ID": vm_id,
        "VERS_AGENT_NAME": name,
        "VERS_AGENT_ROLE": "worker",
        "VERS_PARENT_AGENT": agent,
    }
    command = ["sh", "-c", START, "start", _program(name), json.dumps(who)]
    await _execute(vm_id, command, environment, stdin=_story())
    entry = {
        "id": vm_id,
        "name": name,
        "role": "worker",
        "address": vm_id,
        "registeredBy": agent,
        "metadata": {
            "agentId": name,
            "kind": "worker",
            "program": "scripted",
            "parent": agent,
            "parentVmId": own_vm,
            "parentSession": True,
            "directory": "~/pi-rpc",
            "workspace": "~/workspace",
        },
    }
    await asyncio.to_thread(call, "VERS_INFRA_URL", "VERS_AUTH_TOKEN", "POST", "/registry/vms", entry)
    tell(f"{name} runs and is registered")
    return vm_id


def _program(name: str) -> str:
    """Return the command line of a worker: this program, as it was started, under another name."""
    options = sys.argv[1:]
    if "--name" in options:
        options[options.index("--name") + 1] = name
    if "--script" in options:
        options[options.index("--script") + 1] = "~/.swarm/script.json"
    return shlex.join([sys.executable, "-S", "-m", "cockpit.embedded.scripted_agent", *options])


def _story() -> str:
    """Return the story that this agent was given, for its workers."""
    options = sys.argv[1:]
    file = options[options.index("--script") + 1] if "--script" in options else ""
    if not file:
        return "{}"
    with open(os.path.expanduser(file), encoding="utf-8") as opened:
        return opened.read()


async def _until_done(vm_id: str, name: str, stop: asyncio.Event, tell: Callable[[str], None]) -> None:
    while not stop.is_set():
        answer = await _execute(vm_id, ["sh", "-c", ENDS])
        if int(str(answer["stdout"]).strip() or 0):
            tell(f"{name} is done")
            return
        await asyncio.sleep(LOOK_INTERVAL)


async def _execute(
    vm_id: str, command: list[str], environment: dict[str, str] | None = None, stdin: str = ""
) -> dict[str, Any]:
    """Run a command on a VM.

    Raises:
        OSError: it failed.
    """
    body = {"command": command, "env": environment or {}, "stdin": stdin, "timeout_secs": 30}
    answer: dict[str, Any] = await _api("POST", f"/vm/{vm_id}/exec", body)
    if answer["exit_code"] != 0:
        raise OSError(f"a command on VM {vm_id[:8]} ended with {answer['exit_code']}: {answer['stderr'].strip()}")
    return answer


async def _api(method: str, path: str, body: dict[str, Any]) -> Any:
    return await asyncio.to_thread(call, "VERS_BASE_URL", "VERS_API_KEY", method, path, body, API_TIMEOUT)
