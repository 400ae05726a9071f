"""A plain SSH host in one cockpit with a fleet: spawned there, found there, frozen, lost and met again."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from cockpit.bootstrap.fleet import Places, make_source, running_engine
from cockpit.config import Settings
from cockpit.engine.agent_record import PLAIN_HOST
from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.life import Destroy, Spawn
from cockpit.model.commands.vm import Branch, Commit, Pause, Resume, TrustHostKey
from cockpit.model.fleet import Agent, AgentKind, LinkState, Power
from cockpit.model.receipts.receipt import Stage
from tests.engine.hosts.conftest import HostUnderTest, scaffolds_of
from tests.fleets import FleetUnderTest, order, until


@contextlib.asynccontextmanager
async def cockpit(fleet: FleetUnderTest, host: HostUnderTest, history: Path) -> AsyncIterator[Engine]:
    """Run one engine over a fleet and a host."""
    settings = Settings(hosts=(host.settings,))
    source = await asyncio.to_thread(make_source, settings, fleet.places, force_embedded=True)
    async with running_engine(settings, Places(fleet.places.fleet, history), source, hosts=True) as engine:
        yield engine


def state_of(pid: int) -> str:
    return str(psutil.Process(pid).status())


async def uses_the_services(engine: Engine, agent: Agent, directory: Path) -> None:
    """See that board, feed and registry of the fleet are an agent's, too, by a key that is good for nothing else."""
    summary = "By the host's loopback."
    assert (await order(engine, Prompt(agent.id, f"[feed task_started {summary}]"))).stage is Stage.DONE
    await until(engine, lambda: any(item.summary == summary for item in engine.fleet.feed), "its word on the feed")
    assert engine.running[0].source.registry is not None
    entry = await engine.running[0].source.registry.get(agent.vm_id)
    assert (entry.name, entry.metadata[PLAIN_HOST]) == (agent.name, "alpha")
    given = psutil.Process(int((directory / "pid").read_text())).environ()
    assert given["VERS_AUTH_TOKEN"].startswith(agent.vm_id) and "VERS_API_KEY" not in given
    assert given["VERS_INFRA_URL"].startswith("http://127.0.0.1:2")
    assert not (directory / "environment").exists()
    assert engine.fleet.service("alpha services") is None, "nothing is wrong with them"


async def test_a_host_is_a_source_like_any_other(
    fleet: FleetUnderTest, plain_host: HostUnderTest, tmp_path: Path
) -> None:
    async with cockpit(fleet, plain_host, tmp_path / "history.sqlite") as engine:
        assert engine.fleet.sources == ("embedded", "alpha") and engine.fleet.plain == {"alpha"}
        for name in ("ada", "bob"):
            await order(engine, Spawn(name, AgentKind.WORKER, program="scripted", source="alpha"))
        ada, bob = engine.agent_named("ada"), engine.agent_named("bob")
        assert [path.parent.name for path in scaffolds_of(plain_host)] == ["ada", "bob"]
        assert ada.source == bob.source == "alpha" and ada.vm_id != bob.vm_id
        for agent in (ada, bob):
            assert (await order(engine, Prompt(agent.id, f"[say I am {agent.name}.]"))).stage is Stage.DONE
        assert (plain_host.sshd.directory / "sshd.log").read_text().count("Accepted publickey") == 1

        await uses_the_services(engine, ada, scaffolds_of(plain_host)[0])

        # What needs a platform says why it cannot be; nothing of it was tried.
        for command in (Commit(ada.vm_id), Branch(ada.vm_id, 1), Destroy(ada.vm_id)):
            assert "alpha is a plain SSH host" in engine.disabled_reason(command)

        pid = int((scaffolds_of(plain_host)[0] / "pid").read_text())
        await order(engine, Pause(ada.vm_id))
        assert state_of(pid) == "stopped" and engine.fleet_state.power(ada.vm_id) is Power.PAUSED
        assert engine.fleet_state.power(bob.vm_id) is Power.RUNNING
        assert (await order(engine, Prompt(bob.id, "[say Still here.]"))).stage is Stage.DONE
        await order(engine, Resume(ada.vm_id))
        assert state_of(pid) != "stopped"
        assert (await order(engine, Prompt(ada.id, "[say Back.]"))).stage is Stage.DONE

    # Another cockpit, with a history of its own, finds both and sends them nothing.
    async with cockpit(fleet, plain_host, tmp_path / "other.sqlite") as engine:
        await until(engine, lambda: len([a for a in engine.fleet.agents if a.source == "alpha"]) == 2, "both agents")
        await until(
            engine,
            lambda: all(a.link.state is LinkState.UP for a in engine.fleet.agents if a.source == "alpha"),
            "their links",
        )
        found = engine.agent_named("ada")
        assert found.vm_id == ada.vm_id and found.id == ada.id
        assert (await order(engine, Prompt(found.id, "[say Found.]"))).stage is Stage.DONE

        # The host goes away and shows another key when it is back: refused, told, and trusted by order alone.
        plain_host.sshd.stop()
        os.kill(pid, 0)

        def is_sick() -> bool:
            health = engine.fleet.service("host alpha")
            return health is not None and not health.ok

        await until(engine, is_sick, "the marked source")
        await until(engine, lambda: engine.agent_named("ada").link.state is LinkState.DOWN, "the lost link")
        assert engine.fleet.agent(found.id) is not None and engine.fleet.vm(found.vm_id) is not None
        plain_host.sshd.change_host_key()
        plain_host.sshd.start()
        await until(engine, lambda: bool(engine.agent_named("ada").link.offered_key), "the key that is refused")

        def tells_the_way_out() -> bool:
            health = engine.fleet.service("host alpha")
            return health is not None and "ssh-keygen -R" in health.hint

        await until(engine, tells_the_way_out, "what to do next")
        await order(engine, TrustHostKey(found.vm_id, engine.agent_named("ada").link.offered_key))
        await until(engine, lambda: not is_sick(), "the healthy source")
        await until(engine, lambda: engine.agent_named("bob").link.state is LinkState.UP, "the other link, too")
        assert (await order(engine, Prompt(found.id, "[say Trusted.]"))).stage is Stage.DONE
