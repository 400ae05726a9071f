"""The services as they come to a VM: out of their archive, with nothing else that is installed."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cockpit.bootstrap.archive import service_archive
from tests.fleets import poll

TOKEN = "a token for a test"
TOKEN += "-" * 10


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("services")
    with tarfile.open(fileobj=io.BytesIO(service_archive()), mode="r:gz") as archive:
        archive.extractall(place, filter="data")
    return place


def started(code: Path, port: int, token: Path, records: Path) -> subprocess.Popen[bytes]:
    """Start them by an interpreter that sees the archive and the standard library alone."""
    words = ["--host", "127.0.0.1", "--port", str(port), "--token-file", str(token), "--records", str(records)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(code)}
    command = [sys.executable, "-S", "-m", "cockpit.embedded.services", *words]
    return subprocess.Popen(command, env=environment, cwd=code, stderr=subprocess.PIPE)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def url(code: Path, port: int, tmp_path: Path) -> Iterator[str]:
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n", encoding="ascii")
    process = started(code, port, token, tmp_path / "records.sqlite")
    try:
        address = f"http://127.0.0.1:{port}"
        poll(lambda: process.poll() is not None or _healthy(address), "the services answer")
        yield address
    finally:
        process.terminate()
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 0, said
    assert TOKEN.encode() not in said


def _healthy(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health").status_code == 200
    except httpx.TransportError:
        return False


def test_they_serve_whoever_has_the_token_and_end_with_open_streams(url: str) -> None:
    assert httpx.get(f"{url}/board/tasks").status_code == 401
    assert httpx.get(f"{url}/feed/events", headers={"Authorization": "Bearer other"}).status_code == 401
    assert httpx.get(f"{url}/api/v1/vms").status_code == 404
    # What the pages load is a part of the archive.
    assert "five minutes" in httpx.get(f"{url}/ui/login").text
    for icon in ("ui/static/icon.svg", "favicon.ico"):
        assert "svg" in httpx.get(f"{url}/{icon}").headers["content-type"]
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        made = client.post("/board/tasks", json={"title": "first", "createdBy": "me"})
        assert made.status_code == 201
        assert [task["title"] for task in client.get("/board/tasks").json()["tasks"]] == ["first"]
        assert client.put("/board/tasks").status_code == 404
        assert client.post("/board/tasks", content=b"{").status_code == 500
        event = {"agent": "ada", "type": "custom", "summary": "hello"}
        with client.stream("GET", "/feed/stream") as stream:
            assert client.post("/feed/events", json=event).status_code == 201
            assert "hello" in next(line for line in stream.iter_lines() if line.startswith("data:"))


def test_without_a_token_that_keeps_anybody_out_nothing_is_served(code: Path, port: int, tmp_path: Path) -> None:
    for content in (None, "short"):
        token = tmp_path / "token"
        if content is not None:
            token.write_text(content, encoding="ascii")
        process = started(code, port, token, tmp_path / "records.sqlite")
        said = process.communicate(timeout=60)[1].decode()
        assert process.returncode == 1 and str(token) in said and "Traceback" not in said
    assert not (tmp_path / "records.sqlite").exists()
