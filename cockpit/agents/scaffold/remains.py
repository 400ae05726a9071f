"""What of a VM is nowhere else: git work that was not pushed, files in no repository, what runs beside the scaffold.

One script that changes nothing, over the link there is. It ends by itself: what there was no time for is said. What
runs is told by the agent's own marks (its VM's id in the environment, its children, its workspace), so that neither the
system's daemons nor, where sandboxes share a machine, another VM's processes are taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.agents.scaffold import shell
from cockpit.agents.scaffold.answers import ScriptAnswer, fail
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.scaffold.scripts import assign, settings_of
from cockpit.model.loss import Remains, Repository

SCRIPT_LIMIT = 8
"""Seconds the script works at most; the connection is given some more."""

MOST_REPOSITORIES = 30
MOST_FILES = 1000
MOST_PROCESSES = 50

_REMAINS = r"""
began=$(date +%s)
in_time() { [ $(($(date +%s) - began)) -lt "$script_limit" ]; }
# A command that hangs, on a dead mount or a huge repository, costs its own answer and not the others'.
if timeout 5 true >/dev/null 2>&1; then bounded='timeout 5'; else bounded=''; fi
one_line() { tr '\n\r\t' '???' | cut -c 1-300; }

# --- what runs, beside agent and scaffold: before anything that leaves a timer behind.
agent=$(agent_process || cut_off_process) || agent=''
# The heartbeats are the scaffold's, with what they start.
beats=$(cat "$directory/beats" 2>/dev/null) || beats=''
work=$(cd "$workspace" 2>/dev/null && pwd -P) || work=''
[ "$work" != "$(cd "$HOME" && pwd -P)" ] || work=''
# Some read a line no further than its first NUL.
by_nul=''
if printf 'a\0b\0' | grep -qzx b 2>/dev/null; then by_nul=-z; fi
# One line for each fact, a few programs for all processes: name and place may hold anything but a line's end.
facts() {
    # A machine may give the first to whoever logs in, readers of ours too; the second is an agent's and its programs'.
    grep -l $by_nul -F "VERS_VM_ID=$vm_id" /proc/[0-9]*/environ |
        xargs grep -l $by_nul -F VERS_AGENT_NAME= /dev/null | sed 's#^/proc/\([0-9]*\)/.*#mark \1#'
    ls -l /proc/[0-9]*/cwd | sed -n 's#^.* /proc/\([0-9]*\)/cwd -> #place \1 #p'
    cat /proc/[0-9]*/stat |
        sed -n 's/^\([0-9]*\) (\(.*\)) [A-Za-z] \([0-9]*\) [-0-9]* \([-0-9]*\) .*/process \1 \3 \4 \2/p'
}
# This script's session is not what runs there.
belonging='
$1 == "mark" { mine[$2] = 1 }
$1 == "place" { at = $0; sub(/^place [0-9]* /, "", at); if (work != "" && index(at "/", work "/") == 1) mine[$2] = 1 }
$1 == "process" { parent[$2] = $3; session[$2] = $4; name[$2] = $5 }
END {
    for (one in parent) {
        found = (one in mine)
        above = parent[one]
        for (depth = 0; agent != "" && !found && above > 1 && depth < 40; depth++) {
            if (above == agent) found = 1
            above = parent[above]
        }
        scaffold = one == agent || (agent in parent && one == parent[agent]) || name[one] ~ /^tmux/
        if (beats != "" && (one == beats || parent[one] == beats)) scaffold = 1
        if (found && !scaffold && session[one] != session[self]) print one
    }
}'
number=0
belonging() { awk -v self=$$ -v agent="$agent" -v beats="$beats" -v work="$work" "$belonging"; }
for process in $(facts 2>/dev/null | belonging | sort -n); do
    [ ! "/proc/$process/fd/1" -ef "$fifo" ] || continue
    line=$(tr '\0' ' ' <"/proc/$process/cmdline" 2>/dev/null | one_line | cut -c 1-120)
    case $line in
    # It has ended, or is the timer that busybox leaves behind of another look, or a look at what changed.
    '' | 'timeout 5 git --no-optional-locks'* | 'timeout 5 find . -maxdepth 5'* | 'git -c cockpit.look=1 '*) continue ;;
    esac
    number=$((number + 1))
    if [ "$number" -gt "$most_processes" ]; then
        say more_processes 1
        break
    fi
    say "process.$number" "$line"
done
command -v awk >/dev/null 2>&1 || say no_processes 'awk is not there'

