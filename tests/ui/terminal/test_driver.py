"""The driver tells that something was read before it knows what."""

from __future__ import annotations

import os
import pty
import signal
import sys
import termios
import threading
import tty

import pytest
from textual import events
from textual.message import Message

from cockpit.ui.app import CockpitApp
from cockpit.ui.terminal.driver import ENTERS, TerminalDriver
from cockpit.ui.terminal.writer import TerminalWriter
from tests.fleets import poll
from tests.ui.scene import scene


async def test_that_something_was_read_is_told_by_the_reading_thread_before_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    master, slave = pty.openpty()
    tty.setraw(slave)
    driver = TerminalDriver(CockpitApp(scene()))
    monkeypatch.setattr(driver, "fileno", slave)
    driver.read_something = lambda: told.append(threading.current_thread().name)

    def take(message: Message) -> None:
        assert isinstance(message, events.Key)
        told.append(message.key)

    monkeypatch.setattr(driver, "process_message", take)
    reading = threading.Thread(target=driver.run_input_thread, name="reading")
    reading.start()
    try:
        os.write(master, b"j")
        poll(lambda: len(told) == 2, "a key")
        assert told == ["reading", "j"]
    finally:
        driver.exit_event.set()
        reading.join()
        os.close(master)
        os.close(slave)


async def test_no_frame_is_seen_before_keys_are_read_as_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    driver = TerminalDriver(CockpitApp(scene()))
    monkeypatch.setattr(driver, "fileno", slave)
    monkeypatch.setattr(driver, "_output", slave)
    by_lines: list[bool] = []

    def show(_writer: TerminalWriter) -> None:
        by_lines.append(bool(termios.tcgetattr(slave)[3] & termios.ICANON))

    monkeypatch.setattr(TerminalWriter, "show", show)
    interval, resized = sys.getswitchinterval(), signal.getsignal(signal.SIGWINCH)
    try:
        driver.start_application_mode()
        assert by_lines and not any(by_lines)
        driver._end_reading()
        before = len(by_lines)
        driver.write(ENTERS)
        assert len(by_lines) == before + 1, "once the terminal is taken it is shown at once"
    finally:
        driver._end_reading()
        driver.close()
        sys.setswitchinterval(interval)
        signal.signal(signal.SIGWINCH, resized)
        os.close(master)
        os.close(slave)
