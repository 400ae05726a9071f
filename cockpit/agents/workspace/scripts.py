"""The scripts about an agent's workspace: look, keep, restore, write a patch, and carry one workspace to another VM."""

from __future__ import annotations

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.workspace.library import library
from cockpit.model.changes.report import Base, SnapshotKind

PATCH_BYTES = 3 << 20
"""How much of the differences of one repository is carried for the eye."""

WHOLE_BYTES = 64 << 20
"""How much of a patch is carried that is to be applied, and of a workspace that is compared with another."""

LOOK_LIMIT = 45.0
"""Seconds a look may take on the VM."""

KEEP_LIMIT = 60.0
"""Seconds that keeping a state may take."""

STAYING = r"""said=$(mktemp) || exit 1
trap 'rm -f "$said" "$said.errors"' EXIT
limit=
if timeout 5 true >/dev/null 2>&1; then limit='timeout 90'; fi
if command -v setsid >/dev/null 2>&1; then
    setsid $limit sh -c "$1" >"$said" 2>"$said.errors" </dev/null &
    wait "$!"
else
    $limit sh -c "$1" >"$said" 2>"$said.errors" </dev/null
fi
code=$?
cat "$said"
cat "$said.errors" >&2
exit "$code"
"""
"""Runs a script, its argument, that goes on to its end though its connection is gone."""

NO_GIT = 3
"""How a script ends where git is not on the VM."""

NOT_THERE = 4
"""How a script ends where what was named is not there."""

_GIT = """command -v git >/dev/null 2>&1 || { echo "git is not there" >&2; exit 3; }
roots
"""

_LOOK = (
    _GIT
    + r"""
say vm_now "$now_at"
say wrote_at "$(stat -c %Y "$out" 2>/dev/null || echo 0)"
[ ! -f "$state/start" ] || { say spent "$(head -c 200 "$state/start")"; say start_at "$(stat -c %Y "$state/start")"; }
while IFS= read -r place <&3; do
    if [ -n "$only" ] && [ "$place" != "$only" ]; then continue; fi
    say repository "$place"
    if enter "$place" && { [ "$since" != turn ] || at_turn; } && take_now && find_base "$since" "$name"; then
        say base "$base"; say base_how "$how"; say base_at "$base_at"; say now "$commit"
        [ ! -s "$temporary/large" ] || { say root "$root/"; part left_out "$temporary/large"; }
        differ "$base" "$commit" || say fault "$fault"
        say_facts
    else
        say fault "$fault"
    fi
    say_refs
done 3<"$temporary/roots"
more=$(($(grep -c '' <"$temporary/found") - most_roots))
if [ "$more" -gt 0 ] && [ -z "$only" ]; then
    say repository "$more more"; say fault "only $most_roots repositories of a workspace are looked at"
fi
say end ''
"""
)

_TAKE_NOW = r"""
# What is compared: what is there now, or the snapshot that was named.
at_turn() { real rev-parse -q --verify "refs/cockpit/$key/$name^{commit}" >"$temporary/turn" 2>/dev/null || {
    fault='it has no such snapshot'; return 1; }; }
take_now() {
    : >"$temporary/large"
    if [ "$since" = turn ]; then commit=$(cat "$temporary/turn"); return 0; fi
    take && commit_tree 'looked at'
}
"""

_KEEP = (
    _GIT
    + r"""
say vm_now "$now_at"; say key "$stamp-$kind"
while IFS= read -r place <&3; do
    say repository "$place"
    if enter "$place" && take && commit_tree "$text" && keep "$kind" "$commit"; then
        say now "$commit"
        # At the end of a turn its row is to say what changed since the task began.
        if [ "$kind" = end ] && find_base task ''; then
            say base "$base"; say base_how "$how"
            plain diff-tree -r -M -l1000 --no-ext-diff --no-textconv --raw --numstat -z "$base" "$commit" -- \
                >"$temporary/names" 2>/dev/null && part names "$temporary/names"
            say_facts
        fi
    else
        say fault "$fault"
    fi
done 3<"$temporary/roots"
# Git tidies up its own repositories; the one beside the agent's files is ours to tidy.
tidied=$state/$(printf files | git hash-object --stdin | cut -c 1-12).git
if [ "$kind" = end ] && [ -f "$tidied/HEAD" ]; then
    git -c "$mark" -c gc.autoDetach=false -c core.hooksPath=/dev/null --git-dir="$tidied" gc --auto --quiet \
        >/dev/null 2>&1
fi
if [ "$kind" = start ]; then printf '%s\n' "$spent" >"$state/start"; fi
say end ''
"""
)

