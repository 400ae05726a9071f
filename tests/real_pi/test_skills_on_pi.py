"""What is published and written onto a real pi's VM is known to it: listed among its commands, told to its model."""

from __future__ import annotations

import json

from cockpit.model import inquiries as about
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.conversation import NewSession
from cockpit.model.commands.shared import PublishItem, RemoveItem, SyncItems
from cockpit.model.fleet import Agent
from cockpit.model.shared.skills import SharedKind
from tests.fleets import FleetUnderTest, order, spawned
from tests.mock_model.server import ModelServerThread
from tests.real_pi.installations import MODEL
from tests.real_pi.test_cockpit_on_pi import fleet, pi

__all__ = ["fleet", "pi"]

SKILL = "---\nname: heron-care\ndescription: How a heron is looked after.\n---\nFeed it.\n"
EXTENSION = (
    'export default (pi) => { pi.registerCommand("greet", { description: "says hello", handler: async () => {} }); };\n'
)


async def test_a_skill_and_an_extension_are_known_in_the_next_conversation_and_gone_when_they_are_removed(
    fleet: FleetUnderTest, model: ModelServerThread
) -> None:
    async with fleet.engine() as engine:
        agent: Agent = await spawned(engine, "ada", program="pi", model=MODEL)

        async def known() -> set[str]:
            await order(engine, NewSession(agent.id))
            return {one.name for one in await engine.inquiries.ask(agent.id, about.SLASH_COMMANDS)}

        wanted = {"skill:heron-care", "greet"}
        assert not wanted & await known()
        await order(engine, PublishItem(SharedKind.SKILL, "heron-care", "How a heron is looked after.", SKILL))
        await order(engine, PublishItem(SharedKind.EXTENSION, "greeting", "Says hello", EXTENSION))
        assert not wanted & await known(), "it is published, and not on its VM"
        await order(engine, SyncItems(agent.id))
        assert wanted <= await known()
        await order(engine, Prompt(agent.id, "hello"))
        assert "How a heron is looked after." in json.dumps(model.server.requests[-1])
        await order(engine, RemoveItem(SharedKind.SKILL, "heron-care"))
        await order(engine, RemoveItem(SharedKind.EXTENSION, "greeting"))
        await order(engine, SyncItems(agent.id))
        assert not wanted & await known()
