"""Puts the calling process behind walls: run by a sandbox's first process, before anything of the sandbox runs.

It needs the standard library only, and no other file of this package: the first process starts thousands of times and
stays, so it must be small. What is done, in which order, is told by a list of steps that the server made (`plan.py`).

Nothing below the new root leads out: the old root is taken off, what a step hides is covered, and the powers that could
take a cover off (or make a device, trace a stranger, or listen to the network) are given up for good.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import stat
import struct
import sys

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_RDONLY = 2, 4, 8, 1
MS_REC, MS_PRIVATE = 0x4000, 0x40000
MNT_DETACH = 2
AT_EMPTY_PATH, AT_RECURSIVE = 0x1000, 0x8000
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 1, 0o2000000
MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH = 4, 0x40
MOUNT_ATTR_RDONLY = 1
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR = 428, 429, 442
"""Numbers of the system calls; those above 423 are the same on every architecture."""

PR_SET_DUMPABLE, PR_CAPBSET_DROP = 4, 24
CAPABILITY_VERSION = 0x20080522
KEPT_POWERS = (0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 29, 31)
"""Capabilities of a sandbox's root: owners and modes of files, users, signals, low ports, chroot, and no more.

Not among them: mounting and tracing; devices (a disk holds every file); files by number (CAP_DAC_READ_SEARCH); raw
sockets, for the network is the host's and its loopback carries the fleet's token.
"""
LAST_POWER = 63

ASIDE = ".put-aside"
"""What follows the name of something that was in the way of a place: a number, too, where that is taken."""

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
READ_ONLY_IN_PROC = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "driver")
HIDDEN_IN_PROC = ("kcore", "kmsg", "keys", "key-users", "timer_list", "latency_stats", "sched_debug", "kallsyms")

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _call(number: int, what: str, *arguments: object) -> int:
    words = [word if isinstance(word, ctypes.Array | bytes) else ctypes.c_long(word) for word in arguments]  # type: ignore[arg-type]
    return _check(int(_libc.syscall(ctypes.c_long(number), *words)), what)


def leave_host() -> None:
    """Enter namespaces of one's own; the process numbers begin with the next child.

    Whoever may not do it as such does it as the root of a user namespace, in which nobody else exists.

    Raises:
        OSError: the kernel does not allow it.
    """
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWCGROUP
    user, group = os.getuid(), os.getgid()
    if user:
        flags |= CLONE_NEWUSER
    _check(_libc.unshare(flags), "namespaces")
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
            os.write(descriptor, text.encode())
            os.close(descriptor)


def raise_walls(root: str, steps: list[dict[str, str]]) -> list[str]:
    """Build the new root and move into it; return the steps that were left out as their kind allows.

    Args:
        root: the directory on the host that becomes `/`.
        steps: what is done in it; see `plan.py`.

    Raises:
        OSError: something that is needed could not be done.
    """
    _mount("none", "/", "", MS_REC | MS_PRIVATE, "")
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    _bind(root, top, read_only=False)
    os.close(top)
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    left_out = []
    for step in steps:
        try:
            _take(step, top)
        except OSError as error:
            if step.get("may") != "fail":
                raise OSError(error.errno, f"{step['do']} {step['at']}: {error.strerror}") from error
            left_out.append(step["at"])
    os.fchdir(top)
    _check(_libc.syscall(ctypes.c_long(_pivot_number()), b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", MNT_DETACH), "the old root")
    os.close(top)
    os.chdir("/")
    return left_out


def _pivot_number() -> int:
    """Return the number of pivot_root(2), which libc has no function for."""
    machine = os.uname().machine
    return 155 if machine == "x86_64" else 41 if machine in ("aarch64", "riscv64") else 217


def _take(step: dict[str, str], top: int) -> None:
    """Do one step."""
    kind, where = step["do"], step["at"]
    if kind == "link":
        _link(top, where, step["to"])
        return
    # Looked for first: for what is gone from the host no place is made.
    covers_file = kind in ("show", "own") and not stat.S_ISDIR(os.stat(step["from"]).st_mode)  # noqa: PTH116 - as in init.py
    place = _place(top, where, file=covers_file, make=kind != "hide")
    try:
        if kind in ("show", "own"):
            _bind(step["from"], place, read_only=kind == "show")
        elif kind == "overlay":
            _overlay(step, place)
        elif kind == "hide":
            _hide(place)
        elif kind == "devices":
            _devices(top, where, place)
        elif kind == "processes":
            _processes(top, where, place)
        elif kind == "memory":
            _mount("tmpfs", _path(place), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    finally:
        os.close(place)


def _place(top: int, path: str, *, file: bool = False, make: bool = True) -> int:
    """Return a descriptor of a place below a directory, made if it is missing.

    No link is followed: whoever lived here before may have left one that leads to the host's files. Where something of
    another kind is in the way it is put aside.
    """
    here = os.dup(top)
    names = [name for name in path.split("/") if name]
    for number, name in enumerate(names):
        is_file = file and number == len(names) - 1
        try:
            found = _open(here, name)
            if make:
                mode = os.fstat(found).st_mode
                if not (stat.S_ISREG(mode) if is_file else stat.S_ISDIR(mode)):
                    os.close(found)
                    _put_aside(here, name)
                    raise FileNotFoundError
        except FileNotFoundError:
            if not make:
                os.close(here)
                raise
            if is_file:
                os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644, dir_fd=here))
            else:
                os.mkdir(name, 0o755, dir_fd=here)
            found = _open(here, name)
        os.close(here)
        here = found
    return here


def _put_aside(here: int, name: str) -> None:
    """Give what is in the way a name beside it: it is the work of whoever lives here, and is for him to throw away."""
    number, aside = 1, f"{name}{ASIDE}"
    while True:
        try:
            os.lstat(aside, dir_fd=here)
        except FileNotFoundError:
            break
        number += 1
        aside = f"{name}{ASIDE}-{number}"
    os.rename(name, aside, src_dir_fd=here, dst_dir_fd=here)


def _open(here: int, name: str) -> int:
    return os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)


def _path(place: int) -> str:
    return f"/proc/self/fd/{place}"


def _mount(source: str, target: str, kind: str, flags: int, data: str) -> None:
    words = [os.fsencode(word) if word else None for word in (source, target, kind)]
    _check(_libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(data) if data else None), f"mount {kind} {source}")


def _bind(source: str, place: int, *, read_only: bool) -> None:
    """Show a file or directory of the host, and what is mounted below it, at a place."""
    flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE
    tree = _call(SYS_OPEN_TREE, source, -100, os.fsencode(source), flags)
    try:
        if read_only:
            attributes = ctypes.create_string_buffer(struct.pack("QQQQ", MOUNT_ATTR_RDONLY, 0, 0, 0), 32)
            _call(SYS_MOUNT_SETATTR, source, tree, b"", AT_EMPTY_PATH | AT_RECURSIVE, attributes, 32)
        both = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
        _call(SYS_MOVE_MOUNT, source, tree, b"", place, b"", both)
    finally:
        os.close(tree)


def _overlay(step: dict[str, str], place: int) -> None:
    """Lay a sandbox's own changes over a directory of the host."""
    lower = [step["over"], step["from"]] if "over" in step else [step["from"]]
    options = [f"lowerdir={':'.join(_escaped(path, ':') for path in lower)}", f"upperdir={_escaped(step['upper'])}"]
    options += [f"workdir={_escaped(step['work'])}", "index=off", "metacopy=off", "redirect_dir=off"]
    if step.get("userxattr"):
        options = [option for option in options if "=off" not in option] + ["userxattr"]
    _mount("overlay", _path(place), "overlay", MS_NODEV, ",".join(options))


