"""Which host key belongs to which VM: trusted on first use, and a change is refused."""

from __future__ import annotations

import asyncssh

from cockpit.remote.errors import HostKeyChanged
from cockpit.remote.ssh.trust import HostKeyStore

PREFERRED_ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""Signature algorithms asked for, strongest habit first."""


class HostKeyCheck:
    """The verdict of one connection attempt on the key it was shown."""

    def __init__(self, identity: str, store: HostKeyStore) -> None:
        self._identity = identity
        self._store = store
        self._known = tuple(asyncssh.import_public_key(line) for line in store.known(identity))
        self._first_seen: asyncssh.SSHKey | None = None
        self.conflict: HostKeyChanged | None = None

    def algorithms(self) -> list[str]:
        """Return what to ask for: the kinds already pinned first, so that an added kind is not taken for a change."""
        pinned = [algorithm.decode("ascii") for key in self._known for algorithm in key.sig_algorithms]
        preferred = [name for name in PREFERRED_ALGORITHMS if name in pinned]
        return preferred + [name for name in PREFERRED_ALGORITHMS if name not in pinned]

    def accepts(self, key: asyncssh.SSHKey) -> bool:
        """Say whether the key may be used; a refusal is kept as `conflict`."""
        if key in self._known:
            return True
        if not self._known:
            self._first_seen = key
            return True
        pinned = tuple(known.get_fingerprint() for known in self._known)
        offered = key.get_fingerprint()
        self.conflict = HostKeyChanged(
            f"VM {self._identity} shows host key {offered}, but {' or '.join(pinned)} is pinned for it: refused",
            hint="if you know why the key changed (the image made new ones): "
            f"`cockpit trust-host-key {self._identity}`; if not, somebody may be in between",
            identity=self._identity,
            pinned=pinned,
            offered=offered,
            offered_key=key_line(key),
        )
        return False

    def confirm(self) -> None:
        """Pin a key seen for the first time; called once the key exchange has proved that the server owns it."""
        if self._first_seen is not None:
            self._store.trust(self._identity, key_line(self._first_seen))
            self._first_seen = None


def key_line(key: asyncssh.SSHKey) -> str:
    """Return a public key as an OpenSSH line, without a comment."""
    return " ".join(key.export_public_key("openssh").decode("ascii").split()[:2])
