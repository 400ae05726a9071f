"""How the operator is called, as the configuration has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.model.notices.rules import NoticeRules

if TYPE_CHECKING:
    from cockpit.config import Settings


def notice_rules(settings: Settings) -> NoticeRules:
    """Return what config.toml says in its table `notify`."""
    said = settings.notify
    return NoticeRules(said.bell, said.desktop, said.title, said.hook, said.hook_seconds, said.digest_seconds)
