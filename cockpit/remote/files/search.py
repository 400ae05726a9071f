"""Searches a VM's tree by name and by content, with find and grep there: bounded in time and in what is carried."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict, TypeVar

from cockpit.remote.errors import FileUnusable
from cockpit.remote.files import scripts
from cockpit.remote.files.port import shown
from cockpit.remote.ssh.files import ScriptRunner

FOUND_BYTES = 1 << 20
"""Room for what is found."""

LINE_BYTES = 2000
"""Bytes of a line that are carried, its file's name included."""

FILES_AT_ONCE = 256
"""Files that one grep looks into: what it finds is told when it has found it."""

PER_FILE = 100
"""Lines of one file at most."""

TIME_IS_OVER = 124
"""How timeout(1) ends what it ended; busybox's says what the signal says."""

GRACE = 10.0
"""Seconds beyond its own limit that a search gets before it is ended from here."""

_BASE = f"""{scripts.PATH}[ -d "$file" ] || exit {scripts.OTHER_KIND}
cd -- "$file" || exit {scripts.REFUSED}
export LC_ALL=C
needle=$(printf '%b.' "$2")
needle=${{needle%.}}
at_once=
command -v stdbuf >/dev/null 2>&1 && at_once="stdbuf -o$6"
"""

# Programs that write into a pipe keep what they found until there is much of it, unless stdbuf is there.
# The exit code of find comes behind what was found, on the other stream.
_NAMES = (
    _BASE
    + """{ timeout "$3" $at_once find . -name .git -prune -o "$5" "$needle" -print0; echo "$?" >&2; } |
$at_once head -c "$4"
exit 0
"""
)

# In the locale C no byte makes a text binary but NUL; letters beyond ASCII have no other case then.
# Only regular files are handed to grep, and links are not followed. grep says 1 where nothing is found, more where a
# file could not be read; xargs hands on 123 for that.
_LINES = (
    _BASE
    + """flags=-HInsZ
printf x | grep $flags x >/dev/null 2>&1 || flags=-Hns
export needle flags
export options="$5" most="$7"
{ find . -name .git -prune -o -type f -print0 2>/dev/null |
timeout "$3" $at_once xargs -0 -r -n "$9" sh -c '
grep $flags $options -m "$most" -e "$needle" -- "$@"; [ $? -le 1 ]' grep
echo "$?" >&2; } | $at_once cut -b "1-$8" | $at_once head -c "$4"
exit 0
"""
)

_LINE = re.compile(rb"([^\0]+?)\0(\d{1,18}):([^\n]*)\n")
_PLAIN_LINE = re.compile(rb"([^\n]+?):(\d{1,18}):([^\n]*)\n")


Line = tuple[bytes, int, bytes]
"""Path, number from 1, and the beginning of the line."""


@dataclass(frozen=True, slots=True)
class FoundNames:
    """Paths below a directory whose last part matches."""

    paths: tuple[bytes, ...]
    cut: str
    """Why there may be more, or empty."""


@dataclass(frozen=True, slots=True)
class FoundLines:
    """Lines of files below a directory: path, number from 1, and the beginning of the line."""

    lines: tuple[Line, ...]
    cut: str
    """Why there may be more, or empty."""


async def names_like(
    connection: ScriptRunner,
    base: bytes,
    needle: str,
    *,
    most: int,
    seconds: float,
    ignore_case: bool = True,
    heard: Callable[[list[bytes]], None] | None = None,
) -> FoundNames:
    """Return what is called so below a directory; `.git` is left out, and links are not followed.

    Args:
        needle: a part of the name, or a pattern of the shell if it holds `*`, `?` or `[`.
        most: paths at most.
        seconds: it may take.
        heard: takes paths as they are found, at most as many.

    Raises:
        FileUnusable: the directory cannot be searched.
        RemoteError: the connection gave out.
    """
    pattern = needle if re.search(r"[*?\[]", needle) else f"*{needle}*"
    words = (f"{seconds:g}", str(FOUND_BYTES), "-iname" if ignore_case else "-name", "0")
    done = await connection.run(
        _NAMES,
        scripts.escaped(base),
        scripts.escaped(pattern.encode("utf-8", "surrogateescape")),
        *words,
        timeout=seconds + GRACE,
        limit=FOUND_BYTES,
        **_telling(heard, _paths_in, b"\0", most),
    )
    _demand(done.exit_code, base, done.stderr)
    found = _paths_in(done.stdout)
    return FoundNames(tuple(sorted(found[:most])), _cut(len(found) > most, len(done.stdout), done.stderr, seconds))


