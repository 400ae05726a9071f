"""What the swarm and lieutenant extensions of pi do, request by request and command by command, as one program.

It knows nothing of us and needs the standard library alone: the platform's names and ports, `ssh` over `openssl
s_client`, the fixed paths on a VM, the registry by its own variable. It stops between two phases until a line comes,
so that several can be in the midst of it at once, and prints what it found as JSON lines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

RPC = "/tmp/pi-rpc"
PATIENCE = 60.0
"""Seconds an agent gets to answer."""
KILL = (
    f"tmux kill-session -t pi-rpc 2>/dev/null || true; tmux kill-session -t pi-keeper 2>/dev/null || true; rm -rf {RPC}"
)


def call(method: str, base: str, path: str, key: str, body: object = None) -> tuple[int, Any]:
    """Send a request as `fetch` does, and return status and what came."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{base}{path}", content, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            status, said = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, said = error.code, error.read()
    try:
        return status, json.loads(said)
    except ValueError:
        return status, said.decode()


def vers(method: str, path: str, body: object = None) -> Any:
    """Call the platform; a refusal is an error."""
    status, answer = call(method, os.environ["VERS_BASE_URL"], path, os.environ["VERS_API_KEY"], body)
    if status >= 400:
        raise RuntimeError(f"Vers API {method} {path} ({status}): {answer}")
    return answer


def registry(method: str, path: str, body: object = None, *, variable: str = "VERS_VM_REGISTRY_URL") -> Any:
    """Call the registry; what it refuses is swallowed."""
    status, answer = call(method, os.environ[variable], f"/registry{path}", os.environ["VERS_AUTH_TOKEN"], body)
    if status >= 400:
        print(f"registry {method} {path}: {status} {answer}", file=sys.stderr)
    return answer


def key_file(vm_id: str) -> Path:
    """Return the file of a VM's key, fetched once."""
    directory = Path(tempfile.gettempdir()) / "vers-ssh-keys"
    directory.mkdir(exist_ok=True)
    file = directory / f"vers-{vm_id[:12]}.pem"
    if not file.exists():
        key = vers("GET", f"/vm/{vm_id}/ssh_key")["ssh_private_key"]
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(descriptor, key.encode())
        os.close(descriptor)
    return file


def ssh(vm_id: str, command: str) -> list[str]:
    """Return the words that run a command on a VM."""
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=30"]
    options += ["ServerAliveInterval=15", "ServerAliveCountMax=4"]
    options += ["ProxyCommand=openssl s_client -connect %h:443 -servername %h -quiet 2>/dev/null"]
    words = ["ssh", "-i", str(key_file(vm_id)), *(word for option in options for word in ("-o", option))]
    return [*words, f"root@{vm_id}.vm.vers.sh", command]


def run(vm_id: str, command: str, stdin: bytes = b"") -> str:
    """Run a command on a VM and return what it printed."""
    done = subprocess.run(ssh(vm_id, command), input=stdin, capture_output=True, timeout=PATIENCE, check=False)
    if done.stderr:
        print(done.stderr.decode(), file=sys.stderr)
    return done.stdout.decode()


