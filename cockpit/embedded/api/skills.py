"""SkillHub: skills, extensions and who has which, as hdresearch/vers-agent-services serves it (src/skills)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.exchange import Rejected, json_response, query
from cockpit.embedded.api.javascript import (
    UNDEFINED,
    Body,
    ServerFault,
    by_name,
    differs,
    includes,
    number_of,
    read_body,
    truthy,
)
from cockpit.embedded.api.moments import moment_text
from cockpit.embedded.api.paths import NAME
from cockpit.embedded.api.service_records import Document, Documents, ServiceRecords
from cockpit.embedded.api.streams import HEARTBEAT_INTERVAL, EventStream


class SkillHub:
    """The routes of the SkillHub; skills and extensions are named by their names."""

    def __init__(self, services: ServiceRecords, heartbeat: float = HEARTBEAT_INTERVAL) -> None:
        self._skills = services.skills
        self._extensions = services.extensions
        self._agents = services.skill_agents
        self._changes = services.changes
        self._ids = services.ids
        self._heartbeat = heartbeat

    def routes(self) -> list[Route]:
        """Return the routes."""
        skill, extension = f"/skills/items/{{name:{NAME}}}", f"/skills/extensions/{{name:{NAME}}}"
        return [
            Route("/skills/items", self.publish_skill, methods=["POST"]),
            Route("/skills/items", self.list_skills, methods=["GET"]),
            Route(skill, self.get_skill, methods=["GET"]),
            Route(skill, self.patch_skill, methods=["PATCH"]),
            Route(skill, self.delete_skill, methods=["DELETE"]),
            Route("/skills/extensions", self.publish_extension, methods=["POST"]),
            Route("/skills/extensions", self.list_extensions, methods=["GET"]),
            Route(extension, self.get_extension, methods=["GET"]),
            Route(extension, self.delete_extension, methods=["DELETE"]),
            Route("/skills/manifest", self.manifest, methods=["GET"]),
            Route("/skills/sync", self.sync, methods=["POST"]),
            Route("/skills/stream", self.stream, methods=["GET"]),
            Route("/skills/agents", self.list_agents, methods=["GET"]),
            Route(f"/skills/agents/{{name:{NAME}}}", self.get_agent, methods=["GET"]),
        ]

    async def publish_skill(self, request: Request) -> Response:
        """POST /skills/items: a known name becomes its next version."""
        body = await read_body(request, guarded=True)
        return self._publish(
            "skill", self._skills, body, {"tags": [] if not truthy(body.get("tags")) else body.get("tags")}
        )

    async def publish_extension(self, request: Request) -> Response:
        """POST /skills/extensions."""
        return self._publish("extension", self._extensions, await read_body(request, guarded=True), {})

    def _publish(self, kind: str, documents: Documents, body: Body, new: Document) -> Response:
        name, description = body.required("name"), body.required("description")
        content, publisher = body.unspaced("content"), body.required("publishedBy")
        moment = moment_text()
        written = {"description": description, "content": content, "publishedBy": publisher}
        known = documents.get(name)
        if known is not None:
            item = known | written | {"updatedAt": moment, "version": known["version"] + 1}
            item |= body.given(*new, "enabled")
        else:
            item = {"id": self._ids.new(), "name": name, "version": 1, **written}
            item |= {"publishedAt": moment, "updatedAt": moment, **new, "enabled": True, **body.given("enabled")}
        documents.put(item)
        self._changes.tell(kind, name, item["version"], "publish" if known is None else "update")
        return json_response(item, 201)

    async def list_skills(self, request: Request) -> Response:
        """GET /skills/items: by name, with their content."""
        skills = self._skills.all()
        if tag := query(request, "tag"):
            skills = [skill for skill in skills if includes(skill["tags"], tag)]
        if "enabled" in request.query_params:
            enabled = query(request, "enabled") == "true"
            skills = [skill for skill in skills if skill["enabled"] is enabled]
        skills.sort(key=lambda skill: by_name(skill["name"]))
        return json_response({"skills": skills, "count": len(skills)})

    async def list_extensions(self, _request: Request) -> Response:
        """GET /skills/extensions: by name; no filter counts."""
        extensions = sorted(self._extensions.all(), key=lambda extension: by_name(extension["name"]))
        return json_response({"extensions": extensions, "count": len(extensions)})

    async def get_skill(self, request: Request) -> Response:
        """GET /skills/items/:name."""
        return json_response(_named(request, self._skills, "skill"))

    async def get_extension(self, request: Request) -> Response:
        """GET /skills/extensions/:name."""
        return json_response(_named(request, self._extensions, "extension"))

    async def patch_skill(self, request: Request) -> Response:
        """PATCH /skills/items/:name: the version stays; being switched on or off is told."""
        body = await read_body(request, guarded=True)
        skill = _named(request, self._skills, "skill")
        given = body.given("description", "tags", "enabled")
        if not given:
            return json_response(skill)
        switched = "enabled" in given and differs(skill["enabled"], given["enabled"])
        skill = skill | given | {"updatedAt": moment_text()}
        self._skills.put(skill)
        if switched:
            action = "enable" if truthy(skill["enabled"]) else "disable"
            self._changes.tell("skill", skill["name"], skill["version"], action)
        return json_response(skill)

    async def delete_skill(self, request: Request) -> Response:
        """DELETE /skills/items/:name."""
        return self._delete("skill", self._skills, request)

    async def delete_extension(self, request: Request) -> Response:
        """DELETE /skills/extensions/:name."""
        return self._delete("extension", self._extensions, request)

    def _delete(self, kind: str, documents: Documents, request: Request) -> Response:
        item = _named(request, documents, kind)
        documents.remove(item["name"])
        self._changes.tell(kind, item["name"], item["version"], "remove")
        return json_response({"deleted": True})

    async def manifest(self, _request: Request) -> Response:
        """GET /skills/manifest: what is enabled."""
        return json_response({"skills": _manifest(self._skills), "extensions": _manifest(self._extensions)})

    async def sync(self, request: Request) -> Response:
        """POST /skills/sync: what an agent has; answers with what it should change."""
        body = await read_body(request, guarded=True)
        agent = body.required("agentId")
        vm = body.trimmed("vmId")
        skills, extensions = body.get("skills"), body.get("extensions")
        self._agents.put(
            {
                "agentId": agent,
                **({} if vm is None else {"vmId": vm}),
                "skills": skills if truthy(skills) else [],
                "extensions": extensions if truthy(extensions) else [],
                "lastSync": moment_text(),
            }
        )
        has_skills, has_extensions = _versions(skills), _versions(extensions)
        updates = _updates("skill", _manifest(self._skills), has_skills)
        updates += _updates("extension", _manifest(self._extensions), has_extensions)
        return json_response({"updates": updates})

    async def list_agents(self, _request: Request) -> Response:
        """GET /skills/agents: the newest report first."""
        agents = sorted(self._agents.all(), key=lambda agent: str(agent["lastSync"]), reverse=True)
        return json_response({"agents": agents, "count": len(agents)})

    async def get_agent(self, request: Request) -> Response:
        """GET /skills/agents/:agentId."""
        return json_response(_named(request, self._agents, "agent"))

    async def stream(self, request: Request) -> Response:
        """GET /skills/stream: changes as they come, after those missed since an id."""
        since = query(request, "since")
        missed = self._changes.since(since) if since else []
        return EventStream(self._changes.listeners, missed, self._heartbeat)


def _named(request: Request, documents: Documents, what: str) -> Document:
    document = documents.get(request.path_params["name"])
    if document is None:
        raise Rejected(404, f"{what} not found")
    return document


def _manifest(documents: Documents) -> list[Document]:
    return [{"name": one["name"], "version": one["version"]} for one in documents.all() if truthy(one["enabled"])]


def _versions(given: object) -> dict[object, Document]:
    """Return what an agent says it has, by name; a name that is no text is like no other.

    Raises:
        ServerFault: it is no list of objects.
    """
    if not isinstance(given, list) or None in given:
        raise ServerFault
    items = [Body(one) for one in given]
    return {
        name if isinstance(name := item.get("name"), str) else (index, "unnamed"): item.given("name", "version")
        for index, item in enumerate(items)
    }


def _updates(kind: str, current: list[Document], has: dict[object, Document]) -> list[Document]:
    updates: list[Document] = []
    for one in current:
        version = has.get(one["name"], {}).get("version", UNDEFINED)
        if version is UNDEFINED:
            updates.append({"type": kind, **one, "action": "install"})
        elif number_of(version) < one["version"]:
            updates.append({"type": kind, **one, "action": "update"})
    names = {one["name"] for one in current}
    gone = (item for name, item in has.items() if name not in names)
    return updates + [{"type": kind, **item, "action": "remove"} for item in gone]
