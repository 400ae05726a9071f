"""What remembers the host keys that are trusted; no SSH library is loaded to know it."""

from __future__ import annotations

from typing import Protocol


class HostKeyStore(Protocol):
    """Remembers host keys as OpenSSH public key lines (`ssh-ed25519 AAAA...`)."""

    def known(self, identity: str) -> tuple[str, ...]:
        """Return the keys trusted for an identity; empty means it was never seen."""

    def trust(self, identity: str, key: str) -> None:
        """Remember a key for an identity that had none."""
