"""The only door to standard output and standard error: whoever wrote a text, it reaches no terminal as a command.

Verbs print through the functions here. `guard_streams` puts the same door before what others print by themselves:
tracebacks, the command line's own errors, warnings, the last resort of logging.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, LiteralString, TextIO

from cockpit.text.clean import NOTHING, Clean
from cockpit.text.patient import patient_input, patient_output
from cockpit.text.sanitize import clean_text, our_text

ENCODING_ERRORS = "cockpit.signs"
"""The name of the error handler for streams that cannot show a character."""

PLAIN_SIGNS = {"✓": "ok", "✗": "failed", "…": "...", "·": "-", "—": "-", "–": "-", "␊": "|", "␛": "^["}
"""What stands for our own signs where the stream's encoding lacks them."""

CLOSED = 128 + 13
"""Exit code when nobody reads the output any more: the one a shell shows for a program that SIGPIPE ended."""

FAILED = 1
"""Exit code when the output cannot be written."""

MESSAGE_LIMIT = 8000
"""Characters of a message on standard error; an agent's reason may be as long as it likes."""

LABEL_COLOURS = (36, 33, 35, 32, 34, 31)
"""Foregrounds of the terminal's own palette (ECMA-48, 8.3.117): cyan, yellow, magenta, green, blue, red."""

_MESSAGE_INDENT = " " * 9

_BROKEN_PIPE = (errno.EPIPE, errno.ESHUTDOWN)


class OutputClosed(Exception):
    """Whoever read the output went away; there is nobody left to tell anything."""


class OutputFailed(Exception):
    """The output cannot be written, e.g. on a full disk; the text says why."""


class _CleanStream:
    """A text stream that passes printable lines only; it has no `buffer` through which bytes could go around it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.errors = ENCODING_ERRORS
        self.newlines = None

    @property
    def encoding(self) -> str:
        return self.stream.encoding

    @property
    def closed(self) -> bool:
        return self.stream.closed

    @property
    def name(self) -> str:
        return str(self.stream.name)

    @property
    def mode(self) -> str:
        return "w"

    def write(self, text: str) -> int:
        with _told_failures():
            self.stream.write(clean_text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with _told_failures():
            self.stream.flush()

    def fileno(self) -> int:
        return self.stream.fileno()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.flush()


def guard_streams() -> None:
    """Let everything this process prints pass through the door, to its very end: a traceback is printed last of all.

    A descriptor that was closed before the start is opened on the null device, so that no file of ours takes its
    number and then gets what is printed. Streams that may not be waited for are waited for all the same.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        setattr(sys, name, _CleanStream(_nowhere() if stream is None else patient_output(stream, ENCODING_ERRORS)))
    if sys.stdin is not None:
        sys.stdin = patient_input(sys.stdin)


def say(text: Clean = NOTHING) -> None:
    """Print a text as lines on standard output.

    Raises:
        OutputClosed: nobody reads it any more.
        OutputFailed: it cannot be written.
    """
    _put(sys.stdout, text + "\n")


def say_labelled(label: Clean, colour: int, text: Clean) -> None:
    """Print a text whose every line stands behind a label; a terminal shows the label in a colour of its own.

    Args:
        label: who says it.
        colour: any number; equal ones have the same colour.
        text: one line or several.

    Raises:
        OutputClosed, OutputFailed: as `say`.
    """
    lines = text.split("\n")
    stream = sys.stdout.stream if isinstance(sys.stdout, _CleanStream) else None
    if stream is None or not _shows_colours():
        say(Clean("\n".join(label + line for line in lines)))
        return
    head = f"\x1b[{LABEL_COLOURS[colour % len(LABEL_COLOURS)]}m{clean_text(label)}\x1b[0m"
    with _told_failures():
        stream.write("".join(f"{head}{clean_text(line)}\n" for line in lines))


def _shows_colours() -> bool:
    """Say whether standard output is a terminal whose operator wants colours (https://no-color.org)."""
    return output_is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in ("", "dumb")


def warn(text: Clean) -> None:
    """Print a message on standard error; where nobody reads that, nothing is lost by going on.

    Lines after the first are indented: what an agent wrote into a reason must not look like a message of ours.
    """
    shown = text if len(text) <= MESSAGE_LIMIT else text[:MESSAGE_LIMIT] + "…"
    with contextlib.suppress(OutputClosed, OutputFailed):
        _put(sys.stderr, f"\n{_MESSAGE_INDENT}".join(clean_text(shown).rstrip("\n").split("\n")) + "\n")
        flush_errors()


