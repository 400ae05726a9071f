"""`cockpit tail --raw` gives an agent's output byte for byte, whatever stands in it."""

from __future__ import annotations

import hashlib
import json
import subprocess

import pytest

from cockpit.model.ids import VmId
from tests.engine.evidence import out_file
from tests.fleets import FleetUnderTest

HOSTILE = (
    b'{"no": "json\n\x00\xff\xfe\r\n\n\xe2\x80\xa8 \x1b]52;c;aGk=\x07\n{"type":"message_update"}\n'
    + b"a" * 9_000_000
    + b"\n"
)
"""Broken JSON, NUL, invalid UTF-8, CR, an empty line, U+2028, a terminal escape, a line longer than is ever held."""


def test_every_byte_comes_as_it_is(fleet: FleetUnderTest) -> None:
    assert fleet.run("spawn", "eve", "--agent", "scripted").returncode == 0
    assert fleet.run("send", "eve", "[think 20] [say Here it is.]", "--wait", "done").returncode == 0
    (agent,) = [agent for agent in json.loads(fleet.run("agents", "--json").stdout) if agent["name"] == "eve"]
    out = out_file(fleet, VmId(agent["vm_id"]))
    with out.open("ab") as file:
        file.write(HOSTILE + b"half a line")
    whole = out.read_bytes().removesuffix(b"half a line")
    for more in ((), ("--from-line", "4")):
        done = subprocess.run(
            fleet.verb("tail", "eve", "--raw", "--no-follow", *more),
            capture_output=True,
            timeout=60,
            env=fleet.environment(),
            check=True,
        )
        expected = whole if not more else whole.split(b"\n", 3)[3]
        assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(expected).digest(), (
            len(done.stdout),
            done.stderr,
        )


def test_raw_bytes_and_json_exclude_each_other(fleet: FleetUnderTest) -> None:
    assert fleet.run("tail", "eve", "--raw", "--json").returncode == 2


@pytest.mark.parametrize("form", ["raw", "json"])
def test_another_file_is_said(fleet: FleetUnderTest, form: str) -> None:
    """On standard error where bytes cannot say it, in a record of its own where records are printed."""
    name = f"hal-{form}"
    assert fleet.run("spawn", name, "--agent", "scripted").returncode == 0
    assert fleet.run("send", name, "[say Here it is.]", "--wait", "done").returncode == 0
    (agent,) = [agent for agent in json.loads(fleet.run("agents", "--json").stdout) if agent["name"] == name]
    new = b'{"type":"made_up_event","number":1}\n' * 300
    out_file(fleet, VmId(agent["vm_id"])).write_bytes(new)
    tailed = fleet.run("tail", name, f"--{form}", "--no-follow")
    if form == "raw":
        assert tailed.stdout.encode() == new
        assert "another file from here on: rewritten" in tailed.stderr and "may be lost" in tailed.stderr, tailed.stderr
        again = fleet.run("tail", name, "--raw", "--no-follow")
        assert (again.stdout, again.stderr) == (tailed.stdout, tailed.stderr), "why it began does not change"
    else:
        records = [json.loads(line) for line in tailed.stdout.splitlines()]
        (marker,) = [record for record in records if record["kind"] == "epoch_started"]
        assert len(records) == 301 and marker["event"]["reason"].startswith("rewritten"), marker
        assert "may be lost" in marker["event"]["reason"]
        (first, *_) = fleet.run("tail", name, "--json", "--no-follow").stdout.splitlines()
        assert json.loads(first)["event"] == marker["event"]
    for number in range(2, 4):
        further = b'{"type":"made_up_event","number":%d}\n' % number * (300 + number)
        out_file(fleet, VmId(agent["vm_id"])).write_bytes(further)
        tailed = fleet.run("tail", name, f"--{form}", "--no-follow")
        if form == "raw":
            assert tailed.stdout.encode() == further
            assert "another file from here on: rewritten" in tailed.stderr, (number, tailed.stderr)
        else:
            first = json.loads(tailed.stdout.splitlines()[0])
            assert first["kind"] == "epoch_started" and first["event"]["reason"].startswith("rewritten"), (
                number,
                first,
            )
