"""Every act on a board that does or does not do it, answered with anything: what is claimed is what the board shows."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from cockpit.engine.commands import board
from cockpit.errors import CockpitError, NotFound, Undecided
from cockpit.model.board import OPERATOR, Task, TaskContent
from cockpit.model.commands.board import (
    AddArtifacts,
    ApproveTask,
    AssignTask,
    BoardCommand,
    BumpTask,
    CreateTask,
    DeleteTask,
    EditTask,
    MoveTask,
    NoteTask,
    RejectTask,
    SubmitTask,
)
from cockpit.model.ids import TaskId
from cockpit.services.board import BoardClient
from cockpit.services.http import ServiceHttp
from tests.embedded.api.fakes import make_world

PAGE = "<!doctype html><html><h1>Sorry</h1></html>"
SILENT: dict[str, httpx.Response | Exception] = {
    "reset": httpx.ReadError("connection reset by peer"),
    "cut": httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
    "slow": httpx.ReadTimeout("too slow"),
}
ANSWERED: dict[str, httpx.Response | Exception] = {
    "500": httpx.Response(500, json={"error": "db is locked"}),
    "500 page": httpx.Response(500, html=PAGE),
    "502": httpx.Response(502, text="Bad Gateway"),
    "503 empty": httpx.Response(503),
    "504 page": httpx.Response(504, html=PAGE),
    "404 page": httpx.Response(404, html=PAGE),
    "418 page": httpx.Response(418, html=PAGE),
    "302": httpx.Response(302, headers={"location": "https://elsewhere.test"}),
    "200 page": httpx.Response(200, html=PAGE),
    "200 empty": httpx.Response(200),
    "204": httpx.Response(204),
    "200 half": httpx.Response(200, content=b'{"id": "01', headers={"content-type": "application/json"}),
    "200 list": httpx.Response(200, json=[]),
    "200 ok": httpx.Response(200, json={"ok": True}),
}
NEVER_DONE: dict[str, httpx.Response | Exception] = {
    "refused": httpx.Response(400, json={"error": "title is required"}),
    "token": httpx.Response(401, text="no"),
    "limit": httpx.Response(429),
    "no route": httpx.ConnectError("no route to host"),
}
every_doubt = pytest.mark.parametrize("answer", (SILENT | ANSWERED).values(), ids=SILENT | ANSWERED)


class SickBoard(httpx.AsyncBaseTransport):
    """The reference's board; what changes something is done if `works`, and answered with `answer`."""

    def __init__(self, answer: httpx.Response | Exception | None, *, works: bool, blind: bool = False) -> None:
        world = make_world()
        self._inner, self.token = world.transport, world.token
        self.answer: httpx.Response | Exception | None = None
        self.works, self.blind, self.looks = True, False, 0
        self._then = (answer, works, blind)

    def fall_sick(self) -> None:
        """Answer as the test wants from now on."""
        self.answer, self.works, self.blind = self._then
        self.looks = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.looks += 1
            if self.blind:
                return httpx.Response(502, html=PAGE)
            return await self._inner.handle_async_request(request)
        answer = await self._inner.handle_async_request(request) if self.works else None
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            given = self.answer
            return httpx.Response(given.status_code, content=given.content, headers=given.headers)
        assert answer is not None
        return answer


async def acted(sick: SickBoard, name: str) -> tuple[Task | None, BoardCommand]:
    """Do one act on a board with one task; return what became of it, or raise what the act raised."""
    client = BoardClient(ServiceHttp("http://services.test", sick.token, transport=sick))
    task = await client.create("paint", "operator")
    await client.add_note(task.id, OPERATOR, "again", "update")
    known = await client.list_tasks()
    commands: dict[str, BoardCommand] = {
        "create": CreateTask("paint"),
        "move": MoveTask(task.id, "done"),
        "assign": AssignTask(task.id, "ada"),
        "note": NoteTask(task.id, "again"),
        "edit": EditTask(task.id, TaskContent("paint"), TaskContent("draw", "a bird", tags=("art",))),
        "bump": BumpTask(task.id),
        "submit": SubmitTask(task.id, "done so far", (("branch", "work", "w/paint"),)),
        "approve": ApproveTask(task.id, "fine"),
        "reject": RejectTask(task.id, "no bird"),
        "artifact": AddArtifacts(task.id, (("file", "sketch", "a.png"), ("url", "page", "http://x.test"))),
        "delete": DeleteTask(task.id),
    }
    sick.fall_sick()
    source: Any = SimpleNamespace(board=client)
    await board.carry_out(source, commands[name], known)
    sick.blind = False
    found = next((one for one in await client.list_tasks() if one.id == task.id), None)
    return found, commands[name]


CHANGES = ["move", "assign", "note", "edit", "bump", "submit", "approve", "reject", "artifact"]
ACTS = ["create", "delete", *CHANGES]
READ_FIRST = ["edit"]
"""What looks at the task before it changes anything."""


