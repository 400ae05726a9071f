"""Questions to agents: asked with an id of their own, answered in their streams, bounded in time, never guessed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from cockpit.agents.kinds import adapter_of
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.engine.files.local import LocalDirectory
from cockpit.engine.on_vm import connection_of, said_by
from cockpit.engine.state import FleetState
from cockpit.engine.streams.recorder import Recorder
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import NotFound, Refused, TimedOut
from cockpit.model.commands.conversation import ExportPage
from cockpit.model.events import Responded
from cockpit.model.files.port import FilePort
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.inquiries import (
    LEVELS,
    MESSAGES,
    SLASH_COMMANDS,
    STATE,
    CarriedOut,
    Question,
    SavedSession,
    SlashCommand,
    Told,
)
from cockpit.model.markdown import conversation_markdown
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.refusals.agent import unreachable
from cockpit.text.sanitize import clean_text

ANSWER_LIMIT = 20.0
"""Seconds an agent gets to answer a question; it answers within 25 ms at its busiest."""

LIST_LIMIT = 30.0
"""Seconds the look for saved sessions may take."""

LIST_BYTES = 2 << 20
"""Room for what is told of them."""

EXPORT_LIMIT = 60.0
"""Seconds an agent gets to write its conversation as a page."""

FILE_MODE = 0o644
"""Permissions of a document that is written here, as far as the umask of the process allows them."""


class Inquiries:
    """Implements `cockpit.engine.inquiry_port.InquiryPort`."""

    def __init__(
        self,
        fleet_state: FleetState,
        recorder: Recorder,
        book: ReceiptBook,
        session_of: Callable[[AgentId], AgentSession | None],
        paths_of: Callable[[Agent], AgentPaths],
        files: FilePort,
        carry_out: Callable[[ExportPage, float], Awaitable[Receipt]],
    ) -> None:
        """Prepare.

        Args:
            carry_out: dispatches a command and waits for its end, so many seconds at most.
        """
        self._fleet_state = fleet_state
        self._recorder = recorder
        self._book = book
        self._session_of = session_of
        self._paths_of = paths_of
        self._files = files
        self._carry_out = carry_out
        self._commands: dict[AgentId, tuple[str, tuple[SlashCommand, ...]]] = {}
        """What each agent told of its slash commands, with the run of its process that told it."""

    def reason(self, agent_id: AgentId, question: Question[Told]) -> str:
        """Say why an agent cannot be asked now, or return empty text."""
        agent = self._fleet_state.agents.get(agent_id)
        if agent is None:
            return "there is no such agent"
        refused = unreachable(agent, self._fleet_state.snapshot())
        return refused.sentence if refused is not None else adapter_of(agent.program).withholds(question, agent)

    async def ask(self, agent_id: AgentId, question: Question[Told]) -> Told:
        """Return what an agent answers."""
        agent = self._agent(agent_id)
        if reason := self.reason(agent_id, question):
            raise Refused(f"{agent.name}: {reason}")
        session = self._session_of(agent_id)
        if session is None:
            raise Refused(f"{agent.name} is not attached", hint="its place is on no list: see `cockpit vms`")
        question_id = f"cockpit-ask-{uuid.uuid4().hex[:12]}"
        expected = self._recorder.expect(question_id)
        try:
            await session.sender.ask(agent, question_id, question)
            async with asyncio.timeout(ANSWER_LIMIT):
                said = await expected
        except TimeoutError:
            raise TimedOut(
                f"{agent.name} did not say {question.name} within {ANSWER_LIMIT:.0f} s",
                hint="an open question of an extension, or a long command, may hold it up; look at its output",
            ) from None
        finally:
            expected.cancel()
        return self._read(agent, question, said)

    def _read(self, agent: Agent, question: Question[Told], said: Responded) -> Told:
        if not said.success:
            raise Refused(f"{agent.name} does not say {question.name}: {said.error or 'it gave no reason'}")
        if said.data is None:
            hint = "its session file has it: `cockpit export NAME --format jsonl --to FILE`"
            raise Refused(f"{agent.name}'s answer, {question.name}, is too long to be read", hint=hint)
        told = adapter_of(agent.program).answer(question, said, agent)
        if question == SLASH_COMMANDS and isinstance(told, tuple):
            self._commands[agent.id] = (agent.process.run_id, told)
        return told

    async def levels(self, agent_id: AgentId) -> tuple[str, ...]:
        """Return the thinking levels an agent can be set to."""
        agent = self._agent(agent_id)
        adapter = adapter_of(agent.program)
        return adapter.levels(agent) if adapter.withholds(LEVELS, agent) else await self.ask(agent_id, LEVELS)

    def known_commands(self, agent_id: AgentId) -> tuple[SlashCommand, ...] | None:
        """Return the slash commands that an agent's present process told of; None if it was not asked yet."""
        agent = self._fleet_state.agents.get(agent_id)
        run_id, told = self._commands.get(agent_id, ("", ()))
        return told if agent is not None and agent_id in self._commands and run_id == agent.process.run_id else None

    def own_words(self, agent_id: AgentId) -> tuple[str, ...]:
        """Return the words behind `/` that the agent's own screen carries out, and that are text from here."""
        agent = self._fleet_state.agents.get(agent_id)
        return adapter_of(agent.program).own_words(agent) if agent is not None else ()

    def permission_modes(self, agent_id: AgentId) -> tuple[tuple[str, str], ...]:
        """Return the modes by which an agent does things unasked, each with what it means."""
        agent = self._fleet_state.agents.get(agent_id)
        return adapter_of(agent.program).permission_modes if agent is not None else ()

    def carried_out(self, agent_id: AgentId, command_id: CommandId) -> CarriedOut:
        """Return what an agent said of a command that is done."""
        agent = self._agent(agent_id)
        return adapter_of(agent.program).outcome(self._book.outcome(agent_id, command_id))

    async def sessions(self, agent_id: AgentId) -> tuple[SavedSession, ...]:
        """Return the conversations that are saved on an agent's VM."""
        agent = self._agent(agent_id)
        adapter = adapter_of(agent.program)
        script = adapter.sessions_script(self._paths_of(agent), agent.conversation.file)
        if not script:
            raise Refused(f"{agent.name} keeps no conversations in files")
        connection = await connection_of(self._session_of(agent_id), agent_id)
        done = await connection.run(script, timeout=LIST_LIMIT, limit=LIST_BYTES)
        if done.exit_code != 0:
            raise Refused(f"the sessions of {agent.name} cannot be listed: {said_by(done)}")
        return adapter.saved_sessions(done.stdout)

    async def export(self, agent_id: AgentId, form: str, to: Path | None) -> str:
        """Bring an agent's conversation into a file here, or have it written on its VM; return which file it is."""
        agent = self._agent(agent_id)
        state = await self.ask(agent_id, STATE)
        if form == "markdown":
            title = f"{agent.name}: {state.session_name or state.session_id or 'conversation'}"
            messages = await self.ask(agent_id, MESSAGES)
            text = clean_text(conversation_markdown(title, messages))
            if to is None:
                raise Refused("a Markdown document is made here, not where the agent lives", hint="name a file")
            await asyncio.to_thread(_write, to, text.encode(), self._fleet_state.clock.now())
            return str(to)
        if not state.session_file:
            raise Refused(f"{agent.name} keeps its conversation in no file", hint="--format markdown needs none")
        there = state.session_file
        if form == "html":
            there = await self._page(agent, f"{there.removesuffix('.jsonl')}.html")
        if to is None:
            return there
        await self._files.fetch(agent_id, there, to)
        return str(to)

    async def _page(self, agent: Agent, path: str) -> str:
        """Have an agent write its conversation as a page, and return where it did."""
        receipt = await self._carry_out(ExportPage(agent.id, path), EXPORT_LIMIT)
        if receipt.stage is not Stage.DONE:
            reason = receipt.reason or f"it is {receipt.stage.value} after {EXPORT_LIMIT:.0f} s"
            raise Refused(f"{agent.name} did not write its conversation as a page: {reason}")
        return self.carried_out(agent.id, receipt.id).file or path

    def _agent(self, agent_id: AgentId) -> Agent:
        agent = self._fleet_state.agents.get(agent_id)
        if agent is None:
            raise NotFound(f"there is no agent {agent_id}")
        return agent


def _write(to: Path, data: bytes, now: float) -> None:
    """Write a file here, in place of one that is there: whole, or not at all.

    Raises:
        Refused: it cannot be written.
    """
    with LocalDirectory.opened(to.parent) as directory:
        part = directory.part(to.name)
        try:
            part.reset()
            part.append(data)
            part.finish(FILE_MODE, now)
        except Refused:
            part.reset()  # what is empty is taken away
            raise
        finally:
            part.close()
