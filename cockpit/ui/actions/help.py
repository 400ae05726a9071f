"""The help: every action with its key, by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from cockpit.text.clean import NOTHING, Clean, joined, ours, part, repeated
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.action import PANE_WORDS, Action
from cockpit.ui.actions.also import QUESTION_KEYS, REMARKS
from cockpit.ui.actions.keys import key_labels
from cockpit.ui.actions.offered import OWN
from cockpit.ui.actions.registry import grouped
from cockpit.ui.look.cells import Piece, break_points, content, fit, width_of
from cockpit.ui.writing.keys import COMPOSER_KEYS

KEY_WIDTH, LABEL_WIDTH = 10, 22
"""Cells of the columns of keys and of names."""
WIDEST = 90
"""Cells of a line of an explanation at most."""
NARROWEST = 26
"""Cells of a column of explanations below which there is none: they stand below the names."""
BELOW = 4
"""Cells before an explanation that stands below its name."""
MANY_PANES = 4
"""Panes from which on a key is no pane's own."""
AROUND = 0.06, 9
"""The part of a screen, and the cells, that are not the text of a dialog: its distance, frame and scroll bar."""


def _counts(action: Action, here: str) -> bool:
    """Say whether an action counts first where one is: its key is that screen's, or stands at the bottom there."""
    near = here in action.panes and len(action.panes) < MANY_PANES
    return bool(here and action.keys) and (action.screen == here or near)


def _fits(action: Action, keys: Mapping[str, str], group: str, words: Sequence[str]) -> bool:
    shown = key_labels(keys.get(action.id, action.keys)) or "palette"
    return _holds(f"{group}{shown} {action.label} {action.description} {action.id}", words)


def _holds(text: str, words: Sequence[str]) -> bool:
    return all(word in text.casefold() for word in words)


def _hanging(text: Clean, width: int, column: int, behind: Clean = NOTHING) -> tuple[Clean, Clean]:
    """Break an explanation so that it stays in its column on a screen of some width; without room, below its name.

    Return it, and what stands behind it, which has a line of its own where its last one is full.
    """
    inner = int(width * (1 - AROUND[0])) - AROUND[1]
    below = inner - column < NARROWEST
    indent = joined((ours("\n"), repeated(ours(" "), BELOW if below else column)))
    room = inner - (BELOW if below else column)
    room = max(20, min(WIDEST, room))
    lines = [part(text, start, end) for start, end in break_points(text, room, words=True)]
    full = width_of(lines[-1]) + width_of(behind) > room
    return joined((*((indent,) if below else ()), joined(lines, indent))), joined((indent, behind)) if full else behind


def help_text(
    keys: Mapping[str, str], width: int, *, here: str = "", needle: str = "", own: Sequence[Action] = ()
) -> Content:
    """List every action with its key, by group, for a screen of some width in cells; first those that count here.

    Args:
        keys: the operator's own by action id.
        width: cells of the screen.
        here: the pane or screen that has the keys; empty lists the groups alone.
        needle: words that must be in what is listed.
        own: the operator's own commands.
    """
    words = needle.casefold().split()
    sections: list[tuple[str, Sequence[Action]]] = [*grouped(), *([(OWN, own)] if own else [])]
    if near := [action for _, actions in sections for action in actions if _counts(action, here)]:
        sections.insert(0, (f"Here: {PANE_WORDS.get(here, (here, here))[1]}", near))
    pieces: list[Piece] = []
    for group, actions in sections:
        fitting = [action for action in actions if _fits(action, keys, f"{group} ", words)]
        if not fitting:
            continue
        pieces += [(ours("\n") if pieces else NOTHING, ""), (clean_line(group), "bold $accent"), (ours("\n"), "")]
        for action in fitting:
            shown = clean_line(key_labels(keys.get(action.id, action.keys)) or "palette")
            asks = ours(" · asks first") if action.dangerous else NOTHING
            text, asks = _hanging(clean_line(action.description), width, 2 + KEY_WIDTH + LABEL_WIDTH + 1, asks)
            pieces += [
                (our_line("  {}", fit(shown, KEY_WIDTH)), "bold"),
                (joined((fit(clean_line(action.label), LABEL_WIDTH), ours(" "))), ""),
                (text, "$muted"),
                (asks, "$agent-asking"),
                (ours("\n"), ""),
            ]
    typed = [(key, meaning, label) for key, label, meaning in COMPOSER_KEYS]
    asked = [(key, meaning, NOTHING) for key, meaning in QUESTION_KEYS]
    for title, listed in (("Questions", asked), ("Composer", typed)):
        written = [one for one in listed if _holds(" ".join((title, *one)), words)]
        if written:
            pieces += [(ours("\n") if pieces else NOTHING, ""), (clean_line(title), "bold $accent"), (ours("\n"), "")]
        for key, meaning, _ in written:
            pieces += [
                (our_line("  {}", fit(key, KEY_WIDTH)), "bold"),
                (_hanging(meaning, width, 2 + KEY_WIDTH)[0], "$muted"),
                (ours("\n"), ""),
            ]
    for remark in REMARKS:
        if _holds(remark, words):
            pieces.append((joined((ours("\n"), remark)), "$muted"))
    return content(pieces or [(ours("Nothing fits these words."), "$muted")])
