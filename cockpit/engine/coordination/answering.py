"""Answers to what stands on the board or in the feed: a note for all to see, and a message to who asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.targets import asker_of
from cockpit.errors import CockpitError, Refused, Undecided
from cockpit.model.board import OPERATOR
from cockpit.model.commands.agent import TextCommand, text_command
from cockpit.model.commands.command import Command
from cockpit.model.commands.owed import AnswerOwed, OwedCommand, ReopenOwed, SettleOwed
from cockpit.model.fleet import Agent
from cockpit.model.ids import CommandId, TaskId
from cockpit.model.owed import Owed, mark, owed_by_operator
from cockpit.model.receipts.receipt import Stage
from cockpit.model.receipts.stages import is_ended, reached
from cockpit.services.board import BoardClient
from cockpit.services.errors import ServiceError
from cockpit.store.store import Store

ACCEPT_LIMIT = 60.0
"""Seconds the asking agent gets to take the answer; after that its receipt tells on."""

QUOTED = 1_000
"""Characters of the question that go back with the answer."""


class OwedAnswers:
    """Carries out what the operator does about questions and blockers."""

    def __init__(
        self, fleet_state: FleetState, store: Store, source: Source, dispatch: Callable[[Command], CommandId]
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._dispatch = dispatch

    async def carry_out(self, command: OwedCommand, progress: OperationProgress) -> None:
        """Do it.

        Raises:
            Undecided: it is not known whether the note was written.
            CockpitError: the answer did not go out; its text stays beside the question.
        """
        if isinstance(command, ReopenOwed):
            with progress.step("hear of it again"):
                await self._reopen(command.key)
            return
        owed = next((one for one in self._fleet_state.owed if one.key == command.key), None)
        if owed is None:
            raise Refused("it waits for no answer any more", hint="look into the inbox")
        if isinstance(command, SettleOwed):
            with progress.step("hear no more of it"):
                await self._settle(owed)
            return
        # Whatever happens from here on, the operator's words are not lost with it.
        await self._store.owed.keep((replace(owed, draft=command.text),))
        self._put(replace(owed, draft=command.text))
        asker = asker_of(owed, self._fleet_state)
        failures: list[CockpitError] = []
        try:
            with progress.step("write the answer where it was asked"):
                await self._write(owed, command.text)
        except CockpitError as error:
            failures.append(error)
        if asker is not None and not asker.elsewhere:
            try:
                with progress.step(f"tell {asker.name}"):
                    await self._tell(asker, owed, command, progress)
            except CockpitError as error:
                failures.append(error)
        elif not failures:
            progress.detail(f"{owed.asker} is no agent here: the note is all that tells it")
        if failures:
            raise failures[0]
        await self._settle(owed)

    async def _settle(self, owed: Owed) -> None:
        await self._store.owed.settle((owed.key,))
        self._fleet_state.set_owed(tuple(one for one in self._fleet_state.owed if one.key != owed.key))

    async def _reopen(self, key: str) -> None:
        if not await self._store.owed.reopen(key):
            raise Refused("it was not settled here", hint="`cockpit questions` lists what waits")
        # What is shown already is left as it is: that one is lost is known to the state alone.
        known = {one.key: one for one in (*await self._store.owed.open(), *self._told(key), *self._fleet_state.owed)}
        self._fleet_state.set_owed(tuple(sorted(known.values(), key=lambda one: (one.at, one.key))))

    def _told(self, key: str) -> list[Owed]:
        state = self._fleet_state
        return [one for one in owed_by_operator(state.tasks, tuple(state.feed.values())) if one.key == key]

    def _put(self, owed: Owed) -> None:
        self._fleet_state.set_owed(tuple(owed if one.key == owed.key else one for one in self._fleet_state.owed))

    async def _write(self, owed: Owed, text: str) -> None:
        """Write the note, or publish the event, unless it is there already: an earlier try may have left it."""
        known = any(task.id == owed.task for task in self._fleet_state.tasks)
        if owed.task is not None and self._source.board is not None and known:
            await self._note(self._source.board, owed.task, f"{text.strip()}\n\n{mark(owed.reference)}")
        else:
            await self._publish(owed, text)

    async def _note(self, board: BoardClient, task: TaskId, content: str) -> None:
        async def stands() -> bool:
            return any(note.content.strip() == content for note in (await board.get(task)).notes)

        if await stands():
            return
        try:
            await board.add_note(task, OPERATOR, content)
        except ServiceError as failure:
            if failure.undone:
                raise
            try:
                there = await stands()
            except ServiceError as blind:
                raise Undecided(f"{failure.message}; whether the note stands is unknown: {blind.message}") from failure
            if not there:
                raise

    async def _publish(self, owed: Owed, text: str) -> None:
        feed = self._source.feed
        if feed is None:
            raise Refused(
                "no feed is configured", hint="`cockpit infra` makes one, or set VERS_INFRA_URL and VERS_AUTH_TOKEN"
            )
        about = {"answers": owed.reference} | ({"taskId": str(owed.task)} if owed.task else {})
        summary = f"answer to {owed.asker}: {' '.join(text.split())}"[:500]
        await feed.publish(OPERATOR, "custom", summary, detail=text, metadata=about)

    async def _tell(self, asker: Agent, owed: Owed, command: AnswerOwed, progress: OperationProgress) -> None:
        """Send the answer to who asked, and wait until it was taken.

        Raises:
            CockpitError: it was refused, or it is not known to have arrived.
        """
        sent = self._dispatch(_message(asker, owed, command))
        receipts = self._fleet_state.receipts

        def known() -> bool:
            return is_ended(receipts[sent]) or reached(receipts[sent], Stage.ACCEPTED)

        await self._fleet_state.until(known, ACCEPT_LIMIT)
        receipt = receipts[sent]
        if receipt.stage in (Stage.FAILED, Stage.UNCONFIRMED):
            raise CockpitError(
                f"{asker.name} did not take the answer: {receipt.reason}", hint="the text stays beside the question"
            )
        if not known():
            progress.detail(f"{asker.name} has not said yet that it took it")


def _message(asker: Agent, owed: Owed, command: AnswerOwed) -> TextCommand:
    """Return what goes to the agent: its own question, quoted, and the answer."""
    about = f" on task {owed.task}" if owed.task else ""
    quoted = "\n".join(f"> {line}" for line in owed.text[:QUOTED].splitlines()[:20])
    text = f"The operator answers your {owed.kind.value}{about}:\n{quoted}\n\n{command.text.strip()}"
    return text_command(asker.id, text, busy=asker.run_open, steers=command.steers)
