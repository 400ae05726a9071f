"""Orders about the platform where it tells little: a disk that grew without its file system is not called grown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.engine.commands.platform import PlatformOrders
from cockpit.engine.infrastructure.maker import InfraMaker
from cockpit.engine.operation import OperationProgress
from cockpit.errors import CockpitError, Refused
from cockpit.model.ids import OperationId, VmId
from cockpit.model.platform import NewVm, Resize, SetLabels
from cockpit.remote.errors import Dropped
from cockpit.remote.ssh.command import Completed
from cockpit.vers.reconcile import BranchResult
from cockpit.vers.wire import VmMetadata, VmRecord
from tests.engine.unit.connection import Ran
from tests.engine.unit.parts import OTHER_VM, VM, Parts

GIB = 1024


def orders(parts: Parts, df: bytes | Exception | None, told: int = 0) -> tuple[PlatformOrders, OperationProgress]:
    """Return orders over a platform that tells `told` MiB, and a VM whose `df` says so many KiB; None has no link."""
    connection = parts.connection
    assert connection is not None

    async def answer(_ran: Ran) -> Completed:
        if isinstance(df, Exception):
            raise df
        return Completed(0, df or b"", b"")

    async def ready(_limit: float) -> object:
        return connection

    async def metadata(_vm: str) -> VmMetadata:
        return VmMetadata(vm_id=VM, fs_size_mib=told)

    async def resize_disk(vm: str, mib: int) -> None:
        parts.vers.calls.append(f"disk {vm} {mib}")

    connection.script = answer
    vers = cast(Any, parts.vers)
    vers.metadata, vers.resize_disk = metadata, resize_disk
    session = SimpleNamespace(link=SimpleNamespace(ready=ready)) if df is not None else None
    infra = InfraMaker(parts.state, parts.source(), parts.creations(), cast(Any, None))
    carrying = PlatformOrders(parts.state, parts.source(), parts.creations(), lambda _agent: cast(Any, session), infra)
    return carrying, OperationProgress(parts.state, OperationId("o1"), "resize", "builder")


@pytest.mark.parametrize(
    ("df", "told", "said"),
    [
        (b"20000000\n", 0, "the file system of the VM has 19531 MiB"),
        (b"8000000\n", 20 * GIB, "the platform says 20480 MiB"),
        (b"", 0, "cannot be looked at"),
        (Dropped("the connection is gone"), 0, "cannot be looked at (the connection is gone)"),
        (None, 0, "no agent of it is attached"),
    ],
)
async def test_what_is_seen_of_a_grown_disk_is_said(df: bytes | Exception | None, told: int, said: str) -> None:
    parts = Parts()
    carrying, progress = orders(parts, df, told)
    await carrying.carry_out(Resize(VM, 20 * GIB), progress)
    (operation,) = parts.state.operations.values()
    assert said in operation.steps[-1].detail
    assert parts.state.vms[VM].size.disk_mib == 20 * GIB and f"disk {VM} {20 * GIB}" in parts.vers.calls


async def test_a_disk_whose_file_system_stayed_small_is_a_failure_that_says_what_to_do() -> None:
    parts = Parts()
    carrying, progress = orders(parts, b"8000000\n")
    with pytest.raises(Refused, match="has 20480 MiB, but its file system only 7812") as raised:
        await carrying.carry_out(Resize(VM, 20 * GIB), progress)
    assert "resize2fs" in raised.value.hint


async def test_the_labels_that_cockpits_need_outlive_a_replacement() -> None:
    parts = Parts()
    carrying, progress = orders(parts, None)
    there = {"swarm-cockpit-agent": "builder", "team": "a"}
    put: list[dict[str, str]] = []

    async def status(_vm: str) -> VmRecord:
        return VmRecord(vm_id=VM, labels=there)

    async def replace_labels(_vm: str, labels: dict[str, str]) -> None:
        put.append(labels)

    vers = cast(Any, parts.vers)
    vers.status, vers.replace_labels = status, replace_labels
    await carrying.carry_out(SetLabels(VM, (("role", "golden"),), replace=True), progress)
    assert put == [{"swarm-cockpit-agent": "builder", "role": "golden"}]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (BranchResult((VM, OTHER_VM), 3, error="no room"), "2 of 3 VMs were made: no room"),
        (
            BranchResult((VM, OTHER_VM), 2, unseen="the list is not there"),
            "they are there is unknown: the list is not there",
        ),
    ],
    ids=["fewer", "unseen"],
)
async def test_vms_that_are_not_all_there_have_their_labels_and_are_not_called_made(
    made: BranchResult, said: str
) -> None:
    parts = Parts()
    carrying, progress = orders(parts, None)
    labelled: dict[str, dict[str, str]] = {}

    async def branch_tag(_tag: str, *, count: int) -> BranchResult:
        return made

    async def add_labels(vm: VmId, labels: dict[str, str]) -> None:
        labelled[vm] = labels

    vers = cast(Any, parts.vers)
    vers.branch_tag, vers.add_labels = branch_tag, add_labels
    with pytest.raises(CockpitError, match=said):
        await carrying.carry_out(NewVm("golden", labels=(("team", "a"),), count=3), progress)
    assert labelled == {VM: {"team": "a"}, OTHER_VM: {"team": "a"}}
    assert OTHER_VM in parts.state.vms
