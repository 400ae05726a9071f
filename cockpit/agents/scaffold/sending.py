"""The text of the scripts that write into an agent's FIFO; `scaffold_scripts` puts the settings in front of them."""

from __future__ import annotations

# The X of the spool's name are the pattern of mktemp(1), which puts characters of its own in their place.
SEND = r"""
[ -d "$directory" ] || finish "$code_no_reader"
private_directory
spool=$(mktemp "$directory/send.XXXXXX") || finish "$code_not_private"
[ "$leading_newline" = 0 ] || printf '\n' >"$spool"
if [ -n "$staged" ]; then
    cat "$directory/send.staged.$staged" >>"$spool" || finish "$code_incomplete"
    rm -f "$directory/send.staged.$staged"
fi
cat >>"$spool"
[ "$(wc -c <"$spool")" -eq "$size" ] || finish "$code_incomplete"
[ -z "$(tail -c 1 "$spool")" ] || finish "$code_incomplete"
take_lock "$lock_naps" || finish "$code_locked"
has_reader || finish "$code_no_reader"
# The lock must last as long as the writer, so signals wait; the writer's own timer must not hold it (busybox has one
# that lives a second longer). The open is part of the bounded wait: it blocks for ever if the reader leaves just now.
trap '' HUP INT PIPE TERM
write='[ -p "$2" ] && exec cat "$1" >"$2"'
if command -v timeout >/dev/null 2>&1; then
    timeout -s KILL "$limit" sh -c "$write" cockpit-send "$spool" "$fifo" >/dev/null 2>&1 9>&-
    code=$?
else
    sh -c "$write" cockpit-send "$spool" "$fifo" >/dev/null 2>&1 9>&- &
    writer=$!
    (
        exec >/dev/null 2>&1 9>&-
        sleep "$limit" &
        sleeper=$!
        trap 'kill "$sleeper"; exit 0' TERM
        wait "$sleeper"
        kill -KILL "$writer"
    ) &
    timer=$!
    wait "$writer"
    code=$?
    kill "$timer" 2>/dev/null
fi
case $code in
0) say written "$size" && finish 0 ;;
137) if has_reader; then finish "$code_not_read"; else finish "$code_left"; fi ;;
*) finish "$code_left" ;;
esac
"""

# What a dropped connection left of another payload goes after an hour.
STAGE = r"""
[ -d "$directory" ] || finish "$code_no_reader"
private_directory
part=$directory/send.staged.$staged
if [ "$offset" = 0 ]; then
    find "$directory" -maxdepth 1 -name 'send.staged.*' -mmin +60 -exec rm -f {} + 2>/dev/null
    : >"$part"
fi
[ "$(wc -c <"$part")" -eq "$offset" ] || finish "$code_incomplete"
cat >>"$part"
[ "$(wc -c <"$part")" -eq "$upto" ] || finish "$code_incomplete"
say written "$upto"
finish 0
"""
