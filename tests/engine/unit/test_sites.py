"""What is built over several steps goes on where it was left: on the first VM that was made for it, and awake."""

from __future__ import annotations

from typing import Any, cast

from cockpit.engine.sites import left_behind, take_up
from cockpit.model.fleet import Power
from cockpit.model.ids import VmId
from cockpit.vers.wire import VmRecord
from tests.engine.unit.parts import OTHER_VM, VM, Parts

THIRD = VmId("cccccccc-0000-4000-8000-000000000003")


async def test_the_first_that_was_left_is_taken_and_continued() -> None:
    for state, calls in (("running", []), ("paused", ["resume"]), ("sleeping", ["resume"])):
        parts = Parts()
        records = [
            VmRecord(vm_id=OTHER_VM, state="running", created_at=20.0, labels={"site": "x"}),
            VmRecord(vm_id=VM, state=state, created_at=10.0, labels={"site": "x"}),
            VmRecord(vm_id=THIRD, state="running", created_at=5.0, labels={"site": "y"}),
        ]

        async def list_vms(found: list[VmRecord] = records) -> list[VmRecord]:
            return found

        async def make() -> VmId:
            raise AssertionError("there is one")

        cast(Any, parts.vers).list_vms = list_vms
        left = await left_behind(parts.source(), "site", "x")
        assert [record.vm_id for record in left] == [VM, OTHER_VM]
        assert await take_up(parts.state, parts.source(), "image x", left, make) == VM
        assert [call.split()[0] for call in parts.vers.calls] == calls
        assert parts.state.power(VM) is Power.BOOTING


async def test_where_none_was_left_one_is_made_and_shown() -> None:
    parts = Parts()

    async def make() -> VmId:
        return THIRD

    assert await take_up(parts.state, parts.source(), "image x", (), make) == THIRD
    assert parts.state.vms[THIRD].label == "image x"