_LATE = (
    _GIT
    + r"""
while IFS= read -r place <&3; do
    enter "$place" || continue
    last=$(real for-each-ref --sort=refname --format='%(refname)' "refs/cockpit/$key" |
        awk -v one="refs/cockpit/$key/$name" '
            $0 == one { found = 1; exit }
            /-(end|start|task|safety)$/ { last = $0 }
            END { if (found) print last }')
    [ -n "$last" ] || continue
    tree=$(real rev-parse -q --verify "$last^{tree}") && commit_tree "$text" &&
        real update-ref "refs/cockpit/$key/$name" "$commit"
done 3<"$temporary/roots"
say end ''
"""
)

_PIN = (
    _GIT
    + r"""
say vm_now "$now_at"
# One commit for each place, as `PLACE COMMIT` on standard input.
while IFS= read -r line; do
    place=${line%% *} kept=${line#* }
    if enter "$place" && keep "$kind" "$kept"; then say now "$kept"; else say fault "$fault"; fi
done
say end ''
"""
)

_RESTORE = (
    _GIT
    + r"""
say vm_now "$now_at"
found=
while IFS= read -r place <&3; do
    if [ -n "$only" ] && [ "$place" != "$only" ]; then continue; fi
    enter "$place" || continue
    target=$(real rev-parse -q --verify "refs/cockpit/$key/$name^{commit}" 2>/dev/null) || continue
    found=1
    say repository "$place"
    if take && commit_tree "before $name was restored" && keep safety "$commit"; then
        say now "$commit"; say key "$stamp-safety"
        # A file that was written again as it was looks changed by its times.
        plain update-index -q --refresh >/dev/null 2>&1
        if plain read-tree -m -u "$tree" "$target" 2>"$temporary/fault"; then
            keep_index
            differ "$commit" "$target" || say fault "$fault"
        else
            say fault "$(head -c 600 "$temporary/fault")"
        fi
    else
        say fault "$fault"
    fi
done 3<"$temporary/roots"
[ -n "$found" ] || { echo "there is no snapshot $name" >&2; exit 4; }
say end ''
"""
)

_PATCH = (
    _GIT
    + r"""
while IFS= read -r place <&3; do
    if [ "$place" != "$only" ]; then continue; fi
    if enter "$place" && { [ "$since" != turn ] || at_turn; } && take_now && find_base "$since" "$name"; then
        plain diff-tree -r -p -M -l1000 --binary --full-index --no-color --no-ext-diff --no-textconv --src-prefix=a/ \
            --dst-prefix=b/ "$base" "$commit" --
        exit 0
    fi
    printf '%s\n' "$fault" >&2
    exit 5
done 3<"$temporary/roots"
echo "there is no repository $only in the workspace" >&2
exit 4
"""
)

_COMMITS = (
    _GIT
    + r"""
while IFS= read -r place <&3; do
    enter "$place" || continue
    say repository "$place"
    {
        [ -z "$head" ] || plain rev-list -n 500 "$head" -- 2>/dev/null
        real for-each-ref --format='%(objectname)' "refs/cockpit/$key" 2>/dev/null
    } >"$temporary/commits"
    part commits "$temporary/commits"
done 3<"$temporary/roots"
say end ''
"""
)

_PACK = (
    _GIT
    + r"""
# What the other workspace has, one commit a line, comes on standard input.
cat >"$temporary/has"
while IFS= read -r place <&3; do
    if [ "$place" != "$only" ]; then continue; fi
    if ! enter "$place" || ! take || ! commit_tree 'compared'; then printf '%s\n' "$fault" >&2; exit 5; fi
    {
        echo "$tree"
        plain cat-file --batch-check='%(objectname) %(objecttype)' <"$temporary/has" 2>/dev/null |
            sed -n 's/^\([0-9a-f]*\) commit$/^\1/p' | head -n 50
    } >"$temporary/wanted"
    printf '%s\n' "$tree"
    plain pack-objects -q --revs --thin --stdout <"$temporary/wanted" 2>/dev/null
    exit 0
done 3<"$temporary/roots"
echo "it has no repository $only" >&2
exit 4
"""
)

