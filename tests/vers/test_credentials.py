"""Where keys and addresses are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.config import infrastructure_url
from cockpit.errors import ConfigError
from cockpit.vers.credentials import Credentials, api_base_url, base_url_from, find_credentials, vm_domain

KEY = "0f9e8d7c-6b5a-4948-8372-615049382716" + "ab" * 32


def write(home: Path, name: str, content: object) -> None:
    path = home / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def test_the_order_of_places(tmp_path: Path) -> None:
    write(tmp_path, ".versrc", {"apiKey": "rc", "email": "x"})
    places = [("rc", ".versrc")]
    for name, content, key in (
        (".vers/config.json", {"api_key": "old", "update_check": {}}, "old"),
        (".vers/config.json", {"api_key": "old", "versApiKey": " new\n"}, "new"),
        (".vers/keys.json", {"keys": {"VERS_API_KEY": "keys"}}, "keys"),
    ):
        found = find_credentials({}, tmp_path)
        assert found is not None and (found.api_key, found.source) == (places[-1][0], str(tmp_path / places[-1][1]))
        write(tmp_path, name, content)
        places.append((key, name))
    found = find_credentials({"VERS_API_KEY": f" {KEY}\n"}, tmp_path)
    assert found == Credentials(KEY, "VERS_API_KEY")


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"VERS_HOME": "{home}/elsewhere"}, "elsewhere"),
        ({"VERS_HOME": "{home}/elsewhere", "PI_CODING_AGENT_DIR": "{home}/x/agent"}, "elsewhere"),
        ({"PI_CODING_AGENT_DIR": "{home}/x/agent"}, "x/vers"),
        ({}, ".pi/vers"),
    ],
)
def test_the_directory_of_the_extensions_comes_before_the_common_one(
    environment: dict[str, str], place: str, tmp_path: Path
) -> None:
    write(tmp_path, ".vers/keys.json", {"keys": {"VERS_API_KEY": "common"}})
    given = {name: value.format(home=tmp_path) for name, value in environment.items()}
    found = find_credentials(given, tmp_path)
    assert found is not None and found.api_key == "common", "there is none of its own"
    file = tmp_path / place / "keys.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"keys": {"VERS_API_KEY": "own"}}))
    found = find_credentials(given, tmp_path)
    assert found is not None and (found.api_key, found.source) == ("own", str(file))
    found = find_credentials({**given, "VERS_API_KEY": "first"}, tmp_path)
    assert found is not None and found.api_key == "first"


def test_none_at_all(tmp_path: Path) -> None:
    assert find_credentials({}, tmp_path) is None
    write(tmp_path, ".vers/config.json", {"update_check": {"last_check": 1}})
    write(tmp_path, ".vers/keys.json", {"keys": []})
    assert find_credentials({"VERS_API_KEY": " "}, tmp_path) is None


def test_a_bare_key(tmp_path: Path) -> None:
    write(tmp_path, ".versrc", f"{KEY}\n")
    found = find_credentials({}, tmp_path)
    assert found is not None and found.api_key == KEY


@pytest.mark.parametrize("content", ['{"keys": {"VERS_API_KEY": "secret-value', "secret-value", "\udcff"])
def test_a_broken_file_is_named_without_its_content(tmp_path: Path, content: str) -> None:
    write(tmp_path, ".vers/keys.json", "")
    (tmp_path / ".vers/keys.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=r"keys\.json") as raised:
        find_credentials({}, tmp_path)
    assert "secret-value" not in str(raised.value)


def test_a_later_place_helps_out_for_a_broken_one(tmp_path: Path) -> None:
    write(tmp_path, ".vers/keys.json", "{")
    write(tmp_path, ".versrc", KEY)
    found = find_credentials({}, tmp_path)
    assert found is not None and found.api_key == KEY


def test_a_key_is_never_shown_and_its_form_is_doubted() -> None:
    good = Credentials(KEY, "VERS_API_KEY")
    assert KEY not in repr(good) and not good.doubt and good.owner_id == KEY[:36]
    short = Credentials(KEY[:-1], "a file")
    assert "99 characters" in short.doubt and KEY[:-1] not in short.doubt and short.owner_id == ""
    assert "UUID" in Credentials("x" * 100, "a file").doubt


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("", "https://api.vers.sh/api/v1"),
        ("https://api.vers.sh", "https://api.vers.sh/api/v1"),
        ("https://api.vers.sh/", "https://api.vers.sh/api/v1"),
        (" https://api.vers.sh/api/v1/ ", "https://api.vers.sh/api/v1"),
        ("http://127.0.0.1:8080/other", "http://127.0.0.1:8080/other"),
        ("https://api.vers.sh/api/v1/api/v1", "https://api.vers.sh/api/v1"),
        ("https://api.vers.sh/api/v1/api/v1/", "https://api.vers.sh/api/v1"),
        ("https://api.vers.sh//api/v1//api/v1/api/v1//", "https://api.vers.sh/api/v1"),
        ("  https://api.vers.sh/api/v1/api/v1  \n", "https://api.vers.sh/api/v1"),
        ("https://api.vers.sh///", "https://api.vers.sh/api/v1"),
        ("HTTPS://api.vers.sh", "https://api.vers.sh/api/v1"),
        ('"https://api.vers.sh"', "https://api.vers.sh/api/v1"),
        ("https://gate.test/vers/api/v1/api/v1", "https://gate.test/vers/api/v1"),
        ("http://[::1]:8080/api/v1/api/v1", "http://[::1]:8080/api/v1"),
    ],
)
def test_both_meanings_of_the_base_url(given: str, base: str) -> None:
    assert api_base_url(given) == base
    assert base_url_from({"VERS_URL": given}) == base


@pytest.mark.parametrize(
    "given",
    [
        "api.vers.sh",
        "ftp://x",
        "https://",
        "https://user:secret@x",
        "https://:secret@x",
        "https:// x/api/v1",
        "https://a b/api",
        "http://x:99999",
        "http://x:port",
        "http://[::1",
        "http://x?token=1",
        "http://x/#here",
        "http://x\x1b[2J",
        "nonsense",
        "/api/v1",
        "http:x",
    ],
)
def test_a_bad_address_is_refused_by_the_name_of_its_variable(given: str) -> None:
    for variable in ("VERS_BASE_URL", "VERS_URL"):
        with pytest.raises(ConfigError, match=variable) as raised:
            base_url_from({variable: given})
        assert "secret" not in str(raised.value)
    for variable in ("VERS_INFRA_URL", "VERS_VM_REGISTRY_URL"):
        with pytest.raises(ConfigError, match=variable) as raised:
            infrastructure_url({variable: given})
        assert "secret" not in str(raised.value)


def test_the_address_of_the_services_is_taken_as_it_was_meant() -> None:
    for given in ("http://host:3000", " http://host:3000/ ", "http://host:3000//", "'http://host:3000'"):
        assert infrastructure_url({"VERS_INFRA_URL": given}) == "http://host:3000"
    assert infrastructure_url({"VERS_INFRA_URL": " ", "VERS_VM_REGISTRY_URL": "http://r/"}) == "http://r"


def test_the_domain_of_the_vms() -> None:
    assert vm_domain("https://api.vers.sh/api/v1") == "vm.vers.sh"
    assert vm_domain("https://api.staging.vers.sh/api/v1") == "vm.staging.vers.sh"
    assert vm_domain("http://localhost:1234/api/v1") == "localhost"
