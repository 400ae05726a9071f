"""Taking key files off a VM and putting them back: what is not there when a commit is taken is not in it."""

from __future__ import annotations

import shlex

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
cd "$HOME" || exit 1
set --
for file in {shlex.join(KEY_FILES)}; do
    if [ -f "$file" ] && [ ! -L "$file" ]; then set -- "$@" "$file"; fi
done
"""

READ_KEY_FILES = _PRESENT + '[ "$#" = 0 ] || tar -cf - "$@"\n'
"""Gives the key files there are as one archive on standard output; nothing where there are none."""

LIST_KEY_FILES = _PRESENT + '[ "$#" = 0 ] || printf \'%s\\n\' "$@"\n'
"""Gives the names of the key files there are."""

REMOVE_KEY_FILES = _PRESENT + '[ "$#" = 0 ] || rm -f -- "$@"\nsync 2>/dev/null || true\n'

PUT_KEY_FILES_BACK = 'cd "$HOME" && umask 077 && tar -xpf -\n'
"""Takes the archive on standard input."""
