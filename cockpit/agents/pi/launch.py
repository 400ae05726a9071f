"""How pi is started: its arguments, the variables and the configuration that come along."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from cockpit.agents.adapter import LaunchSettings, Program
from cockpit.agents.configuration import Configuration, Place, configuration_of
from cockpit.agents.pi import start_questions
from cockpit.agents.pi.credentials import (
    PROVIDERS,
    needed_variables,
    provider_of,
    variables_in,
)
from cockpit.agents.pi.packages import package_places, with_copies, with_whole_paths
from cockpit.agents.variables import matching_variables
from cockpit.errors import UsageError
from cockpit.model.commands.life import Spawn
from cockpit.model.shared.skills import SharedKind

HOME = ".pi/agent"
"""pi's own directory, relative to the home directory."""

CONFIGURATION = ("auth.json", "models.json", "settings.json", "AGENTS.md")
"""Files of pi's own directory that a local agent needs to work as the operator's pi does."""

SYNCHRONISED = ("settings.json", "AGENTS.md", "skills", "extensions", "prompts", "git")
"""Files and trees of it that go along to a VM where the operator wants that; `git` holds installed packages."""

CONFIGURATION_TREES = ("extensions", "skills", "prompts")

THINKING = ("off", "minimal", "low", "medium", "high", "xhigh")
"""What `--thinking` takes in every pi from 0.73 on (badlogic/pi-mono, `packages/coding-agent/src/cli/args.ts`): of
another word it warns on standard error, and goes on without."""

MAX_CONFIGURATION = 5_000_000
"""Bytes of pi's directory that are copied at most; what is larger is no configuration."""


_START_QUESTIONS = (start_questions.FILE, start_questions.EXTENSION.encode())


