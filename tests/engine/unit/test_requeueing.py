"""Changing a queue: what stays keeps its order, nothing is lost or sent twice, wherever the way to the agent ends."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.engine.commands.requeueing import NOT_PUT_BACK, OF_ANOTHER, QueueOrders
from cockpit.engine.operation import OperationProgress
from cockpit.engine.queues import Queues
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, Refused, Undecided
from cockpit.model import events as ev
from cockpit.model.commands.agent import AgentCommand, ClearQueue, FollowUp, Steer
from cockpit.model.commands.command import Command
from cockpit.model.commands.queue import ChangeQueue, QueueAct
from cockpit.model.failures import is_undelivered
from cockpit.model.ids import CommandId, OperationId
from cockpit.model.queue import QueueKind
from cockpit.model.receipts.judgement import TAKEN_OUT
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.remote.errors import Dropped
from cockpit.remote.ssh.command import Completed
from tests.engine.unit.connection import FakeConnection, Ran
from tests.engine.unit.parts import AGENT, Parts


class Agent:
    """An agent with queues behind a connection double: it answers what is written to it, as pi does."""

    def __init__(self, *, working: bool = True) -> None:
        self.parts = Parts()
        self.steering: list[str] = []
        self.follow_up: list[str] = []
        self.runs: list[str] = []
        """Texts that started a run."""
        self.drops_at = ""
        """The link ends when this is written, before the agent reads it."""
        self.silent_at = ""
        """The link ends when this was written: the agent has read it, and its answer comes later."""
        self.held: list[ev.Event] = []
        assert self.parts.connection is not None
        self.parts.connection.script = self._written
        self.sender = self.parts.sender()
        self.tasks: list[asyncio.Task[None]] = []
        self.numbers = 0
        if working:
            self.parts.hears(ev.RunStarted())
        session = cast(AgentSession, SimpleNamespace(sender=self.sender, link=SimpleNamespace(ready=self._ready)))
        self.orders = QueueOrders(self.parts.state, self.parts.store, self.parts.book, lambda _: session, self.dispatch)
        self.queues = Queues(self.parts.state, self.parts.book)

    async def _ready(self, limit: float) -> FakeConnection:
        assert self.parts.connection is not None
        if self.parts.connection.closed:
            await asyncio.sleep(limit)
            raise Refused("the link is down")
        return self.parts.connection

    def dispatch(self, command: Command) -> CommandId:
        """Send a command with a receipt, as the dispatcher does."""
        assert isinstance(command, AgentCommand)
        self.numbers += 1
        verb = {ClearQueue: "clear queue", Steer: "steer", FollowUp: "follow-up"}[type(command)]
        known = self.parts.agent
        receipt = Receipt(
            CommandId(f"c{self.numbers}"),
            AGENT,
            verb,
            getattr(command, "text", ""),
            Stage.PENDING,
            self.parts.clock.now(),
            place=(known.epoch, known.line),
        )
        self.parts.book.add(receipt)
        self.parts.state.put_receipt(receipt)
        self.tasks.append(asyncio.create_task(self.sender.send(known, command, receipt.id)))
        return receipt.id

    async def queue(self, *commands: Steer | FollowUp) -> None:
        """Have texts queued."""
        for command in commands:
            self.dispatch(command)
            await asyncio.gather(*self.tasks)

    def answer(self) -> None:
        """Let what the agent wrote while nobody heard it arrive."""
        held, self.held = self.held, []
        self.parts.hears(*held)

    async def _written(self, ran: Ran) -> Completed:
        connection = self.parts.connection
        assert connection is not None
        text = ran.stdin.decode()
        if self.drops_at and self.drops_at in text:
            self.drops_at = ""
            raise connection.drop()
        done = await connection.writes(ran)
        for line in text.splitlines():
            self._read(json.loads(line))
        if self.silent_at and self.silent_at in text:
            self.silent_at = ""
            raise Dropped("the connection is gone")
        self.answer()
        return done

    def _read(self, command: dict[str, Any]) -> None:
        kind, data = command["type"], None
        if kind == "clear_queue":
            data = {"steering": self.steering[:], "followUp": self.follow_up[:]}
            self.steering.clear()
            self.follow_up.clear()
        elif kind == "prompt" and not self.parts.agent.run_open:
            self.runs.append(command["message"])
        else:
            steers = kind == "steer" or command.get("streamingBehavior") == "steer"
            (self.steering if steers else self.follow_up).append(command["message"])
        self.held += [
            ev.QueueChanged(tuple(self.steering), tuple(self.follow_up)),
            ev.Responded(command["id"], kind, True, data=data),
        ]

    async def change(self, act: QueueAct, text: str = "", kind: QueueKind = QueueKind.FOLLOW_UP) -> None:
        """Carry a change out."""
        progress = OperationProgress(self.parts.state, OperationId("o"), "change queue", "builder")
        await self.orders.carry_out(ChangeQueue(AGENT, act, kind, text), progress)

    def unread(self) -> list[str]:
        """The texts that the inbox offers to be taken back."""
        return [one.text for one in self.parts.state.receipts.values() if is_undelivered(one)]


async def three(agent: Agent) -> None:
    await agent.queue(Steer(AGENT, "a"), FollowUp(AGENT, "b"), FollowUp(AGENT, "c"))


async def test_a_text_is_taken_out_and_the_others_keep_their_order() -> None:
    agent = Agent()
    await three(agent)
    agent.follow_up.append("of somebody")
    agent.parts.hears(ev.QueueChanged(("a",), ("b", "c", "of somebody")))
    own = [one.command is not None for one in agent.queues.waiting(AGENT)]
    assert own == [True, True, True, False]
    await agent.change(QueueAct.TAKE, "b")
    assert (agent.steering, agent.follow_up, agent.runs) == (["a"], ["c", "of somebody"], [])
    (taken,) = [one for one in agent.parts.state.receipts.values() if one.text == "b"]
    assert (taken.stage, taken.reason) == (Stage.FAILED, TAKEN_OUT) and agent.unread() == ["b"]
    stages = [one.stage for one in agent.parts.state.receipts.values() if one.text == "c"]
    assert stages == [Stage.DISMISSED, Stage.QUEUED], "the former receipt is heard of no more, the new one is followed"


async def test_what_somebody_else_sent_is_given_back_with_a_receipt() -> None:
    agent = Agent()
    agent.follow_up.append("theirs")
    agent.parts.hears(ev.QueueChanged((), ("theirs",)))
    await agent.change(QueueAct.TAKE, "theirs")
    assert agent.unread() == ["theirs"] and not agent.follow_up
    assert [one.reason for one in agent.parts.state.receipts.values() if one.text == "theirs"] == [OF_ANOTHER]


@pytest.mark.parametrize("working", [True, False])
async def test_a_follow_up_becomes_the_last_steer(working: bool) -> None:
    agent = Agent()
    await three(agent)
    if not working:
        agent.parts.hears(ev.MessageEnded("assistant", stop_reason="aborted"), ev.RunEnded(False), ev.RunSettled(True))
        assert not agent.parts.agent.run_open
    await agent.change(QueueAct.STEER, "c")
    assert (agent.steering, agent.follow_up) == (["a", "c"], ["b"])
    assert agent.runs == [], "what lies in the queue of an agent at rest starts no run"


async def test_all_is_taken_out_and_heard_of_no_more() -> None:
    agent = Agent()
    await three(agent)
    await agent.change(QueueAct.CLEAR)
    assert (agent.steering, agent.follow_up, agent.unread()) == ([], [], [])


async def test_a_text_that_was_read_meanwhile_is_not_sent_again() -> None:
    agent = Agent()
    await three(agent)
    agent.follow_up.remove("b")
    with pytest.raises(Refused, match="read before"):
        await agent.change(QueueAct.TAKE, "b")
    assert (agent.steering, agent.follow_up) == (["a"], ["c"])


async def test_a_link_that_ends_before_the_order_leaves_the_queue_alone() -> None:
    agent = Agent()
    await three(agent)
    agent.drops_at = "clear_queue"
    with pytest.raises(Undecided, match="connection is gone"):
        await agent.change(QueueAct.TAKE, "b")
    assert (agent.steering, agent.follow_up, agent.unread()) == (["a"], ["b", "c"], [])


async def test_a_link_that_ends_behind_the_order_costs_nothing_once_the_answer_is_read() -> None:
    agent = Agent()
    await three(agent)
    agent.silent_at = "clear_queue"
    change = asyncio.create_task(agent.change(QueueAct.STEER, "b"))
    await asyncio.sleep(20.0)
    assert not change.done() and not agent.follow_up
    agent.answer()
    await change
    assert (agent.steering, agent.follow_up) == (["a", "b"], ["c"])


async def test_a_link_that_ends_while_texts_are_put_back_loses_none_and_sends_none_twice() -> None:
    agent = Agent()
    await three(agent)
    await agent.queue(FollowUp(AGENT, "d"))
    agent.silent_at = '"message":"c"'
    with pytest.raises(Refused, match="not put back"):
        await agent.change(QueueAct.TAKE, "b")
    # The agent has read c, which nobody here knows yet; d was not written, since its place would not be known.
    assert (agent.steering, agent.follow_up) == (["a"], ["c"])
    by_text = {one.text: one for one in agent.parts.state.receipts.values()}
    assert by_text["c"].stage is Stage.UNCONFIRMED and by_text["d"].reason.startswith(NOT_PUT_BACK)
    assert sorted(agent.unread()) == ["b", "c", "d"]
    agent.answer()
    assert sorted(agent.unread()) == ["b", "d"], "what arrived after all is not offered to be sent again"


async def test_who_dies_with_the_texts_leaves_them_to_the_inbox_of_others() -> None:
    agent = Agent()
    await three(agent)
    change = asyncio.create_task(agent.change(QueueAct.TAKE, "b"))
    agent.silent_at = "clear_queue"
    await asyncio.sleep(1.0)
    change.cancel()
    agent.answer()
    assert sorted(agent.unread()) == ["a", "b", "c"], "whoever reads the agent's answer knows that nobody has them"


async def test_an_agent_that_refuses_says_why() -> None:
    agent = Agent()
    await three(agent)
    receipts = agent.parts.state.receipts

    async def refuse(ran: Ran) -> Completed:
        (line,) = [json.loads(line) for line in ran.stdin.splitlines()]
        agent.parts.hears(ev.Responded(line["id"], "clear_queue", False, "Unknown command: clear_queue"))
        assert agent.parts.connection is not None
        return await agent.parts.connection.writes(ran)

    assert agent.parts.connection is not None
    agent.parts.connection.script = refuse
    with pytest.raises(CockpitError, match="Unknown command"):
        await agent.change(QueueAct.TAKE, "b")
    assert [one.stage for one in receipts.values() if one.text == "b"] == [Stage.QUEUED]


async def test_an_agent_that_goes_in_the_midst_of_it_is_said_and_leaves_no_text_waiting() -> None:
    agent = Agent()
    await three(agent)
    assert agent.parts.connection is not None
    written = agent.parts.connection.script

    async def goes(ran: Ran) -> Completed:
        done = await written(ran)
        if b'"message":"a"' in ran.stdin:
            del agent.parts.state.agents[AGENT]
        return done

    agent.parts.connection.script = goes
    with pytest.raises(Refused, match="is here no more"):
        await agent.change(QueueAct.TAKE, "b")
    assert [one.stage for one in agent.parts.state.receipts.values() if one.text == "c"][-1] is Stage.FAILED
    with pytest.raises(CockpitError, match="is here no more"):
        await agent.change(QueueAct.CLEAR)
