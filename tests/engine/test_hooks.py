"""A hook has bounded time and output, real ones on a real clock; what it leaves behind on purpose goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cockpit.engine.notices.hook import run_hook
from tests.remote.waiting import until


async def test_a_hook_that_takes_long_is_ended_and_one_that_is_loud_is_not_held_up(tmp_path: Path) -> None:
    late = await run_hook("sleep 30", {}, 0.1)
    assert late.trouble == "it took more than 0.1 s and was ended"
    mark = tmp_path / "mark"
    left = await run_hook(f"(sleep 0.3; touch {mark}) & true", {}, 5)
    assert left.trouble == ""
    await until(mark.exists)
    loud = await run_hook("head -c 3000000 /dev/zero >&2; exit 4", {}, 5)
    assert loud.trouble.startswith("it ended with 4")
    never = tmp_path / "never"
    assert (await run_hook('echo "$COCKPIT_TEXT"', {"COCKPIT_TEXT": f"$(touch {never})"}, 5)).trouble == ""
    assert not never.exists()


async def test_a_hook_that_may_not_be_ended_is_told_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that runs as another user."""

    def refused(group: int, signal: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "killpg", refused)
    assert (await run_hook("sleep 0.4", {}, 0.1)).trouble == "it took more than 0.1 s and was ended"
