"""The closed vocabularies of board, feed and registry (hdresearch/vers-agent-services, src).

A server refuses other words; a reader keeps and shows them.
"""

from cockpit.model.board import OPERATOR

OPERATORS_MARK = OPERATOR
"""How the operator signs, and nobody else."""

TASK_STATUSES = ("open", "in_progress", "in_review", "blocked", "done")
NOTE_TYPES = ("finding", "blocker", "question", "update")
ARTIFACT_TYPES = ("branch", "report", "deploy", "diff", "file", "url")
EVENT_TYPES = (
    "task_started",
    "task_completed",
    "task_failed",
    "blocker_found",
    "question",
    "finding",
    "skill_proposed",
    "file_changed",
    "cost_update",
    "agent_started",
    "agent_stopped",
    "token_update",
    "custom",
)
REGISTRY_ROLES = ("infra", "lieutenant", "worker", "golden", "custom")
REGISTRY_STATUSES = ("running", "paused", "stopped")

STALE_AFTER = 300.0
"""Seconds without a heartbeat after which a registry entry that says `running` is no longer believed."""
