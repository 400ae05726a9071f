"""Finds files on a VM by a pattern of its shell, from an agent's workspace on."""

from __future__ import annotations

import os

from cockpit.engine.files.reach import Reached
from cockpit.engine.on_vm import said_by
from cockpit.errors import Refused
from cockpit.remote.files import scripts
from cockpit.remote.files.shell import LOOK_LIMIT

MOST_BYTES = 1 << 20
"""Room for the names of what a pattern matches."""

# Without a field separator the pattern is expanded, and a space in it splits nothing.
_MATCHING = f"""{scripts.PATH}cd -- "$file" || exit 1
case $2 in "~/"*) pattern=$HOME/${{2#"~/"}} ;; *) pattern=$2 ;; esac
IFS=
for file in $pattern; do
  [ -f "$file" ] && printf '%s\\0%s\\0' "$(stat -L -c %s -- "$file")" "$file"
done
exit 0
"""


async def matching(reached: Reached, pattern: str) -> tuple[tuple[str, int], ...]:
    """Return path and size in bytes of the files that a pattern matches.

    Raises:
        Refused: they are not known, or too many.
        RemoteError: the connection gave out.
    """
    workspace = scripts.escaped(reached.path(""))
    done = await reached.connection.run(_MATCHING, workspace, pattern, timeout=LOOK_LIMIT, limit=MOST_BYTES)
    if done.exit_code != 0 or done.truncated:
        why = "too many names" if done.truncated else said_by(done)
        raise Refused(f"what matches {pattern!r} is not known: {why}")
    words = done.stdout.split(b"\0")[:-1]
    pairs = zip(words[::2], words[1::2], strict=False)
    return tuple((os.fsdecode(path), int(size)) for size, path in pairs if size.isdigit())
