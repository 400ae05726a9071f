"""The verbs about changes over a fleet: a turn is seen, commented on, brought back, and carried here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.fleets import FleetUnderTest, poll

BEGIN = "[bash git init -q app && cd app && git config user.email a@b && git config user.name a && "
FIRST = BEGIN + "printf 'one\\ntwo\\n' > a.txt && git add . && git commit -qm first] [say Begun.]"
SECOND = "[bash cd app && printf 'one\\nTWO\\n' > a.txt && printf '\\033[31m' > $'b\\033.txt'] [say Changed.]"


def test_a_turn_is_seen_commented_on_and_brought_back(fleet: FleetUnderTest, tmp_path: Path) -> None:
    assert fleet.run("spawn", "eve", "--agent", "scripted").returncode == 0
    for text in (FIRST, SECOND):
        assert fleet.run("send", "eve", text, "--wait", "done").returncode == 0
    kept: list[dict[str, str]] = []

    def both_ended() -> bool:
        kept[:] = json.loads(fleet.run("changes", "eve", "--turns", "--json").stdout or "[]")
        return [one["kind"] for one in kept].count("end") == 2

    poll(both_ended, "the ends of both turns are kept")
    ends = [one["key"] for one in kept if one["kind"] == "end"]
    told = fleet.run("changes", "eve", "--since", "HEAD")
    assert told.returncode == 5 and "+TWO" in told.stdout and "\x1b" not in told.stdout, told
    found = json.loads(fleet.run("changes", "eve", "--turn", ends[1], "--json").stdout)
    (app,) = [one for one in found["repositories"] if one["place"] == "./app"]
    assert ("a.txt", 1, 1) in [(file["path"], file["added"], file["removed"]) for file in app["files"]]
    assert "app on master" in fleet.run("why", "eve").stdout

    commented = fleet.run("comment", "eve", "a.txt:2", "Not so loud.")
    assert (commented.returncode, commented.stdout[:15]) == (0, "C1 app/a.txt:2:"), commented
    assert fleet.run("comment", "eve", "--send").stdout == "C1 sent as one prompt\n"
    (one,) = json.loads(fleet.run("comment", "eve", "--json").stdout)
    assert (one["state"], one["quoted"]) == ("open", "TWO")

    here = tmp_path / "here"
    subprocess.run(["git", "init", "-q", str(here)], check=True)
    applied = fleet.run("changes", "eve", "--place", "./app", "--apply", str(here))
    assert applied.returncode == 0 and (here / "a.txt").read_text() == "one\nTWO\n", applied

    restored = fleet.run("restore-turn", "eve", ends[0], "--yes", "--json", "--now")
    undo = next(part["undo"] for part in json.loads(restored.stdout) if part["undo"])
    gone = fleet.run("changes", "eve", "--since", "HEAD", "--place", "./app", "--stat")
    assert "a.txt" not in gone.stdout, gone
    dry = fleet.run("restore-turn", "eve", undo, "--dry-run", "--now")
    assert dry.returncode == 0 and "./app: 2 files differ" in dry.stdout, dry
    assert fleet.run("restore-turn", "eve", "1-end", "--yes", "--now").returncode == 1


def test_one_attempt_is_compared_with_another_on_another_vm(fleet: FleetUnderTest) -> None:
    other = BEGIN + "printf 'one\\nthree\\n' > a.txt && git add . && git commit -qm other && echo more > b.txt]"
    for name, text in (("fay", FIRST), ("gus", other)):
        assert fleet.run("spawn", name, "--agent", "scripted").returncode == 0
        assert fleet.run("send", name, text, "--wait", "done").returncode == 0
    done = fleet.run("changes", "fay", "--against", "gus", "--place", "./app", "--json")
    assert done.returncode == 0, done
    found = json.loads(done.stdout)
    (app,) = (one for one in found["repositories"] if one["place"] == "./app")
    assert found["against"] == "gus" and app["base_how"] == "other" and app["fault"] is None
    files = {one["path"]: (one["status"], one["added"], one["removed"]) for one in app["files"]}
    assert files == {"a.txt": ("M", 1, 1), "b.txt": ("D", 0, 1)}
    shown = fleet.run("changes", "fay", "--against", "gus").stdout
    assert "+two" in shown and "-three" in shown and "against gus" in shown
