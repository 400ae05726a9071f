"""The transcript's rules one by one, where a capture cannot show them."""

from __future__ import annotations

import pytest

from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.history import RECORDS_LIMIT
from cockpit.model.transcript.transcript import Transcript
from cockpit.model.transcript.window import TranscriptWindow
from tests.model.captures import AGENT, START
from tests.model.pages import prepend

ASKED = ev.DialogRequested("d", "select", "Deploy?", options=("yes", "no"), timeout=30.0)
STARTED = ev.ToolStarted("t", "bash", {"command": "make"})


class Feeder:
    """Feeds events to a transcript, a second apart."""

    def __init__(self, *events: Event, first_line: int = 1) -> None:
        self.transcript = Transcript()
        self.line = first_line
        self.say(*events)

    def say(self, *events: Event) -> None:
        for record in self.records(*events):
            self.transcript.apply(record)

    def records(self, *events: Event) -> list[Record]:
        made = [Record(AGENT, 1, self.line + n, 0, 0, START + self.line + n, e) for n, e in enumerate(events)]
        self.line += len(events)
        return made

    @property
    def last(self) -> Entry:
        entry = self.transcript.entry(self.transcript.next_key - 1)
        assert entry is not None
        return entry


def test_deltas_are_replaced_by_the_blocks_end_and_by_the_messages() -> None:
    feeder = Feeder(ev.MessageStarted("assistant"), ev.TextDelta(0, "Hel"), ev.TextDelta(0, "lo wor"))
    assert (feeder.last.text, feeder.last.open) == ("Hello wor", True)
    revision = feeder.last.revision
    feeder.say(ev.BlockEnded(0, "text", "Hello world"))
    assert (feeder.last.text, feeder.last.open, feeder.last.revision > revision) == (
        "Hello world",
        False,
        True,
    )
    feeder.say(ev.MessageEnded("assistant", (ev.Block("text", "Hello world."),), stop_reason="stop"))
    assert [entry.text for entry in feeder.transcript.entries()] == ["Hello world."]
    assert feeder.transcript.final_text() == "Hello world."


def test_a_block_end_without_its_copy_leaves_the_deltas() -> None:
    feeder = Feeder(ev.TextDelta(1, "kept"), ev.BlockEnded(1, "text", None))
    assert (feeder.last.text, feeder.last.open) == ("kept", False)


def test_blocks_of_one_message_keep_their_order() -> None:
    feeder = Feeder(ev.TextDelta(0, "a"), ev.ThinkingDelta(1, "b"), ev.TextDelta(2, "c"), ev.TextDelta(0, "A"))
    assert [(entry.kind.value, entry.text) for entry in feeder.transcript.entries()] == [
        ("answer", "aA"),
        ("thinking", "b"),
        ("answer", "c"),
    ]


def test_arguments_are_shown_while_they_stream_and_then_named() -> None:
    feeder = Feeder(ev.BlockStarted(0, "toolCall", "write", "t"), ev.ToolCallDelta(0, '{"path": "a.py", "cont'))
    assert (feeder.last.title, feeder.last.text) == ("write", '{"path": "a.py", "cont')
    feeder.say(ev.BlockEnded(0, "toolCall", '{"path": "a.py", "content": "x"}', "write", "t"))
    assert (feeder.last.title, feeder.last.text, feeder.last.open) == ("write a.py", "", True)
    feeder.say(ev.ToolStarted("t", "write", {"path": "a.py"}), ev.ToolEnded("t", "write", "ok", diff="+x"))
    assert (len(feeder.transcript), feeder.last.text, feeder.last.diff, feeder.last.open) == (
        1,
        "ok",
        "+x",
        False,
    )


def test_a_call_that_never_ran_is_failed() -> None:
    call = ev.Block("toolCall", '{"command": "ls"}', "bash", "t")
    feeder = Feeder(ev.MessageEnded("assistant", (call,), stop_reason="length"))
    first = next(feeder.transcript.entries())
    assert (first.title, first.failed, first.open) == ("bash ls", True, False)
    assert feeder.last.title == "the answer was cut by the output limit"


def test_a_question_shows_its_options_and_the_answer() -> None:
    feeder = Feeder(ASKED)
    assert (feeder.last.kind, feeder.last.title, feeder.last.open) == (EntryKind.QUESTION, "Deploy?", True)
    feeder.transcript.answered("d", "yes")
    assert (feeder.last.text, feeder.last.open) == ("1. yes\n2. no\n→ yes", False)
    feeder.transcript.answered("d", "again")
    assert "again" not in feeder.last.text


