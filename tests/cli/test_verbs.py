"""Headless verbs as a script uses them: output, exit codes, and what goes to standard error."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.fleets import FleetUnderTest, poll


@pytest.fixture(scope="module")
def ada(fleet: FleetUnderTest) -> str:
    """A lieutenant that every test of this module may talk to."""
    done = fleet.run("spawn", "ada", "--role", "tests", "--agent", "scripted")
    assert done.returncode == 0, done.stderr
    assert "✓ first answer" in done.stderr
    return "ada"


def test_agents_says_what_is_known_and_why(fleet: FleetUnderTest, ada: str) -> None:
    done = fleet.run("agents", "--json")
    assert done.returncode == 0, done.stderr
    (found,) = [agent for agent in json.loads(done.stdout) if agent["name"] == ada]
    assert found["kind"] == "lieutenant"
    assert (found["power"], found["link"], found["process"]) == ("running", "up", "alive")
    assert found["activity"] in ("idle", "done-unseen")
    assert found["why"] and all(isinstance(sentence, str) for sentence in found["why"])
    assert "ada" in fleet.run("agents").stdout
    assert found["vm_id"] in fleet.run("vms").stdout


def test_a_child_says_its_parent_by_id_and_the_parent_what_its_children_cost(fleet: FleetUnderTest, ada: str) -> None:
    done = fleet.run("spawn", "limb", "--worker", "--parent", ada, "--agent", "scripted")
    assert done.returncode == 0, done.stderr
    found = {agent["name"]: agent for agent in json.loads(fleet.run("agents", "--json").stdout)}
    limb, parent = found["limb"], found[ada]
    assert limb["parent"] == ada and limb["parent_id"].startswith(parent["vm_id"])
    assert parent["parent_id"] is None
    below = parent["descendants"]
    assert (below["agents"], sum(below["states"].values())) == (1, 1)
    assert (below["tokens"], below["cost"]) == (limb["tokens"], limb["cost"])
    assert limb["descendants"] == {"agents": 0, "states": {}, "tokens": 0, "cost": 0.0}
    gone = fleet.run("destroy", "limb", "--yes")
    assert gone.returncode == 0, gone.stderr


def test_send_waits_and_prints_the_answer(fleet: FleetUnderTest, ada: str) -> None:
    done = fleet.run("send", ada, "[think 5] [say The answer is 42.]", "--wait", "done")
    assert (done.returncode, done.stdout.strip()) == (0, "The answer is 42."), done.stderr
    piped = fleet.run("send", ada, "-", "--wait", "done", stdin="[say From a pipe.]")
    assert piped.stdout.strip() == "From a pipe."


def test_a_failed_run_is_a_failure(fleet: FleetUnderTest, ada: str) -> None:
    done = fleet.run("send", ada, "[fail forever]", "--wait", "done", "--timeout", "60")
    assert done.returncode == 1, done
    assert "failed" in done.stderr


def test_tail_prints_every_line_once(fleet: FleetUnderTest, ada: str) -> None:
    done = fleet.run("tail", ada, "--json", "--no-follow")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["line"] for record in records] == list(range(1, len(records) + 1))
    assert all(before["end"] == after["offset"] for before, after in itertools.pairwise(records))
    assert {record["epoch"] for record in records} == {1}
    assert {"daemon_started", "run_started", "message_ended"} <= {record["kind"] for record in records}
    part = fleet.run("tail", ada, "--json", "--no-follow", "--from-line", "5")
    assert json.loads(part.stdout.splitlines()[0])["line"] == 5
    assert "The answer is 42." in fleet.run("tail", ada, "--no-follow").stdout


def test_tail_follows(fleet: FleetUnderTest, ada: str) -> None:
    following = subprocess.Popen(
        fleet.verb("tail", ada, "--json"), stdout=subprocess.PIPE, text=True, env=fleet.environment()
    )
    try:
        assert following.stdout is not None
        first = json.loads(following.stdout.readline())
        assert first["line"] == 1
        assert fleet.run("send", ada, "[say While you look.]", "--wait", "done").returncode == 0
        for line in following.stdout:
            record = json.loads(line)
            if record["kind"] == "message_ended" and "While you look." in line:
                break
    finally:
        following.terminate()
        following.wait()


def test_wait_and_answer(fleet: FleetUnderTest, ada: str) -> None:
    assert fleet.run("send", ada, "[ask confirm Deploy? | To production] [say Done.]").returncode == 0
    assert fleet.run("wait", ada, "--until", "asking", "--timeout", "30").returncode == 0
    assert fleet.run("wait", ada, "--until", "idle", "--timeout", "1").returncode == 4
    assert fleet.run("answer", ada, "perhaps").returncode == 1
    assert fleet.run("answer", ada, "yes").returncode == 0
    assert fleet.run("wait", ada, "--until", "idle", "--timeout", "30").returncode == 0


def test_pause_resume_abort(fleet: FleetUnderTest, ada: str) -> None:
    assert fleet.run("pause", ada).returncode == 0
    (found,) = [agent for agent in json.loads(fleet.run("agents", "--json").stdout) if agent["name"] == ada]
    assert (found["power"], found["link"]) == ("paused", "paused")
    refused = fleet.run("send", ada, "x")
    assert refused.returncode == 1 and "paused" in refused.stderr
    assert fleet.run("pause", ada).returncode == 0, "pausing twice is no failure"
    assert fleet.run("resume", ada).returncode == 0
    assert fleet.run("send", ada, "[bash sleep 60]", "--wait", "consumed").returncode == 0
    working = fleet.run("pause", ada)
    assert working.returncode == 1 and "--abort" in working.stderr and "--now" in working.stderr
    assert fleet.run("pause", ada, "--now").returncode == 0
    assert fleet.run("resume", ada).returncode == 0
    ended = fleet.run("pause", ada, "--abort")
    assert ended.returncode == 0 and ended.stderr.index("abort") < ended.stderr.index("pause VM"), ended.stderr
    assert fleet.run("resume", ada).returncode == 0
    assert fleet.run("wait", ada, "--until", "aborted", "--timeout", "30").returncode == 0
    assert fleet.run("send", ada, "[bash sleep 60]", "--wait", "consumed").returncode == 0
    assert fleet.run("abort", ada).returncode == 0
    assert fleet.run("wait", ada, "--until", "aborted", "--timeout", "30").returncode == 0


def test_exit_codes(fleet: FleetUnderTest, ada: str) -> None:
    assert fleet.run("send", "nobody", "x").returncode == 3
    assert fleet.run("pause", "nobody").returncode == 3
    assert fleet.run("tail", "nobody").returncode == 3
    assert fleet.run("send", ada, "x", "--mode", "shout").returncode == 2
    assert fleet.run("spawn", ada, "--agent", "scripted").returncode == 2
    assert fleet.run("spawn", "no/name", "--agent", "scripted").returncode == 2
    assert fleet.run("frobnicate").returncode == 2
    assert fleet.run("destroy", ada).returncode == 2, "without a terminal it needs --yes"


def test_destroy_forgets_the_agent_but_not_its_lines(fleet: FleetUnderTest) -> None:
    assert fleet.run("spawn", "bob", "--worker", "--agent", "scripted").returncode == 0
    assert fleet.run("send", "bob", "[say I was here.]", "--wait", "done").returncode == 0
    assert fleet.run("destroy", "bob", "--yes").returncode == 0
    assert fleet.run("destroy", "bob", "--yes").returncode == 3
    assert "I was here." in fleet.run("tail", "bob", "--no-follow").stdout
    found = fleet.run("search", "was here", "--agent", "bob", "--json")
    assert found.returncode == 0 and "I was here." in found.stdout
    assert fleet.run("search", "nobody ever said this").returncode == 1


def test_serve_stops_and_agents_go_on(fleet: FleetUnderTest, ada: str) -> None:
    written = fleet.run("serve", "--env")
    assert Path(written.stdout.strip()).read_text(encoding="utf-8").startswith("export VERS_API_KEY=")
    assert fleet.run("serve", "--ssh-config", "--json").returncode == 0
    assert fleet.run("serve", "--env", "--stop").returncode == 2
    of_bob = Path(fleet.run("serve", "--owner", "bob").stdout.strip())
    assert of_bob.stat().st_mode & 0o777 == 0o600
    his = Path(fleet.run("serve", "--owner", "bob", "--env").stdout.strip()).read_text(encoding="utf-8")
    before = of_bob.read_text(encoding="ascii")
    assert before in his and "VERS_API_KEY" in his
    assert fleet.run("serve", "--owner", "bob", "--rotate", "--dry-run").returncode == 0
    assert of_bob.read_text(encoding="ascii") == before
    assert fleet.run("serve", "--owner", "bob", "--rotate").returncode == 0
    assert of_bob.read_text(encoding="ascii") != before
    base = json.loads(fleet.run("serve", "--json").stdout)["base_url"]
    key = {"Authorization": f"Bearer {of_bob.read_text(encoding='ascii')}"}
    new = f"{base}/api/v1/vm/new_root?wait_boot=true"
    bobs = httpx.post(new, json={"vm_config": {}}, headers=key, timeout=60).json()["vm_id"]
    refused = fleet.run("serve", "--owner", "bob", "--remove", "--yes")
    assert refused.returncode == 2 and bobs in refused.stderr and of_bob.exists()
    removed = json.loads(fleet.run("serve", "--owner", "bob", "--remove", "--with-vms", "--yes", "--json").stdout)
    assert removed["vms"] == [bobs] and not of_bob.parent.exists()
    assert httpx.get(f"{base}/api/v1/vms", headers=key, timeout=60).status_code == 403
    assert fleet.run("serve", "--owner", "bob", "--remove", "--yes").returncode == 3
    assert fleet.run("serve", "--stop").returncode == 0
    done = fleet.run("send", ada, "[say Still here.]", "--wait", "done")
    assert done.stdout.strip() == "Still here.", done.stderr


def test_two_writers_do_not_disturb_each_other(fleet: FleetUnderTest, ada: str) -> None:
    long_text = "[say short] " + "x" * 20_000
    writers = [subprocess.Popen(fleet.verb("send", ada, long_text), env=fleet.environment()) for _ in range(4)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    poll(lambda: fleet.run("wait", ada, "--until", "idle", "--timeout", "30").returncode == 0, "rest")
    kinds = [json.loads(line)["kind"] for line in fleet.run("tail", ada, "--json", "--no-follow").stdout.splitlines()]
    assert "broken_line" not in kinds


def test_no_screen_is_imported(fleet: FleetUnderTest) -> None:
    program = "import sys; sys.modules['textual'] = None; from cockpit.cli.main import run; sys.exit(run(sys.argv[1:]))"
    words = fleet.command("vms")[3:]
    done = subprocess.run([sys.executable, "-c", program, *words], env=fleet.environment(), check=False)
    assert done.returncode == 0


UNUSED = {
    "vms": (
        "asyncssh",
        "cryptography",
        "textual",
        "rich",
        "pygments",
        "cockpit.agents.kinds",
        "cockpit.engine.changes",
        "cockpit.engine.commands.dispatcher",
        "cockpit.engine.coordination",
        "cockpit.engine.files",
        "cockpit.engine.images",
        "cockpit.engine.plans",
        "cockpit.engine.streams.recorder",
        "cockpit.engine.streams.session",
        "cockpit.engine.usage",
        "cockpit.model.refusals.refusal",
        "cockpit.model.transcript",
        "cockpit.remote.tail",
    ),
    "agents": (
        "textual",
        "rich",
        "pygments",
        "cockpit.engine.changes",
        "cockpit.engine.commands.dispatcher",
        "cockpit.engine.commands.spawn",
        "cockpit.engine.coordination.coordination",
        "cockpit.engine.describe",
        "cockpit.engine.files",
        "cockpit.engine.images",
        "cockpit.model.commands.command",
        "cockpit.model.refusals.refusal",
    ),
}
UNUSED["board"] = UNUSED["vms"]
"""What each list does without; it is loaded by whoever needs it."""

MOST_LOADED = {"vms": 216, "agents": 350, "board": 224}
"""Modules of ours that each loads; there are nine hundred."""


@pytest.mark.parametrize("verb", sorted(UNUSED))
def test_a_list_loads_what_it_needs_and_no_more(fleet: FleetUnderTest, ada: str, verb: str) -> None:
    # In a process of its own: those of `run` are forked from one that has loaded everything.
    words = fleet.command(verb, "--json")
    done = subprocess.run(
        [words[0], "-X", "importtime", *words[1:]], capture_output=True, text=True, env=fleet.environment(), timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert verb == "board" or f'"{ada}"' in done.stdout
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert {"httpx", "cockpit.cli.main"} <= loaded
    known = {name for name in loaded for unused in UNUSED[verb] if f"{name}.".startswith(f"{unused}.")}
    assert not known, sorted(known)
    assert len([name for name in loaded if name.startswith("cockpit.")]) <= MOST_LOADED[verb]
