"""The header: where the fleet is, its agents by state, pace, cost, links and time, and what waits for the operator."""

from __future__ import annotations

import time
from collections import Counter

from textual.content import Content

from cockpit.model.attention import Tally
from cockpit.model.fleet import Fleet, LinkState
from cockpit.model.health import LATE
from cockpit.model.usage.amounts import tokens_text
from cockpit.model.why import headline
from cockpit.text.clean import ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, age, clickable, content, cut, pieces_width
from cockpit.ui.look.forwards import forwards_counted
from cockpit.ui.look.rows.panes import shortened, unknown_because
from cockpit.ui.look.states import TONE_STYLES, StateStyle
from cockpit.ui.look.usage import day_words, sparkline

INBOX = "screen.try_action('see.attention')"
"""What a click on a count does."""
NAMED = 2
"""Services out of order that are named."""
COURSE_CELLS = 6
"""Bars of the day's course."""


def header(fleet: Fleet, now: float, wanted: Tally, width: int, *, read_only: bool = False) -> Content:
    """Return the line for a width: what waits is always there, the rest as far as it fits, the more telling first."""
    source: list[Piece] = [(clean_line(fleet.source) or ours("no fleet yet"), "$muted"), (ours("  "), "")]
    only: list[Piece] = [(ours("read-only  "), "bold $link-degraded")] if read_only else []
    short, worded = _counts(fleet, now)
    clock = our_line("{}  ", time.strftime("%H:%M", time.localtime(now)))
    parts: dict[str, list[Piece]] = {
        "rate": _rate(fleet),
        "cost": _cost(fleet),
        **_apart(wanted),
        "broken": [],
        "forwards": forwards_counted(fleet.forwards),
        "troubles": _troubles(fleet),
        "links": _links(fleet),
        "clock": [(clock, "$muted")],
        "badge": _badge(fleet, wanted),
    }
    left: list[Piece] = [(ours(" ◆ cockpit  "), "bold $accent")]
    shown = {"badge"}
    room = width - pieces_width(left) - pieces_width(only) - pieces_width(short) - pieces_width(parts["badge"])
    parts["broken"] = _broken(fleet, now, room)
    longer = pieces_width(worded) - pieces_width(short)
    chosen = short
    for name in (
        "broken",
        "source",
        "troubles",
        "cost",
        "links",
        "blocked",
        "words",
        "clock",
        "review",
        "unfitting",
        "rate",
        "forwards",
    ):
        cells = longer if name == "words" else pieces_width(source if name == "source" else parts[name])
        if cells and cells <= room:
            room -= cells
            shown.add(name)
            chosen = worded if name == "words" else chosen
    left += [*only, *(source if "source" in shown else []), *chosen]
    right = [piece for name, pieces in parts.items() if name in shown for piece in pieces]
    gap = width - pieces_width(left) - pieces_width(right)
    if gap < 0:
        return content([*shortened(left, width - pieces_width(right) - 1), (ours(" "), ""), *right])
    return content([*left, (repeated(ours(" "), gap), ""), *right])


def _badge(fleet: Fleet, wanted: Tally) -> list[Piece]:
    """Say how many asks and failures wait: nothing else is counted here."""
    if wanted.waiting:
        words = our_line(" ! {} {} for you ", wanted.waiting, "waits" if wanted.waiting == 1 else "wait")
        return [(words, clickable("bold reverse $agent-asking", "screen.try_action('see.next_waiting')"))]
    unknown = unknown_because(fleet, ("vers", "registry"), ours("agents there are"))
    return [(ours("nothing known waits ") if unknown else ours("nothing waits "), "$muted")]


def _apart(wanted: Tally) -> dict[str, list[Piece]]:
    """Count what wants the operator and holds nobody up."""
    fits = "does not fit" if wanted.unfitting == 1 else "do not fit"
    return {
        "blocked": [(our_line("✗ {} blocked  ", wanted.blocked), clickable("$link-degraded", INBOX))]
        if wanted.blocked
        else [],
        "unfitting": [(our_line("≠ {} {}  ", wanted.unfitting, fits), "$link-degraded")] if wanted.unfitting else [],
        "review": [(our_line("◐ {} to review  ", wanted.to_review), clickable("$agent-done", INBOX))]
        if wanted.to_review
        else [],
    }


