"""The text of the shell script that says which programs a VM has, and in which versions."""

from __future__ import annotations

FACTS = r"""
PATH=${first_path:+$first_path:}$PATH:$HOME/.local/bin:$HOME/.npm-global/bin:$fallback_path
export PATH
say() { printf '%s=%s\n' "$1" "$2"; }
within() { if command -v timeout >/dev/null 2>&1; then timeout 20 "$@"; else "$@"; fi; }
for program in tmux "$wanted" node perl python3 flock setsid timeout git; do
    if [ -n "$program" ] && path=$(command -v "$program"); then say "has_$program" "$path"; fi
done
# The version of the npm package that a program is of: docs.npmjs.com, package.json, `bin` and `version`.
packaged() {
    file=$(readlink -f "$(command -v "$1")" 2>/dev/null) || return 1
    place=$file
    while case $place in */node_modules/*) true ;; *) false ;; esac do
        place=${place%/*}
        if [ -f "$place/package.json" ]; then
            grep -qF "\"${file#"$place"/}\"" "$place/package.json" || return 1
            sed -n 's/^[[:space:]]*"version"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$place/package.json" | grep .
            return
        fi
    done
    return 1
}
for program in "$wanted" node; do
    if [ -n "$program" ] && command -v "$program" >/dev/null 2>&1; then
        # A program of node takes up to three seconds of a processor until it says its version.
        version=$(packaged "$program" | head -n 1)
        say "version_$program" "${version:-$(within "$program" --version 2>&1 </dev/null | tail -n 1)}"
    fi
done
if command -v tmux >/dev/null 2>&1; then say version_tmux "$(tmux -V 2>&1 | tail -n 1)"; fi
say path "$PATH"
say home "$HOME"
printf '%s\n' "$end"
"""
