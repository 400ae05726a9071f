"""What has a terminal call its owner: the bell, a notice on the desktop, its title. No text gets out of its place."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.text.clean import Clean
from cockpit.ui.terminal.cells import printable

BELL = "\x07"
KEEP_TITLE, GIVE_BACK_TITLE = "\x1b[22;2t", "\x1b[23;2t"
"""Put the title on the terminal's pile, and take it from there (xterm, ctlseqs: window manipulation)."""

MOST_TITLE, MOST_TEXT = 80, 240
"""Characters of a title and of a text."""

_END = "\x1b\\"

KNOWN: tuple[tuple[str, str], ...] = (
    ("kitty", "99"),
    ("foot", "777"),
    ("ghostty", "777"),
    ("wezterm", "777"),
    ("rxvt-unicode", "777"),
    ("iterm", "9"),
    ("contour", "777"),
)
"""What terminals call themselves, in part and in lower case, and the sequence that each of them shows a notice for."""

NAMES = ("TERM", "TERM_PROGRAM", "LC_TERMINAL")
"""The variables in which a terminal names itself; the last one comes along over SSH."""


def desktop_sequence(wanted: str, environment: Mapping[str, str]) -> str:
    """Return which sequence the terminal shows a notice for: `9`, `777`, `99`, or empty text for none.

    Args:
        wanted: what the operator set; `auto` takes what the terminal is known for.
        environment: the variables of the process.
    """
    if wanted != "auto":
        return "" if wanted == "off" else wanted
    if is_multiplexed(environment):
        return ""  # what the terminal outside reads, the one inside does not pass on unless it is told to
    named = " ".join(environment.get(name, "") for name in NAMES).lower()
    return next((sequence for name, sequence in KNOWN if name in named), "")


def is_multiplexed(environment: Mapping[str, str]) -> bool:
    """Say whether the terminal is one of tmux."""
    return bool(environment.get("TMUX"))


def desktop_notice(sequence: str, title: Clean, text: Clean, *, multiplexed: bool = False) -> str:
    """Return what has the terminal show a notice; empty text for a sequence that there is not.

    Args:
        sequence: `9` (iTerm2), `777` (rxvt-unicode) or `99` (kitty).
        title: who calls.
        text: what for.
        multiplexed: tmux is asked to pass it on (its option `allow-passthrough`).
    """
    who, what = _bounded(title, MOST_TITLE), _bounded(text, MOST_TEXT)
    if sequence == "9":
        # A text that begins with a number and a semicolon would be another command of ConEmu.
        found = f"\x1b]9;{who}: {what}{_END}"
    elif sequence == "777":
        found = f"\x1b]777;notify;{who.replace(';', ',')};{what}{_END}"
    elif sequence == "99":
        found = f"\x1b]99;i=cockpit:d=0;{who}{_END}\x1b]99;i=cockpit:d=1:p=body;{what}{_END}"
    else:
        return ""
    return "\x1bPtmux;" + found.replace("\x1b", "\x1b\x1b") + _END if multiplexed else found


def title_of(text: Clean) -> str:
    """Return what sets the title of the terminal's window."""
    return f"\x1b]2;{_bounded(text, MOST_TITLE)}{_END}"


def _bounded(text: Clean, most: int) -> str:
    """Return a text without anything that could end the string that it stands in."""
    return printable(text)[:most]
