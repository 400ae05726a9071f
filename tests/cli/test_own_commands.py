"""An own command of the operator's, as a verb: it is told how its agent is now."""

from __future__ import annotations

from cockpit.cli import arranging
from cockpit.cli.exits import ExitCode
from cockpit.model.ids import AgentId
from cockpit.model.own.port import Printed
from tests.cli.double import HeadlessDouble, HeadlessOnDouble
from tests.ui.coordination_double import OwnDouble
from tests.ui.scene import fleet


async def test_its_agent_is_read_to_its_end_before_it_is_run() -> None:
    order: list[str] = []

    class Settling(HeadlessDouble):
        async def settled(self, timeout: float) -> None:
            order.append("read")

    class Running(OwnDouble):
        async def run(self, name: str, agent: AgentId) -> Printed:
            order.append(name)
            return await super().run(name, agent)

    engine = Settling(fleet())
    engine.coordination.own = Running()
    name = engine.fleet.agents[0].name
    assert await arranging.own(HeadlessOnDouble(engine), "log", name, as_json=True) == ExitCode.DONE
    assert order == ["read", "log"]
