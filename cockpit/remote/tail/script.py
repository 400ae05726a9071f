"""The shell script that reads a file on the VM from a checked position, and the words it exchanges with us.

It runs under dash, bash, zsh's sh and busybox, leaves no file behind, and costs the same for 1 KB and 1 GB: positions
are reached by seeking (`dd bs=1 skip=N count=0` moves the offset that `head` then reads from).

What it prints on standard output starts with a random marker, so that noise of rc files before it can be skipped:

    MARKER missing WHY         no regular, readable file is there (yet); it waits for `look`
    MARKER opened DEVICE INODE SIZE START RESUMED REASON HEAD-LENGTH AGE FOLLOWER GUARD INTERPRETER
    ...                        the HEAD-LENGTH first bytes of the file; then its bytes from up to 4096 before START
                               on, as frames (see `filtering`) if an INTERPRETER runs a filter, plain if it is `none`;
                               AGE is the seconds since the file was last written, by the VM's own clock, or `-`

A start must be cheap, since a relaunch starts hundreds: the script compares inode and size, and the digests of the
head and of the bytes before START are taken and compared by us, who need those bytes anyway.

It then obeys lines on its standard input:

    heartbeat                  we are still there; if what follows the file has ended, MARKER ended on standard error
    look                       try again to open a missing file
    check PROOF                is the content still the one that was read? The answer comes on standard error:
                               MARKER check STATE VERDICT READER
    rest PROOF OFFSET LIMIT    stop following; MARKER rest STATE VERDICT COUNT, and COUNT bytes from OFFSET of the
                               opened file, even when its name has gone

PROOF is five words: an offset, a length and the digest of so many bytes before it, a length and the digest of the
file's head. STATE is `same`, `other` or `missing`: what the name means now, compared with the opened file. VERDICT is
`ok`, `truncated` or `rewritten`. Without a line for SILENCE_LIMIT seconds, or at the end of input, the script and all
its children end: a reader never outlives a link for long, not even a half-open one.

Following is left to GNU tail where there is one. It reports a truncated, removed or replaced file on its standard
error, which goes to the same stream at the exact position. Such a report starts with the program's name as it was
called, and it is called under a random equivalent path (`/././/./usr/bin/tail`): a file's content cannot contain it.
Everywhere else a loop of `cat` on the open descriptor does the same and reports in the same words.

Behind GNU tail runs a guard (see `guard`) where there is perl: GUARD is `guarded` or `unguarded`. A filter reads the
output where perl or else node is installed and takes the program; without GNU tail there is none.
Such a pipeline outlives nothing: all of it ends with tail, and tail with the script (`--pid`) or with its reader.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from cockpit.remote.ssh.shell import command_line
from cockpit.remote.tail.cursor import Cursor
from cockpit.remote.tail.filter import FilterProgram
from cockpit.remote.tail.guard import GUARD

SILENCE_LIMIT = 45
"""Seconds without a word from us after which the script ends: three heartbeats."""

_COMMENT = re.compile(r"^(?:[ \t]*#.*)?\n|^[ \t]+", re.MULTILINE)

_SCRIPT = r"""
mark=$1 mask=$2 path=$3 interval=$4 patience=$5 from=$6 inode=$7 offset=$8 guard_program=$9
shift 9
perl_program=$1 node_program=$2
case $path in "~/"*) path=$HOME/${path#"~/"} ;; esac
LC_ALL=C
export LC_ALL
unset POSIXLY_CORRECT NODE_OPTIONS PERL5OPT PERL5LIB PERL_UNICODE
main=$$ reader= dog= stop=TERM

leave() {
  trap - EXIT
  [ -z "$reader" ] || kill -$stop "$reader" 2>/dev/null
  [ -z "$dog" ] || kill "$dog" 2>/dev/null
  exit 0
}
# A child that is signalled before it set its own traps must not act on inherited ones: forks happen without them.
armed() { trap leave EXIT; }
disarmed() { trap - EXIT; }
trap "" USR1
armed

# The dog ends everything when no line came for too long. A line reaches it as USR1, which interrupts its wait. It knows
# the reader that was there when it was started, so it is started anew with each reader.
watch() {
  heard=
  trap 'heard=1' USR1
  trap '[ -z "$nap" ] || kill "$nap" 2>/dev/null; exit 0' TERM
  while :; do
    heard= nap=
    sleep "$patience" & nap=$!
    wait "$nap" 2>/dev/null
    [ -n "$heard" ] || break
    kill "$nap" 2>/dev/null
    wait "$nap" 2>/dev/null
  done
  read -r _ _ _ parent _ </proc/self/stat
  [ "$parent" = "$main" ] || exit 0
  [ -z "$reader" ] || kill -$stop "$reader" 2>/dev/null
  kill "$main" 2>/dev/null
}
guard() {
  [ -z "$dog" ] || kill "$dog" 2>/dev/null
  disarmed
  ( watch ) </dev/null >/dev/null 2>&1 3<&- &
  dog=$!
  armed
}

piece() { { dd bs=1 skip="$1" count=0 2>/dev/null; head -c "$2"; } </proc/self/fd/3; }
sum() { set -- $(piece "$1" "$2" | sha256sum); echo "${1:--}"; }
state() {
  if [ ! -e "$path" ]; then echo missing
  elif [ /proc/self/fd/3 -ef "$path" ]; then echo same
  else echo other
  fi
}
running() {
  { read -r _ _ alive _ <"/proc/$reader/stat"; } 2>/dev/null || alive=Z
  [ "$alive" != Z ]
}
prove() {
  if [ "$(stat -L -c %s /proc/self/fd/3)" -lt "$1" ]; then echo truncated
  elif [ "$(sum 0 "$proof_head")" != "$proof_head_digest" ]; then echo rewritten
  elif [ "$(sum $((proof - proof_length)) "$proof_length")" != "$proof_digest" ]; then echo rewritten
  else echo ok
  fi
}

# Says where reading starts: sets start, resumed and reason.
choose() {
  start=0 resumed=0 reason=new
  case $from in
  cursor)
    if [ "$here" != "$inode" ]; then reason=replaced
    elif [ "$size" -lt "$offset" ]; then reason=truncated
    else start=$offset resumed=1 reason=same
    fi ;;
  beginning) ;;
  *)
    back=$from
    while [ "$back" -lt "$size" ]; do
      skipped=$(piece $((size - back)) "$back" | head -n 1 | wc -c)
      if [ "$skipped" -lt "$back" ]; then start=$((size - back + skipped)) reason=end; break; fi
      back=$((back * 4))
    done ;;
  esac
}

