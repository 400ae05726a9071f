"""Headline and evidence over every combination of power, link, process and activity; and the inbox."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from cockpit.model.ages import age_text, span_text
from cockpit.model.attention import Tally, Urgency, attention, tally
from cockpit.model.board import Task
from cockpit.model.commands.life import Relaunch
from cockpit.model.extensions import DialogRequested
from cockpit.model.failures import RECEIPT_AGE
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    Fleet,
    Link,
    LinkState,
    Power,
    Process,
    ProcessState,
    Vm,
)
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import CommandId, TaskId, VmId
from cockpit.model.open_work import OpenDialog, OpenTool
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.refusals.grounds import Facilities
from cockpit.model.refusals.refusal import refusal
from cockpit.model.scaffold import Scaffold, scaffold_word
from cockpit.model.why import Headline, headline, why
from tests.model.captures import AGENT, fresh_agent

NOW = 10_000.0
TONES = {"running", "asking", "paused", "failed", "idle", "done", "unknown", "starting"}
UP = Link(LinkState.UP, NOW - 300, last_byte_at=NOW - 3)
RUNNING = Vm(VmId(AGENT), Power.RUNNING, seen_at=NOW - 4)
ALIVE = Process(ProcessState.ALIVE, NOW - 600)


def agent_with(state: ActivityState, link: Link = UP, process: Process = ALIVE) -> Agent:
    return replace(fresh_agent(), activity=Activity(state, NOW - 42), link=link, process=process)


def asking(beneath: ActivityState, timeout: float | None = None) -> Agent:
    dialog = OpenDialog(DialogRequested("d", "select", "Allow rm?", timeout=timeout), NOW - 30)
    activity = Activity(ActivityState.ASKING, NOW - 30, dialogs=(dialog,), beneath=beneath)
    return replace(agent_with(ActivityState.IDLE), activity=activity)


@pytest.mark.parametrize(
    ("power", "link", "process", "state"),
    list(itertools.product(Power, LinkState, ProcessState, ActivityState)),
)
def test_no_trouble_is_shown_as_a_state_of_another(
    power: Power, link: LinkState, process: ProcessState, state: ActivityState
) -> None:
    agent = agent_with(state, Link(link, NOW - 9), Process(process, NOW - 9))
    shown = headline(agent, replace(RUNNING, power=power), NOW)
    assert shown.tone in TONES
    if power in (Power.PAUSED, Power.SLEEPING):
        assert (shown.tone, shown.link) == ("paused", "")
    elif power in (Power.RUNNING, Power.UNKNOWN) and link is not LinkState.UP:
        assert shown.tone == "unknown"
        assert shown.link
        assert shown.word == "unknown" or shown.word.endswith("?")
    elif power in (Power.RUNNING, Power.UNKNOWN):
        assert not shown.link
        assert (shown.tone == "failed") == (process is ProcessState.DEAD or state is ActivityState.ERROR)
    assert all(sentence.endswith((".", "?", "!", "…")) for sentence in why(agent, RUNNING, NOW))


def test_a_vm_nobody_lists_leaves_the_rest_to_speak() -> None:
    assert headline(agent_with(ActivityState.WORKING), None, NOW) == Headline("working", "running")
    assert headline(agent_with(ActivityState.WORKING, Link(LinkState.PAUSED)), None, NOW) == Headline(
        "paused", "paused"
    )
    assert "No list has the place where it lives." in why(agent_with(ActivityState.IDLE), None, NOW)
    sick = ServiceHealth("host alpha", False, NOW, "its host key changed", "trust it, if you know why")
    fleet = Fleet(health=(sick, ServiceHealth("vers vers", False, NOW, "down"), ServiceHealth("host bravo", True, NOW)))
    told = why(agent_with(ActivityState.IDLE), None, NOW, fleet.silence_of("alpha"))
    words = "host alpha: its host key changed"
    assert f"What there is where it lives is not known: {words}." in told
    assert (fleet.silence_of("bravo"), fleet.silence_of("vers")) == ("", "vers vers: down")
    read = replace(agent_with(ActivityState.IDLE, Link(LinkState.NEVER)), last_event_at=NOW - 9)
    assert "Not connected since this cockpit began." in why(read, RUNNING, NOW), "it was once: its events say so"


def test_the_evidence_of_a_working_agent() -> None:
    tool = OpenTool("t", "bash", "cargo test", NOW - 42)
    agent = agent_with(ActivityState.WORKING)
    agent = replace(
        agent,
        activity=replace(agent.activity, tools=(tool,), steering=("x",)),
        run_open=True,
        last_event_at=NOW - 3,
        last_work_at=NOW - 70,
    )
    assert why(agent, RUNNING, NOW) == (
        "Working: tool bash `cargo test` has run for 42 s.",
        "1 text waiting in its queue: a steer is read before the next step, a follow-up at the end of the run.",
        "After an abort: it is not known of this version whether it is read by itself or waits for the next prompt; "
        "after a failure: it is not known of this version whether it is read by itself or waits for the next prompt.",
        "Last byte 3 s ago.",
        "Last event 3 s ago, last sign of work 1 min ago.",
        "Link up for 5 min.",
        "Its process has been alive for 10 min.",
        "VM running, said the API 4 s ago.",
    )


def test_the_evidence_of_a_link_that_is_down() -> None:
    down = Link(LinkState.DOWN, NOW - 90, attempt=3, retry_at=NOW + 8, reason="connection reset by peer")
    sentences = why(agent_with(ActivityState.WORKING, down), RUNNING, NOW)
    assert "Link down for 1 min: connection reset by peer. Next attempt in 8 s." in sentences


def test_the_evidence_of_questions_retries_and_deaths() -> None:
    assert "Asking for 30 s: Allow rm?" in why(asking(ActivityState.WORKING), RUNNING, NOW)
    timed = why(asking(ActivityState.WORKING, timeout=45.0), RUNNING, NOW)
    assert timed[0] == "Asking for 30 s: Allow rm? (goes on by itself in 15 s)."
    held = asking(ActivityState.WORKING)
    held = replace(held, activity=replace(held.activity, tools=(OpenTool("t", "bash", "rm x", NOW - 30),)))
    assert "Working: tool bash `rm x` began 30 s ago." in why(held, RUNNING, NOW)  # the question may be about it
    assert headline(asking(ActivityState.STARTING), RUNNING, NOW) == Headline("start blocked", "asking")
    assert any("the start is blocked" in line for line in why(asking(ActivityState.STARTING), RUNNING, NOW))
    retrying = Activity(
        ActivityState.RETRYING, NOW, retry_attempt=1, retry_of=3, retry_at=NOW + 4, error="529 overloaded"
    )
    agent = replace(agent_with(ActivityState.IDLE), activity=retrying)
    assert why(agent, RUNNING, NOW)[0] == "Retry 1 of 3 in 4 s after: 529 overloaded."
    dead = Process(ProcessState.DEAD, NOW - 60, 1, errors=("Unknown provider x",))
    sentences = why(
        replace(agent_with(ActivityState.IDLE, process=dead), model="unknown", broken_lines=2), RUNNING, NOW
    )
    assert "Its process ended 1 min ago with code 1." in sentences
    assert "It said: Unknown provider x." in sentences
    assert "2 lines of its output could not be read." in sentences
    assert any("no usable credentials" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [
        (-5, "0s", "0 s"),
        (3.9, "3s", "3 s"),
        (60, "1m", "1 min"),
        (3599, "59m", "59 min"),
        (7800, "2h", "2 h 10 min"),
        (86_400, "1d", "1 day"),
        (5 * 86_400, "5d", "5 days"),
    ],
)
def test_ages(seconds: float, short: str, long: str) -> None:
    assert (age_text(seconds), span_text(seconds)) == (short, long)


def test_the_inbox_is_in_order() -> None:
    failed = replace(agent_with(ActivityState.ERROR), name="bob")
    failed = replace(failed, activity=replace(failed.activity, error="529\noverloaded"))
    dead = replace(agent_with(ActivityState.IDLE), name="cy", process=Process(ProcessState.DEAD, NOW - 5, 137))
    done = replace(agent_with(ActivityState.DONE_UNSEEN), name="di")
    gone = replace(asking(ActivityState.WORKING), name="eve", vm_id=VmId("gone"))
    receipt = Receipt(CommandId("c"), AGENT, "pause", "", Stage.FAILED, NOW, ((Stage.FAILED, NOW - 1),), "no reader")
    old = replace(receipt, stages=((Stage.FAILED, NOW - RECEIPT_AGE - 1),))
    fleet = Fleet(
        vms=(RUNNING, Vm(VmId("gone"), Power.GONE)),
        agents=(done, dead, failed, asking(ActivityState.WORKING), gone, agent_with(ActivityState.WORKING)),
        tasks=(
            Task(TaskId("1"), "Port it", "in_review"),
            Task(TaskId("2"), "Test it", "done"),
            Task(TaskId("3"), "Ship it", "blocked", updated_at=NOW),
        ),
        receipts=(old, receipt, replace(receipt, stage=Stage.DONE)),
    )
    found = attention(fleet, NOW)
    assert [(item.urgency, item.sentence) for item in found] == [
        (Urgency.ASKING, "ada asks: Allow rm?"),
        (Urgency.FAILED, "bob failed: 529 overloaded"),
        (Urgency.FAILED, "cy exited with code 137"),
        (Urgency.COMMAND, "pause for ada failed: no reader"),
        (Urgency.BLOCKED, "Task Ship it is blocked"),
        (Urgency.REVIEW, "Task Port it waits for review"),
        (Urgency.DONE, "di is done"),
    ]
    assert [item.task for item in found][4:6] == ["3", "1"]
    assert found[3].command == "c"
    assert tally(found) == Tally(waiting=4, blocked=1, to_review=1, done=1)


@pytest.mark.parametrize(
    ("scaffold", "alive", "sentence", "word"),
    [
        (Scaffold(keeper=False), False, "The keeper of its FIFO was gone, so it met the end of its input", ""),
        (Scaffold(keeper=False), True, "the next command may be the last that it reads.", "no keeper"),
        (Scaffold(fifo=False, keeper=False), True, "Its FIFO is gone, so no command reaches it: relaunch", "no FIFO"),
        (Scaffold(session=False), True, "Its tmux session is gone though its process lives", ""),
        (Scaffold(keeper_session=False), True, "something else holds its FIFO open.", ""),
        (Scaffold(disk_left=7 << 20), True, "The disk that it writes to is full (7 MB left)", "disk full"),
        (Scaffold(disk_left=7 << 20), False, "The disk that it writes to is full (7 MB left)", "disk full"),
        (Scaffold(out_size=120_000_000, out_bound=100_000_000), True, "has 120 MB, more than 100", "large out"),
    ],
)
def test_what_is_wrong_around_an_agent_is_said(scaffold: Scaffold, alive: bool, sentence: str, word: str) -> None:
    process = Process(
        ProcessState.ALIVE if alive else ProcessState.DEAD, NOW - 60, None if alive else 0, scaffold=scaffold
    )
    agent = agent_with(ActivityState.IDLE, process=process)
    assert any(sentence in line for line in why(agent, RUNNING, NOW))
    assert scaffold_word(scaffold, alive=alive) == word
    well = replace(agent, process=replace(process, scaffold=Scaffold()))
    assert len(why(well, RUNNING, NOW)) == len(why(agent, RUNNING, NOW)) - 1
    unknown = replace(agent, process=replace(process, state=ProcessState.UNKNOWN))
    assert not any(sentence in line for line in why(unknown, RUNNING, NOW)), "an old look is no evidence"


def test_an_agent_that_nobody_can_reach_may_be_relaunched_though_it_lives() -> None:
    fleet = Fleet(agents=(agent_with(ActivityState.IDLE),), vms=(RUNNING,))
    agent = fleet.agents[0]
    assert refusal(Relaunch(agent.id), fleet, Facilities()) is not None
    cut_off = replace(agent, process=replace(ALIVE, scaffold=Scaffold(fifo=False)))
    assert refusal(Relaunch(agent.id), replace(fleet, agents=(cut_off,)), Facilities()) is None
