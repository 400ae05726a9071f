"""What the services keep beside board and feed: written and read by the engine's parts, over real HTTP."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from cockpit.engine.clock import Clock
from cockpit.engine.coordination.acts import SharedActs
from cockpit.engine.coordination.link import Links
from cockpit.engine.coordination.places import ServicePlaces
from cockpit.engine.coordination.records import SharedRecords
from cockpit.engine.coordination.registered import RegistryView
from cockpit.engine.coordination.skills import Skills
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Services
from cockpit.errors import NotFound, Refused, Undecided
from cockpit.model.commands.shared import (
    DeleteReport,
    EnableItem,
    PublishItem,
    RecordCommit,
    RegisterEntry,
    RemoveEntry,
    RemoveItem,
    RevokeShare,
    SharedCommand,
    ShareReport,
    StrikeCommit,
    SyncItems,
    WriteJournal,
    WriteLog,
    WriteReport,
)
from cockpit.model.ids import OperationId
from cockpit.model.shared.registered import Liveness
from cockpit.model.shared.skills import SharedKind
from cockpit.remote.ssh.command import Completed
from cockpit.services.errors import TokenRefused
from tests.embedded.api.fakes import make_world, serving
from tests.engine.unit.parts import AGENT, Parts


class OwnShell:
    """Runs scripts with the shell of this machine, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self._home = home

    async def run(self, script: str, *arguments: str, stdin: bytes = b"", timeout: float) -> Completed:
        """Run one to its end."""
        environment = {"HOME": str(self._home), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(  # noqa: ASYNC221 - nothing else is to run meanwhile
            ["sh", "-c", script, "sh", *arguments], input=stdin, capture_output=True, env=environment, check=False
        )
        return Completed(done.returncode, done.stdout, done.stderr)


class Swarm:
    """The engine's parts over one server, and an agent whose VM is a directory."""

    def __init__(self, services: Services, home: Path) -> None:
        parts = Parts()
        self.state = parts.state
        source = replace(parts.source(), services=services)
        places = ServicePlaces(cast(Any, [SimpleNamespace(name="here", source=source)]))
        self.skills, self.registry, self.link = Skills(places), RegistryView(places), Links(places)
        self.records = SharedRecords(places, Clock())
        link = SimpleNamespace(ready=self._ready)
        self._shell = OwnShell(home)
        self._acts = SharedActs(parts.state, source, lambda _agent: cast(Any, SimpleNamespace(link=link)))

    async def _ready(self, _seconds: float) -> OwnShell:
        return self._shell

    async def order(self, command: SharedCommand) -> list[str]:
        """Carry out a command and return what its steps say."""
        progress = OperationProgress(self.state, OperationId("o"), "order", "it")
        await self._acts.carry_out(command, progress)
        return [step.detail for step in progress.operation.steps]


@asynccontextmanager
async def swarm(tmp_path: Path, token: str = "") -> AsyncIterator[Swarm]:
    world = make_world(tmp_path / "records.sqlite")
    async with serving(cast(Any, world).application) as url:
        services = Services.at(url, token or world.token)
        try:
            yield Swarm(services, tmp_path / "home")
        finally:
            await services.http.close()


async def test_what_is_written_is_read_again_with_the_operator_s_name(tmp_path: Path) -> None:
    async with swarm(tmp_path) as one:
        await one.order(WriteLog("began"))
        await one.order(WriteJournal("calm", "good", ("a",)))
        (entry,), (note,) = (await one.records.log()).entries, (await one.records.journal(author="OPERATOR")).entries
        assert (entry.text, entry.agent) == ("began", "operator")
        assert (note.author, note.mood, note.tags) == ("operator", "good", ("a",))
        (report_id,) = await one.order(WriteReport("Recap", "# Recap\n\nfine", ("x",)))
        report = await one.records.report(report_id[:20].lower())
        assert (report.title, report.author, report.content) == ("Recap", "operator", "# Recap\n\nfine")
        with pytest.raises(NotFound, match="no reports begin with 'zz'"):
            await one.records.report("zz")
        (url,) = await one.order(ShareReport(report_id, "for all", 3600.0))
        async with httpx.AsyncClient() as browser:
            assert "fine" in (await browser.get(url)).text, "the link needs no token"
            (link,) = (await one.records.shares(report_id)).entries
            assert (link.url, link.label, link.opened, link.created_by) == (url, "for all", 1, "operator")
            assert len((await one.records.opened(link.id)).entries) == 1
            await one.order(RevokeShare(link.id))
            assert (await browser.get(url)).status_code == 404
        await one.order(DeleteReport(report_id))
        assert (await one.records.reports()).entries == ()
        await one.order(RecordCommit("c1", "v1", "golden", ("t",)))
        (kept,) = (await one.records.ledger(tag="t")).entries
        assert (kept.commit, kept.vm_id, kept.label, kept.agent) == ("c1", "v1", "golden", "operator")
        await one.order(StrikeCommit("c1"))
        assert (await one.records.ledger()).entries == ()


async def test_the_registry_is_entered_discovered_and_left(tmp_path: Path) -> None:
    async with swarm(tmp_path) as one:
        await one.order(RegisterEntry("v1", "db", "infra", "h", services=(("pg", 5432),)))
        await one.order(RegisterEntry("v2", "w", "worker", "h", status="stopped"))
        await one.order(RegisterEntry("v2", "w", "worker", "h2", status="stopped"))
        entries = {entry.id: entry for entry in (await one.registry.look()).entries}
        assert (entries["v1"].life, entries["v1"].services) == (Liveness.ALIVE, (("pg", 5432),))
        assert (entries["v2"].life, entries["v2"].address) == (Liveness.IDLE, "h2"), "stopped and fresh is idle"
        assert entries["v1"].registered_by == "operator"
        assert [entry.id for entry in (await one.registry.discover("infra")).entries] == ["v1"]
        assert (await one.registry.discover("worker")).entries == ()
        await one.order(RemoveEntry("v1"))
        assert [entry.id for entry in (await one.registry.look()).entries] == ["v2"]


async def test_skills_go_from_a_directory_to_the_hub_onto_a_vm_and_away_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    own = home / ".pi" / "agent" / "skills" / "own" / "SKILL.md"
    own.parent.mkdir(parents=True)
    own.write_text("the agent's own")
    here = tmp_path / "skills"
    for name in ("triage", "own"):
        (here / name).mkdir(parents=True)
        (here / name / "SKILL.md").write_text(
            f"---\nname: {name}\ndescription: How to {name}\ntags: [a, b]\n---\n# It\n"
        )
    (here / "hello.ts").write_text("// Says hello\nexport default 1\n")
    skill, extension = home / ".pi/agent/skills/triage/SKILL.md", home / ".pi/agent/extensions/hello.ts"
    async with swarm(tmp_path) as one:
        for item in await one.skills.found_at(str(here)):
            await one.order(item)
        shelf = await one.skills.look()
        assert [(item.name, item.version, item.tags) for item in shelf.items] == [
            ("own", 1, ("a", "b")),
            ("triage", 1, ("a", "b")),
            ("hello", 1, ()),
        ]
        assert shelf.named("hello")[0].description == "Says hello"
        said = await one.order(SyncItems(AGENT))
        assert "skill own: there is one of its own" in said[1] and "skill triage v1" in said[2]
        assert skill.read_text().startswith("---\nname: triage") and extension.exists()
        assert own.read_text() == "the agent's own"
        (holder,) = (await one.skills.look()).agents
        assert [held.name for held in holder.skills] == ["triage"] and holder.agent == "builder"
        assert (await one.order(SyncItems(AGENT)))[2] == "nothing to change"
        await one.order(PublishItem(SharedKind.SKILL, "triage", "How", "---\ndescription: x\n---\nv2"))
        hello = (await one.skills.look()).named("hello")[0]
        assert "version 2" in (await one.order(EnableItem(hello, False)))[0]
        await one.order(SyncItems(AGENT))
        assert skill.read_text().endswith("v2") and not extension.exists()
        await one.order(RemoveItem(SharedKind.SKILL, "triage"))
        await one.order(SyncItems(AGENT))
        assert not skill.parent.exists() and own.exists()


async def test_a_link_lets_a_browser_in_once(tmp_path: Path) -> None:
    async with swarm(tmp_path) as one, httpx.AsyncClient(follow_redirects=False) as browser:
        link = await one.link.ask()
        assert link.url.startswith("http://127.0.0.1:") and 200 < link.seconds <= 330
        assert (await browser.get(link.url)).status_code == 200
        assert (await browser.get(link.dashboard)).status_code == 200
        assert (await httpx.AsyncClient().get(link.url)).status_code == 401, "it is used up"


async def test_a_refused_token_says_what_to_do_and_nothing_was_done(tmp_path: Path) -> None:
    async with swarm(tmp_path, "wrong") as one:
        looks = (one.records.log, one.records.ledger, one.skills.look, one.registry.look, one.link.ask)
        for look in looks:
            with pytest.raises(TokenRefused) as refused:
                await look()
            assert "VERS_AUTH_TOKEN" in refused.value.hint
        with pytest.raises(TokenRefused):
            await one.order(WriteLog("x"))


async def test_a_source_that_is_none_or_has_no_services_is_said(tmp_path: Path) -> None:
    source = replace(Parts().source(), services=None)
    places = ServicePlaces(cast(Any, [SimpleNamespace(name="here", source=source)]))
    with pytest.raises(NotFound, match="no source 'there'"):
        places.services("there")
    with pytest.raises(Refused, match="no services are configured"):
        places.services("")


async def test_what_a_reef_lacks_is_told_and_is_no_error(tmp_path: Path) -> None:
    def reef(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/health":
            return httpx.Response(200, json={"status": "ok", "uptime": 1.0, "services": ["vm-tree", "logs", "signals"]})
        if request.url.path == "/vm-tree/vms":
            node = {"vmId": "v", "name": "root", "category": "infra_vm", "status": "running", "parentId": None}
            return httpx.Response(200, json={"vms": [node]})
        if request.url.path in ("/logs", "/signals"):
            return httpx.Response(200, json={"logs": [], "signals": []})
        return httpx.Response(404, json={"error": "not found"})

    services = Services.at("http://reef.test", "t")
    http = cast(Any, services.http)
    http._core._client = httpx.AsyncClient(transport=httpx.MockTransport(reef))
    one = Swarm(services, tmp_path)
    assert "is a reef and has no SkillHub" in (await one.skills.look()).missing[0]
    assert "has no journal" in (await one.records.journal()).missing[0]
    assert (await one.records.log()).entries == ()
    assert [entry.name for entry in (await one.registry.look()).entries] == ["root"]
    assert (await one.registry.discover("worker")).entries == ()


async def test_a_lost_answer_is_told_as_undecided(tmp_path: Path) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("the line is cut", request=request)

    services = Services.at("http://lost.test", "t")
    http = cast(Any, services.http)
    http._core._client = httpx.AsyncClient(transport=httpx.MockTransport(silent))
    with pytest.raises(Undecided, match="whether it happened is unknown"):
        await Swarm(services, tmp_path).order(WriteLog("x"))
    with suppress(Undecided):
        await Swarm(services, tmp_path).order(RemoveEntry("x"))
