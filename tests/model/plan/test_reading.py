"""Plans as people write them, and as nobody should: read whole, or refused with the line of each fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan.check import findings
from cockpit.model.plan.marks import task_text
from cockpit.model.plan.plan import Plan, PlanSettings
from cockpit.model.plan.read import read_plan
from cockpit.model.plan.structured import read_data

FILE = Path(__file__).parents[2] / "data" / "plans" / "release.md"


def plan_of(text: str, name: str = "plan") -> Plan:
    reading = read_plan(text, name)
    assert reading.plan is not None, [str(fault) for fault in reading.faults]
    return reading.plan


def faults_of(text: str) -> list[str]:
    return [str(fault) for fault in read_plan(text).faults]


def test_headings_with_fields_are_tasks() -> None:
    plan = plan_of(FILE.read_text(encoding="utf-8"))
    parse, use = plan.tasks
    assert (plan.name, plan.settings) == ("release-two", PlanSettings(3, 0, True))
    assert (parse.key, parse.line, parse.role, parse.minutes) == ("write-the-parser", 5, "worker", 15.0)
    assert parse.paths == ("src/parser.py", "tests/test_parser.py") and len(parse.accept) == 2
    assert parse.description == "It reads one record a line." and use.after == ("write-the-parser",)
    assert findings(plan) == ()


def test_items_of_a_list_are_tasks_and_the_order_is_by_who_waits() -> None:
    plan = plan_of(
        """
at once: 5
1. [ ] Use it
   after: 2
2. Write it
   - **paths**: a.py; b.py
   - minutes: ~1 h
   Some words.