def local_program(name: str, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
    """Return this machine's pi, or why it cannot be started."""
    directory = Path(environment.get("PI_CODING_AGENT_DIR") or Path.home() / ".pi" / "agent")
    keys = any(provider.is_set(environment) for provider in PROVIDERS) or matching_variables(
        settings.pass_environment or (), environment
    )
    reason = ""
    if shutil.which("pi", path=environment.get("PATH")) is None:
        reason = "pi is not installed here (no `pi` on PATH)"
    elif not keys and not _has_credentials(directory):
        reason = "pi has no credentials: set ANTHROPIC_API_KEY or log in once with `pi`"
    return Program(
        name,
        reason,
        _arguments(settings),
        environment={"PATH": environment.get("PATH", os.defpath)},
        passed=_passed(settings, environment, directory),
        files=(_START_QUESTIONS, *((f"{HOME}/{file}", content) for file, content in _configuration(directory))),
        configuration=partial(_synchronised, environment),
        command="pi",
        thinking=THINKING,
        brought=True,
    )


def remote_program(name: str, settings: LaunchSettings, environment: Mapping[str, str]) -> Program:
    """Return the pi that the golden image of real VMs has."""
    passed = _passed(settings, environment)
    return Program(
        name,
        "",
        _arguments(settings),
        passed=passed,
        files=(_START_QUESTIONS,),
        configuration=partial(_synchronised, environment),
        command="pi",
        thinking=THINKING,
    )


def pi_argv(
    *,
    model: str = "",
    session: str = "",
    thinking: str = "",
    system_prompt_file: str = "",
    replaces_prompt: bool = False,
    extra: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the command of a pi agent.

    Options are those of badlogic/pi-mono, `packages/coding-agent/src/cli/args.ts`.

    Args:
        model: a model id, or `provider/id`; empty takes pi's default, which is an expensive one.
        session: `continue` the newest one of the workspace, `none` to keep no session file, a path (`/` or `~/`) of a
            session file; empty begins a new one.
        thinking: one of `THINKING`; empty takes pi's default.
        system_prompt_file: text added to pi's own prompt. Name it in `required_files` of the start, too: pi takes the
            path itself for the prompt if the file is absent.
        replaces_prompt: that text stands in place of pi's own prompt.
        extra: further arguments.

    Raises:
        UsageError: `session` is none of these.
    """
    argv = ["pi", "--mode", "rpc"]
    if model:
        argv += ["--model", model]
    if thinking:
        argv += ["--thinking", thinking]
    if session == "continue":
        argv.append("--continue")
    elif session == "none":
        argv.append("--no-session")
    elif session.startswith(("/", "~/")):
        argv += ["--session", session]
    elif session:
        raise UsageError(f"{session!r} is no session", hint="use continue, none, or a path that begins with / or ~/")
    if system_prompt_file:
        argv += ["--system-prompt" if replaces_prompt else "--append-system-prompt", system_prompt_file]
    return (*argv, *extra)


def _arguments(settings: LaunchSettings) -> Callable[[Spawn, str, bool], Sequence[str]]:
    def arguments(spawn: Spawn, instructions: str, again: bool) -> Sequence[str]:
        return pi_argv(
            model=spawn.model or settings.model,
            session="continue" if again else "",
            thinking=spawn.thinking if spawn.thinking in THINKING else "",
            system_prompt_file=instructions,
            replaces_prompt=spawn.replaces_prompt,
            extra=("--extension", f"~/{start_questions.FILE}"),
        )

    return arguments


def _passed(
    settings: LaunchSettings, environment: Mapping[str, str], directory: Path | None = None
) -> Callable[[Spawn], Mapping[str, str]]:
    """Return what chooses the variables an agent gets from here; their values are secrets.

    Args:
        directory: pi's own directory, where it comes along: its settings choose a provider, too.
    """

    def passed(spawn: Spawn) -> Mapping[str, str]:
        if settings.pass_environment is not None:
            names = matching_variables(settings.pass_environment, environment)
        else:
            model = spawn.model or settings.model
            provider = provider_of(model, environment)
            if not provider and not model and directory is not None:
                provider = str(_object(directory / "settings.json").get("defaultProvider") or "")
            providers = _object(directory / "models.json").get("providers") if directory is not None else None
            own = providers.get(provider) if isinstance(providers, dict) else None
            names = needed_variables(provider, environment, list(variables_in(own)))
        return {name: environment[name] for name in names}

    return passed


def shared_file(kind: SharedKind, name: str) -> str:
    """Return where pi finds a skill or an extension that somebody shares, below the home directory."""
    return f"{HOME}/skills/{name}/SKILL.md" if kind is SharedKind.SKILL else f"{HOME}/extensions/{name}.ts"


def _synchronised(environment: Mapping[str, str], named: Collection[str]) -> Configuration:
    """Return what an operator's pi has of its own: skills, settings, instructions and installed packages."""
    directory = Path(environment.get("PI_CODING_AGENT_DIR") or Path.home() / ".pi" / "agent")
    try:
        settings = (directory / "settings.json").read_bytes()
    except OSError:
        settings = b""
    places, missing = package_places(directory, settings, HOME)
    found = configuration_of([Place(directory, SYNCHRONISED, HOME), *places], named)
    found = replace(found, left_out=(*found.left_out, *missing))
    return with_copies(found, f"{HOME}/settings.json", directory)


def _object(file: Path) -> dict[str, Any]:
    """Read a JSON object; what is none is empty."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _has_credentials(directory: Path) -> bool:
    """Say whether pi's own files hold a key or a login."""
    for name in ("auth.json", "models.json"):
        content = _object(directory / name)
        if name == "auth.json" and content:
            return True
        providers = content.get("providers")
        if isinstance(providers, dict) and any(
            isinstance(provider, dict) and provider.get("apiKey") for provider in providers.values()
        ):
            return True
    return False


def _configuration(directory: Path) -> list[tuple[str, bytes]]:
    """Read pi's configuration, bounded in size."""
    wanted = [directory / name for name in CONFIGURATION]
    for tree in CONFIGURATION_TREES:
        wanted += sorted(path for path in (directory / tree).rglob("*") if "node_modules" not in path.parts)
    found: list[tuple[str, bytes]] = []
    total = 0
    for path in wanted:
        if not path.is_file():
            continue
        total += path.stat().st_size
        if total > MAX_CONFIGURATION:
            break
        content = path.read_bytes()
        if path == directory / "settings.json":
            content = with_whole_paths(content, directory)
        found.append((str(path.relative_to(directory)), content))
    return found
