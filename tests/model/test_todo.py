"""What a tool call tells of the steps an agent means to do; anything may stand in a call."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model import events as ev
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from cockpit.model.todo import LONGEST, MOST, PlannedStep, StepState, steps_in
from cockpit.model.transcript.transcript import Transcript

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["todos", "plan", "items", "content", "text", "status", "done", "x"]), inner)
    ),
    max_leaves=30,
)


@given(st.sampled_from(["TodoWrite", "update_plan", "bash", "", "UPDATE_PLAN"]), ANYTHING)
def test_any_call_is_read_without_failing_and_within_bounds(name: str, arguments: Any) -> None:
    found = steps_in(name, arguments)
    if found is not None:
        assert name != "bash" and len(found) <= MOST
        assert all(step.text and len(step.text) <= LONGEST and "\n" not in step.text for step in found)


def test_the_lists_of_known_tools_are_read_and_the_last_one_counts() -> None:
    claude: dict[str, Any] = {
        "todos": [
            {"content": "Parse", "status": "completed"},
            {"content": "Join", "status": "in_progress"},
            {"content": "Bound", "status": "pending"},
        ]
    }
    codex: dict[str, Any] = {"explanation": "", "plan": [{"step": "Read", "status": "completed"}]}
    pi: dict[str, Any] = {"items": [{"text": "Ask", "done": True}, "then tell"]}
    assert steps_in("TodoWrite", claude) == (
        PlannedStep("Parse", StepState.DONE),
        PlannedStep("Join", StepState.NOW),
        PlannedStep("Bound"),
    )
    assert steps_in("update_plan", codex) == (PlannedStep("Read", StepState.DONE),)
    assert steps_in("todo", pi) == (PlannedStep("Ask", StepState.DONE), PlannedStep("then tell"))
    transcript = Transcript()
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("TodoWrite", claude),
        ("bash", {**codex, "plan": None}),
        ("todo", {"action": "list"}),
        ("todo", pi),
    )
    for line, (name, arguments) in enumerate(calls, 1):
        transcript.apply(Record(AgentId("a"), 1, line, 0, 1, 1.0, ev.ToolStarted(str(line), name, arguments)))
    assert transcript.steps == steps_in("todo", pi)
    transcript.apply(Record(AgentId("a"), 1, 9, 0, 1, 1.0, ev.ToolStarted("9", "TodoWrite", {"todos": []})))
    assert transcript.steps == ()
