"""What was typed before the screen took the terminal is what it was: its enters are enters."""

from __future__ import annotations

import os
import pty
import tty

from hypothesis import given
from hypothesis import strategies as st

from cockpit.ui.terminal.typed_before import as_keys, waiting_lines
from tests.fleets import poll


@given(st.binary(max_size=60), st.integers(0, 80))
def test_only_what_was_typed_as_lines_is_changed(data: bytes, before: int) -> None:
    keys = as_keys(data, before)
    assert len(keys) == len(data) and keys[before:] == data[before:]
    assert all(key == byte or (byte == 10 and key == 13) for byte, key in zip(data, keys, strict=True))
    assert b"\n" not in keys[:before]


def test_a_terminal_tells_lines_that_wait_and_none_once_it_gives_keys() -> None:
    master, slave = pty.openpty()
    try:
        assert waiting_lines(slave) == 0
        os.write(master, b"n\rhalf")
        poll(lambda: waiting_lines(slave) == 2, "two bytes of lines")  # the kernel hands it on in a thread of its own
        tty.setraw(slave, 0)
        assert waiting_lines(slave) == 0
    finally:
        os.close(master)
        os.close(slave)
    assert waiting_lines(slave) == 0
