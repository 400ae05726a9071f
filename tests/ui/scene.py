"""A believable fleet for pictures and tests: an architect, two lieutenants, three workers, a board, a feed.

Run it to look at the cockpit: `python -m tests.ui.scene [--live] [--theme NAME] [--read-only] [--empty] [--hostile]`.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path

from cockpit.model import events as ev
from cockpit.model.board import FeedItem, Note, Task
from cockpit.model.content import Usage
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
from cockpit.model.ids import AgentId, CommandId, TaskId, VmId, agent_of
from cockpit.model.open_work import OpenDialog, OpenTool
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.size import VmSize
from cockpit.model.usage.spending import DaySpending, Spending
from tests.ui.fake_engine import NOW, FakeEngine

UP = Link(LinkState.UP, NOW - 8000, last_byte_at=NOW - 2)
ALIVE = Process(ProcessState.ALIVE, NOW - 8000)


def vm_id(number: int) -> VmId:
    """Return the id of the scene's n-th VM."""
    return VmId(f"{number:08x}-5c0f-4a11-9d00-{number * 7919:012x}")


def make_agent(
    number: int,
    name: str,
    kind: AgentKind,
    activity: Activity,
    *,
    parent: str = "",
    role: str = "",
    **changes: object,
) -> Agent:
    """Build an agent whose link is up and whose process lives, unless said otherwise."""
    values: dict[str, object] = {
        "link": UP,
        "process": ALIVE,
        "model": "claude-sonnet-4-5",
        "context_window": 200_000,
        "last_event_at": NOW - number * 3,
        "last_work_at": NOW - number * 3,
        "run_open": activity.state in (ActivityState.WORKING, ActivityState.ASKING, ActivityState.RETRYING),
    }
    values.update(changes)
    return Agent(
        agent_of(vm_id(number)),
        name,
        kind,
        vm_id(number),
        role=role,
        parent=parent,
        activity=activity,
        **{"program": "pi", **values},  # type: ignore[arg-type]
    )


DIALOG = ev.DialogRequested(
    "d1",
    "select",
    "Which token lifetime?",
    "The RFC draft and the tests disagree.",
    ("15 minutes, as the draft says", "1 hour, as the tests expect", "make it a setting"),
)


def agents() -> tuple[Agent, ...]:
    """Build the scene's agents."""
    working = ActivityState.WORKING
    pytest_run = OpenTool("t1", "bash", "pytest -q tests/api --maxfail=1", NOW - 41)
    return (
        make_agent(
            1,
            "vitruvius",
            AgentKind.ARCHITECT,
            Activity(working, NOW - 95, detail="thinking"),
            role="splits the work",
            last_text="What is left for 1.0: pagination, tokens, the settings page.",
            turns=31,
            usage=Usage(812_000, 41_000, 90_000, 0, 4.18),
            context_tokens=88_000,
        ),
        make_agent(
            2,
            "lt-api",
            AgentKind.LIEUTENANT,
            Activity(working, NOW - 41, tools=(pytest_run,)),
            role="owns the HTTP API",
            last_text="Understood: numeric cursors stay valid. Running the API tests.",
            turns=12,
            usage=Usage(310_000, 22_400, 0, 0, 1.34),
            context_tokens=61_000,
        ),
        make_agent(
            3,
            "lt-web",
            AgentKind.LIEUTENANT,
            Activity(
                ActivityState.RETRYING,
                NOW - 18,
                retry_attempt=2,
                retry_of=3,
                retry_at=NOW + 12,
                error="529 overloaded_error: the service is busy",
            ),
            role="owns the web client",
            usage=Usage(95_000, 9_100, 0, 0, 0.52),
            context_tokens=24_000,
        ),
        make_agent(
            4,
            "w-tokens",
            AgentKind.WORKER,
            Activity(ActivityState.ASKING, NOW - 132, dialogs=(OpenDialog(DIALOG, NOW - 132),)),
            parent="lt-api",
            role="refresh tokens",
            last_event_at=NOW - 132,
        ),
        make_agent(
            5,
            "w-docs",
            AgentKind.WORKER,
            Activity(ActivityState.DONE_UNSEEN, NOW - 300),
            parent="lt-api",
            role="write the changelog",
            last_event_at=NOW - 300,
            last_text="The changelog covers 0.9 to 1.0.",
        ),
        make_agent(
            6,
            "w-e2e",
            AgentKind.WORKER,
            Activity(ActivityState.ERROR, NOW - 640, error="exit 137"),
            parent="lt-web",
            role="end-to-end tests",
            program="scripted",
            last_event_at=NOW - 640,
            process=Process(ProcessState.DEAD, NOW - 640, 137, ("Killed",)),
        ),
    )


