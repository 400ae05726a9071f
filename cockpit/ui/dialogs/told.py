"""How models, sessions, messages and figures of an agent's conversation are drawn; agents' words sanitised."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from cockpit.model.inquiries import (
    AgentSetup,
    ForkPoint,
    ModelChoice,
    SaidMessage,
    SavedSession,
    SlashCommand,
    Statistics,
    TreeEntry,
)
from cockpit.text.clean import Clean, ours, repeated
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.look.cells import Piece, age, content, count, cut, fit
from cockpit.ui.widgets.row_list import Row

MOST_DEPTH = 12
"""Branches that are drawn beside each other."""

HERE = ours("● ")
ELSEWHERE = ours("  ")

Rows = list[tuple[Row, str]]


def model_rows(models: Sequence[ModelChoice], current: str, width: int) -> Rows:
    """Return a row for each model, by provider."""
    rows: Rows = []
    for one in sorted(models, key=lambda known: (known.provider, known.id)):
        facts = [count(one.context_window)] if one.context_window else []
        facts += [our_line("${:g}/${:g}", one.input_price, one.output_price)]
        facts += [ours("thinks")] if one.thinks else []
        line = content(
            [
                (HERE if one.reference == current else ELSEWHERE, "$accent"),
                (fit(clean_line(one.reference), max(20, width - 28)), "bold"),
                (our_line(" {}", "  ".join(facts)), "$muted"),
            ]
        )
        rows.append((Row(one.reference, line), f"{one.reference} {one.name}"))
    return rows


def word_rows(words: Sequence[tuple[str, str]], current: str) -> Rows:
    """Return a row for each word with what it means; the current one is marked."""
    return [
        (
            Row(
                word,
                content(
                    [
                        (HERE if word == current else ELSEWHERE, "$accent"),
                        (fit(clean_line(word), 16), "bold"),
                        (clean_line(meaning), "$muted"),
                    ]
                ),
            ),
            f"{word} {meaning}",
        )
        for word, meaning in words
    ]


def session_rows(sessions: Sequence[SavedSession], current: str, now: float, width: int) -> Rows:
    """Return a row for each saved session."""
    rows: Rows = []
    for one in sessions:
        said = clean_line(one.name or one.first or one.id)
        facts = our_line(" {} · {} messages", age(now - one.changed_at), one.messages)
        line = content(
            [
                (HERE if one.path == current else ELSEWHERE, "$accent"),
                (fit(said, max(16, width - 28)), "bold" if one.name else ""),
                (facts, "$muted"),
            ]
        )
        rows.append((Row(one.path, line), f"{one.name} {one.first} {one.id}"))
    return rows


def fork_rows(points: Sequence[ForkPoint], width: int) -> Rows:
    """Return a row for each message of the user, the newest first."""
    numbered = list(enumerate(points, 1))[::-1]
    return [
        (
            Row(
                one.entry,
                content([(our_line("{:>3}  ", number), "$muted"), (cut(clean_line(one.text), max(10, width - 5)), "")]),
            ),
            one.text,
        )
        for number, one in numbered
    ]


def slash_rows(commands: Sequence[SlashCommand], width: int) -> Rows:
    """Return a row for each word behind `/`."""
    return [
        (
            Row(
                one.name,
                content(
                    [
                        (fit(our_line("/{}", one.name), 24), "bold"),
                        (cut(our_line(" {}", one.description or one.source), max(10, width - 24)), "$muted"),
                    ]
                ),
            ),
            f"{one.name} {one.description}",
        )
        for one in commands
    ]


def statistics_text(told: Statistics) -> Content:
    """Say what a conversation has cost."""
    used = ours("not known") if told.context_tokens is None else count(told.context_tokens)
    facts: list[tuple[Clean, Clean]] = [
        (ours("session"), clean_line(told.session_id)),
        (ours("file"), clean_line(told.session_file) or ours("none")),
        (ours("messages"), our_line("{}: {} yours, {} answers", told.messages, told.user_messages, told.answers)),
        (ours("tools"), our_line("{} called, {} answered", told.tool_calls, told.tool_results)),
        (
            ours("tokens"),
            our_line(
                "{}: {} in, {} out, {} from the cache",
                *(count(number) for number in (told.tokens, told.input, told.output, told.cache_read)),
            ),
        ),
        (ours("cost"), our_line("${:.4f}", told.cost)),
        (ours("context"), our_line("{} of {}", used, count(told.context_window))),
    ]
    pieces: list[Piece] = []
    for word, value in facts:
        pieces += [(fit(word, 12), "$muted"), (value, ""), (ours("\n"), "")]
    if not told.whole:
        pieces.append((ours("\nOf this version: only what is still in the context."), "$link-degraded"))
    return content(pieces)


def messages_text(messages: Sequence[SaidMessage]) -> Content:
    """Return what stands in an agent's context."""
    pieces: list[Piece] = []
    for one in messages:
        style = "$agent-failed" if one.failed else "bold $accent"
        pieces += [(our_line("{} {}\n", one.role, one.title), style)]
        if one.text:
            pieces += [(clean_text(one.text.rstrip("\n")), ""), (ours("\n"), "")]
        pieces += [(our_line("calls {} {}\n", name, arguments), "$muted") for name, arguments in one.calls]
        pieces.append((ours("\n"), ""))
    return content(pieces or [(ours("Nothing was said in this conversation yet."), "$muted")])


def tree_text(entries: Sequence[TreeEntry]) -> Content:
    """Return the entries of a conversation; those of the branch the agent is on are bright."""
    pieces: list[Piece] = []
    for one in entries:
        style = "" if one.current else "$muted"
        mark = ours("●") if one.current else ours("○")
        branch = repeated(ours("│ "), min(one.depth, MOST_DEPTH))
        pieces += [
            (branch, "$muted"),
            (our_line("{} {} ", mark, fit(clean_line(one.kind), 10)), style),
            (our_line("{}\n", one.text), style),
        ]
    return content(pieces or [(ours("Nothing was said in this conversation yet."), "$muted")])


def state_values(state: AgentSetup | None, told: Statistics | None) -> dict[str, Clean]:
    """Return what is set now, by the id of the action that changes it; nothing before it was told."""
    values: dict[str, Clean] = {}
    if state is not None:
        compaction = {True: "on", False: "off", None: "not told"}[state.auto_compaction]
        values |= {
            "agent.model": clean_line(state.model.reference if state.model else "none: no usable credentials"),
            "agent.thinking": clean_line(state.thinking),
            "agent.auto_compaction": clean_line(compaction),
            "agent.auto_retry": ours("not told by the agent"),
            "agent.steering_mode": clean_line(state.steering_mode),
            "agent.follow_up_mode": clean_line(state.follow_up_mode),
            "session.name": clean_line(state.session_name) or ours("none"),
            "session.switch": clean_line(state.session_id[-12:]),
            "session.messages": our_line("{}", state.messages),
        }
    if told is not None:
        used = ours("?") if told.context_tokens is None else count(told.context_tokens)
        values["agent.stats"] = our_line(
            "{} tokens, ${:.2f}, context {} of {}", count(told.tokens), told.cost, used, count(told.context_window)
        )
    return values
