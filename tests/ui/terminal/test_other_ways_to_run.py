"""Where the cockpit has not the whole terminal it is drawn by the framework alone: inline, below a prompt."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from tests.faults.harness import ROOT
from tests.faults.terminal import ALTERNATE_SCREEN, Terminal


@pytest.mark.slow
def test_below_a_prompt_no_other_screen_is_taken() -> None:
    words = [sys.executable, "-m", "tests.ui.scene", "--inline"]
    terminal = Terminal(words, dict(os.environ), ROOT, forked=True)
    try:
        terminal.read_until(lambda: terminal.shows("wait for you"), "the screen")
        terminal.write(b"?")
        terminal.read_until(lambda: terminal.shows("Write a prompt that starts a run"), "the help")
        assert ALTERNATE_SCREEN not in terminal.modes()
        terminal.end(signal.SIGTERM)
        assert ALTERNATE_SCREEN not in terminal.modes()
    finally:
        terminal.close()
