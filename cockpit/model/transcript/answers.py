"""The answers of an agent: what it said last in each run that ended, picked from its records."""

from __future__ import annotations

from cockpit.model.events import (
    DaemonStarted,
    EpochStarted,
    MessageEnded,
    Record,
    RunEnded,
    RunSettled,
    RunStarted,
)
from cockpit.model.tool_use import ToolStarted


class AnswerPicker:
    """Takes an agent's records in their order and gives the answers; what is said between tools is none."""

    def __init__(self) -> None:
        self._said: Record | None = None
        self.working = False
        """Whether a run began of which no end was seen."""

    def take(self, record: Record) -> Record | None:
        """Take the next record; return the message that is an answer, once its run has ended with it.

        Some agents end a run several times before it is over, e.g. for a retry: each end gives what is new since.
        """
        match record.event:
            case RunStarted() | DaemonStarted() | EpochStarted():
                self._said, self.working = None, isinstance(record.event, RunStarted)
            case MessageEnded(role="assistant") as ended:
                # With a tool call, or without a text, it is no answer, and what was said before it is none either.
                calls = any(block.kind == "toolCall" for block in ended.blocks)
                self._said = record if ended.text.strip() and not calls else None
            case ToolStarted():
                self._said = None
            case RunEnded() | RunSettled():
                answer, self._said, self.working = self._said, None, False
                return answer
            case _:
                pass
        return None
