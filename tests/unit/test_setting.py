"""One value of config.toml is set, and everything else of the file stays byte for byte."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from cockpit.bootstrap.setting import with_setting, write_setting
from cockpit.errors import ConfigError

URL = "https://infra.test:3000"
LINE = f'infra_url = "{URL}"'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"[vers]\n{LINE}\n"),
        ("# mine\n[agent]\nmodel = 'm'", f"# mine\n[agent]\nmodel = 'm'\n\n[vers]\n{LINE}\n"),
        (
            "[vers] # real\n# note\nssh_port = 443\n\n[agent]\n",
            f"[vers] # real\n{LINE}\n# note\nssh_port = 443\n\n[agent]\n",
        ),
        ("[vers]\n  infra_url = 'old'  # was\nssh_port = 1\n", f"[vers]\n  {LINE}  # was\nssh_port = 1\n"),
        ("[agent]\ninfra_url = 'not'\n[vers]\n", f"[agent]\ninfra_url = 'not'\n[vers]\n{LINE}\n"),
        ("vers.ssh_port = 3\n[agent]\n", f"vers.ssh_port = 3\nvers.{LINE}\n[agent]\n"),
        ("vers.infra_url = 'old'\n", f"vers.{LINE}\n"),
        (
            "x = '''\n[vers]\ninfra_url = 'no'\n'''\n[vers]\n",
            f"x = '''\n[vers]\ninfra_url = 'no'\n'''\n[vers]\n{LINE}\n",
        ),
        ("[vers]\r\nssh_port = 3\r\n", f"[vers]\r\n{LINE}\r\nssh_port = 3\r\n"),
        (f"[vers]\n{LINE}\n", f"[vers]\n{LINE}\n"),
        ("vers = { ssh_port = 3 }\n", None),
        ("vers = 3\n", None),
        ("[vers\n", None),
    ],
)
def test_a_value_is_set_and_the_rest_stays(before: str, after: str | None) -> None:
    assert with_setting(before, "vers", "infra_url", URL) == after
    if after is not None:
        assert tomllib.loads(after)["vers"]["infra_url"] == URL


def test_the_file_is_replaced_behind_its_link_with_the_mode_it_had(tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("[vers]\nssh_port = 3\n", encoding="utf-8")
    kept.chmod(0o644)
    link = tmp_path / "config.toml"
    link.symlink_to(kept)
    write_setting(link, "vers", "infra_url", URL)
    assert link.is_symlink() and kept.read_text(encoding="utf-8") == f"[vers]\n{LINE}\nssh_port = 3\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o644
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "dotfiles.toml"]


def test_a_file_that_is_not_there_is_made_with_its_directory(tmp_path: Path) -> None:
    file = tmp_path / "a" / "config.toml"
    write_setting(file, "vers", "infra_url", URL)
    assert file.read_text(encoding="utf-8") == f"[vers]\n{LINE}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_cannot_be_set_is_said_and_left(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("vers = { ssh_port = 3 }\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be set in it") as said:
        write_setting(file, "vers", "infra_url", URL)
    assert LINE in said.value.hint and str(file) in said.value.hint
    assert file.read_text(encoding="utf-8") == "vers = { ssh_port = 3 }\n"
    with pytest.raises(ConfigError, match="cannot be written"):
        write_setting(tmp_path / "config.toml" / "below", "vers", "infra_url", URL)
