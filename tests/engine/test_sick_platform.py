"""Each order over a platform that does or does not do it and answers anything: the receipt says what a look shows."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from cockpit.bootstrap.fleet import make_source, running_engine
from cockpit.engine.commands import booting, spawn, vm_operations
from cockpit.engine.engine import Engine
from cockpit.engine.source import Source
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Destroy, Spawn
from cockpit.model.commands.vm import Branch, Commit, Pause, Resume
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommitId, VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from tests.fleets import LIMIT, FleetUnderTest
from tests.vers.sick import COMMIT, VM, SickApi, own
from tests.vers.test_effects import NAMED, PAGE

ANSWERS: dict[str, httpx.Response | Exception | None] = {
    "its own": None,
    "500 own": own(500, "db error: x"),
    "503 empty": httpx.Response(503),
    "504 page": httpx.Response(504, html=PAGE),
    "cut": httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
    "200 page": httpx.Response(200, html=PAGE),
    "200 ok": httpx.Response(200, json={"ok": True}),
    "201 another": httpx.Response(201, json={"vms": [{"vm_id": NAMED}], "commit_id": NAMED}),
}
every_answer = pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
every_course = pytest.mark.parametrize("course", ["works", "does nothing", "works unseen", "does nothing unseen"])

ORDERS: dict[str, Command] = {
    "pause": Pause(VmId(VM)),
    "resume": Resume(VmId(VM)),
    "destroy": Destroy(VmId(VM)),
    "commit": Commit(VmId(VM), "golden"),
    "branch": Branch(VmId(VM)),
}


@pytest.fixture(scope="module")
def source(fleet: FleetUnderTest) -> Iterator[Source]:
    """Where the engines of this module reach everything but the platform."""
    made = make_source(fleet.settings, fleet.places, force_embedded=True)
    yield made
    asyncio.run(made.close())


Cockpit = Callable[[SickApi], contextlib.AbstractAsyncContextManager[Engine]]


@pytest.fixture
def over(fleet: FleetUnderTest, source: Source) -> Cockpit:
    """Run an engine over a platform, with this fleet's history."""

    @contextlib.asynccontextmanager
    async def run(api: SickApi) -> AsyncIterator[Engine]:
        sick = dataclasses.replace(source, vers=api.client(), services=None)
        async with running_engine(
            fleet.settings, fleet.places, sick, attach=lambda agent: False, watch=False
        ) as engine:
            yield engine

    return run


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing long."""
    monkeypatch.setattr(vm_operations, "POWER_LIMIT", 0.3)
    monkeypatch.setattr(vm_operations, "POLL", 0.02)
    monkeypatch.setattr(booting, "BOOT_LIMIT", 1.0)
    monkeypatch.setattr(spawn, "CONNECT_LIMIT", 0.3)


def sick(answer: httpx.Response | Exception | None, course: str, **more: Any) -> SickApi:
    return SickApi(works=course.startswith("works"), answer=answer, blind=course.endswith("unseen"), **more)


async def ordered(engine: Engine, command: Command) -> Receipt:
    return await engine.outcome(engine.dispatch(command), timeout=LIMIT)


def is_done(api: SickApi, name: str) -> bool:
    """Say what is so on the platform."""
    match name:
        case "pause":
            return bool(api.vms[VM]["state"] == "paused")
        case "resume":
            return bool(api.vms[VM]["state"] == "running")
        case "destroy":
            return VM not in api.vms
        case "commit":
            return bool(api.commits)
        case _:
            return len(api.vms) > 1


@every_answer
@every_course
@pytest.mark.parametrize("name", list(ORDERS))
async def test_a_receipt_never_says_what_is_not_so(
    over: Cockpit, answer: httpx.Response | Exception | None, course: str, name: str
) -> None:
    api = sick(answer, course)
    api.vms[VM]["state"] = "paused" if name == "resume" else "running"
    async with over(api) as engine:
        receipt = await ordered(engine, ORDERS[name])
    if receipt.stage is Stage.DONE:
        assert is_done(api, name), receipt
    elif receipt.stage is Stage.FAILED:
        assert not is_done(api, name), receipt
    else:
        assert receipt.stage is Stage.UNCONFIRMED and receipt.reason, receipt
    unseen = course.endswith("unseen")
    if not unseen and name in ("pause", "resume", "destroy"):
        assert receipt.stage is not Stage.UNCONFIRMED, receipt


@every_answer
@every_course
@pytest.mark.parametrize("image", [None, CommitId(COMMIT)])
async def test_a_spawn_that_fails_leaves_strangers_alone_and_says_what_it_leaves(
    over: Cockpit, answer: httpx.Response | Exception | None, course: str, image: CommitId | None
) -> None:
    api = sick(answer, course, stranger=True)
    async with over(api) as engine:
        receipt = await ordered(engine, Spawn("ada", AgentKind.WORKER, image=image, program="scripted"))
        assert receipt.stage in (Stage.FAILED, Stage.UNCONFIRMED), receipt
        strangers = [vm_id for vm_id, vm in api.vms.items() if vm_id != VM and vm["labels"] is None]
        left = [vm_id for vm_id in api.vms if vm_id not in (VM, *strangers)]
        deleted = [act.rsplit("/", 1)[1] for act in api.acts if act.startswith("DELETE")]
        assert strangers and not set(deleted) & {VM, *strangers}
        # Whatever could not be seen then is found by the next list that can be had.
        api.blind = False
        await engine.running[0].watcher.vms()
        said = " ".join((receipt.reason, *engine.fleet.notices))
        for vm_id in left:
            assert vm_id in said, (left, said)
        for row in await engine.store.creations.rows():
            await engine.store.creations.finish(row.request)
            for made in row.vms:
                await engine.store.creations.settle(made)
