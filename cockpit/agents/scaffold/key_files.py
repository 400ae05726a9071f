"""Taking key files off a VM and putting them back: what is not there when a commit is taken is not in it."""

from __future__ import annotations

import io
import shlex
import tarfile

KEY_FILES = (
    ".pi/agent/auth.json",
    ".pi/agent/models.json",
    ".claude/.credentials.json",
    ".claude.json",
    ".codex/auth.json",
    ".vers/keys.json",
    ".vers/config.json",
    ".versrc",
    ".netrc",
    ".git-credentials",
    ".config/git/credentials",
    ".config/gh/hosts.yml",
    ".npmrc",
    ".pypirc",
    ".docker/config.json",
    ".aws/credentials",
    ".kube/config",
    ".ssh/id_rsa",
    ".ssh/id_ecdsa",
    ".ssh/id_ed25519",
    ".ssh/environment",
    ".swarm/environment",
)
"""What agents and their tools keep keys in, relative to the home of the VM's user."""

_PRESENT = f"""
extent=$1
cd "$HOME" || exit 1
home=$(pwd -P)
set --
for file in {shlex.join(KEY_FILES)}; do
    [ -f "$file" ] || continue
    # A link is no key, and what it leads to is: wherever that lies, as long as the commit holds it.
    real=$(readlink -f "$file") && [ -f "$real" ] || exit 1
    case $extent:$real in whole:* | *:"${{home%/}}"/*) ;; *) continue ;; esac
    for known in "$@"; do [ "/$known" != "$real" ] || continue 2; done
    set -- "$@" "${{real#/}}"
done
cd / || exit 1
"""
"""Sets the arguments to the key files there are, relative to `/`; takes what a commit holds: `whole` VM, or `home`."""

READ_KEY_FILES = _PRESENT + '[ "$#" = 0 ] || tar -cf - "$@"\n'
"""Gives the key files there are as one archive on standard output; nothing where there are none."""

LIST_KEY_FILES = _PRESENT + '[ "$#" = 0 ] || printf \'/%s\\n\' "$@"\n'
"""Gives the names of the key files there are."""

REMOVE_KEY_FILES = _PRESENT + '[ "$#" = 0 ] || rm -f -- "$@"\nsync 2>/dev/null || true\n'

LIST_HOLDERS = r"""
for place in /proc/[0-9]*; do
    [ "${place#/proc/}" != "$$" ] && grep -qsF "$1" "$place/environ" 2>/dev/null || continue
    tr '\0\n' '  ' <"$place/cmdline" 2>/dev/null | cut -c 1-80
    echo
done | sed '/^ *$/d' | head -n 20
"""
"""Names what runs with `AGENTS_MARK` in its environment: what an agent started, and what runs once it is ended."""

AGENTS_MARK = "VERS_VM_ID="
"""Stands in the environment of every agent, beside its keys, and of what it starts."""

PUT_KEY_FILES_BACK = 'case $1 in home) cd "$HOME" ;; *) cd / ;; esac && umask 077 && tar -xpf -\n'
"""Takes the archive on standard input, and a word for what its names are relative to: `home` or `root`."""


def relative_to(archive: bytes) -> str:
    """Return what the names in an archive are relative to, in the word that putting it back takes.

    Those of an earlier version are relative to the home directory, and every key file's name there begins with a dot.
    What cannot be read is left to the `tar` that puts it back, which says so.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as members:
            first = members.next()
    except tarfile.TarError:
        first = None
    return "home" if first is not None and first.name.startswith(".") else "root"
