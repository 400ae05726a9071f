"""What the tests of the screen share: pauses as short as the screen allows, for those that press hundreds of keys."""

from __future__ import annotations

import pytest
from textual import _wait

LOOK_EVERY = 0.005
"""Seconds between two looks whether the screen is idle; the framework looks each 0.02, thrice for each key."""
WORKS = 0.001
"""Seconds of work between two looks that mean that it is not idle: what the framework takes for it, too."""


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a pilot go on as soon as the screen is idle: it waits for the same, and looks more often."""
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", LOOK_EVERY)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", WORKS)
