"""The scripted agent goes to another session whatever a file holds, and refuses what it cannot do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.embedded.scripted_agent.commands import Commands
from cockpit.embedded.scripted_agent.session import Session
from cockpit.embedded.scripted_agent.wire import EventWriter

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    """Return what carries a command out in this process and returns its response."""
    out = tmp_path / "out"
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT)
    session = Session(wire=EventWriter("delta", descriptor), folder=str(tmp_path / "sessions"))
    commands = Commands(session, lambda work: work.close())

    def carry_out(kind: str, **fields: Any) -> dict[str, Any]:
        commands.feed(json.dumps({"id": "q", "type": kind, **fields}).encode())
        answers = [json.loads(line) for line in out.read_bytes().split(b"\n") if line]
        found: dict[str, Any] = [answer for answer in answers if answer["type"] == "response"][-1]
        assert found["command"] == kind
        return found

    session.note("session_info", name="first")
    for text in ("a\u2028b\u0085c", "second"):
        session.remember({"role": "user", "content": [{"type": "text", "text": text}], "timestamp": 1})
    yield carry_out
    os.close(descriptor)


def test_a_text_with_other_line_ends_than_lf_comes_back_whole(ask: Ask) -> None:
    file = ask("get_state")["data"]["sessionFile"]
    assert ask("new_session")["success"]
    assert ask("switch_session", sessionPath=file)["success"]
    messages = ask("get_messages")["data"]["messages"]
    assert [message["content"][0]["text"] for message in messages] == ["a\u2028b\u0085c", "second"]
    assert ask("get_state")["data"]["sessionName"] == "first"


@pytest.mark.parametrize(
    "content", [b"no json\n", b"\xff\xfe\n", b"[]\n", b'{"type":"session"}\n{"type":"message"}\n', b""]
)
def test_a_file_that_holds_no_session_is_an_empty_one(ask: Ask, content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "other.jsonl"
    file.write_bytes(content)
    assert ask("switch_session", sessionPath=str(file))["success"]
    assert ask("get_messages")["data"]["messages"] == []
    assert ask("get_state")["data"]["sessionFile"] == str(file)


def test_a_fork_goes_back_to_a_message_of_the_user_alone(ask: Ask) -> None:
    name, *_ = ask("get_entries")["data"]["entries"]
    refused = ask("fork", entryId=name["id"])
    assert not refused["success"] and refused["error"] == "Invalid entry ID for forking"
    assert len(ask("get_messages")["data"]["messages"]) == 2, "the conversation is the one it was"
    point = ask("get_fork_messages")["data"]["messages"][1]
    assert ask("fork", entryId=point["entryId"])["data"]["text"] == "second"
    assert len(ask("get_messages")["data"]["messages"]) == 1
