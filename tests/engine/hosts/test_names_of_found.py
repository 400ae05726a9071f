"""Agents that are found at the same moment get names of their own; what is said of those that are not found yet."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from cockpit.engine.clock import Clock
from cockpit.engine.hosts.places import HostPlace, place_id
from cockpit.engine.hosts.platform import HostPlatform
from cockpit.engine.hosts.taking_up import TakingUp
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.model.commands.life import Adopt
from cockpit.model.commands.vm import TrustHostKey
from cockpit.model.fleet import Agent, AgentKind, Link, LinkState, Power, Vm
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.names import NAME_LABEL
from cockpit.model.refusals.vm import of_trust
from cockpit.remote.errors import HostKeyChanged
from cockpit.remote.hosts.line import HostLine


class Line:
    """A connection that was never opened."""

    connects = 0


def found_on(host: str, fleet_state: FleetState, adopted: list[Adopt], *places: tuple[str, dict[str, str]]) -> TakingUp:
    """Return what takes over the agents of a host, which was just looked at."""
    platform = HostPlatform(host, cast(HostLine, Line()), "~/agents", ())
    platform._home = "/root"
    for directory, labels in places:
        place = HostPlace(place_id(host, directory), directory, "running", 7, labels)
        platform._places[place.id] = place
        fleet_state.vms[place.id] = Vm(place.id, power=Power.RUNNING)

    def dispatch(command: Adopt) -> CommandId:
        adopted.append(command)
        return CommandId(f"c{len(adopted)}")

    return TakingUp(fleet_state, platform, cast(AgentSessions, None), dispatch)


def test_no_name_is_given_twice() -> None:
    fleet_state, adopted = FleetState(Clock(), "test"), list[Adopt]()
    ada = {NAME_LABEL: "ada"}
    alpha = found_on(
        *("alpha", fleet_state, adopted),
        ("/root/pi-rpc", {}),
        ("/root/pi-rpc-2", {}),
        ("/tmp/pi-rpc", {}),
        ("/srv/docs/pi-rpc", {}),
        ("/root/docs/pi-rpc", {}),
        ("/srv/ada/pi-rpc", ada),
    )
    bravo = found_on("bravo", fleet_state, adopted, ("/root/pi-rpc", {}), ("/home/x/docs/pi-rpc", {}), ("/a/b", ada))
    alpha.take_over()
    bravo.take_over()
    names = ["alpha", "alpha-2", "alpha-3", "docs", "docs-2", "ada", "bravo", "docs-3", "ada-2"]
    assert [command.name for command in adopted] == names
    alpha.take_over()
    assert len(adopted) == len(names), "one that is under way is not ordered again"


def test_agents_whose_place_was_not_seen_yet_say_that_the_host_shows_another_key_until_it_does_not() -> None:
    fleet_state = FleetState(Clock(), "test")
    alpha = found_on("alpha", fleet_state, [])
    known = Agent(AgentId("a"), "ada", AgentKind.WORKER, VmId("a"), source="alpha")
    other = replace(known, id=AgentId("b"), vm_id=VmId("b"), source="bravo")
    linked = replace(known, id=AgentId("c"), vm_id=VmId("c"), link=Link(LinkState.UP))
    for agent in (known, other, linked):
        fleet_state.put_agent(agent)
    alpha.tell_key()
    assert list(fleet_state.agents.values()) == [known, other, linked]
    refused = HostKeyChanged("it shows another", identity="i", pinned=("p",), offered="o", offered_key="ssh-ed25519 x")
    alpha._platform.refused = refused
    alpha.tell_key()
    alpha.tell_key()
    link = fleet_state.agents[known.id].link
    assert (link.state, link.reason, link.offered_key) == (LinkState.DOWN, "it shows another", "ssh-ed25519 x")
    assert fleet_state.agents[other.id] == other and fleet_state.agents[linked.id] == linked
    command = TrustHostKey(known.vm_id, "ssh-ed25519 x")
    assert of_trust(command, fleet_state.snapshot()) is None
    alpha._platform.refused = None
    alpha.tell_key()
    assert fleet_state.agents[known.id] == known
