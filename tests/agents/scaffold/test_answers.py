"""What a script answered is hostile: an agent can write its own files, and a VM can say anything."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.agents.scaffold.answers import (
    AgentState,
    parse_facts,
    parse_probe,
    parse_send,
    parse_start,
    parse_stop,
)
from cockpit.agents.scaffold.layout import ScriptExit
from cockpit.agents.scaffold.scripts import BEGIN, END
from cockpit.errors import CockpitError

PARSERS: tuple[Callable[..., object], ...] = (parse_facts, parse_probe, parse_send, parse_start, parse_stop)

KEYS = ("state", "run", "exit", "ended", "now", "pid", "written", "size", "error", "session", "adopted", "stopped")
DEEP = "[" * 100_000
FACTS = st.dictionaries(
    st.sampled_from(("run", "mode", "program", "path", "version", "model", "started_at")),
    st.one_of(st.text(max_size=8), st.floats(), st.none(), st.lists(st.integers(), max_size=2)),
)
VALUES = st.one_of(
    st.sampled_from(("", "alive", "dead", "absent", "1", "0", "9" * 5000, "-1", "٣", DEEP, "9" * 5000 + "}")),
    FACTS.map(json.dumps),
    st.text(max_size=20),
)


def said(*lines: tuple[str, str]) -> bytes:
    """Return a script's answer."""
    inner = "".join(f"{key}={value}\n" for key, value in lines)
    return f"{BEGIN}\n{inner}{END}\n".encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
@given(
    code=st.sampled_from((0, 1, 255, *map(int, ScriptExit))),
    lines=st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=6),
    before=st.binary(max_size=20),
)
def test_no_answer_is_a_fault_of_the_program(
    parse: Callable[..., object], code: int, lines: list[tuple[str, str]], before: bytes
) -> None:
    try:
        parse(code, before + said(*lines), b"words", place="VM x")
    except CockpitError as error:
        assert "VM x" in str(error)


@pytest.mark.parametrize("moment", ["yesterday", None, [1], "1e999", "nan"])
def test_a_run_that_began_at_no_moment_is_read_without_it(moment: object) -> None:
    facts = json.dumps({"run": "r1", "started_at": moment})
    result = parse_probe(0, said(("state", "alive"), ("now", "100"), ("run", facts)), b"", place="VM x")
    assert (result.state, result.run_id) == (AgentState.ALIVE, "r1")
    assert result.started_at is None and result.started_ago is None
