"""The board: tasks with notes and artifacts, as hdresearch/vers-agent-services serves it (src/board/routes.ts)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cockpit.embedded.api.callers import caller_of, is_operator
from cockpit.embedded.api.exchange import Rejected, json_response, query
from cockpit.embedded.api.javascript import (
    SPACES,
    Body,
    ServerFault,
    includes,
    is_one_of,
    read_body,
    shown,
    trimmed,
    truthy,
)
from cockpit.embedded.api.moments import moment_text
from cockpit.embedded.api.service_records import Document, Documents, Ids, ServiceRecords
from cockpit.services.vocabularies import ARTIFACT_TYPES, NOTE_TYPES, TASK_STATUSES

ORDER = ("id", "title", "description", "status", "assignee", "tags", "dependencies")
"""The fields of a task that stand before the others, whenever they were set."""


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
        return self._keep(task | {"updatedAt": moment_text()})

    def _keep(self, task: Document) -> Document:
        ordered = {name: task[name] for name in ORDER if name in task} | task
        self._tasks.put(ordered)
        return ordered

    async def list_tasks(self, request: Request) -> Response:
        """GET /board/tasks: newest first, filters joined with and."""
        status, assignee, tag = (query(request, name) for name in ("status", "assignee", "tag"))
        tasks = self._tasks.all()
        if status:
            tasks = [task for task in tasks if task.get("status") == status]
        if assignee:
            tasks = [task for task in tasks if task.get("assignee") == assignee]
        if tag:
            tasks = [task for task in tasks if includes(task.get("tags"), tag)]
        tasks.sort(key=lambda task: str(task.get("createdAt", "")), reverse=True)
        return json_response({"tasks": tasks, "count": len(tasks)})

    async def list_review(self, _request: Request) -> Response:
        """GET /board/review: tasks in review, the latest change first."""
        tasks = [task for task in self._tasks.all() if task.get("status") == "in_review"]
        tasks.sort(key=lambda task: str(task.get("updatedAt", "")), reverse=True)
        return json_response({"tasks": tasks, "count": len(tasks)})

    async def create(self, request: Request) -> Response:
        """POST /board/tasks."""
        body = await read_body(request)
        title, created_by = body.required("title"), body.required("createdBy")
        status = body.get("status")
        if truthy(status) and not is_one_of(status, TASK_STATUSES):
            raise Rejected(400, f"invalid status: {shown(status)}")
        moment = moment_text()
        optional = {name: body.trimmed(name) for name in ("description", "assignee")}
        task: Document = {"id": self._ids.new(), "title": title, "status": status or "open"}
        task |= {name: value for name, value in optional.items() if value is not None}
        task |= {name: body.get(name) if truthy(body.get(name)) else [] for name in ("tags", "dependencies")}
        task |= {"createdBy": created_by, "createdAt": moment, "updatedAt": moment}
        task |= {"notes": [], "artifacts": [], "score": 0}
        return json_response(self._keep(task), 201)

    async def get(self, request: Request) -> Response:
        """GET /board/tasks/:id, and its alias /board/:id."""
        return json_response(self._task(request))

    async def patch(self, request: Request) -> Response:
        """PATCH /board/tasks/:id: the given fields are replaced, null removes an optional one."""
        body = await read_body(request)
        task = self._task(request)
        if "status" in body and not is_one_of(body.get("status"), TASK_STATUSES):
            raise Rejected(400, f"invalid status: {shown(body.get('status'))}")
        if "title" in body or "description" in body:
            _check_wording(request, task)
        if "title" in body:
            title = body.get("title")
            if not isinstance(title, str) or not title.strip(SPACES):
                raise Rejected(400, "title cannot be empty")
            task["title"] = title.strip(SPACES)
        try:
            _set_optional(task, body, "description")
            task |= body.given("status")
            _set_optional(task, body, "assignee")
        except ServerFault:
            # What came before stays done, as the imitated server leaves it.
            self._keep(task)
            raise
        task |= body.given("tags", "dependencies")
        return json_response(self._save(task))

    async def delete(self, request: Request) -> Response:
        """DELETE /board/tasks/:id."""
        task = self._task(request)
        _check_wording(request, task)
        self._tasks.remove(task["id"])
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
        body = await read_body(request)
        task = self._task(request)
        author, content = body.needed("author"), body.needed("content")
        kind = body.get("type")
        if not is_one_of(kind, NOTE_TYPES):
            raise Rejected(400, f"invalid note type: {shown(kind)}")
        note = self._append_note(task, author, content, kind)
        self._save(task)
        return json_response(note, 201)

    def _append_note(self, task: Document, author: str, content: str, kind: str = "update") -> Document:
        note = {"id": self._ids.new(), "author": author, "content": content, "type": kind, "createdAt": moment_text()}
        task["notes"].append(note)
        return note

    async def add_artifacts(self, request: Request) -> Response:
        """POST /board/tasks/:id/artifacts: answers with the task."""
        body = await read_body(request)
        task = self._task(request)
        artifacts = body.get("artifacts")
        if not isinstance(artifacts, list) or not artifacts:
            raise Rejected(400, "artifacts array is required and must not be empty")
        self._append_artifacts(task, artifacts)
        return json_response(self._save(task), 201)

    def _append_artifacts(self, task: Document, artifacts: list[Any]) -> None:
        """Add artifacts one after another; those before a refused one stay, as the imitated server leaves them."""
        moment = moment_text()
        try:
            for given in artifacts:
                task["artifacts"].append(_artifact(given, moment))
        except (Rejected, ServerFault):
            self._keep(task)
            raise

    async def review(self, request: Request) -> Response:
        """POST /board/tasks/:id/review: hand a task in."""
        body = await read_body(request)
        summary = body.needed("summary")
        task = self._save(self._task(request) | {"status": "in_review"})
        who = body.trimmed("reviewedBy") or "unknown"
        self._append_note(task, who, summary)
        task = self._save(task)
        artifacts = body.get("artifacts")
        if isinstance(artifacts, list) and artifacts:
            self._append_artifacts(task, [_added_by(given, who) for given in artifacts])
            task = self._save(task)
        return json_response(task)

    async def approve(self, request: Request) -> Response:
        """POST /board/tasks/:id/approve."""
        body = await read_body(request)
        who, comment = body.trimmed("approvedBy") or "unknown", body.trimmed("comment")
        task = self._task(request)
        task["status"] = "done"
        self._append_note(task, who, f"Approved by {who}: {comment}" if comment else f"Approved by {who}")
        return json_response(self._save(task))

    async def reject(self, request: Request) -> Response:
        """POST /board/tasks/:id/reject: hand a task back."""
        body = await read_body(request)
        reason, who = body.needed("reason"), body.trimmed("rejectedBy") or "unknown"
        task = self._task(request)
        task["status"] = "open"
        self._append_note(task, who, f"Rejected by {who}: {reason}")
        return json_response(self._save(task))


def _check_wording(request: Request, task: Document) -> None:
    """See that what the operator asked for stays as it was written, and stays.

    Raises:
        Rejected: an agent would change it.
    """
    if is_operator(task.get("createdBy")) and caller_of(request):
        raise Rejected(403, "the operator wrote this task: an agent adds notes to it")


def _set_optional(task: Document, body: Body, name: str) -> None:
    if name not in body:
        return
    value = body.trimmed(name)
    if value is None:
        task.pop(name, None)
    else:
        task[name] = value


def _artifact(given: object, moment: str) -> Document:
    if given is None:
        raise ServerFault
    fields = Body(given)
    kind = fields.get("type")
    if not is_one_of(kind, ARTIFACT_TYPES):
        raise Rejected(400, f"invalid artifact type: {shown(kind)}")
    added: Document = {"type": kind}
    added |= {name: fields.needed(name, f"artifact {name}") for name in ("url", "label")}
    added["addedAt"] = moment
    who = trimmed(fields.get("addedBy"))
    return added if who is None else added | {"addedBy": who}


def _added_by(given: object, who: str) -> Document:
    """Return an artifact with the one who hands it in, where it names nobody."""
    if given is None:
        raise ServerFault
    fields = Body(given).fields
    return fields | {"addedBy": fields.get("addedBy") if truthy(fields.get("addedBy")) else who}
