"""Rows: aligned to the cell, total over all states, and the words of a troubled link."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.attention import NOTHING_WANTED, Tally
from cockpit.model.board import FeedItem
from cockpit.model.confinement import Confinement
from cockpit.model.content import Usage
from cockpit.model.fleet import Agent, AgentKind, Fleet, Link, LinkState, Power, Vm
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import CommandId, VmId, agent_of
from cockpit.model.ports import PortForward
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.row_doubts import Doubt, DoubtKind
from cockpit.model.size import VmSize
from cockpit.model.usage.spending import DaySpending, Spending
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line
from cockpit.ui.look import bars
from cockpit.ui.look.cells import (
    age,
    break_points,
    content,
    cut,
    cut_at_words,
    duration,
    fit,
    in_two_lines,
    pieces_width,
    width_of,
)
from cockpit.ui.look.events import event_row
from cockpit.ui.look.header import header
from cockpit.ui.look.output_frame import output_facts
from cockpit.ui.look.rows import feed, machines, panes, tasks
from cockpit.ui.look.rows.feed import said_of
from cockpit.ui.look.rows.tasks import doubt_words, doubts_note
from cockpit.ui.look.tree import TreeNode, agent_tree
from tests.ui.fake_engine import NOW
from tests.ui.hostile import fleet as hostile_fleet
from tests.ui.look.drawn import agent_line
from tests.ui.scene import fleet

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Mn", "Me", "Cf")), max_size=80)


@given(WORDS, st.integers(1, 60))
def test_fitting_is_exact_in_cells(text: str, width: int) -> None:
    assert width_of(fit(clean_line(text), width)) == width
    assert width_of(cut(clean_line(text), width)) <= width


@given(WORDS, st.integers(2, 40), st.booleans())
def test_breaking_loses_nothing_but_the_blanks_it_breaks_at(text: str, width: int, words: bool) -> None:
    parts = break_points(text, width, words=words)
    assert all(width_of(text[start:end]) <= width for start, end in parts)
    assert "".join(text[start:end] for start, end in parts).replace(" ", "") == text.replace(" ", "")


@given(WORDS, st.integers(2, 40), st.integers(2, 40))
def test_two_lines_lose_nothing_but_the_blanks_between_them(text: str, width: int, second: int) -> None:
    line = clean_line(text)
    first, rest = in_two_lines(line, width, second)
    assert width_of(first) <= width and (first + rest).replace(" ", "") == line.replace(" ", "")
    shortened = cut_at_words(line, width)
    assert width_of(shortened) <= width and (shortened == line or line.startswith(shortened.removesuffix("…")))


def test_a_long_word_begins_where_there_is_room_and_is_broken_behind_a_joint() -> None:
    def two(text: str, width: int) -> tuple[str, str]:
        return in_two_lines(clean_line(text), width, width)

    assert two("Task 2: refactor-authentication-middleware", 21) == ("Task 2: refactor-", "authentication-middleware")
    assert two("Task 5: refactor-authentication is to be done", 28) == (
        "Task 5: refactor-",
        "authentication is to be done",
    )
    assert two("Refresh tokens survive a restart", 21) == ("Refresh tokens", "survive a restart")
    assert two("Task 2: 重构认证中间件模块 is to be done", 18) == ("Task 2: 重构认证中", "间件模块 is to be done")
    assert cut_at_words(clean_line("survive all restarts"), 16) == "survive all…"
    assert cut_at_words(clean_line("a refactoring-of-all"), 12) == "a refactori…", "a blank far away saves no word"
    for kind in DoubtKind:
        assert width_of(doubt_words(kind, 19)) <= 19 and doubt_words(kind, 60) == kind.value
    found = {"a": (Doubt(DoubtKind.IDLE, ""),), "b": (Doubt(DoubtKind.UNEXPLAINED, ""),)}
    assert pieces_width(doubts_note(found, 60)) <= 60 and pieces_width(doubts_note(found)) > 60


@given(WORDS, st.integers(4, 40))
def test_an_output_is_broken_behind_blanks_and_loses_none(text: str, width: int) -> None:
    near = width // 3
    parts = break_points(text, width, words=False, near=near)
    assert "".join(text[start:end] for start, end in parts) == text
    assert all(width_of(text[start:end]) <= width for start, end in parts)
    for start, end in parts[:-1]:
        cut_a_word = text[end - 1] != " " and text[end] != " "
        if cut_a_word and text[start : start + 1] != " " and text.isascii():
            assert " " not in text[max(start, end - near) : end]


def test_a_percentage_in_brackets_stays_together() -> None:
    line = "........................................ [ 44%]"
    parts = break_points(line, 45, words=False, near=15)
    assert [line[start:end] for start, end in parts] == ["." * 40 + " [ ", "44%]"]
    whole = "tests/engine/test_reach.py::test_one PASSED behind"
    assert [whole[a:b] for a, b in break_points(whole, 46, words=False, near=15)] == [whole[:44], "behind"]


def leading_to(agent: Agent) -> tuple[PortForward, ...]:
    return tuple(PortForward(agent.vm_id, agent.name, port, 40_000 + port) for port in (3000, 5173))


def test_a_forward_is_seen_in_its_agents_row_and_frame_and_in_the_header() -> None:
    shown = fleet()
    agent = shown.agents[0]
    forwards = leading_to(agent)
    node = TreeNode(agent, NOTHING)
    assert "⇢ 3000 5173" in agent_line(node, None, NOW, 90, forwards=forwards).plain
    assert " ⇢" in agent_line(node, None, NOW, 28, forwards=forwards).plain
    assert "⇢" not in agent_line(node, None, NOW, 90).plain
    others = leading_to(shown.agents[1])
    facts = content(output_facts(agent, (*forwards, *others), following=True)).plain
    assert facts.count("⇢") == 2 and "127.0.0.1:43000→3000" in facts
    held = replace(shown, forwards=(replace(forwards[0], hindrance="the VM is paused"), *others))
    head = header(held, NOW, NOTHING_WANTED, 160)
    assert "⇢ 3 forwards" in head.plain and "$link-degraded" in {str(span.style) for span in head.spans}
    assert "⇢" not in header(shown, NOW, NOTHING_WANTED, 160).plain


@pytest.mark.parametrize("width", [24, 28, 36, 44, 60, 90])
@pytest.mark.parametrize("build", [fleet, hostile_fleet], ids=["scene", "hostile"])
def test_every_row_has_the_width_of_its_column(width: int, build: Callable[[], Fleet]) -> None:
    shown = build()
    nodes = agent_tree(shown.agents)
    rows = [agent_line(node, shown.vm(node.agent.vm_id), NOW, width) for node in nodes]
    rows += [agent_line(node, None, NOW, width, forwards=leading_to(node.agent)) for node in nodes]
    rows += [machines.vm_row(vm, shown.agent(agent_of(vm.id)), NOW, width) for vm in shown.vms]
    rows += [tasks.task_row(task, NOW, width) for task in shown.tasks]
    rows += [feed.feed_row(item, NOW, width) for item in shown.feed]
    for row in rows:
        assert row.cell_length == width, row.plain


def test_the_tree_puts_workers_under_their_lieutenant() -> None:
    nodes = agent_tree(fleet().agents)
    assert [(node.guide, node.agent.name) for node in nodes] == [
        ("", "vitruvius"),
        ("", "lt-api"),
        ("├ ", "w-docs"),
        ("└ ", "w-tokens"),
        ("", "lt-web"),
        ("└ ", "w-e2e"),
    ]


def test_orphan_workers_and_namesakes_appear_once() -> None:
    agents = fleet().agents
    lost = replace(agents[3], parent="nobody")
    twin = replace(agents[1], id=agents[2].id)
    nodes = agent_tree((agents[1], twin, lost, agents[4]))
    assert len(nodes) == 4
    assert nodes[-1].agent is lost and nodes[-1].guide == ""


def test_a_link_problem_is_never_an_agent_state() -> None:
    agent = replace(fleet().agents[1], link=Link(LinkState.DOWN, NOW - 5, reason="no route"))
    row = agent_line(TreeNode(agent, NOTHING), fleet().vms[1], NOW, 80).plain
    assert row.startswith("~ lt-api") and "working?" in row and "⇄ link down 5s" in row


def test_a_scripted_agent_is_labelled() -> None:
    agent = replace(fleet().agents[5], kind=AgentKind.LIEUTENANT)
    for width in (28, 44, 64, 200):
        assert "w-e2e §" in agent_line(TreeNode(agent, NOTHING), None, NOW, width).plain
    assert panes.legend((agent,)) == "§ scripted" and not panes.legend(fleet().agents[:2])


def test_the_header_counts_and_says_what_waits_at_every_width() -> None:
    shown = fleet()
    wide = header(shown, NOW, Tally(waiting=5), 120).plain
    assert "embedded" in wide and "? 1 asking" in wide and "● 3 working" in wide
    for width in range(40, 160, 7):
        line = header(shown, NOW, Tally(5, 2, 3, 4), width)
        assert "! 5 wait for you" in line.plain
        assert line.cell_length == width


def test_the_header_says_pace_cost_links_and_time_where_there_is_room() -> None:
    day = DaySpending(Usage(900_000, cost=4.18), tokens_per_minute=41_000, course=(1, 2, 5, 3, 2, 4))
    spent = replace(fleet(), spending=Spending(day))
    line = header(spent, NOW, Tally(2), 160).plain
    clock = time.strftime("%H:%M", time.localtime(NOW))
    assert all(word in line for word in ("tok/min", "$4.18 today", "⇄ 6/6", clock, "! 2 wait for you"))
    narrow = header(spent, NOW, Tally(2), 60).plain
    assert "?1" in narrow and "✗1" in narrow and "tok/min" not in narrow
    down = (replace(spent.agents[0], link=Link(LinkState.DOWN, NOW)), *spent.agents[1:])
    assert "⇄ 5/6" in header(replace(spent, agents=down), NOW, Tally(2), 200).plain
    paused = (replace(spent.agents[0], link=Link(LinkState.PAUSED, NOW)), *spent.agents[1:])
    assert "⇄ 5/5" in header(replace(spent, agents=paused), NOW, Tally(2), 160).plain


def test_the_header_names_what_is_broken() -> None:
    down = tuple(replace(service, ok=False, since=NOW - 9) for service in fleet().health[1:2])
    agents = tuple(replace(agent, link=Link(LinkState.DOWN, NOW)) for agent in fleet().agents[:2])
    line = header(replace(fleet(), health=down, agents=agents), NOW, Tally(done=7), 140).plain
    assert "✗ board down 9s" in line and "2 links down" in line and "nothing waits" in line


def test_of_several_that_do_not_answer_the_gravest_is_named_first_and_none_is_left_out_where_it_is_narrow() -> None:
    words = {"host a": "late", "host b": "down", "host c": "key changed"}
    sick = tuple(ServiceHealth(name, False, NOW - 9, "why", fault=fault) for name, fault in words.items())
    seen = replace(fleet(), health=sick)
    wide, narrow = (header(seen, NOW, Tally(2), width).plain for width in (160, 80))
    assert "✗ host c key changed 9s  ✗ host b down 9s  ✗ 1 more" in wide
    assert "✗ host c key changed" in narrow and "✗ 2 more" in narrow
    lines = (header(seen, NOW, Tally(2), width).plain for width in range(80, 40, -1))
    tight = next(line for line in lines if "host c" not in line)
    assert "✗ 3 do not answer" in tight
    assert "host c: why" in "".join(panes.unknown_because(replace(seen, vms=()), ("vers",), ours("VMs there are")))


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (Stage.PENDING, "◌ waiting for the link 9s"),
        (Stage.WRITTEN, "✓ written ◌"),
        (Stage.CONSUMED, "✓ read ● working… 9s"),
        (Stage.DONE, "✓ done in"),
        (Stage.FAILED, "✗ failed: no FIFO"),
        (Stage.UNCONFIRMED, "? unconfirmed: no FIFO"),
    ],
)
def test_receipts_say_how_far_a_command_came(stage: Stage, words: str) -> None:
    stages = ((stage, NOW - 9),)
    receipt = Receipt(CommandId("c"), None, "prompt", "hello", stage, NOW - 9, stages, "no FIFO")
    assert words in bars.receipt_line(receipt, NOW, 100).plain
    for width in range(20, 100, 9):
        assert bars.receipt_line(receipt, NOW, width).cell_length <= width


@pytest.mark.parametrize("power", list(Power))
@pytest.mark.parametrize("state", list(LinkState))
def test_every_combination_of_power_and_link_has_a_row(power: Power, state: LinkState) -> None:
    agent = replace(fleet().agents[0], link=Link(state, NOW))
    vm = replace(fleet().vms[0], power=power)
    assert machines.vm_row(vm, agent, NOW, 44).cell_length == 44
    assert agent_line(TreeNode(agent, NOTHING), vm, NOW, 44).cell_length == 44


def test_ages_and_durations() -> None:
    assert [age(seconds) for seconds in (-1, 0, 59, 60, 3599, 3600, 86_400, 9e6)] == [
        "0s",
        "0s",
        "59s",
        "1m",
        "59m",
        "1h",
        "1d",
        "104d",
    ]
    assert [duration(seconds) for seconds in (0.42, 12, 185)] == ["0.4s", "12s", "3m05s"]


@pytest.mark.parametrize(("width", "shown"), [(30, ""), (36, ""), (54, "4c 8G"), (70, "4c 8G 20G")])
def test_a_vm_s_size_is_shown_where_its_name_has_room(width: int, shown: str) -> None:
    vm = Vm(VmId("c3f27b67-f057-40e4-875e-0487f9293efc"), Power.RUNNING, label="golden", size=VmSize(4, 8192, 20480))
    for each in (vm, replace(vm, perhaps_ours="a call lost its answer")):
        row = machines.vm_row(each, None, NOW, width)
        assert row.cell_length == width
    said = machines.vm_row(vm, None, NOW, width).plain
    assert shown in said and ("c " in said) == bool(shown) and "golden" in said


@pytest.mark.parametrize("width", [30, 44, 60, 100, 140])
@pytest.mark.parametrize("walls", [True, False])
def test_whether_a_vm_has_walls_is_shown_where_there_is_room(width: int, walls: bool) -> None:
    vm = Vm(VmId("c3f27b67-f057-40e4-875e-0487f9293efc"), Power.RUNNING, label="golden", size=VmSize(4, 8192, 20480))
    row = machines.vm_row(replace(vm, confinement=Confinement(walls)), None, NOW, width)
    assert row.cell_length == width
    assert (("walls" in row.plain), ("no walls" in row.plain)) == (width >= 100, width >= 100 and not walls)


@pytest.mark.parametrize("width", [30, 36, 44, 60, 100])
def test_a_long_word_of_the_registry_leaves_name_and_age_of_a_vm(width: int) -> None:
    vm = Vm(VmId("c3f27b67-f057-40e4-875e-0487f9293efc"), Power.RUNNING, NOW - 240, label="golden")
    row = machines.vm_row(vm, None, NOW, width, "serves all of them " * 9)
    assert row.cell_length == width
    assert "golde" in row.plain and row.plain.endswith(" 4m") and "serves" in row.plain


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        ("Agent w-3 finished (2 turns)", "finished (2 turns)"),
        ("w-3 started", "started"),
        ("w-31 started", "w-31 started"),
        ("Agent w-3", "Agent w-3"),
        ("asks w-3 for help", "asks w-3 for help"),
    ],
)
def test_an_event_does_not_repeat_who_stands_before_it(summary: str, shown: str) -> None:
    item = FeedItem("f", "w-3", "custom", summary, NOW)
    assert said_of(item) == shown
    assert event_row(item, NOW, 100, 16).plain.rstrip().endswith(f"w-3              {shown}")
    assert said_of(replace(item, agent="")) == summary.strip()
