"""The last lines of an agent's output are as many as were asked for: what says nothing to a person is none of them."""

from __future__ import annotations

import pytest

from cockpit.cli import reading
from cockpit.cli.exits import ExitCode
from cockpit.model import events as ev
from cockpit.model.content import Block
from cockpit.model.events import Event, Record
from cockpit.model.fleet import Agent, AgentKind, Link, LinkState
from cockpit.model.ids import VmId, agent_of
from tests.cli.double import HeadlessDouble, HeadlessOnDouble, fleet_of

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
ADA = Agent(agent_of(VM), "ada", AgentKind.WORKER, VM, link=Link(LinkState.UP))
SAID: tuple[Event, ...] = (
    ev.MessageEnded("assistant", (Block("text", "One."),)),
    ev.TextDelta(0, "T"),
    ev.MessageEnded("assistant", (Block("text", "Two."),)),
    ev.TextDelta(0, "x"),
    ev.TextDelta(0, "y"),
)


@pytest.mark.parametrize(("as_json", "found"), [(False, ["One.", "Two."]), (True, ["x", "y"])])
async def test_so_many_lines_are_printed(as_json: bool, found: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    engine = HeadlessDouble(fleet_of([ADA]))
    records = [Record(ADA.id, 1, line, line * 10, line * 10 + 10, 0.0, said) for line, said in enumerate(SAID, start=1)]
    engine.output.records[ADA.id] = records
    assert await reading.read(HeadlessOnDouble(engine), "ada", 1, 2, as_json) == ExitCode.DONE
    printed = capfd.readouterr().out
    assert all(text in printed for text in found) and len(printed.splitlines()) == (2 if as_json else 4), printed
