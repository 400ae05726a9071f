"""Which of several sources an order is for: the one it names, that of what it is about, else the first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from cockpit.engine.choosing import source_for
from cockpit.engine.running_source import RunningSource
from cockpit.model.commands.command import Command
from cockpit.model.commands.images import BuildImage, DeleteImage
from cockpit.model.commands.life import Restore, Spawn, Undo
from cockpit.model.fleet import AgentKind, Fleet, Power, Vm
from cockpit.model.ids import CommitId
from cockpit.model.images import GoldenImage
from cockpit.model.kept import KeptFor, KeptState
from cockpit.model.platform import MakeInfra, NewVm
from cockpit.model.refusals.grounds import Facilities, RefusalCode
from cockpit.model.refusals.refusal import refusal
from tests.engine.unit.parts import OTHER_VM, Parts, agent_on
from tests.engine.unit.test_keeping import left_behind

KEPT, LISTED, GOLDEN = CommitId("c0ffee00"), CommitId("c0ffee01"), CommitId("c0ffee02")


class Place:
    """A source with a name, an account and what it lists."""

    def __init__(self, name: str, *images: CommitId) -> None:
        self.name = name
        self.images = tuple((commit, "x") for commit in images)
        self.golden = (GoldenImage(GOLDEN, "base", 0.0),) if name == "south" else ()
        self.source = cast(Any, type("S", (), {"vers": type("V", (), {"account": f"{name}'s"})()})())


@pytest.mark.parametrize(
    ("order", "name"),
    [
        (Spawn("x", AgentKind.WORKER), "north"),
        (Spawn("x", AgentKind.WORKER, source="south"), "south"),
        (Spawn("x", AgentKind.WORKER, image=LISTED), "south"),
        (Spawn("x", AgentKind.WORKER, parent="far"), "south"),
        (Spawn("x", AgentKind.WORKER, parent="far", source="north"), "north"),
        (Undo(KEPT), "south"),
        (Restore(KEPT), "south"),
        (Restore(CommitId("unknown"), "x", OTHER_VM), "south"),
        (BuildImage("x"), "north"),
        (BuildImage("x", source="south"), "south"),
        (BuildImage("base", base=GOLDEN), "south"),
        (DeleteImage(GOLDEN), "south"),
        (NewVm(source="south"), "south"),
    ],
)
async def test_an_order_goes_where_it_says_or_where_its_object_is(order: Command, name: str) -> None:
    parts = Parts()
    parts.state.put_vm(Vm(OTHER_VM, Power.RUNNING, source="south"))
    parts.state.put_agent(replace(agent_on(OTHER_VM, "far"), source="south"))
    left_behind(parts, purpose=KeptFor.UNDO, state=KeptState.KEPT, commit=KEPT, account="south's")
    running = cast("tuple[RunningSource, ...]", (Place("north"), Place("south", LISTED)))
    assert source_for(order, parts.state, running).name == name


@pytest.mark.parametrize(
    "order",
    [
        Spawn("x", AgentKind.WORKER, source="wst"),
        BuildImage("x", source="wst"),
        NewVm(source="wst"),
        MakeInfra(None, "wst"),
    ],
)
def test_a_source_that_is_none_is_refused_with_those_there_are(order: Command) -> None:
    facilities = Facilities((("pi", ""),), "pi")
    refused = refusal(order, Fleet(sources=("north", "south")), facilities)
    assert refused is not None and refused.code is RefusalCode.NO_SOURCE
    assert "'wst'" in refused.sentence and "north, south" in refused.sentence
    assert refusal(order, Fleet(sources=("north", "wst")), facilities) is None
