"""The scripted agent's commands about its conversation: other sessions, forks, copies, what is in one, a page of it."""

from __future__ import annotations

import json
import os
from typing import Any

from cockpit.embedded.scripted_agent.paths import make_parents
from cockpit.embedded.scripted_agent.session import Session
from cockpit.embedded.scripted_agent.wire import tokens_of

TEMPLATES = {
    "stand-up": ("Say what was done, and what comes next", "[say The tests pass, and the notes are next.]"),
    "check": ("Run a small command, and say how it went", "[bash true] [say It went well.]"),
}
"""The words behind `/` that stand for a prompt, as pi's templates do: what each is for, and the prompt."""

BUSY = "Agent is already processing."


class CommandRefused(Exception):
    """A command failed; the text is the response's error."""


def expanded(text: str) -> str:
    """Return the prompt that a text stands for; any other text is itself."""
    word, _, rest = text.partition(" ")
    _, prompt = TEMPLATES.get(word.removeprefix("/"), ("", "")) if word.startswith("/") else ("", "")
    return f"{prompt} {rest}".strip() if prompt else text


class ConversationCommands:
    """The part of the commands that is about the conversation."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _at_rest(self) -> Session:
        if not self._session.idle.is_set() or self._session.compacting:
            raise CommandRefused(BUSY)
        return self._session

    def _do_get_commands(self, command: dict[str, Any]) -> dict[str, Any]:
        return {
            "commands": [
                {"name": name, "description": purpose, "source": "prompt"} for name, (purpose, _) in TEMPLATES.items()
            ]
        }

    def _do_get_entries(self, command: dict[str, Any]) -> dict[str, Any]:
        entries = self._session.entries
        return {"entries": entries, "leafId": entries[-1]["id"] if entries else None}

    def _do_get_fork_messages(self, command: dict[str, Any]) -> dict[str, Any]:
        asked = filter(_is_asked, self._session.entries)
        return {"messages": [{"entryId": entry["id"], "text": _said(entry["message"])} for entry in asked]}

    def _do_new_session(self, command: dict[str, Any]) -> dict[str, Any]:
        self._at_rest().reset()
        return {"cancelled": False}

    def _do_switch_session(self, command: dict[str, Any]) -> dict[str, Any]:
        session = self._at_rest()
        path = str(command.get("sessionPath"))
        entries = _stored(path)
        session.reset()
        session.file = path
        for entry in entries:
            if entry["type"] == "session":
                session.id = entry["id"]
            else:
                self._take(entry)
        return {"cancelled": False}

    def _do_fork(self, command: dict[str, Any]) -> dict[str, Any]:
        entries = self._at_rest().entries[:]
        at = next((at for at, entry in enumerate(entries) if entry["id"] == command.get("entryId")), None)
        if at is None or not _is_asked(entries[at]):
            raise CommandRefused("Invalid entry ID for forking")
        self._copy(entries[:at])
        return {"text": _said(entries[at]["message"]), "cancelled": False}

    def _do_clone(self, command: dict[str, Any]) -> dict[str, Any]:
        entries = self._at_rest().entries[:]
        if not entries:
            raise CommandRefused("Cannot clone session: no current entry selected")
        self._copy(entries)
        return {"cancelled": False}

    def _copy(self, entries: list[dict[str, Any]]) -> None:
        self._session.reset()
        for entry in entries:
            self._take(entry)
        if entries:
            self._session.store(entries)

    def _take(self, entry: dict[str, Any]) -> None:
        """Take over an entry of another session."""
        self._session.entries.append(entry)
        if entry["type"] == "message":
            self._session.messages.append(entry["message"])
            self._session.context += tokens_of(json.dumps(entry["message"]))
        elif entry["type"] == "session_info":
            self._session.settings.session_name = entry["name"]

    def _do_export_html(self, command: dict[str, Any]) -> dict[str, Any]:
        import html  # it takes half a megabyte, and few ask for a page

        path = str(command.get("outputPath") or f"session-{self._session.id}.html")
        said = "".join(
            f"<h2>{html.escape(message['role'])}</h2><pre>{html.escape(_said(message))}</pre>"
            for message in self._session.messages
        )
        make_parents(path)
        page = f"<!DOCTYPE html><meta charset=utf-8><title>{html.escape(self._session.agent)}</title>{said}"
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(page)
        return {"path": path}


def _stored(path: str) -> list[dict[str, Any]]:
    """Return what a session file holds, its header included; a line that is no entry is passed over, as pi does."""
    if not os.path.isfile(path):
        return []
    with open(path, "rb") as file:
        # Inside a text stands what Python takes for the end of a line, such as U+2028: only LF is one.
        lines = file.read().split(b"\n")
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and _is_entry(entry):
            found.append(entry)
    return found


def _is_entry(entry: dict[str, Any]) -> bool:
    if not isinstance(entry.get("id"), str):
        return False
    match entry.get("type"):
        case "message":
            message = entry.get("message")
            return isinstance(message, dict) and "role" in message and isinstance(message.get("content", []), list)
        case "session_info":
            return isinstance(entry.get("name"), str)
        case kind:
            return isinstance(kind, str)


def _is_asked(entry: dict[str, Any]) -> bool:
    """Say whether an entry is a message of the user: only before such a one a fork begins."""
    return bool(entry["type"] == "message" and entry["message"]["role"] == "user")


def _said(message: dict[str, Any]) -> str:
    content = message.get("content", message.get("output", ""))
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)
