"""What a list pane says of itself: its title, what narrows it, and why it may be empty without that meaning nothing."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from cockpit.model.fleet import Agent, Fleet
from cockpit.model.health import ServiceHealth, kind_of_service
from cockpit.text.clean import NOTHING, Clean, ours, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.cells import Piece, content, cut, pieces_width, width_of

TITLE_MARGIN = 6
"""Cells of a frame's upper line that its title has not: two corners, each with a line and a blank."""


def unknown_because(fleet: Fleet, services: Sequence[str], what: Clean) -> tuple[Clean, ...]:
    """Say why a pane without rows does not mean that there is nothing, or return no lines."""
    if sick := out_of_order(fleet, services):
        gravest, more = sick[0], len(sick) - 1
        hint = clean_line(gravest.hint)
        return (
            NOTHING,
            our_line("What {} is unknown.", what),
            our_line("{}: {}", gravest.name, gravest.reason),
            *((our_line("Next: {}.", hint),) if hint else ()),
            *((our_line("{} more {} not answer.", more, "does" if more == 1 else "do"),) if more else ()),
        )
    for name in services:
        if silent := fleet.unanswered(name):
            return (
                NOTHING,
                our_line("What {} is not known yet.", what),
                our_line("Waiting for an answer of {}.", ", ".join(silent)),
            )
        if fleet.awaited and name not in map(kind_of_service, fleet.awaited) and name != "registry":
            return (
                NOTHING,
                our_line("No {} is configured.", name),
                ours("`cockpit infra` makes it, or set VERS_INFRA_URL and VERS_AUTH_TOKEN."),
            )
    return ()


def out_of_order(fleet: Fleet, services: Sequence[str]) -> tuple[ServiceHealth, ...]:
    """Return which of the services that fill a pane do not answer, each once, the gravest first."""
    found = {one.name: one for name in services for one in fleet.services(name) if not one.ok}
    return tuple(sorted(found.values(), key=lambda one: one.gravity))


def doubt(fleet: Fleet, services: Sequence[str]) -> Clean:
    """Say in a few words what is wrong with the list a pane shows, or return empty text."""
    sick = out_of_order(fleet, services)
    if sick:
        more = our_line(" and {} more", len(sick) - 1) if sick[1:] else NOTHING
        return our_line("{} {}{}", sick[0].name, sick[0].word, more)
    for name in services:
        health = fleet.service(name)
        if health is not None and health.unreadable:
            return our_line("{} unreadable", health.unreadable)
    return NOTHING


def matches(needle: str, *fields: str) -> bool:
    """Tell whether every word of a filter occurs in one of the fields, whatever the case."""
    haystack = " ".join(fields).casefold()
    return all(word in haystack for word in needle.casefold().split())


def title(number: int, name: Clean, *notes: Clean) -> list[Piece]:
    """A pane's title: its key, its name, and what narrows it."""
    pieces: list[Piece] = [(our_line("{} ", number), "$muted"), (name, "bold $foreground")]
    return pieces + [(our_line(" · {}", note), "$muted") for note in notes if note]


LEAST_OF_NOTE = 10
"""Cells below which a note that is cut says nothing, its dot and blanks included."""


def title_line(
    lead: Sequence[Piece], width: int, words: Sequence[tuple[int, Clean]] = (), tail: Sequence[Piece] = ()
) -> Content:
    """Return a line for the border over a pane: its title, words over columns, and what stands at the right end.

    Args:
        lead: the title; it is cut where the first word begins.
        width: cells of the whole line.
        words: each with the cell at which it begins, from left to right.
        tail: stands at the right end; its first parts go where there is no room for it behind the title.
    """
    ends = pieces_width(tail)
    if words:
        tail, ends = (), 0
    while tail and ends + min(pieces_width(lead), width * 2 // 3) + 2 > width:
        tail = tail[1:]
        ends = pieces_width(tail)
    pieces = _title(lead, min(width, words[0][0] - 1) if words else width - ends - 1)
    at = pieces_width(pieces)
    for begin, word in words:
        if begin - at < 1 or begin + width_of(word) > width:
            continue
        pieces += [*_rule(begin - at), (word, "$muted")]
        at = begin + width_of(word)
    return content([*pieces, *_rule(width - ends - at, closed=bool(tail)), *tail])


def _rule(cells: int, *, closed: bool = True) -> list[Piece]:
    """Return a rule with a blank at each end; it wears the colour of the border it stands in."""
    if cells <= 0:
        return []
    after = 1 if closed and cells > 1 else 0
    return [(ours(" "), ""), (repeated(ours("─"), cells - 1 - after), ""), (repeated(ours(" "), after), "")]


def shortened(pieces: Sequence[Piece], width: int) -> list[Piece]:
    """Return pieces cut to a width in cells."""
    shown: list[Piece] = []
    for text, style in pieces:
        left = width - pieces_width(shown)
        if left > 0:
            shown.append((cut(text, left), style))
    return shown


def _title(lead: Sequence[Piece], width: int) -> list[Piece]:
    """Return a title cut to a width in cells; what follows number and name goes where a stump of it would stand."""
    shown = list(lead[:2])
    for note in lead[2:]:
        if width - pieces_width(shown) >= min(width_of(note[0]), LEAST_OF_NOTE):
            shown.append(note)
    return shortened(shown, width)


def legend(agents: Sequence[Agent]) -> Clean:
    """Return what the sign of a scripted agent means, while there is one."""
    return ours("§ scripted") if any(agent.program == "scripted" for agent in agents) else NOTHING
