"""Which commit an agent is told that its VM was made from: what was so, whatever is configured by now."""

from __future__ import annotations

from cockpit.agents.scaffold.answers import AgentState, ProbeResult
from cockpit.engine.commands.launch_record import golden_of
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommitId

SPAWN = Spawn("ada", AgentKind.WORKER)
IMAGE = CommitId("c1")


def test_a_first_start_is_told_its_image_and_a_later_one_what_was_written_down() -> None:
    assert golden_of(None, SPAWN, "c2") == "c2"
    assert golden_of(None, Spawn("ada", AgentKind.WORKER, image=IMAGE), "c2") == IMAGE
    assert golden_of(ProbeResult(AgentState.DEAD, golden="c1"), SPAWN, "c2") == "c1"
    assert golden_of(ProbeResult(AgentState.DEAD), SPAWN, "c2") == "", "it began on a fresh VM"
    assert golden_of(ProbeResult(AgentState.ABSENT), SPAWN, "c2") == "c2"
