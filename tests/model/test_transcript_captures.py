"""Every capture as a transcript, compared with what plain json finds in it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cockpit.model.events import RunEnded
from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import TranscriptWindow
from tests.model.captures import NAMES, answers, content, objects, records, records_in_chunks
from tests.model.pages import prepend

CUT = ("exits", "restart_same_out", "continue_session", "compaction_midrun.jsonl", "session_file.jsonl")
"""Captures in which an answer was cut without an end."""

OPERATOR_KINDS = (EntryKind.USER, EntryKind.STEER, EntryKind.FOLLOW_UP)


def folded(name: str) -> Transcript:
    transcript = Transcript()
    for record in records(name):
        transcript.apply(record)
    return transcript


def shown(transcript: Transcript) -> list[tuple[Any, ...]]:
    return [
        (entry.kind, entry.title, entry.text, entry.failed, entry.open, entry.diff, entry.at, entry.line)
        for entry in transcript.entries()
    ]


def clean(text: str) -> str:
    """Lone surrogates cannot be shown; the decoder replaces them."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def texts_of(message: dict[str, Any], kind: str = "text") -> list[str]:
    blocks = message["content"] if isinstance(message["content"], list) else []
    return [clean(block[kind]) for block in blocks if block.get("type") == kind]


@pytest.mark.parametrize("name", NAMES)
def test_the_final_text_is_the_last_answers(name: str) -> None:
    found = answers(name)
    assert folded(name).final_text() == ("".join(texts_of(found[-1])) if found else "")


@pytest.mark.parametrize("name", NAMES)
def test_each_answer_and_thought_is_shown_once_and_whole(name: str) -> None:
    entries = list(folded(name).entries())
    for kind, block in ((EntryKind.ANSWER, "text"), (EntryKind.THINKING, "thinking")):
        expected = [text for message in answers(name) for text in texts_of(message, block) if text]
        got = [entry.text for entry in entries if entry.kind is kind]
        if name.startswith(CUT):
            remaining = iter(got)
            assert all(text in remaining for text in expected)
        else:
            assert got == expected


@pytest.mark.parametrize("name", NAMES)
def test_each_tool_call_is_shown_once_with_its_result(name: str) -> None:
    entries = [entry for entry in folded(name).entries() if entry.kind is EntryKind.TOOL]
    started = [found["toolCallId"] for found in objects(name) if found.get("type") == "tool_execution_start"]
    assert [entry.call_id for entry in entries] == started
    by_id: dict[str, Entry] = {entry.call_id: entry for entry in entries}
    for found in objects(name):
        if found.get("type") == "tool_execution_end":
            entry = by_id[found["toolCallId"]]
            text = "".join(block.get("text", "") for block in found["result"]["content"])
            assert entry.text == clean(text)
            assert (entry.failed, entry.open) == (found["isError"], False)
            assert bool(entry.diff) == bool((found["result"].get("details") or {}).get("diff"))
        elif found.get("type") == "tool_execution_start":
            assert by_id[found["toolCallId"]].title.startswith(found["toolName"])


@pytest.mark.parametrize("name", NAMES)
def test_each_of_the_operators_texts_is_shown_once(name: str) -> None:
    expected = [
        "".join(texts_of(found["message"]))
        for found in objects(name)
        if found.get("type") == "message_start" and found["message"].get("role") == "user"
    ]
    assert [entry.text for entry in folded(name).entries() if entry.kind in OPERATOR_KINDS] == expected


def kinds(name: str) -> list[str]:
    return [entry.kind.value for entry in folded(name).entries() if entry.kind in OPERATOR_KINDS]


def test_steers_and_follow_ups_are_told_from_prompts() -> None:
    assert kinds("steer_midrun.jsonl") == ["user", "steer", "user", "steer", "steer"]
    assert kinds("steer_midrun.v0.87.1.jsonl") == ["user", "steer", "user", "steer", "steer"]
    assert kinds("follow_up_queue.jsonl") == [
        "user",
        "follow-up",
        "follow-up",
        "user",
        "follow-up",
        "follow-up",
    ]
    assert kinds("queue_while_idle.v0.87.1.jsonl")[:2] == ["user", "user"]
    assert "steer" in kinds("queue_while_idle.jsonl")


def test_failed_attempts_stay_and_say_so() -> None:
    entries = list(folded("stream_dropped.jsonl").entries())
    assert [(entry.kind.value, entry.failed) for entry in entries] == [
        ("user", False),
        ("answer", True),
        ("error", True),
        ("notice", False),
        ("answer", False),
        ("answer", False),
    ]
    assert entries[3].title == "retry 1 of 3 in 2 s"


def test_stray_output_is_shown_raw() -> None:
    raw = [entry.text for entry in folded("extension_ui.v0.58.3.jsonl").entries() if entry.kind is EntryKind.RAW]
    assert raw == ["stray console.log from an extension", "stray process.stdout.write"]


def test_no_known_line_is_shown_raw() -> None:
    for name in NAMES:
        if not name.startswith(("extension_ui.v0.58", "malformed", "session_file.v0.73")):
            assert not [entry for entry in folded(name).entries() if entry.kind is EntryKind.RAW], name


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize("name", ["thinking_tools.v0.87.1.jsonl", "unicode_out.v0.87.1.jsonl", "malformed.jsonl"])
def test_the_chunking_of_the_bytes_changes_nothing(name: str, size: int) -> None:
    transcript = Transcript()
    for record in records_in_chunks(content(name), size):
        transcript.apply(record)
    assert shown(transcript) == shown(folded(name))


@pytest.mark.parametrize("name", NAMES)
def test_history_joins_without_a_scar(name: str) -> None:
    """Whatever the border between what was read first and what was paged in, the whole reads the same."""
    everything = records(name)
    whole = shown(folded(name))
    for border in range(0, len(everything) + 1, max(1, len(everything) // 40)):
        transcript = TranscriptWindow()
        for record in everything[border:]:
            transcript.apply(record)
        seam = next((record.line for record in everything[border:] if isinstance(record.event, RunEnded)), 1 << 30)
        keys = {entry.key: entry.line for entry in transcript.entries() if entry.line > seam}
        next_key, revision = transcript.next_key, transcript.revision
        prepend(transcript, everything[:border])
        joined = shown(transcript)
        # In those a question is still open at some borders, and joining closes it without its outcome.
        if not name.startswith("extension_ui"):
            assert joined == whole
        assert (transcript.next_key, len(joined)) == (next_key, transcript.next_key - transcript.first_key)
        assert transcript.revision >= revision
        for key, line in keys.items():
            entry = transcript.entry(key)
            assert entry is not None
            assert entry.line == line


def test_history_comes_in_pages() -> None:
    everything = records("thinking_tools.jsonl")
    transcript = TranscriptWindow()
    for record in everything[130:]:
        transcript.apply(record)
    for start, end in ((90, 130), (60, 90), (20, 60), (0, 20)):
        prepend(transcript, everything[start:end])
    assert shown(transcript) == shown(folded("thinking_tools.jsonl"))


def test_the_stream_goes_on_after_history_was_joined() -> None:
    everything = records("parallel_tools.jsonl")
    for border, now in ((30, 60), (62, 63), (20, 100), (1, 2)):
        transcript = TranscriptWindow()
        for record in everything[border:now]:
            transcript.apply(record)
        prepend(transcript, everything[:border])
        for record in everything[now:]:
            transcript.apply(record)
        assert shown(transcript) == shown(folded("parallel_tools.jsonl"))
