"""What is done with several agents, on real pi: a build by an architect, copies that compete, an end and a way back."""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.model.ids import VmId
from tests.engine.evidence import agent_place
from tests.fleets import FleetUnderTest, fleet_under_test, poll
from tests.inside import on_host
from tests.mock_model.server import ModelServerThread
from tests.real_pi.company import add_extension
from tests.real_pi.installations import MODEL, find_pi, write_models_json
from tests.real_pi.test_cockpit_on_pi import bash, tools
from tests.requirements import require_program

START = """
set -e
mkdir -p "$1" "$HOME/workspace" "$HOME/.swarm" "$HOME/.pi/agent"
cat >"$HOME/.pi/agent/models.json"
printf %s "$2" >"$HOME/.swarm/identity.json"
mkfifo "$1/in"
: >"$1/out"
: >"$1/err"
tmux new-session -d -s pi-keeper "sleep infinity >'$1/in'"
tmux new-session -d -s pi-rpc \
    "cd '$HOME/workspace' && pi --mode rpc --no-session --model MODEL <'$1/in' >>'$1/out' 2>>'$1/err'"
tmux has-session -t pi-rpc
""".replace("MODEL", MODEL)
"""How the published extensions start an agent. $1: its directory. $2: its identity. Standard input: its models."""

MAKE = f"""
import json, os, sys, urllib.request

own = os.environ


def call(base, key, path, body):
    headers = {{"Authorization": "Bearer " + own[key], "Content-Type": "application/json"}}
    request = urllib.request.Request(own[base] + path, json.dumps(body).encode(), headers, method="POST")
    return json.load(urllib.request.urlopen(request, timeout=60))


def run(vm, command, stdin, env=None):
    body = {{"command": command, "env": env or {{}}, "stdin": stdin, "timeout_secs": 30}}
    answer = call("VERS_BASE_URL", "VERS_API_KEY", "/vm/" + vm + "/exec", body)
    assert answer["exit_code"] == 0, answer


me = json.load(open(own["HOME"] + "/.swarm/identity.json"))
for name in sys.argv[1:]:
    vm = call("VERS_BASE_URL", "VERS_API_KEY", "/vm/new_root?wait_boot=true", {{"vm_config": {{}}}})["vm_id"]
    who = me | {{"vmId": vm, "agentId": name, "parentVmId": own["VERS_VM_ID"], "depth": me["depth"] + 1}}
    passed = {{key: value for key, value in own.items() if key.startswith(("VERS_", "ANTHROPIC_")) or key == "PATH"}}
    passed |= {{"VERS_VM_ID": vm, "VERS_AGENT_NAME": name, "VERS_AGENT_ROLE": "worker"}}
    passed["VERS_PARENT_AGENT"] = own["VERS_AGENT_NAME"]
    models = open(own["HOME"] + "/.pi/agent/models.json").read()
    place = "~/pi-rpc".replace("~", own["HOME"].replace(own["VERS_VM_ID"], vm))
    run(vm, ["sh", "-c", {START!r}, "start", place, json.dumps(who)], models, passed)
    entry = {{"id": vm, "name": name, "role": "worker", "address": vm, "registeredBy": "vers-swarm"}}
    entry["metadata"] = {{"agentId": name, "parentSession": True}}
    call("VERS_INFRA_URL", "VERS_AUTH_TOKEN", "/registry/vms", entry)
    task = json.dumps({{"id": "t", "type": "prompt", "message": "build " + name}})
    run(vm, ["sh", "-c", 'cat >"$HOME/pi-rpc/in"'], task + chr(10))
    print("made", name, "of at most", me["maxVms"])
"""
"""What an architect writes and runs to make workers over the platform's API, as its environment and identity allow."""

KEY = "sk-ant-canary-31b4c0"