def ask(question: Clean) -> str:
    """Print a question on standard error and return the line typed for it, empty at the end of the input."""
    with contextlib.suppress(OutputClosed, OutputFailed):
        _put(sys.stderr, question)
        flush_errors()
    return sys.stdin.readline().strip() if sys.stdin is not None else ""


def with_output(work: Callable[[], int | None]) -> int:
    """Do a program's whole work and return its exit code; an output that nobody reads any more ends it quietly."""
    try:
        code = work() or 0
        flush_output()
    except OutputClosed:
        _give_output_up()
        return CLOSED
    except OutputFailed as error:
        _give_output_up()
        warn(our_text("cockpit: {}", str(error)))
        return FAILED
    return code


def flush_output() -> None:
    """Hand on what was printed.

    Raises:
        OutputClosed, OutputFailed: as `say`.
    """
    if sys.stdout is not None:
        with _told_failures():
            sys.stdout.flush()


def flush_errors() -> None:
    """Hand on what was printed to standard error."""
    if sys.stderr is not None:
        with _told_failures():
            sys.stderr.flush()


def _give_output_up() -> None:
    """Send what is still to be printed nowhere, so that the end of the process does not stumble over it."""
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(null, sys.stdout.fileno())
    finally:
        os.close(null)


def is_terminal() -> bool:
    """Say whether both input and output are a terminal."""
    return bool(sys.stdin and sys.stdin.isatty() and output_is_terminal())


def input_is_terminal() -> bool:
    """Say whether the input is a terminal."""
    return bool(sys.stdin and sys.stdin.isatty())


def output_is_terminal() -> bool:
    """Say whether the output is a terminal."""
    return bool(sys.stdout and sys.stdout.isatty())


def output_pipe() -> int | None:
    """Return the descriptor of the output if it is a pipe or a socket, whose reader can go away; None otherwise."""
    if sys.stdout is None:
        return None
    try:
        descriptor = sys.stdout.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError):
        return None
    return descriptor if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None


def put(text: Clean, *, errors: bool = False) -> None:
    """Print a piece of a text as it is, without an end of its line, on either stream; it is handed on at once.

    Raises:
        OutputClosed, OutputFailed: as `say`.
    """
    stream = sys.stderr if errors else sys.stdout
    _put(stream, text)
    if stream is not None:
        with _told_failures():
            stream.flush()


def draw(commands: LiteralString, lines: Iterable[Clean]) -> None:
    """Draw lines on the terminal that standard output is, behind commands to it that are ours; at once.

    Past the buffer of the stream: a signal's handler may draw while a drawing goes on, and no buffer takes two at once.

    Raises:
        OutputClosed, OutputFailed: as `say`.
    """
    given = sys.stdout
    stream = given.stream if isinstance(given, _CleanStream) else given
    with _told_failures():
        data = (commands + "\n".join(lines)).encode("utf-8", "replace")
        while data:
            data = data[os.write(stream.fileno(), data) :]


def ring() -> bool:
    """Ring the bell of the terminal that standard error is; say whether it is one."""
    given = sys.stderr
    stream = given.stream if isinstance(given, _CleanStream) else given
    if stream is None or not stream.isatty():
        return False
    with _told_failures():
        stream.write("\a")
        stream.flush()
    return True


def is_read_by_a_terminal(*, errors: bool) -> bool:
    """Say whether a stream ends at a terminal."""
    stream = sys.stderr if errors else sys.stdout
    return bool(stream and stream.isatty())


def write_raw(data: bytes, *, errors: bool = False) -> None:
    """Write bytes as they are, for another program; the caller has made sure that no terminal reads them.

    Those of standard error are handed on at once, as are its lines.

    Raises:
        OutputClosed, OutputFailed: as `say`.
    """
    given = sys.stderr if errors else sys.stdout
    stream = given.stream if isinstance(given, _CleanStream) else given
    binary: BinaryIO | None = getattr(stream, "buffer", None)
    if binary is not None:
        with _told_failures():
            binary.write(data)
            if errors:
                binary.flush()


def _put(stream: TextIO | None, text: str) -> None:
    if stream is not None:
        with _told_failures():
            stream.write(clean_text(text))


@contextlib.contextmanager
def _told_failures() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _BROKEN_PIPE:
            raise OutputClosed from error
        raise OutputFailed(f"standard output cannot be written: {error.strerror or error}") from error


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123


def _in_plain_signs(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace what an encoding lacks: our own signs by words, all else by its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    shown = "".join(PLAIN_SIGNS.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in lacking)
    return shown, error.end


codecs.register_error(ENCODING_ERRORS, _in_plain_signs)
