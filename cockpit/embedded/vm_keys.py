"""The key of a VM: by it the embedded fleet knows which VM's agent calls, and lets it stop only what it made.

It has the form of every key of the platform, so that each client takes it, and is made of the fleet's token and the
VM's id: nothing has to be kept, and whoever has one can make no other.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid

ID_LENGTH = 36
"""Characters of a VM's id, with which its key begins."""


PLACE_VERSION = 5


def vm_key(token: str, vm_id: str) -> str:
    """Return the key of a VM.

    Args:
        token: the fleet's own.
        vm_id: whose.
    """
    secret = hmac.new(token.encode(), vm_id.lower().encode(), hashlib.sha256).hexdigest()
    return f"{vm_id.lower()}{secret}"


def is_place(vm_id: str) -> bool:
    """Say whether an id is that of a place on a plain host: those are made of its name, a VM's is drawn by lot."""
    try:
        return uuid.UUID(vm_id).version == PLACE_VERSION
    except ValueError:
        return False


def vm_of_key(token: str, given: str) -> str:
    """Return the id of the VM whose key that is, or empty text; the time it takes says nothing of the right one."""
    vm_id = given[:ID_LENGTH]
    right = vm_key(token, vm_id).encode()
    return vm_id if hmac.compare_digest(given.encode("utf-8", "replace"), right) else ""
