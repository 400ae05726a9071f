"""Events of the feed as rows: glyph, word and colour of each type; sums in place of reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from textual.content import Content

from cockpit.model.board import FeedItem
from cockpit.model.news.folding import UsageSum
from cockpit.model.news.port import FeedLink, FeedStatistics, Freshness
from cockpit.text.clean import NOTHING, Clean, ours, repeated
from cockpit.text.sanitize import clean_line, clean_text, our_line
from cockpit.ui.look.cells import Piece, age, content, count, cut, fit, pieces_width, width_of
from cockpit.ui.look.rows.feed import said_of
from cockpit.ui.look.rows.names import cut_apart, fit_name
from cockpit.ui.look.states import StateStyle

EVENT_STYLES: dict[str, StateStyle] = {
    "task_started": StateStyle(ours("▸"), ours("started"), "$agent-running"),
    "task_completed": StateStyle(ours("✓"), ours("completed"), "$agent-done"),
    "task_failed": StateStyle(ours("✗"), ours("failed"), "$agent-failed"),
    "blocker_found": StateStyle(ours("▪"), ours("blocker"), "$agent-failed"),
    "question": StateStyle(ours("?"), ours("question"), "$agent-asking"),
    "finding": StateStyle(ours("◆"), ours("finding"), "$accent"),
    "skill_proposed": StateStyle(ours("✦"), ours("skill"), "$mode-follow-up"),
    "file_changed": StateStyle(ours("±"), ours("file"), "$muted"),
    "cost_update": StateStyle(ours("$"), ours("cost"), "$muted"),
    "agent_started": StateStyle(ours("●"), ours("agent on"), "$agent-running"),
    "agent_stopped": StateStyle(ours("○"), ours("agent off"), "$agent-idle"),
    "token_update": StateStyle(ours("∑"), ours("tokens"), "$muted"),
    "custom": StateStyle(ours("·"), ours("custom"), "$transcript-tool"),
}

LINK_LOOKS: dict[Freshness, StateStyle] = {
    Freshness.LIVE: StateStyle(ours("●"), ours("live"), "$link-up"),
    Freshness.CATCHING_UP: StateStyle(ours("◌"), ours("catching up"), "$link-degraded"),
    Freshness.STALE: StateStyle(ours("✗"), ours("stale"), "$link-down"),
}

KIND_CELLS = 10
SENDER_CELLS = 16
"""Cells of the column of senders, where no longer name needs more."""


def event_look(kind: str) -> StateStyle:
    """Return how a type of events is shown, also one of a newer server."""
    known = EVENT_STYLES.get(kind)
    return known or StateStyle(ours("·"), clean_line(kind.replace("_", " ")) or ours("no type"), "$muted")


def event_row(item: FeedItem, now: float, width: int, who_cells: int) -> Content:
    """One line: when, of which type, who, what; of who it is as many cells as are asked for."""
    look = event_look(item.kind)
    moment = datetime.fromtimestamp(item.at) if item.at else None
    when = clean_line(moment.strftime("%H:%M:%S" if now - item.at < 86_400 else "%m-%d %H:%M")) if moment else ours("?")
    pieces: list[Piece] = [
        (fit(when, 9 if width < 70 else 12), "$muted"),
        (our_line("{} ", look.glyph), look.style),
    ]
    if width >= 60:
        pieces.append((our_line("{} ", fit(look.word, KIND_CELLS)), look.style))
    pieces += [(fit_name(clean_line(item.agent), who_cells), "bold"), (ours(" "), "")]
    summary = said_of(item) or look.word
    room = max(8, width - pieces_width(pieces))
    told = cut(summary, room)
    pieces.append((told, ""))
    more = clean_line(" ".join(item.words[:300].split()))
    left = room - width_of(told) - 3
    if more and left > 16:
        pieces.append((our_line("   {}", cut(more, left)), "$muted"))
    return content(pieces)


def link_pieces(links: Sequence[FeedLink], now: float) -> list[Piece]:
    """Say how fresh the feed is: live, catching up, or stale since when."""
    pieces: list[Piece] = []
    for link in links:
        look = LINK_LOOKS[link.state]
        since = our_line(" since {}", age(now - link.since)) if link.state is not Freshness.CATCHING_UP else NOTHING
        whose = our_line("{}: ", link.source) if len(links) > 1 else NOTHING
        pieces += [
            (our_line("   {}{} ", whose, look.glyph), look.style),
            (our_line("{}{}", look.word, since), look.style),
        ]
    return pieces


def kinds_line(items: Iterable[FeedItem], width: int) -> Content:
    """Count the events by type, the most frequent first."""
    pieces: list[Piece] = [(ours(" "), "")]
    for kind, number in Counter(item.kind for item in items).most_common():
        look = event_look(kind)
        entry: list[Piece] = [
            (our_line("{} {} ", look.glyph, number), look.style),
            (our_line("{}  ", look.word), "$muted"),
        ]
        if pieces_width(pieces) + pieces_width(entry) > width:
            break
        pieces += entry
    return content(pieces)


def sums_line(sums: Sequence[UsageSum], width: int) -> Content:
    """Sum up what agents reported of tokens and cost, who did last first."""
    if not sums:
        return content([])
    tokens, reports = sum(one.tokens for one in sums), sum(one.events for one in sums)
    costs = [one.cost for one in sums if one.cost is not None]
    spent = our_line(", ${:.2f}", sum(costs)) if costs else NOTHING
    pieces: list[Piece] = [
        (our_line(" ∑ {} tokens{} ", count(tokens), spent), "bold"),
        (our_line("in {} reports  ", reports), "$muted"),
    ]
    for one in sums:
        cost = our_line(" ${:.2f}", one.cost) if one.cost is not None else NOTHING
        entry: list[Piece] = [
            (our_line("{} ", cut_apart(clean_line(one.agent), (), 16)), ""),
            (our_line("{}{}  ", count(one.tokens), cost), "$muted"),
        ]
        if pieces_width(pieces) + pieces_width(entry) > width:
            break
        pieces += entry
    return content(pieces)


def event_text(item: FeedItem, title: str, now: float) -> Content:
    """Say everything that is known of an event; `title` is that of its task."""
    look = event_look(item.kind)
    pieces: list[Piece] = [
        (our_line("{} {}", look.glyph, look.word), f"bold {look.style}"),
        (our_line("   {}", item.agent), "$accent"),
        (our_line("   {} ago", age(now - item.at)) if item.at else NOTHING, "$muted"),
        (ours("\n\n"), ""),
        (clean_text(item.summary), "bold"),
    ]
    if item.detail:
        pieces += [(ours("\n\n"), ""), (clean_text(item.detail), "")]
    if item.task:
        pieces.append((our_line("\n\ntask {} {}", item.task, title), "$muted"))
    return content([*pieces, (our_line("\nid {}", item.id), "$faint")])


def statistics_text(told: FeedStatistics, now: float) -> Content:
    """Show what the server counts, types and agents each with a bar."""
    pieces: list[Piece] = [(our_line("{} events that the server keeps\n", told.total), "bold")]
    most = max((*told.by_kind.values(), *told.by_agent.values(), 1))
    for name, numbers in (("by type", told.by_kind), ("by agent", told.by_agent)):
        pieces.append((our_line("\n{}\n", name), "bold $accent"))
        for key, number in sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0])):
            look = event_look(key) if name == "by type" else StateStyle(ours("·"), clean_line(key), "$accent")
            bar = repeated(ours("▇"), max(1, round(24 * number / most)))
            latest = told.latest.get(key) if name == "by agent" else None
            pieces += [
                (our_line(" {} {} ", look.glyph, fit(look.word, 18)), look.style),
                (fit(our_line("{}", number), 6, right=True), ""),
                (our_line("  {}", fit(bar, 25)), look.style),
            ]
            if latest is not None:
                last = our_line("{} {}", age(now - latest.at), cut(clean_line(latest.summary), 36))
                pieces.append((last, "$muted"))
            pieces.append((ours("\n"), ""))
    return content(pieces)


def lost_words(links: Sequence[FeedLink]) -> Clean:
    """Say why the feed is stale, and what to do about it; nothing while it is not."""
    return next((clean_line(link.reason) for link in links if link.state is Freshness.STALE), NOTHING)
