"""The contract of the port for agents: every registered kind keeps it, over the recordings that speak its protocol."""

from __future__ import annotations

import json
import subprocess
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agents.adapter import AgentAdapter, LaunchSettings
from cockpit.agents.framing import LineSplitter
from cockpit.agents.kinds import ADAPTERS, USUAL, adapter_of, described
from cockpit.agents.scaffold.answers import Facts
from cockpit.agents.scaffold.layout import HOME_PATHS
from cockpit.model import events, inquiries
from cockpit.model.commands.agent import Abort, AgentCommand, Answer, ClearQueue, FollowUp, Prompt, Steer
from cockpit.model.commands.conversation import SetPermissionMode
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import (
    Activity,
    Agent,
    AgentKind,
)
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.open_work import OpenDialog
from cockpit.model.own.described import DescribedAgent
from tests.agents.captures import DIRECTORY, NAMES, lines

KINDS = (*ADAPTERS, *described({"shell": DescribedAgent(("sh", "agent.sh"), done="^== done", asking=r"\? $")}))
"""The registered kinds, and one that an operator describes."""

SHARED = {"pi": NAMES, "scripted": [name for name in NAMES if "v0.87.1" in name]}
"""Which recordings of pi these two kinds are held against, that speak one protocol."""


def recordings(adapter: AgentAdapter) -> dict[str, list[bytes]]:
    """Return the lines that agents of a kind have written: `tests/data/NAME/*.jsonl`, whatever kind it is."""
    if adapter.name in SHARED:
        return {name: lines(name) for name in SHARED[adapter.name]}
    own = sorted((DIRECTORY.parent / adapter.name.partition(":")[0]).glob("*.jsonl"))
    return {path.name: [line.data for line in LineSplitter().feed(path.read_bytes())] for path in own}


TARGET = AgentId("vm-1")
TEXT = 'plain "quoted" \t tab \u200d joiner \u2028 line \x00 nul 🤖'
COMMANDS: tuple[AgentCommand, ...] = (
    Prompt(TARGET, TEXT),
    Steer(TARGET, TEXT),
    FollowUp(TARGET, TEXT),
    Abort(TARGET),
    ClearQueue(TARGET),
    Answer(TARGET, "dialog", value=TEXT),
    Answer(TARGET, "dialog", confirmed=False),
    Answer(TARGET, "dialog", cancelled=True),
)

each = pytest.mark.parametrize("adapter", KINDS, ids=lambda adapter: adapter.name)


def agent_of(adapter: AgentAdapter) -> Agent:
    request = events.DialogRequested("open-dialog", "confirm", "Go on?")
    activity = replace(Activity(), dialogs=(OpenDialog(request, 0.0),))
    return Agent(TARGET, "anna", AgentKind.WORKER, VmId("vm-1"), program=adapter.name, activity=activity)


def holds(value: Any, text: str) -> bool:
    """Say whether a text stands somewhere in what was parsed, unchanged."""
    if isinstance(value, dict | list):
        return any(holds(part, text) for part in (value.values() if isinstance(value, dict) else value))
    return bool(value == text)


def saved_in(kind: str, directory: Path) -> str:
    """Return where agents of a kind save a conversation held in a directory, below the home directory."""
    if kind == "claude":
        flat = "".join(letter if letter.isalnum() else "-" for letter in str(directory))
        return f".claude/projects/{flat}/5e1f0c1a-0000-4000-8000-000000000001.jsonl"
    return f".pi/agent/sessions/--{str(directory).lstrip('/').replace('/', '-')}--/one.jsonl"


def test_kinds_have_names_of_their_own() -> None:
    assert len({adapter.name for adapter in KINDS}) == len(KINDS)
    assert all(adapter_of(adapter.name) is adapter for adapter in ADAPTERS)
    assert all(adapter_of(adapter.name).name == adapter.name for adapter in KINDS)
    assert adapter_of("a program of somebody else") is USUAL


@each
def test_every_line_of_a_recording_is_an_event(adapter: AgentAdapter) -> None:
    recorded = recordings(adapter)
    assert any(recorded.values()), "a kind without recordings proves nothing"
    kinds: set[type] = set()
    for name, said in recorded.items():
        decoder = adapter.decoder()
        assert decoder.wire_rules is None, "nothing may be left out before the output has shown that it repeats itself"
        for line in said:
            first = decoder.decode(line)
            kinds.add(type(first))
            assert isinstance(first, events.Event), name
            assert decoder.decode(line) == first, f"{name}: a line that is read again means the same"
    assert kinds - {events.UnknownEvent, events.BrokenLine}, "a decoder that knows no line of its agents is none"


@each
def test_the_scaffolds_own_lines_are_read_whatever_the_agent_speaks(adapter: AgentAdapter) -> None:
    """A start and an end stand in the agent's output, written by `launch.sh`; without them a death shows late."""
    decoder = adapter.decoder()
    began = b'{"type":"cockpit_run","run":"r1","agent":"%s"}' % adapter.name.encode()
    assert decoder.decode(began) == events.DaemonStarted("r1", adapter.name)
    assert decoder.decode(b'{"type":"cockpit_exit","run":"r1","code":137}') == events.DaemonExited("r1", 137)


@each
def test_an_empty_line_is_no_event_of_the_agent(adapter: AgentAdapter) -> None:
    assert isinstance(adapter.decoder().decode(b""), events.BrokenLine)


@each
@given(line=st.binary(max_size=400), truncated=st.booleans())
def test_no_line_raises(adapter: AgentAdapter, line: bytes, truncated: bool) -> None:
    assert type(adapter.decoder().decode(line.replace(b"\n", b""), truncated, 9_999_999)).__module__ == events.__name__


