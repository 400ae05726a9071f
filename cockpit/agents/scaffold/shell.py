"""The text of the scaffold's shell scripts; `scaffold_scripts` puts the settings in front of them.

Plain POSIX sh as dash, bash and busybox understand it. Everything that varies is a variable set by quoted assignments
before the text, or one of the `@WORDS@` that `scaffold_scripts` replaces by quoted words.
"""

COMMON = r"""
fifo=$directory/in out=$directory/out err=$directory/err
mask=$(umask)
umask 077
unset TMUX
PATH=$PATH:$HOME/.local/bin:$HOME/.npm-global/bin:$fallback_path
export PATH
lock_held='' spool=''
leave() {
    [ -z "$spool" ] || rm -f "$spool"
    [ -z "$lock_held" ] || rm -rf "$directory/lock.d"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
finish() {
    printf '%s\n' "$end"
    exit "$1"
}
say() { printf '%s=%s\n' "$1" "$2"; }
nap() { sleep "$nap" 2>/dev/null || sleep 1; }
# The pane or background process must not inherit the lock, or it would hold it for its whole life.
without_lock() { ( umask "$mask"; exec "$@" 9>&- ); }

reads_fifo() { [ "/proc/$1/fd/0" -ef "$fifo" ]; }

# Prints the process number of the agent; fails if nobody has the FIFO as standard input.
agent_process() {
    [ -p "$fifo" ] || return 1
    known=$(cat "$directory/pid" 2>/dev/null)
    case $known in
    '' | *[!0-9]*) ;;
    *) if reads_fifo "$known"; then echo "$known"; return 0; fi ;;
    esac
    for process in /proc/[0-9]*; do
        if reads_fifo "${process#/proc/}"; then echo "${process#/proc/}"; return 0; fi
    done
    return 1
}

# Prints the process number of an agent whose FIFO was removed or replaced: it lives, and nobody can reach it.
cut_off_process() {
    known=$(cat "$directory/pid" 2>/dev/null)
    case $known in '' | *[!0-9]*) return 1 ;; esac
    removed="$(cd "$directory" && pwd -P)/in (deleted)"
    [ "$(readlink "/proc/$known/fd/0" 2>/dev/null)" = "$removed" ] && echo "$known"
}

# Opening without blocking fails with ENXIO if no process has the FIFO open for reading, whichever descriptor it uses.
opened_by_anyone() {
    [ -p "$fifo" ] || return 1
    if answer=$(LC_ALL=C dd if=/dev/null of="$fifo" oflag=nonblock conv=notrunc count=0 2>&1); then return 0; fi
    case $answer in *'No such device'*) return 1 ;; esac
    if command -v perl >/dev/null 2>&1; then
        perl -MFcntl -e 'exit !sysopen(my $f, $ARGV[0], O_WRONLY | O_NONBLOCK)' "$fifo" 2>/dev/null
    elif command -v python3 >/dev/null 2>&1; then
        python3 -c 'import os, sys; os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)' "$fifo" 2>/dev/null
    else
        return 1
    fi
}

has_reader() { agent_process >/dev/null || opened_by_anyone; }

# Waits for the lock at most $1 naps. Closing descriptor 9, however it comes about, gives it back.
take_lock() {
    tries=0
    if command -v flock >/dev/null 2>&1; then
        exec 9>"$directory/lock"
        until flock -n 9; do
            [ "$tries" -lt "$1" ] || return 1
            tries=$((tries + 1))
            nap
        done
        return 0
    fi
    until mkdir "$directory/lock.d" 2>/dev/null; do
        [ "$tries" -lt "$1" ] || return 1
        tries=$((tries + 1))
        drop_stale_lock
        nap
    done
    lock_held=1
    echo $$ >"$directory/lock.d/owner"
}

# Only one process at a time may judge a lock directory, or it could remove the one a faster process has just taken.
drop_stale_lock() {
    if ! mkdir "$directory/lock.judge" 2>/dev/null; then
        find "$directory/lock.judge" -maxdepth 0 -mmin +1 -exec rmdir {} \; 2>/dev/null
        return 0
    fi
    owner=$(cat "$directory/lock.d/owner" 2>/dev/null)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
        rm -rf "$directory/lock.d"
    elif [ -n "$(find "$directory/lock.d" -maxdepth 0 -mmin +2 2>/dev/null)" ]; then
        rm -rf "$directory/lock.d"
    fi
    rmdir "$directory/lock.judge" 2>/dev/null
    return 0
}

say_errors() {
    [ ! -f "$err" ] || tail -c 16384 "$err" | tail -n "$error_lines" | sed 's/^/error=/'
    echo
}
say_run() {
    [ ! -f "$directory/run" ] || say run "$(head -n 1 "$directory/run")"
    case $(cat "$directory/exit" 2>/dev/null) in
    '' | *[!0-9]*) ;;
    *) say exit "$(cat "$directory/exit")" ;;
    esac
}
has_session() { command -v tmux >/dev/null 2>&1 && tmux has-session -t "=$1" 2>/dev/null; }
end_session() { ! has_session "$1" || tmux kill-session -t "=$1" 2>/dev/null; }
# Says whether the FIFO is held open for writing, so that the agent does not meet the end of its input.
keeper_process() {
    [ -p "$fifo" ] || return 1
    keeper=$(cat "$directory/keeper" 2>/dev/null)
    case $keeper in
    '' | *[!0-9]*) ;;
    *) if [ "/proc/$keeper/fd/1" -ef "$fifo" ]; then return 0; fi ;;
    esac
    for process in /proc/[0-9]*; do
        if [ "$process/fd/1" -ef "$fifo" ]; then return 0; fi
    done
    return 1
}
end_keeper() {
    end_session "$keeper_session"
    [ -p "$fifo" ] || return 0
    for process in /proc/[0-9]*; do
        if [ "$process/fd/1" -ef "$fifo" ]; then kill -KILL "${process#/proc/}" 2>/dev/null; fi
    done
    return 0
}
# Takes the signs of life away, so that neither they nor the launcher say anything more under the agent's VM id.
end_beats() {
    rm -f "$directory/$beats_file"
    beating=$(cat "$directory/beats" 2>/dev/null)
    rm -f "$directory/beats"
    case $beating in '' | *[!0-9]*) return 0 ;; esac
    if grep -q "$beats_file" "/proc/$beating/cmdline" 2>/dev/null; then kill "$beating" 2>/dev/null; fi
    return 0
}
private_directory() {
    mkdir -p "$directory" 2>/dev/null
    if [ -L "$directory" ] || [ ! -d "$directory" ] || [ ! -O "$directory" ]; then finish "$code_not_private"; fi
    chmod 700 "$directory" || finish "$code_not_private"
}
"""

