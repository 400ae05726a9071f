"""What pi answers to questions about itself, and to commands that it carried out, as values with types.

The shapes are those of badlogic/pi-mono, packages/coding-agent/docs/rpc.md; versions 0.58 to 1.6 differ in little.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from cockpit.agents.fields import dict_of, flag_of, integer_of, number_of, text_of, texts_of
from cockpit.model import inquiries as about
from cockpit.model.inquiries import (
    AgentSetup,
    CarriedOut,
    ForkPoint,
    ModelChoice,
    Question,
    SlashCommand,
    Statistics,
    Told,
    TreeEntry,
    said_message,
)

WIRE_NAMES: dict[Question[Any], str] = {
    about.STATE: "get_state",
    about.STATISTICS: "get_session_stats",
    about.MODELS: "get_available_models",
    about.LEVELS: "get_available_thinking_levels",
    about.SLASH_COMMANDS: "get_commands",
    about.FORK_POINTS: "get_fork_messages",
    about.LAST_ANSWER: "get_last_assistant_text",
    about.MESSAGES: "get_messages",
    about.TREE: "get_entries",
}
"""The command of pi that asks each question."""

Made = TypeVar("Made")


def told_by(question: Question[Told], data: Any) -> Told:
    """Return what an answer says. Total: what is missing or of another type is empty.

    Args:
        question: what was asked.
        data: of the response, as the decoder left it.
    """
    return cast(Told, _READERS[question](dict_of(data)))


def carried_out(data: Any) -> CarriedOut:
    """Return what pi said of a command that it carried out: `bash`, `compact`, `fork` or `export_html`."""
    said = dict_of(data)
    code = said.get("exitCode")
    return CarriedOut(
        text=text_of(said.get("output", said.get("summary", said.get("text")))),
        exit_code=code if isinstance(code, int) else None,
        cut=flag_of(said.get("truncated")),
        file=text_of(said.get("fullOutputPath", said.get("path"))),
        tokens_before=integer_of(said.get("tokensBefore")),
        tokens_after=integer_of(said.get("estimatedTokensAfter")),
    )


def _model(model: dict[str, Any]) -> ModelChoice:
    cost = dict_of(model.get("cost"))
    return ModelChoice(
        text_of(model.get("provider")),
        text_of(model.get("id")),
        text_of(model.get("name")),
        integer_of(model.get("contextWindow")),
        flag_of(model.get("reasoning")),
        "image" in texts_of(model.get("input")),
        number_of(cost.get("input")),
        number_of(cost.get("output")),
    )


def _state(data: dict[str, Any]) -> AgentSetup:
    model = dict_of(data.get("model"))
    compaction = data.get("autoCompactionEnabled")
    return AgentSetup(
        # Without credentials pi has a model of this name, which answers nothing.
        _model(model) if model.get("id") not in (None, "", "unknown") else None,
        text_of(data.get("thinkingLevel")),
        text_of(data.get("steeringMode")),
        text_of(data.get("followUpMode")),
        compaction if isinstance(compaction, bool) else None,
        text_of(data.get("sessionId")),
        text_of(data.get("sessionFile")),
        text_of(data.get("sessionName")),
        integer_of(data.get("messageCount")),
        integer_of(data.get("pendingMessageCount")),
    )


def _statistics(data: dict[str, Any]) -> Statistics:
    tokens, context = dict_of(data.get("tokens")), dict_of(data.get("contextUsage"))
    used = context.get("tokens")
    counts: dict[str, Any] = {field: integer_of(data.get(name)) for field, name in _COUNTS.items()}
    sums: dict[str, Any] = {field: integer_of(tokens.get(name)) for field, name in _SUMS.items()}
    return Statistics(
        text_of(data.get("sessionId")),
        text_of(data.get("sessionFile")),
        **counts,
        **sums,
        cost=number_of(data.get("cost")),
        context_tokens=integer_of(used) if isinstance(used, int | float) else None,
        context_window=integer_of(context.get("contextWindow")),
    )


_COUNTS = {
    "user_messages": "userMessages",
    "answers": "assistantMessages",
    "tool_calls": "toolCalls",
    "tool_results": "toolResults",
    "messages": "totalMessages",
}
_SUMS = {
    "input": "input",
    "output": "output",
    "cache_read": "cacheRead",
    "cache_write": "cacheWrite",
    "tokens": "total",
}


def _listed(data: dict[str, Any], name: str, make: Callable[[dict[str, Any]], Made]) -> tuple[Made, ...]:
    found = data.get(name)
    return tuple(make(dict_of(item)) for item in found) if isinstance(found, list) else ()


def _entry(told: dict[str, Any]) -> TreeEntry:
    """Return an entry that the decoder has put into the model's words already."""
    entry, parent, kind, text = (text_of(told.get(name)) for name in ("entry", "parent", "kind", "text"))
    return TreeEntry(entry, parent, kind, text, integer_of(told.get("depth")), flag_of(told.get("current")))


_READERS: dict[Question[Any], Callable[[dict[str, Any]], Any]] = {
    about.STATE: _state,
    about.STATISTICS: _statistics,
    about.MODELS: lambda data: _listed(data, "models", _model),
    about.LEVELS: lambda data: texts_of(data.get("levels")),
    about.SLASH_COMMANDS: lambda data: _listed(
        data,
        "commands",
        lambda item: SlashCommand(
            text_of(item.get("name")), text_of(item.get("description")), text_of(item.get("source"))
        ),
    ),
    about.FORK_POINTS: lambda data: _listed(
        data, "messages", lambda item: ForkPoint(text_of(item.get("entryId")), text_of(item.get("text")))
    ),
    about.LAST_ANSWER: lambda data: text_of(data.get("text")),
    about.MESSAGES: lambda data: _listed(data, "messages", said_message),
    about.TREE: lambda data: _listed(data, "entries", _entry),
}
