"""What a look at a host tells is read whatever stands there, and what a host cannot do is refused with a reason."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.bootstrap.hosts import check_names
from cockpit.config import HostSettings, Settings
from cockpit.engine.hosts import platform
from cockpit.engine.hosts.places import parse_look, place_id
from cockpit.errors import CockpitError, ConfigError
from cockpit.model.commands.images import BuildImage
from cockpit.model.commands.life import Destroy, Spawn
from cockpit.model.commands.vm import Branch, Commit, Pause
from cockpit.model.fleet import AgentKind, Fleet, Power, Vm
from cockpit.model.ids import CommitId
from cockpit.model.platform import Resize
from cockpit.model.refusals.grounds import Facilities, RefusalCode
from cockpit.model.refusals.refusal import refusal
from cockpit.remote.hosts.line import HostLine
from cockpit.vers.errors import ApiUnreachable

HEAD = "home\t/home/me\nbase\t/home/me/agents\n"


def test_places_are_told_apart() -> None:
    said = (
        f"{HEAD}place\t/home/me/agents/ada/pi-rpc\tpaused\t42\t"
        + json.dumps({"swarm-cockpit-agent": "ada", "number": 3})
        + "\nplace\t/tmp/pi-rpc\trunning\t\tnot json\ndone\n"
    )
    look = parse_look("alpha", said.encode())
    spawned, found = look.places
    assert (spawned.home, spawned.state, spawned.process) == ("/home/me/agents/ada", "paused", 42)
    assert spawned.labels == {"swarm-cockpit-agent": "ada"}
    assert (found.home, found.state, found.process, found.labels) == ("", "running", None, {})
    assert spawned.id == place_id("alpha", "/home/me/agents/ada/pi-rpc") != place_id("beta", spawned.directory)


@given(st.binary(max_size=300))
def test_whatever_stands_there_breaks_nothing(noise: bytes) -> None:
    line = noise.replace(b"\n", b" ")
    look = parse_look("alpha", HEAD.encode() + b"place\t/tmp/pi-rpc\trunning\t7\t" + line + b"\n" + line + b"\ndone\n")
    assert look.places[0].directory == "/tmp/pi-rpc" and look.places[0].process == 7


async def test_a_host_that_does_not_answer_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck:
        async def lend(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(platform, "LOOK_ANSWER", 0.01)
    host = platform.HostPlatform("alpha", cast(HostLine, Stuck()), "~/agents", ())
    with pytest.raises(ApiUnreachable, match="host alpha did not answer") as told:
        await host.handle_async_request(httpx.Request("GET", "https://host/vms"))
    assert "slow or stuck" in told.value.hint


@given(st.integers(min_value=0, max_value=len(HEAD) + 30))
def test_a_look_that_was_cut_off_is_none(length: int) -> None:
    with pytest.raises(CockpitError, match="alpha"):
        parse_look("alpha", f"{HEAD}place\t/tmp/pi-rpc\trunning\t7\t\n"[:length].encode())


def test_what_needs_a_platform_is_refused_on_a_host_alone() -> None:
    here = Vm(place_id("alpha", "/x"), Power.RUNNING, source="alpha")
    there = Vm(place_id("beta", "/x"), Power.RUNNING, source="embedded")
    fleet = Fleet(vms=(here, there), sources=("embedded", "alpha"), plain=frozenset({"alpha"}))

    def code(command: object, seen: Fleet = fleet) -> RefusalCode | None:
        refused = refusal(command, seen, Facilities())  # type: ignore[arg-type]
        if refused is not None and refused.code is RefusalCode.PLAIN_HOST:
            assert "alpha is a plain SSH host" in refused.sentence
        return refused.code if refused is not None else None

    for make in (lambda vm: Commit(vm), lambda vm: Branch(vm, 1), lambda vm: Destroy(vm), lambda vm: Resize(vm, 9000)):
        assert code(make(here.id)) is RefusalCode.PLAIN_HOST
        assert code(make(there.id)) is not RefusalCode.PLAIN_HOST
    assert code(Pause(here.id)) is None
    lost = Fleet(vms=(Vm(here.id, Power.UNKNOWN, source="alpha", doubt="it is not there"),), plain=fleet.plain)
    assert code(Destroy(here.id), lost) is None, "what is not there any more can be forgotten"
    image = CommitId("5e2ad3b6-0000-4000-8000-000000000000")
    assert code(Spawn("ada", AgentKind.WORKER, image=image, source="alpha")) is RefusalCode.PLAIN_HOST
    assert code(BuildImage("base", source="alpha")) is RefusalCode.PLAIN_HOST


@pytest.mark.parametrize("names", [("embedded",), ("vers",), ("alpha", "alpha")])
def test_hosts_need_names_of_their_own(names: tuple[str, ...]) -> None:
    check_names(Settings(hosts=(HostSettings(name="alpha"), HostSettings(name="beta"))))
    with pytest.raises(ConfigError, match=names[0]):
        check_names(Settings(hosts=tuple(HostSettings(name=name) for name in names)))
