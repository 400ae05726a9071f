"""Tasks, events and registry entries as they come off the wire, turned into the fleet's own types.

Nothing on these services is validated: lists may be texts or null, details any JSON, words unknown. All of it is kept
as far as it can be shown; only a record without an id is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cockpit.model.board import FeedItem, Note, Task
from cockpit.model.ids import TaskId
from cockpit.services import ulid

DETAIL_LIMIT = 64 * 1024
"""Characters of an event's detail that are kept."""

IDENTIFIER_LIMIT = 200
"""Characters of an id that an event's metadata names; what is longer names nothing."""


LATEST_MS = 1e14
"""Milliseconds beyond which a number is no time: the year 5138."""


def unix_seconds(value: object) -> float:
    """Return an ISO 8601 text, or a number of milliseconds, as unix seconds; 0.0 if it cannot be read."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value / 1000 if 0 < value < LATEST_MS else 0.0
    if not isinstance(value, str):
        return 0.0
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _text(value: object) -> str:
    """Return a text as it is, nothing as empty, and anything else as its JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return json.dumps(value, ensure_ascii=False)[:DETAIL_LIMIT]
    except (ValueError, RecursionError):
        return ""


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    if not isinstance(value, list | tuple):
        return ()
    return tuple(text for item in value if (text := _text(item)))


def _identifier(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise ValueError("an id is a text that is not empty")


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if abs(value) < 2**53 else 0


def _amount(value: object) -> float:
    """Return a number of something that is counted or paid; anything else, what is not finite too, is nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        number = float(value)
    except OverflowError:
        return 0.0
    return number if abs(number) < 1e18 else 0.0


def _is_on(value: object) -> bool:
    """Return a switch; SQLite's 0 and 1 are one, and so is `false`: what says nothing is on."""
    return value not in (False, 0, "false", "0")


def _object(value: object) -> dict[str, Any]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _objects(value: object) -> tuple[dict[str, Any], ...]:
    return tuple(_object(item) for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def endpoints(value: object) -> tuple[tuple[str, int], ...]:
    """Return what a VM says can be reached on it, name and port; nothing checks that, and nothing may be there."""
    return tuple((_text(one.get("name")), _whole(one.get("port"))) for one in _objects(value))


Timestamp = Annotated[float, BeforeValidator(unix_seconds)]
Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Identifier = Annotated[str, BeforeValidator(_identifier)]
Whole = Annotated[int, BeforeValidator(_whole)]
Amount = Annotated[float, BeforeValidator(_amount)]
Switch = Annotated[bool, BeforeValidator(_is_on)]
Object = Annotated[dict[str, Any], BeforeValidator(_object)]


class ServiceModel(BaseModel):
    """A record off the wire."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Record = TypeVar("Record", bound=ServiceModel)


def each(entries: object, record: type[Record]) -> tuple[Record, ...]:
    """Return the entries that can be read: a broken one costs itself, not the list; whoever shows the list counts."""
    if not isinstance(entries, list):
        return ()
    found: list[Record] = []
    for entry in entries:
        try:
            found.append(record.model_validate(entry))
        except (ValidationError, RecursionError):
            continue
    return tuple(found)


class NoteRecord(ServiceModel):
    """A note on a task."""

    id: Text = ""
    author: Text = ""
    content: Text = ""
    type: Text = ""
    createdAt: Timestamp = 0.0

    def note(self) -> Note:
        """Return the fleet's note."""
        return Note(self.author, self.content, self.type, self.createdAt, self.id)


class ArtifactRecord(ServiceModel):
    """Something a task produced; `url` may be a branch name or a path."""

    type: Text = ""
    url: Text = ""
    label: Text = ""


def _all(record: type[Record]) -> Callable[[object], tuple[Record, ...]]:
    return lambda value: each(value, record)


class TaskRecord(ServiceModel):
    """A board task."""

    id: Identifier
    title: Text = ""
    status: Text = ""
    assignee: Text = ""
    description: Text = ""
    createdBy: Text = ""
    tags: Texts = ()
    dependencies: Texts = ()
    notes: Annotated[tuple[NoteRecord, ...], BeforeValidator(_all(NoteRecord))] = ()
    artifacts: Annotated[tuple[ArtifactRecord, ...], BeforeValidator(_all(ArtifactRecord))] = ()
    score: Whole = 0
    createdAt: Timestamp = 0.0
    updatedAt: Timestamp = 0.0

    def task(self) -> Task:
        """Return the fleet's task."""
        return Task(
            id=TaskId(self.id),
            title=self.title,
            status=self.status,
            assignee=self.assignee,
            description=self.description,
            created_by=self.createdBy,
            tags=self.tags,
            dependencies=tuple(TaskId(task) for task in self.dependencies),
            notes=tuple(note.note() for note in self.notes),
            artifacts=tuple((artifact.type, artifact.label, artifact.url) for artifact in self.artifacts),
            score=self.score,
            created_at=self.createdAt,
            updated_at=self.updatedAt,
        )


class EventRecord(ServiceModel):
    """A feed event; detail and metadata may be any JSON."""

    id: Identifier
    agent: Text = ""
    type: Text = ""
    summary: Text = ""
    timestamp: Timestamp = 0.0
    detail: Text = ""
    metadata: Text = ""
    """As JSON text: by convention an object with `taskId`."""

    def item(self) -> FeedItem:
        """Return the fleet's feed item; without a time its id gives one, without a detail its metadata stands in."""
        parts = ulid.decode(self.id)
        at = self.timestamp or (parts[0] / 1000 if parts else 0.0)
        return FeedItem(
            id=self.id,
            agent=self.agent,
            kind=self.type,
            summary=self.summary,
            at=at,
            detail=(self.detail or self.metadata)[:DETAIL_LIMIT],
            task=TaskId(self._said("taskId")) if self._said("taskId") else None,
            answers=self._said("answers"),
            place=self._said("place"),
        )

    def _said(self, key: str) -> str:
        """Return a text of the metadata, or empty text; whoever wrote the event may have written anything there."""
        try:
            metadata = json.loads(self.metadata) if self.metadata.startswith("{") else {}
        except (ValueError, RecursionError):
            return ""
        value = metadata.get(key)
        return value if isinstance(value, str) and len(value) <= IDENTIFIER_LIMIT else ""


class RegistryEntry(ServiceModel):
    """One registered VM: an agent, or infrastructure."""

    id: Identifier
    name: Text = ""
    role: Text = ""
    status: Text = ""
    """`running`, `paused`, `stopped`; `stopped` with a fresh `lastSeen` is alive and idle."""
    address: Text = ""
    services: Annotated[tuple[dict[str, Any], ...], BeforeValidator(_objects)] = ()
    metadata: Object = Field(default_factory=dict)
    registeredBy: Text = ""
    registeredAt: Timestamp = 0.0
    lastSeen: Timestamp = 0.0
    """Unix seconds of the server's clock."""

    def age(self, server_now: float) -> float:
        """Return the seconds since the last sign of life, by the server's clock."""
        return max(0.0, server_now - self.lastSeen)


def unwrapped(body: object, name: str) -> list[Any]:
    """Return the list of an answer, whether wrapped with a count or bare.

    Raises:
        ValueError: there is none.
    """
    entries: Any = body.get(name) if isinstance(body, dict) else body
    if not isinstance(entries, list):
        raise ValueError(f"no list of {name}")
    return entries
