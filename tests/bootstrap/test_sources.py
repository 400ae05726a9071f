"""What the settings and the environment make of the real platform."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.bootstrap import fleet
from cockpit.bootstrap.fleet import Places, Setup, make_source
from cockpit.config import AgentSettings, EmbeddedSettings, Settings, VersSettings
from cockpit.engine.source import Source
from cockpit.errors import ConfigError
from cockpit.model.ids import VmId
from cockpit.model.own.described import DescribedAgent

OWNER = "9a8b7c6d-6b5a-4948-8372-615049382716"
KEY = OWNER + "cd" * 32
VM = VmId("0f9e8d7c-6b5a-4948-8372-615049382716")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERS_API_KEY", KEY)


def vers(settings: Settings, root: Path) -> Source:
    return make_source(settings, Places(root / "fleet", root / "history"))


async def test_the_usual(tmp_path: Path) -> None:
    source = vers(Settings(), tmp_path)
    assert (source.name, source.default_program, source.shares_host) == ("vers", "pi", False)
    assert source.services is None and any("VERS_INFRA_URL" in notice for notice in source.notices)
    assert source.environment == {"VERS_API_KEY": KEY, "VERS_BASE_URL": "https://api.vers.sh/api/v1"}
    endpoint = source.endpoint(VM)
    assert endpoint.host == source.address(VM) == f"{VM}.vm.vers.sh"
    assert (endpoint.port, endpoint.username) == (443, "root")
    assert endpoint.tls is not None and endpoint.tls.ca_file is None
    assert source.paths.directory == "/tmp/pi-rpc"
    assert not (tmp_path / "fleet").exists(), "no embedded fleet is started beside it"
    await source.close()


async def test_what_is_chosen_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERS_INFRA_URL", "https://infra.test:3000")
    monkeypatch.setenv("VERS_AUTH_TOKEN", "token")
    monkeypatch.setenv("VERS_BASE_URL", "https://other.test/api/v1")
    settings = Settings(
        agent=AgentSettings(program="scripted", directory="/srv/rpc", max_out_bytes=5),
        vers=VersSettings(vm_domain="vms.test", ssh_port=2222, ssh_tls=False, golden_image="an image"),
    )
    source = vers(settings, tmp_path)
    assert (source.default_program, source.golden_image, source.out_bound) == ("scripted", "an image", 5)
    assert source.services is not None and source.notices == () and source.services_host == "infra.test"
    endpoint = source.endpoint(VM)
    assert (endpoint.host, endpoint.port, endpoint.tls) == (f"{VM}.vms.test", 2222, None)
    assert source.paths.directory == "/srv/rpc"
    given = source.environment
    assert given["VERS_INFRA_URL"] == given["VERS_VM_REGISTRY_URL"] == "https://infra.test:3000"
    assert (given["VERS_AUTH_TOKEN"], given["VERS_BASE_URL"]) == ("token", "https://other.test/api/v1")
    assert {KEY, "token"} <= set(source.secrets)
    await source.close()


async def test_a_key_of_another_form_is_doubted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERS_API_KEY", KEY[:-1])
    source = vers(Settings(), tmp_path)
    assert any("99 characters instead of 100" in notice for notice in source.notices), source.notices
    await source.close()


def test_a_directory_that_is_no_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no path on a VM"):
        vers(Settings(agent=AgentSettings(directory="relative")), tmp_path)


def test_a_kind_of_the_operators_own_that_has_anothers_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"agents\.pi: pi is a kind of agent already"):
        vers(Settings(agents={"pi": DescribedAgent(("mine",))}), tmp_path)


async def test_the_fleet_of_this_machine_stands_beside_where_that_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, asked = Places(tmp_path / "fleet", tmp_path / "history"), list[bool]()

    def started(settings: Settings, places: Places, own_services: bool) -> Source:
        asked.append(own_services)
        return replace(make_source(settings, places), name="embedded")

    monkeypatch.setattr(fleet, "_embedded", started)
    assert Setup.of(Settings(), place).beside == ()
    setup = Setup.of(Settings(embedded=EmbeddedSettings(beside=True)), place)
    assert [one.name for one in (setup.source, *setup.beside)] == ["vers", "embedded"]
    assert asked == [True], "two fleets never share one board"
    for source in (setup.source, *setup.beside):
        await source.close()
