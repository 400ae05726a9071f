"""The scripts that work on files with the VM's shell: POSIX sh, and stat, find, xargs, sha256sum of GNU or busybox.

A path travels as an argument in the notation of `printf %b`: it may hold any byte, a command none but those of UTF-8.
"""

from __future__ import annotations

MISSING = 60
"""There is nothing under the path."""
REFUSED = 61
"""It cannot be used; standard error says why."""
OTHER_KIND = 62
"""It is of another kind than was asked for."""
CHANGED = 63
"""What is there is not what was expected."""

# Without the full stop a line feed at the end of a path would go.
PATH = """file=$(printf '%b.' "$1")
file=${file%.}
"""

_EXISTS = f"""[ -e "$file" ] || [ -L "$file" ] || {{ echo "no such file or directory" >&2; exit {MISSING}; }}
"""
_IS_FILE = f"""{_EXISTS}[ -f "$file" ] || exit {OTHER_KIND}
"""

REAL = f"""{PATH}if [ -d "$file" ]; then cd -- "$file" || exit {REFUSED}; pwd -P; exit; fi
said=$(readlink -f -- "$file" && echo .) || exit {MISSING}
printf '%s' "${{said%.}}"
"""

STATUS = f"""{PATH}stat -L -c '%f %s %Y' -- "$file" && exit
{_EXISTS}exit {REFUSED}
"""
STATUS_OF_LINK = STATUS.replace("stat -L", "stat")

TARGET = f"""{PATH}{_EXISTS}[ -L "$file" ] || exit {OTHER_KIND}
readlink -- "$file"
"""

# A name holds no slash, so one ends it whatever else it holds. The last name may be cut: then it names nothing.
ENTRIES = f"""{PATH}{_EXISTS}[ -d "$file" ] || exit {OTHER_KIND}
cd -- "$file" && [ -r . ] || {{ echo "it may not be read" >&2; exit {REFUSED}; }}
all() {{ find . -mindepth 1 -maxdepth 1 -print0 2>/dev/null; }}
echo "$(($(all | tr -dc '\\000' | wc -c)))"
[ "$2" -eq 0 ] || all | head -c "$2" | xargs -0 -r stat -c '%f %s %Y %n/' -- 2>/dev/null
exit 0
"""

OPEN = f"""{PATH}{_IS_FILE}exec 3<"$file" || exit {REFUSED}
stat -L -c '%d:%i %f %s %Y' /proc/self/fd/3
"""

# dd moves the shared offset without reading (`bs=1 count=0`), so that a piece costs the same wherever it is.
READ = f"""{PATH}[ -f "$file" ] || exit {CHANGED}
exec 3<"$file" || exit {REFUSED}
[ "$(stat -L -c '%d:%i' /proc/self/fd/3)" = "$2" ] || exit {CHANGED}
{{ dd bs=1 skip="$3" count=0 2>/dev/null; head -c "$4"; }} <&3
"""

CREATE = f"""{PATH}umask 077
set -C
true >"$file" || exit {REFUSED}
"""

APPEND = f"""{PATH}[ -f "$file" ] && [ ! -L "$file" ] || exit {OTHER_KIND}
[ "$(stat -c %s -- "$file")" = "$2" ] || exit {CHANGED}
cat >>"$file" || exit {REFUSED}
[ "$(stat -c %s -- "$file")" = "$(($2 + $3))" ] || {{ echo "it took less than it was given" >&2; exit {REFUSED}; }}
"""

DIGEST = f"""{PATH}{_IS_FILE}[ -r "$file" ] || {{ echo "it may not be read" >&2; exit {REFUSED}; }}
if [ -n "$2" ]; then head -c "$2" <"$file"; else cat <"$file"; fi | sha256sum
"""

# Arguments: part, target, digest, mode, whether something is expected, what. A file hands on its mode and its owner.
PLACE = f"""{PATH}part=$file
set -- "$2" "$3" "$4" "$5" "$6"
{PATH}sum() {{ set -- $(sha256sum <"$1"); echo "$1"; }}
[ -f "$part" ] && [ ! -L "$part" ] && [ "$(sum "$part")" = "$2" ] || exit {CHANGED}
[ ! -d "$file" ] || exit {OTHER_KIND}
if [ "$4" = expect ]; then
  if [ -z "$5" ]; then [ ! -e "$file" ] && [ ! -L "$file" ] || exit {CHANGED}
  else [ -f "$file" ] && [ "$(sum "$file")" = "$5" ] || exit {CHANGED}; fi
fi
mode=$3
if [ -f "$file" ]; then
  mode=$(stat -L -c %a -- "$file")
  chown "$(stat -L -c %u:%g -- "$file")" "$part" 2>/dev/null
fi
chmod "$mode" "$part" || exit {REFUSED}
sync "$part" 2>/dev/null || sync
mv -f "$part" "$file" || exit {REFUSED}
sync "$(dirname -- "$file")" 2>/dev/null || :
"""

MAKE_DIRECTORY = f"""{PATH}[ ! -d "$file" ] || exit 0
[ ! -e "$file" ] && [ ! -L "$file" ] || exit {OTHER_KIND}
mkdir -- "$file" || [ -d "$file" ] || exit {REFUSED}
"""

REMOVE = f"""{PATH}rm -f -- "$file" || exit {REFUSED}
"""


def escaped(path: bytes) -> str:
    r"""Return a path as `printf %b` reads it: all but plain characters as `\0` and three octal digits."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else f"\\0{byte:03o}" for byte in path)
