"""Older history on demand: pieces of exactly the file that was meant, and line counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.remote.errors import CommandFailed, FileChanged
from cockpit.remote.ssh.files import count_lines, lines_after, read_range
from cockpit.remote.tail.cursor import Cursor, FileIdentity, digest
from tests.remote.conftest import Connect
from tests.remote.tail.test_tail import lines, rewrite


async def test_a_range_of_the_same_file(connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "out"
    content = lines(0, 1000)
    path.write_bytes(content)
    identity = FileIdentity(0, path.stat().st_ino, 4096, digest(content[:4096]))
    connection = await connect()
    assert await read_range(connection, str(path), identity, 12345, 6789) == content[12345 : 12345 + 6789]
    assert await read_range(connection, str(path), identity, len(content) - 5, 100) == content[-5:]
    assert await count_lines(connection, str(path), len(content)) == 1000
    assert await count_lines(connection, str(path), len(lines(0, 10)) + 3) == 10
    rewrite(path, lines(500, 1000))
    with pytest.raises(FileChanged, match="older history is gone"):
        await read_range(connection, str(path), identity, 0, 100)
    path.unlink()
    with pytest.raises(CommandFailed):
        await read_range(connection, str(path), identity, 0, 100)


async def test_lines_after_a_cursor_are_whole_lines_of_the_same_content(connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "an out"
    connection = await connect()
    assert await lines_after(connection, str(path), None) == 0, "there is no file"
    path.write_bytes(b'{"half')
    assert await lines_after(connection, str(path), None) == 0
    content = lines(0, 1000)
    path.write_bytes(content)
    assert await lines_after(connection, str(path), None) == 1, "it is only told that there are some"

    def cursor(line: int) -> Cursor:
        before = content[: len(lines(0, line))]
        identity = FileIdentity(0, path.stat().st_ino, 4096, digest(content[:4096]))
        anchor = before[-4096:]
        return Cursor(identity, len(before), line, len(anchor), digest(anchor))

    for line in (0, 1, 500, 1000):
        assert await lines_after(connection, str(path), cursor(line)) == 1000 - line
    with path.open("ab") as file:
        file.write(b"half a line")
    assert await lines_after(connection, str(path), cursor(999)) == 1
    at_end = cursor(1000)
    path.write_bytes(content[:-1] + b"x" + lines(1000, 1100))
    with pytest.raises(FileChanged):
        await lines_after(connection, str(path), at_end)  # written anew in place, and longer than before
    path.write_bytes(content[:5000])
    with pytest.raises(FileChanged):
        await lines_after(connection, str(path), at_end)
    path.unlink()
    assert await lines_after(connection, str(path), at_end) == 0
    path.mkdir()
    assert await lines_after(connection, str(path), None) == 0


async def test_a_file_that_cannot_be_written_says_why(connect: Connect, tmp_path: Path) -> None:
    connection = await connect()
    with pytest.raises(CommandFailed, match="writing"):
        await connection.write_file(str(tmp_path / "missing" / "file"), b"x")
    with pytest.raises(CommandFailed, match="reading"):
        await connection.read_file(str(tmp_path / "missing"))
