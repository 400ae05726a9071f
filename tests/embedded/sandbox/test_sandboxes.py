"""Sandboxes with real process trees: made, frozen, copied, ended."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import select
import signal
import socket
import stat
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncssh
import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox import supervisor
from cockpit.embedded.sandbox.launch import LaunchedProcess
from cockpit.embedded.sandbox.processes import read_entry
from cockpit.embedded.sandbox.sandboxes import Sandboxes
from tests.embedded.conftest import Fleet, first_processes_of, processes_of
from tests.embedded.waiting import grows, stays, until
from tests.requirements import require_program

TICK = "while :; do echo x >> $HOME/{name}; sleep 0.005; done"
DAEMON = "setsid sh -c '( {tick} ) & exit' &"
"""Forks twice and leaves session and parents."""

WALKER = """
echo x >> $HOME/walked
sh "$0" &
"""
"""Forks and ends for ever: no process of it lives longer than a moment."""


async def run(fleet: Fleet, vm_id: str, command: str) -> LaunchedProcess:
    """Start a shell command in a VM."""
    sandbox = fleet.sandboxes.find(vm_id)
    assert sandbox is not None
    nowhere = subprocess.DEVNULL
    return await sandbox.launch(["sh", "-c", command], extra={}, stdin=nowhere, stdout=nowhere, stderr=nowhere)


async def test_a_new_sandbox_is_private_and_clean(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary-secret")
    vm_id = await fleet.create()
    assert await fleet.sandboxes.state(vm_id) == "running"
    process = await run(fleet, vm_id, "env > environment; pwd >> environment")
    assert await process.exited == 0
    text = (fleet.home(vm_id) / "environment").read_text()
    assert "canary-secret" not in text
    assert f"COCKPIT_SANDBOX={vm_id}" in text
    assert f"\n{fleet.inner_home(vm_id)}\n" in text
    assert (fleet.home(vm_id) / "workspace").is_dir()
    places = fleet.sandboxes.layout.sandbox(vm_id)
    assert stat.S_IMODE(places.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(places.client_key.stat().st_mode) == 0o600


async def test_variables_reach_every_later_command_and_go_into_commits(fleet: Fleet) -> None:
    vm_id, commit_id, copy_id = await fleet.create(), str(uuid.uuid4()), str(uuid.uuid4())
    await fleet.sandboxes.write_environment(vm_id, {"CANARY": "a 'b' $c = d", "HOME": "/elsewhere"})
    await fleet.sandboxes.snapshot(vm_id, commit_id)
    assert await fleet.sandboxes.commit_bytes(commit_id) > 0
    await fleet.sandboxes.restore(copy_id, commit_id)
    for each in (vm_id, copy_id):
        process = await run(fleet, each, 'printf "%s|%s" "$CANARY" "$HOME" > told')
        assert await process.exited == 0
        assert (fleet.home(each) / "told").read_text() == f"a 'b' $c = d|{fleet.inner_home(each)}"
    await fleet.sandboxes.write_environment(vm_id, {})
    process = await run(fleet, vm_id, 'printf "%s" "${CANARY-gone}" > told')
    assert await process.exited == 0
    assert (fleet.home(vm_id) / "told").read_text() == "gone"


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b", "\x1e"])
async def test_a_value_that_python_would_take_for_two_lines_stays_one(fleet: Fleet, mark: str) -> None:
    vm_id = await fleet.create()
    await fleet.sandboxes.write_environment(vm_id, {"CANARY": f"a{mark}SMUGGLED=b"})
    process = await run(fleet, vm_id, 'printf "%s|%s" "$CANARY" "${SMUGGLED-none}" > told')
    assert await process.exited == 0
    assert (fleet.home(vm_id) / "told").read_text(encoding="utf-8") == f"a{mark}SMUGGLED=b|none"


async def test_ids_never_become_paths(fleet: Fleet) -> None:
    with pytest.raises(HostingError):
        await fleet.sandboxes.create("../../escape")
    with pytest.raises(HostingError):
        await fleet.sandboxes.destroy_commit("..")


async def test_pause_and_resume_hold_the_whole_tree(fleet: Fleet) -> None:
    vm_id = await fleet.create()
    await run(fleet, vm_id, TICK.format(name="child"))
    await run(fleet, vm_id, DAEMON.format(tick=TICK.format(name="daemon")))
    ticks = [fleet.home(vm_id) / name for name in ("child", "daemon")]
    for path in ticks:
        await grows(path)
    for _round in range(3):
        await fleet.sandboxes.pause(vm_id)
        await fleet.sandboxes.pause(vm_id)
        assert await fleet.sandboxes.state(vm_id) == "paused"
        for path in ticks:
            await stays(path, 0.15)
        await fleet.sandboxes.resume(vm_id)
        await fleet.sandboxes.resume(vm_id)
        assert await fleet.sandboxes.state(vm_id) == "running"
        for path in ticks:
            await grows(path)


async def test_processes_born_while_pausing_are_frozen(fleet: Fleet) -> None:
    vm_id = await fleet.create()
    (fleet.home(vm_id) / "walk.sh").write_text(WALKER)
    await run(fleet, vm_id, "sh walk.sh & sh walk.sh & while :; do /bin/true; echo x >> $HOME/born; done")
    ticks = [fleet.home(vm_id) / name for name in ("walked", "born")]
    for _round in range(5):
        for path in ticks:
            await grows(path)
        await fleet.sandboxes.pause(vm_id)
        for path in ticks:
            await stays(path, 0.1)
        await fleet.sandboxes.resume(vm_id)
    await fleet.sandboxes.destroy(vm_id)
    assert not processes_of(vm_id)


async def test_a_job_suspended_by_its_user_stays_suspended(fleet: Fleet) -> None:
    vm_id = await fleet.create()
    job = await run(fleet, vm_id, TICK.format(name="job"))
    await grows(fleet.home(vm_id) / "job")
    os.kill(job.pid, signal.SIGSTOP)
    await until(lambda: (entry := read_entry(job.pid)) is not None and entry.state == "T")
    await fleet.sandboxes.pause(vm_id)
    await fleet.sandboxes.resume(vm_id)
    entry = read_entry(job.pid)
    assert entry is not None
    assert entry.state == "T"


async def test_a_process_that_ignores_everything_is_ended(fleet: Fleet) -> None:
    vm_id = await fleet.create()
    stubborn = "trap '' TERM HUP INT; " + TICK.format(name="stubborn")
    await run(fleet, vm_id, f'env -i HOME=$HOME PATH=$PATH sh -c "{stubborn.replace("$HOME", ".")}"')
    await run(fleet, vm_id, DAEMON.format(tick=TICK.format(name="daemon")))
    await grows(fleet.home(vm_id) / "stubborn")
    await grows(fleet.home(vm_id) / "daemon")
    await fleet.sandboxes.destroy(vm_id)
    assert not processes_of(vm_id)
    assert await fleet.sandboxes.state(vm_id) == "dead"
    await fleet.sandboxes.destroy(vm_id)


ORPHAN = "env -i setsid sh -c \"cd {where}; trap '' TERM HUP INT; while :; do echo x >> {file}; sleep 0.01; done\" &"
"""A process that cleared its environment, leads a session of its own and has lost its parent."""


@pytest.mark.parametrize("where", [".", "/"])
async def test_a_process_without_environment_session_and_parent_is_held_and_ended(fleet: Fleet, where: str) -> None:
    vm_id = await fleet.create()
    file = fleet.home(vm_id) / "orphan"
    done = await run(fleet, vm_id, ORPHAN.format(where=where, file=file))
    assert await done.exited == 0
    await grows(file)
    orphan = orphan_that_writes(file)
    await fleet.sandboxes.pause(vm_id)
    await stays(file)
    await fleet.sandboxes.resume(vm_id)
    await grows(file)
    await fleet.sandboxes.destroy(vm_id)
    assert not lives(orphan)


def lives(pid: int) -> bool:
    """Say whether a process runs; what ended and waits for its parent does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def orphan_that_writes(file: Path) -> int:
    """Return the pid of the shell whose arguments name a file; its child is another one until that begins to sleep."""
    found = {
        process.pid: process.info["ppid"]
        for process in psutil.process_iter(["name", "cmdline", "ppid"])
        if process.info["name"] == "sh" and any(str(file) in word for word in process.info["cmdline"] or ())
    }
    (eldest,) = (pid for pid, parent in found.items() if parent not in found)
    return int(eldest)


