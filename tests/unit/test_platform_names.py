"""The `openssl` in front of a search path: a VM's name on the platform leads to the gateway, all else is left alone."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.embedded.access.inside import PROGRAMS, Inside

VM = "0f9e8d7c-6b5a-4948-8372-615049382716"
GATEWAY = "127.0.0.1:4711"
WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12), max_size=8)


@pytest.fixture(scope="module")
def search_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A path with ours in front, and behind it one that says what it was called with."""
    directory = tmp_path_factory.mktemp("real one's")
    program = directory / "openssl"
    program.write_text('#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done\nexit 7\n', encoding="utf-8")
    program.chmod(0o755)
    yield f"{PROGRAMS}:/nowhere:{directory}:/usr/bin:/bin"


def called(search_path: str, words: list[str], gateway: str = GATEWAY) -> list[str]:
    """Return what the real program was called with."""
    environment = {"PATH": search_path, "COCKPIT_GATEWAY": gateway} if gateway else {"PATH": search_path}
    done = subprocess.run(["/usr/bin/env", "openssl", *words], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (7, b"")
    return [word.decode() for word in done.stdout.split(b"\0")[:-1]]


def test_a_vms_name_leads_to_the_gateway(search_path: str) -> None:
    host = f"{VM}.vm.vers.sh"
    words = ["s_client", "-connect", f"{host}:443", "-servername", host, "-quiet"]
    assert called(search_path, words) == ["s_client", "-connect", GATEWAY, *words[3:]]
    assert called(search_path, words, gateway="") == words, "outside of a fleet"
    for others in (["s_client", "-connect", "example.org:443"], ["version", "-connect", f"{host}:443"], []):
        assert called(search_path, others) == others


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS)
def test_no_other_word_is_changed(search_path: str, words: list[str]) -> None:
    assert called(search_path, ["s_client", *words]) == ["s_client", *words]


def test_without_another_openssl_it_says_so() -> None:
    done = subprocess.run(
        ["/bin/sh", str(PROGRAMS / "openssl"), "version"], env={"PATH": str(PROGRAMS)}, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (127, b"openssl is not installed\n")


def test_a_vm_gets_what_the_clients_of_the_platform_read() -> None:
    given_there = Inside("http://127.0.0.1:1", GATEWAY, lambda vm_id: f"key of {vm_id}").variables(VM)
    services, api = "http://127.0.0.1:1", "http://127.0.0.1:1/api/v1"
    assert given_there == {
        "VERS_VM_ID": VM,
        "VERS_API_KEY": f"key of {VM}",
        "VERS_AUTH_TOKEN": f"key of {VM}",
        "VERS_BASE_URL": api,
        "VERS_URL": services,
        "VERS_INFRA_URL": services,
        "VERS_VM_REGISTRY_URL": services,
        "COCKPIT_GATEWAY": GATEWAY,
    }
