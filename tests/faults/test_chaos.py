"""A short run of random faults; the long one is run by command, see `chaos`."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.faults.chaos import Plan, run


async def test_random_faults_over_four_agents_lose_and_double_nothing(tmp_path: Path) -> None:
    """Any seed must do; `CHAOS_SEED` repeats one."""
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(2**32)))
    print(f"CHAOS_SEED={seed}")
    outcome = await run(Plan(seed, agents=4, lines=8_000, faults=48, deadline=20.0), tmp_path)
    assert outcome.lines > 500 and sum(outcome.faults.values()) >= 10, outcome
