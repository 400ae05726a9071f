"""Messages and tool calls of a transcript: streamed text, replaced by the final one, never both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from cockpit.model import events as ev
from cockpit.model.content import OUTPUT
from cockpit.model.events import Record
from cockpit.model.reduce.tools import call_title, one_line
from cockpit.model.todo import PlannedStep, steps_in
from cockpit.model.transcript.authored import authored
from cockpit.model.transcript.entry import Entry, EntryKind
from cockpit.model.transcript.ring import EntryRing

OPEN_TOOLS = 256
"""Tool calls followed at once; an agent that starts more without ending any is broken or hostile."""

BLOCKS_LIMIT = 512
"""Content blocks of one message that get entries of their own."""

TAKEN_LIMIT = 64
"""Queued texts remembered between leaving the queue and appearing as a message."""

FINAL_TEXT_LIMIT = 4 * 1024 * 1024
"""Characters of the last answer kept whole, for scripts that wait for it."""

BLOCK_KINDS = {"text": EntryKind.ANSWER, "thinking": EntryKind.THINKING, "toolCall": EntryKind.TOOL}


class MessageFold(EntryRing):
    """The part of a transcript that follows messages, their content blocks, and tools."""

    def __init__(self, *, max_entries: int, max_bytes: int) -> None:
        super().__init__(max_entries=max_entries, max_bytes=max_bytes)
        self._blocks: dict[int, Entry] = {}
        """The entries of the assistant message that streams, by content index."""
        self._tools: dict[str, Entry] = {}
        """The tool entries that may still change, by call id."""
        self._user_shown: Entry | None = None
        self._asked: tuple[int, int] | None = None
        """Key and line at which a text stands that is told late, in the midst of its answer; None: at the end."""
        self._steering: tuple[str, ...] = ()
        self._follow_up: tuple[str, ...] = ()
        self._taken_steering: list[str] = []
        self._taken_follow_up: list[str] = []
        self._final_text = ""
        self.steps: tuple[PlannedStep, ...] = ()
        """What the agent means to do, as its own tools told last; empty where they tell nothing."""

    def final_text(self) -> str:
        """Return the text of the last finished assistant message, whole unless it is absurdly long."""
        return self._final_text

    def _close(self, entry: Entry) -> None:
        entry.open = False
        self._touch(entry)

    # --- user and other whole messages ---------------------------------------------------------------

    def _on_message_started(self, record: Record, event: ev.MessageStarted) -> None:
        self._user_shown = None
        if not event.within:
            self._close_message()
        if event.role == "user":
            kind = self._user_kind(event.text)
            place = self._place_above() if event.within else None
            if place is None:
                self._user_shown = self._add(kind, record, "", event.text)
            else:
                self._user_shown = self._put_in(*place, kind, record, event.text)
                self._asked = (place[0] + 1, place[1])  # what else was asked for with it stands below it
            self._user_shown.said_at = event.said_at
        elif event.role == "custom":
            self._add(EntryKind.NOTICE, record, event.custom_type, event.text)
        elif event.role == "assistant":
            self._taken_steering.clear()
            self._taken_follow_up.clear()

    def _place_above(self) -> tuple[int, int] | None:
        """Return where a text stands that is told in the midst of its answer; None if nothing is being answered."""
        if self._asked is not None:
            return self._asked
        streaming = next((entry for entry in self._blocks.values() if not entry.complete), None)
        return (streaming.key, streaming.line) if streaming is not None else None

    def _user_kind(self, text: str) -> EntryKind:
        """Tell where a user message came from: a text that just left a queue came from that queue."""
        if text in self._taken_steering:
            self._taken_steering.remove(text)
            return EntryKind.STEER
        if text in self._taken_follow_up:
            self._taken_follow_up.remove(text)
            return EntryKind.FOLLOW_UP
        return EntryKind.USER

    def _on_queue(self, record: Record, event: ev.QueueChanged) -> None:
        self._taken_steering += _left(self._steering, event.steering)
        self._taken_follow_up += _left(self._follow_up, event.follow_up)
        del self._taken_steering[:-TAKEN_LIMIT], self._taken_follow_up[:-TAKEN_LIMIT]
        self._steering, self._follow_up = event.steering, event.follow_up

    def _queue_cleared(self, record: Record, event: ev.Responded) -> None:
        """Show what was taken out of the queues unread: the agent has it no longer, and here it stays to be read."""
        data = event.data if isinstance(event.data, dict) else {}
        texts = [(glyph, text) for glyph, key in (("↯", "steering"), ("↳", "followUp")) for text in _texts(data, key)]
        if texts:
            body = "\n".join(f"{glyph} {text}" for glyph, text in texts)
            self._add(EntryKind.NOTICE, record, "taken out of the queue unread", body)

    # --- the assistant's message ---------------------------------------------------------------------

    def _block(self, record: Record, index: int, kind: EntryKind, title: str = "") -> Entry:
        """Return the entry of a content block, made when it first has something to show."""
        entry = self._blocks.get(index)
        if entry is None:
            entry = self._add(kind, record, title)
            if len(self._blocks) >= BLOCKS_LIMIT:
                return entry
            entry.open = True
            self._blocks[index] = entry
        return entry

    def _on_text(self, record: Record, event: ev.TextDelta) -> None:
        entry = self._blocks.get(event.index) or self._block(record, event.index, EntryKind.ANSWER)
        entry.append(event.text)
        self._touch(entry)

    def _on_thinking(self, record: Record, event: ev.ThinkingDelta) -> None:
        entry = self._blocks.get(event.index) or self._block(record, event.index, EntryKind.THINKING, "thinking")
        entry.append(event.text)
        self._touch(entry)

    def _on_arguments(self, record: Record, event: ev.ToolCallDelta) -> None:
        entry = self._blocks.get(event.index) or self._block(record, event.index, EntryKind.TOOL, "tool call")
        entry.append(event.text)
        self._touch(entry)

    def _on_block_started(self, record: Record, event: ev.BlockStarted) -> None:
        if event.kind == "toolCall" and event.index not in self._blocks:
            entry = self._block(record, event.index, EntryKind.TOOL, event.tool_name or "tool call")
            if event.call_id:
                self._name_call(entry, event.call_id)

    def _on_block_ended(self, record: Record, event: ev.BlockEnded) -> None:
        self._settle_block(record, event.index, event.kind, event.text, event.tool_name, event.call_id)

    def _settle_block(
        self, record: Record, index: int, kind_name: str, text: str | None, tool_name: str, call_id: str
    ) -> None:
        """Put the final text of a block in the place of what its deltas built."""
        kind = BLOCK_KINDS.get(kind_name)
        if kind is None or (kind is not EntryKind.TOOL and not text and index not in self._blocks):
            return
        known = self._tools.get(call_id) if call_id and kind is EntryKind.TOOL else None
        entry = self._blocks.get(index) or known
        if entry is None:
            entry = self._block(record, index, kind, "thinking" if kind is EntryKind.THINKING else "")
        entry.kind = kind
        if kind is EntryKind.TOOL:
            if not entry.complete:
                self._settle_call(entry, text, tool_name, call_id)
        else:
            entry.open = False
            if text is not None:
                entry.replace(text)
                entry.complete = True
        self._touch(entry)

    def _settle_call(self, entry: Entry, arguments: str | None, tool_name: str, call_id: str) -> None:
        source = arguments if arguments is not None else entry.text
        self._tell_call(entry, tool_name or entry.title, parsed_arguments(source))
        entry.replace("")
        entry.complete = True
        if call_id:
            self._name_call(entry, call_id)

    def _tell_call(self, entry: Entry, name: str, arguments: dict[str, Any]) -> None:
        """Say what a call is, and what it writes."""
        entry.title = call_title(name, arguments)
        written, diff = authored(name, arguments)
        entry.keep_written(written)
        entry.keep_diff(diff)

    def _name_call(self, entry: Entry, call_id: str) -> None:
        entry.call_id = call_id
        self._tools[call_id] = entry
        while len(self._tools) > OPEN_TOOLS:
            self._tools.pop(next(iter(self._tools)))

    def _on_message_ended(self, record: Record, event: ev.MessageEnded) -> None:
        if event.role == "user":
            self._end_user(record, event)
        elif event.role == "assistant":
            self._asked = None
            end = self._end_part if event.part else self._end_answer
            end(record, event)

    def _end_user(self, record: Record, event: ev.MessageEnded) -> None:
        images = [block.image_label for block in event.blocks if block.kind == "image"]
        text = "\n".join([*([event.text] if event.text else []), *([" ".join(images)] if images else [])])
        if self._user_shown is None:
            self._add(self._user_kind(event.text or text), record, "", text).said_at = event.said_at
        elif text and self._user_shown.replace(text):
            self._touch(self._user_shown)
        self._user_shown = None

    def _end_part(self, record: Record, event: ev.MessageEnded) -> None:
        """Put a finished block of a message that goes on in the place of the one that streams, or behind the others."""
        for block in event.blocks[:BLOCKS_LIMIT]:
            kind = BLOCK_KINDS.get(block.kind)
            streaming = (at for at, entry in self._blocks.items() if entry.kind is kind and not entry.complete)
            index = next(streaming, max(self._blocks, default=-1) + 1)
            self._settle_block(record, index, block.kind, block.text, block.tool_name, block.call_id)
        if event.text:
            self._final_text = event.text[:FINAL_TEXT_LIMIT]
        if event.stop_reason == "error":
            self._close_message(cut=False)
            self._add(EntryKind.ERROR, record, "the model's answer failed", event.error).failed = True

    def _end_answer(self, record: Record, event: ev.MessageEnded) -> None:
        self._final_text = event.text[:FINAL_TEXT_LIMIT]
        for index, block in enumerate(event.blocks[:BLOCKS_LIMIT]):
            self._settle_block(record, index, block.kind, block.text, block.tool_name, block.call_id)
        failed = event.stop_reason == "error"
        answers = [entry for entry in self._blocks.values() if entry.kind is EntryKind.ANSWER]
        if answers:
            answers[-1].duration = event.duration
        self._tell_price(event, answers)
        unfinished = failed or event.stop_reason in ("aborted", "length")
        for entry in self._blocks.values():
            entry.failed = entry.failed or failed
            if entry.kind is EntryKind.TOOL and not unfinished:
                continue  # it runs next; the tool's own events close it
            entry.failed = entry.failed or (entry.kind is EntryKind.TOOL and entry.open)
            self._close(entry)
        self._blocks = {}
        if failed:
            self._add(EntryKind.ERROR, record, "the model's answer failed", event.error).failed = True
        elif event.stop_reason == "aborted":
            self._add(EntryKind.NOTICE, record, "aborted", event.error)
        elif event.stop_reason == "length":
            self._add(EntryKind.ERROR, record, "the answer was cut by the output limit").failed = True
        elif not event.text and not any(block.kind in ("toolCall", OUTPUT) for block in event.blocks):
            self._add(EntryKind.ERROR, record, "the answer is empty").failed = True

    def _tell_price(self, event: ev.MessageEnded, answers: list[Entry]) -> None:
        """Say when a message was made, and what it cost: beside its words, else beside its first call."""
        for entry in self._blocks.values() if event.said_at is not None else ():
            entry.said_at = event.said_at
            self._touch(entry)
        calls = (entry for entry in self._blocks.values() if entry.kind is EntryKind.TOOL)
        holder = answers[-1] if answers else next(calls, None)
        if holder is None:
            return
        if event.usage is not None:
            holder.cost = event.usage.cost
            self._touch(holder)
        if event.said_at is not None and event.duration is not None:
            holder.ended_at = event.said_at + event.duration

    def _close_message(self, *, cut: bool = True) -> None:
        """End a message whose own end never came: the run was cut, or another message begins."""
        for entry in self._blocks.values():
            if entry.kind is not EntryKind.TOOL or not entry.complete:
                entry.failed = entry.failed or (cut and not entry.complete)
                self._close(entry)
        self._blocks = {}

    # --- tools ---------------------------------------------------------------------------------------

    def _on_tool_started(self, record: Record, event: ev.ToolStarted) -> None:
        self._asked = None
        entry = self._tools.get(event.call_id)
        if entry is None:
            entry = self._add(EntryKind.TOOL, record)
            self._name_call(entry, event.call_id)
        self._tell_call(entry, event.name, event.arguments)
        if not entry.complete:
            entry.replace("")  # what streamed were its arguments, which the title tells: it has printed nothing yet
        entry.open = entry.complete = True
        steps = steps_in(event.name, event.arguments)
        self.steps = self.steps if steps is None else steps
        self._touch(entry)

    def _running_tool(self, record: Record, call_id: str, name: str) -> Entry:
        entry = self._tools.get(call_id)
        if entry is None:
            entry = self._add(EntryKind.TOOL, record, one_line(name, 80) or "tool")
            entry.open = True
            self._name_call(entry, call_id)
        return entry

    def _on_tool_output(self, record: Record, event: ev.ToolOutput) -> None:
        if event.beside and (not event.text or event.call_id not in self._tools):
            return  # words of a sub-agent in the background: its call is over, and no other began
        entry = self._running_tool(record, event.call_id, event.name)
        if entry.replace(event.text):
            self._touch(entry)

    def _on_tool_ended(self, record: Record, event: ev.ToolEnded) -> None:
        entry = self._running_tool(record, event.call_id, event.name)
        self._tools.pop(event.call_id, None)
        entry.replace(event.text)
        if event.diff or event.is_error:  # what failed changed nothing
            entry.keep_diff(event.diff)
        entry.failed = event.is_error or bool(event.exit_code)
        entry.exit_code, entry.duration = event.exit_code, event.duration
        self._close(entry)


def _left(before: Iterable[str], now: Iterable[str]) -> list[str]:
    """Return the texts that left a queue, in order; equal texts are counted."""
    remaining = Counter(now)
    gone: list[str] = []
    for text in before:
        if remaining[text] > 0:
            remaining[text] -= 1
        else:
            gone.append(text)
    return gone


def parsed_arguments(arguments: str) -> dict[str, Any]:
    """Read a call's arguments, which may be cut or garbled."""
    try:
        found = msgspec.json.decode(arguments)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _texts(data: dict[str, Any], key: str) -> list[str]:
    texts = data.get(key)
    return [text for text in texts if isinstance(text, str)] if isinstance(texts, list) else []
