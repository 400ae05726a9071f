"""A fleet in which every text an outsider can write is hostile."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model import events as ev
from cockpit.model.board import FeedItem, Note, Task
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Fleet,
    Link,
    LinkState,
    Power,
    Process,
    ProcessState,
    Vm,
)
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import AgentId, CommandId, CommitId, OperationId, TaskId, agent_of
from cockpit.model.open_work import OpenDialog, OpenTool
from cockpit.model.operation import Operation, Step
from cockpit.model.receipts.receipt import Receipt, Stage
from tests.ui.fake_engine import NOW, FakeEngine
from tests.ui.scene import vm_id

HOSTILE = (
    "\x1b]52;c;aGk=\x07\x1bc\x9b31m\x90q\x9c[/][@click=app.quit]x[/][b]\u202egnp\u200b\u2066\x07\x1b]0;t\x1b\\é漢\u0301"
)
"""Clipboard write, full reset, C1 sequences, markup, a link, bidi, zero-width, a title, a wide character in one."""

FORBIDDEN = ("\x07", "\x1b", "\x90", "\x9b", "\x9c", "\x9d", "\u200b", "\u202e", "\u2066")
"""Characters that must never be drawn."""

DIALOGS = tuple(
    ev.DialogRequested(f"d-{method}", method, HOSTILE, HOSTILE, (HOSTILE, HOSTILE + "2"), HOSTILE, HOSTILE)
    for method in ("select", "confirm", "input", "editor")
)


def agent(number: int, activity: Activity, **changes: object) -> Agent:
    """Build an agent with hostile words everywhere."""
    made = Agent(
        agent_of(vm_id(number)),
        f"{HOSTILE}{number}",
        AgentKind.LIEUTENANT,
        vm_id(number),
        role=HOSTILE,
        program="pi",
        labels=(HOSTILE,),
        parent=HOSTILE,
        link=Link(LinkState.UP, NOW - 10, reason=HOSTILE),
        process=Process(ProcessState.ALIVE, NOW - 10, errors=(HOSTILE,)),
        activity=activity,
        model=HOSTILE,
        last_event_at=NOW - 1,
        last_text=HOSTILE,
        run_open=True,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def fleet() -> Fleet:
    """Build the fleet."""
    tool = OpenTool("t", HOSTILE, HOSTILE, NOW - 3)
    agents = (
        agent(1, Activity(ActivityState.WORKING, NOW - 3, detail=HOSTILE, tools=(tool,))),
        agent(
            2,
            Activity(ActivityState.ERROR, NOW - 3, error=HOSTILE),
            link=Link(LinkState.DOWN, NOW - 3, reason=HOSTILE),
        ),
        *(
            agent(3 + at, Activity(ActivityState.ASKING, NOW - 3, dialogs=(OpenDialog(dialog, NOW - 3),)))
            for at, dialog in enumerate(DIALOGS)
        ),
    )
    note = Note(HOSTILE, HOSTILE, HOSTILE, NOW - 9)
    task = Task(
        TaskId("t1"),
        HOSTILE,
        "in_progress",
        HOSTILE,
        HOSTILE,
        HOSTILE,
        (HOSTILE,),
        (TaskId(HOSTILE),),
        (note,),
        ((HOSTILE, HOSTILE, HOSTILE),),
        updated_at=NOW - 9,
    )
    receipts = tuple(
        Receipt(CommandId(f"c{at}"), one.id, HOSTILE, HOSTILE, Stage.FAILED, NOW - 2, (), HOSTILE)
        for at, one in enumerate(agents)
    )
    operation = Operation(
        OperationId("o1"),
        "spawn",
        HOSTILE,
        NOW - 9,
        (Step(HOSTILE, NOW - 9, None, HOSTILE, HOSTILE),),
        None,
        HOSTILE,
        HOSTILE,
    )
    return Fleet(
        1,
        HOSTILE,
        (
            *(Vm(one.vm_id, Power.RUNNING, NOW - 99, HOSTILE, HOSTILE) for one in agents),
            Vm(vm_id(99), Power.PAUSED, NOW - 99, HOSTILE, HOSTILE),
        ),
        agents,
        (task, replace(task, id=TaskId("t2"), status=HOSTILE)),
        (FeedItem("f1", HOSTILE, HOSTILE, HOSTILE, NOW - 4, HOSTILE),),
        receipts,
        (operation,),
        (ServiceHealth(HOSTILE, False, NOW - 9, HOSTILE),),
        (HOSTILE,),
    )


def tell(engine: FakeEngine, who: AgentId) -> None:
    """Fill a transcript with every kind of entry."""
    engine.say(who, ev.DaemonStarted("r", HOSTILE), ev.EpochStarted(HOSTILE), ev.MessageStarted("user", HOSTILE))
    engine.say(who, ev.RunStarted(), ev.MessageStarted("assistant"), ev.BlockStarted(0, "thinking"))
    engine.say(
        who,
        ev.ThinkingDelta(0, HOSTILE),
        ev.BlockStarted(1, "text"),
        ev.TextDelta(1, f"# {HOSTILE}\n- {HOSTILE}\n"),
    )
    engine.say(
        who,
        ev.MessageEnded(
            "assistant", (ev.Block("text", f"# {HOSTILE}\n`{HOSTILE}`\n```\n{HOSTILE}\n"),), None, "toolUse"
        ),
    )
    engine.say(who, ev.ToolStarted("a", HOSTILE, {"command": HOSTILE}), ev.ToolOutput("a", HOSTILE * 3))
    engine.say(who, ev.ToolEnded("a", HOSTILE, HOSTILE, True, diff=f"+{HOSTILE}\n-{HOSTILE}\n"))
    engine.say(
        who,
        ev.RetryStarted(1, 3, 2.0, HOSTILE),
        ev.RetryEnded(False, 1, HOSTILE),
        ev.CompactionStarted(HOSTILE),
    )
    engine.say(who, ev.CompactionEnded(HOSTILE, error=HOSTILE), ev.ExtensionNotice("notify", HOSTILE, HOSTILE))
    engine.say(who, ev.ExtensionFailed(HOSTILE, HOSTILE, HOSTILE), ev.Responded("x", HOSTILE, False, HOSTILE))
    engine.say(
        who,
        ev.SettingChanged(HOSTILE, HOSTILE),
        ev.UnknownEvent(HOSTILE, HOSTILE),
        ev.BrokenLine(HOSTILE, HOSTILE, 99),
    )
    engine.say(who, *DIALOGS[:1])


def hostile_engine() -> FakeEngine:
    """Build the engine double over the hostile fleet."""
    engine = FakeEngine(fleet())
    engine.image_list = ((CommitId("c1"), HOSTILE),)
    engine.facilities = replace(engine.facilities, programs=(("pi", HOSTILE), (HOSTILE, "")))
    for one in engine.fleet.agents:
        tell(engine, one.id)
    return engine
