"""The walls of a sandbox, attacked from inside, and what goes on behind them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.embedded.hosting import Execution, HostingError
from cockpit.embedded.inventory import look
from cockpit.embedded.sandbox import fork_server
from cockpit.embedded.sandbox.groups import find_group_base
from cockpit.embedded.sandbox.layout import FleetLayout, MachineRecord
from cockpit.embedded.sandbox.sandboxes import Sandboxes
from cockpit.embedded.sandbox.walls import links
from cockpit.embedded.sandbox.walls.probe import AUTO, OFF, SETTING, Probe, WallsOffer, wanted_walls
from cockpit.embedded.sandbox.walls.seen import place_on
from cockpit.errors import ConfigError
from tests.embedded.conftest import Fleet, check_empty, first_processes_of, processes_of
from tests.embedded.waiting import until
from tests.inside import on_host
from tests.requirements import missing

ATTACKER = Path(__file__).with_name("attacker.py")
CANARY = "canary-of-the-host-4711"


@pytest.fixture(params=["cgroup1", "signals"])
def freezer_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The two ways to freeze that differ, each with walls; the other sandbox tests have one of them without, too."""
    monkeypatch.setenv("COCKPIT_WALLS", "auto")
    if request.param != "signals" and find_group_base(request.param) is None:
        missing(f"{request.param} groups cannot be made by this user")
    return str(request.param)


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of the operator, with a key in it."""
    home = tmp_path / "operator"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_ed25519").write_text(CANARY)
    monkeypatch.setenv("HOME", str(home))
    yield home


@pytest.fixture
async def walled(operator: Path, fleet: Fleet) -> Fleet:
    """A fleet whose sandboxes have walls."""
    if fleet.sandboxes.offer().walls is None:
        missing(f"walls cannot be raised: {fleet.sandboxes.offer().reason}")
    return fleet


async def said(fleet: Fleet, vm_id: str, *command: str, stdin: bytes = b"") -> str:
    """Run a command in a VM, which must go well, and return what it said."""
    code, out, err = await fleet.sandboxes.execute(vm_id, Execution(command, {}, stdin, 60))
    assert code == 0, (out, err)
    return out.decode()


async def test_an_attacker_sees_reaches_and_changes_nothing_outside(walled: Fleet, operator: Path) -> None:
    vm_id, other = await walled.create(), await walled.create()
    root = walled.sandboxes.layout.root
    (root / "token").write_text(CANARY)
    await said(walled, other, "sh", "-c", f"echo {CANARY} > /root/mine; echo {CANARY} > /tmp/mine")
    await said(walled, other, "sh", "-c", "sleep 1000 > /dev/null 2>&1 & echo $! > /root/pid")
    victim = on_host(int((walled.home(other) / "pid").read_text()), other)
    secrets = [
        root / "token",
        walled.home(other) / "mine",
        walled.sandboxes.layout.sandbox(vm_id).client_key,
        operator / ".ssh" / "id_ed25519",
    ]
    told = {"secrets": [str(path) for path in secrets], "canaries": [CANARY], "pids": [os.getpid(), victim]}
    program = ATTACKER.read_bytes()
    found = json.loads(await said(walled, vm_id, sys.executable, "-I", "-", json.dumps(told), stdin=program))
    assert len(found) == 11 and not {name: what for name, what in found.items() if what}
    assert victim in processes_of(other)
    assert (await said(walled, vm_id, "echo", "still here")) == "still here\n"


async def test_two_sandboxes_have_the_same_places_and_never_meet(walled: Fleet) -> None:
    first, second = await walled.create(), await walled.create()
    for vm_id in (first, second):
        await said(walled, vm_id, "sh", "-c", "mkfifo /tmp/in; echo $COCKPIT_SANDBOX | tee /root/x /tmp/x /var/tmp/x")
    for vm_id in (first, second):
        told = await said(walled, vm_id, "sh", "-c", "cat /root/x /tmp/x /var/tmp/x; cd ~ && pwd && id -un")
        assert told == f"{vm_id}\n" * 3 + "/root\nroot\n"


async def test_what_a_vm_costs_counts_its_first_process_and_what_hides_its_name(walled: Fleet) -> None:
    vm_id, other = await walled.create(), await walled.create()
    sleeping = "env -i sleep 1000 > /dev/null 2>&1 & COCKPIT_SANDBOX={} sleep 1000 > /dev/null 2>&1 & :"
    await said(walled, vm_id, "sh", "-c", sleeping.format(other))
    await said(walled, other, "true")
    costs = await asyncio.to_thread(look, walled.sandboxes.layout.root, os.getpid())
    assert {vm.vm_id: vm.processes for vm in costs.vms} == {vm_id: 3, other: 1}
    assert all(vm.memory_bytes > 300_000 for vm in costs.vms)
    forkers = [child for child in psutil.Process().children() if fork_server.__file__ in child.cmdline()]
    assert forkers and costs.server_bytes > sum(forker.memory_full_info().pss for forker in forkers)


async def test_a_name_in_an_environment_makes_nobody_anothers_process(walled: Fleet) -> None:
    vm_id, other = await walled.create(), await walled.create()
    await said(walled, vm_id, "sh", "-c", f"COCKPIT_SANDBOX={other} sleep 1000 > /dev/null 2>&1 & echo $! > /root/pid")
    pid = on_host(int((walled.home(vm_id) / "pid").read_text()), other)
    await walled.sandboxes.pause(other)
    await walled.sandboxes.destroy(other)
    sandbox = walled.sandboxes.find(vm_id)
    assert sandbox is not None
    assert pid in sandbox.freezer.members()


async def test_a_copy_has_every_tree_and_what_was_deleted_stays_deleted(walled: Fleet) -> None:
    vm_id, commit_id, copy_id = await walled.create(), str(uuid.uuid4()), str(uuid.uuid4())
    change = "echo a > /root/a; echo b > /tmp/b; echo c > /var/tmp/c; echo d > /data; rm -f /etc/hostname"
    walls = walled.sandboxes.offer().walls
    overlaid = walls is not None and "/etc" in walls.overlays
    if overlaid:
        change += "; echo e > /etc/e"
    await said(walled, vm_id, "sh", "-c", change)
    await walled.sandboxes.snapshot(vm_id, commit_id)
    await walled.sandboxes.restore(copy_id, commit_id)
    told = await said(
        walled, copy_id, "sh", "-c", "cat /root/a /tmp/b /var/tmp/c /data; cat /etc/e; ls /etc/hostname; :"
    )
    assert told == "a\nb\nc\nd\n" + ("e\n" if overlaid else "")
    await said(walled, copy_id, "sh", "-c", "echo other > /data")
    assert await said(walled, vm_id, "cat", "/data") == "d\n"


async def test_a_vms_id_and_variables_are_files_of_its_own_whatever_an_agent_made_of_them(walled: Fleet) -> None:
    walls = walled.sandboxes.offer().walls
    if walls is None or "/etc" not in walls.overlays:
        missing("a sandbox has no /etc of its own here")
    vm_id, commit_id, copy_id = await walled.create(), str(uuid.uuid4()), str(uuid.uuid4())
    told = ("sh", "-c", 'cat /etc/vm_id /etc/environment; echo "${A-none} ${B-none} ${C-none}"')
    assert await said(walled, vm_id, *told) == f"{vm_id}\nnone none none\n"
    await walled.sandboxes.write_environment(vm_id, {"B": "2", "A": "x = 'y'"})
    assert await said(walled, vm_id, *told) == f"{vm_id}\nA=x = 'y'\nB=2\nx = 'y' 2 none\n"
    # What is written inside counts as well, and goes into copies; the id does not.
    await said(walled, vm_id, "sh", "-c", "echo '# C=4\nC=3' >> /etc/environment; rm /etc/vm_id; mkdir -p /etc/vm_id/x")
    await walled.sandboxes.snapshot(vm_id, commit_id)
    await walled.sandboxes.restore(copy_id, commit_id)
    kept = "A=x = 'y'\nB=2\n# C=4\nC=3\n"
    assert await said(walled, copy_id, *told) == f"{copy_id}\n{kept}x = 'y' 2 3\n"
    secret = walled.sandboxes.layout.root / "secret"
    secret.write_text(f"A={CANARY}\n")
    for made in (f"ln -s {secret} $e", "ln -s /etc/hostname $e", "mkdir $e", "mkfifo $e", ":"):
        await said(walled, copy_id, "sh", "-c", f"e=/etc/environment; rm -rf $e; {made}")
        assert await said(walled, copy_id, "sh", "-c", 'echo "${A-none}"') == "none\n", made
    assert secret.read_text() == f"A={CANARY}\n"


async def test_the_end_of_the_first_process_is_the_end_of_all(walled: Fleet) -> None:
    vm_id = await walled.create()
    await said(walled, vm_id, "sh", "-c", "env -i setsid sleep 1000 > /dev/null 2>&1 & sleep 1000 > /dev/null 2>&1 & :")
    (first,) = first_processes_of(walled.sandboxes.layout.root)
    sandbox = walled.sandboxes.find(vm_id)
    assert sandbox is not None
    await until(lambda: len(sandbox.freezer.members()) == 2)
    members = set(sandbox.freezer.members())
    os.kill(first, signal.SIGKILL)
    await until(lambda: not any(psutil.pid_exists(pid) for pid in members))
    assert await said(walled, vm_id, "echo", "anew") == "anew\n"


async def test_a_paused_sandbox_in_which_nothing_runs_can_be_switched_off_and_destroyed(walled: Fleet) -> None:
    vm_id = await walled.create()
    for end in (walled.sandboxes.halt_all, lambda: walled.sandboxes.destroy(vm_id)):
        await said(walled, vm_id, "true")
        await walled.sandboxes.pause(vm_id)
        await end()
        assert not first_processes_of(walled.sandboxes.layout.root)


async def test_files_are_served_by_what_was_there_when_the_walls_were_raised(
    walled: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = shutil.copytree(Path(fork_server.__file__).parent, tmp_path / "programs")
    monkeypatch.setattr(fork_server, "__file__", str(programs / "fork_server.py"))
    vm_id = await walled.create()
    await said(walled, vm_id, "true")
    shutil.rmtree(programs)
    sandbox = walled.sandboxes.find(vm_id)
    assert sandbox is not None
    with contextlib.closing(await sandbox.serve_files()) as connection:
        async with asyncio.timeout(30):
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(connection, b'{"call": "realpath", "arguments": ["workspace"]}\n')
            assert json.loads(await loop.sock_recv(connection, 4096)) == {"value": "/root/workspace"}


async def test_what_an_agent_lays_in_the_way_leads_the_next_start_nowhere(walled: Fleet, tmp_path: Path) -> None:
    vm_id = await walled.create()
    home = str(walled.home(vm_id))
    top = home.split("/")[1]
    lured = tmp_path / "lured"
    lured.mkdir()
    await said(walled, vm_id, "true")
    (first,) = first_processes_of(walled.sandboxes.layout.root)
    os.kill(first, signal.SIGKILL)
    await until(lambda: not first_processes_of(walled.sandboxes.layout.root))
    # As an agent can: what lies on the way to a place of its own becomes a link that leads out.
    places = walled.sandboxes.layout.sandbox(vm_id)
    way = (places.temporary if top == "tmp" else places.rest / top) / Path(home).relative_to(f"/{top}").parts[0]
    way.rename(way.with_name("aside"))
    way.symlink_to(lured)
    for name in ("var", "etc/shadow"):
        place = (places.changes if name.startswith("etc") else places.rest) / name
        if place.exists():
            place.rename(place.with_name("aside-too"))
            place.symlink_to(lured / ("made" if name.startswith("etc") else ""))
    assert await said(walled, vm_id, "ls", home) == "workspace\n"
    assert not list(lured.iterdir())


async def test_whoever_replaced_what_is_needed_can_start_again_and_finds_his_own_beside_it(
    walled: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "node"
    gone.write_text("a program of the operator's")
    walls = walled.sandboxes.offer().walls
    assert walls is not None
    more = replace(walls, view=replace(walls.view, shown=(*walls.view.shown, str(gone))))
    monkeypatch.setattr(walled.sandboxes._probe, "_offer", WallsOffer(more))
    vm_id = await walled.create()
    change = "rm /bin; mkdir /bin; cp /usr/bin/dash /bin/sh; echo mine > /bin/mine; rmdir /home; echo kept > /home"
    await said(walled, vm_id, "sh", "-c", f"{change}; rm /var/run; mkdir /var/run")
    if not os.getuid():  # What root owns here is nobody's in a user namespace.
        await said(walled, vm_id, "rm", "-f", "/usr/bin/python3")
    (first,) = first_processes_of(walled.sandboxes.layout.root)
    for _ in range(2):
        os.kill(first, signal.SIGKILL)
        await until(lambda: not first_processes_of(walled.sandboxes.layout.root))
        gone.unlink(missing_ok=True)
        told = await said(walled, vm_id, "sh", "-c", "readlink /bin /var/run; cat /bin.put-aside/mine /home.put-aside")
        assert told == "usr/bin\n/run\nmine\nkept\n"
        (first,) = first_processes_of(walled.sandboxes.layout.root)
        await said(walled, vm_id, "sh", "-c", "test -d /home && test -d /var/run.put-aside && ls / | grep -c put-aside")


async def test_a_sandbox_without_its_shell_says_what_is_missing(walled: Fleet) -> None:
    walls = walled.sandboxes.offer().walls
    if walls is None or "/usr" not in walls.overlays:
        missing("no overlay over /usr is allowed")
    if os.getuid():
        missing("what root owns here is nobody's in a user namespace, so no VM can take its shell away")
    vm_id = await walled.create()
    await said(walled, vm_id, "rm", "-f", "/usr/bin/sh")
    code, _, err = await walled.sandboxes.execute(vm_id, Execution(("true",), {}, b"", 60))
    assert code == 126 and b"/bin/sh cannot be started" in err and b"SFTP" in err


async def test_the_setting_decides_and_what_was_made_goes_on_as_it_was_made(
    walled: Fleet, freezer_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_behind_walls = await walled.create()
    await said(walled, made_behind_walls, "sh", "-c", "sleep 1000 > /dev/null 2>&1 & :")
    monkeypatch.setenv("COCKPIT_WALLS", "off")
    later = Fleet(Sandboxes(walled.sandboxes.layout.root, freezer=freezer_kind))
    await later.sandboxes.adopt()
    assert "COCKPIT_WALLS" in later.sandboxes.offer().reason
    open_one = await later.create()
    assert await said(later, open_one, "sh", "-c", "echo $HOME") == f"{later.home(open_one)}\n"
    assert await said(later, made_behind_walls, "sh", "-c", "echo $HOME") == "/root\n"
    firsts = first_processes_of(later.sandboxes.layout.root)
    (first,) = [pid for pid in firsts if "walled" in psutil.Process(pid).cmdline()]
    os.kill(first, signal.SIGKILL)
    with pytest.raises(HostingError, match="COCKPIT_WALLS"):
        await later.sandboxes.execute(made_behind_walls, Execution(("true",), {}, b"", 60))
    monkeypatch.setenv("COCKPIT_WALLS", "auto")
    last = Fleet(Sandboxes(walled.sandboxes.layout.root, freezer=freezer_kind))
    await last.sandboxes.adopt()
    assert await said(last, open_one, "sh", "-c", "echo $HOME") == f"{last.home(open_one)}\n"
    assert await said(last, made_behind_walls, "sh", "-c", "echo $HOME") == "/root\n"
    await last.sandboxes.destroy_all()
    await walled.sandboxes.destroy(made_behind_walls)


async def test_a_fleet_of_before_there_were_walls_goes_on(
    operator: Path, short_root: Path, freezer_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_WALLS", "off")
    before = Fleet(Sandboxes(short_root, freezer=freezer_kind))
    await before.sandboxes.adopt()
    vm_id, commit_id, copy_id = await before.create(), str(uuid.uuid4()), str(uuid.uuid4())
    await said(before, vm_id, "sh", "-c", "echo old > ~/notes; sleep 1000 > /dev/null 2>&1 & echo $! > ~/pid")
    pid = int((before.home(vm_id) / "pid").read_text())
    await before.sandboxes.snapshot(vm_id, commit_id)
    # What the version before wrote down, key by key.
    record = before.sandboxes.layout.sandbox(vm_id).record
    kept = ("paused", "freezing", "freezer", "group", "sockets", "stopped")
    written = json.loads(record.read_text())
    record.write_text(json.dumps({name: written[name] for name in kept}))

    monkeypatch.setenv("COCKPIT_WALLS", "auto")
    now = Fleet(Sandboxes(short_root, freezer=freezer_kind))
    await now.sandboxes.adopt()
    if now.sandboxes.offer().walls is None:
        await check_empty(now.sandboxes)
        missing(f"walls cannot be raised: {now.sandboxes.offer().reason}")
    sandbox = now.sandboxes.find(vm_id)
    assert sandbox is not None and pid in sandbox.freezer.members()
    assert await said(now, vm_id, "sh", "-c", "echo $HOME; cat ~/notes") == f"{now.home(vm_id)}\nold\n"
    await now.sandboxes.pause(vm_id)
    await now.sandboxes.resume(vm_id)
    await now.sandboxes.snapshot(vm_id, str(uuid.uuid4()))
    await now.sandboxes.restore(copy_id, commit_id)
    assert await said(now, copy_id, "sh", "-c", "echo $HOME; cat ~/notes") == "/root\nold\n"
    assert pid in sandbox.freezer.members()
    told = [await now.sandboxes.enclosure(each) for each in (vm_id, copy_id)]
    assert [(each.walls, each.shared) for each in told if each is not None] == [
        (False, ("files", "processes", "network")),
        (True, ("network",)),
    ]
    await check_empty(now.sandboxes)


def test_a_program_taken_off_the_host_or_changed_there_is_so_behind_walls_and_nothing_else_is(tmp_path: Path) -> None:
    layout = FleetLayout(tmp_path / "fleet").sandbox("one")
    layout.prepare()
    for tree in (layout.rest, layout.lasting):
        tree.mkdir()
    host = tmp_path / "host"
    host.mkdir()
    names = ("same", "changed", "gone", "own", "made", "astray")
    for name in names:
        (host / name).symlink_to("before")
    # Below /tmp, as all that a test has on the host, and by its whole path: both are seen.
    trees = [layout.temporary, layout.rest] if str(host).startswith("/tmp/") else [layout.rest]
    inside = trees[0] / str(host).removeprefix("/tmp/" if len(trees) == 2 else "/")
    inside.mkdir(parents=True)
    for name in names[:4]:
        (inside / name).symlink_to("before")
    links.note(layout, [(f"{host}/{name}", "before") for name in names])
    (inside / "own").unlink()
    (inside / "own").symlink_to("mine")
    for name in names[1:5]:
        (host / name).unlink()
    for name in ("changed", "own", "made"):
        (host / name).symlink_to("after")
    links.renew(layout)
    there = {path.name: str(path.readlink()) for path in inside.iterdir()}
    assert there == {"same": "before", "changed": "after", "own": "mine", "made": "after"}
    # A directory that leads elsewhere is left where it leads.
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "changed").symlink_to("after")
    shutil.rmtree(inside)
    inside.symlink_to(victim)
    (host / "changed").unlink()
    links.renew(layout)
    assert str((victim / "changed").readlink()) == "after"
    layout.links.write_text("[[]]")
    links.renew(layout)


def test_an_agent_is_started_where_the_platform_has_it_and_goes_on_where_its_vm_has_it(tmp_path: Path) -> None:
    layout = FleetLayout(tmp_path).sandbox("one")
    assert place_on(tmp_path, "one") == "~/pi-rpc", "a VM that is gone"
    layout.prepare()
    MachineRecord(walled=False).save(layout.record)
    (layout.temporary / "pi-rpc").mkdir()
    assert place_on(tmp_path, "one") == "~/pi-rpc", "its /tmp is the host's"
    MachineRecord(walled=True).save(layout.record)
    assert place_on(tmp_path, "one") == "/tmp/pi-rpc"
    (layout.home / "pi-rpc").mkdir()
    assert place_on(tmp_path, "one") == "/tmp/pi-rpc", "both are there"
    (layout.temporary / "pi-rpc").rmdir()
    assert place_on(tmp_path, "one") == "~/pi-rpc", "the copy of a VM of before"
    (layout.home / "pi-rpc").rmdir()
    (layout.home / "pi-rpc").symlink_to("/tmp")
    assert place_on(tmp_path, "one") == "/tmp/pi-rpc", "a link is nobody's directory"


def test_walls_are_tried_unless_the_operator_wants_none(tmp_path: Path) -> None:
    without = {name: value for name, value in os.environ.items() if name != SETTING}
    assert [wanted_walls({**without, **said}) for said in ({}, {SETTING: ""}, {SETTING: " OFF "})] == [AUTO, AUTO, OFF]
    assert (offer := Probe(tmp_path, {**without, SETTING: "off"}).offer()).walls is None and SETTING in offer.reason


def test_a_word_that_means_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sometimes"):
        Probe(tmp_path, {**os.environ, "COCKPIT_WALLS": "sometimes"})
