"""Who may know whom, and that everything below the screens runs without one."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from cockpit.agents.kinds import ADAPTERS
from tests.architecture.sources import PACKAGE, ROOT, nodes, package_files, place, tree_of
from tests.requirements import missing

BELOW_UI = ("text", "net", "model", "agents", "remote", "vers", "services", "store", "engine", "embedded")
ABOVE = ("bootstrap", "cli", "demo")
"""What joins the parts; the opening of a screen is there."""
SECONDS = 90

# An entry of None makes an import fail. It is stronger than to look afterwards, and fair: httpx loads rich by itself,
# for its own command line, where it finds it, and does without where it does not.
WITHOUT_SCREEN = """
import importlib, pkgutil, sys
sys.modules["textual"] = sys.modules["rich"] = None
"""

IMPORT_ALL = (
    WITHOUT_SCREEN
    + """
for package in map(importlib.import_module, sys.argv[1:]):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
"""
)

LOOK_FOR_SCREEN = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    assert "textual" not in sys.modules, name
"""

SAY_VERSION = """
import runpy, sys
sys.argv = ["cockpit", "--version"]
try:
    runpy.run_module("cockpit", run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
print("textual" in sys.modules, file=sys.stderr)
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own, in the project's directory."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    if not program.exists():
        missing("import-linter is not installed")
    done = subprocess.run(
        [str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_engine_is_known_by_its_port_only() -> None:
    """The contract lists the engine's rooms by name: one that is added stands behind the port, too."""
    rooms = {
        f"cockpit.engine.{path.stem}" for path in (PACKAGE / "engine").iterdir() if path.stem.strip("_") == path.stem
    }
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (behind,) = [set(contract["forbidden_modules"]) for contract in contracts if "by its port" in contract["name"]]
    assert rooms - behind == {"cockpit.engine.port"}
    past_the_port = [
        f"{place(path, node.lineno)} {node.module}"
        for path in package_files()
        if path.relative_to(PACKAGE).parts[0] in ("cli", "demo", "ui")
        for node in nodes(tree_of(path))
        if isinstance(node, ast.ImportFrom)
        and f"{node.module}.".startswith("cockpit.engine.")
        and node.module != "cockpit.engine.port"
    ]
    assert past_the_port == []


def test_every_package_is_a_screen_or_below_it_or_joins_them() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages == {*BELOW_UI, "ui", *ABOVE}


def test_whatever_is_below_the_screens_runs_without_one() -> None:
    run(IMPORT_ALL, *(f"cockpit.{package}" for package in BELOW_UI))


def test_nothing_below_the_screens_loads_one() -> None:
    run(LOOK_FOR_SCREEN, *(f"cockpit.{package}" for package in BELOW_UI))


def test_the_version_is_said_without_loading_a_screen() -> None:
    done = run(SAY_VERSION)
    assert done.stdout.strip(), "it said nothing"
    assert done.stderr.split()[-1] == "False", "textual was loaded"


def test_nobody_but_the_folder_of_a_kind_knows_its_name() -> None:
    """The engine, the model, the store and the screens treat every kind of agent alike: through the port."""
    kinds = {adapter.name for adapter in ADAPTERS} - {"scripted"}
    found: list[str] = []
    for path in package_files():
        room = path.relative_to(PACKAGE).parts[0]
        for node in nodes(tree_of(path)):
            if room in ("engine", "model", "store", "ui") and isinstance(node, ast.Constant) and node.value in kinds:
                found.append(place(path, node.lineno))
            if isinstance(node, ast.ImportFrom) and room != "agents":
                module = node.module or ""
                if any(
                    module == f"cockpit.agents.{kind}" or module.startswith(f"cockpit.agents.{kind}.") for kind in kinds
                ):
                    found.append(place(path, node.lineno))
    assert found == []


def test_programs_are_started_in_one_way_that_survives_being_cancelled() -> None:
    others = [path for path in package_files() if path != PACKAGE / "processes.py"]
    assert [place(path) for path in others if "create_subprocess" in path.read_text(encoding="utf-8")] == []
