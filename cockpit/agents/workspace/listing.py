"""The files of a workspace by size, time and digest, for a VM without git."""

from __future__ import annotations

import re

from cockpit.agents.scaffold.layout import AgentPaths, shell_path
from cockpit.model.changes.listing import ListedFile

MOST_FILES = 2_000
"""Files that are listed; a workspace with more is not."""

READ_BYTES = 1 << 20
"""A larger file is told by its size and time alone."""

TOO_MANY = 5
"""How the script ends where there are more files."""

_LIST = r"""cd {work} || exit 6
list=$(mktemp) || exit 1
trap 'rm -f "$list"' EXIT
trap 'exit 143' TERM INT HUP
find . -xdev \( -name node_modules -o -name .git -o -name .venv -o -name __pycache__ \) -prune -o -type f -print0 \
    2>/dev/null >"$list"
[ "$(tr -cd '\000' <"$list" | wc -c)" -le {most} ] || exit 5
xargs -0 -n 100 sh -c 'for file do
    told=$(stat -c "%s %Y" "$file" 2>/dev/null) || continue
    digest=-
    [ "${{told%% *}}" -gt {read} ] || digest=$(sha256sum <"$file" 2>/dev/null | cut -c 1-64)
    printf "%s %s %s\0" "$told" "${{digest:--}}" "$file"
done' sh <"$list"
printf 'end\0'
"""

_FILE = re.compile(rb"(\d{1,15}) (\d{1,12}) ([0-9a-f]{64}|-) \./(.*)", re.DOTALL)


def listing_script(paths: AgentPaths) -> str:
    """Return the script that lists the files of a workspace; it changes nothing."""
    return _LIST.format(work=shell_path(paths.workspace), most=MOST_FILES, read=READ_BYTES)


def listing_in(stdout: bytes) -> dict[str, ListedFile] | None:
    """Return what the script listed, or None if it did not come to its end."""
    words = stdout.split(b"\0")
    if words[-2:] != [b"end", b""]:
        return None
    found = (_FILE.fullmatch(word) for word in words[:-2])
    return {
        one[4].decode("utf-8", "surrogateescape"): ListedFile(
            int(one[1]), int(one[2]), "" if one[3] == b"-" else one[3].decode()
        )
        for one in found
        if one is not None
    }
