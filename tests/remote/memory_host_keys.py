"""Host keys for the life of one test."""

from __future__ import annotations


class MemoryHostKeys:
    """Host keys for the life of this process."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[str, ...]] = {}

    def known(self, identity: str) -> tuple[str, ...]:
        """Return the keys trusted for an identity."""
        return self._keys.get(identity, ())

    def trust(self, identity: str, key: str) -> None:
        """Remember a key."""
        self._keys[identity] = (*self._keys.get(identity, ()), key)
