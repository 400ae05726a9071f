"""Both ways to the files of a VM keep one contract, over a real server with and without SFTP."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.remote.errors import FileChanged, FileUnusable
from cockpit.remote.files import search
from cockpit.remote.files.choice import FileWays
from cockpit.remote.files.pace import Pace, pieces
from cockpit.remote.files.port import FileAccess, Placing
from cockpit.remote.files.search import lines_like, names_like
from cockpit.remote.ssh.connection import Connection
from tests.remote.memory_host_keys import MemoryHostKeys
from tests.remote.sshd import Sshd

SERVERS = {"SFTP": ("Subsystem sftp internal-sftp",), "none": (), "broken": ("Subsystem sftp /bin/false",)}
"""What a server says of SFTP."""

NAMES = (
    b"plain",
    b" spaces  at ends ",
    b"-rf",
    b"--help",
    b"line\nfeed\n",
    b"\x1b[31mred\x07",
    b"\xff\xfe\x81\x82\x88 no text",
    b"'quote\" $(touch hacked) `x` \\0101 %b",
    "\u00e4\u202e\U0001f600".encode(),
    b"*",
    b"...",
)


@pytest.fixture(params=["SFTP", "none"])
def sshd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sshd]:
    """A server of each kind."""
    server = Sshd(tmp_path / "sshd", *SERVERS[request.param])
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def ways(sshd: Sshd) -> AsyncIterator[FileWays]:
    """The ways over a connection."""
    connection = Connection(sshd.endpoint(), sshd.private_key, MemoryHostKeys())
    await connection.connect()
    yield FileWays(connection)
    await connection.close()


def tree(root: Path) -> Path:
    """Make a directory with everything that a hostile agent may put there."""
    place = root / "a place"
    place.mkdir()
    for name in NAMES:
        (place / os.fsdecode(name)).write_bytes(b"content of " + name)
    (place / "sub").mkdir()
    os.mkfifo(place / "fifo")
    (place / "outside").symlink_to("/etc/passwd")
    (place / "loop").symlink_to("loop")
    (place / "up").symlink_to("..")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(place)
        listener.bind("socket")
        os.chdir(here)
    return place


@pytest.mark.parametrize("sshd", SERVERS, indirect=True)
async def test_the_way_is_chosen_once_and_gives_its_channel_back(
    ways: FileWays, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    known = os.fsencode(tmp_path)
    files = await ways.chosen(known)
    expected = "SFTP" if "SFTP" in request.node.name else "shell"
    assert files.way == expected
    assert (await ways.chosen(known)).way == expected
    ways.rest()
    for _ in range(20):  # more often than there are channels
        files = await ways.chosen(known)
        assert (await files.status(known)).is_directory
        ways.rest()


async def test_any_name_is_listed_read_and_hashed(ways: FileWays, tmp_path: Path) -> None:
    place = os.fsencode(tree(tmp_path))
    files = await ways.chosen(place)
    listing = await files.entries(place, 100)
    kinds = {entry.name: entry.status.mode for entry in listing.entries}
    assert listing.total == len(listing.entries) == len(NAMES) + 6
    for name in (*NAMES, b"sub", b"fifo", b"outside", b"loop", b"up", b"socket"):
        real = os.lstat(place + b"/" + name)
        assert kinds[name] == real.st_mode, name
    for name in NAMES:
        path, content = place + b"/" + name, b"content of " + name
        source = await files.open(path)
        assert source.status == await files.status(path)
        assert await source.read(0, 1000) == content and await source.read(3, 4) == content[3:7], name
        await source.close()
        assert await files.digest(path) == hashlib.sha256(content).hexdigest()
        assert await files.digest(path, 5) == hashlib.sha256(content[:5]).hexdigest()
    few = await files.entries(place, 3)
    assert len(few.entries) == 3 and few.total == len(NAMES) + 6
    assert not (tmp_path / "hacked").exists()


async def test_what_is_no_file_is_never_opened(ways: FileWays, tmp_path: Path) -> None:
    place = os.fsencode(tree(tmp_path))
    files = await ways.chosen(place)
    for name in (b"fifo", b"socket", b"sub", b"loop", b"absent", b"up"):
        with pytest.raises(FileUnusable):
            await files.open(place + b"/" + name)
        with pytest.raises(FileUnusable):
            await files.digest(place + b"/" + name)
    with pytest.raises(FileUnusable):
        await files.open(b"/dev/zero")
    with pytest.raises(FileUnusable):
        await files.entries(place + b"/plain", 10)
    assert (await files.status(place + b"/outside")).is_file
    assert (await files.status(place + b"/outside", follow=False)).is_link
    assert await files.target(place + b"/outside") == b"/etc/passwd"
    with pytest.raises(FileUnusable):
        await files.target(place + b"/plain")
    assert await files.real(place + b"/up/a place/./plain") == place + b"/plain"
    assert await files.real(place + b"/sub/../new\n") == place + b"/new\n"
    with pytest.raises(FileUnusable):
        await files.real(place + b"/absent/new")


def path_of(name: bytes) -> Path:
    """Return the path of any name."""
    return Path(os.fsdecode(name))


def content_of(name: bytes) -> bytes | None:
    """Return what a file holds; None if there is none."""
    path = path_of(name)
    return path.read_bytes() if path.exists() else None


async def written(files: FileAccess, part: bytes, offset: int, *data: bytes) -> None:
    sink = await files.append(part, offset)
    for piece in data:
        await sink.write(offset, piece)
        offset += len(piece)
    await sink.close()


async def test_a_file_is_carried_in_parts_and_put_in_place_whole(ways: FileWays, tmp_path: Path) -> None:
    place = os.fsencode(tmp_path)
    files = await ways.chosen(place)
    part, target = place + b"/.x\n.part", place + b"/x\n"
    content = bytes(range(256)) * 3000
    await written(files, part, 0, content[:300_000], content[300_000:500_000])
    assert os.lstat(part).st_mode & 0o777 == 0o600, "nobody else reads it on its way"
    with pytest.raises(FileChanged):
        await written(files, part, 400_000, b"x")
    await written(files, part, 500_000, content[500_000:])
    digest = hashlib.sha256(content).hexdigest()
    with pytest.raises(FileChanged):
        await files.place(Placing(part, target, "0" * 64, 0o644))
    assert content_of(target) is None
    await files.place(Placing(part, target, digest, 0o754, expected=""))
    assert content_of(target) == content and content_of(part) is None
    assert os.lstat(target).st_mode & 0o7777 == 0o754

    os.chmod(target, 0o640)  # noqa: PTH101 - no path of text
    new = hashlib.sha256(b"new").hexdigest()
    for expected in ("", "0" * 64):
        await written(files, part, 0, b"new")
        with pytest.raises(FileChanged):
            await files.place(Placing(part, target, new, 0o644, expected=expected))
        await files.remove(part)
        await files.remove(part)
    assert content_of(target) == content
    await written(files, part, 0, b"new")
    await files.place(Placing(part, target, new, 0o644, expected=digest))
    assert content_of(target) == b"new"
    assert os.lstat(target).st_mode & 0o7777 == 0o640, "the mode it had stays"

    await written(files, part, 0, b"new")
    with pytest.raises(FileUnusable):
        await written(files, part, 0, b"new")  # another one makes it
    await files.make_directory(place + b"/-d")
    await files.make_directory(place + b"/-d")
    with pytest.raises(FileUnusable):
        await files.place(Placing(part, place + b"/-d", new, 0o644))
    with pytest.raises(FileUnusable):
        await files.make_directory(target)


async def test_pieces_come_in_order_and_a_shrinking_file_is_told(ways: FileWays, tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    path = tmp_path / "big"
    path.write_bytes(content)
    files = await ways.chosen(os.fsencode(tmp_path))
    source = await files.open(os.fsencode(path))
    got = b"".join([piece async for piece in pieces(source, 5, len(content), Pace())])
    assert got == content[5:]
    path.write_bytes(content[:2_000_000])
    with pytest.raises(FileChanged):
        [piece async for piece in pieces(source, 0, len(content), Pace())]
    await source.close()


async def test_names_and_lines_are_found_below_a_directory(ways: FileWays, tmp_path: Path) -> None:
    place = tree(tmp_path)
    (place / ".git").mkdir()
    (place / ".git" / "plain").write_text("needle\n")
    (place / "sub" / "Plain\nfile").write_text("one\nthe $needle here\nlast\n")
    (place / "sub" / "binary").write_bytes(b"\0\1needle\n")
    base, connection = os.fsencode(place), ways.connection
    found = await names_like(connection, base, "plain", most=10, seconds=10)
    assert found.paths == (b"plain", b"sub/Plain\nfile") and found.cut == ""
    assert (await names_like(connection, base, "*.none", most=10, seconds=10)).paths == ()
    assert (await names_like(connection, base, "a", most=1, seconds=10)).cut != ""
    lines = await lines_like(connection, base, "$needle", most=10, seconds=10)
    assert lines.lines == ((b"sub/Plain\nfile", 2, b"the $needle here"),) and lines.cut == ""
    assert (await lines_like(connection, base, "^NEEDLE|^LA", most=10, seconds=10, regular=True)).lines == ()
    either = await lines_like(connection, base, "^ONE|^LA", most=10, seconds=10, regular=True, ignore_case=True)
    assert [(number, line) for _, number, line in either.lines] == [(1, b"one"), (3, b"last")]
    assert (await lines_like(connection, base, "e", most=1, seconds=10)).cut != ""
    told: list[bytes] = []
    found = await names_like(connection, base, "pla", most=10, seconds=10, heard=told.extend)
    assert tuple(sorted(told)) == found.paths != ()
    heard: list[tuple[bytes, int, bytes]] = []
    lines = await lines_like(connection, base, "e", most=3, seconds=10, heard=heard.extend)
    assert tuple(heard) == lines.lines and len(heard) == 3, "no more are told than are returned"
    with pytest.raises(FileUnusable):
        await names_like(connection, base + b"/absent", "x", most=10, seconds=10)


@given(
    st.lists(
        st.tuples(
            st.binary(min_size=1, max_size=9).filter(lambda path: b"\0" not in path and not path.startswith(b"\n")),
            st.integers(1, 99),
            st.binary(max_size=9).filter(lambda text: not set(text) & {0, 10}),
        ),
        max_size=5,
    ),
    st.lists(st.integers(1, 7), min_size=1),
    st.booleans(),
)
def test_lines_are_told_once_and_whole_however_the_words_are_cut(
    lines: list[tuple[bytes, int, bytes]], sizes: list[int], plain: bool
) -> None:
    wanted = [] if plain else lines
    said = b"".join(b"./%s\0%d:%s\n" % line for line in wanted) if not plain else b"./a:1:x\n./b:2:y\n"
    told: list[tuple[bytes, int, bytes]] = []
    teller = search._Teller(told.extend, search._whole_lines, 4)
    at, turn = 0, 0
    while at < len(said):
        size = sizes[turn % len(sizes)]
        teller.take(said[at : at + size])
        at, turn = at + size, turn + 1
    if plain:
        assert told == []
        wanted = [(b"a", 1, b"x"), (b"b", 2, b"y")]
    teller.finish(wanted)
    assert told == wanted[:4]
