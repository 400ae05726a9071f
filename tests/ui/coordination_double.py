"""A double of the shared state of a swarm, for screens and verbs."""

from __future__ import annotations


class CoordinationDouble:
    """Satisfies `cockpit.model.coordination.CoordinationPort` with what a test puts in."""

    def __init__(self) -> None:
        self.places: tuple[str, ...] = ("embedded",)
