"""Every verb over an API that hangs, drips, refuses or asks to be left alone: it ends in time and says why."""

from __future__ import annotations

import os
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

import cockpit
from tests.forked.command import forked

KEY = "9a8b7c6d-6b5a-4948-8372-615049382716" + "cd" * 32

LIMIT = 30.0
"""Seconds in which a verb must have ended."""

BUSY = 15.0
"""Seconds that are allowed for a dozen programs that start at once on a busy machine."""

VERBS = {
    "vms": ("vms",),
    "agents": ("agents",),
    "spawn": ("spawn", "ada"),
    "send": ("send", "ada", "hello"),
    "tail": ("tail", "ada"),
    "tail --raw": ("tail", "ada", "--raw", "--no-follow"),
    "read": ("read", "ada"),
    "why": ("why", "ada"),
    "wait": ("wait", "ada", "--until", "idle"),
    "answer": ("answer", "ada", "yes"),
    "pause": ("pause", "ada"),
    "resume": ("resume", "ada"),
    "abort": ("abort", "ada"),
    "relaunch": ("relaunch", "ada"),
    "adopt": ("adopt", "11111111-0000-4000-8000-000000000001", "--name", "ada"),
    "trust-host-key": ("trust-host-key", "ada", "--yes"),
    "dismiss": ("dismiss", "ada"),
    "destroy": ("destroy", "ada", "--yes"),
    "commit": ("commit", "ada"),
    "branch": ("branch", "ada"),
    "stop-all": ("stop-all", "--bound", "1"),
    "continue-all": ("continue-all",),
    "teardown": ("teardown", "ada", "--yes"),
    "fan-out": ("fan-out", "true", "ada"),
    "collect": ("collect", "ada", "--into", "collected"),
    "best-of": ("best-of", "ada", "--task", "try"),
    "compare": ("compare", "ada"),
    "vm new": ("vm", "new"),
    "vm label": ("vm", "label", "ada", "a=b"),
    "vm size": ("vm", "size", "ada", "--disk", "20G"),
    "vm env": ("vm", "env", "A=b"),
    "commits": ("commits",),
    "commits delete": ("commits", "delete", "golden", "--yes"),
    "commits tag": ("commits", "tag", "golden", "stable"),
    "repositories": ("repositories",),
    "whoami": ("whoami",),
}
"""Every verb that needs the API."""


class Handler(socketserver.StreamRequestHandler):
    """Reads a request and does what the test wants."""

    def handle(self) -> None:
        assert isinstance(self.server, Server)
        while head := self._head():
            self.server.requests.append(head)
            if not self.server.answer(self):
                return

    def _head(self) -> str:
        lines = []
        try:
            while (line := self.rfile.readline()) not in (b"", b"\r\n"):
                lines.append(line.decode())
        except OSError:
            return ""
        return lines[0].strip() if lines else ""

    def reply(self, status: str, body: bytes, *headers: str) -> bool:
        """Send a whole answer."""
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""]
        self.wfile.write("\r\n".join(lines).encode() + body)
        return True


class Server(socketserver.ThreadingTCPServer):
    """An API on loopback that is sick in one way."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer: Callable[[Handler], bool]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.requests: list[str] = []
        self.over = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what these tests are about."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def sick(answer: Callable[[Handler], bool]) -> Iterator[Server]:
    """Serve a sick API for the time of the block."""
    with Server(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def hang(handler: Handler) -> bool:
    assert isinstance(handler.server, Server)
    handler.server.over.wait()
    return False


def drip(handler: Handler) -> bool:
    assert isinstance(handler.server, Server)
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n[")
    while not handler.server.over.wait(0.2):
        handler.wfile.write(b" ")
    return False


def refuse(handler: Handler) -> bool:
    return handler.reply("403 Forbidden", b"403 Forbidden")


def limit(handler: Handler) -> bool:
    return handler.reply("429 Too Many Requests", b"slow down", "retry-after: 3600")


def run(server: Server, home: Path, *words: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run a verb against the API and return what came of it, and the seconds it took."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(Path(cockpit.__file__).parent.parent),
        "VERS_API_KEY": KEY,
        "VERS_BASE_URL": f"{server.url}/api/v1",
    }
    began = time.monotonic()
    done = subprocess.run(
        forked(*words),
        capture_output=True,
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=100,
        check=False,
    )
    return done, time.monotonic() - began


CAUSES: dict[Callable[[Handler], bool], tuple[str, ...]] = {
    hang: ("no complete answer within", "check the network and the base URL"),
    drip: ("no complete answer within", "only the beginning of a 200"),
    refuse: ("403 Forbidden", "check the API key: VERS_API_KEY"),
    limit: ("429 slow down", "wait before the next request"),
}
"""What every verb says of each."""


@pytest.mark.races_the_clock("a verb must end within its bound")
@pytest.mark.parametrize("answers", [(hang, drip), (refuse, limit)])
def test_every_verb_ends_in_time_with_the_cause(answers: tuple[Callable[[Handler], bool], ...], tmp_path: Path) -> None:
    # Two at the same time: what waits for its bound takes no processor.
    with ThreadPoolExecutor(len(answers)) as pool:
        for _ in pool.map(lambda answer: every_verb(answer, tmp_path / answer.__name__), answers):
            pass


def every_verb(answer: Callable[[Handler], bool], home: Path) -> None:
    """Run every verb over an API, and assert that each ends in time and says why."""
    home.mkdir()
    with sick(answer) as server, ThreadPoolExecutor(len(VERBS)) as pool:
        ended = dict(zip(VERBS, pool.map(lambda words: run(server, home, *words), VERBS.values()), strict=True))
    said = CAUSES[answer]
    for verb, (done, seconds) in ended.items():
        assert done.returncode == 1, (verb, done)
        assert "Traceback" not in done.stderr, (verb, done.stderr)
        for words in said:
            assert words in done.stderr, (verb, done.stderr)
        assert seconds < LIMIT + BUSY, (verb, seconds)
    assert server.requests, "nobody asked"


def test_a_verb_asks_once_where_it_is_asked_to_wait_for_an_hour(tmp_path: Path) -> None:
    with sick(limit) as server:
        run(server, tmp_path, "vms")
    assert len(server.requests) == 1, server.requests