# A child in the background can be ended at once, also one that is stuck in a write.
child() { "$@" <&3 & busy=$!; wait "$busy"; busy=; }
follow_plainly() {
  busy=
  trap '[ -z "$busy" ] || { kill "$busy" 2>/dev/null; wait "$busy" 2>/dev/null; }; exit 0' TERM
  dd bs=1 skip="$1" count=0 <&3 2>/dev/null
  while :; do
    child cat
    now=$(state)
    while read -r name at; do [ "$name" != pos: ] || break; done </proc/self/fdinfo/3
    if [ "$(stat -L -c %s /proc/self/fd/3)" -lt "$at" ]; then echo "$mask/tail: file truncated"; exit 0; fi
    if [ "$now" != same ]; then echo "$mask/tail: file is $now"; exit 0; fi
    child sleep "$pause"
  done
}

follow() {
  pause=$interval
  [ "$interval" != notify ] || pause=0.2
  if [ "$follower" = plain ]; then
    disarmed
    ( follow_plainly "$1" ) </dev/null 2>/dev/null & reader=$!
    armed
    return
  fi
  stop=KILL
  if [ "$interval" = notify ]; then set -- "$1" -s "$pause"
  else set -- "$1" -s "$pause" ---disable-inotify --max-unchanged-stats=1
  fi
  bytes=$(($1 + 1))
  shift
  if [ "$interpreter $guard" = "none unguarded" ]; then
    "$mask$tail" -c +$bytes -F "$@" -- "$path" </dev/null 2>&1 3<&- & reader=$!
    return
  fi
  disarmed
  if [ "$interpreter" = none ]; then
    "$mask$tail" -c +$bytes --pid=$main -F "$@" -- "$path" </dev/null 2>&1 3<&- |
      perl -e "$guard_program" "$mask" $((bytes - 1)) & reader=$!
  elif [ "$guard" = unguarded ]; then
    "$mask$tail" -c +$bytes --pid=$main -F "$@" -- "$path" </dev/null 2>&1 3<&- |
      "$interpreter" -e "$program" "$mask" "$context" "$start" 3<&- & reader=$!
  else
    "$mask$tail" -c +$bytes --pid=$main -F "$@" -- "$path" </dev/null 2>&1 3<&- |
      perl -e "$guard_program" "$mask" $((bytes - 1)) |
      "$interpreter" -e "$program" "$mask" "$context" "$start" 3<&- & reader=$!
  fi
  armed
}

# Says what runs the filter, an interpreter that is there and takes the program, and whether the guard can run.
interpret() {
  interpreter=none guard=unguarded
  [ -z "$guard_program" ] || [ "$follower" != gnu ] ||
    ! perl -ce "$guard_program" </dev/null >/dev/null 2>&1 || guard=guarded
  [ -n "$perl_program$node_program" ] && [ "$follower" = gnu ] || return
  if perl -ce "$perl_program" </dev/null >/dev/null 2>&1; then interpreter=perl program=$perl_program
  elif node -e 'Function("require", process.argv[1])' "$node_program" </dev/null >/dev/null 2>&1; then
    interpreter=node program=$node_program
  fi
}

