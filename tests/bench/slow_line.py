"""A line that drips and is far away: a relay on loopback that lets so many bytes a second pass, each after a delay."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

PIECE = 1024
"""Bytes that pass together."""
BUFFER = 8 * 1024
"""Bytes the line's near ends hold: what does not pass must wait where it comes from."""


class SlowLine:
    """Relays connections to a port of loopback."""

    def __init__(self, target_port: int, rate: float, delay: float) -> None:
        """Prepare.

        Args:
            target_port: where connections lead.
            rate: bytes a second in each direction.
            delay: seconds each byte takes.
        """
        self.port = 0
        self._target_port = target_port
        self._rate = rate
        self._delay = delay
        self._ended = asyncio.Event()

    async def serve(self, ready: threading.Event) -> None:
        """Relay until `end`."""
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await self._ended.wait()

    def end(self) -> None:
        """Relay no more; to be called on the loop of `serve`."""
        self._ended.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = socket.create_connection(("127.0.0.1", self._target_port))
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        far_reader, far_writer = await asyncio.open_connection(sock=far, limit=BUFFER)
        # The server of streams takes a task of its own that was cancelled for one that failed.
        with contextlib.suppress(asyncio.CancelledError):
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, far_writer))
                both.create_task(self._pass(far_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let bytes pass in one direction: each piece when those before it have, and the delay later."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        async def arrive() -> None:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(due - loop.time())
                writer.write(data)
                if not data:
                    return

        free = loop.time()
        async with asyncio.TaskGroup() as passing:
            passing.create_task(arrive())
            with contextlib.suppress(OSError):
                while data := await reader.read(PIECE):
                    free = max(free, loop.time()) + len(data) / self._rate
                    under_way.put_nowait((free + self._delay, data))
                    await asyncio.sleep(free - loop.time())
            under_way.put_nowait((loop.time(), b""))
        writer.close()


@contextlib.contextmanager
def slow_line(target_port: int, rate: float, delay: float) -> Iterator[int]:
    """Run a relay in a thread of its own for the time of the block; gives its port."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    line = SlowLine(target_port, rate, delay)

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(line.serve(ready))
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, name="slow line")
    thread.start()
    try:
        assert ready.wait(10)
        yield line.port
    finally:
        loop.call_soon_threadsafe(line.end)
        thread.join(10)