END_AGENT = r"""
# Ends the agent, TERM first, KILL if it stays.
end_agent() {
    stopped=0
    end_beats
    for signal in TERM KILL; do
        naps=0 told=''
        while agent=$(agent_process || cut_off_process) && [ "$naps" -lt "$grace_naps" ]; do
            [ "$agent" = "$told" ] || kill -s "$signal" "$agent" 2>/dev/null
            told=$agent stopped=1
            naps=$((naps + 1))
            nap
        done
    done
    naps=0
    while [ "$stopped" = 1 ] && [ ! -f "$directory/exit" ] && [ "$naps" -lt 40 ]; do
        naps=$((naps + 1))
        nap
    done
    end_session "$agent_session"
    end_keeper
}
"""

START = r"""
private_directory
take_lock "$lock_naps" || finish "$code_locked"
if [ "$fresh" = 1 ] || [ "$anew" = 1 ] || cut_off_process >/dev/null; then
    if has_reader || cut_off_process >/dev/null; then end_agent; fi
    if has_reader || cut_off_process >/dev/null; then finish "$code_not_read"; fi
fi
if [ "$fresh" = 1 ]; then
    number=1
    while [ -e "$directory/earlier.$number" ]; do number=$((number + 1)); done
    for name in out out.1 out.2 err run exit; do
        [ -e "$directory/$name" ] || continue
        mkdir -p "$directory/earlier.$number" && mv "$directory/$name" "$directory/earlier.$number/$name" ||
            finish "$code_not_private"
        say earlier "$directory/earlier.$number"
    done
fi
if has_reader; then
    say adopted 1
    say pid "$(agent_process)"
    if has_session "$agent_session"; then say session tmux; else say session detached; fi
    say_run
    cat >/dev/null
    finish 0
fi
spool=$directory/environment
rm -f "$spool"
cat >"$spool"
[ "$(tail -n 1 "$spool")" = "$environment_end" ] || finish "$code_incomplete"
for required in @REQUIRED@; do
    if [ ! -f "$required" ]; then
        say missing "$required"
        finish "$code_file"
    fi
done
mkdir -p "$workspace" 2>/dev/null
if [ ! -d "$workspace" ]; then
    say missing "$workspace"
    finish "$code_file"
fi
if [ "$allow_detached" = 0 ] && ! command -v tmux >/dev/null 2>&1; then finish "$code_no_tmux"; fi
end_session "$agent_session"
end_beats
end_keeper
rm -rf "$directory/exit" "$directory/exit.new" "$directory/pid" "$directory/missing" "$fifo" "$directory"/send.*
mkfifo "$fifo" || finish "$code_not_private"
touch "$out" "$err"
beats=''
if grep -Eq '^VERS_(INFRA|VM_REGISTRY)_URL=.' "$spool"; then
    beats=$nobody_beats
    for way in curl python3 node; do
        command -v "$way" >/dev/null 2>&1 || continue
        beats=$way
        break
    done
    cat >"$directory/$beats_file" <<'@BEATS_DELIMITER@'
@BEATS@@BEATS_DELIMITER@
fi
cat >"$directory/launch.sh" <<'@DELIMITER@'
@LAUNCHER@@DELIMITER@
write_run() {
    printf '{"run":%s,"program":%s,"started_at":%s,"mode":"%s","beats":"%s"%s}\n' "$run_json" "$program_json" \
        "$(date +%s)" "$1" "$beats" "$details_json" \
        >"$directory/run.new"
    mv "$directory/run.new" "$directory/run"
}
keep='umask 077; echo $$ >"$2"; exec sleep 2147483647 >"$1"'
mode=''
if command -v tmux >/dev/null 2>&1; then
    write_run tmux
    if note=$(without_lock tmux new-session -d -s "$keeper_session" \
        sh -c "$keep" cockpit-keeper "$fifo" "$directory/keeper" 2>&1) &&
        note=$(without_lock tmux new-session -d -s "$agent_session" \
            sh "$directory/launch.sh" "$directory" "$workspace" "$HOME" "$PATH" "$mask" 2>&1); then
        mode=tmux
    else
        end_keeper
    fi
    [ -z "$note" ] || say note "$(printf '%s' "$note" | tr '\n' ' ')"
fi
if [ -z "$mode" ]; then
    [ "$allow_detached" = 1 ] || finish "$code_no_tmux"
    write_run detached
    if command -v setsid >/dev/null 2>&1; then detach=setsid; else detach=nohup; fi
    # One subshell each that turns into the program: a shell left in between would hold the lock and the channel open.
    (
        umask "$mask"
        exec "$detach" sh -c "$keep" cockpit-keeper "$fifo" "$directory/keeper" 9>&-
    ) </dev/null >/dev/null 2>&1 &
    (
        umask "$mask"
        exec "$detach" sh "$directory/launch.sh" "$directory" "$workspace" "$HOME" "$PATH" "$mask" 9>&-
    ) </dev/null >/dev/null 2>&1 &
    mode=detached
fi
naps=0
until [ -f "$directory/pid" ] && agent_process >/dev/null; do
    if [ -f "$directory/missing" ] || [ -f "$directory/exit" ] || [ "$naps" -ge "$start_naps" ]; then break; fi
    naps=$((naps + 1))
    nap
done
nap
say session "$mode"
say pid "$(agent_process)"
say_run
if [ -f "$directory/missing" ]; then
    say path "$(cat "$directory/missing")"
    code=$code_program
elif [ -f "$directory/exit" ]; then
    code=$code_ended
elif agent_process >/dev/null; then
    finish 0
else
    code=$code_not_started
    end_session "$agent_session"
fi
end_keeper
rm -f "$fifo" "$directory/missing"
[ "$code" != "$code_program" ] || rm -f "$directory/run"
say_errors
finish "$code"
"""

