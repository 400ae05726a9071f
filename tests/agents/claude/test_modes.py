"""Permission modes of Claude Code: how one is set, what tells which one it is in, and what a relaunch keeps."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from cockpit.agents.adapter import LaunchSettings
from cockpit.agents.claude.adapter import ClaudeAdapter
from cockpit.agents.claude.launch import remote_program
from cockpit.agents.claude.modes import PERMISSION_MODES
from cockpit.agents.kinds import adapter_of
from cockpit.engine.commands.launch_record import spawn_of
from cockpit.model.commands.conversation import SetPermissionMode, SetThinking
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommandId
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.model.refusals.spawn import of_mode
from cockpit.model.transcript.entry import EntryKind
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
    agent, _ = folded(START, *answers_to_level("low"))
    words = list(remote_program("claude", LaunchSettings(), {}).arguments(spawn_of(agent), "", False))
    assert words[words.index("env") :][:3] == ["env", "MAX_THINKING_TOKENS=4000", "claude"]
    assert words[words.index("--effort") + 1] == "low"


def test_a_start_says_how_much_it_thinks_and_the_next_one_thinks_as_much() -> None:
    spawn = Spawn("ada", AgentKind.LIEUTENANT, thinking="medium")
    words = list(remote_program("claude", LaunchSettings(), {}).arguments(spawn, "", False))
    said = subprocess.run([*words[:3], "true"], capture_output=True, check=True, timeout=60).stdout
    agent, transcript = folded(START, said.rstrip(b"\n"))
    assert agent.thinking == "medium" == spawn_of(agent).thinking
    assert [entry.kind for entry in transcript.entries() if entry.kind is EntryKind.RAW] == []


def answers_to_level(level: str, *refused: str) -> list[bytes]:
    """Return the answers to the requests that set how much it thinks, as both versions give them."""
    said = []
    for asked in map(json.loads, ADAPTER.encode(SetThinking(AGENT.id, level), CommandId("ck-1"), AGENT).splitlines()):
        fails = asked["request"]["subtype"] in refused
        response = {"subtype": "error" if fails else "success", "request_id": asked["request_id"], "error": "no such"}
        said.append(line(type="control_response", response=response))
    return said


@pytest.mark.parametrize(
    ("level", "tokens", "effort"), [("off", 0, None), ("low", 4000, "low"), ("xhigh", 31999, "xhigh")]
)
def test_models_are_told_effort_and_tokens_and_to_think_not_at_all_is_no_effort(
    level: str, tokens: int, effort: str | None
) -> None:
    """A model that chooses by itself how long it thinks heeds the effort alone; older ones heed the tokens alone."""
    sent = ADAPTER.encode(SetThinking(AGENT.id, level), CommandId("ck-1"), AGENT).splitlines()
    bounds, settings = (json.loads(one)["request"] for one in sent)
    assert bounds == {"subtype": "set_max_thinking_tokens", "max_thinking_tokens": tokens}
    assert settings == {"subtype": "apply_flag_settings", "settings": {} if effort is None else {"effortLevel": effort}}
    words = list(
        remote_program("claude", LaunchSettings(), {}).arguments(
            Spawn("ada", AgentKind.LIEUTENANT, thinking=level), "", False
        )
    )
    assert f"MAX_THINKING_TOKENS={tokens}" in words
    assert (words[words.index("--effort") + 1] if "--effort" in words else None) == effort


def test_a_version_that_does_not_take_an_effort_is_not_shown_with_it() -> None:
    agent, _ = folded(START, *answers_to_level("low"), *answers_to_level("high", "apply_flag_settings"))
    assert agent.thinking == "low"


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
