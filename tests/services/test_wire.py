"""The services' records: every recorded one, and anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.services import ulid
from cockpit.services.following import FLOOR_MARGIN_MS
from cockpit.services.vocabularies import EVENT_TYPES, TASK_STATUSES
from cockpit.services.wire import EventRecord, NoteRecord, RegistryEntry, TaskRecord, each, unix_seconds, unwrapped
from tests.embedded.api.captures import DIRECTORY, exchanges, names

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def records(prefix: str) -> list[tuple[str, dict[str, Any]]]:
    """Return every record in the successful recorded answers, with the file it is from."""
    found = []
    for name in names(prefix):
        for exchange in exchanges(name):
            body = exchange.get("json")
            if exchange["status"] not in (200, 201) or body is None:
                continue
            if isinstance(body, dict):
                wrapped = [body[key] for key in ("tasks", "vms", "notes") if key in body and "id" not in body]
                body = wrapped[0] if wrapped else [body]
            found += [(name, item) for item in body if "id" in item]
    return found


def test_every_recorded_task_and_note_is_read_whole() -> None:
    tasks = [(name, item) for name, item in records("board") if "title" in item]
    notes = [item for _, item in records("board") if "author" in item]
    assert len(tasks) > 20 and notes
    for name, item in tasks:
        task = TaskRecord.model_validate(item).task()
        assert (task.id, task.title, task.status) == (item["id"], item["title"], item["status"]), name
        assert task.tags == tuple(item["tags"]) and len(task.notes) == len(item["notes"])
        assert len(task.artifacts) == len(item["artifacts"]) and task.score == item["score"]
        assert task.assignee == item.get("assignee", "") and 1.7e9 < task.created_at <= task.updated_at
    for item in notes:
        assert NoteRecord.model_validate(item).note().content == item["content"]
    assert {item["status"] for _, item in tasks} == set(TASK_STATUSES)


def test_every_recorded_event_is_read_whole() -> None:
    events = records("feed")
    streamed = [
        json.loads(line[6:])
        for path in DIRECTORY.glob("feed.stream*.body.txt")
        for line in path.read_bytes().split(b"\n")
        if line.startswith(b"data: ")
    ]
    assert len(streamed) >= 8
    assert {item["type"] for _, item in events} == set(EVENT_TYPES)
    for item in [*(item for _, item in events), *streamed]:
        read = EventRecord.model_validate(item).item()
        assert (read.id, read.agent, read.kind, read.summary) == (
            item["id"],
            item["agent"],
            item["type"],
            item["summary"],
        )
        assert abs(read.at - ulid_seconds(read.id)) < 1.0
        assert bool(read.detail) == ("detail" in item or "metadata" in item)


def ulid_seconds(identifier: str) -> float:
    parts = ulid.decode(identifier)
    assert parts is not None
    return parts[0] / 1000


def test_every_recorded_registry_entry_is_read_whole() -> None:
    entries = [item for _, item in records("registry") if "role" in item]
    assert len(entries) > 15
    for item in entries:
        entry = RegistryEntry.model_validate(item)
        assert (entry.id, entry.name, entry.role, entry.status) == (
            item["id"],
            item["name"],
            item["role"],
            item["status"],
        )
        assert len(entry.services) == len(item.get("services") or []) and entry.metadata == item.get("metadata", {})
        assert entry.lastSeen >= entry.registeredAt > 1.7e9


@given(st.sampled_from([TaskRecord, EventRecord, RegistryEntry]), st.text(min_size=1), st.data())
def test_a_record_with_an_id_can_always_be_read(record: Any, identifier: str, data: st.DataObject) -> None:
    body = {name: data.draw(anything) for name in record.model_fields if data.draw(st.booleans())}
    read = record.model_validate({**body, "id": identifier, "news": body})
    assert read.id == identifier
    if isinstance(read, TaskRecord):
        assert all(isinstance(tag, str) for tag in read.task().tags)
    if isinstance(read, EventRecord):
        assert isinstance(read.item().detail, str)


@given(anything)
def test_lists_without_sense_are_empty_or_refused(body: object) -> None:
    assert isinstance(each(body, TaskRecord), tuple)
    try:
        assert isinstance(unwrapped(body, "tasks"), list)
    except ValueError:
        assert not isinstance(body, list)
    assert isinstance(unix_seconds(body), float)


def test_what_people_send_by_hand() -> None:
    task = TaskRecord.model_validate({"id": "x", "tags": "p0", "dependencies": None, "assignee": None, "status": "odd"})
    assert (task.tags, task.dependencies, task.assignee, task.task().status) == (("p0",), (), "", "odd")
    event = EventRecord.model_validate({"id": "x", "detail": {"a": "é"}, "metadata": None})
    assert event.item().detail == '{"a": "é"}'


@given(st.integers(0, ulid.TIME_LIMIT - 1), st.integers(0, ulid.RANDOM_LIMIT - 1))
def test_ulids_come_back_and_sort_by_time(milliseconds: int, random: int) -> None:
    made = ulid.encode(milliseconds, random)
    assert len(made) == 26 and ulid.decode(made) == (milliseconds, random)
    assert ulid.floor(made, 0) <= made and ulid.floor(made, FLOOR_MARGIN_MS) <= ulid.floor(made, 0)
    assert ulid.floor(made, 0)[10:] == "0" * 16 and ulid.floor(made, 0)[:10] == made[:10]


@given(st.text(max_size=30))
def test_what_is_no_ulid_is_none(text: str) -> None:
    parts = ulid.decode(text)
    assert parts is None or ulid.encode(*parts) == text


def test_the_recorded_floor() -> None:
    recorded = json.loads((DIRECTORY / "feed.same-millisecond.json").read_text())
    assert ulid.floor(recorded["first"]["id"], 0) == recorded["floorId"]


@pytest.mark.parametrize("text", ["", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01m7wtzhjz4d3e1tnax28nxp3n"])
def test_bad_ulids(text: str) -> None:
    assert ulid.decode(text) is None and ulid.floor(text, 0) == ""
