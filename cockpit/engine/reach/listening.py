"""What listens on a VM: the kernel's own tables, and whose sockets those are.

The columns are those of `/proc/net/tcp` and `/proc/net/tcp6` (proc(5), and net/ipv4/tcp_ipv4.c of the kernel):
addresses in groups of four bytes as the machine holds them, state 0A for listening, the inode of the socket.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.engine.on_vm import said_by
from cockpit.errors import Refused
from cockpit.model.ports import ListeningPort

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

LOOK_LIMIT = 15.0
"""Seconds a look may take."""

MOST_BYTES = 2 << 20
"""Bytes of the answer that are read: tables of a VM with thousands of connections."""

MOST_LISTENERS = 500

LISTENING = "0A"

# Only what listens is sent; whose a socket is stands in the links of each process, of which one command lists all.
SCRIPT = """echo "@ tcp"
grep " 0A " /proc/net/tcp
echo "@ tcp6"
grep " 0A " /proc/net/tcp6 2>/dev/null
echo "@ sockets"
ls -l /proc/[0-9]*/fd 2>/dev/null | grep -e "^/proc" -e "socket:"
echo "@ names"
for place in /proc/[0-9]*; do
  { read -r name <"$place/comm"; } 2>/dev/null && echo "${place#/proc/} $name"
done
echo "@ bridges"
for file in "$HOME"/.cockpit/bridge-*; do
  if [ -f "$file" ] && kill -0 "$(cat "$file")" 2>/dev/null; then echo "${file##*-}"; fi
done
echo "@ own"
grep -alzx "HOME=$HOME" /proc/[0-9]*/environ 2>/dev/null
echo "@ end"
"""

_OWNER = re.compile(r"^/proc/(\d+)/fd:$")
_OWN = re.compile(r"^/proc/(\d+)/environ$")
_SOCKET = re.compile(r"socket:\[(\d+)\]")


async def listeners_on(connection: Connection, *, own: bool = False) -> tuple[ListeningPort, ...]:
    """Return what listens on a VM, by port.

    Args:
        connection: to the VM.
        own: the VM shares its machine with others: tell only of processes that have its home for theirs.

    Raises:
        Refused: it does not tell.
    """
    done = await connection.run(SCRIPT, timeout=LOOK_LIMIT, limit=MOST_BYTES)
    text = done.stdout.decode("utf-8", "backslashreplace")
    if done.exit_code != 0 or (not text.rstrip().endswith("@ end") and not done.truncated):
        raise Refused(f"what listens there is not known: {said_by(done)}", hint="is it a Linux with /proc?")
    return listeners_in(text, own=own)


def listeners_in(text: str, *, own: bool = False) -> tuple[ListeningPort, ...]:
    """Return what listens, by port, from the answer of the script."""
    parts: dict[str, list[str]] = defaultdict(list)
    part = ""
    for line in text.split("\n"):
        if line.startswith("@ "):
            part = line[2:]
        else:
            parts[part].append(line)
    owners = _owners(parts["sockets"])
    names = dict(line.split(" ", 1) for line in parts["names"] if " " in line)
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for line in (*parts["tcp"], *parts["tcp6"]):
        for address, port, inode in _listening(line):
            found[port].append((address, inode))
    bridged = {line for line in parts["bridges"] if line}
    listeners = (
        replace(_listener(port, found[port], owners, names), bridged=str(port) in bridged) for port in sorted(found)
    )
    mine = {match[1] for line in parts["own"] if (match := _OWN.match(line)) is not None}
    wanted = [one for one in listeners if not own or str(one.process_id) in mine]
    return tuple(wanted[:MOST_LISTENERS])


def _listener(
    port: int, sockets: list[tuple[str, str]], owners: dict[str, str], names: dict[str, str]
) -> ListeningPort:
    process = next((owners[inode] for _, inode in sockets if inode in owners), "")
    addresses = tuple(dict.fromkeys(address for address, _ in sockets))
    return ListeningPort(port, addresses, names.get(process, ""), int(process) if process else None)


def _listening(line: str) -> Iterator[tuple[str, int, str]]:
    """Yield address, port and inode of a line of the table, if it is one of a listener."""
    columns = line.split()
    if len(columns) < 10 or columns[3] != LISTENING:
        return
    packed, mark, port = columns[1].partition(":")
    try:
        if mark:
            yield _address(packed), int(port, 16), columns[9]
    except ValueError:
        return


def _address(packed: str) -> str:
    """Return an address in the usual notation.

    Raises:
        ValueError: it is none.
    """
    data = bytes.fromhex(packed)
    # Each group of four bytes was printed as a number of a little-endian machine.
    ordered = b"".join(data[at : at + 4][::-1] for at in range(0, len(data), 4))
    address = ipaddress.ip_address(ordered)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _owners(lines: list[str]) -> dict[str, str]:
    """Return the process of each socket, by inode: the first that has it."""
    found: dict[str, str] = {}
    process = ""
    for line in lines:
        if (head := _OWNER.match(line)) is not None:
            process = head[1]
        elif (socket := _SOCKET.search(line)) is not None and process:
            found.setdefault(socket[1], process)
    return found
