"""A prompt stands above the answer it caused, though Claude Code tells it in the midst of that; and whose it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.ids import CommandId
from cockpit.model.receipts.flow import Tracked, read_as_one
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.reduce.reduce import reduce_agent
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import TranscriptWindow
from cockpit.ui.transcript.lines import entry_lines
from cockpit.ui.transcript.matching import entry_before
from tests.agents.claude.captures import AGENT, folded, lines, objects, records
from tests.model.pages import prepend
from tests.model.window_walk import Walk, shown
from tests.model.window_walk import folded as shown_of_all

ORDERS = ("order_of_prompts.v2.1.112", "order_of_prompts.v2.1.197")
"""Prompts at rest, several queued into a text, steers behind a tool, thinking, a failure, one behind an interrupt."""

TOLD = (*ORDERS, "simple_partial", "interrupt_beside_sub_agent", "queue_while_busy")
"""Captures in which prompts are told."""

SPOKEN = {"text": "text", "thinking": "thinking", "tool_use": "name"}


def said_in_order(told: list[dict[str, Any]]) -> list[str]:
    """Return what the operator and the model said, each prompt above the answer it caused, by plain json alone."""
    found: list[str] = []
    begins = None
    for one in told:
        message = one.get("message") or {}
        if one.get("subtype") == "init":
            begins = len(found)
        elif one.get("isReplay"):
            at = len(found) if begins is None else begins
            found.insert(at, f"user {message['content']}")
            begins = None if begins is None else begins + 1
        elif one.get("type") == "assistant" and not one.get("parent_tool_use_id"):
            begins = None
            block = message["content"][0]
            said = block[SPOKEN[block["type"]]]
            found += [f"{block['type']} {said}"] if said else []
    return found


def kept_in_order(transcript: Transcript) -> list[str]:
    """Return the same of a transcript."""
    words = {
        EntryKind.USER: "user",
        EntryKind.ANSWER: "text",
        EntryKind.THINKING: "thinking",
        EntryKind.TOOL: "tool_use",
    }
    return [
        f"{words[entry.kind]} {entry.title.split()[0] if entry.kind is EntryKind.TOOL else entry.text}"
        for entry in transcript.entries()
        if entry.kind in words
    ]


@pytest.mark.parametrize("name", TOLD)
def test_a_prompt_stands_once_and_above_its_answer(name: str) -> None:
    _, transcript = folded(*lines(name))
    assert kept_in_order(transcript) == said_in_order(objects(name))
    places = [(entry.epoch, entry.line) for entry in transcript.entries()]
    assert places == sorted(places)
    assert [entry.key for entry in transcript.entries()] == list(range(len(transcript)))


@pytest.mark.parametrize("name", TOLD)
def test_a_hit_of_a_search_leads_to_the_prompt_and_not_to_what_stands_below_it(name: str) -> None:
    _, transcript = folded(*lines(name))
    for line, one in enumerate(objects(name), 1):
        if one.get("isReplay"):
            found = entry_before(transcript, (1, line))
            assert found is not None and found.text == one["message"]["content"]
        elif one.get("type") == "result" and one.get("result") and "API Error" not in one["result"]:
            found = entry_before(transcript, (1, line))
            assert found is not None and found.kind is EntryKind.ANSWER


@pytest.mark.parametrize("name", TOLD)
def test_read_anew_it_stands_where_it_stood_wherever_reading_began(name: str) -> None:
    """By pages up and down, and with any border between what was read first and what came before it."""
    everything = records(*lines(name))
    whole = shown_of_all(everything)
    for page in (3, 11, 40):
        walk = Walk(everything, TranscriptWindow(max_entries=16), page)
        for go in (walk.up, walk.down, walk.up):
            go()
            assert walk.seen() == whole
    for border in range(0, len(everything), max(1, len(everything) // 60)):
        window = TranscriptWindow()
        window.append(everything[border:])
        prepend(window, everything[:border])
        assert list(shown(window).values()) == whole, border


@pytest.mark.parametrize("name", ORDERS)
def test_of_a_file_that_was_cut_all_stands_as_in_the_whole_and_what_is_there_is_found_again(name: str) -> None:
    """Before a prompt is told its answer stands alone, and nothing else moves when it comes."""
    told, everything = objects(name), records(*lines(name))
    _, at_once = folded(*lines(name))
    for cut in range(1, len(told), 5):
        read = Transcript()
        for record in everything[:cut]:
            read.apply(record)
        revision = read.revision
        then = {entry.key: (entry.kind, entry.told_line) for entry in read.entries()}
        prompts = [one["message"]["content"] for one in told[:cut] if one.get("isReplay")]
        assert [entry.text for entry in read.entries() if entry.kind is EntryKind.USER] == prompts
        for record in everything[cut:]:
            read.apply(record)
        assert shown(read) == shown(at_once)
        for key, known in then.items():
            entry = read.entry(read.key_now(key, revision))
            assert entry is not None and (entry.kind, entry.told_line) == known


@pytest.mark.parametrize("name", ORDERS)
def test_texts_that_were_read_as_one_are_each_done(name: str) -> None:
    sent = ["prompt first", "follow_up second", "follow_up third", "steer steer in text"]
    whole = {
        "first": "mock:text(words=12, rate=8) first",
        "second": "mock:text(words=6, rate=8) second",
        "third": "mock:text(words=7, rate=8) third",
        "steer in text": "mock:text(words=5) steer in text",
    }
    said = lines(name)
    streams = next(at for at, one in enumerate(said) if b"text_delta" in one)
    answers = [
        json.dumps({"type": "control_response", "response": {"subtype": "success", "request_id": f"{verb}:c{at}"}})
        for at, verb in enumerate(one.partition(" ")[0] for one in sent)
    ]
    said = [answers[0].encode(), *said[:streams], *(one.encode() for one in answers[1:]), *said[streams:]]
    book, agent = ReceiptBook(), AGENT
    for at, one in enumerate(sent):
        verb, _, text = one.partition(" ")
        receipt = Receipt(CommandId(f"c{at}"), AGENT.id, verb.replace("_", "-"), whole[text], Stage.WRITTEN, 0.0)
        book.add(receipt)
    stages: dict[str, Stage] = {}
    for record in records(*said):
        after = reduce_agent(agent, record)
        changed = book.observe(record, settled=agent.run_open and not after.run_open)
        stages |= {one.id: one.stage for one in changed}
        agent = after
    assert stages == {f"c{at}": Stage.DONE for at in range(4)}


texts = st.text(alphabet="ab \n", min_size=1, max_size=6).filter(lambda text: text.strip())


@given(st.lists(texts, min_size=2, max_size=5), st.lists(texts, max_size=2), st.randoms(use_true_random=False))
def test_whatever_is_joined_is_told_apart_as_far_as_its_lines_are(read: list[str], left: list[str], dice: Any) -> None:
    known = [
        Tracked(Receipt(CommandId(f"c{at}"), AGENT.id, "follow-up", text, Stage.QUEUED, 0.0), text.strip())
        for at, text in enumerate((*read, *left))
    ]
    dice.shuffle(read)
    text = "\n".join(read).strip()
    found = read_as_one(text, known, ())
    assert len({id(one) for one in found}) == len(found)
    if found:
        assert "".join("".join(one.expected.split()) for one in found) == "".join(text.split())
    if not left and all("\n" not in one.strip() for one in read):
        assert sorted(one.expected for one in found) == sorted(one.strip() for one in read)
    assert read_as_one("cc", known, ()) == []


def test_ours_is_found_among_texts_of_a_cockpit_that_is_not_known_here() -> None:
    ours = Tracked(Receipt(CommandId("c1"), AGENT.id, "follow-up", "our text", Stage.QUEUED, 0.0), "our text")
    other = Tracked(Receipt(CommandId("x"), AGENT.id, "follow_up", "", Stage.ACCEPTED, 0.0), "", known=False)
    assert read_as_one("theirs\nour text", [ours], [other]) == [ours]
    assert read_as_one("theirs\nour text", [ours], []) == []
    assert read_as_one("theirs, not our text", [ours], [other]) == []


def test_a_tool_that_a_question_may_be_about_is_not_said_to_run_and_has_printed_nothing_yet() -> None:
    name = ORDERS[1]
    said = lines(name)
    asked = 1 + next(at for at, one in enumerate(said) if b"can_use_tool" in one)
    ended = 1 + next(at for at, one in enumerate(said) if b"tool_result" in one)
    (tool,) = (one for one in folded(*said[:asked])[1].entries() if one.kind is EntryKind.TOOL)
    assert tool.open and tool.held and tool.text == ""
    assert " running" not in "".join(line.text for line in entry_lines(tool, 60, previous=None))
    (tool,) = (one for one in folded(*said[: asked - 1])[1].entries() if one.kind is EntryKind.TOOL)
    assert tool.open and not tool.held and tool.text == ""
    assert " running" in "".join(line.text for line in entry_lines(tool, 60, previous=None))
    transcript = folded(*said[:asked])[1]
    transcript.answered("none", "of these")
    (question,) = (one for one in transcript.entries() if one.kind is EntryKind.QUESTION)
    transcript.answered(question.call_id, "Allow once")
    (tool,) = (one for one in transcript.entries() if one.kind is EntryKind.TOOL)
    assert tool.open and not tool.held
    (tool,) = (one for one in folded(*said[:ended])[1].entries() if one.kind is EntryKind.TOOL)
    assert not tool.open
