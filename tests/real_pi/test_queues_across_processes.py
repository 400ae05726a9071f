"""What other processes send while a run works, is about to ask again, fails or is aborted, on three versions of pi."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.model.commands.agent import Abort
from cockpit.model.fleet import ActivityState
from cockpit.model.receipts.receipt import Stage
from cockpit.model.why import why
from tests.fleets import FleetUnderTest, order, until
from tests.real_pi.company import ANY_END, company, set_retries
from tests.real_pi.installations import EXTREMES, PiInstallation
from tests.real_pi.test_cockpit_on_pi import bash, fleet, pi, tools

__all__ = ["fleet", "pi"]

pytestmark = pytest.mark.parametrize("pi", EXTREMES, indirect=True)


def waiting_for(gate: Path, word: str) -> str:
    """Return a prompt whose run lasts until a file exists."""
    return tools(bash(f"until [ -e '{gate}' ]; do sleep 0.05; done; echo {word}"))


async def test_a_later_failure_is_its_own(fleet: FleetUnderTest) -> None:
    async with company(fleet) as others:
        first = await others.sent("one", "--wait", "consumed")
        assert first.code == 0, first
        failing = await others.sent("mock:error(400) two", "--wait", "done")
        assert failing.code == 1 and "400" in failing.complained and not failing.said
        assert (await others.reached("one", *ANY_END)).stage is Stage.DONE
        failed = await others.reached("mock:error(400) two", *ANY_END)
        assert failed.stage is Stage.FAILED and "400" in failed.reason


async def test_steered_and_queued_from_outside_while_a_run_works(fleet: FleetUnderTest) -> None:
    async with company(fleet) as others:
        gate = others.home / "gate"
        working = await others.send(waiting_for(gate, "one"), "--wait", "done")
        await others.busy()
        steer = await others.send("mock:text(words=3) steer", "--mode", "steer", "--wait", "done")
        assert (await others.reached(steer.text, Stage.STEERING)).stage is Stage.STEERING
        follow = await others.send("follow", "--mode", "follow-up", "--wait", "done")
        assert (await others.reached(follow.text, Stage.QUEUED)).stage is Stage.QUEUED
        gate.touch()
        ends = [await sending.ended() for sending in (working, steer, follow)]
        assert [end.code for end in ends] == [0, 0, 0], ends
        assert [end.said.strip() for end in ends] == [
            "word1 word2 word3",
            "word1 word2 word3",
            "I did what you asked: follow",
        ]
        for sending in (working, steer, follow):
            assert (await others.reached(sending.text, *ANY_END)).stage is Stage.DONE


async def test_sent_in_a_backoff(fleet: FleetUnderTest, pi: PiInstallation, isolated_home: Path) -> None:
    set_retries(isolated_home)
    async with company(fleet) as others:
        failing = await others.send("mock:error(529, times=1) one", "--wait", "done")
        await others.at(ActivityState.RETRYING)
        later = await others.send("two", "--wait", "done")
        one, two = await failing.ended(), await later.ended()
        assert (two.code, two.said.strip()) == (0, "I did what you asked: two"), two
        if pi.version == "0.73.1":
            # This one takes the new prompt as a new run, and never comes back to the failed question.
            assert one.code == 1 and "newer prompt" in one.complained and not one.said, one
            assert (await others.reached(failing.text, *ANY_END)).stage is Stage.FAILED
        else:
            assert one.code == 0 and one.said.startswith("word1 "), one
            assert (await others.reached(failing.text, *ANY_END)).stage is Stage.DONE
        assert (await others.reached("two", *ANY_END)).stage is Stage.DONE
        assert others.state is ActivityState.DONE_UNSEEN


async def test_queued_when_the_run_is_aborted(fleet: FleetUnderTest) -> None:
    async with company(fleet) as others:
        working = await others.send(waiting_for(others.home / "never", "one"), "--wait", "done")
        await others.busy()
        queued = await others.send("two", "--mode", "follow-up", "--wait", "done")
        await others.reached("two", Stage.QUEUED)
        await order(others.engine, Abort(others.id))
        one = await working.ended()
        assert one.code == 1 and "abort" in one.complained and not one.said, one
        await others.at(ActivityState.ABORTED)
        assert others.agent.activity.follow_up == ("two",)
        assert any("1 text waiting" in line and "next prompt" in line for line in why(others.agent, None, 0.0))
        assert (await others.reached("two", Stage.QUEUED, *ANY_END)).stage is Stage.QUEUED
        three = await others.sent("three", "--wait", "done")
        two = await queued.ended()
        assert (three.code, three.said.strip()) == (0, "I did what you asked: three"), three
        assert (two.code, two.said.strip()) == (0, "I did what you asked: two"), two
        assert (await others.reached("two", *ANY_END)).stage is Stage.DONE
        await until(others.engine, lambda: not others.agent.activity.follow_up, "an empty queue")
        await others.at(ActivityState.DONE_UNSEEN)


@pytest.mark.parametrize("status", [400, 529])
async def test_queued_when_the_run_fails(
    fleet: FleetUnderTest, pi: PiInstallation, isolated_home: Path, status: int
) -> None:
    """At once (400), or after a retry that was given up (529): newer pi goes on with what is queued, older pi waits."""
    set_retries(isolated_home, attempts=1, delay=500)
    async with company(fleet) as others:
        gate, shown = others.home / "gate", list[ActivityState]()

        def note(receipt_ended: str) -> bool:
            if shown[-1:] != [others.state]:
                shown.append(others.state)
            receipt = others.known(receipt_ended)
            return receipt is not None and receipt.stage in ANY_END

        failing = await others.send(tools(bash(f"until [ -e '{gate}' ]; do sleep 0.05; done"), {"error": status}))
        assert (await failing.ended()).code == 0
        await others.busy()
        queued = await others.send("two", "--mode", "follow-up", "--wait", "done")
        await others.reached("two", Stage.QUEUED)
        gate.touch()
        await until(others.engine, lambda: note(failing.text), "the end of what failed")
        failed = await others.reached(failing.text, *ANY_END)
        assert failed.stage is Stage.FAILED and str(status) in failed.reason, failed
        if pi.version == "0.73.1":
            await others.at(ActivityState.ERROR)
            sentences = why(others.agent, None, 0.0)
            assert any(str(status) in line for line in sentences), sentences
            assert any("1 text waiting" in line and "next prompt" in line for line in sentences), sentences
            assert (await others.reached("two", Stage.QUEUED, *ANY_END)).stage is Stage.QUEUED
            three = await others.sent("three", "--wait", "done")
            assert (three.code, three.said.strip()) == (0, "I did what you asked: three"), three
        await until(others.engine, lambda: note("two"), "the end of what was queued")
        two = await queued.ended()
        assert (two.code, two.said.strip()) == (0, "I did what you asked: two"), two
        await others.at(ActivityState.DONE_UNSEEN)
        assert (ActivityState.ERROR in shown) == (pi.version == "0.73.1"), shown
