"""Files of agents brought from their VMs: found by a pattern, carried in pieces, checked, and put in place whole."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

from cockpit.agents.scaffold.layout import AgentPaths, shell_path
from cockpit.engine.on_vm import connection_of, said_by
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import NotFound, Refused
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId
from cockpit.remote.ssh.connection import Connection

PIECE = 4 << 20
"""Bytes carried at a time."""

LOOK_LIMIT = 60.0
"""Seconds a look for files, or the digest of one, may take."""

ATTEMPTS = 2
"""Times a file is carried from its beginning, if it changes meanwhile."""

MOST_BYTES = 1 << 20
"""Room for the names of what a pattern matches."""

# Without a field separator the pattern is expanded, and a space in it splits nothing.
_FIND = """cd {workspace} || exit 1
case $1 in "~/"*) pattern=$HOME/${{1#"~/"}} ;; *) pattern=$1 ;; esac
IFS=
for file in $pattern; do
  [ -f "$file" ] && printf '%s\\0%s\\0' "$(stat -L -c %s -- "$file")" "$file"
done
exit 0
"""

# A name may hold any byte, a command none but those of UTF-8; without the full stop a line feed at its end would go.
_FILE = """cd {workspace} || exit 1
file=$(printf '%b.' "$1")
file=${{file%.}}
"""

_DIGEST = (
    _FILE
    + """[ -f "$file" ] || exit 3
sha256sum <"$file"
stat -L -c %s -- "$file"
"""
)

_PIECE = (
    _FILE
    + """{{ dd bs=1 skip="$2" count=0 2>/dev/null; head -c "$3"; }} <"$file"
"""
)


class RemoteFiles:
    """Implements `cockpit.engine.port.FilePort`."""

    def __init__(
        self,
        fleet_state: FleetState,
        session_of: Callable[[AgentId], AgentSession | None],
        paths_of: Callable[[Agent], AgentPaths],
    ) -> None:
        self._fleet_state = fleet_state
        self._session_of = session_of
        self._paths_of = paths_of

    async def matching(self, agent_id: AgentId, pattern: str) -> tuple[tuple[str, int], ...]:
        """Return path and size of the files that a pattern matches."""
        connection = await connection_of(self._session_of(agent_id), agent_id)
        script = _FIND.format(workspace=self._workspace(agent_id))
        done = await connection.run(script, pattern, timeout=LOOK_LIMIT, limit=MOST_BYTES)
        if done.exit_code != 0 or done.truncated:
            why = "too many names" if done.truncated else said_by(done)
            raise Refused(f"what matches {pattern!r} is not known: {why}")
        words = done.stdout.split(b"\0")[:-1]
        pairs = zip(words[::2], words[1::2], strict=False)
        return tuple((path.decode("utf-8", "surrogateescape"), int(size)) for size, path in pairs if size.isdigit())

    async def fetch(self, agent_id: AgentId, path: str, to: Path) -> None:
        """Bring a file here."""
        connection = await connection_of(self._session_of(agent_id), agent_id)
        workspace = self._workspace(agent_id)
        part = to.with_name(f".{to.name}.part")
        for _ in range(ATTEMPTS):
            digest, size = await self._digest(connection, workspace, path)
            await self._carry(connection, workspace, path, size, part)
            if await asyncio.to_thread(_digest_of, part) == digest:
                await asyncio.to_thread(part.replace, to)
                return
            await asyncio.to_thread(part.unlink)
        raise Refused(f"{path} changed while it was read, {ATTEMPTS} times", hint="try again when it is at rest")

    async def _carry(self, connection: Connection, workspace: str, path: str, size: int, part: Path) -> None:
        """Bring what is missing of a file; more than there is, is of another one, and goes."""
        there = await asyncio.to_thread(lambda: part.stat().st_size if part.is_file() else 0)
        if there > size:
            await asyncio.to_thread(part.unlink)
            there = 0
        with await asyncio.to_thread(part.open, "ab") as file:
            while there < size:
                wanted = (_escaped(path), str(there), str(min(PIECE, size - there)))
                script = _PIECE.format(workspace=workspace)
                done = await connection.run(script, *wanted, timeout=LOOK_LIMIT, limit=PIECE)
                if done.exit_code != 0 or not done.stdout:
                    said = done.stderr.decode("utf-8", "backslashreplace").strip() or "it became shorter"
                    raise Refused(f"{path} cannot be read at byte {there}: {said}")
                await asyncio.to_thread(file.write, done.stdout)
                there += len(done.stdout)

    async def _digest(self, connection: Connection, workspace: str, path: str) -> tuple[str, int]:
        done = await connection.run(_DIGEST.format(workspace=workspace), _escaped(path), timeout=LOOK_LIMIT, limit=1024)
        words = done.stdout.decode("ascii", "replace").split()
        if done.exit_code != 0 or len(words) < 2 or not words[-1].isdigit():
            raise Refused(f"{path} cannot be read: {said_by(done)}", hint="is it a file, and may root read it?")
        return words[0], int(words[-1])

    def _workspace(self, agent_id: AgentId) -> str:
        agent = self._fleet_state.agents.get(agent_id)
        if agent is None:
            raise NotFound(f"there is no agent {agent_id}")
        return shell_path(self._paths_of(agent).workspace)


def _escaped(path: str) -> str:
    r"""Return a path of a VM as `printf %b` reads it: all but plain characters as `\0` and three octal digits."""
    return "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else f"\\0{byte:03o}"
        for byte in path.encode("utf-8", "surrogateescape")
    )


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
