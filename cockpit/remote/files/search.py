"""Searches a VM's tree by name and by content, with find and grep there: bounded in time and in what is carried."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

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
    teller = _Teller(heard, _whole_paths, most)
    done = await connection.run(
        _NAMES,
        scripts.escaped(base),
        scripts.escaped(pattern.encode("utf-8", "surrogateescape")),
        *words,
        timeout=seconds + GRACE,
        limit=FOUND_BYTES,
        heard=teller.take,
    )
    _demand(done.exit_code, base, done.stderr)
    found = _whole_paths(done.stdout)[0]
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
    teller = _Teller(heard, _whole_lines, most)
    done = await connection.run(
        _LINES,
        scripts.escaped(base),
        scripts.escaped(needle.encode("utf-8", "surrogateescape")),
        *words,
        timeout=seconds + GRACE,
        limit=FOUND_BYTES,
        heard=teller.take,
    )
    _demand(done.exit_code, base, done.stderr)
    found = _lines_in(done.stdout, _LINE if b"\0" in done.stdout else _PLAIN_LINE)[0]
    teller.finish(found)
    return FoundLines(tuple(found[:most]), _cut(len(found) > most, len(done.stdout), done.stderr, seconds))


def _whole_paths(said: bytes) -> tuple[list[bytes], int]:
    """Return the paths that are whole, and where the rest begins."""
    return [path.removeprefix(b"./") for path in said.split(b"\0")[:-1]], said.rfind(b"\0") + 1


def _whole_lines(said: bytes) -> tuple[list[Line], int]:
    """Return the lines that are surely whole: a path may hold a line feed, and only a NUL byte tells where it ends."""
    return _lines_in(said, _LINE)


def _lines_in(said: bytes, pattern: re.Pattern[bytes]) -> tuple[list[Line], int]:
    found, end = list[Line](), 0
    for match in pattern.finditer(said):
        found.append((match[1].removeprefix(b"\n").removeprefix(b"./"), int(match[2]), match[3]))
        end = match.end()
    return found, end


Hit = TypeVar("Hit")
Parser = Callable[[bytes], tuple[list[Hit], int]]
"""Returns what is whole in some bytes, and where the rest of them begins."""


class _Teller(Generic[Hit]):
    """Tells what is found as it comes: whole records, and so many at most."""

    def __init__(self, heard: Callable[[list[Hit]], None] | None, parse: Parser[Hit], most: int) -> None:
        self._heard = heard
        self._parse = parse
        self._most = most
        self._told = 0
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Take what the script says."""
        found, end = self._parse(self._rest + data)
        self._rest = (self._rest + data)[end:]
        self._tell(found)

    def finish(self, found: Sequence[Hit]) -> None:
        """Tell what could not be told before all was there."""
        self._tell(list(found[self._told :]))

    def _tell(self, found: list[Hit]) -> None:
        found = found[: self._most - self._told]
        self._told += len(found)
        if found and self._heard is not None:
            self._heard(found)


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
