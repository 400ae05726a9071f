"""What was written to agents is listed: drafts first, then what was sent, the newest first."""

from __future__ import annotations

from cockpit.cli.written import written_to
from cockpit.model.ids import AgentId
from cockpit.model.notebook.draft import Draft
from tests.ui.scene import scene


def test_what_was_written_is_listed_and_found() -> None:
    engine = scene()
    first, second = (agent.id for agent in engine.fleet.agents[:2])
    names = {agent.id: agent.name for agent in engine.fleet.agents}
    engine.notebook.keep_draft(second, Draft("Half a thought"))
    for agent, text in ((first, "Look at this"), (second, "then that"), (AgentId("gone"), "look again")):
        engine.notebook.note_sent(agent, text)
    listed = [(one.state, one.name, one.text) for one in written_to(engine.notebook, engine.fleet)]
    assert listed == [
        ("draft", names[second], "Half a thought"),
        ("sent", "gone", "look again"),
        ("sent", names[second], "then that"),
        ("sent", names[first], "Look at this"),
    ]
    assert [one.text for one in written_to(engine.notebook, engine.fleet, words="LOOK ag")] == [
        "look again",
    ]
    assert [one.text for one in written_to(engine.notebook, engine.fleet, second)] == ["Half a thought", "then that"]
