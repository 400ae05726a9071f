"""SkillHub: skills and extensions that agents fetch by themselves, which of them have which, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SharedKind(StrEnum):
    """What can be published."""

    SKILL = "skill"
    EXTENSION = "extension"


@dataclass(frozen=True, slots=True)
class SharedItem:
    """A skill (Markdown that an agent reads) or an extension (a program that its process loads)."""

    kind: SharedKind
    name: str
    version: int
    description: str
    content: str
    published_by: str
    published_at: float
    """Unix seconds."""
    updated_at: float
    tags: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Version:
    """A skill or an extension by name, as some list has it."""

    name: str
    version: int


@dataclass(frozen=True, slots=True)
class AgentSkills:
    """What an agent said it has when it asked last."""

    agent: str
    vm_id: str = ""
    skills: tuple[Version, ...] = ()
    extensions: tuple[Version, ...] = ()
    last_sync: float = 0.0
    """Unix seconds of the server's clock."""

    def has(self, item: SharedItem) -> int:
        """Return the version of an item that the agent has, 0 if it has none."""
        held = self.skills if item.kind is SharedKind.SKILL else self.extensions
        return next((one.version for one in held if one.name == item.name), 0)


@dataclass(frozen=True, slots=True)
class SkillUpdate:
    """What an agent is told to do about one item: `install`, `update` or `remove`."""

    kind: str
    name: str
    version: int
    action: str


@dataclass(frozen=True, slots=True)
class SkillChange:
    """Something that happened to an item: `publish`, `update`, `remove`, `enable` or `disable`."""

    id: str
    kind: str
    name: str
    version: int
    action: str
    at: float
    """Unix seconds of the server's clock."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """All that a SkillHub has."""

    items: tuple[SharedItem, ...] = ()
    """Skills first, then extensions, each by name."""
    agents: tuple[AgentSkills, ...] = ()
    """Who asked for updates last comes first."""
    missing: tuple[str, ...] = ()
    """Why this may not be all, a sentence each."""
    as_of: float = 0.0
    """Unix seconds of the server's clock."""

    def named(self, name: str, kind: SharedKind | None = None) -> tuple[SharedItem, ...]:
        """Return the items of a name: a skill and an extension may share one."""
        return tuple(item for item in self.items if item.name == name and kind in (None, item.kind))