@each
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_commands_are_whole_lines_that_carry_the_text_and_the_id(adapter: AgentAdapter, command: AgentCommand) -> None:
    agent = agent_of(adapter)
    if adapter.lacks(type(command), agent):
        return
    data = adapter.encode(command, CommandId("command-1"), agent)
    assert data.endswith(b"\n") and b"\r" not in data
    sent = [json.loads(line) for line in data.split(b"\n")[:-1]]
    assert all(isinstance(record, dict) for record in sent)
    if isinstance(command, Prompt | Steer | FollowUp | Abort):
        assert b"command-1" in data
    if isinstance(command, Prompt | Steer | FollowUp):
        assert any(holds(record, TEXT) for record in sent), "what the operator typed arrives as it was typed"
    if isinstance(command, Abort) and not adapter.lacks(Answer, agent):
        assert b"open-dialog" in data, "an abort may not wait behind a question"


@each
def test_what_an_agent_lacks_has_a_reason_in_words(adapter: AgentAdapter) -> None:
    agent = agent_of(adapter)
    for command in get_args(AgentCommand):
        reason = adapter.lacks(command, agent)
        assert reason == reason.strip() and "\n" not in reason


@each
def test_every_act_works_or_says_why_not(adapter: AgentAdapter) -> None:
    """Each declared act and each question: bytes that carry what was ordered, or a sentence in the agent's name."""
    agent = agent_of(adapter)
    samples = {"bool": True, "str": TEXT, "AgentId": TARGET}
    for command in get_args(AgentCommand):
        needed = [one for one in fields(command) if one.default is MISSING and one.default_factory is MISSING]
        order = command(**{one.name: samples[str(one.type)] for one in needed})
        if reason := adapter.lacks(command, agent):
            assert len(reason.split()) > 3, f"{command.__name__}: no reason that helps"
        elif command is not SetPermissionMode or adapter.permission_modes:
            data = adapter.encode(order, CommandId("command-1"), agent)
            assert data.endswith(b"\n"), f"{command.__name__} is neither carried out nor refused"
    for question in (one for one in vars(inquiries).values() if isinstance(one, inquiries.Question)):
        if reason := adapter.withholds(question, agent):
            assert len(reason.split()) > 3, f"{question.name}: no reason that helps"
        else:
            asked = adapter.question("question-1", question)
            assert isinstance(json.loads(asked), dict) and b"question-1" in asked, question.name


@each
def test_the_question_is_one_line_with_its_id(adapter: AgentAdapter) -> None:
    data = adapter.question("question-1")
    assert data.endswith(b"\n") and data.count(b"\n") == 1 and b"question-1" in data
    assert isinstance(json.loads(data), dict)


@each
def test_programs_name_their_kind_and_start_with_words(adapter: AgentAdapter) -> None:
    spawn = Spawn("anna", AgentKind.WORKER, "tests", labels=("team:a",))
    for program in (
        adapter.local_program(LaunchSettings(), {"PATH": "/nowhere"}),
        adapter.remote_program(LaunchSettings(), {}),
    ):
        assert program.name == adapter.name
        assert adapter_of(program.name).name == adapter.name
        for again in (False, True):
            arguments = program.arguments(spawn, "~/.swarm/instructions.md", again)
            assert arguments and not any("\0" in word for word in arguments)
        assert all(not path.startswith("/") and isinstance(content, bytes) for path, content in program.files)


@each
def test_a_vm_without_the_program_is_said_to_lack_it_unless_it_is_brought(adapter: AgentAdapter) -> None:
    bare = Facts(programs={}, versions={}, path="/usr/bin")
    program = adapter.remote_program(LaunchSettings(), {})
    reason = adapter.missing_reason(program, bare, "VM vm-9")
    assert not reason or ("vm-9" in reason and "/usr/bin" in reason)
    assert not adapter.missing_reason(replace(program, brought=True), bare, "VM vm-9")


@each
def test_words_about_a_start_never_fail_and_show_no_value(adapter: AgentAdapter) -> None:
    answers: tuple[Any, ...] = (None, [], {}, {"model": 3}, {"model": {"id": None}}, {"model": {"id": "m"}})
    for data in answers:
        assert "None" not in adapter.first_words(events.Responded("q", "get_state", True, data=data))
    assert "secret" not in adapter.passed_words({"A_KEY": "secret"})
    assert "secret" in adapter.secret_values(["A_KEY"], {"A_KEY": "secret"})


@each
def test_a_copied_conversation_is_moved_by_a_script(adapter: AgentAdapter) -> None:
    script = adapter.move_conversation_script(HOME_PATHS)
    assert "\0" not in script and (script == ":" or '"$HOME"' in script), "`:` where a kind keeps no conversation"


@each
def test_a_conversation_that_is_in_no_file_is_found_out(adapter: AgentAdapter, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "workspace").mkdir(parents=True)
    script = adapter.has_conversation_script(HOME_PATHS)

    def code() -> int:
        environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
        return subprocess.run(["sh", "-c", script], env=environment, check=False).returncode

    if script == ":":
        return
    assert code() != 0
    if script == "false":
        return  # what such an agent knows is in its process alone
    for directory, kept in ((home / "elsewhere", False), (home / "workspace", True)):
        file = home / saved_in(adapter.name, directory)
        file.parent.mkdir(parents=True)
        file.touch()
        assert (code() == 0) is kept, "one of another directory is none"
