"""A list as a service gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Kept]):
    """Records in the order of the service, and what is not among them."""

    entries: tuple[Kept, ...] = ()
    unreadable: int = 0
    """Records that could not be read: a list with such records is not complete."""
    as_of: float = 0.0
    """Unix seconds of the server's clock when it answered; ages are measured against it."""
    missing: tuple[str, ...] = ()
    """Why there is less than was asked for, a sentence each: what a kind of server does not have."""
