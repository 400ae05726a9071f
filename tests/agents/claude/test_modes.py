"""Permission modes of Claude Code: how one is set, what tells which one it is in, and what a relaunch keeps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cockpit.agents.adapter import LaunchSettings
from cockpit.agents.claude.adapter import ClaudeAdapter
from cockpit.agents.claude.launch import remote_program
from cockpit.agents.claude.modes import PERMISSION_MODES
from cockpit.agents.kinds import adapter_of
from cockpit.engine.commands.launch_record import spawn_of
from cockpit.model.commands.conversation import SetPermissionMode, SetThinking
from cockpit.model.ids import CommandId
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.model.refusals.spawn import of_mode
from tests.agents.claude.captures import AGENT, folded

ADAPTER = ClaudeAdapter()
WORDS = [word for word, _ in PERMISSION_MODES]


def line(**record: Any) -> bytes:
    """Return a record as a line."""
    return json.dumps(record).encode()


def request_of(mode: str) -> dict[str, Any]:
    """Return what is asked of it to set a mode."""
    asked = json.loads(ADAPTER.encode(SetPermissionMode(AGENT.id, mode), CommandId("ck-1"), AGENT))
    assert isinstance(asked, dict)
    return asked


STATUS = {"type": "system", "subtype": "status", "status": None}
START = line(type="cockpit_run", run="one", agent="claude")


def answered(mode: str) -> bytes:
    """Return the answer to a request for a mode: of a word that it does not know, too, it is a success."""
    response = {"subtype": "success", "request_id": request_of(mode)["request_id"], "response": {"mode": mode}}
    return line(type="control_response", response=response)


def test_the_mode_is_the_one_that_it_says_and_not_the_one_that_was_ordered() -> None:
    assert request_of("plan")["request"] == {"subtype": "set_permission_mode", "mode": "plan"}
    init = line(type="system", subtype="init", session_id="s", permissionMode="default")
    agent, _ = folded(START, init, answered("plan"))
    assert (agent.permission_mode, agent.permission_ordered) == ("default", "plan")
    agent, _ = folded(START, init, answered("plan"), line(**STATUS, permissionMode="plan"))
    assert agent.permission_mode == "plan"


def test_a_start_gets_what_was_ordered_and_not_what_an_answer_opened_for_one_process() -> None:
    opened = line(**STATUS, permissionMode="acceptEdits")
    agent, _ = folded(START, answered("plan"), opened, line(type="cockpit_run", run="two", agent="claude"))
    assert agent.permission_mode == "plan"
    program = remote_program("claude", LaunchSettings(), {})
    words = list(program.arguments(spawn_of(agent), "", True))
    assert words[words.index("--permission-mode") + 1] == "plan"
    agent, _ = folded(START, opened)
    assert "--permission-mode" not in program.arguments(spawn_of(agent), "", True)


def test_how_much_it_thinks_outlives_its_process() -> None:
    asked = json.loads(ADAPTER.encode(SetThinking(AGENT.id, "low"), CommandId("ck-1"), AGENT))
    response = {"subtype": "success", "request_id": asked["request_id"], "response": {}}
    agent, _ = folded(START, line(type="control_response", response=response))
    words = remote_program("claude", LaunchSettings(), {}).arguments(spawn_of(agent), "", False)
    assert list(words[:3]) == ["env", "MAX_THINKING_TOKENS=4000", "claude"]


@pytest.mark.parametrize(
    ("program", "mode", "code"),
    [
        ("claude", "plan", None),
        ("claude", "", None),
        ("claude", "Plan", RefusalCode.BAD_MODE),
        ("pi", "plan", RefusalCode.LACKING),
        ("scripted", "plan", RefusalCode.LACKING),
    ],
)
def test_a_word_that_a_kind_does_not_know_is_never_sent(program: str, mode: str, code: RefusalCode | None) -> None:
    refused = of_mode(mode, program, [word for word, _ in adapter_of(program).permission_modes])
    assert (refused.code if refused is not None else None) is code
    if code is RefusalCode.BAD_MODE:
        assert refused is not None and all(word in refused.sentence for word in WORDS)