def _escaped(path: str, also: str = "") -> str:
    return "".join(f"\\{letter}" if letter in "\\," + also else letter for letter in path)


def _hide(place: int) -> None:
    """Cover a place with nothing."""
    if stat.S_ISDIR(os.fstat(place).st_mode):
        _mount("tmpfs", _path(place), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "mode=755,size=4k")
    else:
        _bind("/dev/null", place, read_only=True)


def _devices(top: int, where: str, place: int) -> None:
    """Make a device directory without the host's disks and terminals."""
    _mount("tmpfs", _path(place), "tmpfs", MS_NOSUID, "mode=755")
    for name in DEVICES:
        device = _place(top, f"{where}/{name}", file=True)
        _bind(f"/dev/{name}", device, read_only=False)
        os.close(device)
    for name, kind, data in (("pts", "devpts", "newinstance,ptmxmode=0666,mode=620"), ("shm", "tmpfs", "mode=1777")):
        below = _place(top, f"{where}/{name}")
        _mount(kind, _path(below), kind, MS_NOSUID | MS_NOEXEC | (MS_NODEV if name == "shm" else 0), data)
        os.close(below)
    for name, target in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0")):
        _link(top, f"{where}/{name}", target)
    for name, target in (("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")):
        _link(top, f"{where}/{name}", target)


