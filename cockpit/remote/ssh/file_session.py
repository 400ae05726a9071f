"""Opens a file transfer session on a connection: it takes a channel of the budget until it ends."""

from __future__ import annotations

import asyncio

import asyncssh
from asyncssh.constants import OPEN_REQUEST_SESSION_FAILED

from cockpit.remote.errors import ChannelRefused

_ending: set[asyncio.Task[None]] = set()
"""Waits for the end of each session; a task that nobody holds may be collected."""


async def open_session(
    ssh: asyncssh.SSHClientConnection, budget: asyncio.Semaphore, endpoint: str, wait: float
) -> asyncssh.SFTPClient | None:
    """Start a file transfer session; None if the server has none to offer.

    Args:
        ssh: the connection, logged in.
        budget: the channels it may have open at once.
        endpoint: how it is called in messages.
        wait: seconds to wait for a place in the budget, and as many for the server's answer.

    Raises:
        ChannelRefused: the server or our budget gives no channel.
        asyncssh.Error, OSError: the connection gave out, as far as the caller finds that it did.
    """
    try:
        async with asyncio.timeout(wait):
            await budget.acquire()
    except TimeoutError as error:
        hint = "wait for running commands to end"
        raise ChannelRefused(f"all channels to {endpoint} were busy for {wait:g} s", hint=hint) from error
    client: asyncssh.SFTPClient | None = None
    try:
        async with asyncio.timeout(wait):
            client = await ssh.start_sftp_client(path_encoding=None)
    except TimeoutError:
        return None
    except asyncssh.ChannelOpenError as error:
        # A server without it refuses the request, ends the channel at once, or says what is no such protocol.
        if error.code != OPEN_REQUEST_SESSION_FAILED:
            raise ChannelRefused(f"{endpoint} opens no further channel: {error.reason}") from error
        return None
    finally:
        if client is None:
            budget.release()
    ended = asyncio.create_task(client.wait_closed(), name=f"files of {endpoint}")
    _ending.add(ended)
    ended.add_done_callback(_ending.discard)
    ended.add_done_callback(lambda _: budget.release())
    return client