_AGAINST = (
    _GIT
    + r"""
say vm_now "$now_at"
cat >"$temporary/pack"
while IFS= read -r place <&3; do
    if [ "$place" != "$only" ]; then continue; fi
    say repository "$place"
    if enter "$place" && take && commit_tree 'looked at'; then
        # What came from elsewhere goes into a directory of its own, which is thrown away.
        own=$temporary/objects
        mkdir -p "$own/pack" "$own/info" && printf '%s\n' "$objects" >"$own/info/alternates"
        objects=$own
        if plain index-pack --stdin --fix-thin <"$temporary/pack" >/dev/null 2>"$temporary/fault"; then
            say base "$name"; say base_how other; say now "$commit"
            differ "$name" "$commit" || say fault "$fault"
            say_facts
        else
            say fault "$(head -c 300 "$temporary/fault")"
        fi
    else
        say fault "$fault"
    fi
done 3<"$temporary/roots"
say end ''
"""
)

_MOVED = (
    _GIT
    + r"""
say vm_now "$now_at"
# Lines of `PLACE COMMIT`, those of one place together, come on standard input.
taken=''
while IFS=' ' read -r place kept; do
    say repository "$place"; say base "$kept"
    if [ "$place" != "$taken" ]; then
        taken=''
        if enter "$place" && take; then taken=$place; fi
    fi
    if [ -n "$taken" ]; then
        plain diff-tree -r -p -M -l1000 -U0 --no-color --no-ext-diff --no-textconv --src-prefix=a/ --dst-prefix=b/ \
            "$kept" "$tree" -- 2>"$temporary/fault" | head -c "$patch_bytes" >"$temporary/patch"
        [ ! -s "$temporary/fault" ] || say fault "$(head -c 300 "$temporary/fault")"
        part patch "$temporary/patch"
    else
        say fault "$fault"
    fi
done
say end ''
"""
)


def look_script(paths: AgentPaths, base: Base, *, place: str = "") -> str:
    """Return the script that says what a workspace changed.

    Args:
        base: what it is compared with.
        place: the one repository that is looked at; empty looks at all.
    """
    settings = {"since": base.since.value, "name": base.name, "only": place, "patch_bytes": PATCH_BYTES}
    return library(paths, **settings) + _TAKE_NOW + _LOOK


def keep_script(paths: AgentPaths, kind: SnapshotKind, text: str = "", spent: str = "") -> str:
    """Return the script that keeps the state of a workspace below a hidden ref in each of its repositories.

    Args:
        kind: why.
        text: one line that is kept with it.
        spent: of a copy that begins: how far the agent had come.
    """
    return library(paths, kind=kind.value, text=text, spent=spent) + _KEEP


def late_script(paths: AgentPaths, key: str, text: str) -> str:
    """Return the script that takes what was kept before a text as what it was at the end before it.

    Args:
        key: of what was kept too late: the agent had begun to change files.
        text: one line that is kept with it.
    """
    return library(paths, name=key, text=text) + _LATE


def pin_script(paths: AgentPaths, kind: SnapshotKind) -> str:
    """Return the script that keeps commits which a look made; they come on standard input."""
    return library(paths, kind=kind.value) + _PIN


def restore_script(paths: AgentPaths, snapshot: str, place: str = "") -> str:
    """Return the script that makes the files of a workspace what they were in a snapshot; branch and commits stay.

    Args:
        snapshot: its key.
        place: the one repository that is restored; empty restores all that have the snapshot.
    """
    return library(paths, name=snapshot, only=place, patch_bytes=PATCH_BYTES) + _RESTORE


def patch_script(paths: AgentPaths, base: Base, place: str) -> str:
    """Return the script that writes the difference of one repository for `git apply`, binary files included."""
    return library(paths, since=base.since.value, name=base.name, only=place) + _TAKE_NOW + _PATCH


def commits_script(paths: AgentPaths) -> str:
    """Return the script that names the commits that the repositories of a workspace have."""
    return library(paths) + _COMMITS


def pack_script(paths: AgentPaths, place: str) -> str:
    """Return the script that packs one repository as it is now, without what the commits on standard input hold."""
    return library(paths, only=place) + _PACK


def against_script(paths: AgentPaths, place: str, tree: str) -> str:
    """Return the script that compares a repository with the one whose pack comes on standard input.

    Args:
        paths: of the agent whose repository it is.
        place: the repository.
        tree: what the other one is, in the pack.
    """
    return library(paths, only=place, name=tree, patch_bytes=PATCH_BYTES) + _AGAINST


def moved_script(paths: AgentPaths) -> str:
    """Return the script that says what changed since states that comments are about; they come on standard input."""
    return library(paths, patch_bytes=PATCH_BYTES) + _MOVED
