"""Events to bytes and back: every kind, hostile content, and what a newer version wrote."""

from __future__ import annotations

import json
import typing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model import events
from cockpit.model.codec import (
    DEFLATE_FROM,
    KINDS,
    TOO_DEEP,
    decode_event,
    encode_event,
    kind_of,
    record_to_object,
    safe_text,
)
from cockpit.model.events import BrokenLine, Event, Responded, TextDelta, UnknownEvent
from cockpit.model.tool_use import ToolEnded, ToolStarted
from tests.store.samples import events_of, every_event, hostile_text, record


def test_every_event_of_the_union_has_a_stable_name() -> None:
    assert set(KINDS.values()) == set(typing.get_args(events.Event))
    assert kind_of(TextDelta(0, "")) == "text_delta"
    assert kind_of(ToolStarted("", "", {})) == "tool_started"


@pytest.mark.parametrize("name", sorted(KINDS))
@given(data=st.data())
@settings(max_examples=30)
def test_every_kind_round_trips(name: str, data: st.DataObject) -> None:
    event = data.draw(events_of(KINDS[name]))
    assert decode_event(kind_of(event), encode_event(event)) == event


@given(every_event(text=hostile_text()))
@settings(max_examples=300)
def test_hostile_text_is_kept_or_replaced_and_never_raises(event: Event) -> None:
    back = decode_event(kind_of(event), encode_event(event))
    assert type(back) is type(event)
    assert encode_event(back) == encode_event(event)
    json.dumps(record_to_object(record(3, event)), allow_nan=False).encode()


def test_surrogates() -> None:
    assert safe_text("a\ud800b") == "a\ufffdb"
    assert safe_text("\ud83d\ude00") == "\U0001f600"
    assert decode_event("text_delta", encode_event(TextDelta(1, "x\udcff"))) == TextDelta(1, "x\ufffd")


def test_numbers_beyond_64_bits_and_deep_nesting_are_replaced() -> None:
    nested: Any = "bottom"
    for _ in range(5000):
        nested = [nested]
    for arguments in ({"n": 10**400, "deep": nested}, {"n": -(10**9999)}):
        event = ToolStarted("1", "bash", arguments)
        back = decode_event("tool_started", encode_event(event))
        assert isinstance(back, ToolStarted)
        assert isinstance(back.arguments["n"], str)
        json.dumps(record_to_object(record(1, event)))
    assert TOO_DEEP in json.dumps(record_to_object(record(1, ToolStarted("1", "bash", {"deep": nested}))))


def test_infinity_and_nan_are_null_in_json() -> None:
    shown = record_to_object(record(1, Responded("1", "get_state", True, data={"a": float("nan"), "b": float("inf")})))
    assert shown["event"]["data"] == {"a": None, "b": None}


def test_long_bodies_are_deflated() -> None:
    event = ToolEnded("1", "bash", "the same line\n" * 10_000)
    body = encode_event(event)
    assert len(body) < DEFLATE_FROM * 2
    assert decode_event("tool_ended", body) == event


def test_a_delta_is_stored_in_little_more_than_its_text() -> None:
    assert len(encode_event(TextDelta(0, "hello"))) <= len("hello") + 3


def test_the_unknown_becomes_an_unknown_event_with_what_can_be_read() -> None:
    found = decode_event("quantum_leap", encode_event(BrokenLine("why", "raw", 3)))
    assert isinstance(found, UnknownEvent)
    assert found.type == "quantum_leap"
    assert "raw" in found.raw


@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=60))
def test_any_body_decodes_to_some_event(kind: str, body: bytes) -> None:
    decoded = decode_event(kind, body)
    assert type(decoded) in (KINDS[kind], UnknownEvent)


def test_fields_of_a_newer_version_are_ignored_and_missing_ones_take_their_defaults() -> None:
    import msgspec

    body = msgspec.msgpack.encode({"attempt": 2, "max_attempts": 3, "delay": 1.5, "colour": "red"})
    assert decode_event("retry_started", body) == events.RetryStarted(2, 3, 1.5)


def test_the_object_has_the_place_the_kind_and_the_fields() -> None:
    shown = record_to_object(record(2, events.BlockStarted(0, "text")))
    assert {key: shown[key] for key in ("epoch", "line", "offset", "end", "kind")} == {
        "epoch": 1,
        "line": 2,
        "offset": 100,
        "end": 200,
        "kind": "block_started",
    }
    assert shown["event"] == {"index": 0, "kind": "text", "tool_name": "", "call_id": ""}
