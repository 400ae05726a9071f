"""How the scripted agent compacts its context: by hand, or after a run that filled it."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from cockpit.embedded.scripted_agent.session import SYSTEM_TOKENS, Session
from cockpit.embedded.scripted_agent.wire import usage_record

DURATION = 1.5
"""Seconds a summary takes at speed 1."""
SUMMARY = "## Goal\nFollow the script.\n\n## Progress\n- Earlier turns were completed.\n\n## Next Steps\n1. Continue.\n"


async def compact(session: Session, reason: str) -> tuple[dict[str, Any] | None, str]:
    """Compact the context with both events and return the result, or None and the reason why not."""
    session.wire.emit("compaction_start", reason=reason)
    session.compacting = True
    try:
        error = _refusal(session) if reason == "manual" else ""
        if error:
            _end(session, reason, errorMessage=f"Compaction failed: {error}")
            return None, error
        if not await _summarize(session):
            _end(session, reason, aborted=True)
            return None, "Compaction cancelled"
        result = _result(session)
        _end(session, reason, result=result)
        return result, ""
    finally:
        session.compacting = False


async def _summarize(session: Session) -> bool:
    if session.wire.is_delta:
        return await session.pause(DURATION)
    # pi before 0.85 does not stop a compaction for an abort.
    await asyncio.sleep(DURATION / session.speed)
    return True


def _refusal(session: Session) -> str:
    if len(session.messages) < 2:
        return "Nothing to compact (session too small)"
    return "Already compacted" if session.compacted_at == len(session.messages) else ""


def _result(session: Session) -> dict[str, Any]:
    before = session.context
    result: dict[str, Any] = {
        "summary": SUMMARY,
        "firstKeptEntryId": uuid.uuid4().hex[:8],
        "tokensBefore": before,
    }
    session.context = SYSTEM_TOKENS + (before - SYSTEM_TOKENS) // 5
    session.cached = 0
    session.compacted_at = len(session.messages)
    if session.wire.is_delta:
        usage = usage_record(session.wire.dialect, before, len(SUMMARY) // 4)
        session.totals.add(usage)
        result |= {"estimatedTokensAfter": session.context, "usage": usage}
    return result | {"details": {"readFiles": [], "modifiedFiles": []}}


def _end(session: Session, reason: str, aborted: bool = False, **fields: Any) -> None:
    result = {"result": fields.pop("result")} if "result" in fields else {}
    session.wire.emit("compaction_end", reason=reason, **result, aborted=aborted, willRetry=False, **fields)
