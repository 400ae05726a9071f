"""Every verb says what it did as JSON, and every verb that changes something can say first what it would do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer

from cockpit.cli import changes, destruction, headless, main, ports
from cockpit.cli import fleet as fleet_verbs
from cockpit.cli.declared.application import application
from cockpit.cli.declared.loading import declare_all
from cockpit.cli.exits import ExitCode
from cockpit.model.accounts import CommitList, CommitView, RepositoryView
from cockpit.model.board import Task
from cockpit.model.changes.report import Base, Changes, RepositoryChanges
from cockpit.model.claims import Claim, ClaimedBy
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Destroy
from cockpit.model.commands.ports import OpenBridge
from cockpit.model.commands.work import RestoreFiles
from cockpit.model.content import Usage
from cockpit.model.desk import Arrangement, SavedFilter
from cockpit.model.fleet import Agent, AgentKind, Fleet, Link, LinkState, Power, Process, ProcessState, Vm
from cockpit.model.health import ServiceHealth
from cockpit.model.ids import CommandId, CommitId, TaskId, VmId, agent_of
from cockpit.model.images import GoldenImage
from cockpit.model.inbox.entries import id_of
from cockpit.model.inquiries import LEVELS, MODELS, ModelChoice
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.owed import Owed, OwedKind
from cockpit.model.ports import ListeningPort, Ports
from cockpit.model.receipts.receipt import Stage
from cockpit.model.usage.spending import Spending
from cockpit.model.usage.standing import AGENT_SCOPE, BudgetRecord, Limit, Standing
from tests.cli.double import HeadlessDouble, HeadlessOnDouble
from tests.model.plan.world import head, member

declare_all()
BUILT = typer.main.get_command(application)
"""All verbs as they are parsed: a process builds the one that was typed, and here each would be built each time."""

LOOKS_ONLY = {
    "acts",
    "cat",
    "find",
    "grep",
    "ls",
    "ports",
    "agents",
    "questions",
    "recover",
    "board",
    "board show",
    "board worked",
    "feed",
    "feed stats",
    "budget",
    "checkpoints",
    "commands",
    "collect",  # writes here, and into the directory that was named
    "commits",
    "commits show",
    "err",
    "filters",
    "images list",
    "inbox",
    "inbox history",
    "kinds",
    "images recipe",
    "notify",
    "notify test",  # it calls the operator; nothing of the swarm changes
    "orphans",
    "plan check",
    "plan list",
    "plan status",
    "read",
    "written",
    "reconcile",
    "repositories",
    "repositories tags",
    "search",
    "stats",
    "tail",
    "timeline",
    "usage",
    "ledger",
    "link",  # the server makes it; nothing of the swarm changes
    "registry",
    "registry discover",
    "reports",
    "reports links",
    "reports readers",
    "reports show",
    "skills",
    "skills show",
    "skills watch",
    "vms",
    "wait",
    "whoami",
    "why",
}
"""Verbs that change nothing on the fleet: there is nothing to rehearse."""

SAID = {
    "own": "what it would do is the command that config.toml has",
    "run": "what it would do is the command that was typed",
    "forward": "it listens here for as long as it runs, and changes nothing on the VM",
    "comment": "it is kept here until it is sent, and what would be sent is listed without --send",
    "send": "what it would do is the text that was typed",
    "answer": "what it would do is the answer that was typed",
}
"""Verbs that change something and cannot be rehearsed, with the reason."""

SCREENS = {"demo": "it opens a screen", "shell": "it gives the terminal to one on a VM"}
"""Verbs without an output of their own."""


def declared() -> Iterator[tuple[str, set[str]]]:
    """Yield each verb as it is typed, with the options it takes."""

    def below(group: Any, before: str) -> Iterator[tuple[str, set[str]]]:
        for name, command in group.commands.items():
            options = {option for parameter in command.params for option in parameter.opts}
            inner: Mapping[str, Any] = getattr(command, "commands", {})
            if not inner or "--json" in options:
                yield f"{before}{name}", options
            if inner:
                yield from below(command, f"{before}{name} ")

    return below(BUILT, "")


def test_every_verb_prints_json() -> None:
    assert [name for name, options in declared() if "--json" not in options and name not in SCREENS] == []


def test_every_verb_that_changes_something_can_say_first_what_it_would_do() -> None:
    verbs = dict(declared())
    assert {*LOOKS_ONLY, *SAID, *SCREENS} <= set(verbs)
    changing = verbs.keys() - LOOKS_ONLY - SAID.keys() - SCREENS.keys()
    assert sorted(name for name in changing if "--dry-run" not in verbs[name]) == []
    assert sorted(name for name in LOOKS_ONLY if "--dry-run" in verbs[name]) == []


ADA, BOB = (VmId(f"{letter * 8}-0000-4000-8000-000000000001") for letter in "ab")
COMMIT, OTHER = (CommitId(f"{letter * 8}-0000-4000-8000-000000000002") for letter in "cd")
KEPT = KeptCommit("r", KeptFor.UNDO, KeptState.KEPT, 0.0, "us", BOB, "gone", commit=OTHER)
RUNNING = Agent(agent_of(ADA), "ada", AgentKind.LIEUTENANT, ADA, link=Link(LinkState.UP), program="scripted")
FLEET = Fleet(
    vms=(Vm(ADA, Power.RUNNING), Vm(BOB, Power.RUNNING, perhaps_ours="a call lost its answer")),
    agents=(RUNNING,),
    kept=(KEPT,),
    tasks=(Task(TaskId("01JTASK"), "paint", "open"),),
    health=(ServiceHealth("vers", True, 0.0), ServiceHealth("board", True, 0.0), ServiceHealth("feed", True, 0.0)),
    awaited=("vers", "board", "feed"),
)


class Failing(HeadlessDouble):
    """Carries out what is ordered; what is about some VMs fails."""

    def __init__(self, fleet: Fleet, failing: set[VmId]) -> None:
        super().__init__(fleet)
        self._failing = failing

    def dispatch(self, command: Command) -> CommandId:
        """End a command at once."""
        command_id = super().dispatch(command)
        failed = isinstance(command, Destroy) and command.vm in self._failing
        ended = {"stage": Stage.FAILED, "reason": "the platform said no"} if failed else {"stage": Stage.DONE}
        receipts = (replace(one, **ended) if one.id == command_id else one for one in self.fleet.receipts)
        self.change(replace(self.fleet, receipts=tuple(receipts)))
        return command_id


@pytest.mark.parametrize(
    ("failing", "code"), [(set(), ExitCode.DONE), ({BOB}, ExitCode.PARTIAL), ({ADA, BOB}, ExitCode.FAILED)]
)
async def test_a_destroy_of_several_that_ends_in_part_says_so(failing: set[VmId], code: ExitCode) -> None:
    engine = Failing(FLEET, failing)
    how = destruction.How(yes=True, dry_run=False, as_json=True, undo=False)
    assert await destruction.destroy(HeadlessOnDouble(engine), [ADA, BOB], how) == code


@pytest.mark.parametrize(("gone", "code"), [({BOB}, ExitCode.PARTIAL), ({ADA, BOB}, ExitCode.NO_SUCH)])
async def test_those_that_are_gone_by_their_turn_are_not_found(gone: set[VmId], code: ExitCode) -> None:
    vms = tuple(Vm(vm, Power.GONE if vm in gone else Power.RUNNING) for vm in (ADA, BOB))
    engine = Failing(Fleet(vms=vms), set())
    how = destruction.How(yes=True, dry_run=False, as_json=True, undo=False)
    assert await destruction.destroy(HeadlessOnDouble(engine), [ADA, BOB], how) == code


@pytest.mark.parametrize(("typed", "goes"), [("y", True), ("yes", True), (" Y ", True), ("", False), ("no", False)])
async def test_a_question_is_answered_by_any_yes_and_everything_else_is_a_no(
    typed: str, goes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        return typed

    monkeypatch.setattr(fleet_verbs, "input_is_terminal", lambda: True)
    monkeypatch.setattr(fleet_verbs, "ask", ask)
    engine = Failing(FLEET, set())
    engine.facilities = replace(engine.facilities, routed_ports=(80,))
    engine.reach.listening[ADA] = Ports(ADA, (ListeningPort(80, ("0.0.0.0",)),), "vm.example", (80,))
    how = {"yes": False, "dry_run": False, "as_json": False}
    code = ExitCode.DONE if goes else ExitCode.FAILED
    assert await ports.bridge(HeadlessOnDouble(engine), "ada", 80, end=False, **how) == code
    engine.output.records[RUNNING.id] = []
    engine.work.changes.found[RUNNING.id] = Changes(RUNNING.id, Base(), 0.0, 0.0, (RepositoryChanges(".", base="b"),))
    assert await changes.restore(HeadlessOnDouble(engine), "ada", "1-end", now=True, **how) == code
    assert [question.removesuffix(" [y/N] ") for question in questions] == [
        "Open it?",
        "Restore these files? What they are now is kept first.",
    ]
    assert engine.ordered == ([OpenBridge(ADA, 80), RestoreFiles(RUNNING.id, "1-end", True)] if goes else [])


class Kept:
    """A platform with a commit that has a name, and a repository."""

    async def commits(self) -> CommitList:
        """Return the commit."""
        return CommitList((CommitView(COMMIT, "vers", "base", tags=("stable",)),))

    async def repositories(self) -> tuple[RepositoryView, ...]:
        """Return the repository."""
        return (RepositoryView("images"),)

    async def learn(self) -> None:
        """Nothing is asked."""


def of_dead(fleet: Fleet) -> Fleet:
    """Return a fleet whose agent died."""
    return replace(fleet, agents=(replace(RUNNING, process=Process(ProcessState.DEAD)),))


def of_refused_key(fleet: Fleet) -> Fleet:
    """Return a fleet with a VM whose host key was refused."""
    link = Link(LinkState.DOWN, reason="another host key", offered_key="ssh-ed25519 A", retry_at=1e12)
    return replace(fleet, agents=(replace(RUNNING, link=link),))


def of_absent(fleet: Fleet) -> Fleet:
    """Return a fleet where a VM is registered that is gone."""
    return replace(fleet, claims=(Claim(ClaimedBy.REGISTRY, "the registry", VmId("gone"), "gone"),))


def of_workers(fleet: Fleet) -> Fleet:
    """Return a fleet of workers."""
    bea = replace(RUNNING, id=agent_of(BOB), name="bea", vm_id=BOB)
    return replace(fleet, agents=tuple(replace(agent, kind=AgentKind.WORKER) for agent in (RUNNING, bea)))


def of_board(fleet: Fleet) -> Fleet:
    """Return a fleet with a task on its board."""
    health = (*fleet.health, ServiceHealth("board", True, 0.0))
    return replace(fleet, tasks=(Task(TaskId("t1"), "paint", "open"),), health=health, awaited=("vers", "board"))


def of_waiting(fleet: Fleet) -> Fleet:
    """Return a fleet whose agent has a text in its queue."""
    known = replace(RUNNING, activity=replace(RUNNING.activity, follow_up=("later",)))
    return replace(fleet, agents=(known,))


def of_spent(fleet: Fleet) -> Fleet:
    """Return a fleet whose agent has spent all that it may."""
    scope = f"{AGENT_SCOPE}{RUNNING.id}"
    limit, record = Limit(cost=1.0), BudgetRecord(scope, Limit(cost=1.0))
    spent = Standing(scope, "ada", limit, Usage(cost=2.0), (RUNNING.id,), own=True, record=record)
    return replace(fleet, spending=Spending(budgets=(spent,)))


def of_checkpoint(fleet: Fleet) -> Fleet:
    """Return a fleet whose agent can go back."""
    taken = KeptCommit("c", KeptFor.CHECKPOINT, KeptState.KEPT, 0.0, "us", ADA, "ada", commit=COMMIT, prompt="go")
    return replace(fleet, kept=(taken,))


def of_owed(fleet: Fleet) -> Fleet:
    return replace(fleet, owed=(Owed("note:T1:N1", OwedKind.QUESTION, "ada", "Which port?", 0.0),))


def of_plan(fleet: Fleet, *, held: bool = False) -> Fleet:
    """Return a fleet whose board has a plan that runs."""
    health = (*fleet.health, ServiceHealth("board", True, 0.0))
    tasks = (head("p", "in_progress", *(["held"] if held else [])), member(1), member(2, (1,)))
    return replace(fleet, tasks=tasks, health=health)


PLAN = str(Path(__file__).parent.parent / "data" / "plans" / "release.md")

REHEARSED_ELSEWHERE = {
    *("serve", "bridge", "edit", "get", "put", "reports write", "restore-turn"),
    *("services export", "services import"),
}
"""Verbs whose rehearsal needs more than a fleet: a server, a VM that answers, files."""

REHEARSALS: dict[str, tuple[tuple[str, ...], Callable[[Fleet], Fleet]]] = {
    "filters drop": (("mine",), replace),
    "filters keep": (("mine", "state:asking"), replace),
    "pin": (("ada",), replace),
    "tell": (("go on", "ada"), replace),
    "abort": (("ada",), replace),
    "adopt": ((BOB, "--name", "bob"), replace),
    "bash": (("ada", "ls"), replace),
    "best-of": (("ada", "--count", "2", "--task", "go"), replace),
    "board approve": (("paint", "fine"), replace),
    "board artifact": (("paint", "branch=work=w/paint"), replace),
    "board assign": (("paint", "ada"), replace),
    "board bump": (("01JTASK",), replace),
    "board delete": (("paint",), replace),
    "board edit": (("paint", "--tag", "art", "--title", "draw"), replace),
    "board move": (("paint", "done"), replace),
    "board new": (("sweep", "--needs", "paint", "--tag", "p1"), replace),
    "board note": (("paint", "again", "--type", "finding"), replace),
    "board reject": (("paint", "no bird"), replace),
    "board submit": (("paint", "done", "--artifact", "url=page=http://x.test"), replace),
    "board hand-over": (("t1", "ada"), of_board),
    "branch": (("ada",), replace),
    "budget finish": (("ada",), of_spent),
    "budget raise": (("ada", "5"), of_spent),
    "budget remove": (("ada",), of_spent),
    "budget set": (("fleet", "5"), replace),
    "budget stop": (("ada",), of_spent),
    "changes": (("ada", "--begin"), replace),
    "commit": (("ada",), replace),
    "commits delete": ((COMMIT,), replace),
    "commits rename": ((COMMIT, "other"), replace),
    "commits tag": ((COMMIT, "later"), replace),
    "commits untag": (("stable",), replace),
    "compact": (("ada", "keep the birds"), replace),
    "compare": (("ada", "bea", "--keep", "bea"), of_workers),
    "continue-all": ((), replace),
    "deregister": (("gone",), of_absent),
    "destroy": (("ada",), replace),
    "dismiss": ((BOB,), replace),
    "export": (("ada", "--format", "jsonl"), replace),
    "fan-out": (("make", "ada"), replace),
    "feed publish": (("custom", "hello"), replace),
    "findable": (("ada",), replace),
    "images build": (("golden",), replace),
    "images delete": (("golden",), replace),
    "images describe": (("golden", "for tests"), replace),
    "images patch": (("golden",), replace),
    "infra": ((), replace),
    "model": (("ada", "m1"), replace),
    "modes": (("ada", "--steering", "all"), replace),
    "pause": (("ada", "--now"), replace),
    "plan create": ((PLAN,), replace),
    "plan hold": (("p",), of_plan),
    "plan run": (("p", "--at-once", "2"), of_plan),
    "plan step": (("p",), partial(of_plan, held=True)),
    "plan take": (("p", "Task 1"), of_plan),
    "questions answer": (("N1", "take 8080"), of_owed),
    "questions settle": (("N1",), of_owed),
    "snooze": ((id_of("owed:note:T1:N1"),), of_owed),
    "queue": (("ada", "--clear"), of_waiting),
    "journal": (("calm", "--mood", "good"), replace),
    "ledger record": ((COMMIT, ADA), replace),
    "ledger strike": ((COMMIT,), replace),
    "log": (("began",), replace),
    "registry register": (("v", "--name", "n", "--address", "a"), replace),
    "registry remove": (("v",), replace),
    "reports delete": (("01REPORT",), replace),
    "reports revoke": (("01LINK",), replace),
    "reports share": (("01REPORT", "--for", "3d"), replace),
    "skills disable": (("triage",), replace),
    "skills enable": (("handoff",), replace),
    "skills publish": (("skills/triage",), replace),
    "skills remove": (("triage",), replace),
    "skills sync": (("ada",), replace),
    "permissions": (("ada", "plan"), replace),
    "relaunch": (("ada",), of_dead),
    "rename": (("ada", "ann"), replace),
    "repositories delete": (("images",), replace),
    "repositories new": (("others",), replace),
    "repositories show": (("images",), replace),
    "restore": (("gone", "--in-place", "ada"), replace),
    "resume": (("ada",), replace),
    "retries": (("ada", "off"), replace),
    "retry": (("ada", "again"), of_checkpoint),
    "session": (("ada", "new"), replace),
    "spawn": (("w", "--agent", "scripted", "--count", "2", "--task", "go"), replace),
    "stop-all": ((), replace),
    "teardown": (("--all",), of_workers),
    "thinking": (("ada", "high"), replace),
    "trust-host-key": (("ada",), of_refused_key),
    "undo": (("gone",), replace),
    "vm env": (("A=1",), replace),
    "vm label": ((ADA, "team=a"), replace),
    "vm new": ((), replace),
    "vm size": ((ADA, "--disk", "20G"), replace),
}
"""What is typed behind each verb that changes something on a fleet, and the fleet it fits to."""


def rehearse(
    verb: str, engine: HeadlessDouble, monkeypatch: pytest.MonkeyPatch, *words: str, as_json: bool = False
) -> int:
    """Type a verb with `--dry-run` over a fleet."""
    monkeypatch.setattr(main, "application", BUILT)
    monkeypatch.setattr(headless, "Headless", lambda root, config: HeadlessOnDouble(engine))
    engine.golden.known = (GoldenImage(COMMIT, "golden", 1.0),)
    engine.coordination.desk.arrangement = Arrangement(filters=(SavedFilter("mine", "bird"),))
    engine.output.records[RUNNING.id] = []
    monkeypatch.setattr(engine, "platform", Kept())
    models, levels = (ModelChoice("mock", "m1"),), ("off", "high")
    engine.inquiries.answers = {(RUNNING.id, MODELS.name): models, (RUNNING.id, LEVELS.name): levels}
    return main.run([*verb.split(), *words, "--dry-run", *(["--json"] if as_json else [])])


@pytest.mark.parametrize(
    "verb", sorted(set(dict(declared())) - LOOKS_ONLY - SAID.keys() - SCREENS.keys() - REHEARSED_ELSEWHERE)
)
def test_a_dry_run_says_what_it_would_do_and_orders_nothing(
    verb: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    words, fitting = REHEARSALS[verb]
    engine = HeadlessDouble(fitting(FLEET))
    code = rehearse(verb, engine, monkeypatch, *words, as_json=True)
    said = capfd.readouterr()
    assert code == ExitCode.DONE, said.err
    assert json.loads(said.out) is not None
    assert rehearse(verb, engine, monkeypatch, *words) == ExitCode.DONE
    typed = capfd.readouterr()
    assert typed.out.strip() or typed.err.strip()
    assert engine.ordered == []


@pytest.mark.parametrize(
    ("verb", "words", "code"),
    [
        ("vm label", ("nobody", "a=b"), ExitCode.NO_SUCH),
        ("commits untag", ("nothing",), ExitCode.NO_SUCH),
        ("relaunch", ("ada",), ExitCode.FAILED),
        ("resume", ("ada",), ExitCode.DONE),
    ],
)
def test_a_dry_run_is_refused_as_the_act_is(
    verb: str, words: tuple[str, ...], code: ExitCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rehearse(verb, HeadlessDouble(FLEET), monkeypatch, *words) == code


@pytest.mark.parametrize("more", [(), ("--count", "2")])
def test_a_rehearsed_spawn_says_which_kind_it_takes_unasked_and_why(
    more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def said(*words: str) -> list[tuple[str | None, str | None]]:
        assert rehearse("spawn", HeadlessDouble(FLEET), monkeypatch, *words, as_json=True) == ExitCode.DONE
        told = json.loads(capfd.readouterr().out)
        return [(one["program"], one["unasked"]) for one in told.get("workers", [told])]

    assert set(said("w", *more)) == {("pi", "pi, as the double has it")}
    assert set(said("w", "--agent", "scripted", *more)) == {("scripted", None)}
