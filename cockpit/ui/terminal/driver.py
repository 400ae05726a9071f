"""The driver between Textual and a terminal: no byte, size or end of the terminal can hurt the cockpit."""

from __future__ import annotations

import codecs
import contextlib
import logging
import os
import selectors
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from cockpit.ui.terminal.input_parser import InputParser, clamped_size
from cockpit.ui.terminal.writer import TerminalWriter

if TYPE_CHECKING:
    from textual.app import App

log = logging.getLogger(__name__)

READ_SIZE = 64 * 1024
TICK = 0.05
"""Seconds between two looks whether a sequence has ended by silence."""
HANG_UP_LIMIT = 1.5
"""Seconds the cockpit has for an orderly end once its terminal is gone; then the process ends as it is."""
HANG_UP_EXIT_CODE = 129
"""128 and the number of SIGHUP, as a shell tells it."""


class TerminalDriver(LinuxDriver):
    """Textual's driver with input, output and end of its own."""

    hung_up: ClassVar[threading.Event] = threading.Event()
    """Set once the terminal is gone; a process has one terminal."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._terminal_writer: TerminalWriter | None = None
        self._seen_size: Size | None = None

    # --- output --------------------------------------------------------------------------------------

    def write(self, data: str) -> None:
        """Have data written; returns at once, whatever the terminal does."""
        if self._terminal_writer is None:
            # The first that is written when the application takes the terminal, or takes it back.
            descriptor = self._file.fileno() if self._file is not None else self.fileno
            self._terminal_writer = TerminalWriter(descriptor, closed=self._hang_up, behind=self._repaint)
            self._terminal_writer.start()
        self._terminal_writer.write(data)

    def close(self) -> None:
        """End the writing thread."""
        if self._writer_thread is not None:
            self._writer_thread.stop()  # Textual starts one of its own, which is never written to.
        if self._terminal_writer is not None:
            self._terminal_writer.stop()
            self._terminal_writer = None

    def _repaint(self) -> None:
        """Draw everything: frames were dropped while the terminal did not read."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._repaint_all)

    def _repaint_all(self) -> None:
        if self._app.is_running:
            self._app.refresh(repaint=True, layout=True)
            for screen in self._app.screen_stack:
                screen.refresh(repaint=True, layout=True)

    # --- input ---------------------------------------------------------------------------------------

    def run_input_thread(self) -> None:
        """Read the terminal until it is given back, or gone."""
        parser = InputParser()
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        with selectors.DefaultSelector() as selector:
            try:
                selector.register(self.fileno, selectors.EVENT_READ)
            except (OSError, ValueError) as error:
                self._hang_up(OSError(str(error)))
                return
            while not self.exit_event.is_set():
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
                    self._process(parser.feed(decoder.decode(data)))
                self._process(parser.tick())

    def _process(self, found: list[Message]) -> None:
        for message in found:
            self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Pass a message on; the loop may have ended meanwhile."""
        try:
            super().process_message(message)
        except RuntimeError as error:
            log.info("input after the end is dropped: %s", error)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Return the terminal's size, within what can be drawn."""
        return clamped_size(*super()._get_terminal_size())

    def missed_size(self, drawn: Size) -> Size | None:
        """Return the terminal's size if it differs from what is drawn, and did so at the last look, too."""
        size = Size(*self._get_terminal_size())
        repeated = size != drawn and size == self._seen_size
        self._seen_size = size if size != drawn else None
        return size if repeated else None

    # --- the end -------------------------------------------------------------------------------------

    def _hang_up(self, error: Exception) -> None:
        """The terminal is gone: leave in good order, and whatever happens within `HANG_UP_LIMIT`.

        It runs in the thread that noticed, so that a loop that stands still cannot keep the process alive.
        """
        if self.hung_up.is_set():
            return
        self.hung_up.set()
        log.warning("the terminal is gone (%s): the cockpit detaches, every agent goes on", error)
        timer = threading.Timer(HANG_UP_LIMIT, os._exit, (HANG_UP_EXIT_CODE,))
        timer.daemon = True
        timer.start()
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._app.exit, None, HANG_UP_EXIT_CODE)
