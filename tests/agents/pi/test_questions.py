"""Questions to pi and its commands about settings and sessions: what is written, and what each version answers."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.agents.adapter import AgentAdapter
from cockpit.agents.pi.adapter import PiAdapter
from cockpit.agents.pi.answers import WIRE_NAMES
from cockpit.agents.pi.sessions import saved_sessions, sessions_script
from cockpit.agents.scaffold.layout import HOME_PATHS
from cockpit.model import inquiries as about
from cockpit.model.commands import conversation as order
from cockpit.model.events import Responded
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.inquiries import Question
from tests.agents.captures import events, objects

PI: AgentAdapter = PiAdapter()
TARGET = AgentId("vm-1")
ANNA = Agent(TARGET, "anna", AgentKind.WORKER, VmId("vm-1"), program="pi")

CAPTURES = {"0.73.1": "queries.jsonl", "0.87.1": "queries.v0.87.1.jsonl", "1.6.0": "queries.v1.6.0.jsonl"}
each_version = pytest.mark.parametrize("version", CAPTURES)


def of(version: str) -> Agent:
    """Return an agent of a version."""
    return replace(ANNA, version=version)


def said(version: str, command: str, number: int = 0) -> Responded:
    """Return a recorded answer as the decoder reads it."""
    found = [event for event in events(CAPTURES[version]) if isinstance(event, Responded) and event.command == command]
    return found[number]


def raw(version: str, command: str, number: int = 0) -> Any:
    """Return the data of a recorded answer as it was written."""
    return [line for line in objects(CAPTURES[version]) if line.get("command") == command][number]["data"]


def answer(version: str, question: Question[about.Told], number: int = 0) -> about.Told:
    """Return what a recorded answer says."""
    return PI.answer(question, said(version, WIRE_NAMES[question], number), of(version))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (order.SetModel(TARGET, "mock", "m/1"), {"type": "set_model", "provider": "mock", "modelId": "m/1"}),
        (order.SetThinking(TARGET, "high"), {"type": "set_thinking_level", "level": "high"}),
        (order.CompactContext(TARGET), {"type": "compact"}),
        (order.CompactContext(TARGET, "a\nb"), {"type": "compact", "customInstructions": "a\nb"}),
        (order.SetAutoCompaction(TARGET, enabled=False), {"type": "set_auto_compaction", "enabled": False}),
        (order.SetAutoRetry(TARGET, enabled=True), {"type": "set_auto_retry", "enabled": True}),
        (order.AbortRetry(TARGET), {"type": "abort_retry"}),
        (order.SetQueueMode(TARGET, "steering", "all"), {"type": "set_steering_mode", "mode": "all"}),
        (order.SetQueueMode(TARGET, "follow-up", "all"), {"type": "set_follow_up_mode", "mode": "all"}),
        (order.NewSession(TARGET), {"type": "new_session"}),
        (order.SwitchSession(TARGET, "/a b"), {"type": "switch_session", "sessionPath": "/a b"}),
        (order.NameSession(TARGET, "漢字"), {"type": "set_session_name", "name": "漢字"}),
        (order.ForkSession(TARGET, "f8e8"), {"type": "fork", "entryId": "f8e8"}),
        (order.CloneSession(TARGET), {"type": "clone"}),
        (order.RunShell(TARGET, "ls"), {"type": "bash", "command": "ls"}),
        (order.RunShellAside(TARGET, "ls"), {"type": "bash", "command": "ls", "excludeFromContext": True}),
        (order.AbortShell(TARGET), {"type": "abort_bash"}),
        (order.ExportPage(TARGET, "/x.html"), {"type": "export_html", "outputPath": "/x.html"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_command_is_one_line(command: order.ConversationCommand, expected: dict[str, Any]) -> None:
    data = PI.encode(command, CommandId("c1"), ANNA)
    assert data.count(b"\n") == 1 and data.endswith(b"\n")
    assert json.loads(data) == {"id": "c1", **expected}


def test_each_question_is_a_command_of_its_own() -> None:
    asked = {json.loads(PI.question("q", question))["type"] for question in WIRE_NAMES}
    assert len(asked) == len(WIRE_NAMES) and all(kind.startswith("get_") for kind in asked)


@each_version
def test_settings_and_models(version: str) -> None:
    setup, data = answer(version, about.STATE, 1), raw(version, "get_state", 1)
    assert setup.model is not None and setup.model.reference == "anthropic/claude-sonnet-4-5"
    assert (setup.session_id, setup.session_file) == (data["sessionId"], data["sessionFile"])
    assert (setup.thinking, setup.steering_mode, setup.auto_compaction) == ("medium", "one-at-a-time", True)
    models, listed = answer(version, about.MODELS), raw(version, "get_available_models")["models"]
    assert [one.reference for one in models] == [f"{one['provider']}/{one['id']}" for one in listed]
    assert [one.sees for one in models] == ["image" in one["input"] for one in listed]
    assert models[-1].input_price == listed[-1]["cost"]["input"]


@each_version
def test_statistics_say_whether_they_are_of_the_whole_conversation(version: str) -> None:
    figures, data = answer(version, about.STATISTICS), raw(version, "get_session_stats")
    assert (figures.tokens, figures.cost) == (data["tokens"]["total"], data["cost"])
    assert (figures.messages, figures.tool_calls) == (data["totalMessages"], 4)
    assert figures.context_tokens == data["contextUsage"]["tokens"]
    assert figures.whole is (version != "0.73.1")
    unknown = Responded("q", "get_session_stats", True, data={"contextUsage": {"tokens": None}})
    assert PI.answer(about.STATISTICS, unknown, of(version)).context_tokens is None


@each_version
def test_what_was_said(version: str) -> None:
    messages, data = answer(version, about.MESSAGES), raw(version, "get_messages")["messages"]
    assert len(messages) == len(data)
    kept = [one for one in messages if one.role != "system"]
    assert (kept[0].role, kept[0].text) == ("user", "mock:tools Run the checks.")
    assert [name for one in kept for name, _ in one.calls] == ["bash", "write", "edit", "read"]
    assert kept[2].role == "tool" and kept[2].title == "bash" and kept[2].text.startswith("step 1 of 25")
    assert answer(version, about.LAST_ANSWER) == kept[-1].text
    points = answer(version, about.FORK_POINTS, 1)
    assert points[0].text == kept[0].text and len(points) == 2
    stored = json.dumps(said(version, "get_messages").data)
    assert "thinkingSignature" not in stored, "what nobody reads is not kept"


@pytest.mark.parametrize("version", ["0.87.1", "1.6.0"])
def test_the_tree_and_the_levels_of_those_that_tell_them(version: str) -> None:
    tree, data = answer(version, about.TREE), raw(version, "get_entries")
    assert [entry.entry for entry in tree] == [entry["id"] for entry in data["entries"]]
    assert all(entry.current and entry.depth == 0 for entry in tree), "nobody went back in it"
    assert [entry.kind for entry in tree].count("shell") == 3
    assert answer(version, about.LEVELS) == ("off", "minimal", "low", "medium", "high")
    assert not PI.withholds(about.TREE, of(version)) and not PI.lacks(order.RunShellAside, of(version))


def test_a_tree_that_branches() -> None:
    entries = [
        {"type": "message", "id": name, "parentId": parent, "message": {"role": "user", "content": name}}
        for name, parent in (("a", None), ("b", "a"), ("c", "b"), ("d", "a"), ("e", "d"), ("f", "a"))
    ]
    line = json.dumps(
        {"type": "response", "command": "get_entries", "success": True, "data": {"entries": entries, "leafId": "e"}}
    )
    told = PI.decoder().decode(line.encode())
    assert isinstance(told, Responded)
    tree = PI.answer(about.TREE, told, ANNA)
    assert {entry.entry for entry in tree if entry.current} == {"a", "d", "e"}
    assert {entry.entry: entry.depth for entry in tree} == {"a": 0, "b": 0, "c": 0, "d": 1, "e": 1, "f": 1}


def test_versions_that_are_too_old_say_so_and_unknown_ones_claim_nothing() -> None:
    assert "0.80.3" in PI.withholds(about.TREE, of("0.73.1")) and "0.81" in PI.withholds(about.LEVELS, of("0.73.1"))
    assert "0.76" in PI.lacks(order.RunShellAside, of("0.73.1")) and not PI.lacks(order.RunShell, of("0.73.1"))
    assert "0.68" in PI.lacks(order.CloneSession, of("0.58.3")) and not PI.lacks(order.CloneSession, of("0.73.1"))
    assert not PI.withholds(about.TREE, of("")) and not PI.withholds(about.TREE, replace(ANNA, dialect="delta"))


@pytest.mark.parametrize("data", [None, [], 3, {}, {"models": 1, "commands": [3], "messages": [None], "entries": [[]]}])
def test_no_answer_makes_it_raise(data: Any) -> None:
    for question, name in WIRE_NAMES.items():
        line = json.dumps({"id": "q", "type": "response", "command": name, "success": True, "data": data}).encode()
        told = PI.decoder().decode(line)
        assert isinstance(told, Responded)
        PI.answer(question, told, ANNA)
    PI.outcome(data)


@each_version
def test_what_was_carried_out(version: str) -> None:
    first, second, third = (PI.outcome(said(version, "bash", number).data) for number in range(3))
    assert (first.text, first.exit_code, first.cut) == ("hello\noops\n", 4, False)
    assert second.cut and second.file and third.exit_code is None
    assert (
        PI.outcome(said(version, "fork").data).text
        == "mock:text(n=8) A second prompt, so that bash output is in the context."
    )
    assert PI.outcome(said(version, "export_html").data).file == "export.html"


def test_saved_sessions_are_listed_whatever_their_names(tmp_path: Path) -> None:
    home = tmp_path / "home"
    workspace = home / "workspace"
    workspace.mkdir(parents=True)
    own = home / ".pi" / "agent" / "sessions" / f"--{str(workspace).lstrip('/').replace('/', '-')}--"
    own.mkdir(parents=True)
    header = {"type": "session", "version": 3, "id": "s1", "cwd": "/x"}
    user = {
        "type": "message",
        "id": "a",
        "message": {"role": "user", "content": [{"type": "text", "text": "Hi\nthere"}]},
    }
    lines = [header, user, {"type": "session_info", "name": "old"}, {"type": "session_info", "name": "né 漢"}]
    dump = [json.dumps(line, separators=(",", ":"), ensure_ascii=False) for line in lines]
    (own / "one.jsonl").write_text("\n".join(dump) + "\n", encoding="utf-8")
    image = {"type": "image", "data": "A" * 5_000, "mimeType": "image/png"}
    for name, text in (("image", 'look: "\\n\ta\u2028b"'), ("long", "ab\\" * 3_000)):
        content = [{"type": "text", "text": text}, image]
        message = {"type": "message", "id": "a", "message": {"role": "user", "content": content}}
        (own / f"{name}.jsonl").write_text(json.dumps(message, separators=(",", ":")) + "\n", encoding="utf-8")
    (own / "$(touch PWNED) ' \x1b[31m.jsonl").write_text("no json\n", encoding="utf-8")
    (own / "empty.jsonl").touch()
    (own / "other.txt").touch()
    (own / "folder.jsonl").mkdir()

    def listed(file: str) -> dict[str, about.SavedSession]:
        done = subprocess.run(
            ["sh", "-c", sessions_script(HOME_PATHS, file)],
            env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=True,
        )
        return {Path(one.path).name: one for one in saved_sessions(done.stdout)}

    found = listed("")
    cut = {"image.jsonl", "long.jsonl"}
    assert set(found) == {"one.jsonl", "$(touch PWNED) ' \x1b[31m.jsonl", "empty.jsonl", *cut}
    assert found["image.jsonl"].first == 'look: "\\n a b"', "an image behind a text is no part of it"
    assert found["long.jsonl"].first == ("ab\\" * 3_000)[:200]
    one = found["one.jsonl"]
    assert (one.id, one.name, one.first, one.messages) == ("s1", "né 漢", "Hi there", 1)
    assert one.size == (own / "one.jsonl").stat().st_size and one.changed_at > 0
    assert listed(f"{own}/one.jsonl") == found, "beside the session it is in"
    assert listed("/nowhere/x.jsonl") == {} and not list(workspace.iterdir())
    assert saved_sessions(b"half\0of") == ()
