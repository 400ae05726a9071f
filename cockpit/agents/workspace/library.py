"""Shell functions that know a repository without its configuration: nothing it names is run, its index is not touched.

Git is run over a directory of ours that has the objects of the repository and none of its settings, with an index that
is a copy. So there is no hook, no filter, no fsmonitor, no text conversion and no external difference of anybody's,
and whoever holds the index's lock is not disturbed. Objects and refs below `refs/cockpit/` are all that is written into
the repository. Files in no repository are kept in a git directory beside the agent's own files.
"""

from __future__ import annotations

import shlex

from cockpit.agents.scaffold.layout import AgentPaths, shell_path

PLACE = "changes"
"""Directory beside an agent's files."""

MOST_ROOTS = 12
"""Repositories of one workspace that are looked at."""

MOST_FILES = 20_000
"""Files that may be new or changed: a repository with more is not kept."""

FILE_KIB = 8_192
"""A larger file that is new or changed is left out."""

TOTAL_KIB = 262_144
"""All of them together may have so much; a repository with more is not kept."""

KEPT = 300
"""Snapshots of one repository; the oldest go."""

MARK = "cockpit.look=1"
"""Stands first in every command line of git: by this a look is told from the agent's own work."""

# The X of the directory's name are the pattern of mktemp(1), which puts characters of its own in their place.
_HEAD = r"""umask 077
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_CONFIG_COUNT
unset GIT_CONFIG_PARAMETERS GIT_EXTERNAL_DIFF GIT_NAMESPACE GIT_TRACE GIT_COMMON_DIR GIT_CEILING_DIRECTORIES
state={state}
work={work}
out={out}
work=$(cd "$work" 2>/dev/null && pwd -P) || {{ echo "there is no workspace at {words}" >&2; exit 6; }}
ignored=$(git config --global --path --get core.excludesFile 2>/dev/null)
ignored=${{ignored:-${{XDG_CONFIG_HOME:-$HOME/.config}}/git/ignore}}
mkdir -p "$state" && cd "$state" && state=$(pwd -P) || exit 1
cd / || exit 1
temporary=$(mktemp -d "$state/.look.XXXXXX") || exit 1
trap 'rm -rf "$temporary"' EXIT
trap 'exit 143' TERM INT HUP
export HOME="$state" XDG_CONFIG_HOME="$state" GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1
export GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0 GIT_PAGER=cat GIT_NO_LAZY_FETCH=1 GIT_NO_REPLACE_OBJECTS=1 LC_ALL=C
export GIT_AUTHOR_NAME=cockpit GIT_AUTHOR_EMAIL=cockpit@localhost
export GIT_COMMITTER_NAME=cockpit GIT_COMMITTER_EMAIL=cockpit@localhost
now_at=$(date +%s)
stamp=$(date +%s%N 2>/dev/null)
case $stamp in '' | *[!0-9]*) stamp=${{now_at}}000000000 ;; esac
"""

