"""Claude Code as the engine sees it: its decoder, its encoder, how it is started and what it lacks."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, cast

from cockpit.agents.adapter import Decoder, LaunchSettings, Program
from cockpit.agents.claude import launch
from cockpit.agents.claude.decode import ClaudeDecoder
from cockpit.agents.claude.modes import OFF, PERMISSION_MODES, THINKING
from cockpit.agents.claude.permissions import answer_to
from cockpit.agents.claude.requests import PROVIDER, line_of, request, response_to
from cockpit.agents.claude.sessions import (
    has_conversation_script,
    move_conversation_script,
    saved_sessions,
    sessions_script,
)
from cockpit.agents.fields import dict_of, integer_of, text_of
from cockpit.agents.scaffold.answers import Facts
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.model import inquiries as about
from cockpit.model.attachments import Attachment
from cockpit.model.commands import conversation as turns
from cockpit.model.commands.agent import Abort, AgentCommand, Answer, ClearQueue, FollowUp, Prompt, Steer
from cockpit.model.events import Responded
from cockpit.model.fleet import Agent, QueueRules
from cockpit.model.ids import CommandId
from cockpit.model.inquiries import STATE, CarriedOut, Question, SavedSession, Told
from cockpit.model.shared.skills import SharedKind

ASKED: dict[Question[Any], str] = {
    STATE: "get_state",
    about.STATISTICS: "get_session_stats",
    about.MODELS: "get_available_models",
    about.SLASH_COMMANDS: "get_commands",
}

LACKS: dict[type[AgentCommand], str] = {
    ClearQueue: "give back what is queued",
    turns.CompactContext: "be told to compact from here: prompt it with /compact",
    turns.SetAutoCompaction: "be told from here whether it compacts by itself",
    turns.SetAutoRetry: "be told from here whether it asks a failing model again",
    turns.AbortRetry: "be told to end its waiting alone: an abort ends the run with it",
    turns.SetQueueMode: "be told how it reads its queue",
    turns.NewSession: "be told to begin anew from here: prompt it with /clear",
    turns.SwitchSession: "go to another session while it runs",
    turns.NameSession: "name its session from here",
    turns.ForkSession: "fork its session while it runs",
    turns.CloneSession: "clone its session while it runs",
    turns.RunShell: "run a command of the operator's",
    turns.RunShellAside: "run a command of the operator's",
    turns.AbortShell: "run a command of the operator's",
    turns.ExportPage: "write its conversation as a page",
}
"""What it has no request for."""


class ClaudeAdapter:
    """`claude -p` with stream-json on both sides, versions 2.1.112 to 2.1.197; 2.0 dies of an empty line."""

    guesses = False
    """It says what it is at."""
    permission_modes: tuple[tuple[str, str], ...] = PERMISSION_MODES
    """What it does unasked."""

    @property
    def name(self) -> str:
        """`claude`."""
        return "claude"

    def decoder(self) -> Decoder:
        """Return a decoder."""
        return ClaudeDecoder()

    def encode(
        self, command: AgentCommand, command_id: CommandId, agent: Agent, images: Sequence[Attachment] = ()
    ) -> bytes:
        """Return a command as lines for the FIFO.

        A text goes into its queue: at rest it is read at once, while a tool runs a steer is read behind that tool, and
        a follow-up only after the run. A question behind it is answered once the text was taken.
        """
        match command:
            case Prompt(text=text):
                return _text(text, images, "later" if agent.run_open else "next") + request("prompt", command_id)
            case Steer(text=text):
                return _text(text, images, "next") + request("steer", command_id)
            case FollowUp(text=text):
                return _text(text, images, "later") + request("follow_up", command_id)
            case Abort():
                cancels = [
                    response_to(open_.request.dialog_id, answer_to(None, Answer(agent.id, open_.request.dialog_id)))
                    for open_ in agent.activity.dialogs
                ]
                return b"".join([request("abort", command_id), *cancels])
            case Answer(dialog_id=dialog_id):
                open_dialogs = (one.request for one in agent.activity.dialogs)
                asked = next((one for one in open_dialogs if one.dialog_id == dialog_id), None)
                return response_to(dialog_id, answer_to(asked, command))
            case turns.SetModel(model=model):
                return request("set_model", command_id, model, model=model)
            case turns.SetThinking(level=level):
                tokens = request("set_thinking_tokens", command_id, level, max_thinking_tokens=THINKING.get(level, 0))
                effort = {} if level == OFF else {"effortLevel": level}
                return tokens + request("set_thinking_level", command_id, level, settings=effort)
            case turns.SetPermissionMode(mode=mode):
                return request("set_permission_mode", command_id, mode, mode=mode)
            case _:
                raise AssertionError(f"{type(command).__name__} is refused before it comes here")

    def question(self, command_id: str, question: Question[Any] = STATE) -> bytes:
        """Return the request that asks; its settings name the model that answers."""
        return request(ASKED[question], command_id)

    def answer(self, question: Question[Told], said: Responded, agent: Agent) -> Told:
        """Return what an answer says."""
        return cast(Told, _told(question, said.data if isinstance(said.data, dict) else {}, agent))

    def withholds(self, question: Question[Any], agent: Agent) -> str:
        """Say that Claude Code has no request for a question, or return empty text."""
        return "" if question in ASKED else f"Claude Code cannot be asked {question.name}"

    def outcome(self, data: Any) -> CarriedOut:
        """Return nothing: it says of no command more than that it was carried out."""
        return CarriedOut()

    def own_words(self, agent: Agent) -> tuple[str, ...]:
        """Return none: what it knows behind `/` it carries out from here, too."""
        return ()

    def levels(self, agent: Agent) -> tuple[str, ...]:
        """Return the words for how many tokens it may think with."""
        return tuple(THINKING)

    def sessions_script(self, paths: AgentPaths, file: str) -> str:
        """Return the script that lists the sessions of the workspace."""
        return sessions_script(paths)

    def saved_sessions(self, said: bytes) -> tuple[SavedSession, ...]:
        """Return what that script has listed."""
        return saved_sessions(said)

    def says_end(self, dialect: str, version: str) -> bool:
        """It does: nothing but its `result` ends a run."""
        return True

    def tells_queues(self, dialect: str, version: str) -> bool:
        """It does not: a text shows when it is read."""
        return False

    def queue_rules(self, dialect: str, version: str) -> QueueRules:
        """What is queued starts by itself, after an abort and after a failure."""
        return QueueRules(True, True)

    def lacks(self, command: type[AgentCommand], agent: Agent) -> str:
        """Say that it has no request for a command, or return empty text."""
        return f"Claude Code cannot {LACKS[command]}" if command in LACKS else ""

    def lacks_images(self, agent: Agent) -> str:
        """Return empty text: its models read them."""
        return ""

    def shared_file(self, kind: SharedKind, name: str) -> str:
        """Return where it finds a shared skill; it has no extensions."""
        return f"{launch.HOME}/skills/{name}/SKILL.md" if kind is SharedKind.SKILL else ""

    def missing_reason(self, program: Program, facts: Facts, place: str) -> str:
        """Say that it is not on the VM, unless it comes from this machine's PATH."""
        if program.brought or "claude" in facts.programs:
            return ""
        return f"Claude Code is not on {place}: `command -v claude` found nothing in {facts.path}"

    def first_words(self, answer: Responded) -> str:
        """Say which model answers; whether its key is good shows with the first prompt."""
        model = dict_of(answer.data.get("model")) if isinstance(answer.data, dict) else {}
        name = text_of(model.get("id"))
        return f"model {name}" if name else "it answers, and does not say with which model"

    def passed_words(self, passed: Mapping[str, str]) -> str:
        """Name the variables that went along."""
        return f"passes {', '.join(passed)}" if passed else "passes no key"

    def check_in_script(self) -> str:
        """Return empty text: it has no extension that tells the feed."""
        return ""

    def move_conversation_script(self, paths: AgentPaths) -> str:
        """Return the script that makes the newest session the workspace's."""
        return move_conversation_script(paths)

    def has_conversation_script(self, paths: AgentPaths) -> str:
        """Return the script that looks for a session of the workspace."""
        return has_conversation_script(paths)

    def secret_values(self, patterns: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """Return the values of its keys that are set, and of what matches a pattern."""
        return launch.secret_values(patterns, environment)

    def local_program(self, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
        """Return this machine's Claude Code with this machine's configuration of it."""
        return launch.local_program(self.name, settings, environment)

    def remote_program(self, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
        """Return the Claude Code of the golden image."""
        return launch.remote_program(self.name, settings, environment)


def _text(text: str, images: Sequence[Attachment], priority: str) -> bytes:
    """Return a user's message as one line; `next` is read behind a running tool, `later` after the run."""
    content: Any = text
    if images:
        content = [{"type": "text", "text": text}, *(_image(one) for one in images)]
    message = {"role": "user", "content": content}
    return line_of({"type": "user", "message": message, "priority": priority})


def _image(image: Attachment) -> dict[str, Any]:
    data = base64.b64encode(image.data).decode("ascii")
    return {"type": "image", "source": {"type": "base64", "media_type": image.media_type, "data": data}}


def _told(question: Question[Any], data: dict[str, Any], agent: Agent) -> Any:
    if question == STATE:
        name = text_of(dict_of(data.get("model")).get("id")) or agent.model
        model = about.ModelChoice(PROVIDER, name, context_window=agent.context_window) if name else None
        session, mode = agent.conversation.id, agent.permission_mode
        return about.AgentSetup(model, agent.thinking, session_id=session, permission_mode=mode)
    if question == about.STATISTICS:
        context, used = dict_of(data.get("contextUsage")), agent.usage
        return about.Statistics(
            session_id=agent.conversation.id,
            input=used.input,
            output=used.output,
            cache_read=used.cache_read,
            cache_write=used.cache_write,
            tokens=used.tokens,
            cost=used.cost,
            context_tokens=integer_of(context.get("tokens")),
            context_window=integer_of(context.get("contextWindow")),
            whole=False,
        )
    listed = data.get("models" if question == about.MODELS else "commands")
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if question == about.MODELS:
        return tuple(
            about.ModelChoice(
                PROVIDER, text_of(one.get("value")), text_of(one.get("displayName")), thinks=True, sees=True
            )
            for one in entries
        )
    return tuple(about.SlashCommand(text_of(one.get("name")), text_of(one.get("description"))) for one in entries)
