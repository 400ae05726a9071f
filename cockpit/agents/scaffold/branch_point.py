"""What a copied agent started from: the state of its workspace is kept beside its files, and compared later.

Each repository of the workspace, or the workspace where there is none, is kept in a git directory of ours: nothing is
written into the agent's own repositories, and what it commits, or does not, makes no difference to the comparison.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from cockpit.agents.scaffold.layout import AgentPaths, shell_path

MARK = "branch-point"
"""Directory beside an agent's files; its time is when the copy began."""

PATCH_BYTES = 65_536
"""How much of the difference is carried."""

_MARK_REST = """rm -rf "$mark"
mkdir -p "$mark" || exit 1
find . -maxdepth 3 -name .git -prune 2>/dev/null | sed 's,/\\.git$,,' | sort >"$mark/roots"
[ -s "$mark/roots" ] || echo . >"$mark/roots"
number=0
while IFS= read -r root; do
  number=$((number + 1))
  git init -q --bare "$mark/$number.git" >/dev/null 2>&1 </dev/null || exit 1
  take || exit 1
  run "$mark/$number.git" "$root" commit -q --allow-empty -m start || exit 1
done <"$mark/roots"
echo {spent} >"$mark/spent"
touch "$mark/began"
"""

_DIFFER_REST = """[ -f "$mark/began" ] || { echo "no branch point was marked" >&2; exit 4; }
began=$(stat -c %Y "$mark/began")
ended=$(stat -c %Y "$out" 2>/dev/null || echo "$began")
now=$(date +%s)
echo "$began $ended $now $(cat "$mark/spent")"
number=0
while IFS= read -r root; do
  number=$((number + 1))
  take || exit 1
  echo "repository $root"
  run "$mark/$number.git" "$root" diff --cached --no-color --no-ext-diff --numstat HEAD || exit 1
done <"$mark/roots"
echo patch
number=0
while IFS= read -r root; do
  number=$((number + 1))
  run "$mark/$number.git" "$root" diff --cached --no-color --no-ext-diff --no-textconv HEAD || exit 1
done <"$mark/roots"
"""

_RUN = """run() {
  git_directory=$1 tree=$2
  shift 2
  git --git-dir="$git_directory" --work-tree="$tree" -c core.hooksPath=/dev/null -c core.fsmonitor=false \\
    -c core.autocrlf=false -c user.name=cockpit -c user.email=cockpit@localhost -c commit.gpgSign=false -c gc.auto=0 \\
    -c advice.addEmbeddedRepo=false "$@" </dev/null
}
# A repository within it that has no commit yet cannot be added, nor can a file that vanishes: the rest can.
take() {
  run "$mark/$number.git" "$root" add -A --ignore-errors || [ $? -eq 1 ]
}
"""

_HEAD = """umask 077
command -v git >/dev/null || {{ echo "git is not on the VM" >&2; exit 3; }}
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
mark={mark}
out={out}
cd {workspace} || exit 1
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """How far an agent had come at a moment."""

    tokens: int = 0
    cost: float = 0.0
    epoch: int = 0
    line: int = 0

    def words(self) -> str:
        """Return it as it stands on the VM."""
        return f"{self.tokens} {self.cost:.9f} {self.epoch} {self.line}"


@dataclass(frozen=True, slots=True)
class Difference:
    """How a workspace differs from what it started from."""

    began_at: float
    """Unix seconds by the VM's clock."""
    wrote_at: float
    """When the agent wrote last, by the same clock."""
    now: float
    files: int
    added: int
    removed: int
    spent: Spent
    """What its original had spent and said until then: it is no merit of the copy."""
    patch: str
    cut: bool
    """The patch is only its beginning."""


def mark_script(paths: AgentPaths, spent: Spent) -> str:
    """Return the script that keeps the state of a workspace, in place of what was kept before.

    Args:
        spent: how far the agent had come by then, since a copy's output begins with its original's.
    """
    return _head(paths) + _RUN + _MARK_REST.replace("{spent}", shlex.quote(spent.words()))


def difference_script(paths: AgentPaths) -> str:
    """Return the script that says how a workspace differs from what was kept."""
    return _head(paths) + _RUN + _DIFFER_REST


def _head(paths: AgentPaths) -> str:
    return _HEAD.format(
        mark=shell_path(paths.file(MARK)), out=shell_path(paths.file("out")), workspace=shell_path(paths.workspace)
    )


def parse_difference(stdout: bytes, *, truncated: bool) -> Difference | None:
    """Return what the script said, or None if it did not say it: a VM can say anything."""
    head, _, patch = stdout.partition(b"\npatch\n")
    lines = head.split(b"\n")
    try:
        began, wrote, now, tokens, cost, epoch, line = (float(word) for word in lines[0].split())
        spent = Spent(int(tokens), cost, int(epoch), int(line))
    except (ValueError, OverflowError):
        return None
    files = added = removed = 0
    for changed in lines[1:]:
        words = changed.split(b"\t", 2)
        if len(words) != 3:
            continue
        files += 1
        # Of a binary file git counts no lines.
        added += int(words[0]) if words[0].isdigit() else 0
        removed += int(words[1]) if words[1].isdigit() else 0
    text = patch.decode("utf-8", "backslashreplace")
    return Difference(began, wrote, now, files, added, removed, spent, text, truncated)
