"""Workers that the scripted agent makes itself: planned, bounded by its identity file, and refused in words."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from cockpit.embedded.scripted_agent.plan import Call, Say, plan
from cockpit.embedded.scripted_agent.swarm import run_workers


def test_a_directive_names_the_workers_and_their_tasks() -> None:
    call, say = plan("[swarm a: Write [think 5] it. || b-2:Try: it || : nobody] [say Done.]")
    workers = [{"name": "a", "task": "Write [think 5] it."}, {"name": "b-2", "task": "Try: it"}]
    assert (call, say) == (Call("swarm", {"workers": workers}), Say("Done."))


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        ({"depth": 2, "maxDepth": 2, "maxVms": 0}, "maxDepth is 2"),
        ({"depth": 0, "maxDepth": 9, "maxVms": 2}, "maxVms is 2"),
        ({"depth": 1, "maxDepth": 2, "maxVms": 3}, "VERS_BASE_URL is not set"),
        ({}, "VERS_BASE_URL is not set"),
    ],
)
async def test_no_vm_is_made_beyond_the_bounds_of_the_identity_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identity: dict[str, int], said: str
) -> None:
    """Where the bounds allow it the platform is called, which here has no address."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("VERS_BASE_URL", raising=False)
    if identity:
        (tmp_path / ".swarm").mkdir()
        (tmp_path / ".swarm" / "identity.json").write_text(json.dumps(identity), encoding="utf-8")
    workers = [{"name": name, "task": "x"} for name in ("a", "b")]
    result = await run_workers("ada", workers, asyncio.Event(), lambda text: None)
    assert result.is_error and said in result.text
