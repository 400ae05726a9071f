"""The conversations that Claude Code has saved on a VM: how they are listed and found, and how a copy's are moved.

It keeps one file of lines for each, in a directory named after the working directory: every character of its path that
is neither letter nor digit is a hyphen there.
"""

from __future__ import annotations

from cockpit.agents.claude.launch import NEWEST, SESSIONS
from cockpit.agents.fields import dict_of, integer_of, parse_object, text_of
from cockpit.agents.scaffold.layout import AgentPaths, shell_path
from cockpit.model.inquiries import SavedSession

MOST = 100
"""Sessions that are listed, the newest."""

FIRST_LENGTH = 200
"""Characters of the first message that are shown."""

LINE_BYTES = 4_000
"""Bytes that are brought of a line."""

_FIELDS = 4


def sessions_script(paths: AgentPaths) -> str:
    """Return the script that lists the sessions of the workspace, newest first, as fields that end with NUL."""
    return f"""
cd {shell_path(paths.workspace)} 2>/dev/null || exit 0
ls -t "{SESSIONS}"/*-*-*-*-*.jsonl 2>/dev/null | head -n {MOST} | while IFS= read -r file; do
  printf '%s\\0%s %s\\0' "$file" "$(stat -c '%Y %s' -- "$file")" "$(grep -c '"type":"\\(user\\|assistant\\)"' <"$file")"
  grep -m 1 '"role":"user"' <"$file" | head -c {LINE_BYTES}; printf '\\0'
  printf '.\\0'
done
exit 0
"""


def saved_sessions(said: bytes) -> tuple[SavedSession, ...]:
    """Return the sessions that the script has listed. Total: what cannot be read of one is empty."""
    fields = said.split(b"\0")
    return tuple(_session(fields[at : at + _FIELDS]) for at in range(0, len(fields) - _FIELDS + 1, _FIELDS))


def _session(row: list[bytes]) -> SavedSession:
    path, numbers, first, _ = row
    changed, size, messages = ([integer_of(word.decode("ascii", "replace")) for word in numbers.split()] + [0] * 3)[:3]
    name = path.decode("utf-8", "surrogateescape")
    said = text_of(dict_of((parse_object(first) or {}).get("message")).get("content"))
    words = " ".join(said.split())[:FIRST_LENGTH]
    return SavedSession(name, name.rpartition("/")[2].removesuffix(".jsonl"), "", words, messages, float(changed), size)


def has_conversation_script(paths: AgentPaths) -> str:
    """Return the script that fails if no session of this VM's workspace is saved."""
    return f"""
cd {shell_path(paths.workspace)} || exit 0
[ -n "$({NEWEST})" ]
"""


def move_conversation_script(paths: AgentPaths) -> str:
    """Return the script that makes the newest session on a copied VM one of its workspace, whose path may be another.

    A session is found by the directory of its file alone.
    """
    return f"""
mkdir -p {shell_path(paths.workspace)} && cd {shell_path(paths.workspace)} || exit 1
own="{SESSIONS}"
newest=$(ls -t "$HOME/.claude/projects"/*/*-*-*-*-*.jsonl 2>/dev/null | head -n 1)
[ -n "$newest" ] || exit 0
[ "${{newest%/*}}" != "$own" ] || exit 0
mkdir -p "$own" && mv "$newest" "$own/"
"""