def test_an_answer_told_after_the_end_takes_the_place_of_the_outcome() -> None:
    feeder = Feeder(STARTED, ASKED, ev.ToolEnded("t", "bash", "ok"))
    assert "the tool that asked has ended" in feeder.last.text
    feeder.transcript.answered("d", "yes")
    assert (feeder.last.text, feeder.last.open) == ("1. yes\n2. no\n→ yes", False)


def test_a_question_nobody_answers_in_time_is_closed() -> None:
    feeder = Feeder(ASKED)
    feeder.transcript.expire(START + 20)
    assert feeder.last.open
    feeder.transcript.expire(START + 40)
    assert "nobody answered in time" in feeder.last.text


def test_an_exit_closes_everything_and_leaves_a_seam() -> None:
    feeder = Feeder(ev.DaemonStarted("r", "pi"), ev.TextDelta(0, "half"), STARTED, ASKED, ev.ShellOutput("s", "x"))
    feeder.say(ev.RetryStarted(1, 3, 2.0, "529"), ev.CompactionStarted("threshold"), ev.DaemonExited("r", 137))
    entries = list(feeder.transcript.entries())
    assert not [entry for entry in entries if entry.open]
    assert [entry.kind for entry in entries if entry.failed] == [
        EntryKind.ANSWER,
        EntryKind.TOOL,
        EntryKind.MARKER,
    ]
    assert (entries[0].title, feeder.last.title) == ("pi started", "agent exited with code 137")


def test_a_new_file_is_a_seam_that_leaves_the_question_open() -> None:
    feeder = Feeder(ASKED, ev.EpochStarted("the file was truncated"))
    assert feeder.last.title == "a new output file begins: the file was truncated"
    assert next(feeder.transcript.entries()).open


@pytest.mark.parametrize(
    ("event", "kind", "title", "text", "failed"),
    [
        (ev.ExtensionNotice("notify", "hi", "warning"), EntryKind.NOTICE, "warning", "hi", False),
        (
            ev.ExtensionFailed("x.ts", "turn_end", "boom"),
            EntryKind.ERROR,
            "extension x.ts failed in turn_end",
            "boom",
            True,
        ),
        (ev.SettingChanged("thinking_level", "low"), EntryKind.NOTICE, "thinking_level: low", "", False),
        (ev.UnknownEvent("brand_new", "{}"), EntryKind.RAW, "unknown line type brand_new", "{}", False),
        (
            ev.BrokenLine("not JSON", "Oops", 4),
            EntryKind.RAW,
            "unreadable line of 4 bytes: not JSON",
            "Oops",
            False,
        ),
        (ev.CompactionEnded(error="no luck"), EntryKind.ERROR, "compaction failed", "no luck", True),
        (
            ev.Responded("c", "compact", False, "Already compacted"),
            EntryKind.ERROR,
            "compact was refused",
            "Already compacted",
            True,
        ),
        (ev.MessageEnded("assistant", stop_reason="stop"), EntryKind.ERROR, "the answer is empty", "", True),
        (ev.MessageStarted("custom", "note", "lab"), EntryKind.NOTICE, "lab", "note", False),
    ],
)
def test_what_stands_alone(event: Event, kind: EntryKind, title: str, text: str, failed: bool) -> None:
    last = Feeder(event).last
    assert (last.kind, last.title, last.text, last.failed, last.open) == (kind, title, text, failed, False)


@pytest.mark.parametrize(
    "event",
    [
        ev.UnknownEvent("entry_appended", "{}"),
        ev.MessageStarted("system"),
        ev.MessageEnded("toolResult", (ev.Block("text", "twice"),), call_id="t"),
        ev.ExtensionNotice("setStatus", "busy"),
        ev.Responded("c", "prompt", True),
        ev.Responded("", "parse", False, "Failed to parse command: Unexpected end of JSON input"),
        ev.TurnEnded(),
    ],
)
def test_what_tells_nothing_is_not_shown(event: Event) -> None:
    assert len(Feeder(event).transcript) == 0