def _rate(fleet: Fleet) -> list[Piece]:
    """Return the course of the day and how many tokens a minute takes now; nothing where nothing is taken."""
    day = fleet.spending.day
    if day.tokens_per_minute < 1:
        return []
    pace = our_line(" {} tok/min  ", tokens_text(day.tokens_per_minute))
    return [(sparkline(day.course[-COURSE_CELLS:], COURSE_CELLS), "$agent-running"), (pace, "$muted")]


def _cost(fleet: Fleet) -> list[Piece]:
    today = day_words(fleet.spending.day)
    over = any(one.is_over for one in fleet.spending.budgets)
    return [(our_line("{}  ", today), "$agent-failed" if over else "$muted")] if today else []


def _broken(fleet: Fleet, now: float, room: int) -> list[Piece]:
    """Name the services that do not answer, each with what is wrong with it; of many the gravest, and how many more."""
    sick = sorted((service for service in fleet.health if not service.ok), key=lambda one: one.gravity)
    shown: list[Piece] = []
    for named, with_age in ((NAMED, True), (1, True), (1, False), (0, False)):
        shown = [
            (
                our_line(
                    "✗ {} {}{}  ",
                    cut(clean_line(one.name), 12),
                    one.word,
                    our_line(" {}", age(now - one.since)) if with_age else "",
                ),
                "$link-degraded" if one.word == LATE else "$link-down",
            )
            for one in sick[:named]
        ]
        if left := len(sick) - len(shown):
            words = "more" if shown else "does not answer" if left == 1 else "do not answer"
            shown.append((our_line("✗ {} {}  ", left, words), "$link-down"))
        if pieces_width(shown) <= room:
            break
    return shown


def _links(fleet: Fleet) -> list[Piece]:
    """Return how many links are up, of how many agents whose VM is not frozen."""
    states = [agent.link.state for agent in fleet.agents if agent.link.state is not LinkState.PAUSED]
    up = states.count(LinkState.UP)
    return (
        [(our_line("⇄ {}/{}  ", up, len(states)), "$muted" if up == len(states) else "$link-degraded")]
        if states
        else []
    )


def _troubles(fleet: Fleet) -> list[Piece]:
    """Say which links are in trouble."""
    changed = sum(agent.link.state is LinkState.DOWN and bool(agent.link.offered_key) for agent in fleet.agents)
    states = Counter(agent.link.state for agent in fleet.agents) - Counter({LinkState.DOWN: changed})
    pieces: list[Piece] = []
    if changed:
        words = our_line("~ {} {}  ", changed, "host key changed" if changed == 1 else "host keys changed")
        pieces.append((words, "$link-down"))
    for state, word, style in (
        (LinkState.DOWN, "down", "$link-down"),
        (LinkState.SILENT, "silent", "$link-degraded"),
        (LinkState.CONNECTING, "linking", "$link-degraded"),
    ):
        if states[state]:
            noun = "link" if states[state] == 1 else "links"
            pieces.append((our_line("~ {} {} {}  ", states[state], noun, word), style))
    return pieces


def _counts(fleet: Fleet, now: float) -> tuple[list[Piece], list[Piece]]:
    """Count agents by tone, in the order of what needs the operator: by their signs, and with a word for each."""
    if not fleet.agents:
        unknown = unknown_because(fleet, ("vers", "registry"), ours("agents there are"))
        nobody: list[Piece] = [(ours("agents unknown  ") if unknown else ours("no agents  "), "$muted")]
        return nobody, nobody
    counts: Counter[str] = Counter()
    said: dict[str, set[str]] = {}
    vms = {vm.id: vm for vm in fleet.vms}
    for agent in fleet.agents:
        head = headline(agent, vms.get(agent.vm_id), now)
        tone = head.tone if head.tone in TONE_STYLES else "unknown"
        counts[tone] += 1
        said.setdefault(tone, set()).add(head.word)
    short: list[Piece] = []
    worded: list[Piece] = []
    for tone, look in TONE_STYLES.items():
        if counts[tone]:
            short.append((our_line("{}{}  ", look.glyph, counts[tone]), look.style))
            worded.append((our_line("{} {} ", look.glyph, counts[tone]), look.style))
            worded.append((our_line("{}  ", _word(look, said[tone])), "$muted"))
    return short, worded


def _word(look: StateStyle, words: set[str]) -> str:
    """Use the agents' own word where they agree and it is short."""
    only = next(iter(words)) if len(words) == 1 else ""
    return only if only and len(only) <= 10 and "/" not in only else look.word
