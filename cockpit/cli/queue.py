"""The verb about an agent's queue: what waits in it, what becomes of that, and how it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.cli import output
from cockpit.cli.agent import reachable
from cockpit.cli.courses import carry_out_all, say_failed
from cockpit.cli.exits import ExitCode
from cockpit.cli.fleet import confirmed
from cockpit.cli.headless import Headless, only
from cockpit.engine.port import HeadlessPort
from cockpit.errors import Refused, UsageError
from cockpit.model.ages import age_text
from cockpit.model.commands.queue import ChangeQueue, QueueAct
from cockpit.model.fleet import UNKNOWN_TIME, Agent
from cockpit.model.queue import Waiting, fate_of, losing_images
from cockpit.text.clean import ours
from cockpit.text.sanitize import clean_text, our_text
from cockpit.text.streams import say, warn

SHOWN = 2_000
"""Characters of a text that a question before its end shows."""


async def queue(headless: Headless, name: str, as_json: bool) -> int:
    """Print what waits in an agent's queue; nothing is no failure."""
    async with headless.engine(only(name)) as engine:
        agent = await reachable(engine, name, headless.left())
        _print(engine, agent, as_json)
    return ExitCode.DONE


async def change(
    headless: Headless, name: str, act: QueueAct, number: int, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Change the queue: take all out, take one text out, or turn a follow-up into a steer.

    Args:
        number: which of the texts is meant, as `queue` counts them; nothing where all are.
    """
    async with headless.engine(only(name), watch=True) as engine:
        agent = await reachable(engine, name, headless.left())
        waiting = engine.queues.waiting(agent.id)
        meant = _meant(agent, waiting, act, number)
        command = ChangeQueue(agent.id, act)
        if act is not QueueAct.CLEAR:
            command = ChangeQueue(agent.id, act, meant[0].kind, meant[0].text)
        if refused := engine.disabled_reason(command):
            raise Refused(f"cannot {act.value}: {refused}")
        if losing := losing_images(waiting):
            warn(our_text("cockpit: {}", losing))
        if dry_run:
            _print_change(agent, act, meant, as_json, done=False)
            return ExitCode.DONE
        if act is QueueAct.CLEAR and not yes:
            texts = "\n".join(f"{one.kind.value}: {one.text}" for one in meant)[:SHOWN]
            if not confirmed(f"take {len(meant)} texts out unread", our_text("{}", texts), agent.name):
                return ExitCode.FAILED
        if say_failed(await carry_out_all(engine, [command])):
            return ExitCode.FAILED
        _print_change(agent, act, meant, as_json, done=True)
        if act is QueueAct.TAKE:
            # It is printed: the operator has it, and need not be told of it once more.
            for receipt in engine.fleet.receipts:
                if receipt.agent == agent.id and receipt.text.strip() == meant[0].text.strip():
                    engine.dismiss(receipt.id)
            await engine.idle()
    return ExitCode.DONE


def _meant(agent: Agent, waiting: Sequence[Waiting], act: QueueAct, number: int) -> Sequence[Waiting]:
    """Return the texts a change is about.

    Raises:
        UsageError: there is none with that number.
    """
    if act is QueueAct.CLEAR:
        return waiting
    if not 1 <= number <= len(waiting):
        many = f"{len(waiting)} text{'' if len(waiting) == 1 else 's'}"
        raise UsageError(f"{agent.name} has no text {number} in its queue: {many} wait there", hint="cockpit queue")
    return (waiting[number - 1],)


def _object(number: int, one: Waiting) -> dict[str, Any]:
    return {
        "number": number,
        "kind": one.kind.value,
        "text": one.text,
        "since": None if one.since == UNKNOWN_TIME else one.since,
        "command": one.command,
    }


def _print(engine: HeadlessPort, agent: Agent, as_json: bool) -> None:
    waiting, fate, now = engine.queues.waiting(agent.id), fate_of(agent), engine.now()
    locked = engine.disabled_reason(ChangeQueue(agent.id, QueueAct.CLEAR)) if waiting else ""
    if as_json:
        output.print_json(
            {
                "agent": agent.name,
                "vm_id": agent.vm_id,
                "waiting": [_object(number, one) for number, one in enumerate(waiting, 1)],
                "by_itself": fate.by_itself if waiting else None,
                "now": fate.now if waiting else "",
                "after_abort": fate.after_abort if waiting else "",
                "after_failure": fate.after_failure if waiting else "",
                "cannot_change": locked,
                "change_loses": losing_images(waiting),
            }
        )
        return
    if not waiting:
        say(our_text("nothing waits in {}'s queue", agent.name))
        return
    rows = [
        (
            f"{number}",
            one.kind.value,
            "?" if one.since == UNKNOWN_TIME else age_text(now - one.since),
            "cockpit" if one.command is not None else "elsewhere",
            one.text,
        )
        for number, one in enumerate(waiting, 1)
    ]
    output.print_table(("#", "KIND", "AGE", "FROM", "TEXT"), rows)
    say(our_text("now: {}", fate.now))
    if fate.by_itself:
        say(our_text("after an abort: {}", fate.after_abort))
        say(our_text("after a failure: {}", fate.after_failure))
    if locked:
        say(our_text("it cannot be changed: {}", locked))
    elif losing := losing_images(waiting):
        say(our_text("a change: {}", losing))


def _print_change(agent: Agent, act: QueueAct, meant: Sequence[Waiting], as_json: bool, *, done: bool) -> None:
    if as_json:
        texts = [{"kind": one.kind.value, "text": one.text} for one in meant]
        output.print_json({"agent": agent.name, "act": act.value, "texts": texts, "done": done})
        return
    for number, one in enumerate(meant):
        if number:
            say(ours(""))
        say(clean_text(one.text))
