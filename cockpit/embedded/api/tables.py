"""The tables of documents in a fleet's file, each with the field that names a document."""

from __future__ import annotations

SERVICE_TABLES = {
    "tasks": "id",
    "feed": "id",
    "registry": "id",
    "log": "id",
    "journal": "id",
    "usage_sessions": "id",
    "usage_vms": "id",
    "skills": "name",
    "extensions": "name",
    "skill_changes": "id",
    "extension_changes": "id",
    "skill_agents": "agentId",
    "reports": "id",
    "share_links": "linkId",
    "share_access": "id",
    "ledger": "commitId",
}
FIRST_TABLES = ("tasks", "feed", "registry")
"""Those that the first version of the file had."""
