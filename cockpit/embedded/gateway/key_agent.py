"""The agent of keys that an SSH client sends along: a socket that the sandbox sees, while a command runs."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from asyncssh.channel import SSHChannel, SSHServerChannel

logger = logging.getLogger(__name__)

CHUNK = 16_384
"""Bytes carried at once: questions to such an agent are small."""


@asynccontextmanager
async def forwarded_agent(channel: SSHChannel[bytes], directory: Path) -> AsyncIterator[dict[str, str]]:
    """Yield the variables by which a command finds the agent of keys; none where its client sent none along.

    Args:
        channel: the command's.
        directory: where the socket is made, seen at the same place by the command; what it carries goes to the one
            that the SSH library made.
    """
    inner = channel.get_agent_path() if isinstance(channel, SSHServerChannel) else None
    if inner is None:
        yield {}
        return
    place = directory / f"agent-{secrets.token_hex(4)}"

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_unix_connection(inner)
        except OSError as error:
            logger.debug("an agent of keys is gone: %s", error)
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))

    listening = socket.socket(socket.AF_UNIX)
    try:
        # Before it has a place: what stands at the place afterwards may be something else, laid there from inside.
        os.fchmod(listening.fileno(), 0o600)
        listening.bind(str(place))
        server = await asyncio.start_unix_server(carry, sock=listening)
    except OSError as error:
        listening.close()
        # As with an OpenSSH server: the command runs without.
        logger.warning("an agent of keys is not passed on: %s", error)
        yield {}
        return
    try:
        yield {"SSH_AUTH_SOCK": str(place)}
    finally:
        server.close()
        place.unlink(missing_ok=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until their end."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except OSError as error:
        logger.debug("a connection to an agent of keys ended: %s", error)
    finally:
        writer.close()
