"""The scripted agent's input: lines of pi's RPC commands, carried out and answered as pi answers them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from cockpit.embedded.scripted_agent.compaction import compact
from cockpit.embedded.scripted_agent.conversation import CommandRefused, ConversationCommands, expanded
from cockpit.embedded.scripted_agent.run import Run
from cockpit.embedded.scripted_agent.session import Session
from cockpit.embedded.scripted_agent.wire import MODELS, now_ms

BUSY = "Agent is already processing. Specify streamingBehavior ('steer' or 'followUp') to queue the message."
LEVELS = ("off", "minimal", "low", "medium", "high")
MODES = ("all", "one-at-a-time")

Starter = Callable[[Coroutine[Any, Any, None]], Any]
"""Starts a coroutine in the background, owned by the caller."""


class Commands(ConversationCommands):
    """Carries out one command after the other; what takes time goes on in the background."""

    def __init__(self, session: Session, start: Starter) -> None:
        super().__init__(session)
        self._start = start
        self._stop_shell = asyncio.Event()

    def feed(self, line: bytes) -> None:
        """Take one line of input without its LF."""
        text = line.decode("utf-8", "replace")
        try:
            command = json.loads(text)
        except (ValueError, RecursionError) as error:
            # For an empty line pi's own words: readers know them as the answer to a bare LF, which ends a half line.
            what = error if text.strip() else "Unexpected end of JSON input"
            reason = f"Failed to parse command: {what}"
            self._session.wire.respond({"type": "parse"}, reason)
            return
        if not isinstance(command, dict):
            self._session.wire.respond({}, "Unknown command: undefined")
            return
        self._carry_out(command)

    def _carry_out(self, command: dict[str, Any]) -> None:
        kind = command.get("type")
        wire = self._session.wire
        if kind == "extension_ui_response":
            self._answer_dialog(command)
            return
        handler = getattr(self, f"_do_{kind}", None) if isinstance(kind, str) and kind.isidentifier() else None
        if handler is None or (kind == "clear_queue" and not wire.is_delta):
            known = command if wire.is_delta else {"type": kind}
            wire.respond(known, f"Unknown command: {'undefined' if kind is None else kind}")
            return
        try:
            done = handler(command)
        except CommandRefused as refusal:
            wire.respond(command, str(refusal))
            return
        if asyncio.iscoroutine(done):
            self._start(self._finish(command, done))
        elif done is not DONE:
            wire.respond(command, data=done)

    async def _finish(self, command: dict[str, Any], work: Coroutine[Any, Any, Any]) -> None:
        try:
            self._session.wire.respond(command, data=await work)
        except CommandRefused as refusal:
            self._session.wire.respond(command, str(refusal))

    def _answer_dialog(self, command: dict[str, Any]) -> None:
        dialog = self._session.dialogs.get(str(command.get("id")))
        if dialog is not None and not dialog.done():
            dialog.set_result({} if command.get("cancelled") else command)

    # --- conversation ---------------------------------------------------------------------------

    def _do_prompt(self, command: dict[str, Any]) -> Any:
        session = self._session
        text = expanded(_text(command, "message"))
        if session.idle.is_set() and not session.compacting:
            session.idle.clear()
            session.wire.respond(command)
            self._start(Run(session).perform((text,)))
            return DONE
        behaviour = command.get("streamingBehavior")
        if not behaviour:
            raise CommandRefused(BUSY)
        self._queue(session.follow_up if behaviour == "followUp" else session.steering, text)
        return None

    def _do_steer(self, command: dict[str, Any]) -> None:
        self._queue(self._session.steering, expanded(_text(command, "message")))

    def _do_follow_up(self, command: dict[str, Any]) -> None:
        self._queue(self._session.follow_up, expanded(_text(command, "message")))

    def _queue(self, queue: list[str], text: str) -> None:
        queue.append(text)
        self._session.queue_changed()

    def _do_clear_queue(self, command: dict[str, Any]) -> dict[str, Any]:
        session = self._session
        cleared = {"steering": session.steering[:], "followUp": session.follow_up[:]}
        session.steering.clear()
        session.follow_up.clear()
        session.queue_changed()
        return cleared

    async def _do_abort(self, command: dict[str, Any]) -> None:
        session = self._session
        if not session.idle.is_set():
            session.aborting.set()
            await session.idle.wait()
        elif session.compacting and session.wire.is_delta:
            session.aborting.set()

    async def _do_abort_retry(self, command: dict[str, Any]) -> None:
        if self._session.retrying:
            self._session.aborting.set()
            await self._session.retry_cancelled.wait()

    async def _do_compact(self, command: dict[str, Any]) -> dict[str, Any]:
        session = self._session
        if not session.idle.is_set():
            session.muted = not session.wire.is_delta
            session.aborting.set()
            await session.idle.wait()
        if session.compacting:
            raise CommandRefused("Compaction already in progress")
        try:
            result, error = await compact(session, "manual")
        finally:
            session.aborting.clear()
        if result is None:
            raise CommandRefused(error)
        if session.steering or session.follow_up:
            waiting = session.steering or session.follow_up
            text = waiting.pop(0)
            session.queue_changed()
            session.idle.clear()
            self._start(Run(session).perform((text,)))
        return result

    # --- queries --------------------------------------------------------------------------------

    def _do_get_state(self, command: dict[str, Any]) -> dict[str, Any]:
        return self._session.state()

    def _do_get_messages(self, command: dict[str, Any]) -> dict[str, Any]:
        return {"messages": self._session.messages}

    def _do_get_session_stats(self, command: dict[str, Any]) -> dict[str, Any]:
        return self._session.statistics()

    def _do_get_last_assistant_text(self, command: dict[str, Any]) -> dict[str, Any]:
        for message in reversed(self._session.messages):
            if message["role"] == "assistant":
                blocks = [block["text"] for block in message["content"] if block["type"] == "text"]
                if blocks:
                    return {"text": "".join(blocks)}
        return {}

    def _do_get_available_models(self, command: dict[str, Any]) -> dict[str, Any]:
        return {"models": list(MODELS)}

    def _do_get_available_thinking_levels(self, command: dict[str, Any]) -> dict[str, Any]:
        return {"levels": self._levels()}

    def _levels(self) -> list[str]:
        return list(LEVELS if self._session.settings.model["reasoning"] else LEVELS[:1])

    # --- settings -------------------------------------------------------------------------------

    def _do_set_model(self, command: dict[str, Any]) -> dict[str, Any]:
        wanted = (command.get("provider"), command.get("modelId"))
        found = next((model for model in MODELS if (model["provider"], model["id"]) == wanted), None)
        if found is None:
            raise CommandRefused(f"Model not found: {wanted[0]}/{wanted[1]}")
        self._session.settings.model = found
        if self._session.settings.thinking_level not in self._levels():
            self._do_set_thinking_level({"level": "off"})
        return found

    def _do_set_thinking_level(self, command: dict[str, Any]) -> None:
        level = command.get("level")
        level = level if level in self._levels() else "off"
        if level != self._session.settings.thinking_level:
            self._session.settings.thinking_level = level
            self._session.wire.emit("thinking_level_changed", level=level)

    def _do_cycle_thinking_level(self, command: dict[str, Any]) -> dict[str, Any]:
        settings = self._session.settings
        level = LEVELS[(LEVELS.index(settings.thinking_level) + 1) % len(LEVELS)]
        self._do_set_thinking_level({"level": level})
        return {"level": level}

    def _do_set_steering_mode(self, command: dict[str, Any]) -> None:
        self._session.settings.steering_mode = _mode(command)

    def _do_set_follow_up_mode(self, command: dict[str, Any]) -> None:
        self._session.settings.follow_up_mode = _mode(command)

    def _do_set_auto_compaction(self, command: dict[str, Any]) -> None:
        self._session.settings.auto_compaction = bool(command.get("enabled"))

    def _do_set_auto_retry(self, command: dict[str, Any]) -> None:
        self._session.settings.auto_retry = bool(command.get("enabled"))

    def _do_set_session_name(self, command: dict[str, Any]) -> None:
        name = _text(command, "name").strip()
        if not name:
            raise CommandRefused("Session name cannot be empty")
        self._session.settings.session_name = name
        self._session.note("session_info", name=name)
        self._session.wire.emit("session_info_changed", name=name)

    # --- the operator's own shell ---------------------------------------------------------------

    async def _do_bash(self, command: dict[str, Any]) -> dict[str, Any]:
        session = self._session
        self._stop_shell.clear()
        shown = ""

        def show(text: str) -> None:
            nonlocal shown
            if session.wire.is_delta:
                news = text[len(shown) :] if text.startswith(shown) else text
                identity = {"id": command["id"]} if "id" in command else {}
                session.wire.emit("bash_execution_update", **identity, delta=news)
            shown = text

        text = _text(command, "command")
        output, code, cut = await session.shells.run(text, self._stop_shell, show)
        exit_code = {} if code is None else {"exitCode": code}
        said = {"output": output, **exit_code, "cancelled": code is None, "truncated": cut}
        if not command.get("excludeFromContext"):
            session.remember({"role": "bashExecution", "command": text, **said, "timestamp": now_ms()})
        return said

    def _do_abort_bash(self, command: dict[str, Any]) -> None:
        self._stop_shell.set()


DONE = object()
"""Returned by a handler that has written its own response."""


def _text(command: dict[str, Any], name: str) -> str:
    value = command.get(name)
    if not isinstance(value, str):
        raise CommandRefused(f"`{name}` must be a string")
    return value


def _mode(command: dict[str, Any]) -> str:
    mode = command.get("mode")
    return mode if mode in MODES else MODES[-1]
