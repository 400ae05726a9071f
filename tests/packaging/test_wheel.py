"""What the wheel holds, and that what was installed from it runs on its own."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path, PurePosixPath

import cockpit
from tests.packaging.installation import ROOT, Installation
from tests.packaging.terminal import on_a_terminal

CTRL_Q = b"\x11"

LOAD_THEMES = """
import json
import cockpit
from cockpit.ui.look.themes import load_themes
loaded = load_themes()
names = [theme.name for theme in loaded.themes]
print(json.dumps({"package": cockpit.__file__, "names": names, "problems": loaded.problems}))
"""


def test_the_wheel_holds_the_product_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = {PurePosixPath(name) for name in archive.namelist()}
    assert {path.parts[0] for path in files} == {"cockpit", f"swarm_cockpit-{cockpit.__version__}.dist-info"}
    assert [path for path in files if "tests" in path.parts or path.name.startswith("test_")] == []
    source = ROOT / "cockpit"
    wanted = {PurePosixPath("cockpit/py.typed")}
    wanted |= {PurePosixPath("cockpit/themes") / theme.name for theme in (ROOT / "themes").glob("*.toml")}
    for pattern in ("*.py", "*.tcss"):
        wanted |= {PurePosixPath("cockpit") / path.relative_to(source) for path in source.rglob(pattern)}
    assert wanted - files == set()


def test_the_command_says_its_version_and_its_verbs(installed: Installation) -> None:
    version = installed.run(installed.program, "--version")
    assert (version.returncode, version.stdout) == (0, f"cockpit {cockpit.__version__}\n"), version.stderr
    usage = installed.run(installed.program, "--help")
    assert usage.returncode == 0, usage.stderr
    assert {"spawn", "send", "tail", "serve", "demo"} <= set(usage.stdout.split())


def test_every_theme_is_in_the_package(installed: Installation) -> None:
    done = installed.run(installed.python, "-c", LOAD_THEMES)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert Path(told["package"]).is_relative_to(installed.directory)
    assert set(told["names"]) == {theme.stem for theme in (ROOT / "themes").glob("*.toml")}
    assert told["problems"] == []


def test_the_screen_opens_on_a_fleet_of_its_own(installed: Installation) -> None:
    try:
        with on_a_terminal([str(installed.program)], installed.environment(), installed.home) as terminal:
            terminal.wait_for(lambda text: "Lieutenants" in text and "No agents yet." in text, "the home screen")
            assert "embedded" in terminal.text
            terminal.type(CTRL_Q)
            assert terminal.wait_for_end() == 0, terminal.text
        listed = installed.run(installed.program, "vms", "--json")
        assert (listed.returncode, listed.stdout.strip()) == (0, "[]"), listed.stderr
    finally:
        stopped = installed.run(installed.program, "serve", "--stop")
    assert (stopped.returncode, stopped.stderr) == (0, "stopped; agents go on\n")
    again = installed.run(installed.program, "serve", "--stop")
    assert (again.returncode, again.stderr) == (0, "no server was running\n")
