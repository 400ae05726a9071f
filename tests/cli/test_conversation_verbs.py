"""The verbs about how an agent works and the conversation it is in: what is asked, ordered, printed, and the codes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import conversation, slash, tuning
from cockpit.cli.headless import Headless
from cockpit.errors import NotFound, Refused, UsageError
from cockpit.model import inquiries as about
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.command import Command
from cockpit.model.commands.conversation import (
    CompactContext,
    ForkSession,
    NewSession,
    RunShell,
    RunShellAside,
    SetModel,
    SetPermissionMode,
    SetThinking,
    SwitchSession,
)
from cockpit.model.fleet import Activity, ActivityState, AgentKind
from cockpit.model.ids import CommandId
from cockpit.model.receipts.receipt import Stage
from tests.cli.double import HeadlessDouble, HeadlessOnDouble, fleet_of
from tests.ui.scene import make_agent

ESCAPE = "\x1b]0;pwned\x07"


class Obedient(HeadlessDouble):
    """Carries out whatever it is told, at once."""

    def dispatch(self, command: Command) -> CommandId:
        """Say that it is done."""
        command_id = super().dispatch(command)
        receipts = (
            replace(one, stage=Stage.DONE, stages=(*one.stages, (Stage.DONE, self.clock)))
            if one.id == command_id and one.stage is Stage.WRITTEN
            else one
            for one in self.fleet.receipts
        )
        self.change(replace(self.fleet, receipts=tuple(receipts)))
        return command_id


@pytest.fixture
def engine() -> Obedient:
    """One agent that answers."""
    agent = make_agent(1, "ada", AgentKind.LIEUTENANT, Activity(ActivityState.IDLE))
    made = Obedient(fleet_of([agent]))
    made.output.records[agent.id] = []
    model = about.ModelChoice("anthropic", "sonnet", f"Sonnet{ESCAPE}", 200_000, thinks=True)
    answers: dict[Any, Any] = {
        about.STATE: about.AgentSetup(model, "high", "all", "all", None, "s1", "/root/s1.jsonl", "birds", 3),
        about.MODELS: (model, about.ModelChoice("mock", "m1")),
        about.LEVELS: ("off", "high"),
        about.SLASH_COMMANDS: (about.SlashCommand("tidy", f"Tidy{ESCAPE}", "skill"),),
        about.FORK_POINTS: (about.ForkPoint("e1", f"first{ESCAPE}"), about.ForkPoint("e2", "second")),
        about.LAST_ANSWER: "",
        about.MESSAGES: (about.SaidMessage("user", f"hi{ESCAPE}"),),
        about.TREE: (about.TreeEntry("e1", "", "user", f"hi{ESCAPE}", current=True),),
        about.STATISTICS: about.Statistics("s1", tokens=9, cost=0.5, whole=False),
    }
    made.inquiries.answers = {(agent.id, question.name): told for question, told in answers.items()}
    made.inquiries.saved = (about.SavedSession("/root/s1.jsonl", "s1", "birds"), about.SavedSession("/root/s2", "s2"))
    return made


Verb = Callable[[Headless], Awaitable[int]]


def run(engine: HeadlessDouble, verb: Verb) -> int:
    """Run a verb on the double."""

    async def main() -> int:
        return await verb(HeadlessOnDouble(engine))

    return asyncio.run(main())


def test_a_model_is_found_in_the_agents_own_list_before_anything_is_sent(
    engine: Obedient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(engine, lambda headless: tuning.model(headless, "ada", "m1", False, dry_run=False, as_json=False)) == 0
    (agent,) = engine.fleet.agents
    assert engine.ordered == [SetModel(agent.id, "mock", "m1")]
    with pytest.raises(Refused, match="no model 'opus'"):
        run(engine, lambda headless: tuning.model(headless, "ada", "opus", False, dry_run=False, as_json=False))
    assert len(engine.ordered) == 1
    assert run(engine, lambda headless: tuning.model(headless, "ada", "", True, dry_run=False, as_json=False)) == 0
    assert run(engine, lambda headless: tuning.model(headless, "ada", "opus", True, dry_run=False, as_json=True)) == 1
    said = capsys.readouterr()
    assert "mock/m1" in said.out and "\x1b" not in said.out


def test_a_level_that_the_agent_did_not_take_is_a_failure(engine: Obedient) -> None:
    assert run(engine, lambda headless: tuning.thinking(headless, "ada", "high", dry_run=False, as_json=True)) == 0
    with pytest.raises(Refused, match="took 'high' instead of 'off'"):
        run(engine, lambda headless: tuning.thinking(headless, "ada", "off", dry_run=False, as_json=True))
    with pytest.raises(UsageError, match="known: off, high"):
        run(engine, lambda headless: tuning.thinking(headless, "ada", "deep", dry_run=False, as_json=True))
    assert [type(command) for command in engine.ordered] == [SetThinking, SetThinking]


def test_a_permission_mode_that_the_agent_did_not_take_is_a_failure(
    engine: Obedient, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = engine.fleet.agents[0]
    engine.inquiries.answers[agent.id, about.STATE.name] = about.AgentSetup(permission_mode="plan")
    assert run(engine, lambda headless: tuning.permissions(headless, "ada", "plan", dry_run=False, as_json=True)) == 0
    assert json.loads(capsys.readouterr().out)["permission_mode"] == "plan"
    with pytest.raises(Refused, match="is in plan instead of default"):
        run(engine, lambda headless: tuning.permissions(headless, "ada", "default", dry_run=False, as_json=False))
    assert engine.ordered == [SetPermissionMode(agent.id, "plan"), SetPermissionMode(agent.id, "default")]
    assert run(engine, lambda headless: tuning.permissions(headless, "ada", "", dry_run=False, as_json=False)) == 0
    assert "* plan" in capsys.readouterr().out and len(engine.ordered) == 2


def test_a_shell_command_ends_as_it_ended(engine: Obedient, capsys: pytest.CaptureFixture[str]) -> None:
    engine.inquiries.outcomes = {
        CommandId("c1"): about.CarriedOut(f"out{ESCAPE}\n", 4),
        CommandId("c2"): about.CarriedOut("fine", 0, cut=True, file="/tmp/all"),
    }
    assert (
        run(
            engine,
            lambda headless: tuning.bash(
                headless, "ada", "false", aside=False, abort=False, timeout=None, dry_run=False, as_json=False
            ),
        )
        == 1
    )
    assert (
        run(
            engine,
            lambda headless: tuning.bash(
                headless, "ada", "ls", aside=True, abort=False, timeout=None, dry_run=False, as_json=True
            ),
        )
        == 0
    )
    assert [type(command) for command in engine.ordered] == [RunShell, RunShellAside]
    said = capsys.readouterr()
    assert "\x1b" not in said.out and "exit 4" in said.err and "next prompt" in said.err
    assert json.loads(said.out.splitlines()[-1]) == {
        "exit_code": 0, "output": "fine", "cut": True, "whole_output": "/tmp/all"
    }  # fmt: skip


def test_sessions_and_forks_are_found_by_what_was_listed(engine: Obedient) -> None:
    def session(act: str, value: str = "") -> int:
        return run(
            engine, lambda headless: conversation.session(headless, "ada", act, value, dry_run=False, as_json=False)
        )

    (agent,) = engine.fleet.agents
    for act in ("show", "list", "fork", "tree", "messages"):
        assert session(act) == 0
    assert session("answer") == 1, "there is none"
    assert not engine.ordered
    assert session("switch", "s2") == session("fork", "2") == session("new") == 0
    assert engine.ordered == [SwitchSession(agent.id, "/root/s2"), ForkSession(agent.id, "e2"), NewSession(agent.id)]
    for act, value in (("switch", "zzz"), ("fork", "9")):
        with pytest.raises(NotFound):
            session(act, value)


def test_everything_is_printed_harmless_and_as_json(engine: Obedient, capsys: pytest.CaptureFixture[str]) -> None:
    verbs: list[Verb] = [
        lambda headless: tuning.slash_commands(headless, "ada", False),
        lambda headless: tuning.statistics(headless, "ada", False),
        lambda headless: conversation.session(headless, "ada", "messages", "", dry_run=False, as_json=False),
        lambda headless: conversation.session(headless, "ada", "tree", "", dry_run=False, as_json=False),
        lambda headless: conversation.session(headless, "ada", "fork", "", dry_run=False, as_json=False),
    ]
    assert [run(engine, verb) for verb in verbs] == [0] * len(verbs)
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err and "\x07" not in said.out and "only what is still" in said.err
    for act in ("show", "list", "fork", "tree", "messages"):

        def verb(headless: Headless, act: str = act) -> Awaitable[int]:
            return conversation.session(headless, "ada", act, "", dry_run=False, as_json=True)

        run(engine, verb)
        json.loads(capsys.readouterr().out)


def test_an_export_goes_into_a_directory_that_is_there(engine: Obedient, tmp_path: Path) -> None:
    wanted = tmp_path / "x.html"
    assert (
        run(engine, lambda headless: conversation.export(headless, "ada", wanted, "html", dry_run=False, as_json=False))
        == 0
    )
    assert engine.inquiries.exported == [("html", wanted)]
    with pytest.raises(UsageError, match="no directory"):
        run(
            engine,
            lambda headless: conversation.export(
                headless, "ada", tmp_path / "no" / "x", "html", dry_run=False, as_json=False
            ),
        )


def test_a_word_of_the_agents_own_screen_is_carried_out_and_never_sent(
    engine: Obedient, capsys: pytest.CaptureFixture[str]
) -> None:
    (agent,) = engine.fleet.agents

    def send(text: str, as_text: bool = False) -> int:
        return run(
            engine,
            lambda headless: slash.send(
                headless, "ada", text, "prompt", "accepted", None, checkpoint=False, as_text=as_text
            ),
        )

    assert send("/compact keep the birds") == 0
    assert engine.ordered == [CompactContext(agent.id, "keep the birds")]
    with pytest.raises(Refused, match="cockpit model ada"):
        send("/model")
    with pytest.raises(Refused, match="--as-text"):
        send("/settings")
    assert len(engine.ordered) == 1
    assert send("/tidy now") == send("/nobody knows") == send("/etc/hosts") == send("/compact", as_text=True) == 0
    texts = [command.text for command in engine.ordered if isinstance(command, Prompt)]
    assert texts == ["/tidy now", "/nobody knows", "/etc/hosts", "/compact"]
    assert "knows no /nobody" in capsys.readouterr().err
