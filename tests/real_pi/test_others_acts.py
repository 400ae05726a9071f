"""Real pi at work under a cockpit's eyes while extensions, other clients and killed senders act on it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.engine.engine import Engine
from cockpit.model.fleet import ActivityState
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.reduce.activity import BY_ANOTHER, UNCLAIMED
from cockpit.model.why import why
from tests.fleets import LIMIT, FleetUnderTest, poll, until
from tests.real_pi.company import ANY_END, Company, add_extension, company, set_retries
from tests.real_pi.installations import EXTREMES, PiInstallation
from tests.real_pi.test_cockpit_on_pi import bash, fleet, pi, tools

__all__ = ["fleet", "pi"]

pytestmark = pytest.mark.parametrize("pi", EXTREMES, indirect=True)


def gated(others: Company, word: str) -> tuple[Path, str]:
    """Return a file, and a prompt whose run lasts until that exists and has one more answer then."""
    gate = others.home / f"gate-{word}"
    return gate, tools(bash(f"until [ -e '{gate}' ]; do sleep 0.05; done; echo {word}"))


async def stored_receipt(engine: Engine, text: str) -> Receipt:
    """Return what the store has of a text's receipt."""
    [found] = [one for one in await engine.store.receipts() if one.text == text]
    return found


async def test_settings_of_others_stand_after_the_run(fleet: FleetUnderTest, isolated_home: Path) -> None:
    add_extension(isolated_home)
    async with company(fleet) as others:
        gate, prompt = gated(others, "one")
        working = await others.send(prompt, "--wait", "done")
        await others.busy()
        before = others.agent
        others.write(id="x1", type="set_thinking_level", level="low" if before.thinking == "high" else "high")
        await until(others.engine, lambda: others.agent.thinking != before.thinking, "the other level")
        chosen = others.agent.thinking
        others.write(id="x2", type="set_model", provider="mock", modelId="scripted")
        await until(others.engine, lambda: others.agent.model == "scripted", "the other model")
        level = others.agent.thinking
        assert level in (chosen, "off"), "a model that does not think may set it"
        gate.touch()
        assert (await working.ended()).code == 0
        await others.at(ActivityState.DONE_UNSEEN)
        now = others.agent
        assert (now.model, now.provider, now.thinking) == ("scripted", "mock", level)
        assert any("mock/scripted" in line for line in why(now, None, 0.0))

        # An extension's choice in mid-run, and no answer of that run takes it back.
        others.write(id="x3", type="set_model", provider="anthropic", modelId="claude-sonnet-4-5")
        await until(others.engine, lambda: others.agent.model == "claude-sonnet-4-5", "the first model")
        others.write(id="x4", type="set_thinking_level", level="low")
        await until(others.engine, lambda: others.agent.thinking == "low", "the low level")
        gate, prompt = gated(others, "two")
        working = await others.send(prompt, "--wait", "done")
        await others.busy()
        said = await others.sent("/deep", "--wait", "done")
        assert (said.code, said.said) == (0, "") and "no answer" in said.complained, said
        await until(others.engine, lambda: others.agent.thinking == "high", "the level of the extension")
        gate.touch()
        assert (await working.ended()).code == 0
        await others.at(ActivityState.DONE_UNSEEN)
        assert (others.agent.model, others.agent.thinking) == ("claude-sonnet-4-5", "high")