@pytest.mark.parametrize("freezer_kind", ["signals"], indirect=True)
async def test_the_orphans_of_a_server_that_is_gone_are_found_by_the_next(fleet: Fleet, freezer_kind: str) -> None:
    vm_id = await fleet.create()
    file = fleet.home(vm_id) / "orphan"
    await run(fleet, vm_id, ORPHAN.format(where="/", file=file))
    await grows(file)
    orphan = orphan_that_writes(file)
    later = Sandboxes(fleet.sandboxes.layout.root, freezer=freezer_kind)
    await later.adopt()
    await later.destroy(vm_id)
    assert not lives(orphan)


@pytest.mark.parametrize("freezer_kind", ["signals"], indirect=True)
async def test_a_first_process_that_was_killed_is_started_again(fleet: Fleet, freezer_kind: str) -> None:
    vm_id = await fleet.create()
    assert await (await run(fleet, vm_id, "exit 3")).exited == 3
    (first,) = first_processes_of(fleet.sandboxes.layout.root)
    job = await run(fleet, vm_id, TICK.format(name="ticks"))
    os.kill(first, signal.SIGKILL)
    assert await job.exited == -signal.SIGKILL, "nobody is left to tell its end"
    assert await (await run(fleet, vm_id, "exit 4")).exited == 4
    assert first_processes_of(fleet.sandboxes.layout.root) != [first]


