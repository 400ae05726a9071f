"""Bridges on a VM: what comes over IPv6 is carried to a server that listens on IPv4 alone, byte for byte.

The platform's proxy comes over IPv6 and speaks HTTP/1.1, with upgrades to WebSockets passed on; bytes are all that the
bridge needs to know. It takes the same port: IPv6 alone, beside the server's own socket (ipv6(7), IPV6_V6ONLY).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit.engine.on_vm import said_by
from cockpit.engine.reach.listening import listeners_on
from cockpit.errors import Refused
from cockpit.model.ports import ListeningPort

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

START_LIMIT = 15.0
LISTEN_LIMIT = 15.0
"""Seconds it gets to listen: a small VM takes its time to start a program."""
LOOK_PAUSE = 0.2

PYTHON = """import asyncio, socket, sys
port = int(sys.argv[1])
async def carry(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()
async def serve(reader, writer):
    try:
        there, back = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(carry(reader, back), carry(there, writer))
    writer.close()
    back.close()
async def main():
    listener = socket.socket(socket.AF_INET6)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(("::", port))
    await (await asyncio.start_server(serve, sock=listener)).serve_forever()
asyncio.run(main())
"""

NODE = """const net = require("net"), port = Number(process.argv[1]);
net.createServer({ allowHalfOpen: true }, (from) => {
  const to = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  from.on("error", () => to.destroy());
  to.on("error", () => from.destroy());
  from.pipe(to);
  to.pipe(from);
}).listen({ port, host: "::", ipv6Only: true });
"""

_START = """umask 077
mkdir -p "$HOME/.cockpit" || exit 1
file=$HOME/.cockpit/bridge-$1
if command -v python3 >/dev/null 2>&1; then set -- python3 -c "$2" "$1" cockpit-bridge
elif command -v node >/dev/null 2>&1; then set -- node -e "$3" "$1" cockpit-bridge
else echo "neither python3 nor node is there to carry it" >&2; exit 1; fi
if command -v setsid >/dev/null 2>&1; then set -- setsid "$@"; fi
"$@" </dev/null >/dev/null 2>"$file.err" &
echo $! >"$file"
"""

_END = """file=$HOME/.cockpit/bridge-$1
[ -f "$file" ] || exit 0
read -r process <"$file"
if tr "\\000" " " <"/proc/$process/cmdline" 2>/dev/null | grep -q " cockpit-bridge "; then kill "$process"; fi
rm -f "$file" "$file.err"
"""

_LAST_WORDS = 'tail -n 1 "$HOME/.cockpit/bridge-$1.err" 2>/dev/null'


async def start_bridge(connection: Connection, port: int) -> None:
    """Start a bridge, and return when it listens.

    Raises:
        Refused: nothing listens on the port, or all who come reach it already, or it does not start.
    """
    server = _on(port, await listeners_on(connection))
    if server is None:
        raise Refused(f"nothing listens on port {port} of the VM", hint="start the server first")
    if server.from_outside:
        raise Refused(f"port {port} is reached over IPv6 already", hint="it needs no bridge")
    if not server.ipv4_only:
        raise Refused(f"port {port} is taken on ::1, and a bridge listens on ::", hint="let the server listen on ::")
    done = await connection.run(_START, str(port), PYTHON, NODE, timeout=START_LIMIT, limit=4096)
    if done.exit_code != 0:
        raise Refused(f"no bridge was started: {said_by(done)}", hint="let the server listen on ::")
    deadline = asyncio.get_running_loop().time() + LISTEN_LIMIT
    while asyncio.get_running_loop().time() < deadline:
        found = _on(port, await listeners_on(connection))
        if found is not None and found.from_outside:
            return
        await asyncio.sleep(LOOK_PAUSE)
    said = await connection.run(_LAST_WORDS, str(port), timeout=START_LIMIT, limit=4096)
    await end_bridge(connection, port)
    words = said.stdout.decode("utf-8", "backslashreplace").strip() or "it said nothing"
    raise Refused(f"the bridge does not listen on [::]:{port}: {words}", hint="let the server listen on ::")


async def end_bridge(connection: Connection, port: int) -> None:
    """End a bridge of ours; where there is none, nothing is done.

    Raises:
        Refused: it could not be ended.
    """
    done = await connection.run(_END, str(port), timeout=START_LIMIT, limit=4096)
    if done.exit_code != 0:
        raise Refused(f"the bridge was not ended: {said_by(done)}")


def _on(port: int, listeners: tuple[ListeningPort, ...]) -> ListeningPort | None:
    return next((one for one in listeners if one.port == port), None)
