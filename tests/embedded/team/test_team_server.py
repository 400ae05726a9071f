"""A server for a team: never open, never in the clear beyond this machine, and nothing confirmed is lost."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import ssl
import stat
import threading
from pathlib import Path

import httpx
import pytest

from cockpit.embedded.team.address import BindAddress, bind_address
from cockpit.errors import UsageError
from tests.embedded.team.servers import PATIENCE, refused, served


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1", "127.0.0.1", 3000, True),
        ("127.3.2.1:80", "127.3.2.1", 80, True),
        ("0.0.0.0:4000", "0.0.0.0", 4000, False),
        ("::", "::", 3000, False),
        ("[::]:5000", "::", 5000, False),
        ("::1", "::1", 3000, True),
        ("[::1]:0", "::1", 0, True),
        ("[::ffff:127.0.0.1]:9", "::ffff:127.0.0.1", 9, True),
        ("::ffff:10.0.0.1", "::ffff:a00:1", 3000, False),
        ("192.0.2.7:1", "192.0.2.7", 1, False),
    ],
)
def test_an_address_is_read_as_it_is_meant(text: str, host: str, port: int, loopback: bool) -> None:
    found = bind_address(text)
    assert socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, found.host)
    assert (found.port, found.is_loopback) == (port, loopback)
    assert found.host == BindAddress(found.host, port).host and (":" in found.host) == (":" in host)


@pytest.mark.parametrize(
    "text", ["", ":3000", "[::1", "1.2.3.4:70000", "1.2.3.4:x", "a b", "[::1]x", "http://x", "[x]:1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        bind_address(text)


def test_it_does_not_serve_openly(tmp_path: Path) -> None:
    root = ("--root", str(tmp_path / "data"))
    for address in ("0.0.0.0:0", "[::]:0"):
        assert "--self-signed" in refused(*root, "--bind", address)
    short = tmp_path / "token"
    short.write_text("short", encoding="ascii")
    assert "20 characters" in refused(*root, "--bind", "127.0.0.1:0", "--token-file", str(short))
    short.write_text("x" * 40, encoding="ascii")
    short.chmod(0o644)
    assert "chmod 600" in refused(*root, "--bind", "127.0.0.1:0", "--token-file", str(short))
    nothing = str(tmp_path / "none.pem")
    assert "none.pem" in refused(*root, "--bind", "0.0.0.0:0", "--certificate", nothing, "--key", nothing)
    assert "go together" in refused(*root, "--bind", "0.0.0.0:0", "--certificate", nothing)


def test_every_address_is_served_with_tls_and_the_token(tmp_path: Path) -> None:
    root = tmp_path / "data"
    with served(root, "--bind", "[::]:0", "--self-signed") as (_, said):
        token = Path(said["token_file"])
        assert stat.S_IMODE(token.stat().st_mode) == 0o600 and len(token.read_text()) > 40
        port = int(said["url"].rpartition(":")[2])
        certificate = Path(said["certificate"])
        trusted = ssl.create_default_context(cafile=str(certificate))
        shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()
        assert said["fingerprint"].replace(":", "").lower() == shown
        families = ["127.0.0.1"] + (["[::1]"] if socket.has_dualstack_ipv6() else [])
        for host in families:
            with httpx.Client(base_url=f"https://{host}:{port}", verify=trusted, trust_env=False) as http:
                assert http.get("/health").json()["status"] == "ok"
                assert http.get("/board/tasks").status_code == 401
                assert http.get("/ui/").status_code == 302
                key = {"Authorization": f"Bearer {token.read_text()}"}
                assert http.get("/board/tasks", headers=key).json() == {"tasks": [], "count": 0}
                link = http.post("/auth/magic-link", headers=key).json()["url"]
                assert link.startswith(f"https://{host}:{port}/ui/login?token=")
                assert http.get(link).headers["set-cookie"].endswith("; Secure")
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
        assert "is served already" in refused("--root", str(root), "--bind", "127.0.0.1:0")
    # The same certificate the next time, and one that was given serves as well.
    given = ("--certificate", str(certificate), "--key", str(certificate.with_name("key.pem")))
    with served(root, "--bind", f"127.0.0.1:{port}", *given) as (_, again):
        assert again["fingerprint"] == said["fingerprint"] and again["url"] == f"https://127.0.0.1:{port}"


def test_nothing_that_was_confirmed_is_lost_by_a_kill(tmp_path: Path) -> None:
    root = tmp_path / "data"
    confirmed: list[list[str]] = [[], []]

    def write(http: httpx.Client, kept: list[str], many: threading.Event) -> None:
        for number in range(100_000):
            try:
                event = {"agent": "a", "type": "custom", "summary": f"{number}"}
                kept.append(http.post("/feed/events", json=event).raise_for_status().json()["id"])
                task = {"title": f"{number}", "createdBy": "a"}
                kept.append(http.post("/board/tasks", json=task).raise_for_status().json()["id"])
            except httpx.TransportError:
                return
            if len(kept) > 60:
                many.set()

    with served(root, "--bind", "127.0.0.1:0") as (pid, said):
        key = {"Authorization": f"Bearer {Path(said['token_file']).read_text()}"}
        clients = [httpx.Client(base_url=said["url"], headers=key, trust_env=False) for _ in confirmed]
        enough = [threading.Event() for _ in confirmed]
        threads = [threading.Thread(target=write, args=each) for each in zip(clients, confirmed, enough, strict=True)]
        for thread in threads:
            thread.start()
        assert all(event.wait(PATIENCE) for event in enough)
        os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join(PATIENCE)
    with served(root, "--bind", "127.0.0.1:0") as (_, said), httpx.Client(base_url=said["url"], headers=key) as http:
        kept = {event["id"] for event in http.get("/feed/events?limit=0").json()}
        kept |= {task["id"] for task in http.get("/board/tasks").json()["tasks"]}
    assert {identifier for one in confirmed for identifier in one} <= kept
