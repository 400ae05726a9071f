"""A changed host key is trusted from the screen by who was shown it, and no other one."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.commands.vm import TrustHostKey
from cockpit.model.fleet import Link, LinkState
from cockpit.model.ids import agent_of
from cockpit.model.receipts.receipt import Stage
from cockpit.ui.dialogs.confirm import ConfirmDialog
from tests.ui.fake_engine import FakeEngine
from tests.ui.scene import scene, vm_id
from tests.ui.test_home import cockpit, notifications

AGENT = agent_of(vm_id(1))


def showing(engine: FakeEngine, key: str) -> None:
    """Let the first agent's VM show a host key that is not the trusted one."""
    link = Link(LinkState.DOWN, reason="VM x shows host key SHA256:b, but SHA256:a is pinned\x1b[2J", offered_key=key)
    agents = (replace(agent, link=link) if agent.id == AGENT else agent for agent in engine.fleet.agents)
    engine.change(replace(engine.fleet, agents=tuple(agents)))


async def test_the_key_that_was_shown_is_trusted_and_no_later_one() -> None:
    engine = scene()
    async with cockpit(engine) as (pilot, home, _):
        home.try_action("vm.trust_host_key")
        await pilot.pause()
        assert any("is the trusted one" in said for said in notifications(pilot))
        showing(engine, "ssh-ed25519 first")
        home.take_in()
        home.try_action("vm.trust_host_key")
        await pilot.pause()
        dialog = pilot.app.screen
        assert isinstance(dialog, ConfirmDialog)
        shown = "\n".join("".join(piece.text for piece in line) for line in dialog._compositor.render_strips())
        assert "SHA256:b" in shown and "\x1b" not in shown
        showing(engine, "ssh-ed25519 second")
        await pilot.press("y")
        await pilot.pause()
        assert engine.fleet.receipts[-1].stage is Stage.FAILED
        assert any("another host key by now" in said for said in notifications(pilot))


async def test_yes_trusts_it() -> None:
    engine = scene()
    showing(engine, "ssh-ed25519 first")
    async with cockpit(engine) as (pilot, home, _):
        home.try_action("vm.trust_host_key")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert engine.ordered == [TrustHostKey(vm_id(1), "ssh-ed25519 first")]