@every_doubt
@pytest.mark.parametrize("name", CHANGES)
async def test_what_the_board_shows_was_done(answer: httpx.Response | Exception, name: str) -> None:
    task, _ = await acted(SickBoard(answer, works=True), name)
    assert task is not None
    shown = {
        "move": task.status == "done",
        "assign": task.assignee == "ada",
        "note": len(task.notes) == 2,
        "edit": (task.title, task.description, task.tags) == ("draw", "a bird", ("art",)),
        "bump": task.score == 1,
        "submit": task.status == "in_review" and task.artifacts == (("branch", "work", "w/paint"),),
        "approve": task.status == "done" and task.notes[-1].content == "Approved by operator: fine",
        "reject": task.status == "open" and task.notes[-1].content == "Rejected by operator: no bird",
        "artifact": len(task.artifacts) == 2,
    }
    assert shown[name]


@every_doubt
async def test_a_task_that_the_board_has_no_more_was_deleted(answer: httpx.Response | Exception) -> None:
    task, _ = await acted(SickBoard(answer, works=True), "delete")
    assert task is None


@every_doubt
@pytest.mark.parametrize("name", ACTS)
async def test_what_the_board_does_not_show_is_never_called_done(answer: httpx.Response | Exception, name: str) -> None:
    with pytest.raises(CockpitError, match="the board shows") as raised:
        await acted(SickBoard(answer, works=False), name)
    # What got no answer may still be done in a moment.
    assert isinstance(raised.value, Undecided) is isinstance(answer, Exception)


@every_doubt
@pytest.mark.parametrize("works", [True, False])
@pytest.mark.parametrize("name", [name for name in ACTS if name not in READ_FIRST])
async def test_a_board_that_cannot_be_read_leaves_it_unknown(
    answer: httpx.Response | Exception, works: bool, name: str
) -> None:
    with pytest.raises(Undecided, match=r"whether it happened is unknown: could not .* 502"):
        await acted(SickBoard(answer, works=works, blind=True), name)


@every_doubt
async def test_a_task_that_appeared_is_named_and_not_called_ours(answer: httpx.Response | Exception) -> None:
    with pytest.raises(Undecided, match="a task of this title is there since"):
        await acted(SickBoard(answer, works=True), "create")


@pytest.mark.parametrize("answer", NEVER_DONE.values(), ids=NEVER_DONE)
@pytest.mark.parametrize("name", ACTS)
async def test_what_was_refused_before_any_work_failed_and_nothing_is_asked(
    answer: httpx.Response | Exception, name: str
) -> None:
    sick = SickBoard(answer, works=False)
    with pytest.raises(CockpitError) as raised:
        await acted(sick, name)
    in_parts = name in ("submit", "artifact") and getattr(answer, "status_code", 0) == 400
    assert not isinstance(raised.value, Undecided) and sick.looks == int(name in READ_FIRST) + int(in_parts)


class HalfDone(SickBoard):
    """The reference's board; of what is done in parts, the last one is refused."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(("/review", "/artifacts")) and self.looks >= 0:
            body = json.loads(request.content)
            body["artifacts"][-1]["type"] = "painting"
            request = httpx.Request(request.method, request.url, headers=self._headers(request), json=body)
        return await super().handle_async_request(request)

    @staticmethod
    def _headers(request: httpx.Request) -> dict[str, str]:
        return {"authorization": request.headers["authorization"]}


@pytest.mark.parametrize(
    ("name", "seen"), [("submit", "the board shows 0 of 1 artifacts: work"), ("artifact", "1 of 2 artifacts: page")]
)
async def test_what_was_refused_in_its_last_part_says_what_the_board_shows_of_it(name: str, seen: str) -> None:
    with pytest.raises(CockpitError, match=seen) as raised:
        await acted(HalfDone(None, works=True), name)
    assert "invalid artifact type: painting" in str(raised.value)


async def test_a_success_that_shows_no_change_is_not_believed() -> None:
    unchanged = httpx.Response(200, json={"id": "01", "title": "paint", "status": "open"})
    for works in (True, False):
        sick = SickBoard(unchanged, works=works)
        if works:
            task, _ = await acted(sick, "move")
            assert task is not None and task.status == "done"
        else:
            with pytest.raises(CockpitError, match="the board shows it as open"):
                await acted(sick, "move")


async def test_a_task_that_is_gone_is_not_found() -> None:
    sick = SickBoard(httpx.Response(502), works=False)
    client = BoardClient(ServiceHttp("http://services.test", sick.token, transport=sick))
    sick.fall_sick()
    source: Any = SimpleNamespace(board=client)
    with pytest.raises(NotFound):
        await board.carry_out(source, MoveTask(TaskId("01HZ4GZ6M7Q2C3D4E5F6G7H8J9"), "done"), ())
