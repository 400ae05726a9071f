"""An agent that prints lines, as the engine sees it: any program that reads and prints, described by the operator."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, cast

from cockpit.agents.adapter import Decoder, LaunchSettings, Program
from cockpit.agents.lines.decode import LinesDecoder
from cockpit.agents.lines.packed import FILE, packed
from cockpit.agents.scaffold.answers import Facts
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.variables import matching_variables
from cockpit.model.attachments import Attachment
from cockpit.model.commands.agent import Abort, AgentCommand, Answer, ClearQueue, FollowUp, Prompt, Steer
from cockpit.model.commands.life import Spawn
from cockpit.model.events import Responded
from cockpit.model.fleet import Agent, QueueRules
from cockpit.model.ids import CommandId
from cockpit.model.inquiries import STATE, AgentSetup, CarriedOut, Question, SavedSession, Told
from cockpit.model.own.described import PREFIX, DescribedAgent
from cockpit.model.shared.skills import SharedKind

ONLY_LINES = "a program that reads lines"
"""How the reasons begin why it cannot do something."""


class LinesAdapter:
    """One described agent. Our program runs around it on its VM, and tells in JSON lines what it prints."""

    guesses = True
    """By patterns."""
    permission_modes: tuple[tuple[str, str], ...] = ()
    """It has none."""

    def __init__(self, kind: str, described: DescribedAgent | None = None) -> None:
        """Prepare.

        Args:
            kind: `lines:NAME`.
            described: how it is started; what runs already is read and written to without.
        """
        self._kind = kind
        self._described = described

    @property
    def name(self) -> str:
        """`lines:NAME`."""
        return self._kind

    def decoder(self) -> Decoder:
        """Return a decoder of what our program says."""
        return LinesDecoder()

    def encode(
        self, command: AgentCommand, command_id: CommandId, agent: Agent, images: Sequence[Attachment] = ()
    ) -> bytes:
        """Return a command as a line for our program."""
        match command:
            case Prompt(text=text):
                return _line("prompt", command_id, text=text)
            case Answer(dialog_id=dialog_id, cancelled=True):
                return _line("answer", command_id, dialog=dialog_id)
            case Answer(dialog_id=dialog_id, confirmed=bool(confirmed)):
                return _line("answer", command_id, dialog=dialog_id, value="yes" if confirmed else "no")
            case Answer(dialog_id=dialog_id, value=value):
                return _line("answer", command_id, dialog=dialog_id, value=value or "")
            case Abort():
                open_now = [open_.request.dialog_id for open_ in agent.activity.dialogs]
                return _line("abort", command_id, dialogs=open_now)
            case _:
                raise AssertionError(f"{type(command).__name__} is lacking, and was to be written all the same")

    def question(self, command_id: str, question: Question[Any] = STATE) -> bytes:
        """Return the question what it is at, which our program answers."""
        return _line("state", command_id)

    def answer(self, question: Question[Told], said: Responded, agent: Agent) -> Told:
        """Return a setup that is empty: such a program has none."""
        return cast(Told, AgentSetup())

    def withholds(self, question: Question[Any], agent: Agent) -> str:
        """Say that it can be asked what it is at, and nothing else."""
        return "" if question == STATE else f"{ONLY_LINES} cannot be asked {question.name}"

    def outcome(self, data: Any) -> CarriedOut:
        """Return that nothing is said of what was carried out."""
        return CarriedOut()

    def own_words(self, agent: Agent) -> tuple[str, ...]:
        """Return none: every text goes to the program as it is."""
        return ()

    def levels(self, agent: Agent) -> tuple[str, ...]:
        """Return none."""
        return ()

    def sessions_script(self, paths: AgentPaths, file: str) -> str:
        """Return empty text: no conversation is kept."""
        return ""

    def saved_sessions(self, said: bytes) -> tuple[SavedSession, ...]:
        """Return none."""
        return ()

    def says_end(self, dialect: str, version: str) -> bool:
        """Our program does, as soon as it takes a run for ended."""
        return True

    def tells_queues(self, dialect: str, version: str) -> bool:
        """Nothing is queued."""
        return True

    def queue_rules(self, dialect: str, version: str) -> QueueRules:
        """Nothing is queued."""
        return QueueRules(False, False)

    def lacks(self, command: type[AgentCommand], agent: Agent) -> str:
        """Say what such a program cannot be told."""
        if command in (Prompt, Answer, Abort):
            return ""
        if command is Steer:
            return f"{ONLY_LINES} reads no text in the midst of its work: send a prompt, which it reads next"
        if command is FollowUp:
            return f"{ONLY_LINES} has no queue: a prompt is written to it at once, and read when it reads"
        if command is ClearQueue:
            return f"{ONLY_LINES} has no queue that could be emptied"
        return f"{ONLY_LINES} has no such setting or session"

    def lacks_images(self, agent: Agent) -> str:
        """Say that none can go along."""
        return f"{ONLY_LINES} takes no images"

    def shared_file(self, kind: SharedKind, name: str) -> str:
        """Return empty text: it looks for none."""
        return ""

    def missing_reason(self, program: Program, facts: Facts, place: str) -> str:
        """Say that python3 is not on the VM, which our program needs."""
        if program.brought or "python3" in facts.programs:
            return ""
        return f"python3 is not on {place}, and {self.name} is run by it: nothing in {facts.path}"

    def first_words(self, answer: Responded) -> str:
        """Say that its program runs, and that the rest is guessed."""
        return "its program runs; what it is at is guessed from what it prints"

    def passed_words(self, passed: Mapping[str, str]) -> str:
        """Name the variables that the operator chose."""
        return f"passes {', '.join(passed)}" if passed else ""

    def check_in_script(self) -> str:
        """Return empty text: it has no extensions."""
        return ""

    def move_conversation_script(self, paths: AgentPaths) -> str:
        """Return `:`: there is no conversation to move."""
        return ":"

    def has_conversation_script(self, paths: AgentPaths) -> str:
        """Return `false`: what the program knows is in its process alone, and a stop would lose it."""
        return "false"

    def secret_values(self, patterns: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """Return the values of what matches a pattern."""
        return [environment[name] for name in matching_variables(patterns, environment)]

    def local_program(self, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
        """Return how it is started on this machine's fleet, or why it cannot be."""
        search = environment.get("PATH", os.defpath)
        wanted = self._described.command[0] if self._described is not None else ""
        reason = ""
        if wanted and "/" not in wanted and shutil.which(wanted, path=search) is None:
            reason = f"{wanted} is not on PATH here: install it, or correct command in [agents.{self._table}]"
        return self._program(settings, environment, sys.executable, reason, {"PATH": search}, brought=True)

    def remote_program(self, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
        """Return how it is started on a VM; whether its command is there, the VM says."""
        return self._program(settings, environment, "python3", "", {}, brought=False)

    def _program(
        self,
        settings: LaunchSettings,
        environment: Mapping[str, str],
        python: str,
        reason: str,
        own: dict[str, str],
        *,
        brought: bool,
    ) -> Program:
        described = f".swarm/lines/{self._table}.json"
        if self._described is None:
            reason = f"no table [agents.{self._table}] describes it in config.toml: write one"
            return Program(self.name, reason, partial(_arguments, python, described))
        names = matching_variables(settings.pass_environment or (), environment)
        passed = {name: environment[name] for name in names}
        return Program(
            self.name,
            reason,
            partial(_arguments, python, described),
            environment=own,
            passed=lambda spawn: passed,
            files=((FILE, packed()), (described, self._file(self._described))),
            brought=brought,
        )

    @property
    def _table(self) -> str:
        return self._kind.removeprefix(PREFIX)

    def _file(self, described: DescribedAgent) -> bytes:
        """Return what our program on the VM reads."""
        return json.dumps({"name": self._table, **asdict(described)}).encode()


def _arguments(python: str, described: str, spawn: Spawn, instructions: str, again: bool) -> Sequence[str]:
    return [python, "-u", f"~/{FILE}", f"~/{described}"]


def _line(kind: str, command_id: str, **fields: Any) -> bytes:
    """Return one object as a line; a lone surrogate, which is no text, travels escaped."""
    return json.dumps({"type": kind, "id": command_id, **fields}).encode() + b"\n"
