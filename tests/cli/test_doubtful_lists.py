"""What a verb prints of a list that was refused or could not be read whole says so, and is not exit code 0."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import cockpit
from cockpit.cli.exits import ExitCode
from tests.cli.test_sick_apis import KEY, Handler, Server, sick
from tests.forked.command import forked

VM = "0f9e8d7c-6b5a-4948-8372-615049382716"


def half_read(handler: Handler) -> bool:
    assert isinstance(handler.server, Server)
    path = handler.server.requests[-1].split()[1].split("?")[0]
    lists: dict[str, object] = {
        "/api/v1/vms": [{"vm_id": VM, "state": "running"}, {"state": "running"}, 3],
        "/board/tasks": {"tasks": [{"id": "t1", "title": "Readable"}, {"title": "without an id"}]},
        "/registry/vms": {"vms": [{"id": 4}]},
        "/feed/events": {"events": []},
    }
    return handler.reply("200 OK", json.dumps(lists.get(path, [])).encode(), "content-type: application/json")


def refusing_services(handler: Handler) -> bool:
    assert isinstance(handler.server, Server)
    if "/api/v1/" in handler.server.requests[-1]:
        return half_read(handler)
    return handler.reply("401 Unauthorized", b'{"error":"Unauthorized"}', "content-type: application/json")


def run(server: Server, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(Path(cockpit.__file__).parent.parent),
        "VERS_API_KEY": KEY,
        "VERS_BASE_URL": f"{server.url}/api/v1",
        "VERS_INFRA_URL": server.url,
        "VERS_AUTH_TOKEN": "t",
    }
    return subprocess.run(forked(*words), capture_output=True, text=True, env=environment, timeout=100, check=False)


@pytest.mark.parametrize(
    ("verb", "shown", "said"),
    [
        ("vms", VM, "vers: 2 records of its list cannot be read"),
        ("board", "Readable", "board: 1 record of its list cannot be read"),
        ("agents", "", "registry: 1 record of its list cannot be read"),
    ],
)
def test_a_list_that_is_not_whole_says_so(verb: str, shown: str, said: str, tmp_path: Path) -> None:
    with sick(half_read) as server:
        done = run(server, tmp_path, verb)
    assert done.returncode == ExitCode.PARTIAL and shown in done.stdout and said in done.stderr, done


@pytest.mark.parametrize(("verb", "code"), [("board", ExitCode.FAILED), ("agents", ExitCode.PARTIAL)])
def test_a_refused_token_is_no_empty_list(verb: str, code: ExitCode, tmp_path: Path) -> None:
    with sick(refusing_services) as server:
        done = run(server, tmp_path, verb)
    assert done.returncode == code, done
    assert "401" in done.stderr and "check the token: VERS_AUTH_TOKEN" in done.stderr, done