# --- git: every repository of the workspace and of the home, no matter how it came there.
repositories() {
    for root in "$workspace" "$HOME"; do
        (
            cd "$root" 2>/dev/null || exit 0
            here=$(pwd -P)
            find . -maxdepth 5 \( -name node_modules -o -name '.?*' ! -name .git \) -prune -o -name .git -print -prune \
                2>/dev/null | while IFS= read -r found; do
                found=${found#./}
                case $found in
                .git) printf '%s\n' "$here" ;;
                *) printf '%s/%s\n' "${here%/}" "${found%/.git}" ;;
                esac
            done
        )
    done | sort -u | head -n $((most_repositories + 1))
}
plain_git() { $bounded git --no-optional-locks -c core.fsmonitor=false -C "$place" "$@" 2>/dev/null; }
home=$(cd "$HOME" && pwd -P)
number=0
repositories | while IFS= read -r place; do
    number=$((number + 1))
    if [ "$number" -gt "$most_repositories" ]; then
        say more_repositories 1
        break
    fi
    case $place/ in "${home%/}"/*) shown="~${place#"${home%/}"}" ;; *) shown=$place ;; esac
    say "repository.$number.path" "$(printf '%s' "$shown" | one_line)"
    if ! command -v git >/dev/null 2>&1; then say "repository.$number.fault" 'git is not there'; continue; fi
    if ! in_time; then say "repository.$number.fault" 'there was no time for it'; continue; fi
    if ! changed=$(plain_git status --porcelain); then
        fault=$(git -C "$place" rev-parse --git-dir 2>&1 >/dev/null | head -n 1 | one_line)
        say "repository.$number.fault" "${fault:-git did not answer in time}"
        continue
    fi
    say "repository.$number.uncommitted" "$(printf '%s' "$changed" | grep -c '' )"
    head=''
    if plain_git rev-parse -q --verify HEAD >/dev/null; then head=HEAD; fi
    if unpushed=$(plain_git rev-list --count $head --branches --not --remotes); then
        say "repository.$number.unpushed" "$unpushed"
    else
        say "repository.$number.fault" 'git did not count its commits in time'
    fi
    say "repository.$number.stashed" "$(plain_git stash list | grep -c '')"
    say "repository.$number.remotes" "$(plain_git remote | grep -c '')"
done

# --- files of the workspace that no repository holds.
if [ -d "$workspace" ] && in_time; then
    say loose "$(cd "$workspace" && $bounded find . -maxdepth 5 \( -name node_modules -prune \) -o \
        \( -type d -exec test -e '{}/.git' \; -prune \) -o -type f -print 2>/dev/null | head -n "$most_files" |
        grep -c '')"
elif [ -d "$workspace" ]; then
    say no_time 'files in no repository'
fi

finish 0
"""


def remains_script(paths: AgentPaths, vm_id: str) -> str:
    """Return the script that looks for what is on a VM alone; it changes nothing and ends within `SCRIPT_LIMIT`."""
    settings = settings_of(paths) + assign(
        vm_id=vm_id,
        script_limit=str(SCRIPT_LIMIT - 2),
        most_repositories=str(MOST_REPOSITORIES),
        most_files=str(MOST_FILES),
        most_processes=str(MOST_PROCESSES),
    )
    return settings + shell.COMMON + _REMAINS


def parse_remains(exit_code: int, stdout: bytes, stderr: bytes, *, place: str) -> Remains:
    """Read what the script found.

    Raises:
        CockpitError: it did not come to its end; nothing is known then.
    """
    answer = ScriptAnswer.read(stdout)
    if exit_code != 0 or answer is None:
        fail("look for unsaved work", place, exit_code, answer, stderr)
    processes = _numbered(answer, r"process\.(\d+)")
    return Remains(
        tuple(_repository(answer, number) for number in _numbered(answer, r"repository\.(\d+)\.path")),
        answer.number("loose") or 0,
        tuple(answer.value(f"process.{number}").strip() for number in processes),
        tuple(_unknown(answer)),
    )


def _numbered(answer: ScriptAnswer, pattern: str) -> list[int]:
    return sorted(int(found[1]) for key in answer.values if (found := re.fullmatch(pattern, key)))


def _repository(answer: ScriptAnswer, number: int) -> Repository:
    head = f"repository.{number}"
    return Repository(
        answer.value(f"{head}.path"),
        answer.number(f"{head}.uncommitted"),
        answer.number(f"{head}.unpushed"),
        answer.number(f"{head}.stashed") or 0,
        answer.value(f"{head}.remotes") != "0",
    )


def _unknown(answer: ScriptAnswer) -> Iterator[str]:
    for number in _numbered(answer, r"repository\.(\d+)\.path"):
        if fault := answer.value(f"repository.{number}.fault"):
            yield f"the work in {answer.value(f'repository.{number}.path')}: {fault}"
    if answer.value("more_repositories"):
        yield f"repositories beyond the first {MOST_REPOSITORIES}"
    if answer.value("more_processes"):
        yield f"processes beyond the first {MOST_PROCESSES}"
    if fault := answer.value("no_processes"):
        yield f"what runs there: {fault}"
    if late := answer.value("no_time"):
        yield f"{late}: there was no time for it"
