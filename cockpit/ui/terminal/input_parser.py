"""Turns what a terminal sends into messages: whatever the bytes are, it ends, bounded in time and memory.

A terminal's sequences are taken whole (ECMA-48, 5.4 and 5.6) before they are looked at, so that an unknown or absurd
one is dropped and none of its characters can run as a key. The names of keys are Textual's own.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

from textual import constants, events, messages
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import (
    BRACKETED_PASTE_START,
    FOCUSIN,
    FOCUSOUT,
    IS_ITERM,
    XTermParser,
)
from textual.keys import Keys
from textual.message import Message

from cockpit.ui.terminal.bracketed_paste import BracketedPaste
from cockpit.ui.terminal.command_string import (
    BEGIN_LENGTH,
    STRING_DELAY,
    CommandString,
    GroundReported,
    begins_string,
    is_late_string,
    may_begin_string,
)
from cockpit.ui.terminal.key_places import KeyPlaces

log = logging.getLogger(__name__)

ESCAPE_DELAY = 0.1
"""Seconds after which a sequence that did not go on is what was typed: the escape key, and keys behind it."""
MAX_SEQUENCE = 4096
"""Characters of the longest sequence that is looked at; a longer one is read to its end and dropped."""
SHORT_SEQUENCE = 64
"""Characters of the longest sequence that means something, but for a report of a whole text that was put in."""
MAX_WIDTH, MAX_HEIGHT = 1000, 500
"""Cells of the largest terminal that is drawn; a report of more is nonsense and would take all memory."""

_ESCAPE = "\x1b"
DELETE = "\x7f"
_CONTROL = re.compile(r"\x1b\[(?P<parameters>[ -?]*)(?P<final>[@-~])")
_CONTROL_PART = re.compile(r"\x1b\[[ -?]*\Z")
_CONTROL_BROKEN = re.compile(r"\x1b\[[ -?]+")
_CONTROL_END = re.compile("[^ -?]")
_RESIZE = re.compile(r"\x1b\[48;(\d{1,6})(?::[^;]*)?;(\d{1,6})(?::[^;]*)?;(\d{1,6})(?::[^;]*)?;(\d{1,6})(?::[^;]*)?t")
_CURSOR = re.compile(r"\x1b\[(\d{1,6});(\d{1,6})R")
_MODE = re.compile(r"\x1b\[\?(\d{1,6});(\d)\$y")
_MOUSE = re.compile(r"\x1b\[<\d{1,6};-?\d{1,7};-?\d{1,7}[Mm]")
_OLD_MOUSE = re.compile(r"\x1b\[M[^\x00-\x1f]{0,3}")
OLD_MOUSE_LENGTH = 6
_SURROGATES = re.compile("[\ud800-\udfff]+")
_TYPED = re.compile("[^\x1b]+")
_BEGUN = re.compile(r"\x1b\[(?:[ -?]+|M.{0,2})\Z", re.DOTALL)
"""What nobody types by hand: its end is waited for, however long that takes."""
_PARAMETERS = re.compile(r"\x1b\[[0-?]")
_TEXT_REPORT = re.compile(r"\x1b\[\d{0,7};\d{0,4};(?:\d{1,7}:)*\d{1,7}u")


class UnreadableInput(Message):
    """The terminal sent bytes that are no UTF-8."""

    def __init__(self, data: bytes) -> None:
        """Tell which."""
        self.data = data
        super().__init__()


class InputParser:
    """One terminal's input, in pieces of any length."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            clock: seconds; only differences count.
        """
        self._clock = clock
        self._keys = XTermParser()
        self.places = KeyPlaces()
        self._held = ""
        """The beginning of a sequence that goes on."""
        self._endless = False
        """A control sequence that is too long to mean anything is being dropped."""
        self._within: BracketedPaste | CommandString | None = None
        """What must end before anything is a key again."""
        self._given_up: CommandString | None = None
        """A command string that did not go on, and nothing has come since: what comes may be its rest."""
        self._late = ""
        """What was taken for typed keys last because it did not go on; it may be the beginning of a cut sequence."""
        self._last = clock()

    def feed(self, text: str) -> list[Message]:
        """Take what was read; bytes that are no text come as surrogates, as `os.fsdecode` makes them."""
        now = self._clock()
        silence, self._last = now - self._last, now
        found: list[Message] = []
        if self._within is not None and self._within.is_by_hand(text, found):
            if self._within.ended:
                self._within = None
            return found
        if self._given_up is not None and text:
            if self._given_up.may_go_on(text):
                self._within = self._given_up
            self._given_up = None
        rest = self._resumed(text) or self._held + text
        self._held = ""
        at = 0
        while at < len(rest):
            if self._within is not None:
                at = self._taken(self._within, rest, at, silence, found)
            elif self._endless:
                at = self._dropped(rest, at)
            elif rest[at] != _ESCAPE:
                typed = _TYPED.match(rest, at)
                assert typed is not None
                self._typed(typed.group(), found)
                at = typed.end()
            else:
                at = self._sequence(rest, at, found)
        return found

    def tick(self) -> list[Message]:
        """Return what the time that passed makes certain; to be called several times a second."""
        silence = self._clock() - self._last
        found: list[Message] = []
        if self._within is not None:
            self._within.tick(silence, found)
            if isinstance(self._within, CommandString) and silence > STRING_DELAY:
                self._within, self._given_up = None, self._within
        elif self._held and silence > ESCAPE_DELAY and not _BEGUN.match(self._held):
            held, self._held = self._held, ""
            self._late = held
            self._as_typed(held, found)
        return found

    def _resumed(self, text: str) -> str:
        """Return the sequence that goes on late with what is read now, or empty text if that was typed by hand.

        A slow line may cut a sequence behind its first characters, for longer than a person waits for the escape key.
        """
        late, self._late = self._late, ""
        if not late or not text:
            return ""
        whole = late + text
        if whole.startswith(BRACKETED_PASTE_START) or (len(text) > 1 and _PARAMETERS.match(whole)):
            return whole
        if len(text) > 1 and is_late_string(whole):
            return whole
        if len(whole) > 2 and whole[1] in "[O" and whole in ANSI_SEQUENCES_KEYS:
            return whole
        if BRACKETED_PASTE_START.startswith(whole):
            self._late = whole
        return ""

    def _typed(self, text: str, found: list[Message]) -> None:
        """Take keys of one character each; bytes that are no text are said, and are none."""
        for character in _SURROGATES.sub("", text):
            self._key(character, found)
        if lost := "".join(_SURROGATES.findall(text)):
            found.append(UnreadableInput(_bytes_of(lost)))

    def _taken(
        self, within: BracketedPaste | CommandString, text: str, at: int, silence: float, found: list[Message]
    ) -> int:
        """Give a paste or a command string what belongs to it; return where to go on."""
        at = within.take(text, at, found) if isinstance(within, BracketedPaste) else within.take(text, at, silence)
        if within.ended:
            self._within = None
            if isinstance(within, CommandString) and (ground := within.ground()) is not None:
                found.append(GroundReported(ground))
        return at

    def _dropped(self, text: str, at: int) -> int:
        """Drop what an endless sequence holds; return where to go on."""
        end = _CONTROL_END.search(text, at)
        if end is None:
            return len(text)
        self._endless = False
        # A new sequence ends a control sequence, and is one.
        return end.start() if end.group() == _ESCAPE else end.end()

    def _sequence(self, text: str, at: int, found: list[Message]) -> int:
        """Take one sequence that begins with escape; return where to go on, the whole length if more must come."""
        whole = _CONTROL.match(text, at)
        if whole is not None and whole.group("final") == "[" and not whole.group("parameters"):
            return self._console_key(text, at, found)
        if whole is not None and whole.group("final") == "M" and not whole.group("parameters"):
            # The oldest mouse report: three characters follow, whatever they are, but for controls.
            report = _OLD_MOUSE.match(text, at)
            assert report is not None
            whole_report = report.end() - at == OLD_MOUSE_LENGTH or report.end() < len(text)
            return report.end() if whole_report else self._hold(text, at)
        if whole is not None:
            if whole.end() - whole.start() <= MAX_SEQUENCE:
                self._control(whole.group(), found)
            return whole.end()
        if _CONTROL_PART.match(text, at):
            if len(text) - at > MAX_SEQUENCE:
                self._endless = True
                return len(text)
            return self._hold(text, at)
        if broken := _CONTROL_BROKEN.match(text, at):
            return broken.end()
        if begins_string(text, at):
            self._within = CommandString(text[at + 1])
            return at + BEGIN_LENGTH
        if may_begin_string(text, at) or len(text) == at + 1:
            return self._hold(text, at)
        return self._short(text, at, found)

    def _console_key(self, text: str, at: int, found: list[Message]) -> int:
        """Take a function key of the Linux console: one more letter follows `ESC [ [`."""
        if len(text) < at + 4:
            return self._hold(text, at)
        self._key(text[at : at + 4], found)
        return at + 4

    def _short(self, text: str, at: int, found: list[Message]) -> int:
        """Take escape with a character behind it: the escape key and that character, typed in one go.

        A terminal writes alt and a letter just so. Keys that are typed ahead over a slow line must keep their meaning,
        and no action here is on alt; alt with backspace is the exception, since it deletes a word in every field.
        """
        if text[at + 1] == "O":
            if len(text) == at + 2:
                return self._hold(text, at)
            if text[at : at + 3] in ANSI_SEQUENCES_KEYS:
                self._key(text[at : at + 3], found)
                return at + 3
        elif text[at + 1] == DELETE:
            self._key(text[at : at + 2], found)
            return at + 2
        found.append(events.Key("escape", _ESCAPE))
        return at + 1

    def _hold(self, text: str, at: int) -> int:
        self._held = text[at:]
        return len(text)

    def _as_typed(self, held: str, found: list[Message]) -> None:
        """A sequence that did not go on was typed by hand."""
        found.append(events.Key("escape", _ESCAPE))
        for character in held[1:]:
            if character == _ESCAPE:
                found.append(events.Key("escape", _ESCAPE))
            else:
                self._key(character, found)

    def _control(self, sequence: str, found: list[Message]) -> None:
        """Give a control sequence its meaning; one that has none is dropped."""
        if sequence == BRACKETED_PASTE_START:
            self._within = BracketedPaste()
        elif sequence == FOCUSIN:
            found.append(events.AppFocus())
        elif sequence == FOCUSOUT:
            found.append(events.AppBlur())
        elif match := _RESIZE.fullmatch(sequence):
            height, width, pixel_height, pixel_width = map(int, match.groups())
            resize = events.Resize.from_dimensions(clamped_size(width, height), (pixel_width, pixel_height))
            self._keys.terminal_size, self._keys.terminal_pixel_size = resize.size, resize.pixel_size
            self._keys.mouse_pixels = pixel_width >= width > 0 and pixel_height >= height > 0
            found.append(resize)
        elif match := _CURSOR.fullmatch(sequence):
            found.append(events.CursorPosition(max(0, int(match[2]) - 1), max(0, int(match[1]) - 1)))
        elif match := _MODE.fullmatch(sequence):
            self._mode_report(match[1], int(match[2]), found)
        elif _MOUSE.fullmatch(sequence):
            mouse = self._keys.parse_mouse_code(sequence)
            if mouse is not None:
                found.append(mouse)
        else:
            plain = self.places.without_alternates(sequence)
            if len(plain) <= SHORT_SEQUENCE or _TEXT_REPORT.fullmatch(plain):
                before = len(found)
                self._key(plain, found)
                self.places.learn(sequence, (key for key in found[before:] if isinstance(key, events.Key)))

    def _mode_report(self, mode: str, setting: int, found: list[Message]) -> None:
        if mode == "2026" and setting > 0:
            found.append(messages.TerminalSupportsSynchronizedOutput())
        elif mode == "2048" and constants.SMOOTH_SCROLL and not IS_ITERM:
            found.append(messages.InBandWindowResize.from_setting_parameter(setting))

    def _key(self, sequence: str, found: list[Message]) -> None:
        """Name a key; a code point that no character has (kitty's protocol allows any number) is none."""
        try:
            named = list(self._keys._sequence_to_key_events(sequence))
            for key in named:
                (key.character or "").encode()
        except (ValueError, OverflowError, KeyError, TypeError) as error:
            log.info("a key that cannot be one was dropped: %r (%s)", sequence[:MAX_SEQUENCE], error)
            return
        found += [key for key in named if key.key != Keys.Ignore]


def _bytes_of(surrogates: str) -> bytes:
    """Return the bytes that surrogates stand for; one that stands for no byte is written as if it were a character."""
    try:
        return surrogates.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return surrogates.encode("utf-8", "surrogatepass")


def clamped_size(width: int, height: int) -> tuple[int, int]:
    """Return a size in cells that can be drawn."""
    return min(max(1, width), MAX_WIDTH), min(max(1, height), MAX_HEIGHT)
