"""Commands of the API in a real sandbox: what cannot be started, what comes as it is written, log and files."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from pathlib import Path

import httpx
import pytest

from cockpit.embedded.api.application import create_application
from cockpit.embedded.api.records import Records, Size
from cockpit.embedded.hosting import Execution, HostingError
from cockpit.embedded.sandbox import command_log
from tests.embedded.api.fakes import new_token, serving
from tests.embedded.conftest import Served
from tests.remote.waiting import until


def shell(text: str, **options: object) -> Execution:
    """Return a command of the shell."""
    return Execution(("/bin/sh", "-c", text), {}, b"", **{"timeout": 60.0, **options})  # type: ignore[arg-type]


async def test_commands_in_a_sandbox(served: Served) -> None:
    """One fleet for all of it."""
    sandboxes = served.sandboxes
    vm_id = await served.create()
    code, out, err = await sandboxes.execute(vm_id, shell("pwd; echo e >&2; exit 7", directory="/usr"))
    assert (code, out, err) == (7, b"/usr\n", b"e\n")
    assert (await sandboxes.execute(vm_id, shell("kill -9 $$")))[0] == -1
    assert (await sandboxes.execute(vm_id, shell("exit 127")))[0] == 127
    assert len((await sandboxes.execute(vm_id, shell("printf 123456", limit=3)))[1]) == 4
    for command in (Execution(("no-such-program",), {}, b"", 60.0), shell("true", directory="/no/such")):
        with pytest.raises(HostingError, match="Failed to spawn process: "):
            await sandboxes.execute(vm_id, command)
        said: list[tuple[str, bytes]] = []
        with pytest.raises(HostingError, match="Failed to spawn process: "):
            await sandboxes.follow(vm_id, command, lambda stream, data: said.append((stream, data)))  # noqa: B023
    pieces: list[tuple[str, bytes]] = []
    text = "head -c 10000 /dev/zero; cat >&2; exit 3"
    command = Execution(("/bin/sh", "-c", text), {}, b"in", 60.0)
    assert await sandboxes.follow(vm_id, command, lambda stream, data: pieces.append((stream, data))) == 3
    assert b"".join(data for stream, data in pieces if stream == "stdout") == bytes(10000)
    assert b"".join(data for stream, data in pieces if stream == "stderr") == b"in"
    assert max(len(data) for _, data in pieces) <= 4096
    with pytest.raises(HostingError, match="timed out after 1 seconds"):
        await sandboxes.follow(vm_id, shell("exec sleep 600", timeout=1.0), lambda *_: None)
    await through_the_api(served, vm_id)


async def through_the_api(served: Served, vm_id: str) -> None:
    """Files, and the stream of a command that is come back to."""
    sandboxes = served.sandboxes
    records, token = Records(":memory:"), new_token()
    records.add_vm(vm_id, Size())
    records.set_started(vm_id)
    application = create_application(records, sandboxes, token)
    async with serving(application) as base, httpx.AsyncClient(timeout=60) as http:
        http.headers["authorization"] = f"Bearer {token}"
        vm = f"{base}/api/v1/vm/{vm_id}"
        home = str(served.home(vm_id))
        path = f"{home}/a/b"
        content = base64.b64encode(b"\0\xff\n").decode()
        body = {"path": path, "content_b64": content, "mode": 0o600, "create_dirs": True}
        assert (await http.put(f"{vm}/files", json=body)).status_code == 200
        mode = await sandboxes.execute(vm_id, Execution(("stat", "-c", "%a", path), {}, b"", 60.0))
        assert mode == (0, b"600\n", b"")
        assert (await http.get(f"{vm}/files", params={"path": path})).json() == {"content_b64": content}
        for wrong in (f"{home}/none", home, "/dev/zero"):
            answer = await http.get(f"{vm}/files", params={"path": wrong})
            assert answer.status_code == 500 and answer.json()["error"].startswith("Failed to read file: ")

        # A listener leaves, the command goes on, and another takes over where the first one stood.
        exec_id, sign = str(uuid.uuid4()), Path(home) / "sign"
        waiting = f"echo one; while [ ! -e {sign} ]; do sleep 0.05; done; echo two; exit 5"
        started = {"command": ["/bin/sh", "-c", waiting], "exec_id": exec_id}
        async with http.stream("POST", f"{vm}/exec/stream", json=started) as stream:
            first = json.loads(await anext(stream.aiter_lines()))
        assert base64.b64decode(first["data_b64"]) == b"one\n"
        await sandboxes.execute(vm_id, Execution(("touch", str(sign)), {}, b"", 60.0))
        attached = await http.post(f"{vm}/exec/stream/attach", json={"exec_id": exec_id, "cursor": first["cursor"]})
        two, end = (json.loads(line) for line in attached.text.splitlines())
        assert (base64.b64decode(two["data_b64"]), end["type"], end["exit_code"]) == (b"two\n", "exit", 5)
        logs = (await http.get(f"{vm}/logs")).json()
        assert [base64.b64decode(entry["data_b64"]) for entry in logs["entries"]] == [b"one\n", b"two\n"]
        assert {entry["exec_id"] for entry in logs["entries"]} == {exec_id} and logs["eof"] is True
        later = (await http.get(f"{vm}/logs", params={"offset": logs["next_offset"]})).json()
        assert later == {"entries": [], "next_offset": logs["next_offset"], "eof": True}
        endless = asyncio.create_task(http.post(f"{vm}/exec/stream", json={"command": ["sleep", "600"]}))
        channels = sandboxes.layout.sandbox(vm_id).channels
        await until(lambda: any(channels.iterdir()), 20)
        application.state.parts.end_streams()
        assert (await endless).content == b""
    records.close()


def test_a_log_is_read_from_any_place(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert command_log.noted(path, 5, 9, "") == ([], 5, True)
    command_log.note(path, "", (("stdout", b"a" * 5000), ("stderr", b"")))
    command_log.note(path, "x", (("stderr", b"b"),))
    entries, following, over = command_log.noted(path, 0, 2, "")
    assert [len(base64.b64decode(entry["data_b64"])) for entry in entries] == [4096, 904]
    assert not over and "exec_id" not in entries[0]
    # A page that fills exactly at the end does not know that it is the end.
    rest, end, over = command_log.noted(path, following, 1, "")
    assert (rest[0]["exec_id"], end, over) == ("x", path.stat().st_size, False)
    assert command_log.noted(path, end, 1, "") == ([], end, True)
    # In the midst of an entry, and behind the end of a log that began anew.
    assert command_log.noted(path, 3, 9, "stderr")[0] == rest
    assert command_log.noted(path, 10**9, 9, "")[2]
