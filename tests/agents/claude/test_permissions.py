"""Questions of Claude Code and their answers: the whole input comes back, a rule is shown before it is added."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cockpit.agents.claude.adapter import ClaudeAdapter
from cockpit.agents.claude.permissions import ALLOW, REFUSE
from cockpit.engine.describe import text_of
from cockpit.model.commands.agent import Abort, Answer, FollowUp, Prompt, Steer
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import (
    Activity,
    Agent,
)
from cockpit.model.ids import CommandId
from cockpit.model.inbox.question import keys_of, refused
from cockpit.model.open_work import OpenDialog
from tests.agents.claude.captures import AGENT, lines, objects, records

ADAPTER = ClaudeAdapter()
ID = CommandId("command-1")


def asking(request: dict[str, Any]) -> tuple[Agent, DialogRequested]:
    """Return an agent that asks, and its question."""
    said = {"type": "control_request", "request_id": "ask-1", "request": {"subtype": "can_use_tool", **request}}
    question = records(json.dumps(said).encode())[0].event
    assert isinstance(question, DialogRequested)
    return replace(AGENT, activity=replace(Activity(), dialogs=(OpenDialog(question, 0.0),))), question


def told(agent: Agent, **answer: Any) -> dict[str, Any]:
    """Return what an answer tells Claude Code."""
    sent = json.loads(ADAPTER.encode(Answer(agent.id, "ask-1", **answer), ID, agent))
    assert sent["type"] == "control_response" and sent["response"]["request_id"] == "ask-1"
    inner = sent["response"]["response"]
    assert isinstance(inner, dict)
    return inner


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(given_input=st.dictionaries(st.text(), values, max_size=4))
def test_what_is_allowed_is_the_whole_input(given_input: dict[str, Any]) -> None:
    agent, question = asking({"tool_name": "Bash", "input": given_input})
    assert question.options == (ALLOW, REFUSE)
    assert [(one.key, one.also, one.refuses) for one in keys_of(question)] == [("1", "y", False), ("2", "n", True)]
    assert told(agent, value=ALLOW) == {"behavior": "allow", "updatedInput": given_input}
    assert told(agent, confirmed=True) == {"behavior": "allow", "updatedInput": given_input}
    for no in ({"value": REFUSE}, {"confirmed": False}, {"cancelled": True}):
        assert told(agent, **no)["behavior"] == "deny"
    assert "use the other one" in told(agent, value="use the other one")["message"]


def test_always_shows_the_rule_that_it_adds() -> None:
    [request] = [
        record["request"] for record in objects("interrupt_while_asking") if record["type"] == "control_request"
    ]
    agent, question = asking(request)
    assert "rm -rf build-output" in question.message
    rule = question.options[1]
    assert rule == "Always allow Bash(rm -rf build-output) (in the workspace's own settings, for good)"
    assert len(question.options) == len(request["permission_suggestions"]) + 2
    answer = told(agent, value=rule)
    assert answer["updatedPermissions"] == request["permission_suggestions"][:1]
    assert answer["updatedInput"] == request["input"]


def test_a_question_with_choices_is_answered_by_its_label() -> None:
    [request] = [record["request"] for record in objects("ask_user") if record["type"] == "control_request"]
    agent, question = asking(request)
    assert (question.method, question.title, question.options) == ("select", "Which colour?", ("red", "blue"))
    expected = {**request["input"], "answers": {"Which colour?": "blue"}}
    assert told(agent, value="blue") == {"behavior": "allow", "updatedInput": expected}


def test_several_questions_are_answered_in_one_text() -> None:
    options = [{"label": "a", "description": "first"}, {"label": "b", "description": "second"}]
    questions = [
        {"question": "Which?", "options": options, "multiSelect": True},
        {"question": "Why?", "options": options, "multiSelect": False},
    ]
    agent, question = asking({"tool_name": "AskUserQuestion", "input": {"questions": questions}})
    assert question.method == "editor" and "Which?" in question.prefill and "Why?" in question.prefill
    text = question.prefill.replace("A1: ", "A1: a, b").replace("A2: ", "A2: because")
    assert told(agent, value=text)["updatedInput"]["answers"] == {"Which?": "a, b", "Why?": "because"}


def test_it_is_said_that_a_sub_agent_asks() -> None:
    _, question = asking({"tool_name": "Bash", "input": {"command": "ls"}, "agent_id": "a1"})
    assert question.title == "May a sub-agent of it use Bash?"


def test_an_answer_to_a_question_that_is_gone_allows_nothing() -> None:
    assert told(AGENT, value=ALLOW)["behavior"] == "deny"


def test_texts_say_when_they_are_read_and_a_question_behind_them_has_the_id() -> None:
    busy = replace(AGENT, run_open=True)
    for command, agent, priority, kind in (
        (Prompt(AGENT.id, "x"), AGENT, "next", "prompt"),
        (Prompt(AGENT.id, "x"), busy, "later", "prompt"),
        (Steer(AGENT.id, "x"), busy, "next", "steer"),
        (FollowUp(AGENT.id, "x"), busy, "later", "follow_up"),
    ):
        text, question = (json.loads(line) for line in ADAPTER.encode(command, ID, agent).splitlines())
        assert text == {"type": "user", "message": {"role": "user", "content": "x"}, "priority": priority}
        answer = {"subtype": "success", "request_id": question["request_id"], "response": {"mcpServers": []}}
        [said] = [
            record.event for record in records(json.dumps({"type": "control_response", "response": answer}).encode())
        ]
        assert (said.command_id, said.command, said.success) == (ID, kind, True)  # type: ignore[union-attr]


def test_an_abort_interrupts_first_and_refuses_what_is_asked() -> None:
    agent, _ = asking({"tool_name": "Bash", "input": {}})
    interrupt, no = (json.loads(line) for line in ADAPTER.encode(Abort(agent.id), ID, agent).splitlines())
    assert interrupt["request"] == {"subtype": "interrupt"} and no["response"]["response"]["behavior"] == "deny"


def test_answers_keep_no_more_than_is_asked_for() -> None:
    secret = {"effective": {"env": {"TOKEN": "canary"}}, "applied": {"model": "claude-x"}}
    said = {
        "type": "control_response",
        "response": {"subtype": "success", "request_id": "get_state:q", "response": secret},
    }
    [record] = records(json.dumps(said).encode())
    assert "canary" not in repr(record.event) and ADAPTER.first_words(record.event) == "model claude-x"  # type: ignore[arg-type]
    assert all("canary" not in repr(record) for record in records(*lines("controls")))


def test_the_reason_of_a_no_stands_in_the_answer_to_what_was_asked() -> None:
    for wanted in (
        {"tool_name": "Bash", "input": {"command": "rm -r build"}},
        {"tool_name": "AskUserQuestion", "input": {"questions": [{"question": "Which?", "options": [{"label": "a"}]}]}},
    ):
        agent, _ = asking(wanted)
        request = agent.activity.dialogs[0].request
        no = refused(agent.id, request, " use the scratch directory\n")
        [answer] = [json.loads(line) for line in ADAPTER.encode(no, ID, agent).splitlines()]
        said = answer["response"]["response"]
        assert said == {"behavior": "deny", "message": "The operator refused this. use the scratch directory"}
        assert text_of(no) == "no: use the scratch directory"
