"""The HTTP side of the scripted model server: one loop in a thread of its own, on loopback only."""

from __future__ import annotations

import asyncio
import json
import threading
from types import TracebackType
from typing import Any, Self

from tests.mock_model.conversation import read_anthropic, read_openai
from tests.mock_model.scenario import Failure, Scenarios
from tests.mock_model.streams import anthropic, failure_body, openai

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a request; a context with images is large."""


class ModelServer:
    """Answers `/v1/messages` and `/v1/chat/completions`; keeps the bodies of the requests for assertions."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self._scenarios = Scenarios()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> str:
        """Listen on loopback and return the base address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Cut all connections and stop listening."""
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            path, body = await _read_request(reader)
            await self._answer(path, body, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()

    async def _answer(self, path: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        readers = {
            "/v1/messages": ("anthropic", read_anthropic),
            "/v1/chat/completions": ("openai", read_openai),
        }
        if path == "/v1/messages/count_tokens":
            await _respond(writer, 200, json.dumps({"input_tokens": read_anthropic(body).tokens}).encode())
            return
        if path not in readers or not body.get("stream"):
            await _respond(
                writer, 404, b'{"error":{"message":"only streamed answers of the two protocols are served"}}'
            )
            return
        self.requests.append(body)
        dialect, read = readers[path]
        conversation = read(body)
        answer = self._scenarios.answer(conversation)
        if isinstance(answer, Failure):
            await _respond(writer, answer.status, failure_body(answer, dialect), answer.retry_after)
            return
        # Chunked, so that a client can tell a cut stream from an ended one.
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
        writer.write(head.encode() + b"connection: close\r\n\r\n")
        stream = anthropic if dialect == "anthropic" else openai
        for data, is_delta in stream(answer, conversation.model, len(self.requests)):
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()
            if is_delta and answer.rate > 0:
                await asyncio.sleep(1 / answer.rate)
        if answer.fault == "drop":
            writer.transport.abort()
        elif answer.fault == "stall":
            await asyncio.Event().wait()
        else:
            writer.write(b"0\r\n\r\n")
            await writer.drain()


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, Any]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    size = int(headers.get("content-length", "0"))
    if size > MAX_BODY:
        raise ConnectionError("the request is too large")
    body = await reader.readexactly(size)
    path = head[0].split(" ")[1].split("?")[0]
    return path, json.loads(body) if body else {}


async def _respond(writer: asyncio.StreamWriter, status: int, body: bytes, retry_after: float | None = None) -> None:
    head = f"HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    if retry_after is not None:
        head += f"retry-after: {retry_after}\r\n"
    writer.write(head.encode() + b"connection: close\r\n\r\n" + body)
    await writer.drain()


class ModelServerThread:
    """A server for tests that are not on its event loop: `with ModelServerThread() as model: model.url`."""

    def __init__(self) -> None:
        self.server = ModelServer()
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="model server", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self.server.start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
