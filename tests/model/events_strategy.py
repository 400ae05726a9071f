"""Hypothesis strategies: every kind of event, in any order, with little variety so that they meet."""

from __future__ import annotations

from hypothesis import strategies as st

from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from tests.model.captures import AGENT, START

texts = st.sampled_from(["", "a", "go on", "/skill:x", "line\nline", "\x1b[31m\u2028", "long " * 50]) | st.text(
    max_size=8
)
ids = st.sampled_from(["", "c1", "c2", "c3"])
small = st.integers(-1, 4)
seconds = st.floats(0, 5, allow_nan=False)
usage = st.none() | st.builds(ev.Usage, small, small, small, small, seconds)
words = st.sampled_from(["text", "thinking", "toolCall", "image", "odd"])
blocks = st.builds(ev.Block, words, texts, texts, ids)
reasons = st.sampled_from(["", "stop", "toolUse", "error", "aborted", "length", "pending"])
anything = st.recursive(
    st.none() | st.booleans() | small | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
states = st.fixed_dictionaries(
    {},
    optional={
        "isStreaming": st.booleans() | anything,
        "isCompacting": st.booleans() | anything,
        "model": anything | st.fixed_dictionaries({"id": texts, "contextWindow": small}),
        "contextUsage": anything,
        "disposition": st.sampled_from(["started", "queued", "handled"]),
        "output": texts,
        "steering": st.lists(texts, max_size=2) | anything,
        "followUp": st.lists(texts, max_size=2) | anything,
        "exitCode": small,
    },
)
commands = st.sampled_from(
    [
        "",
        "prompt",
        "steer",
        "follow_up",
        "abort",
        "get_state",
        "bash",
        "parse",
        "set_model",
        "get_session_stats",
        "clear_queue",
    ]
)
queue = st.lists(texts, max_size=3).map(tuple)

events: st.SearchStrategy[Event] = st.one_of(
    st.just(ev.RunStarted()),
    st.builds(ev.RunEnded, st.none() | st.booleans()),
    st.builds(ev.RunSettled, st.none() | st.booleans()),
    st.just(ev.TurnStarted()),
    st.just(ev.TurnEnded()),
    st.builds(
        ev.MessageStarted,
        st.sampled_from(["user", "user", "assistant", "toolResult", "custom", "system"]),
        texts,
        within=st.booleans(),
    ),
    st.builds(ev.TextDelta, small, texts),
    st.builds(ev.ThinkingDelta, small, texts),
    st.builds(ev.ToolCallDelta, small, texts),
    st.builds(ev.BlockStarted, small, words, texts, ids),
    st.builds(ev.BlockEnded, small, words, st.none() | texts, texts, ids),
    st.builds(
        ev.MessageEnded,
        st.sampled_from(["user", "assistant", "assistant", "toolResult"]),
        st.lists(blocks, max_size=3).map(tuple),
        usage,
        reasons,
        texts,
        texts,
        ids,
    ),
    st.builds(ev.ToolStarted, ids, texts, st.dictionaries(texts, anything, max_size=2)),
    st.builds(ev.ToolOutput, ids, texts, texts),
    st.builds(ev.ToolEnded, ids, texts, texts, st.booleans(), texts),
    st.builds(ev.QueueChanged, queue, queue),
    st.builds(ev.CompactionStarted, st.sampled_from(["", "manual", "threshold", "overflow"])),
    st.builds(ev.CompactionEnded, texts, st.booleans(), st.booleans(), texts, texts, small, usage),
    st.builds(ev.RetryStarted, small, small, seconds, texts),
    st.builds(ev.RetryEnded, st.booleans(), small, texts),
    st.builds(
        ev.DialogRequested,
        ids,
        st.sampled_from(["select", "confirm", "input", "editor"]),
        texts,
        texts,
        queue,
        timeout=st.none() | seconds,
    ),
    st.builds(ev.ExtensionNotice, st.sampled_from(["notify", "setStatus", "setWidget"]), texts, texts, texts),
    st.builds(ev.ExtensionFailed, texts, texts, texts),
    st.builds(ev.Responded, ids, commands, st.booleans(), texts, states | anything),
    st.builds(ev.SettingChanged, texts, texts),
    st.builds(ev.ShellOutput, ids, texts),
    st.builds(ev.LinesPrinted, texts, small),
    st.builds(ev.DaemonStarted, ids, texts),
    st.builds(ev.DaemonExited, ids, small),
    st.builds(ev.UnknownEvent, texts, texts),
    st.builds(ev.BrokenLine, texts, texts, small),
    st.builds(ev.EpochStarted, texts),
)

gaps = st.sampled_from([0.0, 0.001, 0.2, 0.4, 1.0, 30.0])


def as_records(drawn: list[tuple[Event, float]]) -> list[Record]:
    """Give events their places and times."""
    at, records = START, []
    for line, (event, gap) in enumerate(drawn, 1):
        at += gap
        records.append(Record(AGENT, 1, line, line * 10, line * 10 + 10, at, event))
    return records


histories: st.SearchStrategy[list[Record]] = st.lists(st.tuples(events, gaps), max_size=60).map(as_records)
