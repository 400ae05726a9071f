"""The text of `launch.sh`, which runs one agent on a VM and writes down its end; `scaffold_scripts` fills it in.

Its own variables begin with `cockpit_`, so that no name of the agent's environment can get in their way.
"""

MARK = "SWARM_AGENT_DIRECTORY"
"""The variable by which all that an agent began is told from everything else, also where its parent has gone."""

LAUNCHER = r"""#!/bin/sh
# Runs one agent: takes over its environment, writes the line that opens the run and the one that closes it.
cockpit_directory=$1 cockpit_workspace=$2 HOME=$3 PATH=$4 cockpit_mask=$5 cockpit_path=$4
export HOME PATH
umask 077
# Standard input and output stay on the pane: tmux hangs up as soon as nobody has it open any more.
exec 2>>"$cockpit_directory/err"
while IFS= read -r cockpit_line; do
    case $cockpit_line in
    *=*)
        cockpit_value=${cockpit_line#*=}
        case $cockpit_value in
        *\\*)
            cockpit_value=$(printf '%b.' "$cockpit_value")
            cockpit_value=${cockpit_value%.}
            ;;
        esac
        export "${cockpit_line%%=*}=$cockpit_value"
        ;;
    esac
done <"$cockpit_directory/environment"
rm -f "$cockpit_directory/environment"
unset cockpit_line cockpit_value
# What an agent has of ours to report with is found by its name alone.
PATH=$HOME/.swarm/bin:$PATH
@MARK@=$cockpit_directory
export PATH @MARK@
@ARGUMENTS@
cd "$cockpit_workspace" || exit 126
if ! command -v "$1" >/dev/null 2>&1; then
    printf '%s\n' "$PATH" >"$cockpit_directory/missing.new"
    mv "$cockpit_directory/missing.new" "$cockpit_directory/missing"
    exit 127
fi
# Programs a shell starts in the background ignore INT; an agent and its tools must not. (node undoes it by itself.)
if env --default-signal=INT true 2>/dev/null; then
    set -- env --default-signal=INT,QUIT "$@"
elif command -v perl >/dev/null 2>&1; then
    set -- perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; exec {$ARGV[0]} @ARGV or exit 127' "$@"
fi
cockpit_append() {
    if [ -s "$cockpit_directory/out" ] && [ -n "$(tail -c 1 "$cockpit_directory/out")" ]; then
        printf '\n' >>"$cockpit_directory/out"
    fi
    printf '%s\n' "$1" >>"$cockpit_directory/out"
}
printf 'An agent runs here. Its output is in %s/out\n' "$cockpit_directory"
cockpit_append @RUN_LINE@
cockpit_agent='' cockpit_signal='' cockpit_code=''
cockpit_forward() {
    cockpit_signal=$1
    [ -z "$cockpit_agent" ] || kill -s "$1" "$cockpit_agent" 2>/dev/null
}
# The launcher outlives every signal it can, so that the end of the run is written down.
trap 'cockpit_forward HUP' HUP
trap 'cockpit_forward INT' INT
trap 'cockpit_forward TERM' TERM
(
    umask "$cockpit_mask"
    exec "$@"
) <"$cockpit_directory/in" >>"$cockpit_directory/out" 2>>"$cockpit_directory/err" &
cockpit_agent=$!
[ -z "$cockpit_signal" ] || kill -s "$cockpit_signal" "$cockpit_agent" 2>/dev/null
printf '%s\n' "$cockpit_agent" >"$cockpit_directory/pid"
cockpit_beats=''
if [ -f "$cockpit_directory/@BEATS@" ]; then
    PATH=$cockpit_path sh "$cockpit_directory/@BEATS@" "$cockpit_agent" @BEAT_SECONDS@ </dev/null >/dev/null 2>&1 &
    cockpit_beats=$!
    printf '%s\n' "$cockpit_beats" >"$cockpit_directory/beats"
fi
while :; do
    cockpit_signal=''
    wait "$cockpit_agent"
    cockpit_status=$?
    # 127 on a second wait: the first one had the agent's status already, a signal came just after it.
    if [ -z "$cockpit_code" ] || [ "$cockpit_status" -ne 127 ]; then cockpit_code=$cockpit_status; fi
    [ -n "$cockpit_signal" ] || break
done
rm -f "$cockpit_directory/pid" "$cockpit_directory/beats"
[ -z "$cockpit_beats" ] || kill "$cockpit_beats" 2>/dev/null
cockpit_append @EXIT_LINE@"$cockpit_code}"
printf '%s\n' "$cockpit_code" >"$cockpit_directory/exit.new"
mv "$cockpit_directory/exit.new" "$cockpit_directory/exit"
# Whoever stops the agent takes this file away: a copied VM must not say that its original has ended.
if [ -f "$cockpit_directory/@BEATS@" ]; then
    trap - HUP INT TERM
    PATH=$cockpit_path sh "$cockpit_directory/@BEATS@" '' "$cockpit_directory/ended" </dev/null >/dev/null 2>&1
fi
"""
