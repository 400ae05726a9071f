"""The door to the two streams: hostile bytes from anywhere, encodings that lack signs, readers that go away."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from tests.fleets import poll

HOSTILE = "a\x1b]52;c;ZXZpbA==\x07b\x1b[2Jc\x9b31md\u202ee\u2066f\x85g\rh\x08\x00\x7f\u200bi\x90q\x9cj\x1bcK\ud800"
"""Clipboard, clear screen, C1, bidirectional override and isolate, device control, reset, a lone surrogate."""

WAYS = {
    "say": "say(H)",
    "warn": "warn(H)",
    "traceback": "raise ValueError(H)",
    "nested traceback": "import asyncio\nasync def f():\n    raise KeyError(H)\nasyncio.run(f())",
    "logging": "import logging; logging.getLogger('x').error('%s', H)",
    "warning": "import warnings; warnings.warn(H)",
    "argparse": "import argparse; argparse.ArgumentParser().parse_args([H])",
    "print": "print(H); import sys; print(H, file=sys.stderr)",
    "pieces": "import sys\nfor c in H: sys.stdout.write(c)",
    "click": "import click; click.echo(H); click.echo(H, err=True)",
    "exit": "import sys; sys.exit(H)",
    "thread": "import threading\nt = threading.Thread(target=lambda: 1 / {}[H]); t.start(); t.join()",
    "unraisable": "class C:\n    def __del__(self): raise ValueError(H)\nC()",
    "question": "ask(H)",
    "usage": "from cockpit.cli.main import run; run(['wait', 'x', '--until', H]); run([H]); run(['tail', '--' + H])",
}


def in_pty(code: str, **variables: str) -> bytes:
    """Run code behind the door with a terminal as every stream; return what the terminal got."""
    program = f"H = {HOSTILE!r}\nfrom cockpit.text.streams import *\nguard_streams()\n" + code
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=slave, stdout=slave, stderr=slave, env={**os.environ, **variables}
    ) as process:
        os.close(slave)
        os.write(master, b"\x04")
        got = b""
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            if not chunk:
                break
            got += chunk
        process.wait(60)
    os.close(master)
    return got


def acting(got: bytes) -> list[str]:
    """Return the characters that can act on a terminal, hide or reorder; a terminal itself adds CR and echoes ^D."""
    text = got.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("^D\x08\x08", "")
    return sorted({c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_nothing_printed_in_any_way_acts_on_the_terminal(way: str, encoding: str) -> None:
    got = in_pty(WAYS[way], PYTHONIOENCODING=encoding)
    assert got, "nothing was printed"
    assert b"UnicodeEncodeError" not in got
    if encoding == "latin-1":
        got = got.decode("latin-1").encode()
    assert acting(got) == []


def test_the_terminal_would_have_got_it() -> None:
    """Without the door the same code does it: the test can fail."""
    assert acting(in_pty("import sys; sys.stdout.stream.write(H[:-1])"))


def run(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code behind the door, with pipes."""
    program = "import sys\nfrom cockpit.text.streams import *\nguard_streams()\n" + code
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
        timeout=60,
        check=False,
    )


def test_a_later_line_of_a_message_does_not_look_like_one_of_ours() -> None:
    done = run("warn('cockpit: it said: no\\ncockpit: deleted')")
    assert done.stderr == "cockpit: it said: no\n         cockpit: deleted\n"


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-15", "cp437"])
def test_an_encoding_that_lacks_our_signs_gets_words(encoding: str) -> None:
    done = run("say('✓ ok … ✗ no 漢')", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert "\\u6f22" in done.stdout
    assert "ok" in done.stdout and "failed no" in done.stdout.replace("✗", "failed")


def test_a_reader_that_goes_away_ends_the_program_quietly() -> None:
    read, write = os.pipe()
    os.close(read)
    code = "from cockpit.__main__ import main; sys.argv[1:] = ['--help']; main()"
    with subprocess.Popen([sys.executable, "-c", f"import sys; {code}"], stdout=write, stderr=subprocess.PIPE) as done:
        os.close(write)
        assert done.communicate(timeout=60)[1] == b""
    assert done.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_is_a_failure_with_its_reason() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cockpit", "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "cockpit: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&-", "0<&- 1>&- 2>&-"])
def test_streams_that_were_closed_before_the_start_are_no_trouble(closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m cockpit --version {closed}'], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_bytes_for_a_program_stay_as_they_are() -> None:
    program = "from cockpit.text.streams import *\nguard_streams()\nwrite_raw(bytes(range(256)))\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == bytes(range(256))


BEHIND_THE_DOOR = "import sys\nfrom cockpit.text.streams import *\nguard_streams()\n"


@pytest.mark.parametrize("code", ["say(clean_text('x' * 3_000_000))", "write_raw(b'x' * 3_000_000)"])
def test_an_output_that_must_not_be_waited_for_gets_everything(code: str) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    program = (
        BEHIND_THE_DOOR + "from cockpit.text.sanitize import clean_text\n" + f"sys.exit(with_output(lambda: {code}))"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        poll(lambda: _waits(process.pid), "a writer that waits")
        got = 0
        while chunk := os.read(reader, 65536):
            got += chunk.count(b"x")
        assert process.wait(60) == 0, process.stderr and process.stderr.read()
    os.close(reader)
    assert got == 3_000_000


@pytest.mark.parametrize("code", ["sys.stdin.buffer.read()", "sys.stdin.read()", "sys.stdin.readline()"])
def test_an_input_that_must_not_be_waited_for_is_read_to_its_end(code: str) -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    program = BEHIND_THE_DOOR + f"print(len({code}))"
    with subprocess.Popen([sys.executable, "-c", program], stdin=reader, stdout=subprocess.PIPE) as process:
        os.close(reader)
        for _ in range(3):
            poll(lambda: _waits(process.pid), "a reader that waits")
            os.write(writer, b"x" * 1000)
        os.write(writer, b"\n")
        os.close(writer)
        assert process.communicate(timeout=60)[0] == b"3001\n"


def _waits(pid: int) -> bool:
    return "poll" in Path(f"/proc/{pid}/wchan").read_text()
