"""The composer's own keys, said once for its border, the footer and the help: it takes letters as text."""

from __future__ import annotations

from typing import NamedTuple

from cockpit.text.clean import Clean, ours


class ComposerKey(NamedTuple):
    """One key."""

    key: Clean
    label: Clean
    meaning: Clean


COMPOSER_KEYS = (
    ComposerKey(ours("⏎"), ours("send"), ours("send to the agent the border names")),
    ComposerKey(ours("^t"), ours("mode"), ours("prompt, steer or follow-up; the border says what will happen")),
    ComposerKey(ours("^e"), ours("editor"), ours("write on in your editor")),
    ComposerKey(ours("@"), ours("file"), ours("a path where the agent lives, by completion")),
    ComposerKey(ours("esc"), ours("back"), ours("leave it; the draft stays, also over a restart")),
    ComposerKey(ours("^j"), ours("newline"), ours("new line")),
    ComposerKey(ours("↑"), ours("history"), ours("what was sent before, at the first line; ↓ goes back at the last")),
    ComposerKey(ours("^r"), ours("find"), ours("look for a text that was sent")),
    ComposerKey(ours("/"), ours("words"), ours("the agent's commands, what is done here, and /t: templates")),
    ComposerKey(ours("^o"), ours("commit"), ours("take a commit before each text")),
)
"""What counts most first: those behind go where there is no room."""
