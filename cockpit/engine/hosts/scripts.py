"""The shell scripts that look for agents on a host, make a place for one, freeze one, and take a place away again.

Plain POSIX sh. They touch nothing but what the operator's user owns and, but for the look, one named directory.
"""

from __future__ import annotations

from cockpit.agents.scaffold.launcher import MARK

MOST_PLACES = 200
"""Places of one host that a look tells of."""

PLACE_FILE = "place.json"
"""Beside an agent's FIFO: the labels of its place, which a VM would have on its platform."""

SCAFFOLD = "pi-rpc"
"""The directory of FIFO and output in the home of an agent that was spawned here."""

WHO = """printf '%s@%s\\n' "$(id -un)" "$(uname -n)"
"""
"""Says who one is, and where."""

_HOME = """case $1 in "~/"*) base=$HOME/${1#"~/"} ;; *) base=$1 ;; esac
"""

_AGENT = """pid=
[ ! -f "$directory/pid" ] || pid=$(head -c 20 "$directory/pid" 2>/dev/null)
case $pid in '' | *[!0-9]*) pid= ;; esac
if [ -n "$pid" ] && ! { [ -p "$directory/in" ] && [ "/proc/$pid/fd/0" -ef "$directory/in" ]; }; then pid=; fi
"""

SCAN = f"""{_HOME}shift
tab=$(printf '\\t') feed='
'
printf 'home\\t%s\\nbase\\t%s\\n' "$HOME" "$base"
count=0
look() {{
    directory=$1
    case $directory in *"$tab"* | *"$feed"*) return 0 ;; esac
    [ -d "$directory" ] && [ ! -L "$directory" ] && [ -O "$directory" ] || return 0
    [ -f "$directory/run" ] || [ -p "$directory/in" ] || [ -f "$directory/out" ] || [ -f "$directory/{PLACE_FILE}" ] ||
        return 0
    count=$((count + 1))
    if [ "$count" -gt {MOST_PLACES} ]; then
        [ "$count" -gt {MOST_PLACES + 1} ] || echo more
        return 0
    fi
    {_AGENT}
    state=running line=
    if [ -n "$pid" ] && read -r line <"/proc/$pid/stat"; then
        case ${{line##*) }} in [Tt]*) state=paused ;; esac
    fi 2>/dev/null
    labels=
    [ ! -f "$directory/{PLACE_FILE}" ] || labels=$(head -c 4096 "$directory/{PLACE_FILE}" 2>/dev/null)
    case $labels in *"$tab"* | *"$feed"*) labels=$(printf %s "$labels" | tr '\\n\\t' '  ') ;; esac
    printf 'place\\t%s\\t%s\\t%s\\t%s\\n' "$directory" "$state" "$pid" "$labels"
}}
for found in "$base"/*/{SCAFFOLD}; do look "$found"; done
IFS=
for pattern; do
    case $pattern in "~/"*) pattern=$HOME/${{pattern#"~/"}} ;; esac
    for found in $pattern; do look "$found"; done
done
echo done
"""
"""Looks in `$1/*/pi-rpc` and the patterns behind it. Of a process it believes the FIFO, never a number alone.

For a place it starts two programs at most, but where its labels are on several lines: a busy host has many places, and
is looked at every few seconds."""

MAKE = f"""{_HOME}umask 077
mkdir -p "$base" || exit 1
number=1 home=$base/$2
until mkdir "$home" 2>/dev/null; do
    [ -e "$home" ] || {{ mkdir "$home"; exit 1; }}
    number=$((number + 1))
    [ "$number" -le 99 ] || exit 1
    home=$base/$2-$number
done
mkdir "$home/{SCAFFOLD}" && cat >"$home/{SCAFFOLD}/{PLACE_FILE}" && printf '%s\\n' "$home/{SCAFFOLD}"
"""
"""Makes a home that was not there before, `$1/$2`, with its labels from standard input."""

LABEL = f"""umask 077
cat >"$1/{PLACE_FILE}.new" && mv "$1/{PLACE_FILE}.new" "$1/{PLACE_FILE}"
"""

REMOVE = f"""{_HOME}
case $2 in "$base"/*/{SCAFFOLD}) ;; *) echo "$2 is no place below $base" >&2; exit 1 ;; esac
home=${{2%/{SCAFFOLD}}}
case ${{home#"$base"/}} in */* | .* | '') echo "$2 is no place below $base" >&2; exit 1 ;; esac
[ -f "$2/{PLACE_FILE}" ] && [ ! -L "$home" ] || exit 1
rm -rf "$home"
"""
"""Takes away a home that `MAKE` made a moment ago, for an agent that did not start."""

LISTENER = """port=$(printf %04X "$1") mine=$(id -u) said=none
for file in /proc/net/tcp /proc/net/tcp6; do
    [ -r "$file" ] || continue
    while read -r _ place _ state _ _ _ owner _; do
        case $state$place in
        0A*:"$port") if [ "$owner" = "$mine" ]; then said=ours; else said=theirs; break 2; fi ;;
        esac
    done <"$file"
done
echo "$said"
"""
"""Says whose a port is on which something listens: what the user's own sessions forward is theirs."""

NO_AGENT = 3
"""Exit code of `FREEZE` where no agent's process is there."""

FREEZE = f"""directory=$1 signal=$2
{_AGENT}
[ -n "$pid" ] || exit {NO_AGENT}
read -r line <"/proc/$pid/stat" || exit {NO_AGENT}
set -- ${{line##*) }}
own=$4 sessions=' '
mark=$(tr '\\0' '\\n' <"/proc/$pid/environ" 2>/dev/null | grep '^{MARK}=' | head -n 1)
marked() {{
    [ -n "$mark" ] || return 0
    if printf 'a\\0' | grep -qzxF a 2>/dev/null; then
        grep -lszxF -e "$mark" /proc/[0-9]*/environ
    else
        for file in /proc/[0-9]*/environ; do
            tr '\\0' '\\n' <"$file" 2>/dev/null | grep -qxF -e "$mark" && echo "$file"
        done
    fi
}}
belongs() {{
    case $members in *" $2 "*) return 0 ;; esac
    case $sessions in *" $3 "*) return 0 ;; esac
    case $found in *" $1 "*) return 0 ;; esac
    return 1
}}
kill "-$signal" "$pid" || exit 1
members=" $pid " new=1
while [ -n "$new" ]; do
    new= found=" $(marked | tr -cd '0-9\\n' | tr '\\n' ' ')"
    for file in /proc/[0-9]*/stat; do
        read -r line <"$file" || continue
        process=${{file#/proc/}}
        process=${{process%/stat}}
        case $members in *" $process "*) continue ;; esac
        case $process in $$ | $PPID) continue ;; esac
        set -- ${{line##*) }}
        belongs "$process" "$2" "$4" || continue
        members="$members$process "
        kill "-$signal" "$process" && new=1
        case $4 in 0 | "$own") ;; *) sessions="$sessions$4 " ;; esac
    done
done 2>/dev/null
echo $members
"""
"""Signals the agent's process and all that is its own, the parent first, until nothing new is found: what is below it,
what has its mark in its environment though its parent is gone, and what shares a session that one of those began."""
