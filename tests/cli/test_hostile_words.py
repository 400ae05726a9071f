"""Every verb on a terminal, over agents, a board, a registry and an API that write controls into every field."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import cockpit
from cockpit.embedded.endpoint import read_endpoint, read_token
from cockpit.model.ids import VmId
from tests.cli.test_sick_apis import KEY, VERBS, Handler, Server, sick
from tests.engine.evidence import out_file
from tests.fleets import FleetUnderTest
from tests.forked.command import forked

pytestmark = pytest.mark.timeout(300)
"""Seconds: each test starts a program for every verb."""

H = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\u202e\u2066\x85\r\x08\x7f\u200b\x90q\x9c\x1bc\nforged: deleted"
"""Clipboard, clear screen, C1, bidirectional controls, device control, reset, and a line that looks like ours."""

OUTPUT = [
    {"type": "agent_start"},
    {"type": "turn_start"},
    {"type": "message_start", "message": {"role": "user", "content": [{"type": "text", "text": f"user {H}"}]}},
    {"type": "message_end", "message": {"role": "user", "content": [{"type": "text", "text": f"user {H}"}]}},
    {
        "type": "tool_execution_start",
        "toolCallId": f"t{H}",
        "toolName": f"tool{H}",
        "args": {f"a{H}": H},
    },
    {
        "type": "tool_execution_end",
        "toolCallId": f"t{H}",
        "toolName": f"tool{H}",
        "result": {"content": [{"type": "text", "text": H}]},
        "isError": True,
    },
    {
        "type": "message_end",
        "message": {
            "role": "assistant",
            "content": [{"type": "text", "text": f"needle {H}"}],
            "model": H,
            "stopReason": "error",
            "errorMessage": H,
        },
    },
    {"type": "auto_retry_start", "attempt": 1, "maxAttempts": 3, "delayMs": 1000, "errorMessage": H},
    {"type": "extension_error", "extensionPath": H, "event": H, "error": H},
    {"type": H, "more": H},
    {
        "type": "extension_ui_request",
        "id": f"q{H}",
        "method": "select",
        "title": f"Which {H}?",
        "options": [f"red{H}", f"green{H}"],
    },
]


def on_a_terminal(command: list[str], environment: dict[str, str], typed: str = "no\n") -> bytes:
    """Run a command with a terminal as every stream, type something, and return what the terminal got."""
    master, slave = pty.openpty()
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        os.write(master, typed.encode())
        got = b""
        try:
            while chunk := os.read(master, 65536):
                got += chunk
        except OSError:
            pass
        process.wait(60)
    os.close(master)
    return got


def acting(got: bytes) -> list[str]:
    """Return the characters that can act on a terminal; a terminal itself adds CR before LF."""
    text = got.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    return sorted({c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")})


def test_no_verb_lets_an_agent_s_or_a_service_s_bytes_act(fleet: FleetUnderTest) -> None:
    assert fleet.run("spawn", "ada", "--agent", "scripted").returncode == 0
    (agent,) = json.loads(fleet.run("agents", "--json").stdout)
    endpoint = read_endpoint(fleet.places.fleet)
    assert endpoint is not None
    headers = {"Authorization": f"Bearer {read_token(fleet.places.fleet)}"}
    with httpx.Client(base_url=endpoint.base_url, headers=headers, timeout=60) as http:
        task = {"title": H, "createdBy": H, "description": H, "assignee": H, "tags": [H], "dependencies": [H]}
        made = http.post("/board/tasks", json=task)
        assert made.status_code == 201
        note = {"author": H, "content": H, "type": "finding"}
        assert http.post(f"/board/tasks/{made.json()['id']}/notes", json=note).status_code == 201
        vm = http.post("/api/v1/vm/new_root?wait_boot=true", json={"vm_config": {}}).json()["vm_id"]
        metadata = {"role": H, "program": H, "labels": [H], "parent": H, "agent": H}
        entry = {"id": vm, "name": f"eve{H}", "role": "worker", "address": H, "registeredBy": H, "metadata": metadata}
        assert http.post("/registry/vms", json=entry).status_code == 201
        assert http.post("/feed/events", json={"agent": H, "type": "custom", "summary": H}).status_code == 201
    with out_file(fleet, VmId(agent["vm_id"])).open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in OUTPUT)
        file.write(f"{H}\n")
    assert fleet.run("wait", "ada", "--until", "asking", "--timeout", "60").returncode == 0
    verbs = [
        ("vms",),
        ("vms", "--json"),
        ("agents",),
        ("agents", "--json"),
        ("board",),
        ("board", "--json"),
        ("tail", "ada", "--no-follow"),
        ("tail", "ada", "--no-follow", "--json"),
        ("tail", "ada", "--raw", "--no-follow"),
        ("search", "needle"),
        ("search", "needle", "--json"),
        ("answer", "ada", "blue"),
        ("answer", f"ada{H}", H),
        ("wait", "ada", "--until", H),
        ("wait", "ada", "--until", "idle", "--timeout", "2"),
        ("destroy", vm),
        ("destroy", H, "--yes"),
        ("pause", H),
        ("spawn", f"eve{H}"),
        ("spawn", "ada"),
        ("send", "nobody", H),
        ("tail", f"eve{H}", "--no-follow"),
        (H,),
        ("vms", f"--{H}"),
        ("commit", "ada", "--name", H),
        ("branch", "ada", "--count", H),
        ("--root", f"/proc/{H}", "vms"),
        ("--config", H, "vms"),
    ]

    def run(verb: tuple[str, ...]) -> bytes:
        return on_a_terminal(fleet.verb(*(word.replace("\0", "") for word in verb)), fleet.environment())

    with ThreadPoolExecutor(4) as pool:
        got = dict(zip(verbs, pool.map(run, verbs), strict=True))
    for verb, shown in got.items():
        assert shown.strip(), (verb, "nothing was printed")
        assert acting(shown) == [], (verb, shown)
        assert b"Traceback" not in shown, (verb, shown)
    assert b"takes one of" in got["answer", "ada", "blue"]
    assert b"A commit is kept first" in got["destroy", vm] and b"\nforged" not in got["destroy", vm]
    assert b"\nforged" not in got["answer", "ada", "blue"], got["answer", "ada", "blue"]
    assert b"send them into a file" in got["tail", "ada", "--raw", "--no-follow"]
    assert vm in fleet.run("vms").stdout, "a question that was not answered with the name deletes nothing"


def test_no_verb_lets_the_api_s_bytes_act(tmp_path: Path) -> None:
    def failing(handler: Handler) -> bool:
        return handler.reply(
            "500 Oops", json.dumps({"error": H, "success": False}).encode(), "content-type: application/json"
        )

    def listing(handler: Handler) -> bool:
        record = {"vm_id": f"vm{H}", "owner_id": H, "created_at": H, "state": H, "labels": {H: H}}
        return handler.reply("200 OK", json.dumps([record]).encode(), "content-type: application/json")

    def run(server: Server, words: tuple[str, ...]) -> bytes:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(Path(cockpit.__file__).parent.parent),
            "VERS_API_KEY": KEY,
            "VERS_BASE_URL": server.url,
        }
        return on_a_terminal(forked(*words), environment)

    # Two of them look for seconds for what they made: the other API is asked meanwhile.
    with sick(listing) as first, sick(failing) as second, ThreadPoolExecutor(4) as pool:
        coming = [(words, pool.submit(run, server, words)) for server in (first, second) for words in VERBS.values()]
        for words, one in coming:
            shown = one.result()
            assert shown.strip(), words
            assert acting(shown) == [], (words, shown)
            assert b"Traceback" not in shown, (words, shown)
