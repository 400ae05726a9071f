"""A steer and two follow-ups on real pi: over an abort, over a model that gives up, changed while they wait."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path

import pytest

from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Abort, FollowUp, Prompt, Steer
from cockpit.model.commands.queue import ChangeQueue, QueueAct
from cockpit.model.fleet import ActivityState, Agent
from cockpit.model.queue import QueueKind, fate_of, losing_images
from cockpit.model.receipts.receipt import Stage
from cockpit.model.transcript.entry import EntryKind
from tests.engine.evidence import agent_place, out_file, vm_home
from tests.fleets import FleetUnderTest, order, spawned, until
from tests.mock_model.server import ModelServerThread
from tests.real_pi.company import set_retries
from tests.real_pi.installations import EXTREMES, MODEL, PiInstallation
from tests.real_pi.test_cockpit_on_pi import bash, fleet, pi, tools

__all__ = ["fleet", "pi"]

pytestmark = pytest.mark.parametrize("pi", EXTREMES, indirect=True)

STAYS = "0.73.1"
"""The version that leaves its queue alone after a failure, and cannot give it back."""


def tiny_png() -> bytes:
    """Return a picture of one point."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")
    )


class Queue:
    """One pi with its engine, and what it was asked in which order."""

    def __init__(self, fleet: FleetUnderTest, engine: Engine, agent: Agent) -> None:
        self.engine = engine
        self.id = agent.id
        self.home = vm_home(fleet, agent.vm_id)
        self.input_file = agent_place(fleet, agent.vm_id) / "in"
        self._out = out_file(fleet, agent.vm_id)

    @property
    def agent(self) -> Agent:
        """The agent as it is now."""
        return self.engine.fleet_state.agents[self.id]

    @property
    def waiting(self) -> list[tuple[str, str, bool]]:
        """Kind and text of what waits, and whether a cockpit sent it."""
        return [(one.kind.value, one.text, one.command is not None) for one in self.engine.queues.waiting(self.id)]

    def asked(self) -> list[str]:
        """What appeared as a user's message, in the agent's own order."""
        found = []
        for line in self._out.read_bytes().split(b"\n")[:-1]:
            record = json.loads(line)
            if record["type"] == "message_start" and record["message"]["role"] == "user":
                found.append("".join(part.get("text", "") for part in record["message"]["content"]))
        return found

    def images_of(self, text: str) -> int:
        """Return how many images came with a message that was read."""
        found = [json.loads(line) for line in self._out.read_bytes().split(b"\n")[:-1]]
        messages = [one["message"]["content"] for one in found if one["type"] == "message_start"]
        mine = [content for content in messages if any(part.get("text") == text for part in content)]
        return sum(part["type"] == "image" for part in mine[-1])

    async def busy(self, name: str, *, then: dict[str, int] | None = None) -> Path:
        """Start a run that lasts until the file it returns exists; after that the model fails, if it is to."""
        gate = self.home / name
        steps = [bash(f"until [ -e '{gate}' ]; do sleep 0.05; done; echo {name}"), *([then] if then else [])]
        await order(self.engine, Prompt(self.id, tools(*steps)), Stage.CONSUMED)
        await until(self.engine, lambda: bool(self.agent.activity.tools), "a running tool")
        return gate

    async def three(self, mark: str) -> list[str]:
        """Queue a steer and two follow-ups; return their texts in the order in which they are read."""
        texts = [f"{mark} steer", f"{mark} first", f"{mark} second"]
        for text in texts:
            command = Steer(self.id, text) if text == texts[0] else FollowUp(self.id, text)
            await order(self.engine, command, Stage.ACCEPTED)
        kinds = ("steer", "follow-up", "follow-up")
        wanted = [(kind, text, True) for kind, text in zip(kinds, texts, strict=True)]
        await until(self.engine, lambda: self.waiting == wanted, f"three that wait; they are {self.waiting}")
        return texts

    async def all_read(self, texts: list[str], since: int) -> None:
        """Wait until texts were read after so many others, in exactly this order, and the run is over."""
        await until(self.engine, lambda: len(self.asked()) >= since + len(texts), f"{texts}; so far {self.asked()}")
        await until(self.engine, lambda: not self.agent.run_open and not self.waiting, "the end of the run")
        assert self.asked()[since:] == texts


async def test_a_queue_of_three(
    fleet: FleetUnderTest, pi: PiInstallation, isolated_home: Path, model: ModelServerThread, tmp_path: Path
) -> None:
    set_retries(isolated_home, attempts=1, delay=300)
    async with fleet.engine() as engine:
        queue = Queue(fleet, engine, await spawned(engine, "ada", program="pi", model=MODEL))
        await _over_an_abort(queue)
        await _over_a_failure(queue, stays=pi.version == STAYS)
        await _changed(queue, stays=pi.version == STAYS)
        await _with_an_image(queue, tmp_path)


async def _over_an_abort(queue: Queue) -> None:
    await queue.busy("never")
    texts = await queue.three("a")
    fate, before = fate_of(queue.agent), len(queue.asked())
    assert fate.by_itself and "next prompt" in fate.after_abort and "not answered" in fate.after_abort, fate
    await order(queue.engine, Abort(queue.id))
    await until(queue.engine, lambda: queue.agent.activity.state is ActivityState.ABORTED, "the abort")
    # A tool that is cut is followed by the next steer, in a turn that is cut, too: it was read, and is not read again.
    assert queue.asked()[before:] == texts[:1] and [text for _, text, own in queue.waiting if own] == texts[1:]
    fate = fate_of(queue.agent)
    assert not fate.by_itself and "next prompt" in fate.now, fate
    since = len(queue.asked())
    await order(queue.engine, Prompt(queue.id, "go on"), Stage.CONSUMED)
    await queue.all_read(["go on", *texts[1:]], since)


