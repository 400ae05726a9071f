"""What the scripted agent keeps between runs: queues, settings, dialogs, context, tokens, and the session file."""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from cockpit.embedded.scripted_agent.paths import make_parents
from cockpit.embedded.scripted_agent.plan import Step, plan
from cockpit.embedded.scripted_agent.tools import Shells
from cockpit.embedded.scripted_agent.wire import MODEL, EventWriter, tokens_of

TOKENS_PER_SECOND = 40.0
"""The rate of an answer at speed 1: about that of a hosted model."""
SYSTEM_TOKENS = 1400
"""Tokens that every request carries before the first message."""
MESSAGES_KEPT = 2000
"""Messages of the context that are kept; more than a script ever needs."""


@dataclass
class SessionSettings:
    """What commands can change."""

    steering_mode: str = "one-at-a-time"
    follow_up_mode: str = "one-at-a-time"
    thinking_level: str = "medium"
    model: dict[str, Any] = field(default_factory=lambda: MODEL)
    session_name: str = ""
    auto_compaction: bool = True
    auto_retry: bool = True


@dataclass
class Totals:
    """Sums over the session, for `get_session_stats`."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cost: float = 0.0

    def add(self, usage: dict[str, Any]) -> None:
        """Add the usage of one answer."""
        self.input += usage["input"]
        self.output += usage["output"]
        self.cache_read += usage["cacheRead"]
        self.cost += usage["cost"]["total"]


@dataclass
class Session:
    """The state that commands and runs share; one event loop, so no locks."""

    wire: EventWriter
    speed: float = 1.0
    agent: str = "scripted"
    story: dict[str, str] = field(default_factory=dict)
    """Prompts that stand for directives."""
    file: str | None = None
    folder: str | None = None
    """Where each session gets a file of its own; None keeps to `file`."""
    entries: list[dict[str, Any]] = field(default_factory=list)
    """What the session file holds below its header, whether there is a file or not."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    settings: SessionSettings = field(default_factory=SessionSettings)
    totals: Totals = field(default_factory=Totals)
    shells: Shells = field(default_factory=Shells)
    messages: list[dict[str, Any]] = field(default_factory=list)
    steering: list[str] = field(default_factory=list)
    follow_up: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    dialogs: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    aborting: asyncio.Event = field(default_factory=asyncio.Event)
    """Set from an abort until the run has ended."""
    retry_cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no run is in progress, backoff and automatic compaction included."""
    streaming: bool = False
    compacting: bool = False
    retrying: bool = False
    muted: bool = False
    """The accumulated dialect loses the end of a run that a compaction cuts."""
    introduced: bool = False
    answers: int = 0
    context: int = SYSTEM_TOKENS
    cached: int = 0
    rate: float = TOKENS_PER_SECOND
    compacted_at: int = -1
    """Count of messages right after the last compaction."""

    def plan(self, text: str) -> list[Step]:
        """Return the steps for a prompt: as the story tells it, else by the directives or the words in it."""
        return plan(self.story.get(text.strip(), text))

    def __post_init__(self) -> None:
        self.idle.set()
        self._name_file()

    def _name_file(self) -> None:
        if self.folder is not None:
            stamp = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime())
            self.file = os.path.join(self.folder, f"{stamp}_{self.id}.jsonl")

    def emit(self, kind: str, **fields: Any) -> None:
        """Write an event, unless the run was cut."""
        if not self.muted:
            self.wire.emit(kind, **fields)

    def remember(self, message: dict[str, Any]) -> None:
        """Add a finished message to the context, the totals and the session file."""
        self.messages.append(message)
        del self.messages[:-MESSAGES_KEPT]
        self.context += tokens_of(json.dumps(message.get("content", message.get("output"))))
        if message["role"] == "assistant":
            self.totals.add(message["usage"])
        self.note("message", message=message)

    def queue_changed(self) -> None:
        """Emit both queues."""
        self.wire.emit("queue_update", steering=self.steering, followUp=self.follow_up)

    def take(self, queue: list[str], mode: str) -> list[str]:
        """Return what the queue gives at once in this mode, without removing it yet."""
        return queue[:] if mode == "all" else queue[:1]

    async def pause(self, seconds: float) -> bool:
        """Wait, scaled by the speed; False as soon as the run is aborted."""
        if self.aborting.is_set():
            return False
        try:
            async with asyncio.timeout(seconds / self.speed):
                await self.aborting.wait()
        except TimeoutError:
            return True
        return False

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask the operator and wait; empty when the time is up. An abort does not end the wait, as in pi."""
        dialog_id = str(uuid.uuid4())
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.dialogs[dialog_id] = answer
        self.wire.emit("extension_ui_request", id=dialog_id, **question)
        timeout = question.get("timeout")
        try:
            async with asyncio.timeout(timeout / 1000 if timeout else None):
                return await answer
        except TimeoutError:
            return {}
        finally:
            del self.dialogs[dialog_id]

    def state(self) -> dict[str, Any]:
        """Return the data of `get_state`."""
        state: dict[str, Any] = {
            "model": self.settings.model,
            "thinkingLevel": self.settings.thinking_level,
            "isStreaming": self.streaming or (self.wire.is_delta and not self.idle.is_set()),
            "isCompacting": self.compacting,
            "steeringMode": self.settings.steering_mode,
            "followUpMode": self.settings.follow_up_mode,
        }
        if self.file is not None:
            state["sessionFile"] = self.file
        state["sessionId"] = self.id
        if self.settings.session_name:
            state["sessionName"] = self.settings.session_name
        return state | {
            "autoCompactionEnabled": self.settings.auto_compaction,
            "messageCount": len(self.messages),
            "pendingMessageCount": len(self.steering) + len(self.follow_up),
        }

    def statistics(self) -> dict[str, Any]:
        """Return the data of `get_session_stats`."""
        roles = [message["role"] for message in self.messages]
        calls = [
            block for message in self.messages for block in message.get("content", ()) if block["type"] == "toolCall"
        ]
        totals = self.totals
        total = totals.input + totals.output + totals.cache_read
        window = MODEL["contextWindow"]
        place = {"sessionFile": self.file} if self.file is not None else {}
        return place | {
            "sessionId": self.id,
            "userMessages": roles.count("user"),
            "assistantMessages": roles.count("assistant"),
            "toolCalls": len(calls),
            "toolResults": roles.count("toolResult"),
            "totalMessages": len(roles),
            "tokens": {
                "input": totals.input,
                "output": totals.output,
                "cacheRead": totals.cache_read,
                "cacheWrite": 0,
                "total": total,
            },
            "cost": totals.cost,
            "contextUsage": {
                "tokens": self.context,
                "contextWindow": window,
                "percent": 100 * self.context / window,
            },
        }

    def reset(self) -> None:
        """Begin a new session in this process."""
        self.id = str(uuid.uuid4())
        self._name_file()
        self.settings.session_name = ""
        self.entries.clear()
        self.messages.clear()
        self.steering.clear()
        self.follow_up.clear()
        self.context, self.cached, self.compacted_at = SYSTEM_TOKENS, 0, -1
        self.totals = Totals()

    def note(self, kind: str, **fields: Any) -> None:
        """Add an entry to the session, and to its file if it has one."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        parent = self.entries[-1]["id"] if self.entries else None
        entry = {"type": kind, "id": uuid.uuid4().hex[:8], "parentId": parent, "timestamp": stamp, **fields}
        self.entries.append(entry)
        self.store([entry])

    def store(self, entries: list[dict[str, Any]]) -> None:
        """Write entries behind those the session file has; it is made with the first of them."""
        if self.file is None:
            return
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        make_parents(self.file)
        fresh = not os.path.exists(self.file)
        with open(self.file, "a", encoding="utf-8", errors="backslashreplace") as file:
            if fresh:
                header = {
                    "type": "session",
                    "version": 3,
                    "id": self.id,
                    "timestamp": stamp,
                    "cwd": os.getcwd(),
                }
                file.write(json.dumps(header, ensure_ascii=False, separators=(",", ":")) + "\n")
            # As JSON.stringify writes them, without blanks.
            file.writelines(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries)
