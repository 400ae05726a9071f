"""What a sandbox shares, read from any answer of a server and said in words."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.confinement import Confinement
from cockpit.vers.wire import VmMetadata, confinement_of

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("walls", "shared", "limits", "unlimited"), ANYTHING) | {"walls": st.booleans()}
)


@given(ANYTHING | FIELDS)
def test_any_answer_is_read_and_can_be_said(sent: Any) -> None:
    told = VmMetadata.model_validate({"vm_id": "a", "sandbox": sent}).sandbox
    assert (told is not None) == (isinstance(sent, dict) and isinstance(sent.get("walls"), bool))
    if told is not None:
        assert told.brief in ("walls", "no walls")
        assert all(told.sentences)


def test_what_it_has_shares_and_is_kept_to_is_said() -> None:
    walled = {"walls": True, "shared": ["network", "?"], "limits": {"memory_mib": 512, "processes": 9}, "unlimited": {}}
    told = confinement_of(walled)
    assert told is not None and told.sentences == (
        "behind walls: a /root, a /tmp and process numbers of its own; shares the network with this machine",
        "kept to 512 MiB of memory and 9 processes",
    )
    assert Confinement(False, ("files", "processes", "network"), 0, 9, {"memory": "this user may not"}).sentences == (
        "without walls; shares files, processes and the network with this machine",
        "kept to 9 processes",
        "nothing limits its memory: this user may not",
    )
