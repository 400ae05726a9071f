"""The driver tells that something was read before it knows what."""

from __future__ import annotations

import os
import pty
import threading
import tty

import pytest
from textual import events
from textual.message import Message

from cockpit.ui.app import CockpitApp
from cockpit.ui.terminal.driver import TerminalDriver
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
