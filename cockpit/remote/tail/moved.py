"""Finds and reads what is left of a file that went away under its reader: renamed, copied and truncated, rotated.

The file of a cursor is known again by its inode and its content (head, and the bytes before the offset), under any
name in its directory; a copy that logrotate's `copytruncate` made, by its content alone. Generations that came and went
meanwhile are the siblings with a number or a date behind the name that were last written after it, oldest first.
Compressed ones are out of reach, and that is said.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from cockpit.remote.errors import CommandFailed, FileChanged
from cockpit.remote.ssh.files import ScriptRunner, read_range
from cockpit.remote.tail.cursor import Cursor, FileIdentity

ANSWER_BOUND = 30.0
"""Seconds the search in a directory may take."""
PIECE_BYTES = 256 << 10
"""Bytes read at once."""
SEARCHES = 3
"""How often a file is searched that is renamed once more while it is read."""

_SEARCH = r"""path=$1 inode=$2 head=$3 head_digest=$4 offset=$5 length=$6 digest=$7
case $path in "~/"*) path=$HOME/${path#"~/"} ;; esac
case $path in */*) ;; *) path=./$path ;; esac
LC_ALL=C
export LC_ALL
base=${path##*/} found=
piece() { { dd bs=1 skip="$2" count=0 2>/dev/null; head -c "$3"; } <"$1"; }
sum() { set -- $(piece "$1" "$2" "$3" | sha256sum); echo "$1"; }
held() {
  [ "$size" -ge "$offset" ] && [ "$(sum "$1" 0 "$head")" = "$head_digest" ] &&
    [ "$(sum "$1" $((offset - length)) "$length")" = "$digest" ]
}
ls -tri "${path%/*}/" | while read -r number name; do
  file=${path%/*}/$name
  [ -f "$file" ] && [ -r "$file" ] && ! [ "$file" -ef "$path" ] || continue
  after=${name#"$base"}
  case $name in
  "$base"*.gz | "$base"*.bz2 | "$base"*.xz | "$base"*.zst | "$base"*.lz4 | "$base"*.Z) echo "packed $name"; continue ;;
  esac
  [ "$number" = "$inode" ] || [ "$after" != "$name" ] || continue
  size=$(stat -L -c %s "$file")
  if [ -z "$found" ]; then
    if held "$file"; then found=1; echo "moved $number $size $head $head_digest $name"; fi
    continue
  fi
  case $after in "$name" | [!.-]* | *[!0-9.:TZ_-]*) continue ;; esac
  start=4096
  [ "$size" -ge "$start" ] || start=$size
  echo "next $number $size $start $(sum "$file" 0 "$start") $name"
done
"""


@dataclass(frozen=True, slots=True)
class Generation:
    """A file that is read now under another name; its bytes follow."""

    identity: FileIdentity
    size: int
    start: int
    line: int
    context: bytes
    """What stands before the start."""
    resumed: bool
    """The file of the cursor; else one that came and went after it."""


@dataclass(frozen=True, slots=True)
class UnreachableGeneration:
    """What was written behind the cursor is not to be had, or not all of it."""

    why: str


@dataclass(frozen=True, slots=True)
class _Sibling:
    path: str
    identity: FileIdentity
    size: int


async def unread(
    connection: ScriptRunner, path: str, cursor: Cursor
) -> AsyncGenerator[Generation | bytes | UnreachableGeneration, None]:
    """Yield what is left behind a cursor in the files beside `path`, each file's bytes behind its Generation.

    Raises:
        RemoteError: the connection ended.
    """
    at, begun = cursor, False
    for _ in range(SEARCHES):
        moved, later, packed = await _search(connection, path, at)
        if moved is None:
            break
        context = b""
        try:
            if not begun and moved.size > cursor.offset:
                length = cursor.anchor_length
                context = await read_range(connection, moved.path, moved.identity, cursor.offset - length, length)
                yield Generation(moved.identity, moved.size, cursor.offset, cursor.line, context, True)
            begun = True
            offset = at.offset
            while offset < moved.size and (data := await _piece(connection, moved, offset)):
                yield data
                offset += len(data)
                at = replace(at, offset=offset, anchor_length=0, anchor_digest=_NOTHING)
            for sibling in later:
                yield Generation(sibling.identity, sibling.size, 0, 0, b"", False)
                offset = 0
                while offset < sibling.size and (data := await _piece(connection, sibling, offset)):
                    yield data
                    offset += len(data)
                at = Cursor(sibling.identity, offset, 0, 0, _NOTHING)
        except (FileChanged, CommandFailed):
            # Renamed once more meanwhile: it is searched again, and read on where it was left.
            continue
        return
    where = f"; {', '.join(packed)} may hold it, but compressed files are out of reach" if packed else ""
    yield UnreachableGeneration(
        f"what was written behind byte {at.offset} before that may be lost: no file beside holds it{where}"
    )


_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of no bytes."""


async def _piece(connection: ScriptRunner, file: _Sibling, offset: int) -> bytes:
    length = min(PIECE_BYTES, file.size - offset)
    return await read_range(connection, file.path, file.identity, offset, length)


async def _search(
    connection: ScriptRunner, path: str, cursor: Cursor
) -> tuple[_Sibling | None, list[_Sibling], list[str]]:
    """Return the file of a cursor, those that came after it, and the names of compressed ones."""
    identity = cursor.identity
    words = (identity.inode, identity.head_length, identity.head_digest)
    proof = (cursor.offset, cursor.anchor_length, cursor.anchor_digest)
    completed = await connection.run(_SEARCH, path, *map(str, words + proof), timeout=ANSWER_BOUND, limit=1 << 20)
    directory = path.rpartition("/")[0] if "/" in path else "."
    moved: _Sibling | None = None
    later: list[_Sibling] = []
    packed: list[str] = []
    for line in completed.stdout.decode("utf-8", "replace").splitlines():
        kind, _, words_of_it = line.partition(" ")
        if kind == "packed":
            packed.append(words_of_it)
            continue
        inode, size, length, digest, name = words_of_it.split(" ", 4)
        found = FileIdentity(identity.device, int(inode), int(length), digest)
        sibling = _Sibling(f"{directory}/{name}", found, int(size))
        if kind == "moved":
            moved = sibling
        else:
            later.append(sibling)
    return moved, later, packed
