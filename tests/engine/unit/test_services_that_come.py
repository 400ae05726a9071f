"""Services that are made while a cockpit runs are used by it, whoever made them, and agents that start find them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cockpit.engine.cut_off import CutOffCalls
from cockpit.engine.infrastructure.arrival import LOOK_INTERVAL, NO_SERVICES
from cockpit.engine.infrastructure.grounds import no_infra
from cockpit.engine.source import Services, ServicesPlace, Source
from cockpit.engine.watcher import Watcher
from cockpit.errors import ConfigError
from cockpit.model.refusals.grounds import RefusalCode
from tests.engine.unit.parts import VM, Connections, Parts

URL, TOKEN = "https://infra.test:3000", "a token of the services"


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> Connections:
    """Connections are doubles."""
    return Connections(monkeypatch)


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's time is virtual, and a thread's is not."""

    async def here(read: Callable[[], tuple[str, str]]) -> tuple[str, str]:
        return read()

    monkeypatch.setattr("asyncio.to_thread", here)


class Configuration:
    """What config.toml says, as it is written while somebody reads it."""

    def __init__(self) -> None:
        self.answers: Iterator[tuple[str, str] | ConfigError] = iter(())

    def known(self) -> tuple[str, str]:
        """Return what it says now."""
        answer = next(self.answers, ("", ""))
        if isinstance(answer, ConfigError):
            raise answer
        return answer


def without_services(parts: Parts, configuration: Configuration) -> Source:
    """Return the source of some parts as the platform is before anybody made services."""
    place = ServicesPlace(
        lambda vm: URL, lambda: b"", lambda: (TOKEN, False), lambda url, token: "", known=configuration.known
    )
    return replace(parts.source(), services=None, infra=place)


async def watch(parts: Parts, source: Source) -> asyncio.Task[None]:
    """Watch as an engine does from its start on."""
    sessions = parts.agent_sessions()
    sessions.record = False
    cut_off = CutOffCalls(parts.state, parts.store, source, parts.creations(), sessions)
    parts.state.notice(NO_SERVICES)
    return asyncio.create_task(Watcher(parts.state, source, sessions, cut_off).run())


async def test_what_another_process_writes_into_the_configuration_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, configuration = Parts(), Configuration()
    doubles = parts.source().services
    monkeypatch.setattr(Services, "at", lambda url, token: doubles)
    configuration.answers = iter([ConfigError("half written"), ("", ""), (URL, TOKEN)])
    source = without_services(parts, configuration)
    agents_environment = source.environment
    refused = no_infra(source)
    assert refused is None, "one may be made"
    task = await watch(parts, source)
    await asyncio.sleep(LOOK_INTERVAL * 2.5)
    assert source.registry is None and parts.registry.looks == 0 and NO_SERVICES in parts.state.notices
    await parts.state.until(lambda: "board" in parts.state.health, LOOK_INTERVAL * 2)
    assert {name: parts.state.health[name].ok for name in ("registry", "board")} == {"registry": True, "board": True}
    assert parts.state.awaited == ("registry", "board", "feed") and NO_SERVICES not in parts.state.notices
    assert agents_environment["VERS_INFRA_URL"] == URL and agents_environment["VERS_AUTH_TOKEN"] == TOKEN
    assert source.host_of_services == "infra.test" and TOKEN in source.hidden
    assert VM in [entry.id for entry in parts.registry.entries], "who was there before is entered now"
    assert (no_infra(source) or refused) is None, "they can be looked after again"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_this_cockpit_makes_itself_is_used_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    doubles = parts.source().services
    monkeypatch.setattr(Services, "at", lambda url, token: doubles)
    source = without_services(parts, Configuration())
    task = await watch(parts, source)
    await asyncio.sleep(LOOK_INTERVAL * 1.5)
    before = asyncio.get_running_loop().time()
    source.take_up(URL, TOKEN)
    await parts.state.until(lambda: "registry" in parts.state.health, 1.0)
    assert asyncio.get_running_loop().time() - before < 1.0 and parts.state.health["registry"].ok
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_fleet_that_has_services_from_the_start_makes_none() -> None:
    source = Parts().source()
    refused = no_infra(source)
    assert refused is not None and refused.code is RefusalCode.ALREADY
