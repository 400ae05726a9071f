"""The way to a host as OpenSSH's files and the host's own settings say it together; nothing is connected."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.remote.hosts.host import PlainHost
from cockpit.remote.hosts.resolving import resolve


@pytest.mark.parametrize(
    ("said", "jump"),
    [
        ("hop", "hop"),
        ("hop:2200,two", "hop:2200,two"),
        ("ssh://me@hop:2200,two:22", "ssh://me@hop:2200,two:22"),
        ("[::1]:2200,two", "[::1]:2200,two"),
        ("alias", ""),
        ("me@alias:2200", ""),
    ],
)
async def test_a_way_of_several_jumps_is_one_whatever_its_places_say(tmp_path: Path, said: str, jump: str) -> None:
    config = tmp_path / "config"
    config.write_text(f"Host alias\n ProxyJump {said}\n")
    host = PlainHost("alpha", "alias", agent=False, known_hosts=str(tmp_path / "known"), config_file=str(config))
    assert (await resolve(host, "alias", host.options())).jump == jump
    config.write_text("")
    assert (await resolve(host, "alias", host.options() | {"tunnel": said})).jump == jump
