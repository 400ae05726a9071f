"""Many agents at once as a script uses them: made, waited for, asked, collected from, compared, stopped, torn down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from tests.fleets import FleetUnderTest, poll


def agents_of(fleet: FleetUnderTest) -> dict[str, dict[str, Any]]:
    """Return the agents as they are listed, by name."""
    return {agent["name"]: agent for agent in json.loads(fleet.run("agents", "--json").stdout)}


def process_of(vm_id: str) -> psutil.Process:
    """Return an agent's process, by the VM it was told that it is on."""
    for process in psutil.process_iter():
        try:
            is_agent = "cockpit.embedded.scripted_agent" in process.cmdline()
            if is_agent and process.environ().get("VERS_VM_ID") == vm_id:
                return process
        except psutil.Error:
            continue
    raise AssertionError(f"no agent runs on VM {vm_id}")


def test_workers_get_their_tasks_and_are_waited_for_collected_from_and_torn_down(
    fleet: FleetUnderTest, tmp_path: Path
) -> None:
    tasks = tmp_path / "tasks"
    tasks.write_text("[write a.md | alpha] [say first]\n[write b.txt | beta] [say second]\n")
    made = fleet.run("spawn", "w", "--agent", "scripted", "--label", "batch", "--tasks", str(tasks), "--json")
    assert made.returncode == 0, made.stderr
    names = {one["name"]: one["vm_id"] for one in json.loads(made.stdout)}
    assert list(names) == ["w-1", "w-2"]
    assert fleet.run("spawn", "boss", "--agent", "scripted").returncode == 0
    waited = fleet.run("wait", "w-1", "w-2", "--until", "idle", "--timeout", "30")
    assert (waited.returncode, sorted(waited.stdout.split())) == (0, ["w-1", "w-2"]), waited.stderr
    first = fleet.run("wait", "boss", "w-1", "--until", "working", "--any", "--timeout", "0.5")
    assert first.returncode == 4 and "w-1 is done-unseen" in first.stderr

    ran = fleet.run("fan-out", "cat a.md; ls missing", "--label", "batch", "--json")
    said = {one["name"]: one for one in json.loads(ran.stdout)}
    assert ran.returncode == 1 and {one["exit_code"] for one in said.values()} == {2}
    assert "alpha" in said["w-1"]["output"] and "missing" in said["w-2"]["output"]

    into = tmp_path / "into"
    brought = fleet.run("collect", "--label", "batch", "--into", str(into), "--file", "*.md")
    assert brought.returncode == 5 and "w-2: *.md: no such file" in brought.stderr
    found = {str(path.relative_to(into)): path.read_text() for path in into.rglob("*") if path.is_file()}
    assert found == {"w-1/answer.txt": "first\n", "w-1/files/a.md": "alpha\n", "w-2/answer.txt": "second\n"}

    process_of(names["w-2"]).suspend()
    stopped = fleet.run("stop-all", "--bound", "2", "--json")
    became = {one["name"]: one["outcome"] for one in json.loads(stopped.stdout)}
    assert (stopped.returncode, became) == (0, {"w-1": "stopped", "w-2": "frozen", "boss": "stopped"}), stopped.stderr
    assert agents_of(fleet)["w-2"]["power"] == "paused"
    process_of(names["w-2"]).resume()
    continued = fleet.run("continue-all")
    assert continued.returncode == 0 and "1 continued (w-2)" in continued.stdout, continued.stderr

    assert fleet.run("teardown", "boss", "--yes").returncode == 2, "a lieutenant is no worker"
    gone = fleet.run("teardown", "--all", "--yes", "--json")
    assert gone.returncode == 0, gone.stderr
    assert {one["name"] for one in json.loads(gone.stdout)} == {"w-1", "w-2"}
    assert set(agents_of(fleet)) == {"boss"}


def test_copies_are_themselves_before_anything_is_sent_and_are_compared_from_where_they_began(
    fleet: FleetUnderTest, tmp_path: Path
) -> None:
    assert fleet.run("spawn", "ada", "--agent", "scripted").returncode == 0
    assert fleet.run("send", "ada", "[write notes.md | old] [say before]", "--wait", "done").returncode == 0
    texts = tmp_path / "texts"
    texts.write_text("[write new.md | one]\n[say first way]\n---\n[bash rm notes.md] [say second way]\n")
    made = fleet.run("best-of", "ada", "--tasks", str(texts))
    assert made.returncode == 0, made.stderr
    order = [made.stderr.index(step) for step in ("ada-2: first answer", "ada-2: register", "ada-2: give it its text")]
    assert order == sorted(order)
    assert fleet.run("wait", "ada-2", "ada-3", "--until", "idle", "--timeout", "30").returncode == 0
    compared = fleet.run("compare", "ada", "--json")
    assert compared.returncode == 0, compared.stderr
    first, second = json.loads(compared.stdout)
    assert (first["name"], first["answer"], second["answer"]) == ("ada-2", "first way", "second way")
    assert (first["files"], first["added"], first["removed"]) == (1, 1, 0)
    assert (second["files"], second["added"], second["removed"]) == (1, 0, 1)
    assert "+one" in first["patch"] and "old" not in first["patch"]
    known = agents_of(fleet)
    # A copy's output begins with its original's: only what it spent itself is its cost.
    assert 0 < first["tokens"] < known["ada-2"]["tokens"]
    assert {known[name]["kind"] for name in ("ada-2", "ada-3")} == {"worker"}
    assert known["ada-2"]["parent"] == "ada" and known["ada-2"]["vm_id"] != known["ada"]["vm_id"]
    environment = process_of(known["ada-3"]["vm_id"]).environ()
    assert (environment["VERS_AGENT_NAME"], environment["VERS_PARENT_AGENT"]) == ("ada-3", "ada")
    kept = fleet.run("compare", "ada", "--keep", "ada-3", "--yes")
    assert (kept.returncode, kept.stdout.split()[0]) == (0, "ada-3"), kept.stderr
    poll(lambda: "ada-2" not in agents_of(fleet), "the end of what was not kept")
    assert {"ada", "ada-3"} <= set(agents_of(fleet))
