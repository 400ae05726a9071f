"""Where pi keeps conversations, and how a copied VM's becomes its own."""

from __future__ import annotations

from cockpit.agents.scaffold.layout import AgentPaths, shell_path

_OWN = """here=$(pwd -P)
sessions=$HOME/.pi/agent/sessions
own=$sessions/--$(printf '%s' "${here#/}" | sed 's#[/:]#-#g')--
"""
"""Sets where pi keeps the sessions of the working directory."""


def has_conversation_script(paths: AgentPaths) -> str:
    """Return the script that fails if pi has written no session of this VM's workspace."""
    return f"""
cd {shell_path(paths.workspace)} || exit 0
{_OWN}ls "$own"/*.jsonl >/dev/null 2>&1
"""


def move_conversation_script(paths: AgentPaths) -> str:
    """Return the script that makes the newest conversation of pi one of this VM's workspace.

    pi keeps sessions in a directory named after the working directory, which stands in the first line of each, too
    (badlogic/pi-mono, packages/coding-agent/src/core/session-manager.ts). In a copy whose home lies elsewhere both
    still name the original's: pi would find no session to continue, or work in the original's files.
    """
    return f"""
mkdir -p {shell_path(paths.workspace)} && cd {shell_path(paths.workspace)} || exit 1
{_OWN}newest=$(ls -t "$sessions"/*/*.jsonl 2>/dev/null | head -n 1)
[ -n "$newest" ] || exit 0
[ "${{newest%/*}}" != "$own" ] || exit 0
mkdir -p "$own" || exit 1
escaped=$(printf '%s' "$here" | sed 's/[\\\\&#]/\\\\&/g')
sed '1s#"cwd":"[^"]*"#"cwd":"'"$escaped"'"#' "$newest" >"$own/${{newest##*/}}" && rm -f "$newest"
"""
