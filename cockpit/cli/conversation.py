"""Headless verbs about an agent's conversation: begin, list, switch, name, fork and copy it; read and export it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cockpit.cli import output
from cockpit.cli.agent import reachable
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, only
from cockpit.cli.rehearsal import would
from cockpit.cli.tuning import order, rehearsed
from cockpit.engine.port import HeadlessPort
from cockpit.errors import NotFound, UsageError
from cockpit.model.ages import age_text
from cockpit.model.commands.conversation import (
    CloneSession,
    ConversationCommand,
    ForkSession,
    NameSession,
    NewSession,
    SwitchSession,
)
from cockpit.model.dwelling import named_words
from cockpit.model.fleet import Agent
from cockpit.model.inquiries import (
    FORK_POINTS,
    LAST_ANSWER,
    MESSAGES,
    STATE,
    TREE,
    ForkPoint,
    SavedSession,
)
from cockpit.text.sanitize import clean_text, our_line, our_text
from cockpit.text.streams import say, warn


@dataclass(frozen=True, slots=True)
class Manner:
    """How an act is done."""

    as_json: bool
    dry_run: bool


async def session(headless: Headless, name: str, act: str, value: str, *, dry_run: bool, as_json: bool) -> int:
    """Do one of `ACTS` with an agent's conversation."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        return await ACTS[act](engine, agent, value, Manner(as_json, dry_run))


async def _show(engine: HeadlessPort, agent: Agent, value: str, how: Manner) -> int:
    state = await engine.inquiries.ask(agent.id, STATE)
    if how.as_json:
        output.print_json(asdict(state))
    else:
        words = (state.session_name, state.session_id, f"{state.messages} messages", state.session_file)
        say(our_line("{}", "  ".join(word for word in words if word)))
    return ExitCode.DONE


async def _went(engine: HeadlessPort, agent: Agent, command: ConversationCommand, how: Manner) -> int:
    if how.dry_run:
        return rehearsed(engine, command, how.as_json)
    await order(engine, command)
    return await _show(engine, agent, "", how)


async def _new(engine: HeadlessPort, agent: Agent, value: str, how: Manner) -> int:
    if how.dry_run:
        return rehearsed(engine, NewSession(agent.id), how.as_json)
    await order(engine, NewSession(agent.id))
    if value:
        await order(engine, NameSession(agent.id, value))
    return await _show(engine, agent, "", how)


async def _clone(engine: HeadlessPort, agent: Agent, value: str, how: Manner) -> int:
    return await _went(engine, agent, CloneSession(agent.id), how)


async def _name(engine: HeadlessPort, agent: Agent, value: str, how: Manner) -> int:
    return await _went(engine, agent, NameSession(agent.id, value), how)


async def _list(engine: HeadlessPort, agent: Agent, value: str, how: Manner) -> int:
    state = await engine.inquiries.ask(agent.id, STATE)
    saved = await engine.inquiries.sessions(agent.id)
    if how.as_json:
        output.print_json([asdict(one) | {"current": one.path == state.session_file} for one in saved])
        return ExitCode.DONE
    now = engine.now()
    rows = [
        (
            "*" if one.path == state.session_file else "",
            one.id[-8:],
            age_text(max(0.0, now - one.changed_at)),
            str(one.messages),
            one.name,
            one.first,
            one.path.rpartition("/")[2],
        )
        for one in saved
    ]
    output.print_table(("", "ID", "AGE", "MESSAGES", "NAME", "BEGAN WITH", "FILE"), rows)
    return ExitCode.DONE


async def _switch(engine: HeadlessPort, agent: Agent, value: str, how: Manner) -> int:
    saved = await engine.inquiries.sessions(agent.id)
    found = [one for one in saved if value in (one.path, one.id, one.name, one.path.rpartition("/")[2])]
    found = found or [one for one in saved if value and one.id.endswith(value)]
    return await _went(engine, agent, SwitchSession(agent.id, _only(found, value, agent).path), how)


def _only(found: list[SavedSession], value: str, agent: Agent) -> SavedSession:
    if len(found) == 1:
        return found[0]
    hint = f"cockpit session {agent.name} list"
    if not found:
        raise NotFound(f"{agent.name} has saved no session {value!r}", hint=hint)
    raise UsageError(f"{len(found)} sessions of {agent.name} are called {value!r}", hint=f"give the id: {hint}")


