"""Every text of another's that a look draws passes the sanitizer: each field, in each form in which it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pytest
from textual.content import Content

from cockpit.model.attention import Tally
from cockpit.model.board import FeedItem, Task
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Fleet,
    Power,
    Vm,
)
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import AgentId, CommandId, OperationId, TaskId, VmId
from cockpit.model.open_work import OpenDialog, OpenTool
from cockpit.model.operation import Operation, Step
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.look import bars
from cockpit.ui.look.header import header
from cockpit.ui.look.rows import feed, machines, panes, tasks
from cockpit.ui.look.tree import agent_tree
from tests.ui.fake_engine import NOW
from tests.ui.hostile import FORBIDDEN
from tests.ui.look.drawn import agent_line

WIDTH = 220
"""Cells: nothing is cut, so nothing hides behind the edge."""

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")


def foul(word: str) -> str:
    """Return a word with what must never be drawn behind it."""
    return f"{word}\x1b[2J\x90q\x9c\u202e\u2066\u200b\x07"


def operation(*steps: Step, error: str = "", hint: str = "", ended: bool = False) -> Operation:
    """Return an operation with hostile words in its head."""
    ended_at = NOW - 1 if ended else None
    return Operation(
        OperationId("o"), foul("Verb"), foul("Target"), NOW - 9, steps, ended_at, foul(error) if error else "", hint
    )


RUNNING_STEP = Step(foul("Step"), NOW - 3, detail=foul("Detail"))
DONE_STEP = Step(foul("Step"), NOW - 3, NOW - 2, detail=foul("Detail"))
FAILED_STEP = Step(foul("Step"), NOW - 3, NOW - 2, foul("Broke"), foul("Detail"))


def standing(*operations: Operation) -> Callable[[], Iterable[Content]]:
    """Draw what stands above the panes."""
    fleet = Fleet(1, operations=operations, notices=(foul("Notice"),))
    return lambda: bars.standing_lines(fleet, NOW, WIDTH)


def receipt(stage: Stage) -> Callable[[], Iterable[Content]]:
    """Draw a command at a stage."""
    made = Receipt(CommandId("c"), None, foul("Verb"), foul("Text"), stage, NOW - 9, ((stage, NOW),), foul("Reason"))
    return lambda: [bars.receipt_line(made, NOW, WIDTH)]


def agent(activity: Activity, **words: str) -> Callable[[], Iterable[Content]]:
    """Draw an agent's row."""
    made = Agent(
        AgentId(VM),
        foul("Name"),
        AgentKind.WORKER,
        VM,
        activity=activity,
        role=words.get("role", ""),
        last_text=words.get("last_text", ""),
    )
    (node,) = agent_tree([made])
    return lambda: [agent_line(node, None, NOW, WIDTH)]


DIALOG = OpenDialog(DialogRequested("d", "input", foul("Question")), NOW)
TOOL = OpenTool("t", foul("Tool"), foul("Summary"), NOW)
HEALTH = ServiceHealth(foul("Service"), False, NOW, foul("Reason"), foul("Hint"))
TASK = Task(TaskId("t"), foul("Title"), "open", foul("Assignee"))

DRAWN: Mapping[str, tuple[Callable[[], Iterable[Content]], set[str]]] = {
    "header": (lambda: [header(Fleet(1, foul("Source"), health=(HEALTH,)), NOW, Tally(), WIDTH)], {"Source"}),
    "notice": (standing(), {"Notice"}),
    "operation at a step": (standing(operation(RUNNING_STEP)), {"Verb", "Target", "Step"}),
    "operation failed at a step": (
        standing(operation(FAILED_STEP, error="Error", hint=foul("Hint"), ended=True)),
        {"Verb", "Target", "Step", "Error", "Hint"},
    ),
    "operation failed before a step": (standing(operation(error="Error", ended=True)), {"Verb", "Target", "Error"}),
    "step that runs": (lambda: bars.step_lines(operation(RUNNING_STEP), NOW, WIDTH), {"Step", "Detail"}),
    "step that is done": (lambda: bars.step_lines(operation(DONE_STEP, ended=True), NOW, WIDTH), {"Step", "Detail"}),
    "step that failed": (
        lambda: bars.step_lines(operation(FAILED_STEP, error="Error", hint=foul("Hint"), ended=True), NOW, WIDTH),
        {"Step", "Detail", "Broke", "Hint"},
    ),
    "failure without a step": (
        lambda: bars.step_lines(operation(error="Error", ended=True), NOW, WIDTH),
        {"Error"},
    ),
    **{f"command {stage.value}": (receipt(stage), {"Verb", "Text"}) for stage in Stage},
    "failed command": (receipt(Stage.FAILED), {"Reason"}),
    "unconfirmed command": (receipt(Stage.UNCONFIRMED), {"Reason"}),
    "agent that asks": (agent(Activity(ActivityState.ASKING, dialogs=(DIALOG,))), {"Name", "Question"}),
    "agent at a tool": (agent(Activity(ActivityState.WORKING, tools=(TOOL,))), {"Tool", "Summary"}),
    "agent in error": (agent(Activity(ActivityState.ERROR, error=foul("Error"))), {"Error"}),
    "agent that retries": (agent(Activity(ActivityState.RETRYING, error=foul("Error"))), {"Error"}),
    "agent at work": (agent(Activity(ActivityState.WORKING, detail=foul("Detail"))), {"Detail"}),
    "agent that said something": (agent(Activity(ActivityState.IDLE), last_text=foul("Said")), {"Said"}),
    "agent with a role": (agent(Activity(ActivityState.IDLE), role=foul("Role")), {"Role"}),
    "VM without an agent": (
        lambda: [machines.vm_row(Vm(VM, Power.RUNNING, label=foul("Label")), None, NOW, WIDTH)],
        {"Label"},
    ),
    "VM with a foul id": (lambda: [machines.vm_row(Vm(VmId(foul("Id")), Power.RUNNING), None, NOW, WIDTH)], {"Id"}),
    "column": (lambda: [tasks.status_heading(foul("Status"), 3, WIDTH)], {"Status"}),
    "task": (lambda: [tasks.task_row(TASK, NOW, WIDTH)], {"Title", "Assignee"}),
    "feed": (
        lambda: [feed.feed_row(FeedItem("f", foul("Agent"), foul("Kind"), foul("Summary"), NOW), NOW, WIDTH)],
        {"Agent", "Kind", "Summary"},
    ),
    "feed without a summary": (
        lambda: [feed.feed_row(FeedItem("f", "a", foul("Kind"), "", NOW), NOW, 40)],
        {"Kind"},
    ),
    "title": (
        lambda: [panes.title_line(panes.title(1, ours("Agents"), clean_line(foul("Filter"))), WIDTH)],
        {"Filter"},
    ),
    "empty pane": (
        lambda: [
            Content("\n".join(panes.unknown_because(Fleet(1, health=(HEALTH,)), (HEALTH.name,), ours("there is"))))
        ],
        {"Service", "Reason", "Hint"},
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_drawn_is_there_and_clean(name: str) -> None:
    lines, words = DRAWN[name]
    text = "\n".join(line.plain for line in lines())
    assert {word for word in words if word not in text} == set(), text
    assert [character for character in FORBIDDEN if character in text] == []
