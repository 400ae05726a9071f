"""What `cockpit serve` says of a fleet, and the files it writes for other programs: nothing runs here."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from cockpit.cli.inventory import Inventory
from cockpit.embedded.access.files import variables, write_environment, write_ssh_configuration
from cockpit.embedded.endpoint import ServerEndpoint, ensure_token
from cockpit.embedded.inventory import Costs, RunningVm, look
from cockpit.embedded.shared import Shared, read_shared, write_shared
from cockpit.errors import ConfigError
from tests.requirements import require_program

ENDPOINT = ServerEndpoint(1, "http://127.0.0.1:1", "127.0.0.1", 2, "vm.cockpit.internal", "/ca.pem", True, "0", 900.0)


def vm(number: int, agent: str = "") -> RunningVm:
    return RunningVm(str(uuid.UUID(int=number)), agent, "running", 3700.0, 3, number * 1024 * 1024, 5 * 2**30)


def test_a_fleet_is_told_on_one_screen() -> None:
    vms = tuple(vm(number, "ada\x1b[2J") for number in range(100))
    seen = Inventory(Path("/root-of-it"), ENDPOINT, Costs(vms, 2, 1024, 2**20), Shared(1, True), 1000.0)
    lines = [str(line) for line in seen.lines()]
    assert lines[0] == "serving at http://127.0.0.1:1, SSH at 127.0.0.1:2 (pid 1)"
    assert len(lines) < 24 and "since 1 min, in /root-of-it; the server takes 1.0 MiB" in lines[1]
    assert "has its own /root" in lines[2] and "share this machine's network" in lines[2]
    assert vms[99].vm_id in lines[3] and "1 h" in lines[3] and "5.0 GiB" in lines[3]
    assert not any("\x1b" in line for line in lines)
    assert any("100 VMs: 300 processes, 4.8 GiB of memory" in line for line in lines)
    told = json.loads(json.dumps(seen.object()))
    assert len(told["vms"]) == 100 and told["seconds"] == 100 and told["server_memory_bytes"] == 2**20


def test_a_fleet_that_is_nothing_yet_costs_nothing(tmp_path: Path) -> None:
    costs = look(tmp_path, 0)
    assert costs == Costs((), 0, 0, 0)
    assert "0 VMs" in "\n".join(map(str, Inventory(tmp_path, ENDPOINT, costs, None, 1000.0).lines()))


def test_without_walls_it_is_said_why_and_by_an_earlier_server_that_there_are_none(tmp_path: Path) -> None:
    write_shared(tmp_path, Shared(7, False, "COCKPIT_WALLS says off"))
    said = read_shared(tmp_path, 7)
    for shared, why in ((said, "COCKPIT_WALLS says off"), (None, "earlier version")):
        seen = Inventory(tmp_path, ENDPOINT, Costs((), 0, 0, 0), shared, 1000.0)
        assert "processes and network: " in (line := str(list(seen.lines())[2])) and why in line
    assert read_shared(tmp_path, 8, patience=0.0) is None
    (tmp_path / "shared.json").write_text('{"pid": 7, "un')
    assert read_shared(tmp_path, 7, patience=0.0) is None


@pytest.mark.parametrize(
    ("unlimited", "wanted"),
    [
        ({}, ["a new VM is kept to the memory that it was made with, and to a number of processes"]),
        ({"memory": "no", "pids": "no"}, ["nothing limits a VM's memory and number of processes: no"]),
        ({"pids": "no\x1b"}, ["nothing limits a VM's number of processes: no"]),
        (None, ["nothing limits a VM's memory and number of processes: its server is of an earlier version"]),
    ],
)
def test_what_cannot_be_limited_is_said(tmp_path: Path, unlimited: dict[str, str] | None, wanted: list[str]) -> None:
    write_shared(tmp_path, Shared(7, True, unlimited=unlimited))
    seen = Inventory(tmp_path, ENDPOINT, Costs((), 0, 0, 0), read_shared(tmp_path, 7), 1000.0)
    lines = [str(line) for line in seen.lines() if "limits" in str(line) or "kept to" in str(line)]
    assert [part in line for part, line in zip(wanted, lines, strict=True)] == [True] * len(wanted)
    assert seen.object()["unlimited"] == unlimited and "\x1b" not in "".join(lines)


def test_what_other_programs_need_stands_in_private_files(tmp_path: Path) -> None:
    root = tmp_path / "it's 100% mine"
    root.mkdir()
    with pytest.raises(ConfigError, match="token"):
        write_environment(root, ENDPOINT)
    token = ensure_token(root)
    file = write_environment(root, ENDPOINT)
    assert file.stat().st_mode & 0o777 == 0o600
    read = subprocess.run(
        ["/bin/sh", "-c", '. "$1"; . "$1"; env', "sh", str(file)],
        capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    found = dict(line.split("=", 1) for line in read.stdout.splitlines() if "=" in line)
    assert variables(root, ENDPOINT).items() <= found.items()
    *ours, first, second = found["PATH"].split(":")
    assert [first, second] == ["/usr/bin", "/bin"] and len(ours) == 1 + (
        shutil.which("node", path="/usr/bin:/bin") is not None
    )
    assert (Path(ours[-1]) / "openssl").stat().st_mode & 0o111, "sourced twice, in front once"
    assert found["COCKPIT_GATEWAY"] == "127.0.0.1:2"
    assert found["VERS_API_KEY"] == found["VERS_AUTH_TOKEN"] == token
    assert found["VERS_BASE_URL"] == "http://127.0.0.1:1/api/v1"
    assert found["VERS_VM_REGISTRY_URL"] == found["VERS_INFRA_URL"] == "http://127.0.0.1:1"


def test_openssh_understands_what_is_written_for_it(tmp_path: Path) -> None:
    require_program("openssl")
    ssh = require_program("ssh")
    root = tmp_path / "it's 100% mine"
    root.mkdir()
    file = write_ssh_configuration(root, root / "ca.pem", "127.0.0.1", 7)
    assert file.stat().st_mode & 0o777 == 0o600
    vm_id = str(uuid.uuid4())
    for name in (vm_id, f"{vm_id}.vm.vers.sh"):
        read = subprocess.run([ssh, "-F", file, "-G", name], capture_output=True, text=True, check=True)
        told = dict(line.split(" ", 1) for line in read.stdout.splitlines() if " " in line)
        assert told["hostname"] == f"{vm_id}.vm.vers.sh" and told["user"] == "root"
        assert "100% mine" in told["identityfile"] or "100%% mine" in told["identityfile"]
    with pytest.raises(ConfigError, match="such a name"):
        write_ssh_configuration(tmp_path / 'a"b', root / "ca.pem", "127.0.0.1", 7)
