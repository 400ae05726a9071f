"""When lines were written: messages say it, and what stands between them lies between their times."""

from __future__ import annotations

from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.moments import HELD, Moments
from tests.model.captures import AGENT, records

READ = 9_000.0


def times(*events: Event) -> list[float]:
    """Return the times of events that were all read at once, long after they were written."""
    moments = Moments()
    found = [one for at, event in enumerate(events, 1) for one in moments.take(record(at, event), live=False)]
    found += moments.rest()
    assert [one.record.line for one in found] == list(range(1, len(events) + 1))
    return [one.at for one in found]


def record(line: int, event: Event, at: float = READ) -> Record:
    return Record(AGENT, 1, line, 0, 0, at, event)


def said(role: str, at: float, **more: float) -> Event:
    if role == "user":
        return ev.MessageStarted(role, "x", said_at=at)
    return ev.MessageEnded(role, said_at=at, duration=more.get("duration"))


def test_a_tool_ends_when_its_message_is_made_and_a_run_begins_with_its_text() -> None:
    found = times(
        ev.DaemonStarted("r"),
        ev.RunStarted(),
        said("user", 100.0),
        ev.TextDelta(0, "a"),
        ev.ToolStarted("t", "bash", {}),
        ev.ToolEnded("t", "bash", "done"),
        said("toolResult", 400.0),
        ev.TurnEnded(),
        said("assistant", 410.0, duration=5.0),
        ev.RunEnded(),
        ev.RunStarted(),
        said("user", 900.0),
    )
    assert found == [100.0, 100.0, 100.0, 100.0, 100.0, 400.0, 400.0, 400.0, 415.0, 415.0, 900.0, 900.0]


def test_times_never_go_back_though_a_clock_does() -> None:
    assert times(said("user", 500.0), said("toolResult", 300.0), said("user", 600.0)) == [500.0, 500.0, 600.0]


def test_what_nothing_follows_is_as_old_as_what_was_known_last_or_as_the_file() -> None:
    assert times(ev.RunStarted(), ev.TurnStarted()) == [READ, READ]
    assert times(said("user", 100.0), ev.TurnStarted(), ev.TextDelta(0, "a")) == [100.0, READ, READ]


def test_what_is_read_as_it_is_written_has_the_time_of_its_reading() -> None:
    moments = Moments()
    assert moments.take(record(1, ev.TurnStarted()), live=False) == []
    found = moments.take(record(2, ev.TextDelta(0, "a"), at=9_500.0), live=True)
    assert [one.at for one in found] == [9_500.0, 9_500.0]


def test_very_many_lines_without_a_time_are_not_held_for_ever() -> None:
    moments = Moments()
    found = [
        one for line in range(HELD * 2) for one in moments.take(record(line + 1, ev.TextDelta(0, "a")), live=False)
    ]
    assert len(found) >= HELD


def test_a_recording_of_each_dialect_tells_its_times() -> None:
    for name in ("thinking_tools.jsonl", "thinking_tools.v0.87.1.jsonl", "thinking_tools.v1.6.0.jsonl"):
        moments = Moments()
        found = [one for line in records(name) for one in moments.take(line, live=False)] + moments.rest()
        assert len(found) == len(list(records(name)))
        at = [one.at for one in found]
        assert at == sorted(at) and at[-1] - at[0] < 120.0, name
