"""Real pi gets texts with bytes that are not UTF-8 from another client: what they are read as stays whose it is."""

from __future__ import annotations

from cockpit.model.fleet import ActivityState
from cockpit.model.receipts.receipt import Stage
from tests.fleets import FleetUnderTest, until
from tests.real_pi.company import ANY_END, Company, company
from tests.real_pi.test_cockpit_on_pi import bash, fleet, pi, tools

__all__ = ["fleet", "pi"]

BROKEN = b"caf\xe9 \xff\xc3 \xed\xa0\x80"
"""Latin-1, a byte that never is in UTF-8, a sequence without its end, half of a surrogate pair."""


def write_bytes(others: Company, kind: str, command_id: str, text: bytes) -> None:
    """Write a command with a text of any bytes into the agent's FIFO, as another client would."""
    with others.input_file.open("ab", buffering=0) as fifo:
        fifo.write(b'{"id":"%s","type":"%s","message":"%s"}\n' % (command_id.encode(), kind.encode(), text))


async def heard(others: Company, text: str) -> None:
    """Wait until a text appeared as a user's message."""
    await until(others.engine, lambda: others.heard(text), f"{text!r} as a message")


async def test_queued_and_prompted_beside_ours(fleet: FleetUnderTest) -> None:
    async with company(fleet) as others:
        gate = others.home / "gate"
        first = tools(bash(f"until [ -e '{gate}' ]; do sleep 0.05; done; echo one"))
        working = await others.send(first, "--wait", "done")
        await others.busy()
        write_bytes(others, "follow_up", "x1", b"mock:text(words=3) foreign-one " + BROKEN)
        mine = await others.send("mock:text(words=4) mine-two", "--mode", "follow-up", "--wait", "done")
        await others.reached(mine.text, Stage.QUEUED)
        write_bytes(others, "steer", "x2", b"mock:text(words=5) foreign-three " + BROKEN)
        gate.touch()
        one, two = await working.ended(), await mine.ended()
        assert (one.code, two.code) == (0, 0), (one, two)
        for text in ("foreign-one caf\ufffd", "mine-two", "foreign-three caf\ufffd"):
            await heard(others, text)
        assert len(two.said.split()) == 4, two
        assert [(await others.reached(text, *ANY_END)).stage for text in (first, mine.text)] == [Stage.DONE, Stage.DONE]

        # At rest: a run of somebody else's text, and ours right behind it.
        await others.at(ActivityState.DONE_UNSEEN, ActivityState.IDLE)
        write_bytes(others, "prompt", "x3", b"mock:text(words=6) foreign-four " + BROKEN)
        await heard(others, "foreign-four caf\ufffd")
        last = await others.sent("mock:text(words=7) mine-five", "--wait", "done")
        assert last.code == 0 and len(last.said.split()) == 7, last
        assert all(one.stage is Stage.DONE for one in await others.engine.store.receipts() if one.agent == others.id)
