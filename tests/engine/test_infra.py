"""The VM of the services on a fleet that has none: left at a step, gone on with, registered, written down."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from cockpit import config
from cockpit.bootstrap.archive import service_archive
from cockpit.bootstrap.fleet import make_source, running_engine
from cockpit.bootstrap.kept_services import find_services, keep_services, new_token
from cockpit.embedded.endpoint import read_endpoint, read_token
from cockpit.engine.engine import Engine
from cockpit.engine.infrastructure import maker
from cockpit.engine.source import ServicesPlace
from cockpit.model.commands.board import CreateTask
from cockpit.model.operation import Operation
from cockpit.model.platform import INFRA_STEPS, InfraServer, MakeInfra, infra_steps
from cockpit.model.receipts.receipt import Stage
from tests.fleets import LIMIT, FleetUnderTest, fleet_under_test, order, until
from tests.forked.command import forked
from tests.inside import on_host


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@asynccontextmanager
async def without_services(
    fleet: FleetUnderTest, port: int, reached: int, kept_at: str = "", published: str = ""
) -> AsyncIterator[Engine]:
    """Run an engine over the fleet as if it were the platform, where the services of a VM are at `reached`."""
    source = await asyncio.to_thread(make_source, fleet.settings, fleet.places, force_embedded=True)
    assert source.services is not None
    await source.services.http.close()
    place = ServicesPlace(
        lambda _vm: f"http://127.0.0.1:{reached}",
        service_archive,
        lambda: new_token({}),
        lambda url, token: keep_services(fleet.settings, url, token),
        kept_at=kept_at,
        published=published,
        listen="127.0.0.1",
        port=port,
    )
    async with running_engine(fleet.settings, fleet.places, replace(source, services=None, infra=place)) as engine:
        yield engine


async def made(engine: Engine, server: InfraServer = InfraServer.OURS) -> tuple[Stage, Operation]:
    receipt = await engine.outcome(engine.dispatch(MakeInfra(server=server)), timeout=LIMIT * 5)
    (operation,) = (known for known in engine.fleet.operations if str(known.id) == receipt.id)
    return receipt.stage, operation


def command_lines() -> str:
    found: list[str] = []
    for process in psutil.process_iter(["cmdline"]):
        found += process.info["cmdline"] or []
    return "\n".join(found)


def check_what_runs(fleet: FleetUnderTest, port: int, vm_id: str, operation: str) -> int:
    """Look at the services as anybody would; return the id of their process."""
    url = f"http://127.0.0.1:{port}"
    known = find_services(config.load(), {})
    assert known.url == url and len(known.token) >= 40
    assert httpx.get(f"{url}/registry/vms").status_code == 401
    answer = httpx.get(f"{url}/registry/vms", headers={"Authorization": f"Bearer {known.token}"})
    (entry,) = answer.json()["vms"]
    assert (entry["id"], entry["role"], entry["name"]) == (vm_id, "infra", "infra")
    assert entry["services"] == [{"name": "agent-services", "port": port, "healthPath": "/health"}]
    assert known.token not in command_lines() + operation
    (token,) = (path for path in fleet.root.rglob("token") if path.parent.name == "services")
    assert token.read_text().strip() == known.token and token.stat().st_mode & 0o77 == 0
    found = (int(path.read_text()) for path in fleet.root.rglob("pid") if path.parent.name == "services")
    (pid,) = (on_host(inside, vm_id) for inside in found)
    assert "cockpit.embedded.services" in psutil.Process(pid).cmdline()
    return pid


async def test_it_is_left_gone_on_with_and_used(fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    port, closed = free_port(), free_port()
    async with without_services(fleet, port, closed) as engine:
        monkeypatch.setattr(maker, "REACH_LIMIT", 0.5)
        stage, operation = await made(engine)
        assert stage is Stage.FAILED and operation.steps[-1].name == "reach them from here", operation
        assert "`cockpit infra` goes on from there" in operation.hint
        (vm,) = (known for known in engine.fleet.vms if known.id in engine.fleet_state.hosts)
        assert not config.load().vers.infra_url, "what cannot be reached is written nowhere"

    async with without_services(fleet, port, port) as engine:
        stage, operation = await made(engine)
        assert stage is Stage.DONE, operation
        assert tuple(step.name for step in operation.steps) == INFRA_STEPS
        said = {step.name: step.detail for step in operation.steps}
        assert said["VM"] == f"{vm.id}, which is there" and said["token"] == "the one that is there"
        assert said["services"].startswith("present") and said["start"] == "they run already"
        assert all(step.ended_at is not None for step in operation.steps)
        assert len(engine.fleet.vms) == 1
        # A cockpit that runs uses them from now on.
        await until(engine, lambda: engine.fleet.service("board") is not None, "the board is asked")
        board = engine.fleet.service("board")
        assert board is not None and board.ok, board
        await order(engine, CreateTask("the first"))
        await until(engine, lambda: [task.title for task in engine.fleet.tasks] == ["the first"], "the task is there")

    os.kill(await asyncio.to_thread(check_what_runs, fleet, port, vm.id, str(operation)), 9)
    async with without_services(fleet, port, port, "https://elsewhere.test:3000") as engine:
        stage, operation = await made(engine)
        assert stage is Stage.FAILED and "no VM here was made for them" in operation.error, operation
    async with without_services(fleet, port, port, f"http://127.0.0.1:{port}") as engine:
        other = await engine.running[0].source.vers.create_root(labels={maker.INFRA_LABEL: maker.LABEL_TEXT})
        stage, operation = await made(engine)
        started = next(step.detail for step in operation.steps if step.name == "start")
        assert stage is Stage.DONE and "no systemd here" in started, operation
        found = operation.steps[0].detail
        assert found == f"{vm.id}, which is there; made for them, too, and to be destroyed: {other}"


SERVER = """
const vms = [];
require("http").createServer((request, answer) => {
  const good = request.headers.authorization === "Bearer " + process.env.VERS_AUTH_TOKEN;
  let text = "";
  answer.setHeader("content-type", "application/json");
  request.on("data", (part) => { text += part; }).on("end", () => {
    const posted = good && request.method === "POST";
    const made = posted ? {...JSON.parse(text), registeredAt: new Date().toISOString()} : null;
    if (made) vms.push(made);
    answer.statusCode = made ? 201 : good ? 200 : 401;
    const told = good ? {vms, tasks: [], events: [], count: vms.length} : {error: "Unauthorized"};
    answer.end(JSON.stringify(made || told));
  });
}).listen(Number(process.env.PORT), "127.0.0.1");
"""
"""Takes a token from the place that the published server takes it from, and answers in its form."""


def published(place: Path) -> str:
    """Make a repository that is built as the published one is; return its address."""
    place.mkdir()
    build = {"build": "mkdir -p dist && cp src/server.js dist/server.js"}
    (place / "package.json").write_text(json.dumps({"name": "services", "version": "1.0.0", "scripts": build}))
    (place / "src").mkdir()
    (place / "src" / "server.js").write_text(SERVER)
    who = ("-c", "user.name=tests", "-c", "user.email=tests@tests.test")
    for words in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "-m", "the server")):
        subprocess.run(["git", *words], cwd=place, check=True, capture_output=True)
    return f"file://{place}"


@pytest.fixture
def open_fleet(monkeypatch: pytest.MonkeyPatch) -> Iterator[FleetUnderTest]:
    """A fleet without walls: what is fetched lies in a directory of this machine, which nothing behind walls sees."""
    monkeypatch.setenv("COCKPIT_WALLS", "off")
    with fleet_under_test() as made:
        yield made


@pytest.mark.skipif(not all(map(shutil.which, ("node", "npm", "git"))), reason="needs node, npm and git")
async def test_the_published_server_is_fetched_built_and_started_where_node_is(
    open_fleet: FleetUnderTest,
) -> None:
    fleet = open_fleet
    port = free_port()
    address = await asyncio.to_thread(published, fleet.root / "published")
    async with without_services(fleet, port, port, published=f"{address}-not") as engine:
        stage, operation = await made(engine, InfraServer.PUBLISHED)
        assert stage is Stage.FAILED and operation.steps[-1].name == "services", operation
        assert "could not be fetched" in operation.error and "takes our own" in operation.hint
    async with without_services(fleet, port, port, published=address) as engine:
        stage, operation = await made(engine, InfraServer.PUBLISHED)
        assert stage is Stage.DONE, operation
        assert tuple(step.name for step in operation.steps) == infra_steps(InfraServer.PUBLISHED)
        said = {step.name: step.detail for step in operation.steps}
        assert said["services"].startswith("built, revision ") and "no systemd here" in said["start"]
        token = find_services(config.load(), {}).token
        answer = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/registry/vms")
        assert answer.status_code == 401 and token not in command_lines() + str(operation)
        await until(engine, lambda: engine.fleet.service("registry") is not None, "it is used")
        stage, operation = await made(engine, InfraServer.PUBLISHED)
        said = {step.name: step.detail for step in operation.steps}
        assert stage is Stage.DONE and said["services"].startswith("present") and said["start"] == "they run already"
        stage, operation = await made(engine)
        assert stage is Stage.DONE and "started" in {step.name: step.detail for step in operation.steps}["start"]
        assert "published/dist/server.js" not in command_lines(), "one server, not two"


def test_a_fleet_that_has_services_says_so(fleet: FleetUnderTest) -> None:
    there = fleet.run("infra", "--json")
    assert there.returncode == 0 and '"made": false' in there.stdout
    assert "board, feed and registry are at 127.0.0.1" in there.stderr


def test_on_the_platform_it_says_what_it_would_do_and_makes_nothing(fleet: FleetUnderTest) -> None:
    assert fleet.run("vms").returncode == 0, "the server runs"
    before = fleet.run("vms", "--json").stdout
    server = read_endpoint(fleet.places.fleet)
    assert server is not None
    platform = {"VERS_API_KEY": read_token(fleet.places.fleet), "VERS_BASE_URL": server.base_url}
    for words, code, said in (
        (("--dry-run",), 0, "would make a VM"),
        (("--vcpu", "0", "--dry-run"), 2, ""),
    ):
        done = subprocess.run(
            forked("infra", *words),
            capture_output=True,
            text=True,
            timeout=LIMIT,
            env={**fleet.environment(), **platform},
            check=False,
        )
        assert done.returncode == code and said in done.stdout, done
    assert fleet.run("vms", "--json").stdout == before
