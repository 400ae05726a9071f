"""First contact with a long file: live at once, older history on demand, every line in its place."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from cockpit.engine.engine import Engine
from cockpit.engine.reader import FIRST_CONTACT
from cockpit.model.commands import Prompt
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from tests.fleets import LIMIT, FleetUnderTest, order, spawned


async def records_of(engine: Engine, agent: AgentId) -> list[Record]:
    """Return everything the store has of an agent."""
    await engine.store.flush()
    found: list[Record] = []
    place = (0, -1)
    while page := await engine.store.records(agent, after=place, limit=5000):
        found += page
        place = (page[-1].epoch, page[-1].line)
    return found


async def test_a_long_file_is_live_at_once_and_complete_on_demand(fleet: FleetUnderTest, tmp_path: Path) -> None:
    async with fleet.engine() as engine:
        ada = await spawned(engine, "ada")
        out = fleet.places.fleet / "vms" / ada.vm_id / "home" / "pi-rpc" / "out"
        filler = [
            json.dumps(
                {"type": "message_start", "message": {"role": "user", "content": f"old {number} " + "x" * 2_000}}
            )
            for number in range(1_500)
        ]
        with out.open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in filler))

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

        previous = engine.transcript(ada.id).first_key
        for _ in range(100):
            if not engine.page_older(ada.id):
                break
            await engine.history.idle()
        assert engine.transcript(ada.id).first_key < previous
        records = [record for record in await records_of(engine, ada.id) if record.line]
        assert [record.line for record in records] == list(range(1, len(records) + 1))
        assert [record.offset for record in records] == starts[: len(records)]
        assert {record.epoch for record in records} == {1}
