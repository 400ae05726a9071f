"""The commands of pi about settings and sessions, and which versions have them (packages/coding-agent/docs/rpc.md)."""

from __future__ import annotations

from typing import Any

from cockpit.agents.pi.encode import encode_command
from cockpit.model import inquiries as about
from cockpit.model.commands.conversation import (
    AbortRetry,
    AbortShell,
    CloneSession,
    CompactContext,
    ConversationCommand,
    ExportPage,
    ForkSession,
    NameSession,
    NewSession,
    RunShell,
    RunShellAside,
    SetAutoCompaction,
    SetAutoRetry,
    SetModel,
    SetPermissionMode,
    SetQueueMode,
    SetThinking,
    SwitchSession,
)
from cockpit.model.ids import CommandId
from cockpit.model.inquiries import Question

Version = tuple[int, ...]

SINCE: dict[type[object], tuple[Version, str]] = {
    CloneSession: ((0, 68), "clone a session"),
    RunShellAside: ((0, 76), "keep a shell command out of its context"),
}
"""The first version that takes a command, where it is not all of them, and what it does: packages/coding-agent,
CHANGELOG.md."""

TELLS_SINCE: dict[Question[Any], Version] = {about.LEVELS: (0, 81), about.TREE: (0, 80, 3)}
"""The first version that answers a question, where it is not all of them."""

WHOLE_STATISTICS_SINCE: Version = (0, 81)
"""Before it a compaction takes what it removed out of the sums, too."""

NEWER_THAN_ALL: Version = (0, 84)
"""What a pi of the delta dialect is at least."""

LEVELS = ("off", "minimal", "low", "medium", "high", "xhigh")
"""What any pi takes; one that does not list what its model knows sets another level in place of one it does not."""

BUILT_IN = (
    *("settings", "model", "scoped-models", "thinking", "export", "import", "share", "copy", "name", "session"),
    *("changelog", "hotkeys", "fork", "clone", "tree", "login", "logout", "new", "compact", "resume", "reload", "quit"),
)
"""Words behind `/` that pi's own screen carries out; over RPC they would go to the model as text."""


def encode_conversation(command: ConversationCommand, command_id: CommandId) -> bytes:
    """Return a command as one line."""
    match command:
        case SetModel(provider=provider, model=model):
            return encode_command("set_model", command_id, provider=provider, modelId=model)
        case SetThinking(level=level):
            return encode_command("set_thinking_level", command_id, level=level)
        case CompactContext(text=text):
            return encode_command("compact", command_id, customInstructions=text or None)
        case SetAutoCompaction(enabled=enabled):
            return encode_command("set_auto_compaction", command_id, enabled=enabled)
        case SetAutoRetry(enabled=enabled):
            return encode_command("set_auto_retry", command_id, enabled=enabled)
        case AbortRetry():
            return encode_command("abort_retry", command_id)
        case SetQueueMode(queue=queue, mode=mode):
            kind = "set_steering_mode" if queue == "steering" else "set_follow_up_mode"
            return encode_command(kind, command_id, mode=mode)
        case NewSession():
            return encode_command("new_session", command_id)
        case SwitchSession(path=path):
            return encode_command("switch_session", command_id, sessionPath=path)
        case NameSession(name=name):
            return encode_command("set_session_name", command_id, name=name)
        case ForkSession(entry=entry):
            return encode_command("fork", command_id, entryId=entry)
        case CloneSession():
            return encode_command("clone", command_id)
        case RunShell(text=text):
            return encode_command("bash", command_id, command=text)
        case RunShellAside(text=text):
            return encode_command("bash", command_id, command=text, excludeFromContext=True)
        case AbortShell():
            return encode_command("abort_bash", command_id)
        case ExportPage(path=path):
            return encode_command("export_html", command_id, outputPath=path)
        case SetPermissionMode():
            raise AssertionError("pi has no permission modes, and was to be told one all the same")


def lacking(version: Version, since: Version | None, what: str) -> str:
    """Say that a version is too old for something, or return empty text; of an unknown one nothing is claimed."""
    if since is None or not version or version >= since:
        return ""
    here, first = (".".join(map(str, numbers)) for numbers in (version, since))
    return f"pi {here} cannot {what}: pi {first} and later can"
