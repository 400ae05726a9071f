"""Long histories as an agent makes them: runs of turns with thinking, answers, parallel tools, steers and questions."""

from __future__ import annotations

import random
from collections.abc import Iterator

from cockpit.model import events as ev
from cockpit.model.events import Event, Record
from cockpit.model.ids import AgentId

LINE = 100
"""Bytes of every line."""


def session(agent: AgentId, number: int, *, seed: int = 1, first_line: int = 1) -> Iterator[Record]:
    """Yield so many records, a hundredth of a second apart."""
    made = _events(random.Random(seed))
    for line in range(first_line, first_line + number):
        offset = (line - 1) * LINE
        yield Record(agent, 1, line, offset, offset + LINE, 1_000.0 + line / 100, next(made))


def _events(dice: random.Random) -> Iterator[Event]:
    yield ev.DaemonStarted("r1", "pi")
    run = 0
    while True:
        run += 1
        yield ev.RunStarted()
        yield from _said(f"prompt {run}")
        for turn in range(dice.randint(1, 4)):
            yield ev.TurnStarted()
            if dice.random() < 0.2:
                text = f"steer {run}.{turn}"
                yield ev.QueueChanged((text,), ())
                yield ev.QueueChanged((), ())
                yield from _said(text)
            yield from _turn(dice, f"{run}.{turn}")
            yield ev.TurnEnded()
        yield ev.RunEnded()
        if dice.random() < 0.02:
            yield ev.DaemonExited(f"r{run}", 0)
            yield ev.DaemonStarted(f"r{run + 1}", "pi")


def _said(text: str) -> Iterator[Event]:
    yield ev.MessageStarted("user", text)
    yield ev.MessageEnded("user", (ev.Block("text", text),))


def _turn(dice: random.Random, name: str) -> Iterator[Event]:
    """One answer with its tools; some tools run at once and end in another order."""
    yield ev.MessageStarted("assistant")
    blocks = [ev.Block("thinking", f"thinking about {name}"), ev.Block("text", f"answer {name}\nwith two lines")]
    yield ev.BlockStarted(0, "thinking")
    yield ev.ThinkingDelta(0, blocks[0].text)
    yield ev.BlockEnded(0, "thinking", blocks[0].text)
    yield ev.BlockStarted(1, "text")
    for piece in blocks[1].text.split(" "):
        yield ev.TextDelta(1, f"{piece} ")
    yield ev.BlockEnded(1, "text", blocks[1].text)
    calls = [f"c{name}.{number}" for number in range(dice.randint(0, 3))]
    blocks += [ev.Block("toolCall", '{"command": "make"}', "bash", call) for call in calls]
    yield ev.MessageEnded("assistant", tuple(blocks), stop_reason="toolUse" if calls else "stop")
    for call in calls:
        yield ev.ToolStarted(call, "bash", {"command": f"make {call}"})
    dice.shuffle(calls)
    for call in calls:
        yield ev.ToolOutput(call, f"part of {call}", "bash")
        yield ev.ToolEnded(call, "bash", f"output of {call}\n" * dice.randint(1, 12))
