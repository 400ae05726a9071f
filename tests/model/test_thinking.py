"""How much an agent is to think: a word of its kind, or none."""

from __future__ import annotations

import pytest

from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind, Fleet
from cockpit.model.refusals.grounds import Facilities, RefusalCode
from cockpit.model.refusals.refusal import refusal

HAS = Facilities((("pi", ""), ("other", "")), "pi", thinking=(("pi", ("off", "low")), ("other", ())))


@pytest.mark.parametrize(
    ("program", "level", "word"),
    [
        ("", "", ""),
        ("", "low", ""),
        ("other", "", ""),
        ("", "LOW", "known: off, low"),
        ("", "enormous", "known: off, low"),
        ("other", "low", "cannot be told"),
    ],
)
def test_a_level_that_is_not_known_is_refused_before_anything_is_made(program: str, level: str, word: str) -> None:
    said = refusal(Spawn("ada", AgentKind.WORKER, program=program, thinking=level), Fleet(), HAS)
    if not word:
        assert said is None
    else:
        assert said is not None and said.code is RefusalCode.BAD_THINKING and word in said.sentence
