"""A pane that cannot know says so: refused, silent, waited for and half-read lists are not empty ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.attention import NOTHING_WANTED
from cockpit.model.fleet import Activity, ActivityState, Agent, Fleet, Process, ProcessState
from cockpit.model.health import ServiceHealth
from cockpit.model.scaffold import Scaffold
from cockpit.services.errors import TokenRefused
from cockpit.text.clean import NOTHING
from cockpit.ui.look.header import header
from cockpit.ui.look.rows.doing import warning_word
from cockpit.ui.look.rows.panes import doubt, unknown_because
from cockpit.ui.look.tree import TreeNode
from cockpit.ui.widgets.pane import Pane
from cockpit.ui.widgets.panes import AgentsTree, BoardPane, FeedPane, VmsTable
from tests.ui.fake_engine import NOW
from tests.ui.look.drawn import agent_line
from tests.ui.scene import scene
from tests.ui.test_home import cockpit

ALL = ("vers", "registry", "board", "feed")
REFUSED = "could not list: 401 unauthorized"
HINT = "check the token: VERS_AUTH_TOKEN"
PANES = [(AgentsTree, "vers"), (AgentsTree, "registry"), (VmsTable, "vers"), (BoardPane, "board"), (FeedPane, "feed")]


def healths(*sick: str, reason: str = REFUSED) -> tuple[ServiceHealth, ...]:
    fault = TokenRefused.fault if reason == REFUSED else ""
    return tuple(
        ServiceHealth(n, n not in sick, NOW, reason * (n in sick), HINT * (n in sick), fault=fault * (n in sick))
        for n in ALL
    )


@pytest.mark.parametrize("pane", [VmsTable, BoardPane, FeedPane])
def test_a_pane_that_has_looked_at_nothing_yet_says_nothing(pane: type[Pane]) -> None:
    assert not pane(id="one")._taught(40)


@pytest.mark.parametrize(("pane", "service"), PANES)
async def test_an_empty_pane_over_a_refused_service_says_what_mends_it(pane: type[Pane], service: str) -> None:
    engine = scene()
    engine.change(Fleet(awaited=ALL, health=healths(service)))
    async with cockpit(engine, (160, 50)) as (pilot, home, _):
        await pilot.pause()
        lines = " ".join(home.query_one(pane)._empty)
        assert "unknown" in lines and REFUSED in lines and HINT in lines, lines
        for words in ("No agents yet", "No VMs.", "board is empty", "Nothing in the feed"):
            assert words not in lines
        assert f"{service} refused" in str(home.query_one(pane).border_title)


@pytest.mark.parametrize(("pane", "service"), PANES)
async def test_nothing_is_said_before_the_first_answer(pane: type[Pane], service: str) -> None:
    others = tuple(health for health in healths() if health.name != service)
    fleet = Fleet(awaited=ALL, health=others)
    lines = unknown_because(fleet, pane.SERVICES, pane.WHAT)
    assert lines[-1] == f"Waiting for an answer of {service}."
    if service in ("vers", "registry"):
        told = header(fleet, NOW, NOTHING_WANTED, 120).plain
        assert "agents unknown" in told and "nothing known waits" in told


def test_a_service_that_nobody_configured_is_not_an_empty_one() -> None:
    fleet = Fleet(awaited=("vers",), health=healths()[:1])
    assert "No board is configured." in unknown_because(fleet, BoardPane.SERVICES, BoardPane.WHAT)
    assert not unknown_because(fleet, AgentsTree.SERVICES, AgentsTree.WHAT), "agents need no registry"


def test_what_is_shown_of_a_half_read_or_silent_list_is_marked() -> None:
    well = healths()
    assert not doubt(Fleet(health=well), ALL)
    assert doubt(Fleet(health=(replace(well[0], unreadable=3), *well[1:])), ("vers",)) == "3 unreadable"
    silent = healths("board", reason="no answer yet after 8 s")
    assert doubt(Fleet(health=silent), ("board",)) == "board down"


def idle(agent: Agent) -> Agent:
    """Return an agent that is at nothing."""
    return replace(agent, activity=Activity(ActivityState.IDLE, NOW))


@pytest.mark.parametrize("width", [40, 60, 120])
def test_a_warning_is_in_the_row(width: int) -> None:
    fleet = scene().fleet
    agent = next(agent for agent in fleet.agents if agent.process.state is not ProcessState.DEAD)
    told = ('Warning: Model "sonet" not found for provider "anthropic". Using custom model id.',)
    warned = replace(agent, process=Process(ProcessState.ALIVE, NOW, errors=told))
    row = agent_line(TreeNode(warned, NOTHING), fleet.vm(agent.vm_id), NOW, width).plain
    assert "!" in row and len(row) == len(agent_line(TreeNode(agent, NOTHING), fleet.vm(agent.vm_id), NOW, width).plain)
    assert "! model" in row or width < 60
    assert (
        warning_word(replace(agent, process=Process(ProcessState.ALIVE, NOW, errors=("Warning: slow",)))) == "! warned"
    )
    assert not warning_word(agent)
    assert told[0][:20] in agent_line(TreeNode(idle(warned), NOTHING), fleet.vm(agent.vm_id), NOW, 120).plain
    full = replace(agent, process=Process(ProcessState.ALIVE, NOW, scaffold=Scaffold(disk_left=0)))
    assert warning_word(full) == "! disk full"