@pytest.fixture
def fleet(isolated_home: Path, monkeypatch: pytest.MonkeyPatch, model: ModelServerThread) -> Iterator[FleetUnderTest]:
    """A fleet whose agents are the newest pi."""
    require_program("tmux")
    monkeypatch.setenv("PATH", find_pi("newest").path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    write_models_json(isolated_home, model.url)
    with fleet_under_test() as made:
        yield made


def done(fleet: FleetUnderTest, *words: str) -> str:
    """Run a verb that must succeed; return what it printed."""
    ran = fleet.run(*words)
    assert ran.returncode == 0, (words, ran.stdout, ran.stderr)
    return ran.stdout


def spawn(fleet: FleetUnderTest, name: str, *words: str) -> None:
    """Spawn a pi."""
    done(fleet, "spawn", name, "--agent", "pi", "--model", MODEL, *words)


def agents(fleet: FleetUnderTest) -> dict[str, dict[str, Any]]:
    """Return the agents by name, as the verb lists them."""
    return {agent["name"]: agent for agent in json.loads(done(fleet, "agents", "--json"))}


def home_of(fleet: FleetUnderTest, vm_id: str) -> Path:
    """Return the home directory of a VM."""
    return fleet.places.fleet / "vms" / vm_id / "home"


def start_by_hand(fleet: FleetUnderTest, vm_id: str, place: Path, name: str) -> None:
    """Start a pi on a VM as another tool does, over the platform's API."""
    known = json.loads((fleet.places.fleet / "endpoint.json").read_text())
    token = (fleet.places.fleet / "token").read_text().strip()
    body = {
        "command": ["sh", "-c", START, "start", str(place), json.dumps({"vmId": vm_id, "agentId": name})],
        "env": {"PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": KEY},
        "stdin": (Path.home() / ".pi" / "agent" / "models.json").read_text(),
        "timeout_secs": 30,
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    address = f"{known['base_url']}/api/v1/vm/{vm_id}/exec"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    assert answer["exit_code"] == 0, answer


def last_request(model: ModelServerThread) -> str:
    """Return the newest request that a model was asked, as text."""
    return json.dumps(model.server.requests[-1])


def test_an_architect_builds_from_one_prompt(fleet: FleetUnderTest, tmp_path: Path) -> None:
    spec = tmp_path / "spec.md"
    spec.write_text("Two parts, each of its own.", encoding="utf-8")
    steps = ({"write": {"path": "make.py", "content": MAKE}}, bash("python3 make.py part-1 part-2"))
    spawn(fleet, "arch", "--goal", tools(*steps), "--spec", str(spec), "--workers", "2")
    done(fleet, "wait", "arch", "--until", "idle", "--timeout", "50")
    assert "made part-1 of at most 20" in done(fleet, "read", "arch")
    done(fleet, "wait", "part-1", "part-2", "--until", "idle", "--timeout", "50")
    here = agents(fleet)
    assert {name: here[name]["parent_id"] for name in here} == {
        "arch": None,
        "part-1": here["arch"]["id"],
        "part-2": here["arch"]["id"],
    }
    below = here["arch"]["descendants"]
    assert below["agents"] == 2 and below["cost"] == pytest.approx(here["part-1"]["cost"] + here["part-2"]["cost"])
    assert below["cost"] > 0 and done(fleet, "read", "part-2").strip() == "I did what you asked: build part-2"

    unkept = fleet.run("commit", "part-1", "--clean")
    assert unkept.returncode == 1 and "no file" in unkept.stderr and "begin anew" in unkept.stderr, unkept
    done(fleet, "send", "part-1", "go on", "--wait", "done")
    done(fleet, "teardown", "--parent", "arch", "--yes")
    assert set(agents(fleet)) == {"arch"}


def test_the_best_of_two_copies_goes_on(fleet: FleetUnderTest, model: ModelServerThread, tmp_path: Path) -> None:
    spawn(fleet, "ada")
    done(fleet, "send", "ada", "remember the word heron", "--wait", "done")
    texts = [tools({"write": {"path": "answer.txt", "content": word}}) for word in ("one\n", "two\ntwo\n")]
    tasks = tmp_path / "tasks"
    tasks.write_text("\n".join(texts), encoding="utf-8")
    done(fleet, "best-of", "ada", "--count", "2", "--tasks", str(tasks))
    done(fleet, "wait", "ada-2", "ada-3", "--until", "idle", "--timeout", "50")
    compared = {row["name"]: row for row in json.loads(done(fleet, "compare", "ada", "--json"))}
    assert {name: (row["files"], row["added"]) for name, row in compared.items()} == {"ada-2": (1, 1), "ada-3": (1, 2)}
    here = agents(fleet)
    assert all(0 < row["cost"] < here[name]["cost"] for name, row in compared.items()), "its own share only"
    done(fleet, "compare", "ada", "--keep", "ada-3", "--yes")
    assert set(agents(fleet)) == {"ada", "ada-3"}
    done(fleet, "send", "ada-3", "which word was it?", "--wait", "done")
    asked = last_request(model)
    assert "heron" in asked and "two" in asked and "which word" in asked


def test_what_goes_along_with_a_pi_and_the_ways_back_to_it(
    fleet: FleetUnderTest, model: ModelServerThread, isolated_home: Path
) -> None:
    own = isolated_home / "own-package" / "extensions"
    add_extension(isolated_home)
    own.mkdir(parents=True)
    own.joinpath("packaged.ts").write_text(
        'export default (pi) => { pi.registerCommand("packaged", { description: "x", handler: async () => {} }); };\n'
    )
    own.parent.joinpath("package.json").write_text('{"name": "own-package", "version": "1.0.0"}')
    directory = isolated_home / ".pi" / "agent"
    settings = json.loads((directory / "settings.json").read_text())
    (directory / "settings.json").write_text(json.dumps(settings | {"packages": ["../../own-package"]}))
    (directory / "AGENTS.md").write_text("Greet the operator as captain-4711.")
    skill = directory / "skills" / "heron-care" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: heron-care\ndescription: How a heron is looked after.\n---\nFeed it.\n")
    spawn(fleet, "bea", "--sync")
    done(fleet, "send", "bea", "remember the word heron", "--wait", "done")
    assert all(word in last_request(model) for word in ("captain-4711", "How a heron is looked after"))
    for command in ("/packaged", "/mark"):
        answer = fleet.run("send", "bea", command, "--wait", "done")
        assert answer.returncode == 0 and not answer.stdout and "no answer" in answer.stderr, answer

    done(fleet, "destroy", "bea", "--yes")
    done(fleet, "undo", "bea")
    done(fleet, "send", "bea", "the first way", "--checkpoint", "--wait", "done")
    assert "remember the word heron" in last_request(model)
    done(fleet, "retry", "bea", "another way", "--yes")
    done(fleet, "wait", "bea", "--until", "idle", "--timeout", "50")
    assert "heron" in last_request(model) and "the first way" not in last_request(model)
    commit = done(fleet, "commit", "bea", "--clean").split()[0]
    kept = [path for path in (fleet.places.fleet / "commits" / commit).rglob("*") if path.is_file()]
    assert kept and not [path for path in kept if path.name == "models.json" or KEY.encode() in path.read_bytes()]
    assert done(fleet, "send", "bea", "go on", "--wait", "done").strip() == "I did what you asked: go on"
    assert "another way" in last_request(model)


def test_who_will_not_stop_is_frozen_and_who_was_started_by_hand_is_taken_over(
    fleet: FleetUnderTest, model: ModelServerThread
) -> None:
    vm = done(fleet, "vm", "new").strip()
    place = home_of(fleet, vm) / "pi-rpc"
    start_by_hand(fleet, vm, place, "hilda")
    prompt = {"id": "by-hand", "type": "prompt", "message": "remember the word heron"}
    with (place / "in").open("w") as fifo:
        fifo.write(json.dumps(prompt) + "\n")
    poll(lambda: b'"agent_end"' in (place / "out").read_bytes(), "an answer to whoever started it")
    done(fleet, "adopt", vm)
    assert agents(fleet)["hilda"]["vm_id"] == vm
    done(fleet, "send", "hilda", "which word was it?", "--wait", "done")
    assert "heron" in last_request(model), "it is the same process"

    spawn(fleet, "dan")
    done(fleet, "send", "hilda", tools(bash("trap '' TERM INT HUP; sleep 600")))
    done(fleet, "send", "dan", tools(bash("kill -STOP $PPID; sleep 600")))
    vm_id = agents(fleet)["dan"]["vm_id"]
    pid = on_host(int((agent_place(fleet, VmId(vm_id)) / "pid").read_text()), vm_id)
    poll(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED, "a pi that stands still")
    stopped = json.loads(done(fleet, "stop-all", "--bound", "3", "--json"))
    assert {part["name"]: part["outcome"] for part in stopped} == {"hilda": "stopped", "dan": "frozen"}
    continued = json.loads(done(fleet, "continue-all", "--json"))
    assert [(part["name"], part["outcome"]) for part in continued] == [("dan", "continued")]
    os.kill(pid, signal.SIGCONT)
    done(fleet, "wait", "dan", "--until", "idle", "--timeout", "50")
    for name in ("dan", "hilda"):
        assert done(fleet, "send", name, "go on", "--wait", "done").strip() == "I did what you asked: go on"
