"""The demonstration: a believable first minute, and nothing left of it."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
from pathlib import Path

from cockpit import config
from cockpit.bootstrap.fleet import Places, running_engine
from cockpit.demo.run import make_demo_setup, remove_abandoned, tell
from cockpit.demo.script import BOARD, CAST, PROBES, SCRIPT
from cockpit.embedded.lifecycle import ensure_started
from cockpit.model.commands.agent import Answer
from cockpit.model.events import RetryStarted
from cockpit.model.fleet import ActivityState
from tests.fleets import LIMIT, FleetUnderTest, poll


def test_every_prompt_of_the_story_is_scripted() -> None:
    assert {prompt for member in CAST for prompt in member.prompts} <= set(SCRIPT)
    assert set(PROBES) <= set(SCRIPT)
    assert {task.assignee for task in BOARD} <= {member.name for member in CAST}


async def test_the_story_has_everything_an_operator_should_see(fleet: FleetUnderTest) -> None:
    setup = await asyncio.to_thread(make_demo_setup, config.Settings(), fleet.places, 20.0)
    async with running_engine(setup.settings, setup.places, setup.source) as engine:
        telling = asyncio.create_task(tell(engine))
        try:
            fleet_state = engine.fleet_state

            def asking(name: str) -> bool:
                agent = fleet_state.agent_named(name)
                return agent is not None and agent.activity.state is ActivityState.ASKING

            assert await fleet_state.until(lambda: asking("quill") and asking("docs-1"), LIMIT), "two questions"
            quill = engine.agent_named("quill")
            dialog = quill.activity.dialogs[0].request
            await engine.outcome(engine.dispatch(Answer(quill.id, dialog.dialog_id, value="0.1.0")), timeout=LIMIT)

            def moved() -> bool:
                status = {task.assignee: task.status for task in fleet_state.tasks}
                return status.get("limit-1") == "in_review"

            assert await fleet_state.until(moved, LIMIT), "a task that an agent moved"
            limit = engine.agent_named("limit-1")
            records = await engine.store.records(limit.id, limit=5000)
            assert any(isinstance(record.event, RetryStarted) for record in records), "a failure with retry"
            assert len(fleet_state.feed) >= 5

            def made_by_atlas() -> set[str]:
                atlas, known = fleet_state.agent_named("atlas"), fleet_state.agents.values()
                return {agent.name for agent in known if atlas is not None and agent.parent_vm == atlas.vm_id}

            answered = {"probe-1", "probe-2"}
            assert await fleet_state.until(lambda: answered <= made_by_atlas(), LIMIT), "workers that an agent made"
            assert {agent.program for agent in fleet_state.agents.values()} == {"scripted"}
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


def test_it_tidies_up_after_itself_also_when_it_is_killed(fleet: FleetUnderTest, isolated_home: Path) -> None:
    state = isolated_home / "xdg_state_home" / "swarm-cockpit"

    def demos() -> list[Path]:
        return list(state.glob("demo-*"))

    for number in (signal.SIGTERM, signal.SIGKILL):
        master, slave = pty.openpty()
        shown = subprocess.Popen(
            [*fleet.command()[:3], "demo", "--speed", "20"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**fleet.environment(), "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(slave)
        os.set_blocking(master, False)

        def alive(process: subprocess.Popen[bytes] = shown, terminal: int = master) -> bool:
            _drain(terminal)
            assert process.poll() is None
            return any((demo / "fleet" / "endpoint.json").exists() for demo in demos())

        def ended(process: subprocess.Popen[bytes] = shown, terminal: int = master) -> bool:
            _drain(terminal)
            return process.poll() is not None

        poll(alive, "the demonstration's fleet")
        shown.send_signal(number)
        poll(ended, f"the end by {number.name}")
        os.close(master)
        poll(lambda: not demos(), f"nothing left after {number.name}")


def test_what_even_its_keeper_could_not_remove_goes_with_the_next(isolated_home: Path) -> None:
    abandoned = isolated_home / "xdg_state_home" / "swarm-cockpit" / "demo-0badcafe"
    running = ensure_started(Places.under(abandoned).fleet)
    assert running.base_url
    remove_abandoned()
    assert not abandoned.exists()


def _drain(terminal: int) -> None:
    """Read what a screen wrote, so that it never waits for its terminal."""
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        return
