"""The driver between Textual and a terminal: no byte, size or end of the terminal can hurt the cockpit."""

from __future__ import annotations

import codecs
import contextlib
import logging
import os
import selectors
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from rich.color import ColorSystem
from textual import constants, events
from textual._compositor import CompositorUpdate
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Offset, Size
from textual.message import Message

from cockpit.ui.terminal.command_string import ASK_FOR_GROUND
from cockpit.ui.terminal.hang_up import HANG_UP_LIMIT, HUNG_UP, end_within
from cockpit.ui.terminal.input_parser import InputParser, clamped_size
from cockpit.ui.terminal.key_places import ASK_FOR_PLACES
from cockpit.ui.terminal.replica import Replica
from cockpit.ui.terminal.typed_before import as_keys, waiting_lines
from cockpit.ui.terminal.writer import TerminalWriter

if TYPE_CHECKING:
    from textual.app import App

log = logging.getLogger(__name__)

READ_SIZE = 64 * 1024
TICK = 0.05
"""Seconds between two looks whether a sequence has ended by silence."""
ENTERS, LEAVES = "\x1b[?1049h", "\x1b[?1049l"
"""What takes the terminal's other screen, and gives it back (xterm, ctlseqs: mode 1049)."""
TURN = 0.0005
"""Seconds the loop keeps the interpreter while the thread that reads keys, or the one that writes frames, waits for it:
both need it for moments, and with Python's 5 ms a key and its frame would wait for that long each."""
SAME_MOMENT = 0.02
"""Seconds within which a stop and a continuation count as having come together."""


class ReadsAgain(Message):
    """A terminal that had stalled has taken what waited for it."""


