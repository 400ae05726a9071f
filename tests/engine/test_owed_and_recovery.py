"""Questions on board and feed reach the operator, answers reach who asked, and a crash is taken up again.

The swarm's side is spoken over plain HTTP.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from cockpit.engine.engine import Engine
from cockpit.model.commands.owed import AnswerOwed, ReopenOwed, SettleOwed
from cockpit.model.receipts.receipt import Stage
from tests.engine.evidence import all_shown
from tests.fleets import LIMIT, FleetUnderTest, order, spawned, until


class Swarm:
    """Others on the same services."""

    def __init__(self, engine: Engine) -> None:
        environment = engine.running[0].source.environment
        token = environment["VERS_AUTH_TOKEN"]
        self.client = httpx.AsyncClient(
            base_url=environment["VERS_INFRA_URL"], headers={"Authorization": f"Bearer {token}"}
        )

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.client.post(path, json=body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def task(self, **body: Any) -> dict[str, Any]:
        return await self.post("/board/tasks", title="Limiter", createdBy="test", **body)

    async def notes(self, task: str) -> list[dict[str, Any]]:
        return list((await self.client.get(f"/board/tasks/{task}/notes")).json()["notes"])

    async def events(self) -> list[dict[str, Any]]:
        return list((await self.client.get("/feed/events", params={"limit": 0})).json())


def owed_texts(engine: Engine) -> list[str]:
    return [one.text for one in engine.fleet.owed]


async def test_an_answer_becomes_a_note_and_a_message_and_what_is_owed_outlives_a_restart(
    fleet: FleetUnderTest,
) -> None:
    async with fleet.engine() as engine:
        swarm = Swarm(engine)
        ada = await spawned(engine, "owed-ada")
        task = await swarm.task(status="in_progress", assignee="owed-ada")
        note = await swarm.post(
            f"/board/tasks/{task['id']}/notes", author="owed-ada", content="Which port?", type="question"
        )
        await swarm.post("/feed/events", agent="owed-stranger", type="blocker_found", summary="no disk left")
        engine.running[0].watcher.look_at_board()
        await until(engine, lambda: owed_texts(engine) == ["Which port?", "no disk left"], "both are owed")
    async with fleet.engine() as engine:
        swarm = Swarm(engine)
        await engine.settled(LIMIT)
        await until(engine, lambda: owed_texts(engine) == ["Which port?", "no disk left"], "they outlive a restart")
        question, blocker = engine.fleet.owed
        assert (question.reference, question.task, question.asker) == (note["id"], task["id"], "owed-ada")
        receipt = await order(engine, AnswerOwed(question.key, "take 8080", steers=False))
        assert receipt.stage is Stage.DONE, receipt.reason
        assert owed_texts(engine) == ["no disk left"]
        (written,) = [one for one in await swarm.notes(str(task["id"])) if one["author"] == "operator"]
        assert written["content"] == f"take 8080\n\n[re {note['id']}]" and written["type"] == "update"
        shown = ""
        async with asyncio.timeout(LIMIT):
            while "take 8080" not in shown:
                await engine.settled(1.0)
                shown = str(await all_shown(engine, ada.id))
        assert "Which port?" in shown, "the agent is told what it asked"
        receipt = await order(engine, AnswerOwed(blocker.key, "use the other one"))
        assert receipt.stage is Stage.DONE, receipt.reason
        (event,) = [one for one in await swarm.events() if (one.get("metadata") or {}).get("answers")]
        assert event["metadata"]["answers"] == blocker.reference and event["agent"] == "operator"
        assert owed_texts(engine) == []
        # Answered elsewhere: by a note of whoever is in charge.
        asked = {"author": "owed-ada", "content": "And the host?", "type": "question"}
        await swarm.post(f"/board/tasks/{task['id']}/notes", **asked)
        await swarm.post(f"/board/tasks/{task['id']}/notes", author="owed-bob", content="Stuck", type="blocker")
        engine.running[0].watcher.look_at_board()
        await until(engine, lambda: owed_texts(engine) == ["And the host?", "Stuck"], "two more are owed")
        (stuck,) = [one for one in engine.fleet.owed if one.text == "Stuck"]
        await order(engine, SettleOwed(stuck.key))
        await until(engine, lambda: owed_texts(engine) == ["And the host?"], "it is settled")
        await order(engine, ReopenOwed(stuck.key))
        assert owed_texts(engine) == ["And the host?", "Stuck"], "it is told again"
        again = await engine.outcome(engine.dispatch(ReopenOwed("note:x:y")), timeout=LIMIT)
        assert again.stage is Stage.FAILED and "was not settled here" in again.reason
        await order(engine, SettleOwed(stuck.key))
        await swarm.post(f"/board/tasks/{task['id']}/notes", author="coordinator-x", content="any", type="update")
        engine.running[0].watcher.look_at_board()
        await until(engine, lambda: owed_texts(engine) == [], "answered elsewhere")
        gone = engine.refusal(AnswerOwed(stuck.key, "x"))
        assert gone is not None and "no answer any more" in gone.sentence


async def test_an_answer_that_cannot_go_out_stays_beside_the_question(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        swarm = Swarm(engine)
        task = await swarm.task(status="in_progress")
        await swarm.post(f"/board/tasks/{task['id']}/notes", author="owed-cid", content="Which one?", type="question")
        engine.running[0].watcher.look_at_board()
        await until(engine, lambda: "Which one?" in owed_texts(engine), "it is owed")
        (question,) = [one for one in engine.fleet.owed if one.text == "Which one?"]
        await swarm.client.delete(f"/board/tasks/{task['id']}")
        receipt = await engine.outcome(engine.dispatch(AnswerOwed(question.key, "the second")), timeout=LIMIT)
        assert receipt.stage is Stage.FAILED and "not found" in receipt.reason
        (left,) = [one for one in engine.fleet.owed if one.key == question.key]
        assert left.draft == "the second"
    async with fleet.engine() as engine:
        await until(engine, lambda: any(one.lost for one in engine.fleet.owed), "its task is gone")
        (left,) = [one for one in engine.fleet.owed if one.key == question.key]
        assert left.draft == "the second"
        assert (await order(engine, SettleOwed(left.key))).stage is Stage.DONE


async def test_a_crash_is_taken_up_and_told_once(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        swarm = Swarm(engine)
        task = await swarm.task(status="in_progress", assignee="owed-gone")
        await swarm.post("/feed/events", agent="owed-gone", type="agent_started", summary="Agent owed-gone started")
        assert engine.coordination.recovery.due is None
        # As a crash leaves it: nobody takes this cockpit out of the store.
        engine.coordination.recovery._session = ""
    async with fleet.engine() as engine:
        swarm = Swarm(engine)
        await until(engine, lambda: engine.coordination.recovery.due is not None, "what the crash left")
        found = engine.coordination.recovery.due
        assert found is not None
        assert [one.task for one in found.abandoned] == [task["id"]]
        assert "owed-gone" in found.abandoned[0].evidence
        assert any("did not end well" in notice for notice in engine.fleet.notices)
        engine.coordination.recovery.seen()
        assert not any("did not end well" in notice for notice in engine.fleet.notices)

        async def told() -> list[dict[str, Any]]:
            return [one for one in await swarm.events() if (one.get("metadata") or {}).get("act") == "recovery"]

        async with asyncio.timeout(LIMIT):
            while not await told():
                await engine.until(lambda: False, 0.1)
        (event,) = await told()
        assert event["agent"].startswith("coordinator") and "assignee is gone" in event["summary"]
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        assert engine.coordination.recovery.due is None, "that one ended well"
