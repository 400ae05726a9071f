"""Which of an agent's messages are its answers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.ids import AgentId
from cockpit.model.transcript.answers import AnswerPicker
from tests.model import events_strategy

ADA = AgentId("ada")


def said(text: str, *, calls: bool = False, role: str = "assistant") -> Event:
    blocks = [ev.Block("text", text)] if text else []
    return ev.MessageEnded(role, (*blocks, *([ev.Block("toolCall", "")] if calls else [])))


def records(*events: Event) -> list[Record]:
    return [Record(ADA, 1, line, line * 10, line * 10 + 10, float(line), event) for line, event in enumerate(events, 1)]


def answers(*events: Event) -> list[str]:
    picker = AnswerPicker()
    taken = [picker.take(record) for record in records(*events)]
    return [record.event.text for record in taken if record is not None and isinstance(record.event, ev.MessageEnded)]


def test_the_last_message_of_each_run_is_its_answer() -> None:
    run = (ev.RunStarted(), said("go", role="user"), said("I look.", calls=True), said("It is 42."), ev.RunEnded())
    assert answers(*run, *run, ev.RunSettled()) == ["It is 42.", "It is 42."]


def test_what_is_said_before_tools_or_a_failure_is_none() -> None:
    assert answers(ev.RunStarted(), said("I look.", calls=True), ev.RunEnded()) == []
    assert answers(ev.RunStarted(), said("First."), said("", calls=True), ev.RunEnded()) == []
    assert answers(ev.RunStarted(), said("First."), said(""), ev.RunEnded()) == []
    assert answers(ev.RunStarted(), said(" \n"), ev.RunEnded()) == []


def test_a_run_that_ends_several_times_answers_once() -> None:
    assert answers(ev.RunStarted(), said("A."), ev.RunEnded(), ev.RunEnded(), ev.RunSettled()) == ["A."]
    # A follow-up in the same run, before the agent says that all is over.
    assert answers(ev.RunStarted(), said("A."), ev.RunEnded(), said("B."), ev.RunSettled()) == ["A.", "B."]


def test_what_was_cut_off_is_none_and_a_run_without_an_end_is_said() -> None:
    assert answers(ev.RunStarted(), said("Half"), ev.DaemonStarted("r2"), ev.RunStarted(), ev.RunEnded()) == []
    picker = AnswerPicker()
    for record in records(ev.RunStarted(), said("Half")):
        assert picker.take(record) is None
    assert picker.working
    (settled,) = records(ev.RunSettled())
    assert picker.take(settled) is not None and not picker.working


@given(st.lists(events_strategy.events, max_size=40))
def test_any_records_give_each_message_at_most_once(events: list[Event]) -> None:
    found = records(*events)
    picker = AnswerPicker()
    taken = [answer for record in found if (answer := picker.take(record)) is not None]
    assert len({answer.line for answer in taken}) == len(taken)
    for answer in taken:
        assert isinstance(answer.event, ev.MessageEnded) and answer.event.role == "assistant"
        assert answer.event.text.strip()