def test_the_operators_shell_has_an_entry_of_its_own() -> None:
    feeder = Feeder(ev.ShellOutput("s", "a\n"), ev.ShellOutput("s", "b\n"))
    assert (feeder.last.kind, feeder.last.text, feeder.last.open) == (EntryKind.COMMAND, "a\nb\n", True)
    feeder.say(ev.Responded("s", "bash", True, data={"output": "a\nb\nc\n", "exitCode": 2}))
    assert (feeder.last.title, feeder.last.text, feeder.last.failed) == (
        "shell command",
        "a\nb\nc\n",
        True,
    )
    assert feeder.last.exit_code == 2


@pytest.mark.parametrize("told", ["before", "meanwhile", "after"])
def test_what_the_operators_shell_runs_stands_above_its_output(told: str) -> None:
    """Agents do not echo it: it is known from the order, before or after its output is read."""
    feeder, order = Feeder(), ("ck-1", "git \x1b[2Jstatus\n" + "x" * 500)
    if told == "before":
        feeder.transcript.answered(*order)
    feeder.say(ev.ShellOutput("ck-1", "a\n"))
    if told == "meanwhile":
        feeder.transcript.answered(*order)
    feeder.say(ev.Responded("ck-1", "bash", True, data={"output": "a\n", "cancelled": True}))
    if told == "after":
        before = feeder.last.revision
        feeder.transcript.answered(*order)
        assert feeder.last.revision > before
    assert feeder.last.title.startswith("$ git ") and len(feeder.last.title) <= 300
    assert feeder.last.text.endswith("→ cancelled") and feeder.last.failed and not feeder.last.open
    feeder.say(ev.Responded("ck-2", "bash", True, data={"output": "", "exitCode": 0}))
    assert feeder.last.title == "shell command", "another one's order is not known"


def test_old_entries_go_and_keys_stay() -> None:
    feeder = Feeder()
    for number in range(3000):
        feeder.say(ev.MessageStarted("user", f"text {number}"))
    transcript = feeder.transcript
    assert len(transcript) <= transcript.max_entries
    assert (transcript.dropped, transcript.next_key) == (transcript.first_key, 3000)
    entry = transcript.entry(2999)
    assert entry is not None
    assert entry.text == "text 2999"
    assert transcript.entry(0) is None


def test_a_tool_whose_entry_was_dropped_may_still_speak() -> None:
    transcript = Transcript(max_entries=8)
    feeder = Feeder()
    feeder.transcript = transcript
    feeder.say(STARTED)
    for number in range(20):
        feeder.say(ev.MessageStarted("user", str(number)))
    held = transcript.held_bytes
    feeder.say(ev.ToolOutput("t", "x" * 1000), ev.ToolEnded("t", "bash", "x" * 1000))
    assert transcript.held_bytes == held


def test_a_head_that_grew_too_long_is_joined_as_it_is() -> None:
    window = TranscriptWindow()
    window.append(Feeder(first_line=100).records(*[ev.TextDelta(0, "b") for _ in range(RECORDS_LIMIT + 1)]))
    prepend(window, Feeder(first_line=1).records(ev.MessageStarted("user", "go"), ev.TextDelta(0, "a")))
    assert [entry.text[:3] for entry in window.entries()] == ["go", "a", "bbb"]
    assert [entry.open for entry in window.entries()] == [False, False, True]


def test_an_answer_given_before_history_was_joined_is_kept() -> None:
    window = TranscriptWindow()
    window.append([*Feeder(first_line=50).records(ASKED), ("d", "yes")])
    prepend(window, Feeder().records(ev.RunStarted(), STARTED))
    assert [entry.title for entry in window.entries()] == ["bash make", "Deploy?"]
    assert [entry.text for entry in window.entries()][-1].endswith("→ yes")


def test_what_a_program_prints_stands_between_its_prompts_as_it_was_printed() -> None:
    feeder = Feeder(ev.LinesPrinted("# ready\n", 1), ev.LinesPrinted("> no mark", 1), ev.LinesPrinted("up\n", 2))
    feeder.say(ev.MessageStarted("user", "6*7"))
    feeder.say(ev.LinesPrinted("42\n", 3))
    feeder.say(ev.MessageEnded("assistant", (ev.Block("output", "42"),), stop_reason="stop"))
    assert [(entry.kind, entry.text) for entry in feeder.transcript.entries()] == [
        (EntryKind.OUTPUT, "# ready\n> no markup\n"),
        (EntryKind.USER, "6*7"),
        (EntryKind.OUTPUT, "42\n"),
    ]
    assert feeder.transcript.final_text() == "42"
