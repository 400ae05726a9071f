"""SkillHub's client: skills and extensions, what agents have of them, and changes as they happen."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError

from cockpit.model.shared.listed import Listed
from cockpit.model.shared.skills import AgentSkills, SharedItem, SharedKind, SkillChange, SkillUpdate, Version
from cockpit.services.errors import ServiceError, ServiceMissing, TokenRefused
from cockpit.services.following import HOPELESS, SETTLED, SILENCE, Memory, delay, frames
from cockpit.services.http import ServiceHttp, part
from cockpit.services.reading import listed, one_of, taken
from cockpit.services.wire import Identifier, ServiceModel, Switch, Text, Texts, Timestamp, Whole, each

COLLECTIONS = {
    SharedKind.SKILL: ("/skills/items", "skills"),
    SharedKind.EXTENSION: ("/skills/extensions", "extensions"),
}
"""Where each kind is, and what its list is wrapped in."""


class ItemRecord(ServiceModel):
    """A skill or an extension; its name is its key."""

    name: Identifier
    version: Whole = 0
    description: Text = ""
    content: Text = ""
    publishedBy: Text = ""
    publishedAt: Timestamp = 0.0
    updatedAt: Timestamp = 0.0
    tags: Texts = ()
    enabled: Switch = True

    def item(self, kind: SharedKind) -> SharedItem:
        """Return the fleet's item."""
        return SharedItem(
            kind=kind,
            name=self.name,
            version=self.version,
            description=self.description,
            content=self.content,
            published_by=self.publishedBy,
            published_at=self.publishedAt,
            updated_at=self.updatedAt,
            tags=self.tags,
            enabled=self.enabled,
        )


class VersionRecord(ServiceModel):
    """A name and a version."""

    name: Identifier
    version: Whole = 0


def _versions(value: object) -> tuple[Version, ...]:
    return tuple(Version(one.name, one.version) for one in each(value, VersionRecord))


Versions = Annotated[tuple[Version, ...], BeforeValidator(_versions)]


class HolderRecord(ServiceModel):
    """What an agent has."""

    agentId: Identifier
    vmId: Text = ""
    skills: Versions = ()
    extensions: Versions = ()
    lastSync: Timestamp = 0.0

    def holder(self) -> AgentSkills:
        """Return the fleet's record."""
        return AgentSkills(self.agentId, self.vmId, self.skills, self.extensions, self.lastSync)


class ManifestRecord(ServiceModel):
    """All that is enabled."""

    skills: Versions = ()
    extensions: Versions = ()


class UpdateRecord(ServiceModel):
    """What an agent is to do."""

    type: Text = ""
    name: Identifier
    version: Whole = 0
    action: Text = ""

    def update(self) -> SkillUpdate:
        """Return the fleet's record."""
        return SkillUpdate(self.type, self.name, self.version, self.action)


class ChangeRecord(ServiceModel):
    """A frame of the stream."""

    id: Identifier
    type: Text = ""
    name: Text = ""
    version: Whole = 0
    action: Text = ""
    timestamp: Timestamp = 0.0

    def change(self) -> SkillChange:
        """Return the fleet's record."""
        return SkillChange(self.id, self.type, self.name, self.version, self.action, self.timestamp)


