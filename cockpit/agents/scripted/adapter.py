"""The scripted agent's adapter: the protocol is pi's, the program is this package's own."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cockpit
from cockpit.agents.adapter import Decoder, LaunchSettings, Program
from cockpit.agents.pi.adapter import DELTA, PiAdapter
from cockpit.agents.pi.decode import PiDecoder
from cockpit.agents.pi.wire_filter import ACCUMULATED
from cockpit.agents.scaffold.answers import Facts
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.model.commands.agent import AgentCommand, ClearQueue
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import Agent, QueueRules
from cockpit.model.inquiries import Question
from cockpit.model.shared.skills import SharedKind

LABEL = "scripted:"
"""Labels that begin so hold further arguments of the program."""


SESSIONS = "~/.scripted/sessions"
"""Where it keeps its conversations."""


class ScriptedAdapter(PiAdapter):
    """Speaks pi's protocol without a model; it needs nothing but this Python."""

    @property
    def name(self) -> str:
        """`scripted`, and it is labelled so wherever it appears."""
        return "scripted"

    def decoder(self) -> Decoder:
        """Return pi's; no model has anything to remember, so that what names no file loses nothing."""
        return PiDecoder(tells_file=False)

    def says_end(self, dialect: str, version: str) -> bool:
        """It does in the newer dialect; its version is this package's."""
        return dialect == DELTA

    def tells_queues(self, dialect: str, version: str) -> bool:
        """It does in either dialect."""
        return True

    def queue_rules(self, dialect: str, version: str) -> QueueRules:
        """It leaves what is queued to the next prompt, in either dialect."""
        return QueueRules(False, False)

    def withholds(self, question: Question[Any], agent: Agent) -> str:
        """Return empty text: it answers everything, whatever its dialect stands for."""
        return ""

    def lacks(self, command: type[AgentCommand], agent: Agent) -> str:
        """Say that it cannot give back what is queued in the older dialect."""
        if command is ClearQueue and agent.dialect == ACCUMULATED:
            return "a scripted agent of the older dialect cannot give back what is queued"
        return ""

    def lacks_images(self, agent: Agent) -> str:
        """Say that nobody looks at them."""
        return "a scripted agent reads no images: no model thinks"

    def shared_file(self, kind: SharedKind, name: str) -> str:
        """Return empty text: no model reads skills, and nothing loads extensions."""
        return ""

    def missing_reason(self, program: Program, facts: Facts, place: str) -> str:
        """Return empty text: it brings all it needs."""
        return ""

    def passed_words(self, passed: Mapping[str, str]) -> str:
        """Return empty text: no key goes along."""
        return ""

    def check_in_script(self) -> str:
        """Return empty text: it has no extensions."""
        return ""

    def has_conversation_script(self, paths: AgentPaths) -> str:
        """Return `:`, which succeeds: no model has anything to remember, and what comes next does not depend on it."""
        return ":"

    def local_program(self, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
        """Return this Python with this package."""
        root = str(Path(cockpit.__file__).parent.parent)
        return Program(self.name, "", _arguments, environment={"PYTHONPATH": root})

    def remote_program(self, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
        """Return the reason why there is none."""
        return Program(self.name, "the scripted agent runs on the embedded fleet only", _arguments)


def _arguments(spawn: Spawn, instructions: str, again: bool) -> Sequence[str]:
    options = [word for label in spawn.labels if label.startswith(LABEL) for word in label[len(LABEL) :].split()]
    return [
        sys.executable,
        "-S",
        "-m",
        "cockpit.embedded.scripted_agent",
        "--mode",
        "rpc",
        "--name",
        spawn.name,
        "--sessions",
        SESSIONS,
        *options,
    ]
