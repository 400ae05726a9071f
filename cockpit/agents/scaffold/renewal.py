"""Beginning an agent's output file anew when it has grown too large: what it held stays beside it as `out.1`.

The agent keeps the file open, so the file cannot be exchanged: it is copied and truncated. In between nothing may be
written. The lock keeps commands away, and the agent stands still for the last moment; it goes on by itself should this
script be killed. Nothing is truncated unless the file is as long as the one who orders it has read: what was not read
would have to be searched for. Two former files are kept, so that the disk has a bound, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.agents.scaffold import shell
from cockpit.agents.scaffold.answers import ScriptAnswer, fail
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.scaffold.scripts import assign, naps, settings_of

_LOCK_LIMIT = 2.0
"""Seconds to wait for a writer: a command that is just written comes first."""

_RENEW = r"""
# Without the number of the agent nobody can hold it still.
agent=$(agent_process) || agent=''
if has_reader && [ -z "$agent" ]; then say renewed 0; finish 0; fi
take_lock "$lock_naps" || finish "$code_locked"
length() { wc -c <"$1" | tr -d ' '; }
copy=$directory/out.copy frozen='' waker=''
go_on() {
    [ -z "$frozen" ] || kill -CONT "$frozen" 2>/dev/null
    frozen=''
    [ -z "$waker" ] || kill "$waker" 2>/dev/null
    waker=''
}
trap 'go_on; rm -f "$copy"; leave' EXIT
give_up() {
    say renewed 0
    finish 0
}
rm -f "$copy"
[ "$(length "$out")" = "$size" ] || give_up
[ -z "$(tail -c 1 "$out")" ] || give_up
cp "$out" "$copy" 2>/dev/null || give_up
if [ -n "$agent" ]; then
    # Should this script be killed, the agent goes on all the same.
    (
        nap=''
        trap '[ -z "$nap" ] || kill "$nap" 2>/dev/null; trap - EXIT; exit 0' TERM
        trap - EXIT HUP INT
        sleep "$stand_still" &
        nap=$!
        wait "$nap"
        kill -CONT "$agent"
    ) </dev/null >/dev/null 2>&1 9>&- &
    waker=$!
    frozen=$agent
    kill -STOP "$agent" 2>/dev/null || give_up
fi
[ "$(length "$out")" = "$size" ] && [ "$(length "$copy")" = "$size" ] || give_up
[ ! -e "$directory/out.1" ] || mv "$directory/out.1" "$directory/out.2" || give_up
mv "$copy" "$directory/out.1" || give_up
: >"$out"
go_on
say renewed 1
finish 0
"""

_STAND_STILL = 5
"""Seconds after which the agent goes on, whatever became of the script; it stands still for some milliseconds."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """What became of an output file that was to begin anew."""

    renewed: bool
    """False if it is longer than it was when it was read, ends in half a line, or could not be copied."""


def renew_script(paths: AgentPaths, size: int) -> str:
    """Return the script that begins the output file anew, if it has exactly so many bytes."""
    settings = settings_of(paths) + assign(size=str(size), lock_naps=naps(_LOCK_LIMIT), stand_still=str(_STAND_STILL))
    return settings + shell.COMMON + _RENEW


def parse_renewal(exit_code: int, stdout: bytes, stderr: bytes, *, place: str) -> Renewal:
    """Read what a renew script said.

    Raises:
        CockpitError: it did not come to its end, or another writer held the lock.
    """
    answer = ScriptAnswer.read(stdout)
    if exit_code != 0 or answer is None:
        fail("begin the output file anew", place, exit_code, answer, stderr)
    return Renewal(answer.value("renewed") == "1")
