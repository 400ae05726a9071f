"""The watcher: three lists and a feed, each on its own clock and each failing alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from cockpit.agents.scaffold.layout import HOME_PATHS
from cockpit.engine.watcher import (
    BOARD_INTERVAL,
    BOARD_UNWATCHED,
    REGISTRY_INTERVAL,
    RETRY_INTERVAL,
    SILENCE_MARK,
    Watcher,
)
from cockpit.model.board import FeedItem, Task
from cockpit.model.fleet import Power, Vm
from cockpit.model.ids import TaskId, VmId, agent_of
from cockpit.services.errors import ServiceUnreachable
from cockpit.services.wire import RegistryEntry
from cockpit.store.rows import AgentRow
from tests.engine.unit.control import refused
from tests.engine.unit.parts import AGENT, BEGAN, OTHER_VM, VM, Connections, Parts

POLL_INTERVAL = 5.0
"""Seconds between two looks at the list, of a source that says nothing else."""


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> Connections:
    """Connections are doubles."""
    return Connections(monkeypatch)


@asynccontextmanager
async def watching(parts: Parts) -> AsyncIterator[Watcher]:
    """Watch as long as the test."""
    sessions = parts.agent_sessions()
    sessions.record = False
    watcher = parts.watcher(sessions)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await sessions.close()


def lists(parts: Parts) -> int:
    """Count how often the list was asked for."""
    return parts.vers.calls.count("list")


def health(parts: Parts, name: str) -> tuple[bool, str]:
    """Return whether a service is well, and why not."""
    return parts.state.health[name].ok, parts.state.health[name].reason


async def test_the_first_list_has_the_registry_asked_once_and_not_once_more_for_newcomers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = Parts()
    parts.vers.states[OTHER_VM] = "running"
    listing = parts.vers.listing

    async def slow() -> Any:
        await asyncio.sleep(0.1)
        return await listing()

    monkeypatch.setattr(parts.vers, "listing", slow)
    async with watching(parts):
        await asyncio.sleep(POLL_INTERVAL / 2)
        assert parts.registry.looks == 2, "by the registry's own turn, and with the first list"
        await asyncio.sleep(POLL_INTERVAL)
        assert parts.registry.looks == 3, "the newcomer may be entered by now"


async def test_each_list_is_asked_for_at_its_own_times() -> None:
    parts = Parts()
    assert parts.board is not None
    async with watching(parts) as watcher:
        await asyncio.wait_for(watcher.first_look.wait(), 1.0)
        await asyncio.sleep(60.0)
        assert abs(lists(parts) - (1 + 60 / POLL_INTERVAL)) <= 1
        assert abs(parts.board.looks - (1 + 60 / BOARD_UNWATCHED)) <= 1
        assert abs(parts.registry.looks - (2 + 60 / REGISTRY_INTERVAL)) <= 1
        assert [health(parts, name) for name in ("vers", "board", "registry")] == [(True, "")] * 3


async def test_the_board_is_read_more_often_while_somebody_looks_at_it() -> None:
    parts = Parts()
    assert parts.board is not None
    async with watching(parts) as watcher:
        await asyncio.sleep(BOARD_UNWATCHED - 1.0)
        assert parts.board.looks == 1
        watcher.somebody_looks_at_the_board()
        await asyncio.sleep(0.1)
        assert parts.board.looks == 2, "what was read longer ago than that is read at once"
        assert watcher.board_as_of == pytest.approx(parts.clock.now(), abs=1.0)
        for _ in range(60):
            watcher.somebody_looks_at_the_board()
            await asyncio.sleep(1.0)
        assert abs(parts.board.looks - (2 + 60 / BOARD_INTERVAL)) <= 2


async def test_a_list_that_fails_is_asked_for_again_and_stops_no_other() -> None:
    parts = Parts()
    parts.vers.errors["list"] = refused("the API is down")
    parts.registry.error = ServiceUnreachable("no answer of the registry", hint="look at it")
    assert parts.board is not None
    async with watching(parts) as watcher:
        await asyncio.wait_for(watcher.first_look.wait(), 1.0)
        await asyncio.sleep(4 * RETRY_INTERVAL + 0.5)
        assert lists(parts) == 5
        assert parts.registry.looks == 5, "sooner than after a good look"
        assert health(parts, "vers") == (False, "the API is down")
        assert health(parts, "registry") == (False, "no answer of the registry")
        assert parts.state.health["registry"].hint == "look at it"
        assert health(parts, "board") == (True, "")
        assert parts.board.looks == 3
        assert VM in parts.state.vms, "what is known stays"
        since = parts.state.health["vers"].since
        parts.vers.errors.clear()
        await asyncio.sleep(RETRY_INTERVAL + 0.5)
        assert health(parts, "vers") == (True, "")
        assert parts.state.health["vers"].since > since


async def test_a_service_that_does_not_answer_is_shown_as_silent_while_it_is_waited_for() -> None:
    parts = Parts()
    may_answer = asyncio.Event()
    parts.vers.wait["list"] = may_answer.wait
    async with watching(parts):
        await asyncio.sleep(SILENCE_MARK - 0.5)
        assert "vers" not in parts.state.health
        await asyncio.sleep(1.0)
        assert health(parts, "vers") == (False, f"no answer yet after {SILENCE_MARK:g} s")
        assert "feed" in parts.state.health, "the feed was silent from the first on"
        may_answer.set()
        await asyncio.sleep(0.5)
        assert health(parts, "vers") == (True, "")
        await asyncio.sleep(SILENCE_MARK * 2)
        assert health(parts, "vers") == (True, ""), "an answer ends the waiting"


async def test_what_a_list_could_not_read_is_said() -> None:
    parts = Parts()
    assert parts.board is not None
    parts.vers.unreadable, parts.board.unreadable, parts.registry.unreadable = 1, 2, 3
    async with watching(parts) as watcher:
        await asyncio.wait_for(watcher.first_look.wait(), 1.0)
        await asyncio.sleep(0.5)
        assert {name: one.unreadable for name, one in parts.state.health.items()} == {
            "vers": 1,
            "board": 2,
            "registry": 3,
        }


async def test_the_board_is_read_at_once_when_somebody_changed_it() -> None:
    parts = Parts()
    assert parts.board is not None
    async with watching(parts) as watcher:
        await asyncio.sleep(BOARD_INTERVAL / 2)
        parts.board.tasks = (Task(TaskId("t1"), "paint", "open"),)
        before = parts.board.looks
        watcher.look_at_board()
        await asyncio.sleep(0.1)
        assert parts.board.looks == before + 1
        assert [task.title for task in parts.state.tasks] == ["paint"]
        await asyncio.sleep(BOARD_INTERVAL - 0.5)
        assert parts.board.looks == before + 1


async def test_the_list_brings_vms_and_their_power_and_agents_are_attached(connections: Connections) -> None:
    parts = Parts()
    parts.vers.states |= {VM: "paused", OTHER_VM: "running"}
    async with watching(parts) as watcher:
        await asyncio.wait_for(watcher.first_look.wait(), 1.0)
        assert parts.state.power(VM) is Power.PAUSED
        assert parts.state.power(OTHER_VM) is Power.RUNNING
        assert parts.state.vms[VM].label == "builder"
        parts.vers.states[VM] = "running"
        await asyncio.sleep(POLL_INTERVAL + 0.5)
        assert parts.state.power(VM) is Power.RUNNING
        assert len(connections.made) == 1


async def test_an_answer_that_was_asked_for_earlier_does_not_undo_what_a_command_learnt() -> None:
    parts = Parts()
    may_answer = asyncio.Event()
    parts.vers.wait["list"] = may_answer.wait
    async with watching(parts) as watcher:
        await asyncio.sleep(1.0)
        parts.state.put_vm(Vm(VM, Power.PAUSED, seen_at=parts.clock.now()))
        may_answer.set()
        await asyncio.wait_for(watcher.first_look.wait(), 1.0)
        assert parts.state.power(VM) is Power.PAUSED
        await asyncio.sleep(POLL_INTERVAL + 0.5)
        assert parts.state.power(VM) is Power.RUNNING


def entry(vm_id: VmId, role: str = "worker") -> RegistryEntry:
    """Return an entry of the registry."""
    return RegistryEntry(id=vm_id, name="stranger", role=role)


async def test_agents_of_the_registry_are_adopted_once_and_only_where_their_vm_exists() -> None:
    parts = Parts()
    parts.vers.states[OTHER_VM] = "running"
    nowhere, infrastructure = VmId("ffffffff-0000-4000-8000-000000000009"), VmId("ffffffff-0000-4000-8000-00000000000a")
    parts.vers.states[infrastructure] = "running"
    parts.registry.entries = [entry(OTHER_VM), entry(nowhere), entry(infrastructure, "infra"), entry(VM)]
    sessions = parts.agent_sessions()
    sessions.record = False
    watcher = parts.watcher(sessions)
    await watcher.vms()
    remembering, remembered = parts.memory.remember_agent, list[str]()

    async def remember(row: AgentRow) -> None:
        remembered.append(row.name)
        await asyncio.sleep(1.0)
        await remembering(row)

    parts.memory.remember_agent = remember  # type: ignore[method-assign]
    await asyncio.gather(watcher.registry(), watcher.registry())
    assert remembered == ["stranger"]
    assert set(parts.state.agents) == {AGENT, agent_of(OTHER_VM, HOME_PATHS.directory)}
    assert parts.agent.name == "builder", "an agent that is known keeps its name"
    assert parts.memory.rows[agent_of(OTHER_VM, HOME_PATHS.directory)].name == "stranger"
    assert sessions.agent_session(agent_of(OTHER_VM, HOME_PATHS.directory)) is not None
    assert agent_of(nowhere) not in parts.memory.rows
    await sessions.close()


@pytest.mark.parametrize("change", [{"power": Power.GONE}, {"source": "another fleet"}], ids=["gone", "elsewhere"])
async def test_no_agent_is_adopted_on_a_vm_that_is_gone_or_of_another_source(change: dict[str, Any]) -> None:
    parts = Parts()
    parts.vers.states[OTHER_VM] = "running"
    parts.registry.entries = [entry(OTHER_VM)]
    sessions = parts.agent_sessions()
    sessions.record = False
    watcher = parts.watcher(sessions)
    await watcher.vms()
    parts.state.put_vm(replace(parts.state.vms[OTHER_VM], **change))
    await watcher.registry()
    assert set(parts.state.agents) == {AGENT}
    await sessions.close()


async def test_one_look_asks_everything_once() -> None:
    parts = Parts()
    assert parts.board is not None
    sessions = parts.agent_sessions()
    sessions.record = False
    watcher = parts.watcher(sessions)
    parts.vers.errors["list"] = refused("the API is down")
    await watcher.look()
    assert watcher.first_look.is_set()
    assert (lists(parts), parts.board.looks, parts.registry.looks) == (1, 1, 0), "no list, so no adoption"
    parts.vers.errors.clear()
    await watcher.look()
    assert (lists(parts), parts.board.looks, parts.registry.looks) == (2, 2, 1)
    await sessions.close()


def said(number: int) -> FeedItem:
    """Return an item of the feed."""
    return FeedItem(f"f{number}", "builder", "note", "words", float(number))


async def test_the_feed_is_followed_again_after_it_broke_and_each_item_shows_once() -> None:
    parts = Parts()
    async with watching(parts):
        await asyncio.sleep(0.1)
        parts.feed.report(True, "")
        for item in (said(1), said(2), said(2)):
            parts.feed.items.put_nowait(item)
        await asyncio.sleep(0.1)
        assert list(parts.state.feed) == ["f1", "f2"]
        assert health(parts, "feed") == (True, "")
        parts.feed.items.put_nowait(ServiceUnreachable("the feed broke off"))
        await asyncio.sleep(0.1)
        assert health(parts, "feed") == (False, "the feed broke off")
        assert parts.feed.follows == 1
        await asyncio.sleep(RETRY_INTERVAL)
        assert parts.feed.follows == 2
        parts.feed.items.put_nowait(said(3))
        await asyncio.sleep(0.1)
        assert list(parts.state.feed) == ["f1", "f2", "f3"]


async def test_a_feed_that_goes_silent_says_so() -> None:
    parts = Parts()
    async with watching(parts):
        await asyncio.sleep(0.1)
        parts.feed.unreadable = 4
        parts.feed.report(True, "")
        assert parts.state.health["feed"].unreadable == 4
        await asyncio.sleep(SILENCE_MARK * 2)
        assert health(parts, "feed") == (True, "")
        parts.feed.report(False, "")
        assert health(parts, "feed") == (False, "the feed is silent")


async def test_a_fleet_without_services_has_none_to_watch() -> None:
    parts = Parts()
    parts.board = None
    async with watching(parts) as watcher:
        await asyncio.wait_for(watcher.first_look.wait(), 1.0)
        await asyncio.sleep(30.0)
        assert set(parts.state.health) == {"vers"}


async def test_an_entry_that_takes_no_new_name_keeps_no_other_agent_out(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    parts.vers.states[OTHER_VM] = "running"
    parts.state.put_agent(replace(parts.agent, named_at=BEGAN))
    place = {"directory": HOME_PATHS.directory, "workspace": HOME_PATHS.workspace}
    entries = [
        {"id": VM, "name": "builder", "role": "worker", "metadata": place},
        {"id": OTHER_VM, "name": "limb", "role": "worker", "metadata": {}},
    ]
    parts.registry.entries = [RegistryEntry.model_validate(entry) for entry in entries]

    async def get(vm_id: VmId) -> Any:
        raise ServiceUnreachable("it takes nothing")

    monkeypatch.setattr(parts.registry, "get", get, raising=False)
    async with watching(parts) as watcher:
        await asyncio.wait_for(watcher.first_look.wait(), 1.0)
        assert agent_of(OTHER_VM, HOME_PATHS.directory) in parts.state.agents
        assert health(parts, "registry") == (False, "it takes nothing")


async def test_a_name_that_is_given_in_a_future_counts_for_nothing() -> None:
    parts = Parts()
    sessions = parts.agent_sessions()
    known = {"directory": HOME_PATHS.directory, "workspace": HOME_PATHS.workspace, "agentId": "mine"}
    entry = RegistryEntry.model_validate({"id": VM, "name": "mine", "role": "worker", "metadata": {}})
    for later, name in ((9e10, "builder"), (200.0, "mine")):
        said = known | {"namedAt": parts.clock.now() + later}
        parts.registry.entries = [entry.model_copy(update={"metadata": said})]
        await parts.watcher(sessions).registry()
        assert parts.agent.name == name, later
    await sessions.close()


async def test_whose_child_an_agent_is_may_be_said_after_it_is_known() -> None:
    parts = Parts()
    parts.vers.states[OTHER_VM] = "running"
    entry = RegistryEntry.model_validate({"id": OTHER_VM, "name": "limb", "role": "worker", "metadata": {}})
    parts.registry.entries = [entry]
    async with watching(parts) as watcher:
        await asyncio.wait_for(watcher.first_look.wait(), 1.0)
        limb = agent_of(OTHER_VM, HOME_PATHS.directory)
        assert parts.state.agents[limb].parent_vm is None
        said = {"parentSession": VM.upper()}
        parts.registry.entries = [entry.model_copy(update={"metadata": said})]
        await asyncio.sleep(REGISTRY_INTERVAL + 0.5)
        assert parts.state.agents[limb].parent_vm == VM
        parts.registry.entries = [entry.model_copy(update={"metadata": {"parentSession": True, "parentVmId": ["x"]}})]
        await asyncio.sleep(REGISTRY_INTERVAL + 0.5)
        assert parts.state.agents[limb].parent_vm == VM, "who says nothing takes nothing back"