def board() -> tuple[Task, ...]:
    """Build the scene's tasks."""
    return (
        Task(
            TaskId("01JTASK1"),
            "Refresh tokens survive a restart",
            "in_progress",
            "w-tokens",
            created_by="vitruvius",
            description="Store them hashed.\nA restart of the API must not log anybody out.",
            tags=("auth", "api"),
            notes=(Note("w-tokens", "The draft and the tests disagree on the lifetime.", "question", NOW - 140),),
            created_at=NOW - 9000,
            updated_at=NOW - 140,
        ),
        Task(
            TaskId("01JTASK2"),
            "Pagination for /events",
            "in_progress",
            "lt-api",
            updated_at=NOW - 700,
            created_at=NOW - 9000,
        ),
        Task(
            TaskId("01JTASK3"),
            "Changelog for 1.0",
            "in_review",
            "w-docs",
            updated_at=NOW - 300,
            created_at=NOW - 7000,
            notes=(
                Note("w-docs", "Ready to read.", "update", NOW - 300),
                Note("lt-api", "One typo.", "finding", NOW - 200),
            ),
        ),
        Task(
            TaskId("01JTASK4"),
            "Browser tests run headless",
            "blocked",
            "w-e2e",
            updated_at=NOW - 640,
            created_at=NOW - 6000,
            notes=(Note("w-e2e", "Out of memory on the small image.", "blocker", NOW - 640),),
            dependencies=(TaskId("01JTASK2"),),
        ),
        Task(
            TaskId("01JTASK5"),
            "Dark mode for the settings page",
            "open",
            updated_at=NOW - 4000,
            created_at=NOW - 6000,
        ),
        Task(
            TaskId("01JTASK6"),
            "Health endpoint",
            "done",
            "lt-api",
            updated_at=NOW - 5200,
            created_at=NOW - 9000,
        ),
    )


def feed() -> tuple[FeedItem, ...]:
    """Build the scene's feed, oldest first."""
    entries = (
        (5200, "lt-api", "task_completed", "Health endpoint is live"),
        (4000, "vitruvius", "task_created", "Dark mode for the settings page"),
        (1900, "vitruvius", "agent_started", "spawned w-docs for the changelog"),
        (700, "lt-api", "task_started", "Pagination for /events"),
        (640, "w-e2e", "blocker", "browser killed: out of memory"),
        (300, "w-docs", "task_completed", "Changelog covers 0.9 to 1.0"),
        (140, "w-tokens", "question", "token lifetime: draft or tests?"),
        (41, "lt-api", "progress", "47 of 52 API tests pass"),
    )
    return tuple(
        FeedItem(f"f{number}", agent, kind, summary, NOW - ago)
        for number, (ago, agent, kind, summary) in enumerate(entries)
    )