_FUNCTIONS = r"""
# A name and a number of bytes go before each part, so that nothing in it can be taken for another part.
part() { printf 'part %s %s\n' "$1" "$(($(wc -c <"$2")))"; cat "$2"; }
say() { printf '%s' "$2" >"$temporary/said"; part "$1" "$temporary/said"; }

# The repository's own refs and HEAD: these read its settings, and run nothing that they name.
real() {
    git -c "$mark" -c core.hooksPath=/dev/null -c core.fsmonitor=false -c gc.auto=0 -c core.logAllRefUpdates=false \
        --git-dir="$gitdir" "$@"
}
# Everything else: over our directory, which has no settings of anybody's.
plain() {
    GIT_OBJECT_DIRECTORY=$objects GIT_INDEX_FILE=$index git -c "$mark" -c core.hooksPath=/dev/null \
        -c core.fsmonitor=false -c gc.auto=0 -c core.quotePath=true -c core.fileMode="$file_mode" \
        -c core.autocrlf="$autocrlf" -c core.eol="$eol" -c core.safecrlf=false --literal-pathspecs \
        --git-dir="$shadow" --work-tree="$root" "$@"
}
setting() {
    found=$(real config --get "$1" 2>/dev/null) || found=
    case " $3 " in *" $found "*) [ -n "$found" ] && printf %s "$found" || printf %s "$2" ;; *) printf %s "$2" ;; esac
}
roots() {
    (cd "$work" && find . -maxdepth 4 \( -name node_modules -o -name '*
*' \) -prune -o -name .git -prune -print 2>/dev/null) |
        sed 's,/\.git$,,' | sort >"$temporary/found"
    head -n "$most_roots" "$temporary/found" >"$temporary/roots"
    if ! grep -qx '\.' "$temporary/roots"; then echo files >>"$temporary/roots"; fi
}
# Makes one repository the one that is looked at; says why it cannot be and fails.
enter() {
    place=$1 file_mode=true autocrlf=false eol=native head='' branch='' tree='' commit='' fault=''
    key=$(printf %s "$place" | git hash-object --stdin | cut -c 1-12)
    shadow=$state/$key.git
    if [ "$place" = files ]; then
        root=$work gitdir=$shadow common=$shadow format=sha1
    else
        root=$work/${place#./}
        [ "$place" != . ] || root=$work
        gitdir=$(git -c "$mark" --git-dir="$root/.git" rev-parse --absolute-git-dir 2>"$temporary/fault") || {
            fault=$(head -c 300 "$temporary/fault"); return 1
        }
        common=$gitdir
        if [ -f "$gitdir/commondir" ]; then
            IFS= read -r common <"$gitdir/commondir"
            case $common in /*) ;; *) common=$gitdir/$common ;; esac
        fi
        format=$(real rev-parse --show-object-format 2>/dev/null) || format=sha1
        file_mode=$(setting core.fileMode true 'true false')
        autocrlf=$(setting core.autocrlf false 'true false input')
        eol=$(setting core.eol native 'lf crlf native')
    fi
    if [ ! -f "$shadow/HEAD" ]; then
        # An older git knows one format, and no option for it.
        of_format=--object-format=$format
        [ "$format" != sha1 ] || of_format=-q
        git -c "$mark" init -q --bare --template= "$of_format" "$shadow" >/dev/null 2>"$temporary/fault" </dev/null || {
            fault=$(head -c 300 "$temporary/fault"); return 1
        }
    fi
    mkdir -p "$shadow/info"
    {
        printf '%s\n' node_modules/ .venv/ __pycache__/
        [ ! -f "$ignored" ] || cat "$ignored"
        echo
        [ "$common" = "$shadow" ] || [ ! -f "$common/info/exclude" ] || cat "$common/info/exclude"
    } >"$temporary/exclude"
    mv "$temporary/exclude" "$shadow/info/exclude"
    objects=$common/objects
    index=$temporary/$key.index
    rm -f "$index"
    if [ "$place" = files ]; then
        cp -p "$shadow/index" "$index" 2>/dev/null
        return 0
    fi
    if [ -f "$common/shallow" ]; then cp "$common/shallow" "$shadow/shallow"; else rm -f "$shadow/shallow"; fi
    find "$gitdir" -maxdepth 1 -name 'sharedindex.*' -type f -exec cp {} "$shadow/" \; 2>/dev/null
    head=$(real rev-parse -q --verify 'HEAD^{commit}' 2>/dev/null) || head=
    branch=$(real symbolic-ref -q --short HEAD 2>/dev/null) || branch=
    # With its times: by them git tells what it has to look into.
    [ ! -f "$gitdir/index" ] || cp -p "$gitdir/index" "$index" 2>/dev/null
    if [ -f "$index" ] && ! plain ls-files -s >/dev/null 2>&1; then rm -f "$index"; fi
    if [ ! -f "$index" ] && [ -n "$head" ]; then plain read-tree "$head" 2>/dev/null; fi
    return 0
}
listed() { tr -cd '\000' <"$1" | wc -c; }
# Names get the repository before them: without it one could be an option, and nothing of ours has its place there.
sift() {
    xargs -0 -n 400 sh -c 'size=$1 root=$2; shift 2; n=$#
        while [ "$n" -gt 0 ]; do set -- "$@" "$root/$1"; shift; n=$((n - 1)); done
        exec find "$@" -maxdepth 0 ! -type d -size "$size" -print0' sh "$1" "$root" 2>/dev/null
}
# Writes what is there now, new files included and ignored ones not, as a tree.
take() {
    plain ls-files -z -o -m --exclude-standard >"$temporary/all" 2>"$temporary/fault" || {
        fault=$(head -c 300 "$temporary/fault"); return 1
    }
    number=$(($(listed "$temporary/all")))
    if [ "$number" -gt "$most_files" ]; then
        fault="$number files are new or changed: more than $most_files are not kept"; return 1
    fi
    : >"$temporary/fine"; : >"$temporary/large"
    if [ "$number" -gt 0 ]; then
        sift "-$((file_kib + 1))k" <"$temporary/all" >"$temporary/fine"
        sift "+${file_kib}k" <"$temporary/all" >"$temporary/large"
        sum=0
        # Without a name it would measure the machine.
        if [ -s "$temporary/fine" ]; then
            sum=$(xargs -0 -n 400 du -k -s -- <"$temporary/fine" 2>/dev/null | awk '{ n += $1 } END { print n + 0 }')
        fi
        if [ "${sum:-0}" -gt "$total_kib" ]; then
            fault="$((sum / 1024)) MiB are new or changed: more than $((total_kib / 1024)) are not kept"; return 1
        fi
        plain ls-files -z -d >"$temporary/deleted" 2>/dev/null
        plain update-index -z --force-remove --stdin <"$temporary/deleted" 2>/dev/null
        if ! plain update-index -z --add --remove --replace --stdin <"$temporary/fine" 2>"$temporary/fault"; then
            # One that vanished, or cannot be read, takes nothing from the others.
            plain add --ignore-errors --pathspec-from-file=- --pathspec-file-nul <"$temporary/fine" >/dev/null 2>&1
        fi
    fi
    tree=$(plain write-tree --missing-ok 2>"$temporary/fault") || { fault=$(head -c 300 "$temporary/fault"); return 1; }
    keep_index
}
# That of the files in no repository is ours: by it the next look knows what did not change.
keep_index() {
    if [ "$place" = files ]; then cp -p "$index" "$shadow/index.new" && mv "$shadow/index.new" "$shadow/index"; fi
    return 0
}
commit_tree() {
    commit=$(printf '%s\n' "$1" | plain commit-tree "$tree" ${head:+-p "$head"} 2>"$temporary/fault") || {
        fault=$(head -c 300 "$temporary/fault"); return 1
    }
}
# Keeps a commit under a name that sorts by time. Of too many the oldest go, but for those that a task is told from.
keep() {
    kind=$1 kept=$2
    if [ "$kind" = looked ]; then
        real for-each-ref --format='%(refname)' "refs/cockpit/$key/*-looked" | while IFS= read -r old; do
            real update-ref -d "$old"
        done
    fi
    real update-ref "refs/cockpit/$key/$stamp-$kind" "$kept" 2>"$temporary/fault" || {
        fault=$(head -c 300 "$temporary/fault"); return 1
    }
    number=$(real for-each-ref --format='%(refname)' "refs/cockpit/$key" | grep -c '')
    if [ "$number" -gt "$most_kept" ]; then
        real for-each-ref --sort=refname --format='%(refname)' "refs/cockpit/$key" | sed -e 1d -e '/-task$/d' \
            -e '/-start$/d' | head -n "$((number - most_kept))" | while IFS= read -r old; do
            real update-ref -d "$old"
        done
    fi
}
newest() { real for-each-ref --sort=-refname --count=1 --format='%(refname)' "$@" 2>/dev/null; }
nothing() { plain mktree </dev/null; }
# Finds what is to be compared with: sets base and how.
find_base() {
    base='' how=$1 ref='' base_at=''
    here=refs/cockpit/$key
    case $1 in
    task)
        ref=$(newest "$here/*-task" "$here/*-start")
        if [ -z "$ref" ]; then
            ref=$(real for-each-ref --sort=refname --count=1 --format='%(refname)' "$here" 2>/dev/null)
            case $ref in *-prompt) how=first ;; *) ref='' ;; esac
        fi ;;
    prompt) ref=$(newest "$here/*-prompt") ;;
    start) ref=$(newest "$here/*-start") ;;
    looked)
        ref=$(newest "$here/*-looked")
        if [ -z "$ref" ]; then find_base task; return; fi ;;
    turn)
        base=$(real for-each-ref --sort=refname --format='%(refname)' "$here" | awk -v one="$here/$2" '
            $0 == one { found = 1; exit }
            /-(prompt|end|start|task|safety)$/ { last = $0 }
            END { if (found) print last }')
        ref=$base
        ;;
    snapshot)
        base=$(real rev-parse -q --verify "$here/$2^{commit}" 2>/dev/null) || {
            fault="it has no state $2"; return 1
        }
        return 0 ;;
    commit)
        case $2 in -*) fault="$2 is no commit"; return 1 ;; esac
        base=$(real rev-parse -q --verify "$2^{commit}" 2>/dev/null) || {
            fault="it has no commit $2"; return 1
        }
        return 0 ;;
    esac
    if [ -n "$ref" ]; then
        base=$(real rev-parse -q --verify "$ref^{commit}")
        base_at=${ref##*/}; base_at=${base_at%%-*}
        return 0
    fi
    # Nothing was kept of it before: how it came here is the best that is known.
    how=nothing
    if [ -n "$head" ]; then
        first=$(real reflog show --format='%H %gs' HEAD 2>/dev/null | tail -n 1)
        case $first in
        *' clone: '*) base=${first%% *} how='clone' ;;
        *' commit (initial)'*) how='made' ;;
        *) base=$head how='head' ;;
        esac
    fi
    if [ -z "$base" ]; then base=$(nothing); fi
}
say_refs() {
    shown='%(refname) %(objectname) %(tree) %(committerdate:unix) %(contents:subject)'
    real for-each-ref --sort=refname --format="$shown" "refs/cockpit/$key" 2>/dev/null |
        sed "s,^refs/cockpit/$key/,," >"$temporary/refs"
    part refs "$temporary/refs"
}
say_facts() {
    midst=
    if [ -d "$gitdir/rebase-merge" ] || [ -d "$gitdir/rebase-apply" ]; then midst=rebase
    elif [ -f "$gitdir/MERGE_HEAD" ]; then midst=merge
    elif [ -f "$gitdir/CHERRY_PICK_HEAD" ]; then midst=cherry-pick
    elif [ -f "$gitdir/REVERT_HEAD" ]; then midst=revert
    elif [ -f "$gitdir/BISECT_LOG" ]; then midst=bisect
    fi
    say branch "$branch"; say head "$head"; say midst "$midst"
    upstream=
    if [ -n "$branch" ]; then
        upstream=$(real for-each-ref --format='%(upstream:short)' "refs/heads/$branch" 2>/dev/null | head -n 1)
        tracked=$(real for-each-ref --format="%(upstream)" "refs/heads/$branch" 2>/dev/null | head -n 1)
    fi
    if [ -n "$upstream" ] && [ -n "$head" ]; then
        say upstream "$upstream"
        other=$(real rev-parse -q --verify "$tracked^{commit}" 2>/dev/null) || other=
        if [ -n "$other" ]; then
            say counts "$(plain rev-list --count --left-right "$head...$other" -- 2>/dev/null)"
        fi
    fi
}
differ() {
    plain diff-tree -r -M -l1000 --no-ext-diff --no-textconv --raw --numstat -z "$1" "$2" -- \
        >"$temporary/names" 2>"$temporary/fault" || { fault=$(head -c 300 "$temporary/fault"); return 1; }
    plain diff-tree -r -p -M -l1000 --full-index --no-color --no-ext-diff --no-textconv --src-prefix=a/ \
        --dst-prefix=b/ "$1" "$2" -- 2>/dev/null | head -c "$patch_bytes" >"$temporary/patch"
    part names "$temporary/names"; part patch "$temporary/patch"
}
"""


def library(paths: AgentPaths, **settings: str | int) -> str:
    """Return the functions, with the places and bounds that they go by, and settings of the caller's own."""
    bounds: dict[str, str | int] = {
        "mark": MARK,
        "most_roots": MOST_ROOTS,
        "most_files": MOST_FILES,
        "file_kib": FILE_KIB,
        "total_kib": TOTAL_KIB,
        "most_kept": KEPT,
    }
    head = _HEAD.format(
        state=shell_path(paths.file(PLACE)),
        work=shell_path(paths.workspace),
        out=shell_path(paths.file("out")),
        words=paths.workspace.replace('"', "").replace("`", "").replace("$", "").replace("\\", ""),
    )
    assigned = "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in (bounds | settings).items())
    return assigned + head + _FUNCTIONS