class SkillsClient:
    """The SkillHub of one server."""

    def __init__(
        self,
        http: ServiceHttp,
        *,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._http = http
        self._rest = rest
        self._jitter = jitter

    async def items(self, kind: SharedKind) -> Listed[SharedItem]:
        """Return the skills, or the extensions, by name, with their content; those that are disabled too.

        No filter is asked for: the server's one by tag fails where a skill's tags are null, and the one by `enabled`
        is ignored for extensions.

        Raises:
            ServiceError: they could not be had.
        """
        path, name = COLLECTIONS[kind]
        return await listed(
            self._http, f"list the {kind.value}s", path, name, ItemRecord, lambda record: record.item(kind), {}
        )

    async def item(self, kind: SharedKind, name: str) -> SharedItem:
        """Return one of them.

        Raises:
            RecordNotFound: there is none.
        """
        what = f"read {kind.value} {name}"
        reply = await self._http.request(what, "GET", f"{COLLECTIONS[kind][0]}/{part(name)}")
        return one_of(reply, what, ItemRecord).item(kind)

    async def publish(
        self,
        kind: SharedKind,
        name: str,
        description: str,
        content: str,
        published_by: str,
        *,
        tags: Sequence[str] | None = None,
    ) -> SharedItem:
        """Publish one, or its next version, and return it; None leaves the tags as they are.

        Raises:
            ServiceError: it was refused, or the answer was lost: look before publishing again, each time is a version.
        """
        body: dict[str, Any] = {
            "name": name,
            "description": description,
            "content": content,
            "publishedBy": published_by,
        }
        if tags is not None and kind is SharedKind.SKILL:
            body["tags"] = list(tags)
        what = f"publish {kind.value} {name}"
        reply = await self._http.request(what, "POST", COLLECTIONS[kind][0], body=body)
        return one_of(reply, what, ItemRecord).item(kind)

    async def enable(self, skill: str, enabled: bool) -> SharedItem:
        """Enable or disable a skill and return it; its version stays.

        Raises:
            ServiceError: it was refused.
        """
        what = f"{'enable' if enabled else 'disable'} skill {skill}"
        reply = await self._http.request(what, "PATCH", f"/skills/items/{part(skill)}", body={"enabled": enabled})
        return one_of(reply, what, ItemRecord).item(SharedKind.SKILL)

    async def enable_extension(self, item: SharedItem, enabled: bool, published_by: str) -> SharedItem:
        """Enable or disable an extension: there is no other way than to publish it anew, which is its next version.

        Raises:
            ServiceError: it was refused.
        """
        body = {
            "name": item.name,
            "description": item.description or item.name,
            "content": item.content,
            "publishedBy": published_by,
            "enabled": enabled,
        }
        what = f"{'enable' if enabled else 'disable'} extension {item.name}"
        reply = await self._http.request(what, "POST", "/skills/extensions", body=body)
        return one_of(reply, what, ItemRecord).item(SharedKind.EXTENSION)

    async def remove(self, kind: SharedKind, name: str) -> None:
        """Remove one; agents that have it are told so when they ask next.

        Raises:
            RecordNotFound: there is none.
        """
        await self._http.request(f"remove {kind.value} {name}", "DELETE", f"{COLLECTIONS[kind][0]}/{part(name)}")

    async def manifest(self) -> tuple[tuple[Version, ...], tuple[Version, ...]]:
        """Return the skills and the extensions that are enabled.

        Raises:
            ServiceError: they could not be had.
        """
        what = "read the manifest of skills"
        record = one_of(await self._http.request(what, "GET", "/skills/manifest"), what, ManifestRecord)
        return record.skills, record.extensions

    async def sync(
        self, agent: str, skills: Sequence[Version], extensions: Sequence[Version], *, vm_id: str = ""
    ) -> tuple[SkillUpdate, ...]:
        """Tell what an agent has and return what it is to change. Both lists are always sent: without one the server
        answers 500 and has taken the agent down all the same.

        Raises:
            ServiceError: it was refused.
        """
        body: dict[str, Any] = {
            "agentId": agent,
            "skills": [{"name": one.name, "version": one.version} for one in skills],
            "extensions": [{"name": one.name, "version": one.version} for one in extensions],
        }
        if vm_id:
            body["vmId"] = vm_id
        what = f"ask what skills {agent} lacks"
        reply = await self._http.request(what, "POST", "/skills/sync", body=body)
        return taken(reply, what, "updates", UpdateRecord, UpdateRecord.update).entries

    async def agents(self) -> Listed[AgentSkills]:
        """Return what agents said they have, who asked last first.

        Raises:
            ServiceError: it could not be had.
        """
        return await listed(
            self._http,
            "list the agents' skills",
            "/skills/agents",
            "agents",
            HolderRecord,
            HolderRecord.holder,
            {},
        )

    async def follow(
        self, *, report: Callable[[bool, str], None] = lambda _up, _reason: None
    ) -> AsyncGenerator[SkillChange, None]:
        """Yield changes as they happen, each once, for ever; close it with `contextlib.aclosing`.

        The server replays what was missed, all but what happens while it does so: whoever shows a list reads it again
        when `report` says that the stream stands.
        """
        memory = Memory()
        failures = 0
        while True:
            began = time.monotonic()
            hopeless = False
            try:
                async with self._http.stream(
                    "watch the skills", "/skills/stream", params=memory.since(), silence=SILENCE
                ) as response:
                    report(True, "")
                    async for content in frames(response, "watch the skills"):
                        for change in memory.fresh(_decoded(content)):
                            yield change
                reason = "the server ended the stream"
            except ServiceError as error:
                hopeless = isinstance(error, TokenRefused | ServiceMissing)
                reason = str(error)
            failures = 1 if time.monotonic() - began >= SETTLED else failures + 1
            failures = max(failures, HOPELESS) if hopeless else failures
            report(False, reason)
            await self._rest(delay(failures, self._jitter()))


def _decoded(content: bytes) -> tuple[SkillChange, ...]:
    """Return the change of a frame; none for what is no change: the lists tell what it was."""
    try:
        return (ChangeRecord.model_validate(json.loads(content)).change(),)
    except (ValueError, RecursionError, ValidationError):
        return ()