def fleet() -> Fleet:
    """Build the scene."""
    everyone = agents()
    vms = tuple(
        Vm(agent.vm_id, Power.RUNNING, NOW - 9000 + index * 600, label=agent.name, seen_at=NOW - 1, size=VmSize())
        for index, agent in enumerate(everyone)
    )
    orphan = Vm(vm_id(9), Power.PAUSED, NOW - 200_000, label="golden-build", seen_at=NOW - 1, size=VmSize(16, 65536, 0))
    receipt = Receipt(
        CommandId("c0"),
        everyone[1].id,
        "steer",
        "Keep the old cursor format readable",
        Stage.CONSUMED,
        NOW - 20,
        (
            (Stage.WRITTEN, NOW - 20),
            (Stage.ACCEPTED, NOW - 19.8),
            (Stage.STEERING, NOW - 19.7),
            (Stage.CONSUMED, NOW - 12),
        ),
    )
    health = tuple(ServiceHealth(name, True, NOW - 9000) for name in ("vers", "board", "feed", "registry"))
    return Fleet(
        1,
        "embedded",
        (*vms, orphan),
        everyone,
        board(),
        feed(),
        (receipt,),
        health=health,
        pulses=PULSES,
        spending=Spending(DAY),
    )


PULSES = {
    agent_of(vm_id(1)): (90, 400, 1500, 5000, 2400, 700, 1800),
    agent_of(vm_id(2)): (1200, 3000, 9000, 20000, 4000, 12000, 30000, 8000),
    agent_of(vm_id(3)): (300, 100, 40),
    agent_of(vm_id(4)): (700, 2500, 300, 60),
}
"""What came from some of the agents."""

DAY = DaySpending(Usage(1_240_000, 72_500, cost=6.04), tokens_per_minute=41_000, course=(1.0, 2.0, 5.0, 3.0, 2.0, 4.0))
"""What the fleet spent today."""

DIFF = """--- a/api/events.py
+++ b/api/events.py
@@ -41,7 +41,9 @@ def list_events(cursor: str | None, limit: int = 50):
-    offset = int(cursor or 0)
-    rows = store.events(offset, limit)
+    after = Cursor.parse(cursor) if cursor else Cursor.start()
+    rows = store.events_after(after, min(limit, MAX_PAGE))
+    following = Cursor.of(rows[-1]) if len(rows) == limit else None
     return Page(rows, following)
"""