# Says whether tail is GNU's. A program of its own that is no link to a box of many is; any other is asked.
recognize() {
  follower=plain tail=
  IFS=:
  for place in $PATH; do
    if [ -f "$place/tail" ] && [ -x "$place/tail" ]; then tail=$place/tail; break; fi
  done
  unset IFS
  case $tail in /*) ;; *) return ;; esac
  if [ -h "$tail" ] || [ "$tail" -ef /bin/busybox ] || [ "$tail" -ef /usr/bin/busybox ] ||
    [ "$tail" -ef /usr/bin/coreutils ]; then
    case $("$tail" --version 2>/dev/null </dev/null) in *GNU*) follower=gnu ;; esac
  else follower=gnu
  fi
}

look() {
  if [ ! -e "$path" ]; then echo "$mark missing absent"; return; fi
  if [ ! -f "$path" ]; then echo "$mark missing not-a-file"; return; fi
  if [ ! -r "$path" ]; then echo "$mark missing unreadable"; return; fi
  exec 3<"$path" || exit 1
  set -- $(stat -L -c "%d %i %s %Y" /proc/self/fd/3)
  device=$1 here=$2 size=$3 written=$4
  age=$(($(date +%s) - written)) || age=-
  choose
  length=4096
  [ "$size" -ge "$length" ] || length=$size
  context=4096
  [ "$start" -ge "$context" ] || context=$start
  recognize
  interpret
  echo "$mark opened $device $here $size $start $resumed $reason $length $age $follower $guard $interpreter"
  [ "$length" -eq 0 ] || head -c "$length" </proc/self/fd/3
  follow $((start - context))
}

command -v sha256sum >/dev/null || { echo "$mark lacks sha256sum"; exit 0; }
look
guard
while read -r word proof proof_length proof_digest proof_head proof_head_digest rest_offset limit; do
  kill -USR1 "$dog" 2>/dev/null || guard
  case $word in
  heartbeat)
    [ -z "$reader" ] || running || echo "$mark ended" >&2 ;;
  look)
    [ -n "$reader" ] || { look; [ -z "$reader" ] || guard; } ;;
  check)
    running && alive=running || alive=dead
    echo "$mark check $(state) $(prove "$proof") $alive" >&2 ;;
  rest)
    if [ -n "$reader" ]; then
      kill -$stop "$reader" 2>/dev/null
      wait "$reader" 2>/dev/null
      reader=
    fi
    now=$(state)
    found=$(prove "$rest_offset")
    count=0
    [ "$found" != ok ] || count=$(($(stat -L -c %s /proc/self/fd/3) - rest_offset))
    [ "$count" -le "$limit" ] || count=$limit
    echo "$mark rest $now $found $count"
    [ "$count" -eq 0 ] || piece "$rest_offset" "$count" ;;
  esac
done
"""


_SENT = _COMMENT.sub("", _SCRIPT)
"""What travels: without the comments and the indentation, which every shell on the way would read."""


@dataclass(frozen=True, slots=True)
class TailCommand:
    """A started script's command line and the two random words that mark its own speech."""

    line: str
    marker: bytes
    mask: bytes


def tail_command(
    path: str,
    cursor: Cursor | None,
    *,
    last_bytes: int | None,
    polling: float | None,
    patience: float = SILENCE_LIMIT,
    filtering: FilterProgram | None = None,
    guarded: bool = True,
) -> TailCommand:
    """Return the command that reads `path` from a cursor, from the last bytes, or from the beginning.

    Args:
        path: absolute, or relative to where the login shell starts, or `~/` and relative to the user's home.
        cursor: where to go on; if the file is another or shorter the script starts at 0 and says why.
        last_bytes: without a cursor, start at the first line that begins in these last bytes; None is the beginning.
        polling: seconds between two looks at the file, or None to be woken by the kernel.
        patience: seconds without a line from us after which the script ends.
        filtering: what the file's lines go through where the VM can run it.
        guarded: let the guard stand between, where the VM can run it.
    """
    marker = f"cockpit-{secrets.token_hex(16)}"
    mask = "/" + f"{secrets.randbits(96):096b}".replace("0", "./").replace("1", "/") + "."
    if cursor is not None:
        position = ["cursor", cursor.identity.inode, cursor.offset]
    else:
        position = ["beginning" if last_bytes is None else last_bytes, 0, 0]
    interval = "notify" if polling is None else f"{polling:g}"
    # A name that starts with a dash must not be taken for an option.
    safe_path = path if path.startswith(("/", "~/")) else f"./{path}"
    words = [marker, mask, safe_path, interval, f"{patience:g}", *map(str, position)]
    words.append(GUARD if guarded else "")
    words += [filtering.perl_program, filtering.node_program] if filtering is not None else ["", ""]
    line = command_line(_SENT, *words, name="cockpit-tail")
    return TailCommand(line, marker.encode(), mask.encode())
