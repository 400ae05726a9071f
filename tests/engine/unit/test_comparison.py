"""What cannot be looked at of several copies is said of each, and takes nothing from the others."""

from __future__ import annotations

from typing import Any

from cockpit.agents.scaffold.layout import HOME_PATHS
from cockpit.engine.changes.workspaces import Workspaces
from cockpit.engine.comparison import Comparison
from cockpit.engine.line_tail import LineTail
from cockpit.model.ids import agent_of
from tests.engine.unit.parts import AGENT, OTHER_VM, Parts


async def test_a_copy_that_is_gone_takes_nothing_from_the_others() -> None:
    parts = Parts()

    def session_of(agent: Any) -> None:
        return None

    tail = LineTail(session_of, parts.store, parts.clock)
    comparison = Comparison(
        parts.state, tail, Workspaces(parts.state, parts.store, session_of, lambda agent: HOME_PATHS)
    )
    there, gone = await comparison.look((AGENT, agent_of(OTHER_VM)))
    assert (there.name, gone.state) == ("builder", "gone")
    assert "is not attached" in there.unknown and gone.unknown == "it is gone"
