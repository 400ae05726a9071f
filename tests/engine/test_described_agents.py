"""An agent that is a shell script, described by the operator: prompted, asked back, killed and started again."""

from __future__ import annotations

import re

from cockpit.config import Settings
from cockpit.model.commands.agent import Abort, Answer, FollowUp, Prompt, Steer
from cockpit.model.commands.life import Relaunch, Spawn
from cockpit.model.fleet import ActivityState, AgentKind, ProcessState
from cockpit.model.own.described import DescribedAgent
from cockpit.model.receipts.receipt import Stage
from cockpit.model.transcript.entry import EntryKind
from cockpit.model.why import why
from tests.fleets import FleetUnderTest, order, until

SCRIPT = r"""
while IFS= read -r line; do
    case $line in
    delete*) printf 'really? '; read -r yes; echo "you said $yes" ;;
    die) exit 3 ;;
    stay) read -r more; echo "more: $more" ;;
    *) echo "answer to $line" ;;
    esac
    echo '== done'
done
"""


async def test_a_shell_script_is_an_agent(fleet: FleetUnderTest) -> None:
    described = DescribedAgent(("sh", "-c", SCRIPT), asking=r"\? $", done="^== done")
    fleet.settings = Settings(agents={"shell": described})
    async with fleet.engine() as engine:
        await order(engine, Spawn("bob", AgentKind.LIEUTENANT, program="shell"))
        bob = engine.agent_named("bob")
        assert bob.program == "lines:shell" and bob.guessed
        assert any("guess" in sentence for sentence in why(bob, None, engine.now()))

        asked = await order(engine, Prompt(bob.id, "the question"))
        assert engine.answer_to(bob.id, asked.id) == "answer to the question\n== done"
        assert engine.agent_named("bob").activity.state is ActivityState.DONE_UNSEEN
        shown = [(entry.kind, entry.text) for entry in engine.transcript(bob.id).entries()]
        assert shown[-2:] == [
            (EntryKind.USER, "the question"),
            (EntryKind.OUTPUT, "answer to the question\n== done\n"),
        ]
        for lacking in (Steer(bob.id, "x"), FollowUp(bob.id, "x")):
            assert "a program that reads lines" in engine.disabled_reason(lacking)

        deleting = engine.dispatch(Prompt(bob.id, "delete it"))
        await until(engine, lambda: bool(engine.agent_named("bob").activity.dialogs), "its question")
        (dialog,) = engine.agent_named("bob").activity.dialogs
        assert dialog.request.title == "really?"
        await order(engine, Answer(bob.id, dialog.request.dialog_id, value="yes"))
        receipt = await engine.outcome(deleting, until=Stage.DONE, timeout=60.0)
        assert receipt.stage is Stage.DONE and "you said yes" in (engine.answer_to(bob.id, receipt.id) or "")

        dying = engine.dispatch(Prompt(bob.id, "die"))
        await until(engine, lambda: engine.agent_named("bob").process.state is ProcessState.DEAD, "its end")
        receipt = await engine.outcome(dying, until=Stage.DONE, timeout=60.0)
        assert receipt.stage is Stage.FAILED and re.search("code 3", receipt.reason)
        await order(engine, Relaunch(bob.id))
        asked = await order(engine, Prompt(bob.id, "once more"))
        assert engine.answer_to(bob.id, asked.id) == "answer to once more\n== done"

        staying = engine.dispatch(Prompt(bob.id, "stay"))
        await until(engine, lambda: engine.agent_named("bob").run_open, "its run")
        await engine.outcome(engine.dispatch(Abort(bob.id)), until=Stage.DONE, timeout=60.0)
        receipt = await engine.outcome(staying, until=Stage.DONE, timeout=60.0)
        assert receipt.stage is Stage.FAILED, "an interrupt ends a shell script, or the run"
