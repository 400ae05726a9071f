"""From a command to the agent's FIFO: one writer per agent, receipts from evidence, nothing resent by itself."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cockpit.agents.kinds import adapter_of
from cockpit.agents.scaffold.answers import parse_send
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.scaffold.scripts import send_script, stage_script
from cockpit.engine.attachments import load_images
from cockpit.engine.coordination.decided import decided, whose
from cockpit.engine.operation import describe
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError
from cockpit.model.attachments import Attachment
from cockpit.model.commands.agent import Abort, AgentCommand, Answer
from cockpit.model.commands.conversation import RunShell, RunShellAside
from cockpit.model.fleet import Agent
from cockpit.model.ids import CommandId
from cockpit.model.inbox.history import HowEnded
from cockpit.model.inquiries import STATE, Question
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.reduce.reduce import abort_requested, dialog_answered
from cockpit.remote.errors import CommandTimedOut, Dropped
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

if TYPE_CHECKING:
    from cockpit.remote.ssh.connection import Connection

log = logging.getLogger(__name__)

WRITE_LIMIT = 10.0
"""Seconds an agent gets to read a command; agents answer within 25 ms at their busiest."""

PIECE = 256 * 1024
"""Bytes that are brought to a VM at once; a text with images has some MB."""

TRANSPORT_MARGIN = 40.0
"""Seconds on top for the lock on the VM and for the way there."""


class Sender:
    """Writes one agent's commands, one after the other, over whatever connection its VM has."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        book: ReceiptBook,
        connection: Callable[[], Connection | None],
        paths: AgentPaths,
        place: str,
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._book = book
        self._connection = connection
        self._paths = paths
        self._place = place
        self._turn = asyncio.Lock()
        self._fresh: Connection | None = None

    async def send(self, agent: Agent, command: AgentCommand, command_id: CommandId) -> None:
        """Write a command and move its receipt; a failure is a stage, not an exception."""
        from cockpit.engine.describe import images_of

        images: tuple[Attachment, ...] | None = ()
        if names := images_of(command):
            # Before the turn: other commands need not wait for a file.
            images = await self._images(names, command_id)
        if images is not None:
            await self._send(agent, command, command_id, images)
        receipt = self._fleet_state.receipts.get(command_id)
        if receipt is not None:
            try:
                await self._store.save_receipt(receipt)
            except StoreError as error:
                log.error("%s", error)

    async def _images(self, names: Sequence[str], command_id: CommandId) -> tuple[Attachment, ...] | None:
        """Read the images that go with a text; None if one cannot go along, which the receipt says."""
        try:
            return await load_images(names, self._connection(), self._paths.workspace, self._place)
        except CockpitError as error:
            now = self._fleet_state.clock.now()
            self._fleet_state.put_receipts(self._book.failed(command_id, now, f"not sent: {error}"))
            return None

    async def _send(
        self, agent: Agent, command: AgentCommand, command_id: CommandId, images: Sequence[Attachment]
    ) -> None:
        async with self._turn:
            current = self._fleet_state.agents.get(agent.id, agent)
            encode = adapter_of(current.program).encode
            if images:
                payload = await asyncio.to_thread(encode, command, command_id, current, images)
            else:
                payload = encode(command, command_id, current)
            try:
                await self.write(payload)
            except (Dropped, CommandTimedOut) as error:
                self._fleet_state.put_receipts(
                    self._book.unconfirmed(command_id, self._fleet_state.clock.now(), describe(error))
                )
            except CockpitError as error:
                self._fleet_state.put_receipts(self._book.failed(command_id, self._fleet_state.clock.now(), str(error)))
            else:
                self._fleet_state.put_receipts(self._book.written(command_id, self._fleet_state.clock.now()))
                await self._consequences(current, command, command_id)

    async def ask(self, agent: Agent, question_id: str, question: Question[Any] = STATE) -> None:
        """Ask something, or what the agent is at; the answer comes in its stream.

        Raises:
            CockpitError: as `write`.
        """
        async with self._turn:
            await self.write(adapter_of(agent.program).question(question_id, question))

    async def write(self, payload: bytes) -> None:
        """Write complete lines into the agent's FIFO.

        Raises:
            Dropped, CommandTimedOut: the end of the writing was not seen; the agent may or may not have read them.
            CockpitError: they were not written: no connection, nobody reads, or the lock was not to be had.
        """
        connection = self._connection()
        if connection is None or connection.closed:
            raise CockpitError(f"not sent: {self._place} is not connected", hint="send it again once the link is up")
        leading = connection is not self._fresh
        staged, rest = await self._stage(connection, payload)
        script = send_script(
            self._paths,
            len(payload),
            timeout=WRITE_LIMIT,
            leading_newline=leading,
            staged=staged,
        )
        try:
            done = await connection.run(script, stdin=rest, timeout=WRITE_LIMIT + TRANSPORT_MARGIN)
            parse_send(done.exit_code, done.stdout, done.stderr, place=self._place)
        except BaseException:
            # A text that was cut leaves half a line in the FIFO, also on a connection that lives on.
            self._fresh = None
            raise
        self._fresh = connection

    async def _stage(self, connection: Connection, payload: bytes) -> tuple[str, bytes]:
        """Bring what is long to the VM in pieces, each of which is acknowledged: other traffic goes on in between.

        Returns:
            The name under which all but the last piece lies there, empty where it is short; and the rest.

        Raises:
            CockpitError: a piece did not arrive; nothing was written into the FIFO.
        """
        if len(payload) <= PIECE:
            return "", payload
        name, at = secrets.token_hex(6), 0
        try:
            while len(payload) - at > PIECE:
                script = stage_script(self._paths, name, at, PIECE)
                done = await connection.run(script, stdin=payload[at : at + PIECE], timeout=TRANSPORT_MARGIN)
                parse_send(done.exit_code, done.stdout, done.stderr, place=self._place)
                at += PIECE
        except (Dropped, CommandTimedOut) as error:
            raise CockpitError(
                f"not sent: {at} of {len(payload)} bytes had reached {self._place} when {describe(error)}",
                hint="send it again once the link is up",
            ) from error
        return name, payload[at:]

    async def _consequences(self, agent: Agent, command: AgentCommand, command_id: CommandId) -> None:
        """Note what the agent's stream will not say: our own answers and aborts."""
        from cockpit.engine.describe import text_of

        now = self._fleet_state.clock.now()
        current = self._fleet_state.agents.get(agent.id, agent)
        match command:
            case Answer(dialog_id=dialog_id):
                self._fleet_state.put_agent(dialog_answered(current, dialog_id, now))
                self._fleet_state.answered(agent.id, dialog_id, text_of(command))
                asked = [one.request for one in agent.activity.dialogs if one.request.dialog_id == dialog_id]
                try:
                    await self._store.save_answer(agent.id, dialog_id, text_of(command), now)
                    for request in asked:
                        given = decided(agent, request, now, HowEnded.ANSWERED, text_of(command), whose())
                        await self._store.inbox.add(given)
                except StoreError as error:
                    log.error("%s", error)
            case RunShell(text=text) | RunShellAside(text=text):
                try:
                    await self._store.save_answer(agent.id, command_id, text, now)
                except StoreError as error:
                    log.error("%s", error)
            case Abort():
                for dialog in agent.activity.dialogs:
                    current = dialog_answered(current, dialog.request.dialog_id, now)
                    self._fleet_state.answered(agent.id, dialog.request.dialog_id, "cancelled by the abort")
                self._fleet_state.put_agent(abort_requested(current, now))
            case _:
                pass
