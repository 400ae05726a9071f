"""The help: every action with its key, by group."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.actions.keys import key_labels
from cockpit.ui.actions.registry import grouped
from cockpit.ui.look.cells import Piece, content, fit


def help_text(keys: Mapping[str, str]) -> Content:
    """List every action with its key, by group; `keys` are the operator's own by action id."""
    pieces: list[Piece] = []
    for group, actions in grouped():
        pieces += [(ours("\n") if pieces else NOTHING, ""), (clean_line(group), "bold $accent"), (ours("\n"), "")]
        for action in actions:
            shown = clean_line(key_labels(keys.get(action.id, action.keys)) or "palette")
            pieces += [
                (our_line("  {}", fit(shown, 10)), "bold"),
                (fit(clean_line(action.label), 15), ""),
                (clean_line(action.description), "$muted"),
                (ours(" · asks first") if action.dangerous else NOTHING, "$agent-asking"),
                (ours("\n"), ""),
            ]
    pieces += [
        (ours("\nComposer\n"), "bold $accent"),
        (our_line("  {}", fit(ours("⏎"), 10)), "bold"),
        (ours("send to the agent the border names\n"), "$muted"),
        (our_line("  {}", fit(ours("^j"), 10)), "bold"),
        (ours("new line\n"), "$muted"),
        (our_line("  {}", fit(ours("^t"), 10)), "bold"),
        (ours("prompt, steer or follow-up\n"), "$muted"),
        (our_line("  {}", fit(ours("↑ ↓"), 10)), "bold"),
        (ours("what was sent before\n"), "$muted"),
        (ours("\n◆ is the architect, § follows a script: no model thinks there."), "$muted"),
        (ours("\nKeys typed ahead keep their order; a question takes none from before it was shown."), "$muted"),
        (ours("\nA mouse selection is copied with ^c. Leaving with q touches no agent."), "$muted"),
    ]
    return content(pieces)
