"""What happened while nobody was there is told of events alone: once for each end, whatever their order was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model import events as ev
from cockpit.model.away import Happened, away
from cockpit.model.content import Block, Usage
from cockpit.model.events import Event, Record
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Fleet,
)
from cockpit.model.ids import AgentId, VmId
from cockpit.model.open_work import OpenDialog
from cockpit.model.usage.bucket import Bucket

ADA, BOB = AgentId("ada-id"), AgentId("bob-id")
ASKS = DialogRequested("d", "select", "Which\x1b[2J port?")


def record(agent: AgentId, at: float, event: Event) -> Record:
    return Record(agent, 1, int(at), 0, 1, at, event)


def answer(stop: str = "stop", text: str = "done it", error: str = "") -> ev.MessageEnded:
    return ev.MessageEnded("assistant", (Block("text", text),), stop_reason=stop, error=error)


FLEET = Fleet(
    agents=(
        Agent(
            ADA,
            "ada",
            AgentKind.LIEUTENANT,
            VmId("v"),
            activity=Activity(ActivityState.ASKING, 5.0, dialogs=(OpenDialog(ASKS, 5.0),)),
        ),
    )
)


def test_each_sort_is_one_line_of_its_agent_and_who_is_gone_has_its_name() -> None:
    records = [
        record(ADA, 1, answer()),
        record(ADA, 2, ev.RunEnded()),
        record(ADA, 3, answer(text="again")),
        record(ADA, 4, ev.RunEnded(will_retry=False)),
        record(ADA, 5, ASKS),
        record(BOB, 1, answer("error", error="overloaded")),
        record(BOB, 2, ev.RunEnded(will_retry=True)),
        record(BOB, 3, answer("error", error="overloaded")),
        record(BOB, 4, ev.RunEnded()),
        record(BOB, 5, ev.DaemonExited("r", 137)),
    ]
    spent = [Bucket(BOB, "", 1.0, "m", "p", Usage(10, 20, 0, 0, 0.5)), Bucket(ADA, "", 1.0, "m", "p", Usage(1))]
    found = away(records, FLEET, {BOB: "bob"}, spent, 0.0, 9.0)
    assert [(line.sort, line.name, line.times, line.waits) for line in found.lines] == [
        (Happened.ASKED, "ada", 1, True),
        (Happened.FAILED, "bob", 1, False),
        (Happened.DIED, "bob", 1, False),
        (Happened.FINISHED, "ada", 2, False),
    ]
    assert [line.words for line in found.lines][1:] == ["overloaded", "exit 137", "again"]
    assert ([name for name, _ in found.spent], found.total) == (["bob", "ada"], 0.5)


events = st.sampled_from(
    [answer(), answer("aborted"), answer("error", error="no"), ev.RunEnded(), ev.RunEnded(True), ev.RunSettled(), ASKS]
)


@given(story=st.lists(events, max_size=40))
def test_no_end_is_told_twice_and_an_abort_is_not_told(story: list[Event]) -> None:
    found = away([record(ADA, float(at), event) for at, event in enumerate(story)], FLEET, {}, [], 0.0, 99.0)
    times = {line.sort: line.times for line in found.lines}
    ends = sum(isinstance(event, ev.RunEnded) and not event.will_retry for event in story)
    assert times.get(Happened.FINISHED, 0) + times.get(Happened.FAILED, 0) <= ends
    assert times.get(Happened.ASKED, 0) == story.count(ASKS)
    assert len(found.lines) == len(times)
    if answer() not in story:
        assert Happened.FINISHED not in times
