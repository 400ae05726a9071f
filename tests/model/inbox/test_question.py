"""An answer names the question that was read: nothing else under its id is ever answered by it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.commands.agent import Answer
from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Fleet,
    Link,
    LinkState,
    Power,
    Vm,
)
from cockpit.model.ids import VmId, agent_of
from cockpit.model.inbox.question import answer_by_text, answer_with, digest_of, keys_of, reason_text, refused, words_of
from cockpit.model.open_work import OpenDialog
from cockpit.model.refusals.agent import to_agent
from cockpit.model.refusals.grounds import RefusalCode

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
ID = agent_of(VM)

TEXTS = st.text(max_size=30) | st.sampled_from(["\ud800", "\x1b[2J", "rm -rf /", "\u202e", ""])
REQUESTS = st.builds(
    DialogRequested,
    dialog_id=st.sampled_from(["d1", "d2"]),
    method=st.sampled_from(["select", "confirm", "input", "editor"]),
    title=TEXTS,
    message=TEXTS,
    options=st.lists(TEXTS, max_size=12).map(tuple),
    placeholder=TEXTS,
    prefill=TEXTS,
)


def asking(request: DialogRequested) -> Fleet:
    activity = Activity(ActivityState.ASKING, 1.0, dialogs=(OpenDialog(request, 1.0),))
    agent = Agent(ID, "quill", AgentKind.WORKER, VM, link=Link(LinkState.UP), activity=activity)
    return Fleet(vms=(Vm(VM, Power.RUNNING),), agents=(agent,))


@given(REQUESTS, REQUESTS)
def test_an_answer_goes_to_the_question_that_was_read_or_to_none(read: DialogRequested, waits: DialogRequested) -> None:
    for answer in (
        *(answer_with(ID, read, key) for key in keys_of(read)),
        answer_by_text(ID, read, "x"),
        refused(ID, read),
    ):
        refusal = to_agent(answer, asking(waits))
        assert (refusal is None) == (read == waits)


def test_what_changed_under_the_same_id_is_refused_with_a_reason_of_its_own() -> None:
    read = DialogRequested("d1", "confirm", "Run it?", "ls")
    refusal = to_agent(refused(ID, read), asking(replace(read, message="rm -rf /")))
    assert refusal is not None and refusal.code is RefusalCode.QUESTION_CHANGED
    assert to_agent(Answer(ID, "d1", confirmed=True), asking(read)) is None, "a verb that names no words answers any"


@given(REQUESTS)
def test_each_key_answers_its_own_option(request: DialogRequested) -> None:
    keys = keys_of(request)
    assert len({key.key for key in keys}) == len(keys)
    if request.method == "select":
        assert [key.value for key in keys] == [*request.options][:9]
        assert [key.key for key in keys] == [str(number) for number in range(1, len(keys) + 1)]
    elif request.method == "confirm":
        assert [(key.key, key.confirmed, key.refuses) for key in keys] == [("y", True, False), ("n", False, True)]
    else:
        assert keys == ()
    assert len(digest_of(request)) == 24


def test_all_words_are_shown_and_a_reason_names_what_was_asked() -> None:
    plan = DialogRequested("d", "editor", "Approve the plan?", "Read it first.", prefill="1. one\n2. two")
    assert words_of(plan) == "Approve the plan?\nRead it first.\n1. one\n2. two"
    assert words_of(DialogRequested("d", "input", "")) == "input"
    assert reason_text(plan, " not yet \n") == "The operator said no to “Approve the plan?”: not yet"


def test_a_reason_goes_along_with_a_no_only_where_the_question_takes_one() -> None:
    for method in ("confirm", "select", "input"):
        plain = DialogRequested("d", method, "Run it?")
        assert refused(ID, plain, "not now").reason == ""
        assert refused(ID, replace(plain, takes_reason=True), " not now ").reason == "not now"
        assert replace(refused(ID, replace(plain, takes_reason=True), "x"), reason="") == refused(ID, plain)
