"""The verb about comments on lines: kept, sent together, and what became of each."""

from __future__ import annotations

from typing import Any

from cockpit.cli import output
from cockpit.cli.agent import ACCEPT_LIMIT, reachable, report
from cockpit.cli.changes import with_agents
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, nobody, only
from cockpit.errors import NotFound, Refused, UsageError
from cockpit.model.changes.comments import Comment, RoundMode
from cockpit.model.changes.report import Base, Changes, RepositoryChanges, no_line_because
from cockpit.model.receipts.receipt import Stage
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

MODES: tuple[RoundMode, ...] = ("prompt", "steer", "follow-up")
"""How a round is sent."""


async def listed(headless: Headless, name: str, as_json: bool) -> int:
    """List the comments with what became of each; exit code 1 if there are none."""
    async with with_agents(headless, name) as (engine, (agent,)):
        found = await engine.work.comments.of(agent.id, look=True)
    if as_json:
        output.print_json([_object(one) for one in found])
    elif found:
        rows = [
            (one.name, one.state.value + (f", says {one.handled_by}" if one.handled_by else ""), one.where, one.note)
            for one in found
        ]
        output.print_table(("ID", "STATE", "LINE", "COMMENT"), rows)
    else:
        warn(our_text("cockpit: there is no comment on what {} changed", name))
    return ExitCode.DONE if found else ExitCode.FAILED


async def add(headless: Headless, name: str, where: str, text: str, place: str, as_json: bool) -> int:
    """Keep a comment on a line of a file that changed."""
    path, _, number = where.rpartition(":")
    if not path or not number.isdecimal():
        raise UsageError(f"{where} is no line", hint="give FILE:LINE, such as src/api.py:12")
    if not text.strip():
        raise UsageError("there is no text", hint="give it behind the line, or - to read it")
    async with with_agents(headless, name) as (engine, (agent,)):
        changes = await engine.work.changes.look(agent.id, Base(), place=place)
        repository, quoted = _line_of(changes, path, int(number))
        comment = Comment(repository.place, path, int(number), quoted, repository.now, text.strip())
        added = await engine.work.comments.add(agent.id, comment)
    if as_json:
        output.print_json(_object(added))
    else:
        say(our_line("{} {}: it is sent with the others by `cockpit comment {} --send`", added.name, added.where, name))
    return ExitCode.DONE


def _line_of(changes: Changes, path: str, number: int) -> tuple[RepositoryChanges, str]:
    """Return the repository of a line that is shown in the changes, and the line.

    Raises:
        NotFound: no file of this name changed, or the line is not near what changed in it.
        UsageError: several repositories have such a file.
    """
    having = [
        (one, file) for one in changes.repositories for file in one.files if file.new == path and file.status != "D"
    ]
    if len(having) > 1:
        raise UsageError(f"{path} changed in {', '.join(one.place for one, _ in having)}", hint="name one with --place")
    if not having:
        unknown = [why for one in changes.repositories if one.fault and (why := no_line_because(one, None))]
        hint = "; ".join(unknown) or "`cockpit changes NAME --stat` lists what did"
        raise NotFound(f"{path} did not change", hint=hint)
    repository, file = having[0]
    if why := no_line_because(repository, file):
        raise Refused(f"no line can be commented on: {why}")
    for line in (line for hunk in file.hunks for line in hunk.lines):
        if line.new == number:
            return repository, line.text
    raise NotFound(f"line {number} of {path} is not among what changed there", hint="`cockpit changes NAME` shows it")


async def send(headless: Headless, name: str, mode: RoundMode, as_json: bool) -> int:
    """Send the round, and wait until the agent has accepted it."""
    async with headless.engine(only(name), watch=True) as engine:
        agent = await reachable(engine, name, headless.left())
        command = await engine.work.comments.send(agent.id, mode)
        receipt = await engine.outcome(command, until=Stage.ACCEPTED, timeout=ACCEPT_LIMIT)
        sent = [one for one in await engine.work.comments.of(agent.id) if one.command == command]
    if as_json:
        output.print_json({"command": command, "stage": receipt.stage.value, "comments": [one.name for one in sent]})
    elif sent:
        say(our_line("{} sent as one {}", ", ".join(one.name for one in sent), mode))
    return report(receipt)


async def settle(headless: Headless, name: str, handled: int, drop: int, as_json: bool) -> int:
    """Say that a comment is dealt with, or drop one that was not sent."""
    async with headless.engine(nobody) as engine:
        agent = engine.agent_named(name)
        if handled:
            await engine.work.comments.handle(agent.id, handled)
        else:
            await engine.work.comments.remove(agent.id, drop)
        left = await engine.work.comments.of(agent.id)
    if as_json:
        output.print_json([_object(one) for one in left])
    return ExitCode.DONE


def _object(one: Comment) -> dict[str, Any]:
    return {
        "id": one.name,
        "number": one.number,
        "state": one.state.value,
        "handled_by": one.handled_by or None,
        "place": one.place,
        "path": one.path,
        "line": one.line,
        "line_now": one.line_now,
        "removed": one.removed,
        "quoted": one.quoted,
        "comment": one.note,
        "command": one.command,
        "at": one.at,
    }
