"""Which receipts want the operator: each cause once, own aborts never, and a lost text until it is dealt with."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.attention import Attention, Urgency, attention, tally
from cockpit.model.failures import RECEIPT_AGE, dismissed, is_own_abort
from cockpit.model.fleet import Activity, ActivityState, Agent, AgentKind, Fleet, Process, ProcessState
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.receipts.receipt import Receipt, Stage

NOW = 1_000_000.0
ADA = AgentId("vm-ada")


def agent(state: ActivityState = ActivityState.IDLE, *, since: float = NOW - 60, dead: bool = False) -> Agent:
    process = Process(ProcessState.DEAD if dead else ProcessState.ALIVE, since, 137 if dead else None)
    activity = Activity(state, since, error="529 overloaded" if state is ActivityState.ERROR else "")
    return Agent(ADA, "ada", AgentKind.LIEUTENANT, VmId("vm-ada"), activity=activity, process=process)


def receipt(
    number: int,
    verb: str = "prompt",
    stage: Stage = Stage.FAILED,
    *,
    read: bool = False,
    ended: float = NOW - 60,
    text: str = "",
    reason: str = "529 overloaded",
) -> Receipt:
    stages = ((Stage.WRITTEN, ended - 10), *(((Stage.CONSUMED, ended - 9),) if read else ()), (stage, ended))
    named = text or f"text {number}"
    return Receipt(CommandId(f"c{number}"), ADA, verb, named, stage, ended - 10, stages, reason)


def entries(*receipts: Receipt, of: Agent | None = None, now: float = NOW) -> list[tuple[Urgency, str]]:
    fleet = Fleet(agents=(of or agent(),), receipts=receipts)
    return [(item.urgency, item.command or "") for item in attention(fleet, now)]


def test_a_given_up_run_is_one_entry_however_many_texts_it_had_read() -> None:
    texts = [receipt(1, read=True), receipt(2, "steer", read=True), receipt(3, "follow-up", read=True)]
    assert entries(*texts, of=agent(ActivityState.ERROR)) == [(Urgency.FAILED, "")]
    assert entries(*texts, of=agent(ActivityState.ERROR, dead=True)) == [(Urgency.FAILED, "")]
    assert entries(*texts) == [(Urgency.COMMAND, "c1")], "the agent is idle again, so the receipts tell it, once"


def test_two_runs_given_up_are_two_entries() -> None:
    assert entries(receipt(1, read=True, ended=NOW - 90), receipt(2, "pause", ended=NOW - 30)) == [
        (Urgency.COMMAND, "c1"),
        (Urgency.COMMAND, "c2"),
    ]


def test_an_own_abort_is_no_failure() -> None:
    text = receipt(1, read=True, reason="the run was aborted")
    abort = Receipt(CommandId("c2"), ADA, "abort", "", Stage.DONE, NOW - 61, ((Stage.DONE, NOW - 60),))
    assert is_own_abort(text, (text, abort))
    assert entries(text, abort) == []
    assert entries(text, replace(abort, agent=AgentId("vm-bob"))) == [(Urgency.COMMAND, "c1")]
    assert entries(text, replace(abort, created_at=NOW - 50)) == [(Urgency.COMMAND, "c1")], "it came after the failure"


def test_a_text_that_was_queued_when_its_run_was_aborted_is_not_lost_in_silence() -> None:
    abort = Receipt(CommandId("c2"), ADA, "abort", "", Stage.DONE, NOW - 61, ((Stage.DONE, NOW - 60),))
    assert entries(receipt(1, "follow-up"), abort) == [(Urgency.UNDELIVERED, "c1")]


def test_who_writes_again_has_dealt_with_the_failed_run() -> None:
    failed = receipt(1, read=True)
    assert entries(failed, receipt(2, stage=Stage.WRITTEN, ended=NOW - 5, text="another way")) == []


def test_a_lost_text_stays_until_it_is_sent_again_or_dismissed() -> None:
    lost = receipt(1, ended=NOW - 40 * RECEIPT_AGE)
    assert entries(lost) == [(Urgency.UNDELIVERED, "c1")]
    assert entries(replace(lost, stage=Stage.UNCONFIRMED)) == [(Urgency.UNDELIVERED, "c1")]
    assert entries(lost, receipt(2, stage=Stage.DONE, text=" text 1\n")) == []
    assert entries(lost, receipt(2, text="text 1")) == [(Urgency.UNDELIVERED, "c2")], "the newest speaks for both"
    assert entries(lost, receipt(2, stage=Stage.DONE, text="text 9")) == [(Urgency.UNDELIVERED, "c1")]
    assert entries(dismissed(lost, NOW)) == []


def test_a_text_lost_with_an_agent_is_the_operators_loss_only_if_he_did_not_destroy_it() -> None:
    destroy = Receipt(CommandId("c2"), ADA, "destroy", "", Stage.DONE, NOW - 65, ((Stage.DONE, NOW - 60),))
    assert entries(receipt(1, reason="its VM was deleted")) == [(Urgency.UNDELIVERED, "c1")]
    assert entries(receipt(1, reason="its VM was deleted"), destroy) == []


def test_a_failed_command_that_is_no_text_is_history_after_a_while() -> None:
    assert entries(receipt(1, "pause")) == [(Urgency.COMMAND, "c1")]
    assert entries(receipt(1, "pause", ended=NOW - RECEIPT_AGE - 1)) == []


@given(st.lists(st.sampled_from(list(Urgency))))
def test_only_asks_and_failures_count_as_waiting(urgencies: list[Urgency]) -> None:
    counted = tally([Attention(urgency, "", 0.0) for urgency in urgencies])
    apart = {Urgency.BLOCKED, Urgency.UNFITTING, Urgency.REVIEW, Urgency.DONE}
    assert counted.waiting == sum(urgency not in apart for urgency in urgencies)
    assert counted.total == len(urgencies)
