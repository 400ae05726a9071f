"""The footer: the keys that act now where one is, those that matter most there first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.text.clean import ours, repeated
from cockpit.text.sanitize import our_line
from cockpit.ui.actions.action import Action, Situation
from cockpit.ui.actions.keys import key_label
from cockpit.ui.actions.registry import ACTIONS, BY_ID, disabled_reason, hidden
from cockpit.ui.look.cells import Piece, clickable, pieces_width
from cockpit.ui.writing.keys import COMPOSER_KEYS

FILTER_KEYS: tuple[tuple[str, str], ...] = (
    ("type", "narrow"),
    ("⏎", "keep"),
    ("esc", "show all"),
    ("-", "not"),
    ("state: kind: label: …", "ask for"),
)
"""The keys of the line where a filter is typed: letters are text there, too."""

WAY_OUT = "esc"
"""The key that leads out of whatever one is in."""


def typed_keys(keys: Sequence[tuple[str, str]], width: int) -> list[Piece]:
    """Lay out keys that no action has, as far as they fit whole; the one that leads out comes before all others."""
    entries: list[tuple[str, list[Piece]]] = [
        (key, [(our_line(" {}", key), "bold $accent"), (our_line(" {} ", label), "$muted")]) for key, label in keys
    ]
    left = width - sum(pieces_width(entry) for key, entry in entries if key == WAY_OUT)
    pieces: list[Piece] = []
    for key, entry in entries:
        if key != WAY_OUT:
            if pieces_width(entry) > left:
                continue
            left -= pieces_width(entry)
        pieces += entry
    return pieces


def _shown_actions(situation: Situation) -> list[Action]:
    """Return the actions of the focused pane's footer: an answer that waits, what only that pane has, then the rest."""
    offered = [action for action in ACTIONS if situation.pane in action.panes and not hidden(action, situation)]

    def rank(action: Action) -> int:
        if action.id == "talk.answer":
            return 0
        # Of the list of agents most is about an agent, wherever it is shown.
        return 1 if situation.pane == "agents" or len(action.panes) == 1 else 2

    return sorted(offered, key=rank)


def footer_pieces(situation: Situation, keys: Mapping[str, str], width: int) -> list[Piece]:
    """Lay keys out from the left as far as they fit; help keeps its place at the end.

    What cannot be done now is not among them; `keys` are the operator's own by action id.
    """
    if situation.pane == "composer":
        return typed_keys([(key, label) for key, label, _ in COMPOSER_KEYS], width)
    if situation.pane == "filter":
        return typed_keys(FILTER_KEYS, width)
    return _laid_out(_shown_actions(situation), situation, keys, width)


def foot(ids: Sequence[str], situation: Situation, keys: Mapping[str, str], width: int) -> list[Piece]:
    """Lay the keys of some actions out, those that count most first; as `footer_pieces` does."""
    offered = [BY_ID[action_id] for action_id in ids if not hidden(BY_ID[action_id], situation)]
    return _laid_out(offered, situation, keys, width)


def _laid_out(actions: Sequence[Action], situation: Situation, keys: Mapping[str, str], width: int) -> list[Piece]:
    pieces: list[Piece] = []
    help_pieces: list[Piece] = []
    for action in actions:
        shown = keys.get(action.id, action.keys).split(",")[0]
        if not shown or disabled_reason(action, situation):
            continue
        click = f"screen.try_action('{action.id}')"
        entry: list[Piece] = [
            (our_line(" {}", key_label(shown)), clickable("bold $accent", click)),
            (our_line(" {} ", action.label), clickable("$muted", click)),
        ]
        if action.id == "app.help":
            help_pieces = entry
        elif pieces_width(pieces) + pieces_width(entry) <= width - 8:
            pieces += entry
    gap = width - pieces_width(pieces) - pieces_width(help_pieces)
    return [*pieces, (repeated(ours(" "), gap), ""), *help_pieces]
