"""The sessions that pi has saved on a VM: how they are listed, and what the list says.

pi keeps one file of lines for each, in a directory named after the working directory: a header first, then entries
(badlogic/pi-mono, packages/coding-agent/src/core/session-manager.ts).
"""

from __future__ import annotations

from cockpit.agents.fields import dict_of, integer_of, parse_object, text_of
from cockpit.agents.pi.messages import text_content
from cockpit.agents.pi.oversized import first_text
from cockpit.agents.scaffold.layout import AgentPaths, shell_path
from cockpit.model.inquiries import SavedSession

MOST = 100
"""Sessions that are listed, the newest."""

FIRST_LENGTH = 200
"""Characters of the first message that are shown."""

LINE_BYTES = 4_000
"""Bytes that are brought of a line: of a longer one only its beginning is of interest."""

_FIELDS = 6


def sessions_script(paths: AgentPaths, file: str) -> str:
    """Return the script that lists the sessions of the workspace, newest first, as fields that end with NUL.

    Args:
        paths: where the agent lives.
        file: a session, whose directory is looked into; empty looks where pi keeps them.
    """
    own = (
        f"own={shell_path(file.rpartition('/')[0])}"
        if file.startswith(("/", "~/"))
        else """own=$HOME/.pi/agent/sessions/--$(pwd -P | sed 's#^/##; s#[/:]#-#g')--"""
    )
    return f"""
cd {shell_path(paths.workspace)} 2>/dev/null || exit 0
{own}
ls -t "$own" 2>/dev/null | grep '\\.jsonl$' | head -n {MOST} | while IFS= read -r name; do
  file=$own/$name
  [ -f "$file" ] || continue
  printf '%s\\0%s %s\\0' "$file" "$(stat -c '%Y %s' -- "$file")" "$(grep -c '^{{"type":"message"' <"$file")"
  head -n 1 <"$file" | head -c {LINE_BYTES}; printf '\\0'
  grep -m 1 '"message":{{"role":"user"' <"$file" | head -c {LINE_BYTES}; printf '\\0'
  grep '^{{"type":"session_info"' <"$file" | tail -n 1 | head -c {LINE_BYTES}; printf '\\0'
  printf '.\\0'
done
exit 0
"""


def saved_sessions(said: bytes) -> tuple[SavedSession, ...]:
    """Return the sessions that the script has listed. Total: what cannot be read of one is empty."""
    fields = said.split(b"\0")
    rows = (fields[at : at + _FIELDS] for at in range(0, len(fields) - _FIELDS + 1, _FIELDS))
    return tuple(_session(row) for row in rows)


def _session(row: list[bytes]) -> SavedSession:
    path, numbers, head, first, named, _ = row
    changed, size, messages = ([integer_of(word.decode("ascii", "replace")) for word in numbers.split()] + [0] * 3)[:3]
    message = dict_of((parse_object(first) or {}).get("message"))
    # A line that was cut is no JSON any more: of its text the beginning can still be told.
    text = text_content(message.get("content")) or first_text(first)
    return SavedSession(
        path.decode("utf-8", "surrogateescape"),
        text_of((parse_object(head) or {}).get("id")),
        text_of((parse_object(named) or {}).get("name")),
        " ".join(text.split())[:FIRST_LENGTH],
        messages,
        float(changed),
        size,
    )
