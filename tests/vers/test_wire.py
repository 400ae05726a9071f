"""The wire models against anything a server might send."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.fleet import Power
from cockpit.vers.errors import error_of
from cockpit.vers.wire import SshKey, VmListing, VmRecord, new_vm_ids, unix_seconds, vm_list

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {"vm_id": st.uuids().map(str)},
        optional=dict.fromkeys(("owner_id", "created_at", "state", "labels", "news"), anything),
    )
)
def test_a_vm_with_an_id_can_always_be_read(body: dict[str, object]) -> None:
    record = VmRecord.model_validate(body)
    assert record.vm_id == body["vm_id"]
    assert record.vm(1.0).power in Power


@given(anything)
def test_lists_and_creations_are_read_or_refused(body: object) -> None:
    for read in (vm_list, new_vm_ids):
        try:
            read(body)
        except ValueError:
            continue


@given(
    st.integers(300, 599), st.binary(max_size=400), st.sampled_from(["", "application/json", "text/plain", "text/html"])
)
def test_every_answer_becomes_an_error_of_one_line(status: int, content: bytes, kind: str) -> None:
    error = error_of("pause VM x", status, content, kind, "rid\x1b[2J")
    assert error.status == status and error.hint
    assert str(error).isprintable() and len(str(error)) < 800
    assert str(error).startswith(f"could not pause VM x: {status}")


@given(anything)
def test_times_never_raise(value: object) -> None:
    assert isinstance(unix_seconds(value), float)


@pytest.mark.parametrize(
    ("word", "power"),
    [("Running", Power.RUNNING), (" PAUSED", Power.PAUSED), ("odd", Power.UNKNOWN), (7, Power.UNKNOWN)],
)
def test_states_in_any_case(word: object, power: Power) -> None:
    assert VmRecord.model_validate({"vm_id": "A", "state": word}).power is power


def test_both_shapes_of_a_creation() -> None:
    assert new_vm_ids({"vm_id": "A"}) == ("a",)
    assert new_vm_ids({"vms": [{"vm_id": "A"}, {"vm_id": "b"}], "vm_id": "c", "error": None}) == ("a", "b")
    assert new_vm_ids({"vms": []}) == ()
    bodies: tuple[object, ...] = ({}, [], {"vms": [{}]}, {"vms": [7]}, {"vm_id": None})
    for body in bodies:
        with pytest.raises(ValueError):
            new_vm_ids(body)


def test_one_broken_entry_costs_itself() -> None:
    assert [vm.vm_id for vm in vm_list([{"vm_id": "a"}, {"id": "b"}, None, 7]).records] == ["a"]
    assert vm_list([{"vm_id": "a"}, {"id": "b"}, None, 7]).unreadable == 3
    assert vm_list([]) == VmListing(())
    with pytest.raises(ValueError):
        vm_list([{"id": "old"}])


def test_a_private_key_is_not_in_a_repr() -> None:
    key = SshKey.model_validate_json(json.dumps({"ssh_private_key": "SECRET", "ssh_port": None}))
    assert "SECRET" not in repr(key) and key.ssh_port == 0


def test_nanoseconds_are_read() -> None:
    assert unix_seconds("2026-01-13T10:00:00.123456789Z") == pytest.approx(1768298400.123456)
