"""Why no VM for the services is made on a fleet."""

from __future__ import annotations

from cockpit.engine.source import Source
from cockpit.model.refusals.grounds import Refusal, RefusalCode


def no_infra(source: Source) -> Refusal | None:
    """Return why none is made, or None where one can be."""
    if source.infra is not None and (source.infra.kept_at or source.taken_up.services is not None):
        return None  # Perhaps ours: looked after again there, and refused where no such VM is.
    if source.present is not None:
        where = f"at {source.host_of_services}" if source.host_of_services else "there"
        return Refusal(RefusalCode.ALREADY, f"board, feed and registry are {where}")
    if source.infra is None:
        return Refusal(RefusalCode.LACKING, "this fleet has no place for services of its own")
    return None
