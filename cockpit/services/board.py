"""The board's client: tasks, notes, review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cockpit.model.board import Note, Task
from cockpit.model.ids import TaskId
from cockpit.services.errors import ServiceBroken
from cockpit.services.http import Reply, ServiceHttp, part
from cockpit.services.wire import NoteRecord, TaskRecord, each, unwrapped


@dataclass(frozen=True, slots=True)
class TaskListing:
    """The tasks of a listing."""

    tasks: tuple[Task, ...]
    unreadable: int = 0
    """Entries that could not be read: a list with such entries is not complete."""


class BoardClient:
    """The tasks on one server. There is no push: poll `list_tasks` every 5 to 10 seconds."""

    def __init__(self, http: ServiceHttp) -> None:
        self._http = http

    async def list_tasks(self, *, status: str = "", assignee: str = "", tag: str = "") -> tuple[Task, ...]:
        """Return the tasks that can be read, newest first, with all their notes.

        Raises:
            ServiceError: the list could not be had.
        """
        return (await self.listing(status=status, assignee=assignee, tag=tag)).tasks

    async def listing(self, *, status: str = "", assignee: str = "", tag: str = "") -> TaskListing:
        """Return the tasks, newest first, with all their notes, and how many entries could not be read.

        Raises:
            ServiceError: the list could not be had.
        """
        what = "list the board's tasks"
        given = (("status", status), ("assignee", assignee), ("tag", tag))
        reply = await self._http.request(
            what, "GET", "/board/tasks", params={name: value for name, value in given if value}
        )
        try:
            entries = unwrapped(reply.body, "tasks")
        except ValueError as error:
            raise ServiceBroken(f"could not {what}: {error}", hint="check the server's address") from error
        records = each(entries, TaskRecord)
        return TaskListing(tuple(record.task() for record in records), len(entries) - len(records))

    async def get(self, task_id: TaskId) -> Task:
        """Return one task.

        Raises:
            RecordNotFound: there is none.
        """
        what = f"read task {task_id}"
        return _task(what, await self._http.request(what, "GET", f"/board/tasks/{part(task_id)}"))

    async def create(
        self,
        title: str,
        created_by: str,
        *,
        description: str = "",
        status: str = "",
        assignee: str = "",
        tags: Sequence[str] = (),
        dependencies: Sequence[TaskId] = (),
    ) -> Task:
        """Create a task and return it. After a lost answer it may exist: look before creating it again.

        Raises:
            ServiceError: it was refused, or the answer was lost.
        """
        body: dict[str, Any] = {"title": title, "createdBy": created_by}
        given = (("description", description), ("status", status), ("assignee", assignee))
        body |= {name: value for name, value in given if value}
        body |= {"tags": list(tags), "dependencies": list(dependencies)}
        what = f"create task {title[:60]!r}"
        return _task(what, await self._http.request(what, "POST", "/board/tasks", body=body))

    async def patch(
        self,
        task_id: TaskId,
        *,
        title: str | None = None,
        description: str | None = None,
        status: str | None = None,
        assignee: str | None = None,
        tags: Sequence[str] | None = None,
        dependencies: Sequence[TaskId] | None = None,
    ) -> Task:
        """Replace the given fields and return the task; an empty assignee or description removes it.

        Tags and dependencies are replaced as a whole: the last writer wins.

        Raises:
            ServiceError: it was refused.
        """
        body: dict[str, Any] = {}
        body |= {name: value for name, value in (("title", title), ("status", status)) if value is not None}
        given = (("description", description), ("assignee", assignee))
        body |= {name: value or None for name, value in given if value is not None}
        lists = (("tags", tags), ("dependencies", dependencies))
        body |= {name: list(items) for name, items in lists if items is not None}
        what = f"change task {task_id}"
        return _task(what, await self._http.request(what, "PATCH", f"/board/tasks/{part(task_id)}", body=body))

    async def delete(self, task_id: TaskId) -> None:
        """Delete a task.

        Raises:
            RecordNotFound: there is none.
            ServiceBroken: the answer does not say that it is deleted.
        """
        what = f"delete task {task_id}"
        reply = await self._http.request(what, "DELETE", f"/board/tasks/{part(task_id)}")
        if not isinstance(reply.body, dict) or reply.body.get("deleted") is not True:
            raise ServiceBroken(
                f"could not {what}: the answer does not say that it is deleted", hint="read the board again"
            )

    async def bump(self, task_id: TaskId) -> Task:
        """Raise a task's score by one and return it.

        Raises:
            ServiceError: it was refused.
        """
        return await self._act("bump", task_id, None)

    async def add_note(self, task_id: TaskId, author: str, content: str, kind: str = "update") -> Note:
        """Add a note (`finding`, `blocker`, `question`, `update`) and return it.

        Raises:
            ServiceError: it was refused.
        """
        what = f"add a note to task {task_id}"
        body = {"author": author, "content": content, "type": kind}
        reply = await self._http.request(what, "POST", f"/board/tasks/{part(task_id)}/notes", body=body)
        try:
            return NoteRecord.model_validate(reply.body).note()
        except ValidationError as error:
            raise _unexpected(what) from error

    async def add_artifacts(
        self, task_id: TaskId, artifacts: Sequence[tuple[str, str, str]], added_by: str = ""
    ) -> Task:
        """Add artifacts, each (type, label, url), and return the task.

        Raises:
            ServiceError: one was refused; those before it are stored all the same.
        """
        listed = [
            {"type": kind, "label": label, "url": url} | ({"addedBy": added_by} if added_by else {})
            for kind, label, url in artifacts
        ]
        return await self._act("artifacts", task_id, {"artifacts": listed})

    async def submit(
        self, task_id: TaskId, summary: str, reviewed_by: str, artifacts: Sequence[tuple[str, str, str]] = ()
    ) -> Task:
        """Hand a task in for review, with artifacts, each (type, label, url).

        Raises:
            ServiceError: it was refused; column and summary are changed all the same if it was for an artifact.
        """
        body: dict[str, Any] = {"summary": summary, "reviewedBy": reviewed_by}
        if artifacts:
            body["artifacts"] = [{"type": kind, "label": label, "url": url} for kind, label, url in artifacts]
        return await self._act("review", task_id, body)

    async def approve(self, task_id: TaskId, approved_by: str, comment: str = "") -> Task:
        """Accept a task: it is done.

        Raises:
            ServiceError: it was refused.
        """
        body = {"approvedBy": approved_by} | ({"comment": comment} if comment else {})
        return await self._act("approve", task_id, body)

    async def reject(self, task_id: TaskId, rejected_by: str, reason: str) -> Task:
        """Hand a task back with a reason: it is open again.

        Raises:
            ServiceError: it was refused.
        """
        return await self._act("reject", task_id, {"rejectedBy": rejected_by, "reason": reason})

    async def _act(self, verb: str, task_id: TaskId, body: object) -> Task:
        what = f"send {verb} to task {task_id}" if verb in ("review", "artifacts") else f"{verb} task {task_id}"
        reply = await self._http.request(what, "POST", f"/board/tasks/{part(task_id)}/{verb}", body=body)
        return _task(what, reply)


def _task(what: str, reply: Reply) -> Task:
    try:
        return TaskRecord.model_validate(reply.body).task()
    except ValidationError as error:
        raise _unexpected(what) from error


def _unexpected(what: str) -> ServiceBroken:
    return ServiceBroken(
        f"could not {what}: the answer is no task or note",
        hint="it may have been done: read it again, and check the server's address",
    )
