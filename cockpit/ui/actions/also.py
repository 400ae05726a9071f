"""What the help says that is no action: the keys of what waits for the operator, and what no key does."""

from __future__ import annotations

from cockpit.text.clean import ours

QUESTION_KEYS = (
    (ours("!"), ours("go to the oldest question from anywhere, then to the next")),
    (
        ours("1 2 y n"),
        ours("answer, approve or refuse it, once its text stood there; what harms takes the key twice"),
    ),
    (ours("⏎"), ours("write an answer of your own")),
    (ours("N"), ours("refuse it, with a reason for the agent")),
    (ours("~"), ours("put it off: snooze it, or until it changes")),
    (ours("m"), ours("in the inbox: mute it")),
    (ours("^x"), ours("in the inbox: dismiss it")),
)
"""Each key, and what it does with what is asked."""

REMARKS = (
    ours("◆ is the architect, § follows a script: no model thinks there."),
    ours("Keys typed ahead keep their order; a question takes none from before it was shown."),
    ours("Low motion (palette): only what is new moves. `cockpit --low-bandwidth` draws once a second."),
    ours("A mouse selection is copied to the clipboard with ^c. The mouse is needed nowhere."),
    ours("Leaving with q touches no agent."),
    ours("A VM on this machine has its own /root, /tmp and processes; where it has not, its row says no walls."),
    ours("Own commands, own columns, keys, a hook for notifications: config.toml, see README."),
    ours("Own themes: files in themes/ beside config.toml, read again when they are saved."),
    ours("NO_COLOR, screen readers: each state is a sign and a word, never a colour alone."),
)
"""One sentence or two each."""