GREEN, RED, BOLD, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[1m", "\x1b[0m"

PYTEST = (
    f"{BOLD}==================== test session starts ===================={PLAIN}\n"
    "collected 52 items\n\n"
    f"tests/api/test_events.py {GREEN}................{RED}F{GREEN}......{PLAIN}    [ 44%]\n"
    f"tests/api/test_health.py {GREEN}....{PLAIN}                       [ 51%]\n"
    f"tests/api/test_tokens.py {GREEN}....................{PLAIN}       [ 90%]\n"
    f"{RED}FAILED{PLAIN} test_events.py::test_cursor_round_trip\n"
)

THINKING = "Offsets shift when rows go.\nA cursor over (created_at, id) is stable.\nThe old cursor must stay readable."

PLAN = (
    "I will page by a **cursor over `(created_at, id)`**. Three steps:\n\n"
    "1. add `Cursor` with a parser that also reads the old numeric form\n"
    "2. `store.events_after()` with an index that matches\n"
    "3. keep `limit` bounded by `MAX_PAGE`\n"
)

SPLIT = (
    "## What is left for 1.0\n\n"
    "- `lt-api` owns pagination and the tokens\n"
    "- `lt-web` owns the settings page\n\n"
    "Dark mode can wait until the settings page is merged.\n"
)


def answer(engine: FakeEngine, who: AgentId, at: float, text: str, thinking: str = "") -> None:
    """Let an agent write an answer."""
    engine.say(who, ev.MessageStarted("assistant"), at=at)
    blocks = [ev.Block("thinking", thinking)] if thinking else []
    blocks.append(ev.Block("text", text))
    for index, block in enumerate(blocks):
        delta = ev.ThinkingDelta if block.kind == "thinking" else ev.TextDelta
        engine.say(who, ev.BlockStarted(index, block.kind), delta(index, block.text), at=at)
        engine.say(who, ev.BlockEnded(index, block.kind, block.text), at=at)
    engine.say(who, ev.MessageEnded("assistant", tuple(blocks), Usage(9000, 400), "toolUse"), at=at)


def tell_story(engine: FakeEngine) -> None:
    """Fill the transcripts."""
    architect = agent_of(vm_id(1))
    engine.say(architect, ev.MessageStarted("user", "Plan the 1.0 release with the two lieutenants."), at=NOW - 900)
    engine.say(architect, ev.RunStarted(), at=NOW - 899)
    answer(engine, architect, NOW - 890, SPLIT)
    who = agent_of(vm_id(2))
    start = NOW - 700
    engine.say(who, ev.DaemonStarted("r1", "pi"), at=start)
    prompt = "Give /events a stable pagination. Offsets break when rows are deleted."
    engine.say(who, ev.MessageStarted("user", prompt), ev.RunStarted(), ev.TurnStarted(), at=start)
    answer(engine, who, start + 8, PLAN, THINKING)
    engine.say(who, ev.ToolStarted("a", "edit", {"path": "api/events.py"}), at=start + 20)
    engine.say(who, ev.ToolEnded("a", "edit", "ok", diff=DIFF), at=start + 21)
    steer = "Keep the old cursor format readable"
    engine.say(
        who,
        ev.QueueChanged((steer,), ()),
        ev.QueueChanged((), ()),
        ev.MessageStarted("user", steer),
        at=NOW - 12,
    )
    answer(engine, who, NOW - 10, "Understood: numeric cursors stay valid. Running the API tests.")
    engine.say(who, ev.ToolStarted("t1", "bash", {"command": "pytest -q tests/api --maxfail=1"}), at=NOW - 8)
    engine.say(who, ev.ToolOutput("t1", PYTEST, "bash"), at=NOW - 3)
    asker = agent_of(vm_id(4))
    engine.say(
        asker,
        ev.MessageStarted("user", "Make refresh tokens survive a restart."),
        ev.RunStarted(),
        at=NOW - 400,
    )
    engine.say(asker, DIALOG, at=NOW - 132)


def scene() -> FakeEngine:
    """Build the engine double over the scene."""
    engine = FakeEngine(fleet())
    tell_story(engine)
    return engine


def main() -> None:
    """Run the cockpit over the scene."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--live", action="store_true", help="stream an answer, let the clock run")
    parser.add_argument("--theme")
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--empty", action="store_true")
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--orders", type=Path, help="where to write what was ordered, one a line, once the screen ends")
    parser.add_argument("--inline", action="store_true", help="below a prompt, not on the whole terminal")
    options = parser.parse_args()
    from cockpit.ui.app import CockpitApp
    from cockpit.ui.terminal.driver import TerminalDriver

    engine = FakeEngine(Fleet(source="embedded")) if options.empty else scene()
    if options.hostile:
        from tests.ui.hostile import hostile_engine

        engine = hostile_engine()
    app = CockpitApp(engine, theme=options.theme, read_only=options.read_only, driver_class=TerminalDriver)
    if options.live:
        who, started = AgentId(vm_id(1)), time.monotonic()
        words = itertools.cycle(["the", "plan", "splits", "the", "work", "into", "small", "tasks.\n"])

        def stream() -> None:
            engine.clock = NOW + time.monotonic() - started
            engine.say(who, ev.TextDelta(0, next(words) + " "))

        engine.say(who, ev.RunStarted(), ev.MessageStarted("assistant"), ev.BlockStarted(0, "text"))
        app.call_later(app.set_interval, 0.05, stream)
    app.run(inline=options.inline)
    if options.orders is not None:
        options.orders.write_text("".join(f"{command}\n" for command in engine.ordered))


if __name__ == "__main__":
    main()
