"""Why no VM for the services is made on a fleet."""

from __future__ import annotations

from cockpit.engine.source import Source
from cockpit.model.refusals.grounds import Refusal, RefusalCode


def no_infra(source: Source) -> Refusal | None:
    """Return why none is made, or None where one can be."""
    if source.infra is not None and source.infra.kept_at:
        return None  # Perhaps ours: looked after again there, and refused where no such VM is.
    if source.services is not None:
        where = f"at {source.services_host}" if source.services_host else "there"
        return Refusal(RefusalCode.ALREADY, f"board, feed and registry are {where}")
    if source.infra is None:
        return Refusal(RefusalCode.LACKING, "this fleet has no place for services of its own")
    return None