class TerminalDriver(LinuxDriver):
    """Textual's driver with input, output and end of its own.

    It draws on standard output, where Textual takes standard error: `cockpit 2>log` draws on the terminal, as htop,
    less and vim do. A screen whose standard output is no terminal is refused before, by `cockpit.cli.screen`: nobody
    who wants a file or a pipe wants drawings in it. fzf draws on standard error or `/dev/tty` then, since its result
    goes to standard output; the cockpit's screen has no result.
    """

    hung_up: ClassVar[threading.Event] = threading.Event()
    """Set once the terminal is gone; a process has one terminal."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._output = self.fileno if sys.__stdout__ is None else sys.__stdout__.fileno()
        # Until its first event of a size the application would draw for what the environment says, e.g. COLUMNS.
        self._size = self._get_terminal_size() if size is None else size
        self._terminal_writer: TerminalWriter | None = None
        self._replica = Replica()
        self._seen_size: Size | None = None
        self._size_waits = False
        self._focus: events.AppFocus | events.AppBlur | None = None
        """The last that the terminal said of its focus, until the application hears it."""
        self._focus_waits = False
        self._stop_asked = False
        self._taking = False
        self._lent = False
        """Somebody else draws on the terminal."""
        self._continued_at = 0.0
        self._known_until = time.monotonic()
        """Up to when it is certain that nothing more had come in."""
        self._parser = InputParser(lambda: self._known_until)
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._typed_before = 0
        """Bytes that wait since before the terminal was taken."""
        self.read_something: Callable[[], None] = lambda: None
        """Called by the reading thread once something came, before it is known what."""

    # --- taking the terminal, and giving it back ------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take the terminal."""
        sys.setswitchinterval(TURN)
        self._typed_before = waiting_lines(self.fileno)
        self._taking = True
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]
        finally:
            self._taking = False
        if self._terminal_writer is not None:
            self._terminal_writer.show()
        if not constants.DISABLE_KITTY_KEY:
            self.write(ASK_FOR_PLACES)
        signal.signal(signal.SIGWINCH, self._resized)

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Give the terminal away for the time of the block, which may await; what is drawn meanwhile is dropped.

        Textual's own way (`App.suspend`) leaves the terminal given away where the block fails, and lets frames through.
        """
        self.suspend_application_mode()
        self._lent = True
        with self.no_automatic_restart():
            try:
                yield
            finally:
                if self._app.is_running and not self._app._exit:
                    self._lent = False
                    self._parser = InputParser(lambda: self._known_until)
                    self.resume_application_mode()
                    self._repaint_all()

    def _end_reading(self) -> bool:
        """End the reading thread; return False if there was none."""
        if self._key_thread is None or not self._key_thread.is_alive():
            return False
        self.exit_event.set()
        self._key_thread.join()
        self.exit_event.clear()
        return True

    def _sigtstp_application(self, *_: object) -> None:
        """Stop, as the terminal's driver or a shell asks for it, once the terminal is given back.

        It is done by the loop: the signal may have come in the middle of whatever the loop does with the terminal.
        Handlers run by the signals' numbers and not as they came (Modules/signalmodule.c of CPython): of a stop and a
        continuation that came together, the stop is taken for the first, since nobody would end it.
        """
        if time.monotonic() - self._continued_at < SAME_MOMENT:
            return
        self._stop_asked = True
        try:
            self._loop.call_soon_threadsafe(self._suspend)
        except RuntimeError:  # the loop has ended, and with it the screen
            os.kill(os.getpid(), signal.SIGSTOP)

    def _suspend(self) -> None:
        if self._auto_restart and self._key_thread is not None and self._key_thread.is_alive():
            self.suspend_application_mode()
            self._must_signal_resume = True
        if self._stop_asked:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a stop, by the loop as well; a stop that was asked for before and has not come is void."""
        self._stop_asked = False
        self._continued_at = time.monotonic()
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        """Take the terminal, also where a stop that nobody could see coming (SIGSTOP) left it to others meanwhile."""
        if not self._auto_restart or not self._app.is_running or self._app._exit:
            return
        if self._end_reading():
            # What holds for the shell was read at the first start; a paste may be half read, and goes on.
            settings = self.attrs_before
            if self._writer_thread is not None:
                self._writer_thread.stop()
            self.write("\x1b[<u")  # else each time adds one to the terminal's pile of keyboard modes
            self.start_application_mode()
            self.attrs_before = settings
        else:
            self._parser = InputParser(lambda: self._known_until)
            self.start_application_mode()
        self._repaint_all()

    @property
    def places(self) -> Mapping[str, str]:
        """Keys of the operator's layout, and what is at their places on the standard one."""
        return self._parser.places.known

    def ask_for_ground(self) -> None:
        """Have the terminal say what colour it draws on: a `GroundReported` comes, or nothing."""
        self.write(ASK_FOR_GROUND)

    # --- output --------------------------------------------------------------------------------------

    def write(self, data: str) -> None:
        """Have data written; returns at once, whatever the terminal does."""
        if self._lent:
            return
        if self._terminal_writer is None:
            # The first that is written when the application takes the terminal, or takes it back.
            self._terminal_writer = TerminalWriter(
                self._output,
                self._replica,
                closed=self._hang_up,
                failed=self._fail,
                reads_again=self._tell_it_reads,
            )
            self._terminal_writer.start()
        if LEAVES in data:
            self._replica.leave()
            data = data.replace(LEAVES, f"\x1b[m{LEAVES}")
        self._terminal_writer.write(data)
        if ENTERS in data:
            self._replica.enter()
            # A key that is typed at sight of the frame would be the line discipline's before the terminal is taken.
            if not self._taking:
                self._terminal_writer.show()

    def show(self, update: CompositorUpdate, cursor: Offset, *, together: bool) -> None:
        """Have the terminal show what was composed; a terminal that does not read is not waited for.

        Args:
            update: the strips that may have changed.
            cursor: where the terminal's cursor shall be.
            together: whether the terminal knows how to show a frame at once.
        """
        known = self._app.console._color_system or ColorSystem.TRUECOLOR
        colours = None if self._app.no_color else known
        news = self._replica.note(update, (cursor.x, cursor.y), colours=colours, together=together)
        if news and self._terminal_writer is not None:
            self._terminal_writer.show()

    @property
    def stalls(self) -> bool:
        """Whether the terminal has not taken a frame for so long that drawing another is for nobody."""
        return self._terminal_writer is not None and self._terminal_writer.stalls

    def taken(self, composed: float) -> float | None:
        """Return when the terminal had taken a frame composed at a moment (monotonic); None if it has not yet."""
        return self._terminal_writer.taken(composed) if self._terminal_writer is not None else None

    def _tell_it_reads(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._app.post_message, ReadsAgain())

    def close(self) -> None:
        """End the writing thread."""
        if self._writer_thread is not None:
            self._writer_thread.stop()  # Textual starts one of its own, which is never written to.
        if self._terminal_writer is not None:
            self._terminal_writer.stop()
            self._terminal_writer = None

    def _repaint(self) -> None:
        """Have all of the frame written again: what the terminal shows is not certain."""
        self._replica.forget()
        if self._terminal_writer is not None:
            self._terminal_writer.show()

    def _repaint_all(self) -> None:
        if self._app.is_running:
            self._app.refresh(repaint=True, layout=True)
            for screen in self._app.screen_stack:
                screen.refresh(repaint=True, layout=True)

    # --- input ---------------------------------------------------------------------------------------

    def run_input_thread(self) -> None:
        """Read the terminal until it is given back, or gone."""
        with selectors.DefaultSelector() as selector:
            try:
                selector.register(self.fileno, selectors.EVENT_READ)
            except (OSError, ValueError) as error:
                self._hang_up(OSError(str(error)))
                return
            while not self.exit_event.is_set():
                looked = time.monotonic()
                if selector.select(TICK):
                    try:
                        data = os.read(self.fileno, READ_SIZE)
                    except BlockingIOError:
                        continue
                    except OSError as error:
                        self._hang_up(error)
                        return
                    if not data:
                        self._hang_up(EOFError("end of input"))
                        return
                    self._known_until = time.monotonic()
                    self.read_something()
                    keys = as_keys(data, self._typed_before)
                    self._typed_before = max(0, self._typed_before - len(data))
                    self._process(self._parser.feed(self._decoder.decode(keys)))
                else:
                    # However long this thread stood still since: what comes then is read before time counts again.
                    self._known_until = max(self._known_until, looked + TICK)
                    self._process(self._parser.tick())

    def _process(self, found: list[Message]) -> None:
        for message in found:
            self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Pass a message on; the loop may have ended meanwhile."""
        try:
            if isinstance(message, events.AppFocus | events.AppBlur):
                self._focus = message
                self._loop.call_soon_threadsafe(self._tell_focus)
                return
            super().process_message(message)
        except RuntimeError as error:
            log.info("input after the end is dropped: %s", error)

    def _tell_focus(self) -> None:
        """Tell the application of the terminal's focus: the newest, once it has dealt with the one before.

        Each costs a style of everything that is drawn, and a terminal may report as many as it likes.
        """
        if self._focus is None or self._focus_waits:
            return
        message, self._focus, self._focus_waits = self._focus, None, True
        message.set_sender(self._app)
        self._app.post_message(message)
        self._app.call_later(self._focus_told)

    def _focus_told(self) -> None:
        self._focus_waits = False
        self._tell_focus()

    def _get_terminal_size(self) -> tuple[int, int]:
        """Return the terminal's size, within what can be drawn.

        The terminal is asked first: what the environment says of it (COLUMNS, LINES) is as old as the shell's look.
        """
        with contextlib.suppress(OSError, ValueError, AttributeError):
            width, height = os.get_terminal_size(self._output)
            if width and height:
                return clamped_size(width, height)
        return clamped_size(*super()._get_terminal_size())

    def _resized(self, *_: object) -> None:
        """Tell the application of a new size, once for all signals that come before it listens."""
        if self._size_waits or self._in_band_window_resize:
            return
        self._size_waits = True
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell_size)

    def _tell_size(self) -> None:
        self._size_waits = False
        self._repaint()
        size = Size(*self._get_terminal_size())
        self._app.post_message(events.Resize(size, size))

    def missed_size(self, drawn: Size) -> Size | None:
        """Return the terminal's size if it differs from what is drawn, and did so at the last look, too."""
        size = Size(*self._get_terminal_size())
        repeated = size != drawn and size == self._seen_size
        self._seen_size = size if size != drawn else None
        return size if repeated else None

    def _fail(self, error: Exception) -> None:
        """An error of ours ends the screen loudly, as one in the loop does."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._app._handle_exception, error)

    # --- the end -------------------------------------------------------------------------------------

    def _hang_up(self, error: Exception) -> None:
        """The terminal is gone: leave in good order, and whatever happens within `HANG_UP_LIMIT`.

        It runs in the thread that noticed, so that a loop that stands still cannot keep the process alive.
        """
        if self.hung_up.is_set():
            return
        self.hung_up.set()
        log.warning("the terminal is gone (%s): the cockpit detaches, every agent goes on", error)
        end_within(HANG_UP_LIMIT, HUNG_UP)
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._app.exit, None, HUNG_UP)
