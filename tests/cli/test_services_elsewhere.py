"""The embedded fleet with board, feed and registry of another server, as `VERS_INFRA_URL` names it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from cockpit.bootstrap.fleet import Places, make_source
from cockpit.config import Settings
from tests.embedded.api.fakes import make_world, serving
from tests.fleets import FleetUnderTest


async def test_the_services_that_the_environment_names_are_used(
    fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet_state = make_world()
    monkeypatch.delenv("VERS_VM_REGISTRY_URL", raising=False)
    async with serving(fleet_state.application) as url, fleet_state.http() as http:
        monkeypatch.setenv("VERS_INFRA_URL", f" {url}/ ")
        monkeypatch.setenv("VERS_AUTH_TOKEN", fleet_state.token)
        await http.post("/board/tasks", json={"title": "theirs", "createdBy": "x"})
        done = await asyncio.to_thread(fleet.run, "board", "--json")
        assert [task["title"] for task in json.loads(done.stdout)] == ["theirs"], done
        done = await asyncio.to_thread(fleet.run, "spawn", "ada", "--agent", "scripted")
        assert done.returncode == 0, done.stderr
        entries = (await http.get("/registry/vms")).json()["vms"]
        assert "ada" in [entry["name"] for entry in entries]
        async with fleet.engine() as engine:
            assert engine.fleet.source == f"embedded, services at {httpx.URL(url).netloc.decode()}"
            assert any(url in notice for notice in engine.fleet.notices)
        await _a_wrong_token_is_said(fleet, monkeypatch)
    await _own_services_stay_own(fleet.root)


async def _a_wrong_token_is_said(fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERS_AUTH_TOKEN", "wrong")
    done = await asyncio.to_thread(fleet.run, "board")
    assert done.returncode == 1 and "check the token: VERS_AUTH_TOKEN" in done.stderr
    assert "empty" not in done.stderr and done.stdout == ""


async def _own_services_stay_own(root: Path) -> None:
    """Check that a demonstration writes nothing on a board that is not its own."""
    source = await asyncio.to_thread(
        make_source, Settings(), Places.under(root), force_embedded=True, own_services=True
    )
    assert source.services is not None and source.services.http.base_url == source.environment["VERS_INFRA_URL"]
    assert source.name == "embedded" and "127.0.0.1" in source.services.http.base_url
    await source.close()
