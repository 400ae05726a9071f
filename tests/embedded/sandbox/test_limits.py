"""What a sandbox may have at most: kept by the real kernel where this user may say so, told where not."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.embedded.hosting import Execution, Limits
from cockpit.embedded.sandbox.groups import find_controller_base
from cockpit.embedded.sandbox.limits import EARLIER, LimitsProbe, recorded_limits
from cockpit.embedded.sandbox.sandboxes import Sandboxes
from tests.embedded.conftest import Fleet, check_empty, groups_of, processes_of
from tests.embedded.waiting import until
from tests.requirements import missing

EATER = "b'x' * (300 << 20)"
BOMB = """
import os, time
while True:
    try:
        os.fork()
    except BlockingIOError:
        open('full', 'w').close()
        time.sleep(0.1)
"""
MOST = 40


@pytest.fixture(params=["auto", "off"])
async def limited(
    request: pytest.FixtureRequest, short_root: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Fleet]:
    """A fleet whose VMs can be limited, with walls and without; no group of it may be left afterwards."""
    monkeypatch.setenv("COCKPIT_WALLS", request.param)
    bases = [find_controller_base(controller) for controller in ("memory", "pids")]
    for reason in bases:
        if isinstance(reason, str):
            missing(f"nothing can be limited here: {reason}")
    sandboxes = Sandboxes(short_root)
    await sandboxes.adopt()
    if request.param == "auto" and sandboxes.offer().walls is None:
        missing(f"walls cannot be raised: {sandboxes.offer().reason}")
    try:
        yield Fleet(sandboxes)
    finally:
        await check_empty(sandboxes)
        assert not [path for base in bases for path in groups_below(base[0], sandboxes.layout.mark)]


def groups_below(base: Path | str, mark: str) -> list[Path]:
    """Return the control groups of a fleet below a directory."""
    return list(Path(base).glob(f"cockpit-{mark}-*"))


def python(program: str) -> Execution:
    """A command that runs a program of Python."""
    return Execution((sys.executable, "-I", "-S", "-c", program), {}, b"", 100)


async def test_who_eats_memory_or_forks_without_end_meets_the_limit_and_others_live_on(limited: Fleet) -> None:
    hungry, other = str(uuid.uuid4()), await limited.create()
    await limited.sandboxes.create(hungry, Limits(memory_mib=160, processes=MOST))
    code, out, err = await limited.sandboxes.execute(hungry, python(f"{EATER}; print('had it all')"))
    assert code != 0 and not out, (code, out, err)
    assert (await limited.sandboxes.execute(other, python(f"{EATER}; print('had it all')")))[1] == b"had it all\n"

    bombing = asyncio.create_task(limited.sandboxes.execute(hungry, python(BOMB)))
    await until((limited.home(hungry) / "full").exists)
    assert len(processes_of(hungry)) <= MOST + 2  # The first process's walls need two of the host's.
    assert (await limited.sandboxes.execute(other, python("print('alive')")))[1] == b"alive\n"
    await limited.sandboxes.destroy(hungry)
    assert (await bombing)[0] != 0
    assert not processes_of(hungry)


async def test_another_server_keeps_the_limits_and_a_copy_has_its_own(limited: Fleet) -> None:
    vm_id, copy_id, commit_id = (str(uuid.uuid4()) for _ in range(3))
    await limited.sandboxes.create(vm_id, Limits(memory_mib=256, processes=50))
    later = Sandboxes(limited.sandboxes.layout.root)
    await later.adopt()
    await later.snapshot(vm_id, commit_id)
    await later.restore(copy_id, commit_id, Limits(memory_mib=512, processes=60))
    for each, limits in ((vm_id, Limits(256, 50)), (copy_id, Limits(512, 60))):
        told = await later.enclosure(each)
        assert told is not None and told.limits == limits and not told.unlimited
        sandbox = later.find(each)
        assert sandbox is not None
        written = {file.read_text() for group in sandbox.limits.groups.values() for file in group.glob("pids.max")}
        assert written == {f"{limits.processes}\n"}
    await later.destroy(copy_id)
    mark = later.layout.mark
    bases = [find_controller_base(controller) for controller in ("memory", "pids")]
    assert all(groups_below(base[0], mark) for base in bases)
    await later.halt_all()
    assert not [path for base in bases for path in groups_below(base[0], mark)] and not groups_of(mark)
    # It can be paused without having run, and what it runs next is limited again.
    await later.pause(vm_id)
    await later.resume(vm_id)
    assert (await later.execute(vm_id, python("print('again')")))[1] == b"again\n"
    again = await later.enclosure(vm_id)
    assert again is not None and again.limits == Limits(256, 50) and all(groups_below(base[0], mark) for base in bases)


def test_what_cannot_be_limited_is_told_with_the_reason(tmp_path: Path) -> None:
    bases = {"memory": "this user may not", "pids": (tmp_path, 1)}
    probe = LimitsProbe("0000", bases.__getitem__)  # type: ignore[arg-type]
    limits = probe.make("vm", Limits(512, 99))
    assert probe.reasons() == {"memory": "this user may not"}
    limits.prepare()
    assert limits.in_force() == Limits(0, 99)
    assert limits.unlimited == {"memory": "this user may not"}
    (group,) = limits.groups.values()
    assert (group / "pids.max").read_text() == "99"
    limits.allow_no_more()
    assert (group / "pids.max").read_text() == "0"
    limits.prepare()
    assert (group / "pids.max").read_text() == "99"
    (group / "pids.max").unlink()
    (group / "pids.max").mkdir()
    again = recorded_limits(Limits(512, 99), {"pids": str(group)})
    assert again is not None
    again.prepare()
    assert again.in_force() == Limits()
    assert again.unlimited["pids"].startswith("the kernel would not set it")


def test_a_group_of_the_one_version_is_shared_with_the_freezer_or_not_had(tmp_path: Path) -> None:
    base = tmp_path / "unified"
    base.mkdir()
    probe = LimitsProbe("0000", lambda _controller: (base, 2))
    own = probe.make("vm", Limits(256, 9), base / "cockpit-0000-vm")
    assert len(own.members_files) == 1 and set(own.groups.values()) == {base / "cockpit-0000-vm"}
    elsewhere = probe.make("vm", Limits(256, 9), tmp_path / "cockpit-0000-vm")
    assert not elsewhere.groups and set(elsewhere.unlimited) == {"memory", "pids"}
    group = base / "cockpit-0000-vm"
    group.mkdir()
    for name in ("memory.max", "memory.swap.max"):
        (group / name).touch()
    own.prepare()
    assert {path.name: path.read_text() for path in group.iterdir()} == {
        "memory.max": str(256 << 20),
        "memory.swap.max": str(256 << 20),
        "pids.max": "9",
    }


def test_groups_that_a_reboot_took_are_made_anew() -> None:
    assert recorded_limits(Limits(256, 9), {"memory": "/nowhere", "pids": "/nowhere"}) is None


async def test_a_vm_of_an_earlier_version_goes_on_without_limits(
    short_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_WALLS", "off")
    sandboxes = Sandboxes(short_root, freezer="signals")
    await sandboxes.adopt()
    vm_id = str(uuid.uuid4())
    await sandboxes.create(vm_id)
    record = sandboxes.layout.sandbox(vm_id).record
    fields = json.loads(record.read_text())
    for name in ("memory_mib", "processes", "groups"):
        del fields[name]
    record.write_text(json.dumps(fields))
    later = Sandboxes(short_root, freezer="signals")
    await later.adopt()
    told = await later.enclosure(vm_id)
    assert told is not None and told.limits == Limits() and set(told.unlimited.values()) == {EARLIER}
    assert told.shared == ("files", "processes", "network")
    await check_empty(later)
