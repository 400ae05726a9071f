"""Arguments that are not UTF-8: a path here may be any bytes, a text for an agent may not."""

from __future__ import annotations

import pytest

from cockpit.cli.texts import refuse_bytes
from cockpit.errors import UsageError


@pytest.mark.parametrize("option", ["--root", "--config", "--into", "--recipe", "--spec", "--tasks"])
def test_a_path_may_hold_any_byte(option: str) -> None:
    refuse_bytes(["verb", option, "/tmp/\udcff"])
    refuse_bytes(["verb", f"{option}=/tmp/\udcff"])


@pytest.mark.parametrize("words", [["send", "ada", "\udcff"], ["collect", "--file", "\udcff"], ["vms", "--into\udcff"]])
def test_what_an_agent_or_a_vm_would_get_may_not(words: list[str]) -> None:
    with pytest.raises(UsageError, match=f"argument {len(words)}: "):
        refuse_bytes(words)
