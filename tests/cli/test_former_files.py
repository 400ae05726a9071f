"""`read` over an agent whose present file is not all it said, and over one whose VM does not answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.cli import reading
from cockpit.cli.exits import ExitCode
from cockpit.model.content import Block
from cockpit.model.events import EpochStarted, MessageEnded, Record, RunEnded, RunStarted
from cockpit.model.fleet import Agent, AgentKind, Fleet, Link, LinkState, Power, Vm
from cockpit.model.ids import VmId, agent_of
from tests.cli.double import HeadlessDouble, HeadlessOnDouble

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
ADA = Agent(agent_of(VM), "ada", AgentKind.WORKER, VM, link=Link(LinkState.UP))


def said(epoch: int, *texts: str) -> list[Record]:
    """Return the records of a run for each text."""
    events = [
        event
        for text in texts
        for event in (RunStarted(), MessageEnded("assistant", (Block("text", text),), stop_reason="stop"), RunEnded())
    ]
    return [Record(ADA.id, epoch, line, line * 10, line * 10 + 10, 5.0, event) for line, event in enumerate(events, 1)]


def engine_with(live: list[Record], recorded: list[Record]) -> HeadlessDouble:
    """Return an engine with an agent that wrote, and of which something is recorded."""
    engine = HeadlessDouble(Fleet(vms=(Vm(VM, Power.RUNNING),), agents=(ADA,)))
    engine.output.records[ADA.id] = live
    engine.recorded.records[ADA.id] = recorded
    return engine


async def test_what_the_present_file_lacks_is_taken_from_the_record_once(capsys: pytest.CaptureFixture[str]) -> None:
    marker = Record(ADA.id, 2, 0, 0, 0, 5.0, EpochStarted("restarted"))
    recorded = [*said(1, "oldest", "old"), *said(2, "new")]
    headless = HeadlessOnDouble(engine_with([marker, *said(2, "new")], recorded))
    assert await reading.read(headless, "ada", 2, None, False) == ExitCode.DONE
    assert capsys.readouterr().out == "old\n\nnew\n"
    assert await reading.read(headless, "ada", 9, None, False) == ExitCode.DONE
    assert capsys.readouterr().out == "oldest\n\nold\n\nnew\n"


async def test_of_an_agent_out_of_reach_the_record_is_a_part(capsys: pytest.CaptureFixture[str]) -> None:
    engine = engine_with([], said(1, "as last heard"))
    down = replace(ADA, link=Link(LinkState.DOWN, reason="no route", retry_at=engine.now() + 9e9))
    engine.change(replace(engine.fleet, agents=(down,)))
    assert await reading.read(HeadlessOnDouble(engine), "ada", 1, None, False) == ExitCode.PARTIAL
    shown = capsys.readouterr()
    assert shown.out == "as last heard\n"
    assert "cannot be reached: no route" in shown.err and "it may have more" in shown.err