"""
    )
    assert [task.key for task in plan.tasks] == ["write-it", "use-it"] and plan.settings.at_once == 5
    assert plan.tasks[0].paths == ("a.py", "b.py") and plan.tasks[0].minutes == 60.0
    assert plan.tasks[0].description == "Some words." and plan.tasks[1].after == ("write-it",)


@pytest.mark.parametrize("word", ["Write it", "write IT", "w", "write-it", "`Write it`"])
def test_a_task_is_named_by_title_key_or_id(word: str) -> None:
    identity = "id: w\n" if word == "w" else ""
    assert len(plan_of(f"## Write it\n{identity}## Use it\nafter: {word}\n").tasks[1].after) == 1


def test_a_title_may_begin_with_what_others_name_it_by() -> None:
    plan = plan_of("## T1: Parse\n## T2: Use\nafter: T1\n## T3: Tell\nafter:\n- T1\n- T2: Use\n")
    assert plan.tasks[2].after == ("t1-parse", "t2-use")


def test_what_is_fenced_or_beneath_a_task_s_heading_is_its_description() -> None:
    plan = plan_of("## One\n```\n## No task\nafter: nobody\n```\n### Deeper\nNote: this.\n")
    (task,) = plan.tasks
    assert "## No task" in task.description and "### Deeper" in task.description and task.after == ()
    assert "Note: this." in task.description


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "there is no task in it"),
        ("words alone", "there is no task in it"),
        ("## A\nafter: B\n", "line 1: 'A' waits for 'B', and no task is called so"),
        ("## A\nafter: A\n", "line 1: 'A' waits for itself"),
        ("## A\n## A\n", "line 2: 'A' has the name of 'A' on line 1"),
        ("## A\nminutes: soon\n", "line 2: 'soon' is no number of minutes"),
        ("## A\nafer: B\n", "line 2: 'afer' is no field of a task: is `after:` meant?"),
        ("## A\nrole: x\nrole: y\n", "line 3: 'A' has a second `role:`"),
        ("## A\nrole:\n", "line 2: `role:` of 'A' says nothing"),
        ("## A\ntags: plan:x\n", "line 2: the tag 'plan:x' has a meaning of its own"),
        ("at once: 0\n## A\n", "line 1: `at once: 0`: give a number from 1 to 50"),
        ("at onec: 2\n## A\n", "line 1: 'at onec' is no setting of a plan: is `at once:` meant?"),
        ("review: maybe\n## A\n", "line 1: `review: maybe`: say yes or no"),
        ("name: No Name\n## A\n", "line 1: 'No Name' cannot be a plan's name"),
        ("## ---\n", "line 1: '---' has no letter to be named by"),
        ("- [x] A\n- B\n", "line 1: 'A' is ticked off already"),
        ("## A\n# B\n", "line 1: the heading 'A' stands deeper than the tasks do"),
        ("## T: a\n## T: b\n## C\nafter: T\n", "line 3: 'C' waits for 'T', which may mean t-a or t-b"),
        ("## A\nafter: C\n## B\nafter: A\n## C\nafter: B\n", "'A', which waits for 'C', which waits for 'B'"),
        ("[[tasks]]\ntitle = 3\n", "task 1 has no title"),
        ("[[tasks]]\ntitle = 'a'\nafer = 'b'\n", "task 1: 'afer' is no field: is `after` meant?"),
        ("[[tasks]]\ntitle = \n", "it is no TOML"),
        ("## A \ud800\n", "half a character"),
    ],
)
def test_a_fault_is_said_with_its_line(text: str, fault: str) -> None:
    assert any(fault in said for said in faults_of(text)), faults_of(text)


def test_toml_and_json_say_the_same() -> None:
    toml = plan_of(
        "name = 'x'\nat_once = 2\n[[tasks]]\ntitle = 'A'\npaths = ['p']\n[[tasks]]\ntitle = 'B'\nafter = 'A'\n"
    )
    data = {"name": "x", "at_once": 2, "tasks": [{"title": "A", "paths": ["p"]}, {"title": "B", "after": ["A"]}]}
    assert read_data(data, "plan").plan == toml
    assert read_data([{"title": "A"}, 3], "plan").plan is None and read_data("x", "plan").plan is None


# --- what should be better -------------------------------------------------------------------------------


def said_of(body: str, later: str = "") -> str:
    return "\n".join(str(one) for one in findings(plan_of(f"## A\n{body}\n{later}")))


def test_tasks_without_paths_and_criteria_are_named() -> None:
    assert "line 1: 'A' names no paths" in said_of("accept: x") and "no acceptance" in said_of("paths: x")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("minutes: 21", "it says 21"),
        ("minutes: 20", ""),
        ("paths: " + ", ".join(f"f{n}" for n in range(9)), "it names 9 paths"),
        ("accept:\n" + "\n".join(f"- c{n}" for n in range(9)), "9 acceptance criteria"),
        ("word " * 401, "its description has 401 words"),
        ("minutes: 5\n" + "word " * 401, ""),
    ],
)
def test_what_looks_longer_than_twenty_minutes_is_named(body: str, reason: str) -> None:
    said = said_of(body)
    assert reason in said if reason else "looks longer" not in said, said


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("Reply with the full list of routes.", True),
        ("Print the whole report in your answer.", True),
        ("Paste the diff here.", True),
        ("Write the list of routes into docs/routes.md.", False),
        ("Report the results in the file out/result.json.", False),
        ("Answer the phone.", False),
        ("```\nprint the result\n```", False),
    ],
)
def test_results_handed_inline_that_others_wait_for_are_named(sentence: str, named: bool) -> None:
    assert ("hands its result over inline" in said_of(sentence, "## B\nafter: A\n")) is named
    assert "inline" not in said_of(sentence), "nobody waits for it"


def test_a_long_quotation_belongs_into_a_file() -> None:
    assert "quotes" in said_of("```\n" + "x" * 3_000 + "\n```") and "quotes" not in said_of("```\nx\n```")


# --- anything at all -------------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        "# P",
        "## A",
        "## B",
        "### C",
        "- A",
        "  - B",
        "1. C",
        "2) D",
        "after: A",
        "after: B, C",
        "after:",
        "- A",
        "tags: x",
        "paths: `a`",
        "accept: x; y",
        "minutes: 3",
        "minutes: -1",
        "role: r",
        "id: i",
        "```",
        "~~~",
        "",
        "text",
        "afte: x",
        "review: no",
        "at once: 2",
        "[ ] x",
        "- [x] y",
        "#",
        "##",
        "-",
        "name: n",
        "\x1b[2J",
        "\u202e",
        "a: b",
        "***",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(LINES, max_size=25).map("\n".join), st.text(max_size=400)))
def test_any_text_is_a_plan_or_says_why_not(text: str) -> None:
    reading = read_plan(text)
    assert (reading.plan is None) is bool(reading.faults)
    lines = len(text.splitlines())
    assert all(0 <= fault.line <= lines and fault.sentence for fault in reading.faults)
    if reading.plan is not None:
        known: set[str] = set()
        for task in reading.plan.tasks:
            assert task.title and task.key and task.key not in known and set(task.after) <= known
            assert isinstance(task_text(task), str)
            known.add(task.key)
        findings(reading.plan)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["tasks", "title", "after", "minutes", "at_once", "name"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_any_data_is_a_plan_or_says_why_not(value: object) -> None:
    reading = read_data(value, "plan")
    assert (reading.plan is None) is bool(reading.faults)
