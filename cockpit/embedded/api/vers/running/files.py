"""Files of a VM through the API: read and written from within it, so that they are what its commands see."""

from __future__ import annotations

import base64
import binascii

from cockpit.embedded.api.vers.exchange import ApiError
from cockpit.embedded.api.vers.lifecycle import Lifecycle
from cockpit.embedded.hosting import Execution

FILE_LIMIT = 64 * 1024 * 1024
"""Bytes of a file that is read: all of it is in memory, twice over."""
PATIENCE = 60.0
"""Seconds that reading or writing one may take."""
MODE = 0o644

READ = """
if [ -e "$1" ] && [ ! -f "$1" ] && [ ! -d "$1" ]; then echo "$1: not a regular file" >&2; exit 1; fi
exec cat < "$1"
"""
"""A FIFO or a device would never end."""
WRITE = """
if [ "$3" = yes ]; then mkdir -p -- "$(dirname -- "$1")" || exit 1; fi
if [ -e "$1" ] && [ ! -f "$1" ] && [ ! -d "$1" ]; then echo "$1: not a regular file" >&2; exit 1; fi
cat > "$1" || exit 1
chmod "$2" "$1" 2>/dev/null || true
"""


async def read_file(lifecycle: Lifecycle, vm_id: str, path: str) -> str:
    """Return a file in base64.

    Raises:
        ApiError: there is no such VM, or the file cannot be read.
    """
    command = Execution(("/bin/sh", "-c", READ, "read", path), {}, b"", PATIENCE, limit=FILE_LIMIT)
    code, content, said = await lifecycle.run(vm_id, command)
    if code:
        raise ApiError(500, f"Failed to read file: {_why(said)}")
    if len(content) > FILE_LIMIT:
        raise ApiError(500, f"Failed to read file: it has more than {FILE_LIMIT} bytes")
    return base64.b64encode(content).decode("ascii")


async def write_file(
    lifecycle: Lifecycle, vm_id: str, path: str, content_b64: str, mode: int, *, create_directories: bool
) -> None:
    """Write a file, from its beginning.

    Raises:
        ApiError: there is no such VM, that is no base64, or the file cannot be written.
    """
    try:
        content = base64.b64decode(content_b64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError(500, f"Failed to write file: invalid base64: {error}") from error
    words = ("/bin/sh", "-c", WRITE, "write", path, f"{mode & 0o7777:o}", "yes" if create_directories else "no")
    code, _, said = await lifecycle.run(vm_id, Execution(words, {}, content, PATIENCE))
    if code:
        raise ApiError(500, f"Failed to write file: {_why(said)}")


def _why(said: bytes) -> str:
    return said.decode(errors="replace").strip()[-300:] or "it gave no reason"
