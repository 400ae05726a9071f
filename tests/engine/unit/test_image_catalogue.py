"""An image is stale by the bound of its own source, and by versions that anybody in the fleet has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cockpit.engine.clock import Clock
from cockpit.engine.images.catalogue import ImageCatalogue
from cockpit.engine.state import FleetState
from cockpit.model.ages import DAY
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.images import GoldenImage, ImageFacts

COMMIT = CommitId("c0ffee00-0000-4000-8000-000000000001")


def test_stale_is_said_with_its_reason() -> None:
    state = FleetState(Clock(), "tests")
    now = state.clock.now()
    image = GoldenImage(COMMIT, "base", now - 10 * DAY, facts=ImageFacts((("pi", "0.73.1"),)))
    source = SimpleNamespace(image_max_age=30 * DAY, programs=(SimpleNamespace(name="pi"),))
    running: Any = SimpleNamespace(source=source, golden=(image,))
    catalogue = ImageCatalogue((running,), state)
    assert catalogue.stale(image) == ()
    vm = VmId("aaaaaaaa-0000-4000-8000-000000000001")
    state.put_agent(Agent(agent_of(vm), "ada", AgentKind.LIEUTENANT, vm, program="pi", version="1.6.0"))
    assert catalogue.stale(image) == ("its pi is 0.73.1, and 1.6.0 is known",)
    source.image_max_age = 9 * DAY
    assert catalogue.stale(image) == ("older than 9 days", "its pi is 0.73.1, and 1.6.0 is known")
