"""The help: every action with its key, by group."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from cockpit.ui.actions.keys import key_labels
from cockpit.ui.actions.registry import grouped
from cockpit.ui.look.cells import Piece, content, fit


def help_text(keys: Mapping[str, str]) -> Content:
    """List every action with its key, by group; `keys` are the operator's own by action id."""
    pieces: list[Piece] = []
    for group, actions in grouped():
        pieces.append((("\n" if pieces else "") + group + "\n", "bold $accent"))
        for action in actions:
            shown = key_labels(keys.get(action.id, action.keys)) or "palette"
            pieces += [
                (f"  {fit(shown, 10)}", "bold"),
                (fit(action.label, 15), ""),
                (action.description, "$muted"),
                (" · asks first" if action.dangerous else "", "$agent-asking"),
                ("\n", ""),
            ]
    pieces += [
        ("\nComposer\n", "bold $accent"),
        (f"  {fit('⏎', 10)}", "bold"),
        ("send to the agent the border names\n", "$muted"),
        (f"  {fit('^j', 10)}", "bold"),
        ("new line\n", "$muted"),
        (f"  {fit('^t', 10)}", "bold"),
        ("prompt, steer or follow-up\n", "$muted"),
        (f"  {fit('↑ ↓', 10)}", "bold"),
        ("what was sent before\n", "$muted"),
        ("\n◆ is the architect, § follows a script: no model thinks there.", "$muted"),
        ("\nKeys typed ahead keep their order; a question takes none from before it was shown.", "$muted"),
        ("\nA mouse selection is copied with ^c. Leaving with q touches no agent.", "$muted"),
    ]
    return content(pieces)
