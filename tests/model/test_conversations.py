"""Another conversation of an agent: its state, its receipts and its transcript, and what is refused in the middle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cockpit.model import events as ev
from cockpit.model.commands import conversation as order
from cockpit.model.events import Event, Record, Responded
from cockpit.model.fleet import ActivityState, Agent, AgentKind, Fleet, Link, LinkState, Process, ProcessState
from cockpit.model.ids import AgentId, CommandId, VmId
from cockpit.model.inquiries import ModelChoice, SaidMessage, chosen_model, fault_of_level
from cockpit.model.markdown import conversation_markdown
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.reduce.reduce import reduce_agent
from cockpit.model.refusals.agent import to_agent
from cockpit.model.refusals.grounds import RefusalCode
from cockpit.model.slash import order_of, slash_word
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.transcript import Transcript
from tests.agents.captures import events

ANNA = Agent(
    AgentId("vm-1"),
    "anna",
    AgentKind.WORKER,
    VmId("vm-1"),
    link=Link(LinkState.UP),
    process=Process(ProcessState.ALIVE),
)
USAGE = ev.Usage(10, 5)


def told(command: str, **data: Any) -> Responded:
    """Return a successful answer."""
    return Responded("c1", command, True, data=data or None)


def said(text: str) -> tuple[Event, ...]:
    """Return a run with one answer."""
    return (
        ev.RunStarted(),
        ev.TurnStarted(),
        ev.MessageStarted("user", f"do {text}"),
        ev.MessageStarted("assistant"),
        ev.MessageEnded("assistant", (ev.Block("text", text),), USAGE, "stop"),
    )


END = (ev.RunEnded(False), ev.RunSettled())


def records(*happened: Event) -> list[Record]:
    """Return events as consecutive records, a second apart."""
    return [
        Record(ANNA.id, 1, line, line * 10, line * 10 + 10, 100.0 + line, event)
        for line, event in enumerate(happened, 1)
    ]


def folded(*happened: Event) -> Agent:
    """Return the agent after these events."""
    agent = ANNA
    for record in records(*happened):
        agent = reduce_agent(agent, record)
    return agent


def transcribed(*happened: Event) -> list[tuple[EntryKind, str, str]]:
    """Return the transcript of these events."""
    transcript = Transcript()
    for record in records(*happened):
        transcript.apply(record)
    return [(entry.kind, entry.title, entry.text) for entry in transcript.entries()]


@pytest.mark.parametrize("command", ["new_session", "switch_session", "fork", "clone"])
def test_nothing_of_the_conversation_before_is_present(command: str) -> None:
    before = folded(*said("old"), ev.QueueChanged(("wait",), ("later",)), *END)
    assert before.last_text == "old" and before.context_tokens == 15
    after = folded(*said("old"), ev.QueueChanged(("wait",), ("later",)), *END, told(command, cancelled=False))
    assert after.activity.state is ActivityState.IDLE and not (after.activity.steering or after.activity.follow_up)
    assert (after.last_text, after.context_tokens, after.run_open) == ("", 0, False)
    assert not after.conversation.told and after.conversation.since == after.line == before.line + 1
    assert after.usage == before.usage, "the sums are the agent's"
    named = reduce_agent(after, records(*[ev.TurnEnded()] * 99, told("get_state", sessionId="s2", sessionName="n"))[-1])
    assert (named.conversation.id, named.conversation.name, named.conversation.told) == ("s2", "n", True)


def test_one_that_an_extension_cancelled_or_the_agent_refused_changes_nothing() -> None:
    before = folded(*said("old"), *END)
    for event in (told("new_session", cancelled=True), Responded("c1", "fork", False, "no entry")):
        after = folded(*said("old"), *END, event)
        assert (after.conversation, after.last_text) == (before.conversation, "old")


def test_in_the_middle_of_a_run_it_ends_the_run() -> None:
    after = folded(*said("half"), ev.ToolStarted("t", "bash", {}), told("switch_session", cancelled=False))
    assert not after.run_open and not after.activity.tools and after.activity.state is ActivityState.IDLE


def test_the_captures_end_in_the_conversation_they_went_back_to() -> None:
    for name in ("queries.jsonl", "queries.v0.87.1.jsonl", "queries.v1.6.0.jsonl"):
        happened = events(name)
        agent = folded(*happened)
        (state,) = [one for one in happened if isinstance(one, Responded) and one.command == "get_state"][-1:]
        assert agent.conversation.id == state.data["sessionId"] and agent.conversation.told, name
        assert agent.conversation.name == "lab 漢字"
        titles = [title for kind, title, _ in transcribed(*happened) if kind is EntryKind.MARKER]
        assert [title.split()[1] for title in titles] == ["fork", "copy", "new", "conversation"], titles


def test_what_was_said_there_is_shown_once_behind_the_seam() -> None:
    messages = [
        {"role": "user", "text": "again"},
        {"role": "assistant", "text": "", "calls": [["bash", '{"command":"ls"}']]},
        {"role": "tool", "text": "a\nb", "title": "bash", "failed": True},
        {"role": "assistant", "text": "done"},
        {"role": "system", "text": "rules"},
    ]
    answer = Responded("cockpit-conversation-7", "get_messages", True, data={"messages": messages})
    shown = transcribed(*said("old"), *END, told("switch_session"), answer, answer)
    seam = [kind for kind, _, _ in shown].index(EntryKind.MARKER)
    assert [(kind, text) for kind, _, text in shown[seam + 1 :]] == [
        (EntryKind.USER, "again"),
        (EntryKind.TOOL, "a\nb"),
        (EntryKind.ANSWER, "done"),
    ]
    assert "ls" in shown[seam + 2][1], "the call is named"
    late = transcribed(told("switch_session"), *said("new"), answer)
    assert [text for _, _, text in late if text == "again"] == [], "it would stand behind what came after it"
    asked = Responded("cockpit-ask-1", "get_messages", True, data={"messages": messages})
    assert len(transcribed(told("clone"), asked)) == 1, "a question of somebody else adds nothing"
    many = Responded("cockpit-conversation-1", "get_messages", True, data={"messages": messages[:1] * 500})
    assert len(transcribed(told("clone"), many)) == 202
    faults: tuple[Any, ...] = (None, [], {"messages": [3, {"role": 1}]})
    for broken in faults:
        transcribed(told("clone"), Responded("cockpit-conversation-1", "get_messages", True, data=broken))


def receipt(number: int, verb: str, text: str = "") -> Receipt:
    """Return a receipt that was written."""
    return Receipt(CommandId(f"ck-{number}"), ANNA.id, verb, text, Stage.WRITTEN, 99.0, place=(1, 0))


def judged(*receipts: Receipt, happened: tuple[Event, ...]) -> tuple[ReceiptBook, dict[str, Receipt]]:
    """Return the book, and the receipts as they are after these events."""
    book = ReceiptBook()
    last = {known.id: known for known in receipts}
    book.take_up(receipts)
    agent = ANNA
    for record in records(*happened):
        before, agent = agent, reduce_agent(agent, record)
        for changed in book.observe(record, before.run_open and not agent.run_open):
            last[changed.id] = changed
    return book, {str(key): value for key, value in last.items()}


def test_a_receipt_says_what_the_agent_said() -> None:
    book, known = judged(
        receipt(1, "bash", "ls"),
        receipt(2, "new session"),
        receipt(3, "bash", "sleep 9"),
        happened=(
            Responded("ck-1", "bash", True, data={"output": "x", "exitCode": 3, "cancelled": False}),
            Responded("ck-2", "new_session", True, data={"cancelled": True}),
            Responded("ck-3", "bash", True, data={"output": "", "cancelled": True}),
        ),
    )
    assert known["ck-1"].stage is Stage.DONE and book.outcome(ANNA.id, CommandId("ck-1"))["exitCode"] == 3
    assert [known[name].stage for name in ("ck-2", "ck-3")] == [Stage.FAILED] * 2 and "cancelled" in known[
        "ck-3"
    ].reason


def test_texts_that_waited_in_the_conversation_before_have_failed() -> None:
    _, known = judged(
        receipt(1, "prompt", "do half"),
        receipt(2, "follow-up", "later"),
        receipt(3, "switch session"),
        happened=(
            Responded("ck-1", "prompt", True),
            *said("half"),
            ev.QueueChanged((), ("later",)),
            Responded("ck-2", "prompt", True),
            Responded("ck-3", "switch_session", True, data={"cancelled": False}),
        ),
    )
    assert known["ck-2"].stage is Stage.FAILED and "another conversation" in known["ck-2"].reason
    assert known["ck-1"].stage is not Stage.CONSUMED and known["ck-3"].stage is Stage.DONE


def refused(command: order.ConversationCommand, agent: Agent = ANNA) -> RefusalCode | None:
    """Return why a command is refused."""
    found = to_agent(command, Fleet(agents=(agent,)))
    return found.code if found is not None else None


def test_refusals() -> None:
    target = ANNA.id
    working, compacting = folded(*said("x")), folded(ev.CompactionStarted("manual"))
    waiting = folded(ev.QueueChanged(("x",), ()))
    in_the_way = (
        order.NewSession(target),
        order.SwitchSession(target, "/s"),
        order.ForkSession(target, "e"),
        order.CloneSession(target),
        order.CompactContext(target),
    )
    for command in in_the_way:
        assert refused(command) is None
        assert refused(command, working) is refused(command, compacting) is RefusalCode.WORKING
    assert refused(in_the_way[0], waiting) is RefusalCode.WORKING and refused(in_the_way[4], waiting) is None
    for empty in (
        order.SetModel(target, "p", " "),
        order.SetThinking(target, ""),
        order.NameSession(target, " "),
        order.RunShell(target, "\n"),
        order.RunShellAside(target, ""),
        order.SwitchSession(target, ""),
        order.SetQueueMode(target, "other", "all"),
        order.SetQueueMode(target, "steering", "some"),
    ):
        assert refused(empty) is RefusalCode.NO_TEXT, empty
    here = replace(ANNA, conversation=replace(ANNA.conversation, file="/s"))
    assert refused(order.SwitchSession(target, "/s"), here) is RefusalCode.ALREADY
    assert refused(order.AbortRetry(target)) is RefusalCode.ALREADY
    assert refused(order.AbortRetry(target), folded(*said("x"), ev.RetryStarted(1, 3, 9.0))) is None
    for fine in (order.RunShell(target, "ls"), order.SetModel(target, "p", "m"), order.AbortShell(target)):
        assert refused(fine, working) is None
    down = replace(ANNA, link=Link(LinkState.DOWN, reason="no route"))
    assert refused(order.SetThinking(target, "low"), down) is RefusalCode.NOT_CONNECTED


def test_a_model_is_known_by_its_reference_its_id_or_what_only_one_holds() -> None:
    models = [
        ModelChoice("a", "sonnet-4"),
        ModelChoice("a", "sonnet-4-5"),
        ModelChoice("b", "gpt"),
        ModelChoice("c", "gpt"),
    ]
    assert chosen_model("a/sonnet-4", models)[0] == models[0] and chosen_model("4-5", models)[0] == models[1]
    assert chosen_model("sonnet-4", models)[0] == models[0], "an exact id wins"
    for wanted, word in (
        ("gpt", "several"),
        ("sonnet", "several"),
        ("sonet-4", "nearest: sonnet-4"),
        ("zzz", "4 are known"),
    ):
        found, why = chosen_model(wanted, models)
        assert found is None and word in why, why
    assert fault_of_level("high", ("off", "high")) == ""
    assert "cannot be told" in fault_of_level("high", ("off",)) and "known: off, low" in fault_of_level(
        "x", ("off", "low")
    )


def test_words_behind_a_slash() -> None:
    assert slash_word("/compact keep\nthe birds ") == ("compact", "keep\nthe birds")
    assert slash_word(" /skill:tidy") == ("skill:tidy", "")
    for text in ("/etc/hosts is broken", "compact", "/", "//", "/ compact", "a /compact", "/1"):
        assert slash_word(text) is None, text
    assert order_of("compact", "keep", ANNA.id) == order.CompactContext(ANNA.id, "keep")
    assert order_of("new", "", ANNA.id) == order.NewSession(ANNA.id)
    assert order_of("name", "", ANNA.id) is None and order_of("name", "x", ANNA.id) == order.NameSession(ANNA.id, "x")
    assert order_of("settings", "", ANNA.id) is None


def test_a_document_whose_blocks_nothing_in_them_can_end() -> None:
    fence = "`" * 4
    document = conversation_markdown(
        "anna\n# not a heading",
        [
            SaidMessage("user", "Hello", at=0.5),
            SaidMessage("assistant", "", calls=(("bash", '{"x":1}'),)),
            SaidMessage("tool", f"a\n{fence}\n# b", "bash", failed=True),
            SaidMessage("shell", "out", "ls"),
            SaidMessage("system", "rules"),
        ],
    )
    assert document.startswith("# anna # not a heading\n\n## User (1970-01-01 00:00:00 UTC)\n\nHello\n")
    assert f"## Tool bash, failed\n\n{fence}`\na\n{fence}\n# b\n{fence}`" in document
    assert "```console\n$ ls\nout\n```" in document and "rules" not in document
