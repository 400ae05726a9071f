"""The text of `beat.sh`, which tells the registry every minute that an agent lives, and once that it ended."""

from __future__ import annotations

from cockpit.agents.reporting.transport import TRANSPORT

FILE = "beat.sh"
"""In the agent's directory. Where it is absent the launcher says nothing of the end: who stopped the agent does."""

INTERVAL = 60.0
"""Seconds between two signs of life; an entry without one for five minutes is stale."""

NOBODY = "none"
"""Stands for a VM that has nothing to ask with: a cockpit gives the signs of life then."""

SCRIPT = r"""#!/bin/sh
# beat.sh PID SECONDS: signs of life while that process lives. beat.sh '' FILE: that it ended, in a file it may write.
limit=5 answer=/dev/null
@TRANSPORT@
[ -n "$base" ] && [ -n "$VERS_VM_ID" ] || exit 0
entry=/registry/vms/$VERS_VM_ID
if [ -z "$1" ]; then
    printf '{"status":"stopped"}' >"$2"
    ask PATCH "$entry" "$2" >/dev/null 2>&1
    rm -f "$2"
    exit 0
fi
sleeper=''
trap '[ -z "$sleeper" ] || kill "$sleeper" 2>/dev/null; exit 0' HUP INT TERM
while :; do
    sleep "$2" &
    sleeper=$!
    wait "$sleeper"
    kill -0 "$1" 2>/dev/null || exit 0
    ask POST "$entry/heartbeat" >/dev/null 2>&1
done
"""


def beat_script() -> str:
    """Return the script."""
    return SCRIPT.replace("@TRANSPORT@", TRANSPORT.strip())