@pytest.mark.parametrize("freezer_kind", ["signals"], indirect=True)
async def test_a_first_process_that_no_longer_listens_is_started_again(fleet: Fleet, freezer_kind: str) -> None:
    vm_id = await fleet.create()
    assert await (await run(fleet, vm_id, "exit 3")).exited == 3
    (first,) = first_processes_of(fleet.sandboxes.layout.root)
    os.kill(first, signal.SIGKILL)
    dying = await asyncio.create_subprocess_exec("sleep", "600")
    try:
        # As the kernel shows a process between the close of its sockets and its end: alive, with a socket that refuses.
        (record,) = (path for path in fleet.sandboxes.layout.root.rglob("*") if path.is_file() and _holds(path, first))
        entry = read_entry(dying.pid)
        assert entry is not None
        record.write_text(f"{dying.pid} {entry.start}")
        assert await (await run(fleet, vm_id, "exit 4")).exited == 4
    finally:
        dying.kill()
        await dying.wait()


@pytest.mark.parametrize("freezer_kind", ["signals"], indirect=True)
async def test_a_first_process_that_ends_with_a_request_unread_is_started_again(
    fleet: Fleet, freezer_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vm_id = await fleet.create()
    assert await (await run(fleet, vm_id, "exit 3")).exited == 3
    (first,) = first_processes_of(fleet.sandboxes.layout.root)
    os.kill(first, signal.SIGSTOP)
    send, killed = supervisor.Supervisor._send, list[int]()

    def sent_and_killed(self: supervisor.Supervisor, request: bytes, streams: Sequence[int]) -> socket.socket:
        connection = send(self, request, streams)
        if not killed:
            os.kill(first, signal.SIGKILL)
            killed.append(first)
        return connection

    monkeypatch.setattr(supervisor.Supervisor, "_send", sent_and_killed)
    assert await (await run(fleet, vm_id, "exit 4")).exited == 4
    assert killed and first_processes_of(fleet.sandboxes.layout.root) != [first]


class _Slow(socket.socket):
    """A socket whose owner goes on only once the other side has closed: as on a machine that is very busy."""

    def sendmsg(self, *arguments: Any) -> int:
        sent = super().sendmsg(*arguments)
        closed = select.poll()
        closed.register(self, select.POLLRDHUP)
        assert closed.poll(10_000), "the first process did not close the connection of a command that ended"
        return sent


@pytest.mark.parametrize("freezer_kind", ["signals"], indirect=True)
async def test_a_command_that_ended_at_once_was_started(
    fleet: Fleet, freezer_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vm_id = await fleet.create()
    monkeypatch.setattr(supervisor, "socket", SimpleNamespace(**{**vars(socket), "socket": _Slow}))
    assert await (await run(fleet, vm_id, "exit 3")).exited == 3


def _holds(path: Path, pid: int) -> bool:
    """Say whether a file is the record of a first process."""
    return path.read_bytes().split()[:1] == [str(pid).encode()]


async def test_a_paused_sandbox_can_be_destroyed(fleet: Fleet) -> None:
    vm_id = await fleet.create()
    await run(fleet, vm_id, TICK.format(name="ticks"))
    await grows(fleet.home(vm_id) / "ticks")
    await fleet.sandboxes.pause(vm_id)
    await fleet.sandboxes.destroy(vm_id)
    assert not processes_of(vm_id)


async def test_read_only_directories_are_removed(fleet: Fleet) -> None:
    vm_id = await fleet.create()
    cache = fleet.home(vm_id) / "cache"
    cache.mkdir()
    (cache / "module").write_text("x")
    cache.chmod(0o500)
    await fleet.sandboxes.destroy(vm_id)
    assert not fleet.home(vm_id).exists()


async def test_snapshot_and_restore_copy_files_but_nothing_alive(fleet: Fleet) -> None:
    vm_id, commit_id, child_id = await fleet.create(), str(uuid.uuid4()), str(uuid.uuid4())
    home = fleet.home(vm_id)
    (home / "link").symlink_to("workspace")
    (home / "workspace" / "work.txt").write_text("work")
    places = fleet.sandboxes.layout.sandbox(vm_id)
    (places.temporary / "keeper.pid").write_text("1")
    os.mkfifo(home / "in")
    await run(fleet, vm_id, TICK.format(name="ticks"))
    await grows(home / "ticks")
    await fleet.sandboxes.snapshot(vm_id, commit_id)
    await grows(home / "ticks")
    await fleet.sandboxes.restore(child_id, commit_id)
    copy = fleet.home(child_id)
    assert (copy / "link" / "work.txt").read_text() == "work"
    assert not (copy / "in").exists()
    assert (home / "in").exists()
    assert not (fleet.sandboxes.layout.sandbox(child_id).temporary / "keeper.pid").exists()
    assert not processes_of(child_id)
    await stays(copy / "ticks", 0.1)
    key, _ = await fleet.sandboxes.private_key(vm_id)
    child_key, _ = await fleet.sandboxes.private_key(child_id)
    assert key != child_key
    assert child_key.endswith("\n")
    assert asyncssh.import_private_key(child_key).get_algorithm() == "ssh-ed25519"
    child_places = fleet.sandboxes.layout.sandbox(child_id)
    assert places.host_key.read_text() == child_places.host_key.read_text()


async def test_a_snapshot_of_a_paused_sandbox_leaves_it_paused(fleet: Fleet) -> None:
    vm_id, commit_id = await fleet.create(), str(uuid.uuid4())
    await run(fleet, vm_id, TICK.format(name="ticks"))
    await grows(fleet.home(vm_id) / "ticks")
    await fleet.sandboxes.pause(vm_id)
    await fleet.sandboxes.snapshot(vm_id, commit_id)
    assert await fleet.sandboxes.state(vm_id) == "paused"
    await stays(fleet.home(vm_id) / "ticks", 0.1)
    await fleet.sandboxes.destroy_commit(commit_id)
    with pytest.raises(HostingError):
        await fleet.sandboxes.restore(str(uuid.uuid4()), commit_id)
    assert len(fleet.sandboxes.vm_ids()) == 1


async def test_a_copy_that_fails_leaves_nothing(fleet: Fleet) -> None:
    vm_id, commit_id = await fleet.create(), str(uuid.uuid4())
    places = fleet.sandboxes.layout.sandbox(vm_id)
    await run(fleet, vm_id, TICK.format(name="ticks"))
    await grows(fleet.home(vm_id) / "ticks")
    places.temporary.rename(places.directory / "elsewhere")
    with pytest.raises(HostingError, match="copying"):
        await fleet.sandboxes.snapshot(vm_id, commit_id)
    assert not fleet.sandboxes.commit_ids()
    await grows(fleet.home(vm_id) / "ticks")
    places.temporary.mkdir()


async def test_each_sandbox_has_its_own_tmux_server(fleet: Fleet) -> None:
    require_program("tmux")
    vm_ids = [await fleet.create(), await fleet.create()]
    for vm_id in vm_ids:
        command = f"tmux new-session -d -s agent '{TICK.format(name='ticks')}'"
        assert await (await run(fleet, vm_id, command)).exited == 0
        assert await (await run(fleet, vm_id, "tmux list-sessions > sessions")).exited == 0
        assert (fleet.home(vm_id) / "sessions").read_text().count("\n") == 1
        await grows(fleet.home(vm_id) / "ticks")
    await fleet.sandboxes.pause(vm_ids[0])
    await stays(fleet.home(vm_ids[0]) / "ticks", 0.15)
    await grows(fleet.home(vm_ids[1]) / "ticks")
    await fleet.sandboxes.resume(vm_ids[0])
    await grows(fleet.home(vm_ids[0]) / "ticks")
    await fleet.sandboxes.destroy(vm_ids[0])
    assert not processes_of(vm_ids[0])
    await grows(fleet.home(vm_ids[1]) / "ticks")


async def test_a_directory_that_vanished_is_dead(fleet: Fleet) -> None:
    vm_id = await fleet.create()
    fleet.home(vm_id).rename(fleet.home(vm_id).with_name("elsewhere"))
    assert await fleet.sandboxes.state(vm_id) == "dead"
    with pytest.raises(HostingError):
        await fleet.sandboxes.pause(vm_id)


async def test_adoption_keeps_power_state_keys_and_processes(fleet: Fleet, freezer_kind: str) -> None:
    running, paused = await fleet.create(), await fleet.create()
    for vm_id in (running, paused):
        await run(fleet, vm_id, DAEMON.format(tick=TICK.format(name="ticks")))
        await grows(fleet.home(vm_id) / "ticks")
    await fleet.sandboxes.pause(paused)
    keys = [await fleet.sandboxes.private_key(vm_id) for vm_id in (running, paused)]
    (fleet.sandboxes.layout.vms / ".new-half").mkdir()
    again = Sandboxes(fleet.sandboxes.layout.root, freezer=freezer_kind)
    await again.adopt()
    assert set(again.vm_ids()) == {running, paused}
    assert [await again.private_key(vm_id) for vm_id in (running, paused)] == keys
    assert await again.state(running) == "running"
    assert await again.state(paused) == "paused"
    await grows(fleet.home(running) / "ticks")
    await stays(fleet.home(paused) / "ticks", 0.1)
    await again.resume(paused)
    await grows(fleet.home(paused) / "ticks")


async def test_a_vm_whose_record_is_broken_is_dead_but_can_be_destroyed(fleet: Fleet, freezer_kind: str) -> None:
    vm_id = await fleet.create()
    await run(fleet, vm_id, DAEMON.format(tick=TICK.format(name="ticks")))
    await grows(fleet.home(vm_id) / "ticks")
    fleet.sandboxes.layout.sandbox(vm_id).record.write_text("{torn")
    again = Sandboxes(fleet.sandboxes.layout.root, freezer=freezer_kind)
    await again.adopt()
    assert await again.state(vm_id) == "dead"
    await again.destroy(vm_id)
    assert not processes_of(vm_id)
    assert not list(again.layout.vms.iterdir())


async def test_a_vm_whose_control_group_is_gone_is_adopted(fleet: Fleet, freezer_kind: str) -> None:
    vm_id = await fleet.create()
    sandbox = fleet.sandboxes.find(vm_id)
    assert sandbox is not None
    await fleet.sandboxes.pause(vm_id)
    await sandbox.freezer.remove()
    again = Sandboxes(fleet.sandboxes.layout.root, freezer=freezer_kind)
    await again.adopt()
    assert await again.state(vm_id) == "paused"
    await again.resume(vm_id)
    assert await again.state(vm_id) == "running"


async def test_a_failed_freeze_lets_everything_run_on(fleet: Fleet) -> None:
    vm_id = await fleet.create()
    await run(fleet, vm_id, TICK.format(name="ticks"))
    await grows(fleet.home(vm_id) / "ticks")
    sandbox = fleet.sandboxes.find(vm_id)
    assert sandbox is not None
    async with asyncio.timeout(5):
        pausing = asyncio.create_task(fleet.sandboxes.pause(vm_id))
        await until(lambda: not sandbox.moving.is_set())
        pausing.cancel()
        await asyncio.gather(pausing, return_exceptions=True)
    if await fleet.sandboxes.state(vm_id) == "running":
        await grows(fleet.home(vm_id) / "ticks")


async def test_many_states_changed_at_once_end_up_consistent(fleet: Fleet) -> None:
    vm_id = await fleet.create()
    await run(fleet, vm_id, TICK.format(name="ticks"))
    commits = [str(uuid.uuid4()) for _ in range(3)]
    acts = [fleet.sandboxes.pause(vm_id), fleet.sandboxes.resume(vm_id)]
    acts += [fleet.sandboxes.snapshot(vm_id, commit_id) for commit_id in commits]
    await asyncio.gather(*acts)
    await fleet.sandboxes.resume(vm_id)
    await grows(fleet.home(vm_id) / "ticks")
    assert set(fleet.sandboxes.commit_ids()) == set(commits)


async def test_a_long_path_falls_back_to_a_short_socket_directory(tmp_path: Path) -> None:
    require_program("tmux")
    root = tmp_path / ("long" * 25)
    sandboxes = Sandboxes(root)
    await sandboxes.adopt()
    fleet = Fleet(sandboxes)
    vm_id = await fleet.create()
    sockets = sandboxes.layout.socket_directory(vm_id)
    assert not sockets.is_relative_to(root)
    assert await (await run(fleet, vm_id, "tmux new-session -d sleep 1000")).exited == 0
    await sandboxes.destroy_all()
    assert not sockets.exists()
    assert not processes_of(vm_id)


async def test_what_a_dead_server_still_copies_is_removed(short_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its copying program goes on when it was killed: the next server must neither fail nor leave anything."""
    sandboxes = Sandboxes(short_root)
    sandboxes.layout.prepare()
    building = sandboxes.layout.commits / f".new-{uuid.uuid4()}"
    (building / "home" / "full").mkdir(parents=True)
    remove, late = os.rmdir, ["a", "b", "c"]

    def removed(path: Any, *, dir_fd: int | None = None) -> None:
        if path == "full" and late:
            os.close(os.open(f"full/{late.pop()}", os.O_CREAT | os.O_WRONLY, dir_fd=dir_fd))
        remove(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "rmdir", removed)
    with contextlib.closing(sandboxes):
        await sandboxes.adopt()
    assert not late and not list(sandboxes.layout.commits.iterdir())


async def test_what_cannot_be_removed_keeps_nobody_from_being_served(
    short_root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sandboxes = Sandboxes(short_root)
    sandboxes.layout.prepare()
    leaving = sandboxes.layout.vms / f".gone-{uuid.uuid4()}"
    leaving.mkdir()

    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    with contextlib.closing(sandboxes), monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", refuse)
        await sandboxes.adopt()
    assert leaving.is_dir() and str(leaving) in caplog.text
