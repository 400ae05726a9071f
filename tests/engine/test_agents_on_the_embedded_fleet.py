"""The engine against the embedded fleet: real SSH, real tmux where it is, scripted agents."""

from __future__ import annotations

import re

from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Abort, Answer, FollowUp, Prompt, Steer
from cockpit.model.commands.board import AssignTask, CreateTask, MoveTask, NoteTask
from cockpit.model.commands.life import Destroy, Relaunch, Spawn
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.fleet import ActivityState, Agent, AgentKind, LinkState, Power, ProcessState
from cockpit.model.ids import AgentId
from cockpit.model.receipts.receipt import Stage
from cockpit.model.transcript.entry import EntryKind
from tests.fleets import LIMIT, FleetUnderTest, order, spawned, until


def agent(engine: Engine, agent_id: AgentId) -> Agent:
    """Return an agent as it is now."""
    return engine.fleet_state.agents[agent_id]


async def test_spawn_shows_its_steps_and_the_agent_answers(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        ada = await spawned(engine, "ada")
        operation = engine.fleet.operations[-1]
        assert [step.name for step in operation.steps] == [
            "check the size 2/4096/8192",
            "create VM",
            "boot",
            "connect",
            "prepare",
            "start scripted",
            "first answer",
            "register",
            "check in",
        ]
        assert operation.steps[-1].detail == "ours: no extension of its says it"
        assert all(step.ended_at is not None and not step.error for step in operation.steps)
        assert ada.program == "scripted" and ada.model == "scripted"
        await order(engine, Prompt(ada.id, "[say All is well.]"))
        assert engine.transcript(ada.id).final_text() == "All is well."
        assert agent(engine, ada.id).activity.state is ActivityState.DONE_UNSEEN
        engine.focus(ada.id)
        assert agent(engine, ada.id).activity.state is ActivityState.IDLE


async def test_a_failed_spawn_says_where_and_leaves_no_vm(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        before = set(engine.fleet_state.vms)
        command_id = engine.dispatch(
            Spawn("broken", AgentKind.WORKER, program="scripted", image=None, labels=("scripted:--no-such-option",))
        )
        receipt = await engine.outcome(command_id, timeout=LIMIT)
        assert receipt.stage is Stage.FAILED
        operation = engine.fleet.operations[-1]
        failed = [step for step in operation.steps if step.error]
        assert len(failed) == 1 and failed[0].name in ("start scripted", "first answer"), operation
        assert "no-such-option" in operation.error
        assert set(engine.fleet_state.vms) == before
        assert engine.fleet_state.agent_named("broken") is None


async def test_steer_follow_up_and_abort_have_their_own_stages(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        bea = await spawned(engine, "bea")
        engine.dispatch(
            Prompt(bea.id, "[bash for n in 1 2 3 4 5 6; do echo part $n; sleep 0.3; done] [say Parts done.]")
        )
        await until(engine, lambda: bool(agent(engine, bea.id).activity.tools), "a running tool")
        steer = engine.dispatch(Steer(bea.id, "[say Steered.]"))
        follow_up = engine.dispatch(FollowUp(bea.id, "[say Followed up.]"))
        steered = await engine.outcome(steer, timeout=LIMIT)
        followed = await engine.outcome(follow_up, timeout=LIMIT)
        assert [stage for stage, _ in steered.stages] == [
            Stage.WRITTEN,
            Stage.ACCEPTED,
            Stage.STEERING,
            Stage.CONSUMED,
            Stage.DONE,
        ]
        assert [stage for stage, _ in followed.stages] == [
            Stage.WRITTEN,
            Stage.ACCEPTED,
            Stage.QUEUED,
            Stage.CONSUMED,
            Stage.DONE,
        ]
        kinds = [entry.kind for entry in engine.transcript(bea.id).entries()]
        assert kinds.index(EntryKind.STEER) < kinds.index(EntryKind.FOLLOW_UP)

        busy = engine.dispatch(Prompt(bea.id, "[bash sleep 30]"))
        await until(engine, lambda: bool(agent(engine, bea.id).activity.tools), "a running tool")
        await order(engine, Abort(bea.id))
        ended = await engine.outcome(busy, timeout=LIMIT)
        assert ended.stage is Stage.FAILED
        assert agent(engine, bea.id).activity.state is ActivityState.ABORTED


async def test_questions_wait_for_the_operator(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        cyd = await spawned(engine, "cyd")
        prompt = engine.dispatch(Prompt(cyd.id, "[ask select Which colour? | red | green] [say Noted.]"))
        await until(engine, lambda: agent(engine, cyd.id).activity.state is ActivityState.ASKING, "the question")
        dialog = agent(engine, cyd.id).activity.dialogs[0].request
        assert dialog.title == "Which colour?" and dialog.options == ("red", "green")
        wrong = engine.dispatch(Answer(cyd.id, "no-such-dialog", value="red"))
        assert engine.fleet_state.receipts[wrong].stage is Stage.FAILED
        await order(engine, Answer(cyd.id, dialog.dialog_id, value="green"))
        await engine.outcome(prompt, timeout=LIMIT)
        assert "green" in "\n".join(entry.text for entry in engine.transcript(cyd.id).entries())

        # An abort must not hang behind an open question: it is cancelled first.
        engine.dispatch(Prompt(cyd.id, "[ask confirm Deploy? | To production]"))
        await until(engine, lambda: agent(engine, cyd.id).activity.state is ActivityState.ASKING, "the second question")
        await order(engine, Abort(cyd.id))
        await until(engine, lambda: not agent(engine, cyd.id).run_open, "the run's end")
        assert not agent(engine, cyd.id).activity.dialogs


async def test_pause_freezes_and_resume_continues(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        dan = await spawned(engine, "dan")
        prompt = engine.dispatch(
            Prompt(dan.id, "[bash for n in 1 2 3 4 5 6 7 8; do echo part $n; sleep 0.2; done] [say Through.]")
        )
        await until(engine, lambda: bool(agent(engine, dan.id).activity.tools), "a running tool")
        await order(engine, Pause(dan.vm_id, now=True))
        await until(engine, lambda: agent(engine, dan.id).link.state is LinkState.PAUSED, "the paused link")
        assert engine.fleet_state.power(dan.vm_id) is Power.PAUSED
        assert "paused" in engine.disabled_reason(Prompt(dan.id, "x"))
        await order(engine, Resume(dan.vm_id))
        receipt = await engine.outcome(prompt, timeout=LIMIT)
        assert receipt.stage is Stage.DONE
        assert engine.transcript(dan.id).final_text() == "Through."


async def test_a_killed_agent_is_seen_dead_and_relaunches(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        eve = await spawned(engine, "eve")
        agent_session = engine.agent_session(eve.id)
        assert agent_session is not None
        connection = agent_session.connection()
        assert connection is not None
        killed = await connection.run(f'kill -9 "$(cat {eve.directory}/pid)"', timeout=20)
        assert killed.exit_status == 0, killed
        await until(engine, lambda: agent(engine, eve.id).process.state is ProcessState.DEAD, "the death")
        await until(engine, lambda: agent(engine, eve.id).process.exit_code == 137, "the exit code")
        assert "dead" in engine.disabled_reason(Prompt(eve.id, "x"))
        await order(engine, Relaunch(eve.id))
        await until(engine, lambda: agent(engine, eve.id).process.state is ProcessState.ALIVE, "the new process")
        await order(engine, Prompt(eve.id, "[say Back again.]"))
        assert engine.transcript(eve.id).final_text() == "Back again."


async def test_everything_is_there_after_a_restart(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        fay = await spawned(engine, "fay")
        await order(engine, Prompt(fay.id, "[think 10] [bash echo one; echo two] [say The first answer.]"))
        before = [(entry.kind, entry.text) for entry in engine.transcript(fay.id).entries()]
        state = agent(engine, fay.id)
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        again = engine.agent_named("fay")
        assert [(entry.kind, entry.text) for entry in engine.transcript(fay.id).entries()] == before
        assert again.usage == state.usage and again.turns == state.turns and again.line == state.line
        assert again.process.state is ProcessState.ALIVE
        await order(engine, Prompt(fay.id, "[say The second answer.]"))
        assert engine.transcript(fay.id).final_text() == "The second answer."
        assert again.usage.tokens < agent(engine, fay.id).usage.tokens


async def test_the_board_is_worked_on(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        await order(engine, CreateTask("Write the guide", "with examples", tags=("docs",)))
        await until(engine, lambda: any(task.title == "Write the guide" for task in engine.fleet.tasks), "the task")
        task = next(task for task in engine.fleet.tasks if task.title == "Write the guide")
        await order(engine, AssignTask(task.id, "ada"))
        await order(engine, MoveTask(task.id, "in_progress"))
        await order(engine, NoteTask(task.id, "begun", "update"))

        def moved() -> bool:
            now = next(other for other in engine.fleet.tasks if other.id == task.id)
            noted = [note.content for note in now.notes]
            return now.status == "in_progress" and now.assignee == "ada" and noted == ["begun"]

        await until(engine, moved, "the changed task")
        refused = engine.dispatch(MoveTask(task.id, "nowhere"))
        assert engine.fleet_state.receipts[refused].stage is Stage.FAILED


async def test_destroy_ends_the_agent_and_keeps_its_transcript(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        gil = await spawned(engine, "gil")
        await order(engine, Prompt(gil.id, "[say Farewell.]"))
        await order(engine, Destroy(gil.vm_id))
        assert engine.fleet_state.agent_named("gil") is None
        assert gil.vm_id not in engine.fleet_state.vms
        assert not [entry for entry in (await _registry(engine)) if entry == gil.vm_id]
        records = await engine.store.records(gil.id, limit=1000)
        assert any(re.search("Farewell", str(record.event)) for record in records)


async def _registry(engine: Engine) -> list[str]:
    assert engine.running[0].source.registry is not None
    return [entry.id for entry in (await engine.running[0].source.registry.list_entries()).entries]