async def _over_a_failure(queue: Queue, *, stays: bool) -> None:
    gate = await queue.busy("gate-b", then={"error": 529})
    # A steer would be read before the model is asked again, so that the failing answer were about it.
    texts = [f"b {word}" for word in ("first", "second", "third")]
    for text in texts:
        await order(queue.engine, FollowUp(queue.id, text), Stage.ACCEPTED)
    fate, since = fate_of(queue.agent), len(queue.asked())
    assert ("next prompt" in fate.after_failure) is stays and ("by itself" in fate.after_failure) is not stays
    gate.touch()
    if stays:
        await until(queue.engine, lambda: queue.agent.activity.state is ActivityState.ERROR, "the failure")
        assert [text for _, text, _ in queue.waiting] == texts and not fate_of(queue.agent).by_itself
        await order(queue.engine, Prompt(queue.id, "go on"), Stage.CONSUMED)
        texts = ["go on", *texts]
    await queue.all_read(texts, since)


async def _changed(queue: Queue, *, stays: bool) -> None:
    gate = await queue.busy("gate-c")
    steer, first, second = await queue.three("c")
    take = ChangeQueue(queue.id, QueueAct.TAKE, QueueKind.FOLLOW_UP, first)
    since = len(queue.asked())
    if stays:
        assert "0.84.4" in queue.engine.disabled_reason(take)
        gate.touch()
        await queue.all_read([steer, first, second], since)
        return
    with queue.input_file.open("ab", buffering=0) as fifo:
        image = {"type": "image", "data": base64.b64encode(tiny_png()).decode(), "mimeType": "image/png"}
        told = json.dumps({"type": "follow_up", "message": "from elsewhere", "images": [image]})
        fifo.write(told.encode() + b"\n")
    await until(queue.engine, lambda: len(queue.waiting) == 4, "what somebody else sent")
    assert queue.waiting[-1] == ("follow-up", "from elsewhere", False)
    assert "images with it" in losing_images(queue.engine.queues.waiting(queue.id))
    taking = await order(queue.engine, take)
    (put_back,) = [
        step.detail
        for operation in queue.engine.fleet.operations
        if str(operation.id) == taking.id
        for step in operation.steps
        if step.name == "put back"
    ]
    assert "1 from elsewhere without images" in put_back
    assert [text for _, text, _ in queue.waiting] == [steer, second, "from elsewhere"]
    taken = [one for one in queue.engine.fleet.receipts if (one.verb, one.text) == ("follow-up", first)]
    assert [one.stage for one in taken] == [Stage.FAILED] and "taken out" in taken[0].reason
    await order(queue.engine, ChangeQueue(queue.id, QueueAct.STEER, QueueKind.FOLLOW_UP, second))
    assert queue.waiting == [("steer", steer, True), ("steer", second, True), ("follow-up", "from elsewhere", True)]
    gate.touch()
    await queue.all_read([steer, second, "from elsewhere"], since)
    assert not queue.images_of("from elsewhere"), "an agent gives back texts alone: this is what was said before"
    # What lies in the queue of an agent at rest lies there again, and starts nothing.
    with queue.input_file.open("ab", buffering=0) as fifo:
        fifo.write(b'{"type":"follow_up","message":"x"}\n{"type":"follow_up","message":"y"}\n')
    await until(queue.engine, lambda: len(queue.waiting) == 2, "two that lie there")
    since = len(queue.asked())
    await order(queue.engine, ChangeQueue(queue.id, QueueAct.STEER, QueueKind.FOLLOW_UP, "y"))
    assert [one[:2] for one in queue.waiting] == [("steer", "y"), ("follow-up", "x")] and not queue.agent.run_open
    await order(queue.engine, ChangeQueue(queue.id, QueueAct.CLEAR))
    assert not queue.waiting and len(queue.asked()) == since


async def _with_an_image(queue: Queue, directory: Path) -> None:
    image = directory / "one point.png"
    image.write_bytes(tiny_png())
    other = queue.home / "workspace" / "two.png"
    other.write_bytes(tiny_png() + bytes(400_000))
    await order(queue.engine, Prompt(queue.id, "what is it", (str(image), "vm:two.png")))
    entries = queue.engine.transcript(queue.id).entries()
    said = [entry.text for entry in entries if entry.kind is EntryKind.USER and "what is it" in entry.text]
    size = len(tiny_png())
    assert (
        len(said) == 1 and f"[image png, {size} B]" in said[0] and base64.b64encode(tiny_png()).decode() not in said[0]
    )
    receipt = next(one for one in reversed(queue.engine.fleet.receipts) if one.text == "what is it")
    assert receipt.stage is Stage.DONE and receipt.images == (str(image), "vm:two.png") and receipt.read_at is not None
    wanted = queue.engine.dispatch(Prompt(queue.id, "no", ("vm:pi-rpc",)))
    refused = await queue.engine.outcome(wanted)
    assert refused.stage is Stage.FAILED and "there is no such file" in refused.reason
