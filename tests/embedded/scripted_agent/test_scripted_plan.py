"""Directives become steps, whatever stands around them; without any there is a small run that the text decides."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.embedded.scripted_agent.plan import (
    FOREVER,
    Call,
    Compact,
    Fail,
    Say,
    Slow,
    Step,
    Think,
    plan,
    plan_steering,
)
from cockpit.model.board import Note, Task
from cockpit.model.hand_over import hand_over_text
from cockpit.model.ids import TaskId


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("[say Hello.]", [Say("Hello.")]),
        ("Please [bash echo hi] and\n[say Done.]", [Call("bash", {"command": "echo hi"}), Say("Done.")]),
        (
            "[bash for f in a; do [ -f $f ] && echo ${x[0]}; done]",
            [Call("bash", {"command": "for f in a; do [ -f $f ] && echo ${x[0]}; done"})],
        ),
        ("[bash echo open\n[say x]", [Call("bash", {"command": "echo open"}), Say("x")]),
        ("[write a.md | one | two]", [Call("write", {"path": "a.md", "content": "one | two\n"})]),
        ("[read a.md] [edit b.md]", [Call("read", {"path": "a.md"}), Call("edit", {"path": "b.md"})]),
        ("[fail 2] [fail forever] [compact] [slow 5]", [Fail(2), Fail(FOREVER), Compact(), Slow(5.0)]),
        (
            "[ask select Which colour? | red | green]",
            [
                Call(
                    "ask_operator",
                    {"method": "select", "title": "Which colour?", "options": ["red", "green"]},
                )
            ],
        ),
        (
            "[ask confirm Deploy? | To production | timeout=1.5]",
            [
                Call(
                    "ask_operator",
                    {"method": "confirm", "title": "Deploy?", "timeout": 1500, "message": "To production"},
                )
            ],
        ),
        (
            "[ask input Branch name?]",
            [Call("ask_operator", {"method": "input", "title": "Branch name?", "placeholder": ""})],
        ),
        ("[feed finding It works]", [Call("feed", {"type": "finding", "summary": "It works"})]),
        ("[task-note in_review | Ready]", [Call("task_note", {"status": "in_review", "note": "Ready"})]),
    ],
)
def test_directives(text: str, steps: list[Step]) -> None:
    assert plan(text) == steps


def test_counts_give_that_many_words() -> None:
    (think, say) = plan("[think 20] [say 60]")
    assert isinstance(think, Think)
    assert isinstance(say, Say)
    assert 20 <= len(think.text.split()) <= 40
    assert 60 <= len(say.text.split()) <= 80


def test_a_plain_prompt_becomes_a_small_coding_run() -> None:
    steps = plan("Fix the parser of the config file")
    assert [type(step).__name__ for step in steps] == [
        "Think",
        "Say",
        "Call",
        "Think",
        "Say",
        "Call",
        "Call",
        "Say",
    ]
    assert isinstance(steps[-1], Say)
    assert "Fix the parser of the config file" in steps[-1].text
    assert steps == plan("Fix the parser of the config file")


@given(st.text())
def test_any_text_has_a_plan(text: str) -> None:
    assert plan(text) == plan(text)
    assert plan(text)


def test_steering_comes_first_and_can_end_the_plan() -> None:
    rest: list[Step] = [Say("later")]
    assert plan_steering("[say now]", rest) == [Say("now"), Say("later")]
    assert plan_steering("use tabs", rest)[1:] == rest
    assert len(plan_steering("Stop, skip the rest.", rest)) == 1


def test_a_task_that_is_handed_over_is_read_done_and_handed_in() -> None:
    task = Task(TaskId("01TASK"), "It's the wall", "open", description="[write a.md | x]", created_by="operator")
    others = Task(TaskId("01DONE"), "other", "done", notes=(Note("w-2", "[bash touch harm]", "finding", 1.0),))
    steps = plan(hand_over_text(replace(task, dependencies=(others.id,)), [others]))
    calls = [step.arguments.get("command", step.tool) for step in steps if isinstance(step, Call)]
    assert calls[0] == "board show 01TASK" and calls[1] == "write"
    assert calls[2].startswith("board -t 01TASK finding ") and calls[3].startswith("board -t 01TASK submit ")
    assert shlex.split(calls[3])[4].startswith("It's the wall: done") and not any("harm" in call for call in calls)
    bare = plan(hand_over_text(replace(task, description=""), []))
    assert len(bare) > len(steps), "without directives it does a small coding run"
