"""An agent whose VM was deleted while no cockpit ran: gone only if its account's whole list and the status lack it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from cockpit.bootstrap.fleet import make_source
from cockpit.engine import missing
from cockpit.engine.engine import Engine
from cockpit.errors import Gone
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.life import Destroy
from cockpit.model.fleet import Agent, Power
from cockpit.model.ids import AgentId, VmId
from cockpit.model.why import headline, why
from cockpit.store.rows import UNKNOWN_ACCOUNT, AgentRow
from cockpit.store.store import Store
from cockpit.vers.client import VersClient
from tests.fleets import LIMIT, FleetUnderTest, fleet_under_test, order, spawned, until
from tests.vers.sick import KEY, OWNER, SickApi, own

BASE = "https://api.test/api/v1"
OTHER_KEY = "1a8b7c6d-6b5a-4948-8372-615049382716" + "cd" * 32


class Api(SickApi):
    """A platform whose list may have holes, and whose status may be anything."""

    def __init__(self) -> None:
        super().__init__()
        self.vms.clear()
        self.hidden: set[str] = set()
        self.broken_entries = 0
        self.status: httpx.Response | None = None
        self.hangs = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        if request.method == "GET" and path in ("/vms", "/vm"):
            listed = [vm for vm in self.vms.values() if vm["vm_id"] not in self.hidden]
            return httpx.Response(200, json=listed + [{"broken": True}] * self.broken_entries)
        if request.method == "GET" and path.endswith("/status"):
            if self.hangs:
                await asyncio.Event().wait()
            if self.status is not None:
                return httpx.Response(self.status.status_code, content=self.status.content, headers=self.status.headers)
        return await super().handle_async_request(request)


VMS = [f"0f9e8d7c-6b5a-4948-8372-61504938271{number}" for number in range(3)]


@pytest.fixture
def fleet() -> Iterator[FleetUnderTest]:
    """A fleet for each test: what is remembered differs."""
    with fleet_under_test() as made:
        yield made


async def remember(fleet: FleetUnderTest, *vm_ids: str, account: str = f"{OWNER} at {BASE}") -> None:
    """Have the store remember an agent on each VM: ada0, ada1 ..."""
    store = await Store.open(fleet.places.history)
    for number, vm_id in enumerate(vm_ids):
        await store.remember_agent(AgentRow(AgentId(vm_id), f"ada{number}", "lieutenant", vm_id, account=account))
    await store.close()


async def started(fleet: FleetUnderTest, api: Api, key: str = KEY, base: str = BASE) -> tuple[Engine, Store]:
    """Run an engine over the remembered agents and this platform, after one look at it."""
    source = await asyncio.to_thread(make_source, fleet.settings, fleet.places, force_embedded=True)

    async def rest(_seconds: float) -> None:
        await asyncio.sleep(0)

    source = replace(source, vers=VersClient(base, key, transport=api, rest=rest), services=None)
    store = await Store.open(fleet.places.history)
    engine = Engine((source,), store)
    await engine.start(watch=False, attach=lambda agent: False)
    return engine, store


async def ended(engine: Engine, store: Store) -> None:
    await engine.stop()
    await store.close()
    await engine.running[0].source.close()


async def is_remembered(store: Store, vm_id: str) -> bool:
    return any(row.id == vm_id and row.destroyed_at is None for row in await store.agents())


def state(engine: Engine, agent: Agent) -> str:
    return headline(agent, engine.fleet_state.vms.get(agent.vm_id), engine.now()).word


async def test_an_agent_whose_vm_was_deleted_meanwhile_is_gone_and_says_so(fleet: FleetUnderTest) -> None:
    await remember(fleet, VMS[0])
    engine, store = await started(fleet, Api())
    assert not engine.fleet.agents and not engine.fleet.vms
    assert not await is_remembered(store, VMS[0])
    for word in ("ada0", VMS[0]):
        with pytest.raises(Gone, match=f"{word} is gone: its VM {VMS[0]} was deleted"):
            engine.agent_named(word)
    (tailed,) = engine.fleet.operations
    assert (tailed.verb, tailed.target, tailed.error) == ("gone", "ada0", ""), tailed
    assert "404 not found" in tailed.steps[0].detail
    await ended(engine, store)


async def test_several_vanish_and_each_is_looked_at(fleet: FleetUnderTest) -> None:
    await remember(fleet, *VMS)
    api = Api()
    api.add(VMS[1])
    api.hidden.add(VMS[1])
    engine, store = await started(fleet, api)
    assert [agent.name for agent in engine.fleet.agents] == ["ada1"], "the list alone decides nothing"
    assert engine.fleet_state.power(VmId(VMS[1])) is Power.RUNNING
    await ended(engine, store)


@pytest.mark.parametrize(
    "status",
    [
        httpx.Response(404, html="<h1>404 Not Found</h1>"),
        httpx.Response(404, json={"detail": "no route"}),
        own(403, "forbidden"),
        httpx.Response(403, text="403 Forbidden"),
        own(500, "oops"),
        own(409, "asleep"),
    ],
    ids=["proxy", "foreign json", "forbidden", "gateway", "broken", "asleep"],
)
async def test_what_is_not_the_platforms_own_not_found_leaves_it_unknown(
    fleet: FleetUnderTest, status: httpx.Response
) -> None:
    await remember(fleet, *VMS)
    api = Api()
    api.status = status
    engine, store = await started(fleet, api)
    assert [agent.name for agent in engine.fleet.agents] == ["ada0", "ada1", "ada2"]
    for agent in engine.fleet.agents:
        vm = engine.fleet_state.vms[agent.vm_id]
        assert vm.power is Power.UNKNOWN and state(engine, agent) == "unknown"
        assert any("Whether its VM exists is unknown: the list lacks it" in line for line in why(agent, vm, 0.0))
    assert await is_remembered(store, VMS[0])
    api.status = None
    await engine.running[0].watcher.vms()
    assert not engine.fleet.agents, "the next look told"
    await ended(engine, store)


async def test_a_list_that_is_not_whole_proves_nothing(fleet: FleetUnderTest) -> None:
    await remember(fleet, VMS[0])
    api = Api()
    api.add()
    api.broken_entries = 2
    engine, store = await started(fleet, api)
    (agent,) = engine.fleet.agents
    assert state(engine, agent) == "unknown"
    assert engine.fleet_state.health["vers"].unreadable == 2
    await ended(engine, store)


async def test_looks_that_hang_cost_a_round_its_time_and_no_agent_its_life(
    fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing, "ROUND_LIMIT", 0.3)
    monkeypatch.setattr(missing, "AT_ONCE", 1)
    await remember(fleet, *VMS)
    api = Api()
    api.hangs = True
    engine, store = await started(fleet, api)
    assert [state(engine, agent) for agent in engine.fleet.agents] == ["unknown"] * 3
    assert engine.fleet_state.health["vers"].ok
    await ended(engine, store)


@pytest.mark.parametrize(("key", "base"), [(OTHER_KEY, BASE), (KEY, "https://elsewhere.test/api/v1")])
async def test_another_account_says_nothing_of_these_agents(fleet: FleetUnderTest, key: str, base: str) -> None:
    await remember(fleet, *VMS)
    engine, store = await started(fleet, Api(), key, base)
    assert [agent.name for agent in engine.fleet.agents] == ["ada0", "ada1", "ada2"]
    for agent in engine.fleet.agents:
        assert state(engine, agent) == "elsewhere"
        assert why(agent, None, 0.0)[0].startswith(f"Its VM belongs to {OWNER} at {BASE}")
        assert "another account" in engine.disabled_reason(Destroy(agent.vm_id))
    assert not engine.fleet.vms
    await ended(engine, store)
    engine, store = await started(fleet, Api())
    assert not engine.fleet.agents, "their own account knows"
    await ended(engine, store)


async def test_a_new_key_of_the_same_organisation_takes_the_agents_along(fleet: FleetUnderTest) -> None:
    await remember(fleet, VMS[0])
    api = Api()
    api.add(VMS[0])
    engine, store = await started(fleet, api, OTHER_KEY)
    (agent,) = engine.fleet.agents
    assert not agent.elsewhere and state(engine, agent) != "elsewhere"
    api.vms.clear()
    await engine.running[0].watcher.vms()
    assert not engine.fleet.agents
    await ended(engine, store)


async def test_whose_an_old_agent_is_nobody_wrote_down_so_the_operator_decides(fleet: FleetUnderTest) -> None:
    await remember(fleet, VMS[0], account=UNKNOWN_ACCOUNT)
    engine, store = await started(fleet, Api())
    (agent,) = engine.fleet.agents
    assert state(engine, agent) == "unknown" and await is_remembered(store, VMS[0])
    await order(engine, Destroy(agent.vm_id))
    assert not engine.fleet.agents and not await is_remembered(store, VMS[0])
    await ended(engine, store)


async def test_on_the_embedded_fleet_its_name_is_free_and_its_transcript_stays(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        ada = await spawned(engine, "ada")
        await order(engine, Prompt(ada.id, "[say Remember the zebra.]"))
        await until(engine, lambda: "zebra" in engine.transcript(ada.id).final_text(), "an answer")
    source = await asyncio.to_thread(make_source, fleet.settings, fleet.places, force_embedded=True)
    await source.vers.delete(ada.vm_id)
    await source.close()

    listed = await asyncio.to_thread(fleet.run, "agents")
    assert (listed.returncode, "ada" in listed.stdout) == (0, False), listed
    for words in (("send", "ada", "hello"), ("wait", "ada", "--until", "idle"), ("destroy", "ada", "--yes")):
        refused = await asyncio.to_thread(fleet.run, *words)
        assert refused.returncode == 3, (words, refused)
        assert f"ada is gone: its VM {ada.vm_id} was deleted" in refused.stderr
    tailed = await asyncio.to_thread(fleet.run, "tail", "ada", "--no-follow")
    assert tailed.returncode == 0 and "Remember the zebra." in tailed.stdout, tailed
    found = await asyncio.to_thread(fleet.run, "search", "zebra")
    assert found.returncode == 0 and "ada" in found.stdout, found
    async with fleet.engine() as engine:
        again = await spawned(engine, "ada")
        assert again.id != ada.id and engine.agent_named("ada").id == again.id
        assert await engine.fleet_state.until(lambda: engine.fleet_state.health["vers"].ok, LIMIT)
