"""First contact with a long file: live at once, older history on demand, every line in its place."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from cockpit.engine.engine import Engine
from cockpit.engine.streams.reader import FIRST_CONTACT
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.events import Record
from cockpit.model.fleet import LinkState
from cockpit.model.ids import AgentId
from cockpit.model.transcript.window import TranscriptWindow
from tests.engine.evidence import all_shown, folded, out_file, shown
from tests.fleets import LIMIT, FleetUnderTest, order, spawned, until


async def records_of(engine: Engine, agent: AgentId) -> list[Record]:
    """Return everything the store has of an agent."""
    await engine.store.flush()
    found: list[Record] = []
    place = (0, -1)
    while page := await engine.store.records(agent, after=place, limit=5000):
        found += page
        place = (page[-1].epoch, page[-1].line)
    return found


def lengthen(out: Path) -> None:
    """Add three megabytes of prompts to an agent's output."""
    said = ({"role": "user", "content": f"old {number} " + "x" * 2_000} for number in range(1_500))
    with out.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"type": "message_start", "message": message}) + "\n" for message in said)


async def opened(engine: Engine, agent: AgentId) -> TranscriptWindow:
    """Scroll up at the beginning of a transcript."""
    oldest = next(engine.transcript(agent).entries())
    engine.open_past(agent, (oldest.epoch, oldest.line))
    await engine.history.idle()
    past = engine.past(agent)
    assert past is not None
    return past


async def test_a_long_file_is_live_at_once_and_complete_on_demand(fleet: FleetUnderTest, tmp_path: Path) -> None:
    async with fleet.engine() as engine:
        ada = await spawned(engine, "ada")
        out = out_file(fleet, ada.vm_id)
        lengthen(out)

    # A cockpit that never saw this agent: a history of its own, the agent found in the registry.
    stranger = FleetUnderTest(fleet.root)
    stranger.places = dataclasses.replace(fleet.places, history=tmp_path / "other.sqlite")
    async with stranger.engine() as engine:
        await engine.settled(LIMIT)
        await order(engine, Prompt(ada.id, "[say The newest line.]"))
        assert engine.transcript(ada.id).final_text() == "The newest line."
        content = out.read_bytes()
        starts = [0]
        while (end := content.find(b"\n", starts[-1])) >= 0:
            starts.append(end + 1)
        first = (await records_of(engine, ada.id))[0]
        assert len(content) - first.offset < 2 * FIRST_CONTACT, "only the end is read at first"
        assert first.offset == starts[first.line - 1] > 0, "line numbers are those of the whole file"

        live = shown(engine.transcript(ada.id))
        past = await opened(engine, ada.id)
        while engine.page_older(ada.id):
            await engine.history.idle()
            assert not past.border_text
        assert past.first_place == (1, 1)
        assert shown(engine.transcript(ada.id)) == live, "the live end is not touched"
        records = [record for record in await records_of(engine, ada.id) if record.line]
        assert [record.line for record in records] == list(range(1, len(records) + 1))
        assert [record.offset for record in records] == starts[: len(records)]
        assert {record.epoch for record in records} == {1}
        # A transcript that was fed all of it holds the end of what can be read.
        fed = folded(await records_of(engine, ada.id))
        assert (await all_shown(engine, ada.id))[-len(fed) :] == fed


async def test_what_only_a_vm_out_of_reach_has_is_said_and_read_once_it_is_back(
    fleet: FleetUnderTest, tmp_path: Path
) -> None:
    async with fleet.engine() as engine:
        bea = await spawned(engine, "bea")
        lengthen(out_file(fleet, bea.vm_id))

    stranger = FleetUnderTest(fleet.root)
    stranger.places = dataclasses.replace(fleet.places, history=tmp_path / "other.sqlite")
    async with stranger.engine() as engine:
        await engine.settled(LIMIT)
        await order(engine, Pause(bea.vm_id))
        await until(
            engine, lambda: engine.fleet_state.agents[bea.id].link.state is not LinkState.UP, "the link is down"
        )
        engine.open_past(bea.id, None)
        await engine.history.idle()
        past = engine.past(bea.id)
        assert past is not None
        assert past.border_text == "older history is in the agent's file, which is not reached now: the VM is paused"
        assert engine.page_older(bea.id), "it may be asked again"
        await engine.history.idle()
        assert past.border_text

        await order(engine, Resume(bea.vm_id))
        await until(engine, lambda: engine.fleet_state.agents[bea.id].link.state is LinkState.UP, "the link is up")
        while engine.page_older(bea.id):
            await engine.history.idle()
            assert not past.border_text
        assert past.first_place == (1, 1)
