"""The command of a pi agent."""

from __future__ import annotations

import pytest

from cockpit.agents.pi.launch import pi_argv
from cockpit.errors import UsageError


def test_pi_argv() -> None:
    assert pi_argv(session="none") == ("pi", "--mode", "rpc", "--no-session")
    assert pi_argv(model="m", session="continue", system_prompt_file="~/p.md", extra=["--approve"]) == (
        *("pi", "--mode", "rpc", "--model", "m", "--continue"),
        *("--append-system-prompt", "~/p.md", "--approve"),
    )
    assert pi_argv(thinking="high", system_prompt_file="~/p.md", replaces_prompt=True) == (
        *("pi", "--mode", "rpc", "--thinking", "high", "--system-prompt", "~/p.md"),
    )
    assert pi_argv(session="~/s.jsonl")[-2:] == ("--session", "~/s.jsonl")
    with pytest.raises(UsageError):
        pi_argv(session="other")
