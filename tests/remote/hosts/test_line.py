"""One connection serves all users of a host, and one channel all their readers, within sshd's default limits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.remote.errors import Dropped, HostUnreachable
from cockpit.remote.hosts.line import HostLine
from tests.remote.reading import Reading
from tests.remote.sshd import Sshd
from tests.remote.waiting import until

AGENTS = 14
"""More than the ten sessions that sshd grants a connection."""
LIMIT = 120.0
"""Seconds for what many processes do on a busy machine."""


def written(number: int, count: int) -> bytes:
    return b"".join(f"agent {number} line {line}\n".encode() for line in range(count))


async def test_many_readers_and_their_commands_share_a_connection(line: HostLine, sshd: Sshd, tmp_path: Path) -> None:
    files = [tmp_path / f"out-{number}" for number in range(AGENTS)]
    for number, file in enumerate(files):
        file.write_bytes(written(number, 3))
    readings = [Reading() for _ in files]
    for reading, file in zip(readings, files, strict=True):
        reading.start(await line.lend(), str(file))
    done = await asyncio.gather(*[(await line.lend()).run(f"echo {n}", timeout=LIMIT) for n in range(AGENTS)])
    assert [answer.stdout for answer in done] == [f"{number}\n".encode() for number in range(AGENTS)]
    for number, reading in enumerate(readings):
        await until(lambda r=reading, n=number: bool(r.epochs) and bytes(r.epochs[-1]) == written(n, 3), LIMIT)  # type: ignore[misc]
    for number, file in enumerate(files):
        with file.open("ab") as grown:
            grown.write(written(number, 5)[len(written(number, 3)) :])
    for number, reading in enumerate(readings):
        await until(lambda r=reading, n=number: bytes(r.epochs[-1]) == written(n, 5), LIMIT)  # type: ignore[misc]
    assert line.connects == 1
    log = (sshd.directory / "sshd.log").read_text()
    assert log.count("Accepted publickey") == 1
    for reading in readings:
        await reading.stop()
    await until(lambda: not any(sshd.readers(file) for file in files), LIMIT)


async def test_a_lost_connection_is_told_to_all_and_readers_go_on_where_they_were(
    line: HostLine, sshd: Sshd, tmp_path: Path
) -> None:
    files = [tmp_path / f"out-{number}" for number in range(3)]
    for number, file in enumerate(files):
        file.write_bytes(written(number, 2))
    readings = [Reading() for _ in files]
    lent = [await line.lend() for _ in files]
    for reading, one, file in zip(readings, lent, files, strict=True):
        reading.start(one, str(file))
    for number, reading in enumerate(readings):
        await until(lambda r=reading, n=number: bool(r.epochs) and bytes(r.epochs[-1]) == written(n, 2), LIMIT)  # type: ignore[misc]
    sshd.kill_sessions()
    for one in lent:
        await asyncio.wait_for(one.wait_closed(), LIMIT)
        assert isinstance(one.close_reason, Dropped) and not one.connected
    for number, (reading, file) in enumerate(zip(readings, files, strict=True)):
        await until(lambda r=reading: r.error is not None, LIMIT)  # type: ignore[misc]
        file.write_bytes(written(number, 4))
        reading.start(await line.lend(), str(file))
    for number, reading in enumerate(readings):
        await until(lambda r=reading, n=number: bytes(r.epochs[-1]) == written(n, 4), LIMIT)  # type: ignore[misc]
        assert len(reading.epochs) == 1, "nothing began anew"
        await reading.stop()
    assert line.connects == 2


async def test_each_view_has_its_own_home_and_its_own_end(line: HostLine, tmp_path: Path) -> None:
    home = tmp_path / "with a space"
    home.mkdir()
    first, second = await line.lend({"HOME": str(home)}), await line.lend()
    assert (await first.run('echo "$HOME"', timeout=LIMIT)).stdout.decode() == f"{home}\n"
    assert (await second.run('echo "$HOME"', timeout=LIMIT)).stdout.decode() != f"{home}\n"
    await first.write_file("~/kept", b"mine")
    assert (home / "kept").read_bytes() == b"mine"
    assert await first.open_sftp() is None
    await first.close()
    assert not first.connected and second.connected
    with pytest.raises(Dropped):
        await first.run("true", timeout=LIMIT)
    assert (await second.run("echo still", timeout=LIMIT)).stdout == b"still\n"


async def test_a_dead_host_is_asked_once_by_all(line: HostLine, sshd: Sshd) -> None:
    sshd.stop()
    answers = await asyncio.gather(*(line.lend() for _ in range(5)), return_exceptions=True)
    assert all(isinstance(answer, HostUnreachable) for answer in answers)
    assert len({id(answer) for answer in answers}) == 1
    sshd.start()
    assert (await line.lend(anew=True)).connected


async def test_a_reader_that_is_not_read_holds_up_no_other(line: HostLine, tmp_path: Path) -> None:
    class Heard:
        def __init__(self) -> None:
            self.data = bytearray()
            self.over = False

        def data_received(self, data: bytes, *, stderr: bool) -> None:
            self.data += data

        def closed(self) -> None:
            self.over = True

    lent = await line.lend()
    flood, quiet = Heard(), Heard()
    flooding = await lent.open_reader("exec head -c 3000000 /dev/zero", flood, window=65_536)
    flooding.pause()
    echoing = await lent.open_reader("exec cat", quiet)
    echoing.write(b"hello")
    await until(lambda: bytes(quiet.data) == b"hello", LIMIT)
    assert len(flood.data) <= 65_536
    flooding.resume()
    await until(lambda: flood.over, LIMIT)
    assert len(flood.data) == 3_000_000 and flooding.exit_status == 0
    echoing.write_eof()
    await until(lambda: quiet.over, LIMIT)
    assert echoing.exit_status == 0
    failing = await lent.open_reader("exec sh -c 'echo no >&2; exit 3'", (said := Heard()))
    await until(lambda: said.over, LIMIT)
    assert (failing.exit_status, bytes(said.data)) == (3, b"no\n")
