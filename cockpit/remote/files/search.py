"""Searches a VM's tree by name and by content, with find and grep there: bounded in time and in what is carried."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cockpit.remote.errors import FileUnusable
from cockpit.remote.files import scripts
from cockpit.remote.files.port import shown
from cockpit.remote.ssh.files import ScriptRunner

FOUND_BYTES = 1 << 20
"""Room for what is found."""

LINE_BYTES = 2000
"""Bytes of a line that are carried, its file's name included."""

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
"""

# The exit code of find comes behind what was found, on the other stream.
_NAMES = (
    _BASE
    + """{ timeout "$3" find . -name .git -prune -o "$5" "$needle" -print0; echo "$?" >&2; } | head -c "$4"
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
export options="$5" most="$6"
{ find . -name .git -prune -o -type f -print0 2>/dev/null |
timeout "$3" xargs -0 -r sh -c 'grep $flags $options -m "$most" -e "$needle" -- "$@"; [ $? -le 1 ]' grep
echo "$?" >&2; } | cut -b "1-$7" | head -c "$4"
exit 0
"""
)

_LINE = re.compile(rb"([^\0]+?)\0(\d{1,18}):([^\n]*)\n")
_PLAIN_LINE = re.compile(rb"([^\n]+?):(\d{1,18}):([^\n]*)\n")


@dataclass(frozen=True, slots=True)
class FoundNames:
    """Paths below a directory whose last part matches."""

    paths: tuple[bytes, ...]
    cut: str
    """Why there may be more, or empty."""


@dataclass(frozen=True, slots=True)
class FoundLines:
    """Lines of files below a directory: path, number from 1, and the beginning of the line."""

    lines: tuple[tuple[bytes, int, bytes], ...]
    cut: str
    """Why there may be more, or empty."""


async def names_like(
    connection: ScriptRunner, base: bytes, needle: str, *, most: int, seconds: float, ignore_case: bool = True
) -> FoundNames:
    """Return what is called so below a directory; `.git` is left out, and links are not followed.

    Args:
        needle: a part of the name, or a pattern of the shell if it holds `*`, `?` or `[`.
        most: paths at most.
        seconds: it may take.

    Raises:
        FileUnusable: the directory cannot be searched.
        RemoteError: the connection gave out.
    """
    pattern = needle if re.search(r"[*?\[]", needle) else f"*{needle}*"
    words = (f"{seconds:g}", str(FOUND_BYTES), "-iname" if ignore_case else "-name")
    done = await connection.run(
        _NAMES,
        scripts.escaped(base),
        scripts.escaped(pattern.encode("utf-8", "surrogateescape")),
        *words,
        timeout=seconds + GRACE,
        limit=FOUND_BYTES,
    )
    _demand(done.exit_code, base, done.stderr)
    found = [path.removeprefix(b"./") for path in done.stdout.split(b"\0")[:-1]]
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
) -> FoundLines:
    """Return the lines that hold a text in the files below a directory; binary files and `.git` are left out.

    Args:
        needle: a text, or an extended regular expression.
        most: lines at most.
        seconds: it may take.
        regular: the needle is a regular expression.

    Raises:
        FileUnusable: the directory cannot be searched.
        RemoteError: the connection gave out.
    """
    options = ("-E" if regular else "-F") + ("i" if ignore_case else "")
    words = (f"{seconds:g}", str(FOUND_BYTES), options, str(PER_FILE), str(LINE_BYTES))
    done = await connection.run(
        _LINES,
        scripts.escaped(base),
        scripts.escaped(needle.encode("utf-8", "surrogateescape")),
        *words,
        timeout=seconds + GRACE,
        limit=FOUND_BYTES,
    )
    _demand(done.exit_code, base, done.stderr)
    pattern = _LINE if b"\0" in done.stdout else _PLAIN_LINE
    found = [
        (match[1].removeprefix(b"\n").removeprefix(b"./"), int(match[2]), match[3])
        for match in pattern.finditer(done.stdout)
    ]
    return FoundLines(tuple(found[:most]), _cut(len(found) > most, len(done.stdout), done.stderr, seconds))


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
