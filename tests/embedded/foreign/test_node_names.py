"""Programs of Node that go to a VM by its name on the platform: each way to connect leads to the gateway."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from cockpit.embedded.access import inside
from tests.requirements import require_program

NAME = "c3f27b67-f057-40e4-875e-0487f9293efc.vm.vers.sh"
PROGRAM = """
const net = require("node:net"), tls = require("node:tls"), name = process.argv[1];
const lookup = (host, _options, done) => done(new Error(`asked for ${host}`));
const ways = [
    () => tls.connect({ host: name, port: 443, servername: name }),
    () => tls.connect(443, name),
    () => net.connect(443, name),
    () => net.connect({ host: name.toUpperCase(), port: "443" }),
    () => new net.Socket().connect(443, name),
    () => new net.Socket().connect({ host: name, port: 443 }),
    () => net.connect({ host: name, port: 80, lookup }),
    () => net.connect({ host: "vm.vers.sh.example", port: 443, lookup }),
    () => net.connect({ host: `x${name}.example`, port: 443, lookup }),
];
let left = ways.length;
const said = [];
ways.forEach((way, number) => way().on("error", (error) => {
    said[number] = error.address ? `${error.address}:${error.port}` : error.message;
    left -= 1;
    if (left === 0) console.log(said.join("\\n"));
}));
"""


def test_every_way_to_connect_leads_to_the_gateway_and_nothing_else_does(tmp_path: Path) -> None:
    node = require_program("node")
    # Moved to where the way has blanks: it is written into a variable that is read as words.
    place = tmp_path / "with blanks"
    shutil.copytree(inside.NODE, place / "node")
    shutil.copy(inside.NODE.parent / "vm_names.cjs", place)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # Nobody listens there, so each says where it went.
        gateway = f"127.0.0.1:{closed.getsockname()[1]}"
        read = subprocess.run(
            [place / "node" / "node", "-e", PROGRAM, NAME],
            env={"PATH": f"{place / 'node'}:{node.parent}:/bin", "COCKPIT_GATEWAY": gateway},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        )
    others = ("vm.vers.sh.example", f"x{NAME}.example")
    assert read.stdout.splitlines() == [gateway] * 6 + [f"asked for {name}" for name in (NAME, *others)]


@pytest.mark.parametrize("gateway", [{}, {"COCKPIT_GATEWAY": ""}, {"COCKPIT_GATEWAY": "nonsense"}])
def test_where_no_gateway_is_named_node_is_as_it_was(gateway: dict[str, str]) -> None:
    node = require_program("node")
    program = "console.log(process.argv.slice(1).join('|'), process.execPath)"
    words = [str(inside.NODE / "node"), "-e", program, "a b", "", "$c"]
    environment = {"PATH": f"{inside.NODE}:{node.parent}:/bin", **gateway}
    read = subprocess.run(words, env=environment, capture_output=True, text=True, check=True, timeout=100)
    assert read.stdout == f"a b||$c {node.resolve()}\n"


def test_who_looks_for_node_finds_ours_only_where_there_is_one(tmp_path: Path) -> None:
    assert inside.with_programs(str(tmp_path)) == f"{inside.PROGRAMS}:{tmp_path}"
    (tmp_path / "node").touch(mode=0o755)
    assert inside.with_programs(str(tmp_path)) == f"{inside.NODE}:{inside.PROGRAMS}:{tmp_path}"