class Handle:
    """A pi in the scaffold on a VM."""

    def __init__(self, vm_id: str, arguments: str) -> None:
        self._vm_id = vm_id
        names = ("VERS_API_KEY", "VERS_BASE_URL", "VERS_VM_REGISTRY_URL", "VERS_AUTH_TOKEN")
        exports = "; ".join([*(f"export {name}='{os.environ[name]}'" for name in names), "export GIT_EDITOR=true"])
        streams = f"{arguments} < {RPC}/in >> {RPC}/out 2>> {RPC}/err"
        started = run(
            vm_id,
            f"""
            set -e
            mkdir -p {RPC}
            rm -f {RPC}/in {RPC}/out {RPC}/err
            mkfifo {RPC}/in
            touch {RPC}/out {RPC}/err
            tmux new-session -d -s pi-keeper "sleep infinity > {RPC}/in"
            tmux new-session -d -s pi-rpc "{exports}; cd /root/workspace; {streams}"
            sleep 1
            tmux has-session -t pi-rpc 2>/dev/null && echo "daemon_started" || echo "daemon_failed"
            """,
        )
        if "daemon_started" not in started:
            raise RuntimeError(f"the daemon did not start: {started}")
        tail = ssh(vm_id, f"tail -f -n +1 {RPC}/out")
        # Not our own input: ssh makes what it reads from answer at once.
        self._tail = subprocess.Popen(tail, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.send({"id": "startup-check", "type": "get_state"})
        self.event("response")

    def send(self, command: dict[str, Any]) -> None:
        """Write a line into the FIFO."""
        run(self._vm_id, f"cat > {RPC}/in", json.dumps(command).encode() + b"\n")

    def event(self, kind: str) -> dict[str, Any]:
        """Return the next event of a kind."""
        assert self._tail.stdout is not None
        while line := self._tail.stdout.readline():
            event: dict[str, Any] = json.loads(line)
            if event["type"] == kind:
                return event
        raise RuntimeError(f"no {kind} came before the end")

    def ask(self, message: str) -> str:
        """Send a prompt and return what was said until its end."""
        self.send({"type": "prompt", "message": message})
        said = str(self.event("message_update")["assistantMessageEvent"]["delta"])
        self.event("agent_end")
        return said

    def kill(self) -> None:
        """End it and its files."""
        self._tail.terminate()
        self._tail.wait()
        run(self._vm_id, KILL)


def restored(commit_id: str) -> str:
    """Return a VM that was made of a commit and answers."""
    vm_id = str(vers("POST", "/vm/from_commit", {"commit_id": commit_id})["vm_id"])
    deadline = time.monotonic() + PATIENCE
    while run(vm_id, "echo ready").strip() != "ready":
        if time.monotonic() > deadline:
            raise RuntimeError(f"VM {vm_id} did not boot")
    return vm_id


def spawn_worker(commit_id: str, label: str) -> tuple[str, Handle]:
    """Do as the swarm does for one agent."""
    vm_id = restored(commit_id)
    identity = json.dumps({"vmId": vm_id, "agentId": label, "rootVmId": vm_id, "parentVmId": "local", "depth": 1})
    run(vm_id, f"cat > /root/.swarm/identity.json << 'IDENTITY_EOF'\n{identity}\nIDENTITY_EOF")
    handle = Handle(vm_id, "pi --mode rpc --no-session")
    metadata = {"agentId": label, "commitId": commit_id, "parentSession": True}
    entry = {"id": vm_id, "name": label, "role": "worker", "address": f"{vm_id}.vm.vers.sh"}
    registry("POST", "/vms", {**entry, "registeredBy": "vers-swarm", "metadata": metadata})
    return vm_id, handle


def create_lieutenant(commit_id: str, name: str) -> tuple[str, Handle]:
    """Do as the lieutenants' extension does."""
    vm_id = restored(commit_id)
    prompt = "/root/.pi/agent/system-prompt.md"
    run(vm_id, f"mkdir -p /root/.pi/agent && cat > {prompt} << 'SYSPROMPT_EOF'\nYou are {name}.\nSYSPROMPT_EOF")
    handle = Handle(vm_id, f"pi --mode rpc --system-prompt {prompt}")
    entry = {"id": vm_id, "name": name, "role": "lieutenant", "address": f"{vm_id}.vm.vers.sh"}
    entry |= {"registeredBy": "vers-lieutenant"}
    registry("POST", "/vms", {**entry, "metadata": {"agentId": name}}, variable="VERS_INFRA_URL")
    return vm_id, handle


def discovered(own: set[str]) -> dict[str, str]:
    """Return what becomes of each registered agent of others that is taken up as after a restart."""
    found: dict[str, str] = {}
    for entry in registry("GET", "/vms")["vms"]:
        if entry["id"] in own:
            continue
        try:
            key_file(entry["id"])
            alive = run(entry["id"], "tmux has-session -t pi-rpc 2>/dev/null && echo alive || echo dead")
            found[entry["id"]] = alive.strip()
        except RuntimeError as error:
            found[entry["id"]] = str(error)
    return found


def pause(vm_id: str) -> list[str]:
    """Pause a lieutenant and resume it; return the states, and whether its session goes on."""
    states = []
    for word in ("Paused", "Running"):
        vers("PATCH", f"/vm/{vm_id}/state", {"state": word})
        states.append(vers("GET", f"/vm/{vm_id}/status")["state"])
    return [*states, run(vm_id, "tmux has-session -t pi-rpc && echo alive").strip()]


def main(name: str, commit_id: str) -> None:
    """Run one coordinator."""
    agents = {"one": spawn_worker(commit_id, "one"), "keeper": create_lieutenant(commit_id, "keeper")}
    own = {vm_id for vm_id, _ in agents.values()}
    wrote = {
        label: handle.ask(f"echo {name} {label} > /root/mine; echo {name} > /tmp/mine; echo $VERS_VM_ID; pwd")
        for label, (_, handle) in agents.items()
    }
    print(json.dumps({"vms": {label: vm_id for label, (vm_id, _) in agents.items()}, "wrote": wrote}), flush=True)
    sys.stdin.readline()
    power = pause(agents["keeper"][0])
    read = {label: handle.ask("cat /root/mine /tmp/mine") for label, (_, handle) in agents.items()}
    print(json.dumps({"read": read, "power": power, "discovered": discovered(own)}), flush=True)
    sys.stdin.readline()
    for vm_id, handle in agents.values():
        handle.kill()
        registry("DELETE", f"/vms/{vm_id}")
        assert vers("DELETE", f"/vm/{vm_id}") == {"vm_id": vm_id}
    print(json.dumps({"left": [vm["vm_id"] for vm in vers("GET", "/vms") if vm["vm_id"] in own]}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
