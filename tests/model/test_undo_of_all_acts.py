"""Of each act it is said whether it can be undone: by which order, or why it cannot."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import get_args

import pytest

from cockpit.model.board import Task, TaskContent
from cockpit.model.commands.board import AssignTask, EditTask, MoveTask
from cockpit.model.commands.command import Command
from cockpit.model.commands.conversation import (
    CloneSession,
    ForkSession,
    NameSession,
    NewSession,
    SetModel,
    SetThinking,
    SwitchSession,
)
from cockpit.model.commands.inbox import PutOffEntry, TakeBackEntry
from cockpit.model.commands.life import Dismiss, Recall, Rename, SetFindable
from cockpit.model.commands.owed import ReopenOwed, SettleOwed
from cockpit.model.commands.plan import HoldPlan, RunPlan, TakePlanned
from cockpit.model.commands.ports import EndBridge, EndForward, OpenBridge, OpenForward
from cockpit.model.commands.shared import EnableItem
from cockpit.model.commands.usage import BudgetAct, ChangeBudget, PauseIdle
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.content import Usage
from cockpit.model.fleet import Agent, AgentKind, Conversation, Fleet, Vm
from cockpit.model.ids import CommitId, TaskId, VmId, agent_of
from cockpit.model.inbox.shelf import PutOff, Shelved
from cockpit.model.owed import Owed, OwedKind
from cockpit.model.plan.marks import HEAD, HELD, PLAN
from cockpit.model.platform import TagCommit, Untag
from cockpit.model.ports import PortForward
from cockpit.model.refusals.shared import to_services
from cockpit.model.shared.skills import SharedItem, SharedKind
from cockpit.model.undoing import undoable_of
from cockpit.model.usage.spending import Spending
from cockpit.model.usage.standing import BudgetRecord, Limit, Standing

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
ADA = agent_of(VM)
TASK = Task(TaskId("T1"), "Limiter", "open", "w-1")
ITEM = SharedItem(SharedKind.SKILL, "lint", 1, "d", "c", "ada", 0.0, 0.0)
OFF = Shelved("k", PutOff.HOUR, "m", 1.0, 2.0, "ada failed")
LIMIT = Limit(cost=2.0)
FLEET = Fleet(
    vms=(Vm(VM),),
    agents=(
        Agent(
            ADA,
            "ada",
            AgentKind.LIEUTENANT,
            VM,
            role="docs",
            labels=("x",),
            model="opus",
            provider="anthropic",
            thinking="low",
            conversation=Conversation("c", "first", "/root/first.jsonl"),
        ),
    ),
    tasks=(TASK, Task(TaskId("P"), "release", "in_progress", tags=(HEAD, f"{PLAN}release", HELD))),
    owed=(Owed("note:T1:N1", OwedKind.QUESTION, "ada", "Which?", 1.0),),
    shelved=(OFF,),
    forwards=(PortForward(VM, "ada", 80, 8080),),
    spending=Spending(budgets=(Standing("fleet", "fleet", LIMIT, Usage(), (), record=BudgetRecord("fleet", LIMIT)),)),
)
BEFORE, AFTER = TaskContent("Limiter"), TaskContent("The limiter")

UNDONE: list[tuple[Command, Command]] = [
    (Pause(VM), Resume(VM)),
    (PauseIdle(VM, 60.0), Resume(VM)),
    (Resume(VM), Pause(VM)),
    (MoveTask(TASK.id, "done"), MoveTask(TASK.id, "open", "done")),
    (AssignTask(TASK.id, "ada"), AssignTask(TASK.id, "w-1", "ada")),
    (EditTask(TASK.id, BEFORE, AFTER), EditTask(TASK.id, AFTER, BEFORE)),
    (PutOffEntry("k", "m", PutOff.MUTE, "ada failed"), TakeBackEntry("k")),
    (TakeBackEntry("k"), PutOffEntry("k", "m", PutOff.HOUR, "ada failed")),
    (Dismiss(VM), Recall(VM)),
    (Recall(VM), Dismiss(VM)),
    (SettleOwed("note:T1:N1"), ReopenOwed("note:T1:N1")),
    (ReopenOwed("note:T1:N1"), SettleOwed("note:T1:N1")),
    (Rename(ADA, "eve", "docs", ("x",)), Rename(ADA, "ada", "docs", ("x",))),
    (SetFindable(ADA, findable=True), SetFindable(ADA, findable=False)),
    (SetModel(ADA, "openai", "o9"), SetModel(ADA, "anthropic", "opus")),
    (SetThinking(ADA, "high"), SetThinking(ADA, "low")),
    (NameSession(ADA, "second"), NameSession(ADA, "first")),
    *((act, SwitchSession(ADA, "/root/first.jsonl")) for act in (NewSession(ADA), CloneSession(ADA))),
    (SwitchSession(ADA, "/root/other.jsonl"), SwitchSession(ADA, "/root/first.jsonl")),
    (ForkSession(ADA, "e1"), SwitchSession(ADA, "/root/first.jsonl")),
    (RunPlan("release"), HoldPlan("release")),
    (HoldPlan("release", "b"), RunPlan("release", source="b")),
    (TakePlanned(TASK.id), TakePlanned(TASK.id, back=True)),
    (EnableItem(ITEM, enabled=False), EnableItem(replace(ITEM, enabled=False), enabled=True)),
    (ChangeBudget("fleet", BudgetAct.SET, Limit(cost=9.0)), ChangeBudget("fleet", BudgetAct.SET, LIMIT)),
    (TagCommit(CommitId("c"), "golden"), Untag("golden")),
    (OpenForward(VM, 80, 8081), EndForward(VM, 8081)),
    (OpenForward(VM, 81), EndForward(VM, 0, 81)),
    (EndForward(VM, 8080), OpenForward(VM, 80, 8080)),
    (EndForward(VM, 0, 80), OpenForward(VM, 80, 8080)),
    (OpenBridge(VM, 80), EndBridge(VM, 80)),
    (EndBridge(VM, 80), OpenBridge(VM, 80)),
]

READ = "the agent may have read it: its queue can be changed as long as it waits"
ADDS = "it adds and changes nothing; what was made has its own end, which asks"
FORMER = "what it was before is not in the snapshot, and a guess would overwrite what others set"
GONE = "nothing has it any more; its dialog said so before"
KEPT = "a commit is kept: `u` brings the agent back from it"

STAYS: dict[str, str] = {
    **dict.fromkeys(("Prompt", "Steer", "FollowUp", "Abort", "Answer", "ResumeAndSend", "ContinueLimited"), READ),
    **dict.fromkeys(("RunShell", "RunShellAside", "AbortShell", "CompactContext", "AbortRetry", "FanOut"), READ),
    **dict.fromkeys(("HandOverTask", "AnswerOwed", "StopAll", "ContinueAll", "BestOf", "StepPlan"), READ),
    **dict.fromkeys(("ClearQueue", "ChangeQueue"), "what is taken out comes back into the composer"),
    **dict.fromkeys(("SetAutoCompaction", "SetAutoRetry", "SetQueueMode", "DescribeImage"), FORMER),
    **dict.fromkeys(("SetLabels", "ChangeCommit", "ChangeRepository", "SetVariables", "Untag", "SyncItems"), FORMER),
    **dict.fromkeys(("Spawn", "Adopt", "Relaunch", "Undo", "Restore", "Commit", "Branch", "Checkpoint"), ADDS),
    **dict.fromkeys(("CreateTask", "CreatePlan", "NoteTask", "AddArtifacts", "BumpTask", "PublishEvent"), ADDS),
    **dict.fromkeys(("PublishItem", "WriteLog", "WriteJournal", "WriteReport", "ShareReport", "RecordCommit"), ADDS),
    **dict.fromkeys(("RegisterEntry", "NewVm", "MakeInfra", "BuildImage", "ExportPage", "BeginTask"), ADDS),
    **dict.fromkeys(("SubmitTask", "ApproveTask", "RejectTask"), "its note stays: the task is moved back by hand"),
    **dict.fromkeys(("Destroy", "Retry", "Teardown"), KEPT),
    **dict.fromkeys(("DeleteTask", "DeleteImage", "DeleteCommit", "DeleteReport", "RevokeShare", "RemoveItem"), GONE),
    **dict.fromkeys(("RemoveEntry", "StrikeCommit", "Deregister", "TrustHostKey"), GONE),
    "SetPermissionMode": "what an agent may do unasked is widened by its own question alone",
    "Resize": "a disk grows and never shrinks",
    "RestoreFiles": "what the files were is kept as a state, and restored from the list of states",
    "FreezeForBudget": "the cockpit does it by itself; the budget's own dialog asks what becomes of it",
}


def acts(kinds: object) -> set[str]:
    """Return the names of the kinds of a union of unions."""
    inner = get_args(kinds)
    return set(chain.from_iterable(map(acts, inner))) if inner else {kinds.__name__}  # type: ignore[attr-defined]


def test_every_act_of_the_engine_has_an_undo_or_a_reason_why_not() -> None:
    undone = {type(command).__name__ for command, _ in UNDONE}
    assert undone | STAYS.keys() == acts(Command)
    assert not undone & STAYS.keys()


@pytest.mark.parametrize(("command", "back"), UNDONE, ids=lambda one: type(one).__name__)
def test_it_is_undone_by_the_order_that_makes_it_as_it_was(command: Command, back: Command) -> None:
    undoable = undoable_of(command, FLEET)
    assert undoable is not None and undoable.back == back
    assert undoable.said and "\n" not in undoable.said


@pytest.mark.parametrize(
    "command",
    [
        Rename(ADA, "ada", "docs", ("x",)),
        SetFindable(ADA, findable=False),
        SetModel(ADA, "anthropic", "opus"),
        SetThinking(ADA, "low"),
        EnableItem(ITEM, enabled=True),
        OpenForward(VM, 80),
        EndForward(VM, 1),
        TagCommit(CommitId("c"), "golden", move=True),
        EditTask(TASK.id, BEFORE, BEFORE),
        TakeBackEntry("other"),
        SettleOwed("other"),
        ChangeBudget("family:x", BudgetAct.REMOVE),
        RunPlan("other"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_changes_nothing_or_is_not_known_is_not_offered(command: Command) -> None:
    assert undoable_of(command, FLEET) is None


@pytest.mark.parametrize("enabled", [True, False])
def test_what_was_switched_is_not_said_to_be_switched_already_when_it_is_switched_back(enabled: bool) -> None:
    switched = undoable_of(EnableItem(replace(ITEM, enabled=not enabled), enabled), FLEET)
    assert switched is not None and isinstance(switched.back, EnableItem)
    assert to_services(switched.back, FLEET) is None


def test_of_an_agent_that_said_nothing_no_setting_is_guessed() -> None:
    silent = replace(FLEET, agents=(Agent(ADA, "ada", AgentKind.LIEUTENANT, VM),))
    for command in (SetModel(ADA, "a", "b"), SetThinking(ADA, "high"), NewSession(ADA), NameSession(ADA, "n")):
        assert undoable_of(command, silent) is None
        assert undoable_of(command, Fleet()) is None
