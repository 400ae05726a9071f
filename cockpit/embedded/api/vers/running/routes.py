"""The routes by which something is run on a VM, its output and log are read, and its files are moved."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from cockpit.embedded.api.exchange import json_response, query
from cockpit.embedded.api.vers.exchange import (
    UUID_FORM,
    WRONG_TYPE,
    ApiError,
    TextError,
    field_flag,
    field_number,
    field_text,
    read_object,
    whole,
    wrong_type,
)
from cockpit.embedded.api.vers.lifecycle import Lifecycle
from cockpit.embedded.api.vers.running.files import MODE, read_file, write_file
from cockpit.embedded.api.vers.running.sessions import StreamedCommand, StreamedCommands
from cockpit.embedded.hosting import OUTPUT_LIMIT, Execution

EXECUTION_TIME = 300
EXECUTION_LIMIT = 3600
"""Seconds a command gets that names none, and that it can have at most."""
TRUNCATED = "\n[chelsea-agent] output truncated at 10MB; download logs for full output"
LOG_PAGE = 100
LOG_PAGE_LIMIT = 10_000
"""Entries of the log that one answer has without being asked, and at most."""
NDJSON = "application/x-ndjson"


class RunningRoutes:
    """Commands, their streams, the log, and files."""

    def __init__(self, lifecycle: Lifecycle, sessions: StreamedCommands, entered: Callable[[Request], str]) -> None:
        """Prepare.

        Args:
            lifecycle: the VMs.
            sessions: the streamed commands.
            entered: tells the VM that a request wants to enter, or refuses.
        """
        self._lifecycle = lifecycle
        self._sessions = sessions
        self._entered = entered

    def routes(self) -> list[Route]:
        """Return the routes, the most specific first."""
        vm = "/vm/{vm_id}"
        return [
            Route(f"{vm}/exec/stream/attach", self.attach, methods=["POST"]),
            Route(f"{vm}/exec/stream", self.stream, methods=["POST"]),
            Route(f"{vm}/exec", self.execute, methods=["POST"]),
            Route(f"{vm}/logs", self.logs, methods=["GET"]),
            Route(f"{vm}/files", self.read, methods=["GET"]),
            Route(f"{vm}/files", self.write, methods=["PUT"]),
        ]

    async def execute(self, request: Request) -> Response:
        """POST /vm/{vm_id}/exec: an argument list without a shell, run to its end."""
        vm_id = self._entered(request)
        body = await read_object(request)
        command, exec_id = _command(body), _exec_id(body)
        code, out, err = await self._lifecycle.run(vm_id, command)
        await self._lifecycle.hosting.note(vm_id, exec_id, (("stdout", out), ("stderr", err)))
        answer = {"exit_code": code, "stdout": _text(out), "stderr": _text(err)}
        return json_response(answer | ({"exec_id": exec_id} if exec_id else {}))

    async def stream(self, request: Request) -> Response:
        """POST /vm/{vm_id}/exec/stream: its output as it comes; it goes on when the caller leaves."""
        vm_id = self._entered(request)
        body = await read_object(request)
        command, exec_id = _command(body), _exec_id(body) or str(uuid.uuid4())
        await self._lifecycle.running(vm_id)
        return _streamed(self._sessions.start(vm_id, exec_id, command), None)

    async def attach(self, request: Request) -> Response:
        """POST /vm/{vm_id}/exec/stream/attach: what a command says after a cursor, or all that is kept of it."""
        vm_id = self._entered(request)
        body = await read_object(request)
        exec_id = _exec_id(body)
        if not exec_id:
            raise TextError(422, f"{WRONG_TYPE}missing field `exec_id`")
        cursor = field_number(body, "cursor", 0) if body.get("cursor") is not None else None
        latest = field_flag(body, "from_latest")
        await self._lifecycle.running(vm_id)
        session = self._sessions.find(vm_id, exec_id)
        return _streamed(session, session.cursor if latest and session is not None else cursor)

    async def logs(self, request: Request) -> Response:
        """GET /vm/{vm_id}/logs: what commands wrote, by the place of its bytes."""
        vm_id = self._entered(request)
        offset = max(whole(request, "offset", 0), 0)
        entries = min(max(whole(request, "max_entries", LOG_PAGE), 1), LOG_PAGE_LIMIT)
        stream = query(request, "stream")
        if stream not in ("", "stdout", "stderr"):
            text = f"unknown variant `{stream[:60]}`, expected `stdout` or `stderr`"
            raise TextError(400, f"Failed to deserialize query string: stream: {text}")
        await self._lifecycle.running(vm_id)
        await self._sessions.write_logs(vm_id)
        found, following, over = await self._lifecycle.hosting.noted(vm_id, offset, entries, stream)
        return json_response({"entries": found, "next_offset": following, "eof": over})

    async def read(self, request: Request) -> Response:
        """GET /vm/{vm_id}/files."""
        vm_id = self._entered(request)
        if "path" not in request.query_params:
            raise TextError(400, "Failed to deserialize query string: missing field `path`")
        return json_response({"content_b64": await read_file(self._lifecycle, vm_id, _path(query(request, "path")))})

    async def write(self, request: Request) -> Response:
        """PUT /vm/{vm_id}/files: 200 and empty."""
        vm_id = self._entered(request)
        body = await read_object(request)
        path, content = field_text(body, "path"), field_text(body, "content_b64")
        if path is None or content is None:
            raise TextError(422, f"{WRONG_TYPE}missing field `{'path' if path is None else 'content_b64'}`")
        mode = field_number(body, "mode", MODE)
        create = field_flag(body, "create_dirs")
        await write_file(self._lifecycle, vm_id, _path(path), content, mode, create_directories=create)
        return Response(status_code=200)


def _command(body: dict[str, Any]) -> Execution:
    """Return what a body wants to have run.

    Raises:
        TextError: a field is missing or of another type.
    """
    if "command" not in body:
        raise TextError(422, f"{WRONG_TYPE}missing field `command`")
    words = body["command"]
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise wrong_type("command", words, "a sequence")
    environment = body.get("env") or {}
    if not isinstance(environment, dict) or not all(isinstance(text, str) for text in environment.values()):
        raise wrong_type("env", environment, "a map")
    seconds = min(field_number(body, "timeout_secs", 0) or EXECUTION_TIME, EXECUTION_LIMIT)
    stdin, directory = field_text(body, "stdin") or "", field_text(body, "working_dir") or ""
    texts = [*words, *environment, *environment.values(), directory]
    if any("\0" in text for text in texts) or any("=" in name or not name for name in environment):
        raise ApiError(500, "Failed to spawn process: nul byte found in provided data, or a name that is none")
    return Execution(words, environment, stdin.encode(), float(seconds), directory)


def _exec_id(body: dict[str, Any]) -> str:
    """Return the id that a caller gave a command, or empty text.

    Raises:
        TextError: it is no UUID.
    """
    given = field_text(body, "exec_id") or ""
    if given and not UUID_FORM.fullmatch(given):
        raise TextError(422, f"{WRONG_TYPE}exec_id: UUID parsing failed")
    return given.lower()


def _path(text: str) -> str:
    if not text.startswith("/") or "\0" in text:
        raise ApiError(400, "the path of a file must be absolute")
    return text


def _text(content: bytes) -> str:
    text = content[:OUTPUT_LIMIT].decode(errors="replace")
    return text + TRUNCATED if len(content) > OUTPUT_LIMIT else text


def _streamed(session: StreamedCommand | None, cursor: int | None) -> Response:
    """Return the events of a command; none, and no `exit`, where there is no such one or its id is another's."""

    async def lines() -> AsyncIterator[bytes]:
        if session is not None:
            async for line in session.lines(cursor):
                yield line

    return StreamingResponse(lines(), media_type=NDJSON)