async def test_an_abort_of_somebody_else_is_no_failure(fleet: FleetUnderTest, isolated_home: Path) -> None:
    set_retries(isolated_home)
    add_extension(isolated_home)
    async with company(fleet) as others:
        for where, by in (
            ("tool", BY_ANOTHER),
            ("tool", UNCLAIMED),
            ("text", BY_ANOTHER),
            ("text", UNCLAIMED),
            # A wait that an extension cuts short looks like one that a client cancels: what failed before it stands.
            ("backoff", BY_ANOTHER),
        ):
            text = f"{where} {by}"
            prompt = {
                "tool": gated(others, f"{where}-{by is UNCLAIMED}")[1],
                "text": f"mock:text(words=4000, rate=20) {text}",
                "backoff": f"mock:error(529) {text}",
            }[where]
            working = await others.send(prompt, "--wait", "done")
            wanted = {
                "tool": lambda: bool(others.agent.activity.tools),
                "text": lambda: others.agent.activity.detail == "writing",
                "backoff": lambda: others.state is ActivityState.RETRYING,
            }[where]
            await until(others.engine, wanted, text)
            if by == BY_ANOTHER:
                others.write(id=f"x-{where}", type="abort")
            else:
                await others.sent("/halt")
            ended = await working.ended()
            assert ended.code == 1 and ("abort" in ended.complained or "cancelled" in ended.complained), (text, ended)
            await others.at(ActivityState.ABORTED)
            # The answer to an abort, which names who asked, is written after the end of the run.
            await until(others.engine, lambda by=by: others.agent.activity.detail == by, text)  # type: ignore[misc]
            assert any(by in line for line in why(others.agent, None, others.agent.activity.since)), text


async def test_commands_of_extensions_while_a_run_works(
    fleet: FleetUnderTest, pi: PiInstallation, isolated_home: Path
) -> None:
    add_extension(isolated_home)
    async with company(fleet) as others:
        gate, prompt = gated(others, "one")
        working = await others.send(prompt, "--wait", "done")
        await others.busy()
        # Only 1.x says that an extension took a text; of the others it is known for what is a command by its form.
        silent = (0, Stage.DONE) if pi.version == "1.6.0" else (1, Stage.UNCONFIRMED)
        for command, code, stage, word in (
            ("/mark", 0, Stage.DONE, "no answer"),
            ("/boom", 1, Stage.FAILED, "on purpose"),
            ("silent: x", *silent, "cockpit: "),
        ):
            ended = await others.sent(command, "--wait", "done")
            assert (ended.code, ended.said) == (code, "") and word in ended.complained, (command, ended)
            assert (await others.reached(command, *ANY_END)).stage is stage
        steer = await others.send("mock:text(words=2) steer", "--mode", "steer", "--wait", "done")
        await others.reached(steer.text, Stage.STEERING)
        follow = await others.send("mock:text(words=3) follow", "--mode", "follow-up", "--wait", "done")
        await others.reached(follow.text, Stage.QUEUED)
        assert [text.endswith("(Be brief.)") for text in others.agent.activity.follow_up] == [True]
        gate.touch()
        ends = [await sending.ended() for sending in (working, steer, follow)]
        assert [(end.code, end.said.strip()) for end in ends] == [
            (0, "word1 word2"),
            (0, "word1 word2"),
            (0, "word1 word2 word3"),
        ], ends


async def test_a_sender_killed_right_after_its_writing(fleet: FleetUnderTest) -> None:
    """With a screen open, and with none: who looks next says what became of the text."""
    async with company(fleet) as others:
        gate, one = gated(others, "one")
        sending = await others.send(one, "--wait", "done")
        await until(others.engine, lambda: others.known(one) is not None, "the receipt")
        await sending.kill()
        gate.touch()
        await others.engine.fleet_state.until(lambda: others.heard(one), 3.0)
        found = await others.reached(one, *ANY_END) if others.heard(one) else await others.reached(one, *Stage)
        assert (found.stage is Stage.DONE) == others.heard(one), found
    gate, two = gated(others, "two")
    sending = await others.send(two, "--wait", "done")
    poll(lambda: others.heard(two), "the text in the agent's output", LIMIT)
    await sending.kill()
    gate.touch()
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        async with asyncio.timeout(LIMIT):
            while (found := await stored_receipt(engine, two)).stage not in ANY_END:
                await engine.recorder.save_receipts()
                await asyncio.sleep(0.05)
        assert found.stage is Stage.DONE, found
