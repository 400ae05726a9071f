"""A run of the scripted agent: turns, tools, queues, retries and compaction in the order real pi keeps."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Sequence
from typing import Any

from cockpit.embedded.scripted_agent.answer import ModelAnswer
from cockpit.embedded.scripted_agent.compaction import compact
from cockpit.embedded.scripted_agent.plan import (
    Call,
    Compact,
    Fail,
    Say,
    Slow,
    Think,
    plan_steering,
)
from cockpit.embedded.scripted_agent.session import TOKENS_PER_SECOND, Session
from cockpit.embedded.scripted_agent.toolbox import execute, with_arguments
from cockpit.embedded.scripted_agent.wire import now_ms, system_message, user_message

RETRIES = 3
FIRST_DELAY = 2.0
"""Seconds before the first retry at speed 1; each later one waits twice as long."""
MODEL_LATENCY = 0.25
"""Seconds from a request to its first token."""
OVERLOADED = '529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'


class Run:
    """Everything between a prompt to an idle agent and the moment nothing more happens by itself."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._failures = 0
        self._attempt = 0
        self._fill_context = False
        self._done: list[str] = []
        self._made: list[dict[str, Any]] = []

    async def perform(self, texts: Sequence[str]) -> None:
        """Run until idle; `texts` are the prompts that start it."""
        session = self._session
        session.idle.clear()
        try:
            stop = await self._cycle(texts)
            while True:
                if stop == "error" and self._attempt:
                    if not await self._backoff():
                        break
                    stop = await self._cycle(())
                elif stop == "stop" and self._fill_context and session.settings.auto_compaction:
                    self._fill_context = False
                    await compact(session, "threshold")
                    if not session.steering and not session.follow_up:
                        break
                    stop = await self._cycle((), after_compaction=True)
                else:
                    break
        finally:
            session.steps.clear()
            session.rate = TOKENS_PER_SECOND
            session.aborting.clear()
            session.idle.set()
            if session.wire.is_delta:
                session.emit("agent_settled")
            session.muted = False

    async def _cycle(self, texts: Sequence[str], *, after_compaction: bool = False) -> str:
        """One `agent_start` to `agent_end`; returns how it stopped: `stop`, `aborted` or `error`."""
        session = self._session
        session.streaming = True
        self._made = []
        session.emit("agent_start")
        session.emit("turn_start")
        self._introduce()
        for text in texts:
            self._user(text)
            session.steps += session.plan(text)
            self._done = []
        if after_compaction and not session.steering:
            self._deliver(session.follow_up, session.settings.follow_up_mode)
        self._deliver(session.steering, session.settings.steering_mode)
        while True:
            message = await self._answer()
            results: list[dict[str, Any]] = []
            stop = message["stopReason"]
            if self._attempt and stop in ("stop", "toolUse"):
                session.emit("auto_retry_end", success=True, attempt=self._attempt)
                self._attempt = 0
            calls = [block for block in message["content"] if block["type"] == "toolCall"]
            if stop == "toolUse":
                results = [await self._tool(call) for call in calls]
                for result in results:
                    session.emit("message_start", message=result)
                    session.emit("message_end", message=result)
                    self._keep(result)
            session.emit("turn_end", message=message, toolResults=results)
            if stop in ("aborted", "error"):
                break
            if session.aborting.is_set():
                session.emit("turn_start")
            elif session.steering or stop == "toolUse":
                session.emit("turn_start")
                self._deliver(session.steering, session.settings.steering_mode)
            elif session.follow_up:
                session.emit("turn_start")
                self._deliver(session.follow_up, session.settings.follow_up_mode)
            else:
                break
        return self._end(stop)

    def _end(self, stop: str) -> str:
        session = self._session
        # An abort during a tool ends in an `error` in the delta dialect; it is no failure of the provider.
        if stop == "error" and session.aborting.is_set():
            stop = "aborted"
        retry = stop == "error" and self._attempt < RETRIES and session.settings.auto_retry
        flag = {"willRetry": retry} if session.wire.is_delta else {}
        session.streaming = False
        session.emit("agent_end", messages=self._made, **flag)
        if stop == "error" and not retry and self._attempt:
            session.emit("auto_retry_end", success=False, attempt=self._attempt, finalError=OVERLOADED)
            self._attempt = 0
        elif retry:
            self._attempt += 1
        return stop

    async def _backoff(self) -> bool:
        """Wait before the next try; False if the operator ended the wait."""
        session = self._session
        delay = FIRST_DELAY * 2 ** (self._attempt - 1)
        session.emit(
            "auto_retry_start",
            attempt=self._attempt,
            maxAttempts=RETRIES,
            delayMs=round(1000 * delay / session.speed),
            errorMessage=OVERLOADED,
        )
        if session.wire.is_delta:
            session.emit("entry_appended", entry=_context_edit())
        session.retry_cancelled.clear()
        session.retrying = True
        waited = await session.pause(delay)
        session.retrying = False
        if waited:
            return True
        session.emit("auto_retry_end", success=False, attempt=self._attempt, finalError="Retry cancelled")
        session.retry_cancelled.set()
        await asyncio.sleep(0)  # pi answers the command that cancelled before it settles
        return False

    def _introduce(self) -> None:
        session = self._session
        if session.wire.is_delta and not session.introduced:
            message = system_message(os.getcwd())
            session.emit("message_start", message=message)
            session.emit("message_end", message=message)
            self._made.append(message)
        session.introduced = True

    def _user(self, text: str) -> None:
        message = user_message(text)
        self._session.emit("message_start", message=message)
        self._session.emit("message_end", message=message)
        self._keep(message)

    def _keep(self, message: dict[str, Any]) -> None:
        self._made.append(message)
        self._session.remember(message)

    def _deliver(self, queue: list[str], mode: str) -> None:
        """Move queued texts into the conversation and plan for them."""
        session = self._session
        for text in session.take(queue, mode):
            queue.pop(0)
            session.queue_changed()
            self._user(text)
            if queue is session.steering:
                session.steps = plan_steering(text, session.steps)
            else:
                session.steps += session.plan(text)
                self._done = []

    async def _answer(self) -> dict[str, Any]:
        """One model call."""
        session = self._session
        session.answers += 1
        fresh = max(1, session.context - session.cached)
        answer = ModelAnswer(
            session.wire.dialect,
            session.emit,
            model=session.settings.model,
            fresh=fresh,
            cached=session.cached,
            number=session.answers,
        )
        if session.aborting.is_set() or not await session.pause(MODEL_LATENCY):
            # pi before 0.84 calls this aborted, later pi an error with the words of the abort.
            if session.wire.is_delta:
                message = answer.fail("error", "This operation was aborted")
            else:
                message = answer.fail("aborted", "Request was aborted.")
        elif self._fails():
            message = answer.fail("error", OVERLOADED)
        else:
            answer.start()
            message = await self._stream(answer)
            session.cached = session.context
        self._keep(message)
        return message

    def _fails(self) -> bool:
        """Take the directives at the head of the plan, and say whether the provider fails this time."""
        session = self._session
        while session.steps and isinstance(step := session.steps[0], Fail | Slow | Compact):
            session.steps.pop(0)
            if isinstance(step, Fail):
                self._failures += step.times
            elif isinstance(step, Slow):
                session.rate = step.rate
            else:
                self._fill_context = True
        if self._failures <= 0:
            return False
        self._failures -= 1
        return True

    async def _stream(self, answer: ModelAnswer) -> dict[str, Any]:
        session = self._session

        async def pace() -> bool:
            return await session.pause(1 / session.rate)

        while session.steps:
            step = session.steps.pop(0)
            if isinstance(step, Slow):
                session.rate = step.rate
            elif isinstance(step, Compact):
                self._fill_context = True
            elif isinstance(step, Think | Say):
                kind = "thinking" if isinstance(step, Think) else "text"
                if not await answer.stream(kind, step.text, pace):
                    return answer.end_aborted()
            else:
                if isinstance(step, Fail):
                    # Only a model call can fail, so something small is done that leads to one.
                    session.steps.insert(0, step)
                    step = Call("bash", {"command": "true"})
                if await answer.call(step.tool, with_arguments(step), pace) is None:
                    return answer.end_aborted()
                return answer.end("toolUse")
        if not answer.message["content"] and not await answer.stream("text", self._summary(), pace):
            return answer.end_aborted()
        return answer.end("stop")

    def _summary(self) -> str:
        if not self._done:
            return "There is nothing to do. (This agent follows a script.)"
        return f"Done: {', '.join(self._done[-6:])}. (This agent follows a script.)"

    async def _tool(self, call: dict[str, Any]) -> dict[str, Any]:
        """Run one tool call and return its message."""
        session = self._session
        outcome = await execute(session, call)
        if outcome.steps is not None:
            session.steps = [*outcome.steps, *([] if outcome.ends_plan else session.steps)]
        self._done.append(outcome.summary)
        record = outcome.result.record
        session.emit(
            "tool_execution_end",
            toolCallId=call["id"],
            toolName=call["name"],
            result=record,
            isError=outcome.result.is_error,
        )
        message = {"role": "toolResult", "toolCallId": call["id"], "toolName": call["name"], **record}
        return message | {"isError": outcome.result.is_error, "timestamp": now_ms()}


def _context_edit() -> dict[str, Any]:
    target = uuid.uuid4().hex[:8]
    entry = {"type": "context_edit", "id": uuid.uuid4().hex[:8], "parentId": target, "timestamp": now_ms()}
    return entry | {"targetId": target, "replacement": None}