async def _fork(engine: HeadlessPort, agent: Agent, value: str, how: Manner) -> int:
    """Fork before a message of the user; without one, list those there are."""
    points = await engine.inquiries.ask(agent.id, FORK_POINTS)
    if not value:
        if how.as_json:
            output.print_json([asdict(one) for one in points])
        else:
            rows = [(str(number), one.entry, " ".join(one.text.split())) for number, one in enumerate(points, 1)]
            output.print_table(("NUMBER", "ENTRY", "BEFORE THE MESSAGE"), rows)
        return ExitCode.DONE
    point = _point(points, value, agent)
    if how.dry_run:
        return rehearsed(engine, ForkSession(agent.id, point.entry), how.as_json)
    await order(engine, ForkSession(agent.id, point.entry))
    warn(our_text("cockpit: {} is as it was before: {}", agent.name, " ".join(point.text.split())[:200]))
    return await _show(engine, agent, "", how)


def _point(points: tuple[ForkPoint, ...], value: str, agent: Agent) -> ForkPoint:
    found = [one for number, one in enumerate(points, 1) if value in (one.entry, str(number))]
    if not found:
        raise NotFound(f"{agent.name} cannot be forked at {value!r}", hint=f"cockpit session {agent.name} fork")
    return found[0]


async def _tree(engine: HeadlessPort, agent: Agent, value: str, how: Manner) -> int:
    entries = await engine.inquiries.ask(agent.id, TREE)
    if how.as_json:
        output.print_json([asdict(one) for one in entries])
        return ExitCode.DONE
    for one in entries:
        branch = f"{'│ ' * min(one.depth, 20)}{'●' if one.current else '○'}"
        say(our_line("{} {} {:<10} {}", branch, one.entry, one.kind, " ".join(one.text.split())))
    return ExitCode.DONE


async def _messages(engine: HeadlessPort, agent: Agent, value: str, how: Manner) -> int:
    messages = await engine.inquiries.ask(agent.id, MESSAGES)
    if how.as_json:
        output.print_json([asdict(one) for one in messages])
        return ExitCode.DONE
    for one in messages:
        if not (one.text or one.calls):
            continue
        say(our_line("{}", " ".join(word for word in (one.role, one.title) if word)))
        called = "\n".join(f"calls {called} {arguments}" for called, arguments in one.calls)
        for line in clean_text("\n".join(part for part in (one.text, called) if part)).split("\n"):
            say(our_line("  {}", line))
    return ExitCode.DONE


async def _answer(engine: HeadlessPort, agent: Agent, value: str, how: Manner) -> int:
    text = await engine.inquiries.ask(agent.id, LAST_ANSWER)
    if how.as_json:
        output.print_json({"text": text or None})
    elif text:
        say(clean_text(text))
    if not text:
        warn(our_text("cockpit: {} has answered nothing in this session", agent.name))
    return ExitCode.DONE if text else ExitCode.FAILED


Act = Callable[[HeadlessPort, Agent, str, Manner], Awaitable[int]]

ACTS: dict[str, Act] = {
    "show": _show,
    "list": _list,
    "new": _new,
    "switch": _switch,
    "name": _name,
    "fork": _fork,
    "clone": _clone,
    "tree": _tree,
    "messages": _messages,
    "answer": _answer,
}
"""What can be done with a conversation."""

NEEDS_VALUE = {"switch": "a session", "name": "a name"}
"""Acts that are nothing without a further word, and what it is."""

FORMS = ("html", "markdown", "jsonl")
"""How a conversation can be exported."""


async def export(headless: Headless, name: str, to: Path | None, form: str, *, dry_run: bool, as_json: bool) -> int:
    """Bring an agent's conversation into a file here, or have it named on the VM."""
    if to is not None and not to.parent.is_dir():
        raise UsageError(f"there is no directory {to.parent}")
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        if dry_run:
            return would(
                our_line("export {} as {} to {}", agent.name, form, str(to) if to is not None else "where it lives"),
                as_json,
            )
        where = await engine.inquiries.export(agent.id, form, to)
        told: dict[str, Any] = {"format": form, "file": where, "on_vm": None if to is not None else agent.vm_id}
        if as_json:
            output.print_json(told)
        else:
            say(
                our_line(
                    "{}",
                    where if to is not None else f"{where} on {named_words(engine.fleet.vm(agent.vm_id), agent.vm_id)}",
                )
            )
    return ExitCode.DONE
