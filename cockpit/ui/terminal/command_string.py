"""One command string of a terminal, e.g. a colour or a title: nothing of it is a key, however it stalls or is cut."""

from __future__ import annotations

import re

from textual.message import Message

from cockpit.ui.terminal.by_hand import Unended

STALL_DELAY = 1.0
"""Seconds of silence in a string after which a read of control sequences alone, e.g. keys, is no part of it."""
STRING_DELAY = 10.0
"""Seconds of silence that give up a string whose end never came."""

_BEGIN = re.compile(r"\x1b(?:\][0-9lL]|P[0-9>!$+|=]|[_^X].)", re.DOTALL)
_BEGIN_PART = re.compile(r"\x1b[\]P_^X]\Z")
_END = re.compile(r"\x07|\x1b\\|[\x18\x1a\x9c]")
_SEQUENCES = re.compile(r"(?:\x1b(?:\[[ -?]*[@-~]|O[@-~]))+\Z|\x1b\[200~")
"""A read of whole sequences and nothing else, e.g. of keys, or one that begins a paste."""
_ESCAPE = "\x1b"
BEGIN_LENGTH = 2
"""Characters that open a string."""


ASK_FOR_GROUND = "\x1b]11;?\x1b\\"
"""Asks the terminal for the colour it draws on (xterm, ctlseqs: operating system command 11)."""
MOST_KEPT = 64
"""Characters of an answer that are kept: a colour needs 24."""
_GROUND = re.compile(r"11;rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})(?:/[0-9a-fA-F]{1,4})?")


class GroundReported(Message):
    """The terminal said what colour it draws on."""

    def __init__(self, luminance: float) -> None:
        """Tell how bright it is, from 0 for black to 1 for white."""
        self.luminance = luminance
        super().__init__()


class StringUnended(Message):
    """A terminal began an answer long ago, and its end has not come."""


def begins_string(text: str, at: int) -> bool:
    """Say whether a command string begins here: an operating system, device control, application or private one."""
    return _BEGIN.match(text, at) is not None


def may_begin_string(text: str, at: int) -> bool:
    """Say whether the next character tells whether a command string begins here."""
    return _BEGIN_PART.match(text, at) is not None


def is_late_string(text: str) -> bool:
    """Say whether a text whose beginning was read long before the rest is a string, and was not typed.

    What opens those that terminals hardly send is a letter and any other; such a one must have its end.
    """
    return begins_string(text, 0) and (text[1] in "]P" or _END.search(text) is not None)


class CommandString(Unended):
    """A string that goes on. Its end ends it; control sequences do after a stall; the operator does by hand.

    Little of it is kept, so that one without an end costs no memory.
    """

    def __init__(self, kind: str = "]") -> None:
        """Begin behind the opening, whose second character is `kind`."""
        super().__init__()
        self._kind = kind
        self._text = ""
        self._whole = False
        self._escape_held = False
        """What was read last ended with escape: the end may be cut in two."""

    def take(self, text: str, at: int, silence: float) -> int:
        """Drop what belongs to the string from a place on; return where it ends, the whole length if it goes on.

        Args:
            silence: seconds in which nothing had come before this text.
        """
        self._escaped = False
        held, self._escape_held = int(self._escape_held), False
        if at == 0 and silence > STALL_DELAY and _SEQUENCES.match(text):
            self.ended = True
            return 0
        end = _END.search(_ESCAPE * held + text[at:])
        if end is not None:
            self.ended = self._whole = True
            self._text += (_ESCAPE * held + text[at:])[: end.start()][: MOST_KEPT - len(self._text)]
            return at + end.end() - held
        self._text += text[at : at + MOST_KEPT - len(self._text)]
        self._escape_held = text.endswith(_ESCAPE)
        return len(text)

    def ground(self) -> float | None:
        """Return how bright the terminal's ground is, by its luminance (ITU-R BT.709); None if that is not said."""
        found = _GROUND.fullmatch(self._text.removesuffix(_ESCAPE)) if self._whole and self._kind == "]" else None
        if found is None:
            return None
        red, green, blue = (int(part, 16) / (int("f" * len(part), 16)) for part in found.groups())
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def may_go_on(self, text: str) -> bool:
        """Say whether a read may be the rest, once this was given up: several characters, and no sequences.

        A person who types sends one character at a time.
        """
        end = self._escape_held and text.startswith("\\")
        return end or (len(text) > 1 and not _SEQUENCES.match(text))

    def _unended(self) -> Message:
        return StringUnended()

    def _keep(self, text: str) -> None:
        self._escape_held = text == _ESCAPE

    def _end(self, found: list[Message]) -> None:
        self.ended = True
