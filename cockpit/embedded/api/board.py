"""The board: tasks with notes and artifacts, as hdresearch/vers-agent-services serves it (src/board/routes.ts)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.exchange import (
    Rejected,
    as_text,
    json_response,
    query,
    required,
    service_body,
    shown,
)
from cockpit.embedded.api.service_records import Document, Documents, Ids, ServiceRecords, moment_text
from cockpit.services.vocabularies import ARTIFACT_TYPES, NOTE_TYPES, TASK_STATUSES


class Board:
    """The board's routes."""

    def __init__(self, services: ServiceRecords) -> None:
        self._tasks: Documents = services.tasks
        self._ids: Ids = services.task_ids

    def routes(self) -> list[Route]:
        """Return the routes, the most specific first."""
        task = "/board/tasks/{id}"
        return [
            Route("/board/tasks", self.list_tasks, methods=["GET"]),
            Route("/board/tasks", self.create, methods=["POST"]),
            Route("/board/review", self.list_review, methods=["GET"]),
            Route(task, self.get, methods=["GET"]),
            Route(task, self.patch, methods=["PATCH"]),
            Route(task, self.delete, methods=["DELETE"]),
            Route(f"{task}/bump", self.bump, methods=["POST"]),
            Route(f"{task}/notes", self.list_notes, methods=["GET"]),
            Route(f"{task}/notes", self.add_note, methods=["POST"]),
            Route(f"{task}/artifacts", self.add_artifacts, methods=["POST"]),
            Route(f"{task}/review", self.review, methods=["POST"]),
            Route(f"{task}/approve", self.approve, methods=["POST"]),
            Route(f"{task}/reject", self.reject, methods=["POST"]),
            Route("/board/{id}", self.get, methods=["GET"]),
        ]

    def _task(self, request: Request) -> Document:
        task = self._tasks.get(request.path_params["id"])
        if task is None:
            raise Rejected(404, "task not found")
        return task

    def _save(self, task: Document) -> Document:
        task["updatedAt"] = moment_text()
        self._tasks.put(task)
        return task

    async def list_tasks(self, request: Request) -> Response:
        """GET /board/tasks: newest first, filters joined with and."""
        status, assignee, tag = (query(request, name) for name in ("status", "assignee", "tag"))
        tasks = self._tasks.all()
        if status:
            tasks = [task for task in tasks if task.get("status") == status]
        if assignee:
            tasks = [task for task in tasks if task.get("assignee") == assignee]
        if tag:
            tasks = [task for task in tasks if _has_tag(task, tag)]
        tasks.sort(key=lambda task: str(task.get("createdAt", "")), reverse=True)
        return json_response({"tasks": tasks, "count": len(tasks)})

    async def list_review(self, _request: Request) -> Response:
        """GET /board/review: tasks in review, the latest change first."""
        tasks = [task for task in self._tasks.all() if task.get("status") == "in_review"]
        tasks.sort(key=lambda task: str(task.get("updatedAt", "")), reverse=True)
        return json_response({"tasks": tasks, "count": len(tasks)})

    async def create(self, request: Request) -> Response:
        """POST /board/tasks."""
        body = await service_body(request)
        title, created_by = required(body, "title"), required(body, "createdBy")
        status = body.get("status") or "open"
        if status not in TASK_STATUSES:
            raise Rejected(400, f"invalid status: {shown(status)}")
        moment = moment_text()
        task: Document = {"id": self._ids.new(), "title": title}
        if (description := _optional_text(body, "description")) is not None:
            task["description"] = description
        task["status"] = status
        if (assignee := _optional_text(body, "assignee")) is not None:
            task["assignee"] = assignee
        task |= {
            "tags": _given(body, "tags", []),
            "dependencies": _given(body, "dependencies", []),
            "createdBy": created_by,
            "createdAt": moment,
            "updatedAt": moment,
            "notes": [],
            "artifacts": [],
            "score": 0,
        }
        self._tasks.put(task)
        return json_response(task, 201)

    async def get(self, request: Request) -> Response:
        """GET /board/tasks/:id, and its alias /board/:id."""
        return json_response(self._task(request))

    async def patch(self, request: Request) -> Response:
        """PATCH /board/tasks/:id: the given fields are replaced, null removes an optional one."""
        body = await service_body(request)
        task = self._task(request)
        if "status" in body and body["status"] not in TASK_STATUSES:
            raise Rejected(400, f"invalid status: {shown(body['status'])}")
        if "title" in body:
            title = as_text("title", body["title"])
            if not title:
                raise Rejected(400, "title cannot be empty")
            task["title"] = title
        for name in ("description", "assignee"):
            if name not in body:
                continue
            value = _optional_text(body, name)
            if value is None:
                task.pop(name, None)
            else:
                task[name] = value
        task |= {name: body[name] for name in ("status", "tags", "dependencies") if name in body}
        return json_response(self._save(task))

    async def delete(self, request: Request) -> Response:
        """DELETE /board/tasks/:id."""
        self._tasks.remove(self._task(request)["id"])
        return json_response({"deleted": True})

    async def bump(self, request: Request) -> Response:
        """POST /board/tasks/:id/bump."""
        task = self._task(request)
        task["score"] = int(task.get("score", 0)) + 1
        return json_response(self._save(task))

    async def list_notes(self, request: Request) -> Response:
        """GET /board/tasks/:id/notes."""
        notes = self._task(request)["notes"]
        return json_response({"notes": notes, "count": len(notes)})

    async def add_note(self, request: Request) -> Response:
        """POST /board/tasks/:id/notes: answers with the note."""
        body = await service_body(request)
        task = self._task(request)
        author, content = required(body, "author"), required(body, "content")
        if body.get("type") not in NOTE_TYPES:
            raise Rejected(400, f"invalid note type: {shown(body.get('type'))}")
        note = self._append_note(task, author, content, body["type"])
        self._save(task)
        return json_response(note, 201)

    def _append_note(self, task: Document, author: str, content: str, kind: str = "update") -> Document:
        note = {"id": self._ids.new(), "author": author, "content": content, "type": kind, "createdAt": moment_text()}
        task["notes"].append(note)
        return note

    async def add_artifacts(self, request: Request) -> Response:
        """POST /board/tasks/:id/artifacts: answers with the task."""
        body = await service_body(request)
        task = self._task(request)
        artifacts = body.get("artifacts")
        if not isinstance(artifacts, list) or not artifacts:
            raise Rejected(400, "artifacts array is required and must not be empty")
        self._append_artifacts(task, artifacts, "")
        return json_response(self._save(task), 201)

    def _append_artifacts(self, task: Document, artifacts: list[Any], added_by: str) -> None:
        """Add artifacts one after another; those before a refused one stay, as the imitated server leaves them."""
        try:
            for given in artifacts:
                artifact = given if isinstance(given, dict) else {}
                if artifact.get("type") not in ARTIFACT_TYPES:
                    raise Rejected(400, f"invalid artifact type: {shown(artifact.get('type'))}")
                added: Document = {"type": artifact["type"]}
                for name in ("url", "label"):
                    try:
                        added[name] = required(artifact, name)
                    except Rejected as refused:
                        raise Rejected(400, f"artifact {refused.text}") from refused
                added["addedAt"] = moment_text()
                if who := artifact.get("addedBy") or added_by:
                    added["addedBy"] = who
                task["artifacts"].append(added)
        except Rejected:
            self._save(task)
            raise

    async def review(self, request: Request) -> Response:
        """POST /board/tasks/:id/review: hand a task in."""
        body = await service_body(request)
        summary = required(body, "summary")
        task = self._task(request)
        who = _name(body, "reviewedBy")
        task["status"] = "in_review"
        self._append_note(task, who, summary)
        artifacts = body.get("artifacts")
        if isinstance(artifacts, list) and artifacts:
            self._append_artifacts(task, artifacts, who)
        return json_response(self._save(task))

    async def approve(self, request: Request) -> Response:
        """POST /board/tasks/:id/approve."""
        body = await service_body(request)
        task = self._task(request)
        who = _name(body, "approvedBy")
        comment = body.get("comment")
        said = f": {comment.strip()}" if isinstance(comment, str) and comment.strip() else ""
        task["status"] = "done"
        self._append_note(task, who, f"Approved by {who}{said}")
        return json_response(self._save(task))

    async def reject(self, request: Request) -> Response:
        """POST /board/tasks/:id/reject: hand a task back."""
        body = await service_body(request)
        reason = required(body, "reason")
        task = self._task(request)
        who = _name(body, "rejectedBy")
        task["status"] = "open"
        self._append_note(task, who, f"Rejected by {who}: {reason}")
        return json_response(self._save(task))


def _has_tag(task: Document, tag: str) -> bool:
    tags = task.get("tags")
    return isinstance(tags, list | str) and tag in tags


def _optional_text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    return None if value is None else as_text(name, value)


def _given(body: dict[str, Any], name: str, default: object) -> object:
    value = body.get(name)
    return default if value is None else value


def _name(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value.strip() if isinstance(value, str) and value.strip() else "unknown"
