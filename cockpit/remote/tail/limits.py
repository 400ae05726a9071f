"""How far a tail may be ahead, and how long it waits for what."""

from __future__ import annotations

PATIENT_CHECKS = 3
"""How many times as long a file may go unchecked that is looked at now and then only."""
LOOK_INTERVAL = 0.25
"""Seconds between two looks for a missing file."""
FOREGROUND_WINDOW = 1 << 20
"""Bytes a reader woken by the kernel may be ahead."""
BACKGROUND_WINDOW = 256 << 10
"""Bytes a polling reader may be ahead; there are many of them."""
FILTER_BOUND = 5.0
"""Seconds a filter may take to pass on its first bytes."""
FILTER_FAILURES = 2
"""Filters that may die, or speak no frames, before this Tail does without."""
