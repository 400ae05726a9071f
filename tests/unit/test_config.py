"""config.toml: defaults, values, and errors that name file, key and the nearest valid one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit import config
from cockpit.errors import ConfigError


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_no_file_means_the_defaults(isolated_home: Path) -> None:
    assert config.load() == config.Settings()


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        config.load(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        config.load(tmp_path)


def test_values_are_read(tmp_path: Path) -> None:
    settings = config.load(written(tmp_path, '[link]\nkeepalive_interval = 5\n[screen.keys]\n"agent.abort" = "X"\n'))
    assert settings.link.keepalive_interval == 5.0
    assert settings.screen.keys == {"agent.abort": "X"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[link]\nkeepalive_intervall = 5\n", ("link.keepalive_intervall", "'keepalive_interval'")),
        ("[lnk]\n", ("'lnk'", "'link'")),
        ("[link]\nkeepalive_count = 0\n", ("link.keepalive_count", "0")),
        ('[store]\nmax_bytes = "much"\n', ("store.max_bytes", "much")),
        ('[embedded]\nwalls = "thick"\n', ("embedded.walls", "thick")),
        ("[link\n", ("not valid TOML",)),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    for word in (str(file), *words):
        assert word in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(file)


@pytest.mark.parametrize(
    "written", ['"sk-live-abc=def"', '["sk-live-abc=def"]', '["OPENAI_API_KEY", "sk live"]', "[3]"]
)
def test_a_key_written_where_its_name_belongs_is_refused_and_never_shown(tmp_path: Path, written: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[agent]\npass_environment = {written}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        config.load(file)
    assert "pass_environment" in str(refused.value) and "sk" not in str(refused.value).replace("takes", "")


def test_infrastructure() -> None:
    assert config.infrastructure_url({"VERS_VM_REGISTRY_URL": "http://a:3000/"}) == "http://a:3000"
    assert config.infrastructure_url({"VERS_INFRA_URL": "http://b", "VERS_VM_REGISTRY_URL": "http://a"}) == "http://b"


def test_a_relative_file_of_authorities_stands_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, beside = tmp_path / "elsewhere", tmp_path / "beside"
    elsewhere.mkdir()
    beside.mkdir()
    (beside / "ca.pem").write_text("one")
    monkeypatch.chdir(elsewhere)
    text = '[vers]\nca_file = "ca.pem"'
    assert config.load(written(beside, text)).vers.ca_file == str(beside / "ca.pem")
    monkeypatch.chdir(tmp_path)
    written(beside, text)
    assert config.load(Path("beside/config.toml")).vers.ca_file == str(beside / "ca.pem")
    monkeypatch.setenv("HOME", str(beside))
    assert config.load(written(elsewhere, '[vers]\nca_file = "~/ca.pem"')).vers.ca_file == str(beside / "ca.pem")


@pytest.mark.parametrize(
    ("name", "said"), [("absent.pem", "No such file"), (".", "Is a directory"), ("a\\u0000b", "NUL")]
)
def test_a_file_of_authorities_that_cannot_be_read_is_said_at_once(tmp_path: Path, name: str, said: str) -> None:
    file = written(tmp_path, f'[vers]\nca_file = "{name}"')
    with pytest.raises(ConfigError, match=said) as refused:
        config.load(file)
    assert "vers.ca_file" in str(refused.value)
