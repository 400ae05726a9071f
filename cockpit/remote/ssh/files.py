"""Whole files and pieces of files on a VM, by shell commands: no SFTP server is needed there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cockpit.remote.errors import CommandFailed, FileChanged
from cockpit.remote.ssh.command import Completed
from cockpit.remote.tail.cursor import Cursor, FileIdentity

# A path that begins with `~/` is the user's own, wherever the login shell starts.
_HOME = """case $1 in "~/"*) file=$HOME/${1#"~/"}; shift; set -- "$file" "$@" ;; esac
"""

# dd moves the shared offset without reading (`bs=1 count=0`), so that a piece costs the same wherever it is.
_READ = _HOME + '{ dd bs=1 skip="$2" count=0 2>/dev/null; head -c "$3"; } <"$1"'

# The X of the name are the pattern of mktemp(1), which puts characters of its own in their place.
_WRITE = (
    _HOME
    + """umask 077
name=$(mktemp "$1.XXXXXX") || exit 1
trap 'rm -f "$name"' EXIT
cat >"$name" && chmod "$2" "$name" && [ "$(wc -c <"$name")" -eq "$3" ] && mv -f "$name" "$1"
"""
)

# Opens $1, which must have the inode $2 and, of $3 bytes, the head with the digest $4.
_SAME = """exec 3<"$1" || exit 1
piece() { { dd bs=1 skip="$1" count=0 2>/dev/null; head -c "$2"; } </proc/self/fd/3; }
sum() { set -- $(piece "$1" "$2" | sha256sum); echo "$1"; }
[ "$(stat -L -c %i /proc/self/fd/3)" = "$2" ] || exit 75
[ "$(sum 0 "$3")" = "$4" ] || exit 75
"""
_RANGE = f'{_HOME}{_SAME}piece "$5" "$6"'

_NONE = f"""{_HOME}[ -f "$1" ] && [ -r "$1" ] || {{ echo 0; exit; }}
"""
_LINES_AFTER = f"""{_NONE}{_SAME}
[ "$(stat -L -c %s /proc/self/fd/3)" -ge "$5" ] || exit 75
[ "$(sum $(($5 - $6)) "$6")" = "$7" ] || exit 75
{{ dd bs=1 skip="$5" count=0 2>/dev/null; wc -l; }} </proc/self/fd/3
"""
_ANY_LINE = f"""{_NONE}exec <"$1" || exit 1
head -n 1 | wc -l
"""
_CHANGED = 75

_COUNT = _HOME + 'head -c "$2" <"$1" | wc -l'


DIGITS = 18
"""Digits a count may have."""


class ScriptRunner(Protocol):
    """What can run a script; a Connection."""

    async def run(
        self,
        script: str,
        *arguments: str,
        stdin: bytes = ...,
        timeout: float,
        shell: str = ...,
        limit: int = ...,
        heard: Callable[[bytes], None] | None = ...,
    ) -> Completed:
        """Run a script to its end."""


def _demand(completed: Completed, act: str) -> bytes:
    if completed.exit_status != 0:
        said = completed.stderr.decode("utf-8", "backslashreplace").strip()
        end = f"exit {completed.exit_status}" if completed.signal is None else f"signal {completed.signal}"
        raise CommandFailed(f"{act} failed ({end}): {said or 'it said nothing'}", hint="check the path and its rights")
    return completed.stdout


def _number(completed: Completed, act: str) -> int:
    """Return the number that was said; a VM can say anything."""
    said = _demand(completed, act).strip()
    if not said.isdigit() or len(said) > DIGITS:
        raise CommandFailed(f"{act} failed: it said {said[:40]!r}, which is no number", hint="look at the VM")
    return int(said)


async def read_file(
    connection: ScriptRunner, path: str, offset: int = 0, limit: int = 8 << 20, *, timeout: float = 30.0
) -> bytes:
    """Return up to `limit` bytes from `offset`; fewer at the end of the file.

    Raises:
        CommandFailed: it cannot be read.
    """
    completed = await connection.run(_READ, path, str(offset), str(limit), timeout=timeout, limit=limit)
    return _demand(completed, f"reading {path}")


async def write_file(
    connection: ScriptRunner, path: str, data: bytes, mode: int = 0o600, *, timeout: float = 30.0
) -> None:
    """Replace a file atomically; it is never half written and never more readable than `mode`.

    The content travels over standard input: it shows in no argument list.

    Raises:
        CommandFailed: it cannot be written.
    """
    completed = await connection.run(_WRITE, path, f"{mode:o}", str(len(data)), stdin=data, timeout=timeout)
    _demand(completed, f"writing {path}")


async def read_range(
    connection: ScriptRunner,
    path: str,
    identity: FileIdentity,
    offset: int,
    length: int,
    *,
    timeout: float = 30.0,
) -> bytes:
    """Return bytes of exactly the file that `identity` means; costs the same anywhere in it.

    Raises:
        FileChanged: another file is there now.
        CommandFailed: it cannot be read.
    """
    words = (
        path,
        str(identity.inode),
        str(identity.head_length),
        identity.head_digest,
        str(offset),
        str(length),
    )
    completed = await connection.run(_RANGE, *words, timeout=timeout, limit=length)
    if completed.exit_status == _CHANGED:
        raise FileChanged(f"{path} is not the file it was: older history is gone with it")
    return _demand(completed, f"reading {length} bytes at {offset} of {path}")


async def count_lines(connection: ScriptRunner, path: str, offset: int, *, timeout: float = 120.0) -> int:
    """Return how many line feeds stand before `offset`. Reads all of it on the VM: about 0.15 s per GB."""
    completed = await connection.run(_COUNT, path, str(offset), timeout=timeout, limit=256)
    return _number(completed, f"counting the lines of {path}")


async def lines_after(connection: ScriptRunner, path: str, cursor: Cursor | None, *, timeout: float = 30.0) -> int:
    """Return how many whole lines stand behind a cursor; none if there is no regular, readable file.

    Without a cursor it is only told whether there are any: 0 or 1.

    Raises:
        FileChanged: another file is there now, or other content.
        CommandFailed: it cannot be read.
    """
    if cursor is None:
        completed = await connection.run(_ANY_LINE, path, timeout=timeout, limit=256)
        return _number(completed, f"looking into {path}")
    identity = cursor.identity
    words = (
        path,
        str(identity.inode),
        str(identity.head_length),
        identity.head_digest,
        str(cursor.offset),
        str(cursor.anchor_length),
        cursor.anchor_digest,
    )
    completed = await connection.run(_LINES_AFTER, *words, timeout=timeout, limit=256)
    if completed.exit_status == _CHANGED:
        raise FileChanged(f"{path} is not the file it was")
    return _number(completed, f"counting the lines of {path} behind byte {cursor.offset}")