def _processes(top: int, where: str, place: int) -> None:
    """Show the processes of this sandbox, and nothing by which the host's kernel is steered."""
    _mount("proc", _path(place), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "")
    for name in READ_ONLY_IN_PROC:
        _cover(top, f"{where}/{name}", by_itself=True)
    for name in HIDDEN_IN_PROC:
        _cover(top, f"{where}/{name}", by_itself=False)


def _cover(top: int, where: str, *, by_itself: bool) -> None:
    """Make what is at a place read-only, or hide it; what does not exist on this kernel needs neither."""
    try:
        place = _place(top, where, make=False)
    except FileNotFoundError:
        return
    try:
        if by_itself:
            _bind(_path(place), place, read_only=True)
        else:
            _hide(place)
    finally:
        os.close(place)


def _link(top: int, where: str, target: str) -> None:
    """Make a link, instead of any that says something else: a program's link changes with an update of the host.

    What is no link is put aside.
    """
    directory, _, name = where.rpartition("/")
    here = _place(top, directory)
    try:
        try:
            if os.readlink(name, dir_fd=here) == target:
                return
            os.unlink(name, dir_fd=here)
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            _put_aside(here, name)
        os.symlink(target, name, dir_fd=here)
    finally:
        os.close(here)


def change_link(top: int, where: str, before: str, after: str) -> None:
    """Have a link say something else, or take it off where that is nothing, if it says what it said; others stay.

    Raises:
        OSError: it cannot be changed.
    """
    directory, _, name = where.rpartition("/")
    try:
        here = _place(top, directory, make=after != "")
    except FileNotFoundError:
        return
    try:
        try:
            if os.readlink(name, dir_fd=here) != before:
                return
            os.unlink(name, dir_fd=here)
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno == errno.EINVAL:
                return  # no link
            raise
        if after:
            os.symlink(after, name, dir_fd=here)
    finally:
        os.close(here)


def give_up_powers() -> None:
    """Keep only the powers of `KEPT_POWERS`, here and in whatever this process ever starts.

    Raises:
        OSError: they cannot be given up.
    """
    for power in range(LAST_POWER + 1):
        if power not in KEPT_POWERS and _libc.prctl(PR_CAPBSET_DROP, power, 0, 0, 0) < 0:
            if ctypes.get_errno() != errno.EINVAL:
                # Whoever may not give it up for good has it again with the next program.
                _check(-1, "capabilities")
            break  # the kernel knows no more
    mask = sum(1 << power for power in KEPT_POWERS)
    header = ctypes.create_string_buffer(struct.pack("Ii", CAPABILITY_VERSION, 0), 8)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    sets = ctypes.create_string_buffer(struct.pack("6I", low, low, 0, high, high, 0), 24)
    _check(_libc.capset(header, sets), "capset")
    # What this process holds open, the host's socket among it, is for none of its children to look at.
    _check(_libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl")


def try_out() -> None:
    """Raise walls as standard input says, print the places of the steps that were left out, and end.

    Raises:
        OSError: the kernel does not allow something of it.
    """
    order = json.load(sys.stdin)
    leave_host()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            left_out = raise_walls(order["root"], order["steps"])
            give_up_powers()
            os.write(1, json.dumps(left_out).encode())
            code = 0
        except OSError as error:
            os.write(2, f"{error.strerror}\n".encode())
        finally:
            os._exit(code)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    try_out()
