"""Local addresses that lead to ports of VMs: each connection is a stream of its own over the link as it is then.

The listener stays while the link comes and goes. What connects meanwhile waits for the link for a bounded time and is
then refused; who speaks HTTP is told why. A stream that was cut is reset here, so that nobody takes half for the whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.engine.reach.links import VmLinks
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, Refused
from cockpit.model.commands.ports import OpenForward
from cockpit.model.ports import PortForward

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection
    from cockpit.remote.ssh.streams import RemoteStream

log = logging.getLogger(__name__)

HERE = "127.0.0.1"

THERE = "localhost"
"""The VM tries all that it means, by IPv4 and by IPv6: a server may listen on one of them only."""

MOST_CONNECTIONS = 256
"""Carried at once by one forward; further ones are refused."""

LINK_WAIT = 10.0
"""Seconds a new connection waits for a link that is down."""

OPEN_WAIT = 10.0
"""Seconds the VM gets to connect to the port."""

PIECE = 1 << 16

FIRST_WORDS = 1.0
"""Seconds somebody who is refused gets to show that HTTP is spoken."""

_METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"OPTIONS ")


class Forward:
    """One local listener and what it carries."""

    def __init__(self, fleet_state: FleetState, links: VmLinks, row: PortForward) -> None:
        self._fleet_state = fleet_state
        self._links = links
        self._row = row
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> PortForward:
        """Listen.

        Raises:
            Refused: the local port cannot be had.
        """
        wanted = (self._row.local,) if self._row.local else (self._row.port, 0)
        for local in wanted:
            try:
                self._server = await asyncio.start_server(self._accept, HERE, local, limit=PIECE)
                break
            except OSError as error:
                if local == wanted[-1]:
                    raise Refused(
                        f"{HERE}:{local} cannot be listened on: {error.strerror or error}",
                        hint="take another with --local, or none for any that is free",
                    ) from error
        assert self._server is not None
        self._show(local=int(self._server.sockets[0].getsockname()[1]), since=self._fleet_state.clock.now())
        self._task = asyncio.create_task(self._hold(), name=f"forward {self._row.address}")
        return self._row

    async def _hold(self) -> None:
        """Keep the VM connected, and end with it."""
        async with self._links.held(self._row.vm):
            async for reason in self._links.hindrances(self._row.vm):
                self._show(hindrance=reason)
        log.info("forward %s: VM %s is gone", self._row.address, self._row.vm)
        await self._stop()

    async def close(self) -> None:
        """Listen no longer, and end what is carried."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._stop()

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self._fleet_state.forwards.pop(self._row.local, None)
        self._fleet_state.changed()

    def _show(self, **changes: int | float | str) -> None:
        self._row = replace(self._row, **changes)  # type: ignore[arg-type]
        self._fleet_state.forwards[self._row.local] = self._row
        self._fleet_state.changed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name=f"connection to {self._row.address}")
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; whatever goes wrong stays inside it."""
        try:
            if len(self._serving) > MOST_CONNECTIONS:
                raise Refused(f"{MOST_CONNECTIONS} connections to {self._row.address} are open already")
            connection = await self._links.ready(self._row.vm, LINK_WAIT, patient=True)
            async with connection.stream_to(THERE, self._row.port, wait=OPEN_WAIT) as stream:
                self._show(connections=self._row.connections + 1, served=self._row.served + 1, trouble="")
                try:
                    await carry(connection, stream, reader, writer)
                finally:
                    self._show(connections=self._row.connections - 1)
        except CockpitError as error:
            self._show(refused=self._row.refused + 1, trouble=error.message)
            await refuse(reader, writer, error.message)
        except Exception:
            log.exception("a connection to %s failed", self._row.address)
        finally:
            writer.transport.abort()


async def carry(
    connection: Connection, stream: RemoteStream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Carry both directions, each to its own end; where one is cut, the other ends at once, and is reset here."""

    async def up() -> None:
        while data := await reader.read(PIECE):
            await connection.room()
            await stream.write(data)
        stream.write_eof()

    async def down() -> None:
        while data := await stream.read(PIECE):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    flows = [asyncio.create_task(up(), name="to the VM"), asyncio.create_task(down(), name="from the VM")]
    try:
        done, pending = await asyncio.wait(flows, return_when=asyncio.FIRST_EXCEPTION)
        if any(flow.exception() is not None for flow in done):
            reset_on_close(writer)
        elif not pending:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    finally:
        for flow in flows:
            flow.cancel()
        await asyncio.gather(*flows, return_exceptions=True)


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reason: str) -> None:
    """End a connection that is not carried: with the reason if its first words are those of HTTP, else by a reset."""
    first = b""
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(FIRST_WORDS):
            first = await reader.read(PIECE)
    if not first.startswith(_METHODS):
        reset_on_close(writer)
        return
    body = f"cockpit: {reason}\n".encode("utf-8", "backslashreplace")
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(FIRST_WORDS):
            writer.write(head.encode() + body)
            await writer.drain()
            writer.close()
            await writer.wait_closed()


def reset_on_close(writer: asyncio.StreamWriter) -> None:
    """Have the end of a connection told as a failure, and not as the end of what was said (RST, not FIN)."""
    end = writer.get_extra_info("socket")
    if end is not None:
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Forwards:
    """The forwards of one source."""

    def __init__(self, fleet_state: FleetState, links: VmLinks) -> None:
        self._fleet_state = fleet_state
        self._links = links
        self._open: dict[int, Forward] = {}

    async def open(self, command: OpenForward) -> PortForward:
        """Open a forward.

        Raises:
            Refused: the local port cannot be had.
        """
        agent = self._fleet_state.agent_on(command.vm)
        name = agent.name if agent is not None else command.vm
        forward = Forward(self._fleet_state, self._links, PortForward(command.vm, name, command.port, command.local))
        row = await forward.start()
        self._open[row.local] = forward
        return row

    async def end(self, local: int) -> None:
        """End a forward; one that is gone is no error."""
        forward = self._open.pop(local, None)
        if forward is not None:
            await forward.close()

    async def close(self) -> None:
        """End all."""
        for local in list(self._open):
            await self.end(local)
