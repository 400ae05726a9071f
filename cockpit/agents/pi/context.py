"""What stands in pi's context, and the tree of its session, in the words of the model: what is stored and shown of it.

pi repeats whole messages there, images and signatures included (badlogic/pi-mono, packages/coding-agent/docs/rpc.md,
`get_messages` and `get_entries`; src/core/session-manager.ts for the entries): only what a person reads is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from cockpit.agents.fields import dict_of, flag_of, integer_of, json_text, number_of, text_of
from cockpit.agents.pi.messages import text_content
from cockpit.model.inquiries import SaidMessage, TreeEntry

LINE_LENGTH = 200
"""Characters of a text that a tree shows."""

_ROLES = {"toolResult": "tool", "bashExecution": "shell", "compactionSummary": "summary", "branchSummary": "summary"}
_ENTRIES = {"thinking_level_change": "thinking", "model_change": "model", "session_info": "name"}


def context_told(data: Any) -> dict[str, Any]:
    """Return the data of an answer to `get_messages` as `{messages: [SaidMessage as an object]}`."""
    listed = dict_of(data).get("messages")
    messages = [said_message(dict_of(message)) for message in listed] if isinstance(listed, list) else []
    return {"messages": [asdict(message) for message in messages]}


def tree_told(data: Any) -> dict[str, Any]:
    """Return the data of an answer to `get_entries` as `{entries: [TreeEntry as an object]}`."""
    told = dict_of(data)
    listed = told.get("entries")
    entries = [dict_of(entry) for entry in listed] if isinstance(listed, list) else []
    return {"entries": [asdict(entry) for entry in tree_of(entries, text_of(told.get("leafId")))]}


def said_message(message: Mapping[str, Any]) -> SaidMessage:
    """Return a message of pi's context."""
    role = text_of(message.get("role"))
    content = message.get("content")
    blocks = [dict_of(block) for block in content] if isinstance(content, list) else []
    calls = tuple(
        (text_of(block.get("name")), json_text(block.get("arguments")))
        for block in blocks
        if block.get("type") == "toolCall"
    )
    code = message.get("exitCode")
    titles = {
        "toolResult": message.get("toolName"),
        "bashExecution": message.get("command"),
        "assistant": message.get("model"),
        "custom": message.get("customType"),
    }
    return SaidMessage(
        # It stands in the list, and the model never reads it.
        "shell aside" if message.get("excludeFromContext") is True else _ROLES.get(role, role),
        _text(role, message),
        text_of(titles.get(role)),
        calls,
        "\n".join(text_of(block.get("thinking")) for block in blocks if block.get("type") == "thinking"),
        flag_of(message.get("isError"))
        or message.get("stopReason") in ("error", "aborted")
        or (isinstance(code, int) and code != 0),
        max(0.0, number_of(message.get("timestamp")) / 1000),
    )


def _text(role: str, message: Mapping[str, Any]) -> str:
    if role == "bashExecution":
        return text_of(message.get("output"))
    if role in ("compactionSummary", "branchSummary"):
        return text_of(message.get("summary"))
    return text_content(message.get("content")) or text_of(message.get("errorMessage"))


def tree_of(entries: Iterable[Mapping[str, Any]], leaf: str) -> tuple[TreeEntry, ...]:
    """Return the entries of a session in their order, each with the branch it is on.

    Args:
        entries: as pi lists them, parents before their children.
        leaf: the entry the agent is at.
    """
    known = {text_of(entry.get("id")): entry for entry in entries}
    active: set[str] = set()
    while leaf in known and leaf not in active:
        active.add(leaf)
        leaf = text_of(known[leaf].get("parentId"))
    depths: dict[str, int] = {}
    continued: set[str] = set()
    found = []
    for identity, entry in known.items():
        parent = text_of(entry.get("parentId"))
        # The first child goes on with its parent's branch, any other begins one.
        depths[identity] = depths.get(parent, 0) + (parent in continued)
        continued.add(parent)
        kind, text = _entry(entry)
        found.append(TreeEntry(identity, parent, kind, text[:LINE_LENGTH], depths[identity], identity in active))
    return tuple(found)


def _entry(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return what an entry is, and what it says."""
    kind = text_of(entry.get("type"))
    if kind == "message":
        said = said_message(dict_of(entry.get("message")))
        calls = ", ".join(name for name, _ in said.calls)
        return said.role, " ".join(word for word in (said.title, said.text or calls) if word)
    texts = {
        "model_change": f"{text_of(entry.get('provider'))}/{text_of(entry.get('modelId'))}",
        "thinking_level_change": text_of(entry.get("thinkingLevel")),
        "compaction": f"{integer_of(entry.get('tokensBefore'))} tokens before",
        "session_info": text_of(entry.get("name")),
        "branch_summary": text_of(entry.get("summary")),
        "label": text_of(entry.get("label")),
    }
    return _ENTRIES.get(kind, kind), texts.get(kind, "")
