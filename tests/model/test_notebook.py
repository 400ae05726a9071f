"""What is said of a text before it is sent, what is not kept of it, and what a template becomes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.board import Task
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Power,
    Vm,
)
from cockpit.model.ids import AgentId, TaskId, VmId
from cockpit.model.notebook.consequence import consequence
from cockpit.model.notebook.pitfalls import INLINE_FILE, pitfall
from cockpit.model.notebook.secrets import holds_secret
from cockpit.model.notebook.templates import filled, values_of
from cockpit.model.open_work import OpenTool

IDLE = Agent(AgentId("a"), "ada", AgentKind.WORKER, VmId("v"), activity=Activity(ActivityState.IDLE))
WORKING = replace(IDLE, run_open=True, activity=Activity(ActivityState.WORKING))
WITH_TOOL = replace(WORKING, activity=Activity(ActivityState.WORKING, tools=(OpenTool("1", "bash", "sleep 9", 0.0),)))
ASKING = replace(WORKING, activity=Activity(ActivityState.ASKING, beneath=ActivityState.WORKING))
QUEUED = replace(WORKING, activity=Activity(ActivityState.WORKING, follow_up=("one", "two"), steering=("three",)))
MODES = ("prompt", "steer", "follow-up")


@pytest.mark.parametrize(
    ("mode", "agent", "words"),
    [
        ("prompt", IDLE, "starts a run"),
        ("steer", IDLE, "becomes a prompt"),
        ("follow-up", IDLE, "becomes a prompt"),
        ("prompt", WORKING, "becomes a follow-up"),
        ("steer", WORKING, "before its next step"),
        ("steer", WITH_TOOL, "waits for the running tool (bash)"),
        ("steer", ASKING, "waits for your answer"),
        ("follow-up", WORKING, "waits for the end of the run"),
        ("follow-up", QUEUED, "behind 2 that wait"),
        ("steer", QUEUED, "behind 1 that waits"),
    ],
)
def test_what_becomes_of_a_text_is_said(mode: str, agent: Agent, words: str) -> None:
    assert words in consequence(mode, agent, None)


@pytest.mark.parametrize("power", [Power.PAUSED, Power.SLEEPING])
@pytest.mark.parametrize("mode", MODES)
def test_a_frozen_vm_is_said_whatever_the_agent_did(mode: str, power: Power) -> None:
    said = consequence(mode, WITH_TOOL, Vm(VmId("v"), power))
    assert power.value in said and "resumes" in said


@pytest.mark.parametrize(
    "text",
    [
        "use sk-ant-api03-abcdefghijklmnop for it",
        "export GITHUB=ghp_abcdefghijklmnopqrstuvwx",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl",
        "curl -H 'Authorization: Bearer abcdef0123456789'",
        "password: hunter2hunter2",
        'api_key = "0123456789abcdef"',
        "VERS_API_KEY=4c9f1e2d-aaaa-bbbb",
        "postgres://user:pa55word@db.example/x",
    ],
)
def test_what_looks_like_a_secret_is_told(text: str) -> None:
    assert holds_secret(text) and holds_secret(f"before\n{text}\nafter")


@pytest.mark.parametrize(
    "text",
    [
        "the token is refreshed too late: look at refresh_token()",
        "token = get_token(request)",
        "make the password field required",
        "def login(password: str) -> bool:",
        "see https://example.org:8080/a@b",
        "the sk-learn pipeline",
        "",
    ],
)
def test_talk_about_secrets_is_none(text: str) -> None:
    assert not holds_secret(text)


def test_a_whole_file_inline_is_told_of_and_talk_is_not() -> None:
    code = "\n".join(f"    value_{number} = compute({number})" for number in range(80))
    assert pitfall(f"Write this to src/a.py:\n```python\n{code}\n```\n") == INLINE_FILE
    assert pitfall(f"Write this to src/a.py:\n{code}") == INLINE_FILE
    talk = "\n".join(f"Point {number}. Say what you found there and go on" for number in range(90))
    assert not pitfall(talk) and not pitfall("```\nx = 1\n```") and not pitfall("")
    assert "\n" not in INLINE_FILE
    in_sight = INLINE_FILE[:72]
    assert all(word in in_sight for word in ("stale", "delete first", "verify")), "a border of 80 cells shows no more"


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    assert pitfall(text) in ("", INLINE_FILE) and holds_secret(text) in (True, False)


@given(st.text(), st.text(min_size=1).filter(lambda name: "{" not in name))
def test_a_template_takes_values_and_leaves_the_rest(text: str, name: str) -> None:
    plain = text.replace("{", "(")
    assert filled(plain, {"name": name}) == plain
    # A value is no template: what it holds is not filled in again.
    assert filled("{name}", {"name": "{role}", "role": "x"}) == "{role}"
    assert filled(f"{plain}{{name}}", {"name": name}) == f"{plain}{name}"


def test_the_values_of_an_agent() -> None:
    task = Task(TaskId("1"), "Pagination", "in_progress", "ada")
    done = Task(TaskId("2"), "Old", "done", "ada")
    values = values_of(IDLE, (done, task))
    assert filled("{name} works on {task} as {kind}; {unknown} and {role} stay", values) == (
        "ada works on Pagination as worker; {unknown} and {role} stay"
    )