async def lines_like(
    connection: ScriptRunner,
    base: bytes,
    needle: str,
    *,
    most: int,
    seconds: float,
    ignore_case: bool = False,
    regular: bool = False,
    heard: Callable[[list[Line]], None] | None = None,
) -> FoundLines:
    """Return the lines that hold a text in the files below a directory; binary files and `.git` are left out.

    Args:
        needle: a text, or an extended regular expression.
        most: lines at most.
        seconds: it may take.
        regular: the needle is a regular expression.
        heard: takes lines as they are found, at most as many.

    Raises:
        FileUnusable: the directory cannot be searched.
        RemoteError: the connection gave out.
    """
    options = ("-E" if regular else "-F") + ("i" if ignore_case else "")
    bounds = (str(PER_FILE), str(LINE_BYTES), str(FILES_AT_ONCE))
    words = (f"{seconds:g}", str(FOUND_BYTES), options, "L", *bounds)
    done = await connection.run(
        _LINES,
        scripts.escaped(base),
        scripts.escaped(needle.encode("utf-8", "surrogateescape")),
        *words,
        timeout=seconds + GRACE,
        limit=FOUND_BYTES,
        **_telling(heard, _lines_in, b"\n", most),
    )
    _demand(done.exit_code, base, done.stderr)
    found = _lines_in(done.stdout)
    return FoundLines(tuple(found[:most]), _cut(len(found) > most, len(done.stdout), done.stderr, seconds))


def _paths_in(said: bytes) -> list[bytes]:
    return [path.removeprefix(b"./") for path in said.split(b"\0")[:-1]]


def _lines_in(said: bytes) -> list[Line]:
    pattern = _LINE if b"\0" in said else _PLAIN_LINE
    return [
        (match[1].removeprefix(b"\n").removeprefix(b"./"), int(match[2]), match[3]) for match in pattern.finditer(said)
    ]


Hit = TypeVar("Hit")


class _Telling(TypedDict, total=False):
    heard: Callable[[bytes], None]


def _telling(
    heard: Callable[[list[Hit]], None] | None, parse: Callable[[bytes], list[Hit]], end: bytes, most: int
) -> _Telling:
    """Return how a script is run whose words are to be told as they come, whole ones, and so many at most."""
    if heard is None:
        return {}
    rest, told = b"", 0

    def take(data: bytes) -> None:
        nonlocal rest, told
        whole, mark, rest = (rest + data).rpartition(end)
        found = parse(whole + mark)[: most - told]
        told += len(found)
        if found:
            heard(found)

    return {"heard": take}


def _demand(code: int, base: bytes, stderr: bytes) -> None:
    if code != 0:
        said = stderr.decode("utf-8", "backslashreplace").strip()[-400:]
        raise FileUnusable(f"searching {shown(base)} failed: {said or 'it is no directory'}")


def _cut(over: bool, size: int, stderr: bytes, seconds: float) -> str:
    """Say why there may be more than what was found."""
    last = stderr.rstrip().rpartition(b"\n")[2]
    code = int(last) if last.isdigit() else 0
    if over or size >= FOUND_BYTES:
        return "more than is shown was found"
    if code in (TIME_IS_OVER, 143):
        return f"the search ended after {seconds:g} s"
    return "some files or directories could not be read" if code else ""
