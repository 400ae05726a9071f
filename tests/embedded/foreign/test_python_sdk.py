"""The published Python SDK of the platform, method by method, against one embedded fleet."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
from pathlib import Path

import pytest

from cockpit.embedded.api.application import create_application
from cockpit.embedded.api.records import Records
from tests.embedded.api.fakes import new_token, serving
from tests.embedded.conftest import Served
from tests.requirements import missing

_HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or _HOME / ".cache") / "swarm-cockpit-tests"
_GIVEN = os.environ.get("COCKPIT_VERS_SDK")
"""Read when this module is imported: every test has a home of its own afterwards."""
VERSION = "1.20.0"
METHODS = 65
LIMIT = 240.0
"""Seconds that all of them get on a busy machine."""

ELSEWHERE = {
    "create_image": "501: the embedded fleet has one base image",
    "upload_image": "501: the embedded fleet has one base image",
    "delete_image": "501: the embedded fleet has one base image",
    "create_domain": "501: the embedded fleet has no domains",
    "get_domain": "404: domain not found",
    "delete_domain": "404: domain not found",
    "deploy_handler": "501: the embedded fleet deploys nothing",
}
"""How the answers begin to what an embedded fleet cannot have."""


def sdk_python() -> Path:
    """Return the interpreter that has the SDK; skip the test, or fail it where nothing may be skipped."""
    python = Path(_GIVEN) if _GIVEN else _CACHE / f"vers-sdk-{VERSION}" / "bin" / "python"
    if not python.exists():
        missing(f"vers-sdk {VERSION} is not in {python.parent.parent}; install it there, or set COCKPIT_VERS_SDK")
    return python


async def test_every_method_of_the_sdk(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    python = sdk_python()
    records, token = Records(":memory:"), new_token()
    application = create_application(records, served.sandboxes, token)
    async with serving(application) as base:
        program = await asyncio.create_subprocess_exec(
            python,
            Path(__file__).with_name("sdk_program.py"),
            env={"PATH": os.environ["PATH"], "VERS_BASE_URL": base, "VERS_API_KEY": token},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(LIMIT):
                out, err = await program.communicate()
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
    records.close()
    assert program.returncode == 0, err.decode()
    table: dict[str, str] = json.loads(out)
    with capsys.disabled():
        print(f"\nvers-sdk {VERSION} against an embedded fleet:")
        for name in sorted(table):
            print(f"  {name:28} {table[name]}")
    assert len(table) == METHODS
    told = {name: table[name][: len(ELSEWHERE[name])] for name in ELSEWHERE}
    assert told == ELSEWHERE
    assert {name: result for name, result in table.items() if name not in ELSEWHERE and result != "ok"} == {}
