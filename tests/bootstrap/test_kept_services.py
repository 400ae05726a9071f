"""The address of the services and their token: found again, sent nowhere else, and the environment goes before."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest

from cockpit import config
from cockpit.bootstrap.kept_services import find_services, keep_services, new_token, token_file
from cockpit.config import Settings, VersSettings
from cockpit.errors import ConfigError

URL = "https://infra.test:3000"


def test_what_is_kept_is_found_again(isolated_home: Path) -> None:
    said = keep_services(Settings(), URL, "a secret of some length")
    settings = config.load()
    found = find_services(settings, {})
    assert (found.url, found.token) == (URL, "a secret of some length")
    assert settings.file is not None and str(settings.file) in said and str(token_file()) in said
    assert tomllib.loads(settings.file.read_text(encoding="utf-8")) == {"vers": {"infra_url": URL}}
    assert stat.S_IMODE(token_file().stat().st_mode) == 0o600
    assert "secret" not in said + repr(found)
    holders = [path for path in isolated_home.rglob("*") if path.is_file() and "secret" in path.read_text()]
    assert holders == [token_file()]


def test_the_environment_goes_before(isolated_home: Path) -> None:
    keep_services(Settings(), URL, "kept")
    settings = config.load()
    assert find_services(settings, {"VERS_AUTH_TOKEN": "theirs"}).token == "theirs"
    other = find_services(settings, {"VERS_INFRA_URL": "https://other.test"})
    assert (other.url, other.token) == ("https://other.test", ""), "a token is sent to nobody but whose it is"
    assert find_services(Settings(), {"VERS_AUTH_TOKEN": "theirs"}).url == ""


def test_a_token_that_cannot_be_read_is_said_without_what_is_there(isolated_home: Path) -> None:
    settings = Settings(vers=VersSettings(infra_url=URL))
    assert find_services(settings, {}).token == ""
    token_file().write_text('{"token": "broken secret', encoding="utf-8")
    with pytest.raises(ConfigError, match="does not hold an address and a token") as said:
        find_services(settings, {})
    assert "broken" not in str(said.value)
    token_file().write_text(json.dumps([1]), encoding="utf-8")
    with pytest.raises(ConfigError):
        find_services(settings, {})
    with pytest.raises(ConfigError, match=r"vers\.infra_url"):
        find_services(Settings(vers=VersSettings(infra_url="no address")), {})


def test_a_token_is_made_unless_one_is_set() -> None:
    made, firm = new_token({})
    assert len(made) >= 40 and not firm and new_token({})[0] != made
    assert new_token({"VERS_AUTH_TOKEN": " " + "t" * 20}) == ("t" * 20, True)
    for bad in ("short", "with a space in it that is long", "ä" * 30):
        with pytest.raises(ConfigError) as said:
            new_token({"VERS_AUTH_TOKEN": bad})
        assert bad not in str(said.value)
