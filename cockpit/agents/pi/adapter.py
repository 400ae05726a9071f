"""pi as the engine sees it: its decoder, its encoder, how it is started and what it lacks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from cockpit.agents.adapter import Decoder, LaunchSettings, Program
from cockpit.agents.pi.answers import WIRE_NAMES, carried_out, told_by
from cockpit.agents.pi.conversation import has_conversation_script, move_conversation_script
from cockpit.agents.pi.credentials import secret_values
from cockpit.agents.pi.decode import PiDecoder
from cockpit.agents.pi.encode import (
    encode_abort,
    encode_clear_queue,
    encode_command,
    encode_dialog_cancelled,
    encode_dialog_confirmed,
    encode_dialog_value,
    encode_prompt,
    encode_queued,
)
from cockpit.agents.pi.launch import local_program, remote_program, shared_file
from cockpit.agents.pi.orders import (
    BUILT_IN,
    LEVELS,
    NEWER_THAN_ALL,
    SINCE,
    TELLS_SINCE,
    WHOLE_STATISTICS_SINCE,
    encode_conversation,
    lacking,
)
from cockpit.agents.pi.sessions import saved_sessions, sessions_script
from cockpit.agents.pi.wire_filter import ACCUMULATED
from cockpit.agents.scaffold.answers import Facts
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.model.attachments import Attachment
from cockpit.model.commands.agent import Abort, AgentCommand, Answer, ClearQueue, FollowUp, Prompt, Steer
from cockpit.model.events import Responded
from cockpit.model.fleet import Agent, QueueRules
from cockpit.model.ids import CommandId
from cockpit.model.inquiries import STATE, CarriedOut, Question, SavedSession, Statistics, Told
from cockpit.model.shared.skills import SharedKind

QUEUES_SINCE = (0, 64)
"""The first version that tells what waits in its queues."""

SETTLED_SINCE = (0, 80, 4)
"""The first version of pi that says when a run is over for good."""

CLEARS_SINCE = (0, 84, 4)
"""The first version that gives back what is queued (`clear_queue`)."""

STOPPED_UNTIL = (0, 73, 1)
"""The last version that is known to leave what is queued where it is after a failure."""

GOES_ON_SINCE = (0, 87)
"""The first version that is known to read it by itself; nobody has looked at those in between."""

DELTA = "delta"
"""The dialect of pi 0.84 and later."""


class PiAdapter:
    """`pi --mode rpc`, versions 0.58 to 1.6 (badlogic/pi-mono, packages/coding-agent/docs/rpc.md)."""

    guesses = False
    """It says what it is at."""
    permission_modes: tuple[tuple[str, str], ...] = ()
    """It has none."""

    @property
    def name(self) -> str:
        """`pi`."""
        return "pi"

    def decoder(self) -> Decoder:
        """Return a decoder of both dialects."""
        return PiDecoder()

    def encode(
        self, command: AgentCommand, command_id: CommandId, agent: Agent, images: Sequence[Attachment] = ()
    ) -> bytes:
        """Return a command as lines for the FIFO.

        Texts go as `prompt` with the way to queue them, since only the agent knows without a race whether it is busy;
        an abort first cancels the open dialogs, because pi's abort waits behind them.
        """
        match command:
            case Steer(text=text, lies=True) | FollowUp(text=text, lies=True):
                return encode_queued(command_id, text, images, steer=isinstance(command, Steer))
            case Prompt(text=text) | FollowUp(text=text):
                return encode_prompt(command_id, text, images, busy="followUp")
            case Steer(text=text):
                return encode_prompt(command_id, text, images, busy="steer")
            case ClearQueue():
                return encode_clear_queue(command_id)
            case Abort():
                cancels = [encode_dialog_cancelled(open_.request.dialog_id) for open_ in agent.activity.dialogs]
                return b"".join([*cancels, encode_abort(command_id)])
            case Answer(dialog_id=dialog_id, cancelled=True):
                return encode_dialog_cancelled(dialog_id)
            case Answer(dialog_id=dialog_id, confirmed=bool(confirmed)):
                return encode_dialog_confirmed(dialog_id, confirmed)
            case Answer(dialog_id=dialog_id, value=value):
                return encode_dialog_value(dialog_id, value or "")
            case _:
                return encode_conversation(command, command_id)

    def question(self, command_id: str, question: Question[Any] = STATE) -> bytes:
        """Return the command that asks; `get_state` tells model, queues and what the agent is at."""
        return encode_command(WIRE_NAMES[question], command_id)

    def answer(self, question: Question[Told], said: Responded, agent: Agent) -> Told:
        """Return what an answer says."""
        told = told_by(question, said.data)
        if isinstance(told, Statistics) and lacking(_version(agent), WHOLE_STATISTICS_SINCE, "sum"):
            return cast(Told, replace(told, whole=False))
        return told

    def withholds(self, question: Question[Any], agent: Agent) -> str:
        """Say that this version is too old for a question, or return empty text."""
        return lacking(_version(agent), TELLS_SINCE.get(question), f"be asked {question.name}")

    def outcome(self, data: Any) -> CarriedOut:
        """Return what pi said of a command that it carried out."""
        return carried_out(data)

    def own_words(self, agent: Agent) -> tuple[str, ...]:
        """Return the words of pi's own screen."""
        return BUILT_IN

    def levels(self, agent: Agent) -> tuple[str, ...]:
        """Return the words that any pi takes; what it set is in what it says of it."""
        return LEVELS

    def sessions_script(self, paths: AgentPaths, file: str) -> str:
        """Return the script that lists the sessions of the workspace."""
        return sessions_script(paths, file)

    def saved_sessions(self, said: bytes) -> tuple[SavedSession, ...]:
        """Return what that script has listed."""
        return saved_sessions(said)

    def says_end(self, dialect: str, version: str) -> bool:
        """Pi 0.80.4 and later do; one whose model never answered has shown no dialect, and is known by its version."""
        return dialect == DELTA or _numbers(version) >= SETTLED_SINCE

    def tells_queues(self, dialect: str, version: str) -> bool:
        """Pi 0.64 and later do."""
        return self.says_end(dialect, version) or _numbers(version) >= QUEUES_SINCE

    def queue_rules(self, dialect: str, version: str) -> QueueRules:
        """An abort leaves the queue to the next prompt, but for a steer while a tool runs, in every version looked at.

        After a failure pi up to 0.73.1 leaves it, too, and 0.87 and later read it; in between it is not known.
        """
        numbers = _numbers(version)
        known = bool(numbers) and not STOPPED_UNTIL < numbers < GOES_ON_SINCE
        return QueueRules(False, numbers >= GOES_ON_SINCE if known else None, cut_tool_takes_steer=True)

    def lacks(self, command: type[AgentCommand], agent: Agent) -> str:
        """Say that this version is too old for a command, or return empty text."""
        if command is not ClearQueue:
            return lacking(_version(agent), *SINCE.get(command, (None, "")))
        numbers = _numbers(agent.version)
        old = numbers < CLEARS_SINCE if numbers else agent.dialect == ACCUMULATED
        said = f"pi {agent.version}" if agent.version else "this pi"
        since = ".".join(map(str, CLEARS_SINCE))
        return f"{said} cannot give back what is queued: {since} is the first that can" if old else ""

    def lacks_images(self, agent: Agent) -> str:
        """Say that the agent's model reads none, where pi has named what it reads."""
        if not agent.inputs or "image" in agent.inputs:
            return ""
        return f"{agent.model or 'its model'} reads no images, as pi says: it reads {', '.join(agent.inputs)}"

    def missing_reason(self, program: Program, facts: Facts, place: str) -> str:
        """Say that pi is not on the VM, unless it comes from this machine's PATH."""
        if program.brought or self.name in facts.programs:
            return ""
        return f"pi is not on {place}: `command -v pi` found nothing in {facts.path}"

    def shared_file(self, kind: SharedKind, name: str) -> str:
        """Return where pi finds it when it starts."""
        return shared_file(kind, name)

    def first_words(self, answer: Responded) -> str:
        """Say which model answers; pi starts without credentials, too, and then names its model `unknown`."""
        model = answer.data.get("model") if isinstance(answer.data, dict) else None
        name = str(model.get("id") or "") if isinstance(model, dict) else ""
        return "no usable credentials: prompts will fail" if name == "unknown" else f"model {name}"

    def passed_words(self, passed: Mapping[str, str]) -> str:
        """Name the providers' keys that went along."""
        return f"passes {', '.join(passed)}" if passed else "passes no provider's key"

    def check_in_script(self) -> str:
        """Look for the extension of the coordination services, among the packages and among the loose files."""
        return (
            'grep -qs agent-services "$HOME/.pi/agent/settings.json" || '
            'ls "$HOME/.pi/agent/extensions" 2>/dev/null | grep -q agent-services'
        )

    def move_conversation_script(self, paths: AgentPaths) -> str:
        """Return the script that makes the newest session the workspace's."""
        return move_conversation_script(paths)

    def has_conversation_script(self, paths: AgentPaths) -> str:
        """Return the script that looks for a session of the workspace; pi with `--no-session` writes none."""
        return has_conversation_script(paths)

    def secret_values(self, patterns: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """Return the values of all known providers' keys that are set, and of what matches a pattern."""
        return secret_values(patterns, environment)

    def local_program(self, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
        """Return this machine's pi with this machine's configuration of it."""
        return local_program(self.name, settings, environment)

    def remote_program(self, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
        """Return the pi of the golden image."""
        return remote_program(self.name, settings, environment)


def _version(agent: Agent) -> tuple[int, ...]:
    """Return what is known of an agent's version: what it said at its start, else what its dialect tells; or none."""
    return _numbers(agent.version) or (NEWER_THAN_ALL if agent.dialect == DELTA else ())


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with; none if it is not one."""
    found = re.match(r"\d{1,6}(?:\.\d{1,6}){1,2}", version)
    return tuple(int(number) for number in found[0].split(".")) if found else ()
