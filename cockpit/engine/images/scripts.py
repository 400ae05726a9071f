"""The shell scripts that run a step on a VM apart from any connection: begun once, looked at, and ended if it must be.

Plain POSIX sh. A step's text comes over standard input; its log, its end and the number of its process stand in files
of its own, so that whoever comes back finds it as it is. Each script may be run again at any time.
"""

from __future__ import annotations

STEPS_DIRECTORY = ".swarm/steps"
"""Where the steps' files stand, relative to the home directory; gone before an image is taken."""

_COMMON = f"""
umask 077
directory=$HOME/{STEPS_DIRECTORY}
file=$directory/$1
"""

_LIVES = """
lives() {
    process=$(cat "$file.pid" 2>/dev/null)
    case $process in '' | *[!0-9]*) return 1 ;; esac
    tr '\\000' ' ' <"/proc/$process/cmdline" 2>/dev/null | grep -qF " $file "
}
"""

BEGIN = (
    _COMMON
    + _LIVES
    + r"""
mkdir -p "$directory" || exit 1
if lives; then
    cat >/dev/null
    echo goes on
    exit 0
fi
rm -f "$file.end" "$file.pid"
cat >"$file.sh" || exit 1
: >"$file.log" || exit 1
inner='echo $$ >"$1.pid"
exec >"$1.log" 2>&1
if command -v timeout >/dev/null 2>&1; then timeout -k 5 "$2" sh "$1.sh"; else sh "$1.sh"; fi
echo $? >"$1.end.new"
mv "$1.end.new" "$1.end"'
if command -v setsid >/dev/null 2>&1; then detach=setsid; else detach=nohup; fi
"$detach" sh -c "$inner" cockpit-step "$file" "$2" </dev/null >/dev/null 2>&1 &
tries=0
until [ -s "$file.pid" ] || [ -f "$file.end" ] || [ "$tries" -ge 100 ]; do
    tries=$((tries + 1))
    sleep 0.05 2>/dev/null || sleep 1
done
echo begun
"""
)
"""$1: the step's key. $2: seconds it may take. Standard input: its text."""

LOOK = (
    _COMMON
    + _LIVES
    + r"""
tries=0
while [ ! -f "$file.end" ] && lives && [ "$tries" -lt "$2" ]; do
    tries=$((tries + 1))
    sleep 0.1 2>/dev/null || sleep 1
done
if [ -f "$file.end" ]; then echo "ended $(cat "$file.end")"
elif lives; then echo running
elif [ -f "$file.end" ]; then echo "ended $(cat "$file.end")"
else echo lost; fi
tail -c 4000 "$file.log" 2>/dev/null | grep -v '^[[:space:]]*$' | tail -n "$3"
exit 0
"""
)
"""$1: the step's key. $2: how often to look, ten times a second. $3: how many of its last lines to say."""

END = (
    _COMMON
    + _LIVES
    + r"""
lives || exit 0
for signal in TERM KILL; do
    kill -s "$signal" -- "-$process" 2>/dev/null || kill -s "$signal" "$process" 2>/dev/null
    tries=0
    while lives && [ "$tries" -lt 30 ]; do
        tries=$((tries + 1))
        sleep 0.1 2>/dev/null || sleep 1
    done
done
exit 0
"""
)
"""$1: the step's key."""

CLEAR = f'rm -rf "$HOME/{STEPS_DIRECTORY}"'

_OWN = r"""
# Behind walls /tmp is the sandbox's own, too, and what of the host's programs is shown below its home is read-only.
skipped="-name node_modules -o -name steps"
home=.
if [ "$1" = home ] && [ -n "$COCKPIT_SANDBOX" ] && [ "$HOME" = /root ]; then
    skipped="$skipped -o ! -writable"
    home=". /tmp /var/tmp"
fi
"""
"""Sets what a home's commit holds, and what find(1) leaves out of it."""

LOOK_FOR_SECRETS = (
    r"""
cd "$HOME" || exit 1
"""
    + _OWN
    + r"""
places=$home
[ "$1" = whole ] && places=". /etc /tmp /home /opt /srv /usr/local"
shift
values=$(mktemp) || exit 1
files=$(mktemp) || exit 1
trap 'rm -f "$values" "$files"' EXIT
cat >"$values"
find $places \( $skipped -o -path "$values" -o -path "$files" \) -prune -o -type f -print0 2>/dev/null >"$files"
look() { xargs -0 -r grep -Il "$@" <"$files" 2>/dev/null; }
{
    [ ! -s "$values" ] || look -F -f "$values" --
    for pattern in "$@"; do look -E -e "$pattern" --; done
} | sort -u | head -n 20
exit 0
"""
)
"""$1: `home` or `whole`. Then patterns. Standard input: values that must not be found, a line each."""

USED = (
    _OWN
    + r"""
if [ "$1" = whole ]; then df -Pk / | tail -n 1 | awk '{print $3}'
elif [ "$home" = . ]; then du -sk "$HOME" 2>/dev/null | cut -f 1
else
    find "$HOME" ! -writable -prune -o -type f -exec du -k {} + 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'
fi
"""
)
"""$1: `home` or `whole`; says how many KiB are in use."""
