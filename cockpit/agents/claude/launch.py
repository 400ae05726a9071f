"""How Claude Code is started: its arguments, its variables, and the session it goes on with after a death."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cockpit.agents.adapter import LaunchSettings, Program
from cockpit.agents.claude.decode import RESUMED, THINKS
from cockpit.agents.claude.modes import OFF, PERMISSION_MODES, THINKING
from cockpit.agents.variables import matching_variables
from cockpit.model.commands.life import Spawn

HOME = ".claude"
"""Its own directory, relative to the home directory."""

CONFIGURATION = (".credentials.json", "settings.json", "CLAUDE.md")
"""Files of it that a local agent needs to work as the operator's Claude Code does."""

MOST_BYTES = 1_000_000
"""Bytes of one such file; what is larger is no configuration."""

KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
"""Variables that hold a key or a login."""

PASSED = (*KEYS, "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "CLAUDE_CODE_MAX_RETRIES")
"""Variables that an agent gets from here unless the configuration says otherwise."""

QUIET = {"DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
"""An agent is to be the version that it was started with, and to talk to nobody but its model."""

OPTIONS = (
    *("-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"),
    *("--include-partial-messages", "--replay-user-messages", "--permission-prompt-tool", "stdio"),
)

SESSIONS = """${CLAUDE_CONFIG_DIR:-$HOME/.claude}/projects/$(pwd -P | sed 's#[^A-Za-z0-9]#-#g')"""
"""Where it keeps the sessions of the working directory, as a shell finds it."""

NEWEST = f"""ls -t "{SESSIONS}"/*-*-*-*-*.jsonl 2>/dev/null | head -n 1"""
"""What names the newest session's file; one of a sub-agent is called otherwise."""

GO_ON = f"""newest=$({NEWEST})
id=${{newest##*/}}
id=${{id%.jsonl}}
printf '{{"type":"{RESUMED}","id":"%s"}}\\n' "$id"
[ -z "$id" ] || set -- "$@" --resume "$id"
exec "$0" "$@"
"""
"""Goes on with the newest session, and says in the output which one that is, or that there is none."""


SAY_LEVEL = f"""printf '{{"type":"{THINKS}","level":"LEVEL"}}\\n'
exec "$0" "$@"
"""
"""Says in the output how much it thinks: it says so of itself nowhere, and its next start is to think as much."""


def local_program(name: str, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
    """Return this machine's Claude Code, or why it cannot be started."""
    directory = Path(environment.get("CLAUDE_CONFIG_DIR") or Path.home() / HOME)
    patterns = settings.pass_environment
    keys = any(environment.get(key) for key in KEYS) or matching_variables(patterns or (), environment)
    reason = ""
    if shutil.which("claude", path=environment.get("PATH")) is None:
        reason = "Claude Code is not installed here (no `claude` on PATH)"
    elif not keys and not (directory / CONFIGURATION[0]).is_file():
        reason = "Claude Code has no credentials: set ANTHROPIC_API_KEY or log in once with `claude`"
    return Program(
        name,
        reason,
        _arguments(settings),
        environment={**QUIET, "PATH": environment.get("PATH", os.defpath)},
        passed=_passed(settings, environment),
        files=_configuration(directory) if not reason else (),
        command="claude",
        thinking=tuple(THINKING),
        permission_modes=PERMISSION_MODES,
        brought=True,
    )


def remote_program(name: str, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
    """Return the Claude Code of the golden image of real VMs."""
    passed = _passed(settings, environment)
    return Program(
        name,
        "",
        _arguments(settings),
        environment=dict(QUIET),
        passed=passed,
        command="claude",
        thinking=tuple(THINKING),
        permission_modes=PERMISSION_MODES,
    )


def secret_values(patterns: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return the values of its keys that are set, and of what matches a pattern."""
    return [
        environment[name]
        for name in dict.fromkeys((*KEYS, *matching_variables(patterns, environment)))
        if environment.get(name)
    ]


def _arguments(settings: LaunchSettings) -> Callable[[Spawn, str, bool], Sequence[str]]:
    def arguments(spawn: Spawn, instructions: str, again: bool) -> Sequence[str]:
        words = ["claude", *OPTIONS]
        if model := spawn.model or settings.model:
            words += ["--model", model.removeprefix("anthropic/")]
        if spawn.permission_mode:
            words += ["--permission-mode", spawn.permission_mode]
        if instructions:
            words += ["--system-prompt-file" if spawn.replaces_prompt else "--append-system-prompt-file", instructions]
        if spawn.thinking in THINKING:
            words += [] if spawn.thinking == OFF else ["--effort", spawn.thinking]
            words = ["env", f"MAX_THINKING_TOKENS={THINKING[spawn.thinking]}", *words]
            words = ["sh", "-c", SAY_LEVEL.replace("LEVEL", spawn.thinking), *words]
        return ["sh", "-c", GO_ON, *words] if again else words

    return arguments


def _passed(settings: LaunchSettings, environment: Mapping[str, str]) -> Callable[[Spawn], Mapping[str, str]]:
    """Return what chooses the variables an agent gets from here; their values are secrets."""

    def passed(spawn: Spawn) -> Mapping[str, str]:
        names = (
            PASSED if settings.pass_environment is None else matching_variables(settings.pass_environment, environment)
        )
        return {name: environment[name] for name in names if environment.get(name)}

    return passed


def _configuration(directory: Path) -> tuple[tuple[str, bytes], ...]:
    """Read its configuration, bounded in size."""
    found = [(name, directory / name) for name in CONFIGURATION]
    return tuple(
        (f"{HOME}/{name}", path.read_bytes())
        for name, path in found
        if path.is_file() and path.stat().st_size <= MOST_BYTES
    )
