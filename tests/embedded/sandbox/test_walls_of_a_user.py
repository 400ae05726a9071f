"""Walls raised by an ordinary user: what root owns in the host's trees is seen, and may be replaced and removed."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.embedded.sandbox.layout import SandboxLayout
from cockpit.embedded.sandbox.walls import folders, plan, raise_walls
from cockpit.embedded.sandbox.walls.probe import Walls
from tests.embedded.sandbox.attacker import attack

NOBODY = 65534
CANARY = "a word that stands in the fleet's own files alone"
PROGRAM = "/usr/bin/tac"


def behind_walls(root: Path, act: Callable[[], Any]) -> Any:
    """Return what an act tells that an ordinary user does behind his walls, in a process of its own."""
    layout = SandboxLayout("one", root / "one")
    if os.getuid() == 0:
        os.chown(root, NOBODY, NOBODY)
        # Others may pass through what holds the test's directories, and look at nothing there.
        root.parent.chmod(0o711)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
                # Who changes his user has no say in /proc of himself until his next program.
                ctypes.CDLL(None).prctl(raise_walls.PR_SET_DUMPABLE, 1, 0, 0, 0)
            for directory in (layout.directory, layout.home, layout.temporary):
                directory.mkdir(mode=0o700, exist_ok=True)
            overlays = {tree: "user" for tree in plan.CHANGED_TREES.values() if Path(tree).is_dir()}
            (root / "token").write_text(CANARY)
            folders.lay(root / "folders", plan.CHANGED_TREES.items())
            view = plan.view_of_host({"PATH": os.defpath}, [root])
            order = Walls(view, overlays, root / "folders").order(layout)
            raise_walls.leave_host()
            inner = os.fork()
            if inner == 0:
                raise_walls.raise_walls(str(order["root"]), order["steps"])  # type: ignore[arg-type]
                raise_walls.give_up_powers()
                os.write(writing, json.dumps(act()).encode())
                os._exit(0)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as said:
        told = said.read()
    assert os.waitpid(pid, 0)[1] == 0, told
    return json.loads(told)


def refused(act: Callable[[], object]) -> str:
    """Return the name of the error that an act meets; empty without one."""
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return ""


def changes() -> dict[str, object]:
    """Change the system as an agent would; tell what became of it."""
    Path("/usr/local/bin/made").write_text("by the agent")
    Path("/etc/made").write_text("by the agent")
    told: dict[str, object] = {
        "before": Path(PROGRAM).stat().st_size,
        "written into": refused(lambda: Path(PROGRAM).open("r+b").close()),
    }
    shutil.copyfile(PROGRAM, f"{PROGRAM}.new")
    with Path(f"{PROGRAM}.new").open("ab") as file:
        file.write(b"changed")
    Path(f"{PROGRAM}.new").replace(PROGRAM)
    Path("/etc/debian_version").unlink(missing_ok=True)
    return {**told, "after": Path(PROGRAM).stat().st_size, "removed": not Path("/etc/debian_version").exists()}


def seen() -> dict[str, object]:
    """Tell what a later process sees."""
    made = [Path(place).exists() for place in ("/usr/local/bin/made", "/etc/made", "/etc/debian_version")]
    return {"made": made, "size": Path(PROGRAM).stat().st_size}


def test_an_ordinary_user_may_make_replace_and_remove_what_lies_where_root_keeps_it(short_root: Path) -> None:
    if not Path(PROGRAM).exists():
        pytest.fail(f"{PROGRAM} belongs to every Debian, and this test changes it behind walls")
    size = Path(PROGRAM).stat().st_size
    told = behind_walls(short_root, changes)
    assert told == {"before": size, "written into": "PermissionError", "after": size + 7, "removed": True}
    assert behind_walls(short_root, seen) == {"made": [True, True, False], "size": size + 7}
    assert Path(PROGRAM).stat().st_size == size
    assert not Path("/usr/local/bin/made").exists() and not Path("/etc/made").exists()


def test_an_attacker_behind_them_sees_reaches_and_changes_nothing_outside(short_root: Path) -> None:
    places = [short_root / "token", short_root / "one" / "keys", Path.home() / ".ssh", Path("/root/.ssh")]
    pids = [os.getpid(), os.getppid()]
    found = behind_walls(short_root, lambda: attack([str(path) for path in places], [CANARY], pids))
    assert (short_root / "token").read_text() == CANARY
    assert len(found) == 11 and not {name: what for name, what in found.items() if what}


def test_folders_are_those_that_everybody_sees_and_no_deeper_than_packages_lie(tmp_path: Path) -> None:
    host, top = tmp_path / "host", tmp_path / "folders"
    deep = host / "/".join("abcdefg")
    deep.mkdir(parents=True)
    (host / "closed").mkdir()
    (host / "closed").chmod(0o700)
    (host / "file").touch()
    (host / "link").symlink_to("a")
    folders.lay(top, [("etc", str(host)), ("usr", str(tmp_path / "missing"))])
    found = {str(path.relative_to(top)) for path in top.rglob("*")}
    assert found == {"etc", "usr", "etc/a", "etc/a/b", "etc/a/b/c", "etc/a/b/c/d"}
    deep.parents[4].joinpath("later").mkdir()
    shutil.rmtree(host / "a" / "b" / "c")
    folders.lay(top, [("etc", str(host))])
    assert {path.name for path in top.rglob("*")} >= {"later", "d"}