PROBE = r"""
if [ ! -d "$directory" ]; then
    say state absent
    finish 0
fi
if has_reader; then
    say state alive
    say pid "$(agent_process)"
elif cut_off_process >/dev/null; then
    say state alive
    say pid "$(cut_off_process)"
elif [ -f "$directory/run" ] || [ -p "$fifo" ] || [ -f "$out" ]; then
    say state dead
else
    say state absent
fi
if has_session "$agent_session"; then say session tmux; else say session none; fi
if has_session "$keeper_session"; then say keeper_session tmux; else say keeper_session none; fi
if [ -p "$fifo" ]; then say fifo 1; else say fifo 0; fi
if keeper_process; then say keeper 1; else say keeper 0; fi
say disk "$(df -Pk "$directory" "$workspace" 2>/dev/null | tail -n +2 |
    while read -r _ _ _ left _; do echo "$left"; done | sort -n | head -n 1)"
say_run
say now "$(date +%s)"
[ ! -f "$directory/exit" ] || say ended "$(stat -c %Y "$directory/exit" 2>/dev/null)"
[ ! -f "$out" ] || say written "$(stat -c %Y "$out" 2>/dev/null)"
[ ! -f "$out" ] || say size "$(wc -c <"$out")"
say_errors
finish 0
"""

STOP = r"""
if [ ! -d "$directory" ]; then
    say stopped 0
    finish 0
fi
take_lock "$lock_naps" || say note 'another writer held the lock; stopped all the same'
end_agent
say stopped "$stopped"
say_run
if has_reader; then
    say_errors
    finish "$code_not_read"
fi
rm -f "$fifo" "$directory/pid"
finish 0
"""
