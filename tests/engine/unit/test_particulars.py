"""What a list of VMs does not tell is asked for once, kept over the next list, and asked again only after a failure."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from cockpit.engine.commands.wanted import wanted_from, wanted_text
from cockpit.engine.particulars import PATIENCE, Particulars
from cockpit.model.commands.life import Spawn
from cockpit.model.confinement import Confinement
from cockpit.model.fleet import AgentKind, Power
from cockpit.model.ids import CommitId
from cockpit.model.size import UNKNOWN_SIZE, VmSize
from cockpit.vers.errors import VmAsleep
from tests.engine.unit.parts import VM, Parts


def asked(parts: Parts) -> int:
    return parts.vers.calls.count(f"metadata {VM}")


async def test_size_and_origin_are_asked_once_and_outlive_the_next_list() -> None:
    parts = Parts()
    particulars = Particulars(parts.state, parts.source())
    for _ in range(2):
        await particulars.learn()
    assert asked(parts) == 1
    await parts.watcher(parts.agent_sessions()).vms()
    vm = parts.state.vms[VM]
    assert (vm.size, vm.parent_commit) == (VmSize(4, 2048, 0), "c0ffee")


async def test_size_and_origin_outlive_a_list_that_lacks_the_vm_once() -> None:
    parts = Parts()
    await Particulars(parts.state, parts.source()).learn()
    parts.vers.hidden.add(VM)
    await parts.watcher(parts.agent_sessions()).vms()
    vm = parts.state.vms[VM]
    assert "status" in " ".join(parts.vers.calls), "it was looked at alone"
    assert (vm.size, vm.parent_commit) == (VmSize(4, 2048, 0), "c0ffee")


async def test_what_a_vm_shares_outlives_the_next_list() -> None:
    parts = Parts()
    told = {"walls": False, "shared": ["files", "network"], "limits": {"memory_mib": 512}, "unlimited": {"pids": "no"}}
    parts.vers.metadata_told = {"sandbox": told}
    await Particulars(parts.state, parts.source()).learn()
    await parts.watcher(parts.agent_sessions()).vms()
    assert parts.state.vms[VM].confinement == Confinement(False, ("files", "network"), 512, 0, {"pids": "no"})


async def test_what_was_chosen_stays_where_the_platform_tells_nothing() -> None:
    parts = Parts()
    parts.state.put_vm(replace(parts.state.vms[VM], size=VmSize(1, 1024, 16384)))
    await Particulars(parts.state, parts.source()).learn()
    assert parts.state.vms[VM].size == VmSize(4, 2048, 16384)


async def test_a_vm_that_does_not_say_is_left_alone_for_a_while() -> None:
    parts = Parts()
    particulars = Particulars(parts.state, parts.source())
    parts.vers.errors["metadata"] = VmAsleep("it sleeps", status=409)
    for _ in range(2):
        await particulars.learn()
    assert (asked(parts), parts.state.vms[VM].size) == (1, UNKNOWN_SIZE)
    del parts.vers.errors["metadata"]
    await asyncio.sleep(PATIENCE + 1)
    await particulars.learn()
    assert parts.state.vms[VM].size.vcpus == 4


async def test_a_vm_that_is_gone_is_not_asked_about() -> None:
    parts = Parts()
    parts.state.put_vm(replace(parts.state.vms[VM], power=Power.GONE))
    await Particulars(parts.state, parts.source()).learn()
    assert asked(parts) == 0


def test_what_an_agent_should_have_been_is_read_back_with_its_size() -> None:
    for size in (None, VmSize(4, 2048, 4096)):
        spawn = Spawn("ada", AgentKind.WORKER, image=CommitId("c"), labels=("a",), size=size)
        assert wanted_from(wanted_text(spawn)) == spawn
