"""Commands in words: how receipts and the audit name them, their texts and their targets."""

from __future__ import annotations

from cockpit.model.ages import span_text
from cockpit.model.commands.agent import Abort, Answer, ClearQueue, FollowUp, Prompt, Steer, TextCommand
from cockpit.model.commands.board import (
    AddArtifacts,
    ApproveTask,
    AssignTask,
    BoardCommand,
    BumpTask,
    CreateTask,
    DeleteTask,
    EditTask,
    HandOverTask,
    MoveTask,
    NoteTask,
    RejectTask,
    SubmitTask,
)
from cockpit.model.commands.command import Command
from cockpit.model.commands.conversation import CONVERSATION_VERBS, ConversationCommand, conversation_text
from cockpit.model.commands.feed import PublishEvent
from cockpit.model.commands.images import BuildImage, DeleteImage, DescribeImage
from cockpit.model.commands.inbox import PutOffEntry, TakeBackEntry
from cockpit.model.commands.life import (
    Adopt,
    Deregister,
    Destroy,
    Dismiss,
    Recall,
    Relaunch,
    Rename,
    Restore,
    SetFindable,
    Spawn,
    Undo,
)
from cockpit.model.commands.owed import AnswerOwed, ReopenOwed, SettleOwed
from cockpit.model.commands.plan import CreatePlan, HoldPlan, RunPlan, StepPlan, TakePlanned
from cockpit.model.commands.ports import EndBridge, EndForward, OpenBridge, OpenForward
from cockpit.model.commands.queue import ChangeQueue
from cockpit.model.commands.shared import SHARED_VERBS, PlacedCommand, shared_words
from cockpit.model.commands.swarm import BestOf, ContinueAll, FanOut, StopAll, Teardown
from cockpit.model.commands.usage import (
    ChangeBudget,
    ContinueLimited,
    FreezeForBudget,
    PauseIdle,
    ResumeAndSend,
    words_of_limit,
)
from cockpit.model.commands.vm import Branch, Checkpoint, Commit, Pause, Resume, Retry, TrustHostKey
from cockpit.model.commands.work import BeginTask, RestoreFiles
from cockpit.model.fleet import Fleet
from cockpit.model.ids import AgentId
from cockpit.model.names import INFRA, vm_called
from cockpit.model.platform import (
    ChangeCommit,
    ChangeRepository,
    DeleteCommit,
    MakeInfra,
    NewVm,
    PlatformCommand,
    Resize,
    SetLabels,
    SetVariables,
    TagCommit,
    Untag,
    words_of,
)
from cockpit.model.usage.standing import subject_of

VERBS: dict[type[object], str] = {
    Prompt: "prompt",
    Steer: "steer",
    FollowUp: "follow-up",
    Abort: "abort",
    Answer: "answer",
    ClearQueue: "clear queue",
    ChangeQueue: "change queue",
    Spawn: "spawn",
    Adopt: "adopt",
    Relaunch: "relaunch",
    Rename: "rename",
    SetFindable: "findable",
    Pause: "pause",
    Resume: "resume",
    Destroy: "destroy",
    Undo: "undo",
    Checkpoint: "checkpoint",
    Retry: "retry",
    Restore: "restore",
    Dismiss: "dismiss",
    Recall: "recall",
    Deregister: "deregister",
    TrustHostKey: "trust host key",
    Commit: "commit",
    Branch: "branch",
    BestOf: "best of",
    FanOut: "fan out",
    Teardown: "teardown",
    StopAll: "stop all",
    ContinueAll: "continue all",
    BuildImage: "build image",
    DescribeImage: "describe image",
    DeleteImage: "delete image",
    MakeInfra: INFRA,
    NewVm: "new VM",
    Resize: "resize",
    SetLabels: "label",
    ChangeCommit: "change commit",
    DeleteCommit: "delete commit",
    TagCommit: "tag commit",
    Untag: "remove tag",
    ChangeRepository: "change repository",
    SetVariables: "set variables",
    OpenForward: "forward",
    EndForward: "end forward",
    OpenBridge: "bridge",
    EndBridge: "end bridge",
    RestoreFiles: "restore files",
    BeginTask: "begin task",
    CreateTask: "create task",
    MoveTask: "move task",
    AssignTask: "assign task",
    HandOverTask: "hand over",
    NoteTask: "note task",
    CreatePlan: "create plan",
    RunPlan: "run plan",
    HoldPlan: "hold plan",
    StepPlan: "step plan",
    TakePlanned: "take task",
    AnswerOwed: "reply",
    SettleOwed: "settle",
    ReopenOwed: "reopen",
    PutOffEntry: "put off",
    TakeBackEntry: "take back",
    EditTask: "edit task",
    DeleteTask: "delete task",
    BumpTask: "bump task",
    SubmitTask: "submit task",
    ApproveTask: "approve task",
    RejectTask: "reject task",
    AddArtifacts: "add artifacts",
    PublishEvent: "publish",
    ChangeBudget: "budget",
    FreezeForBudget: "freeze for budget",
    PauseIdle: "pause idle",
    ResumeAndSend: "resume and send",
    ContinueLimited: "go on",
    **CONVERSATION_VERBS,
    **SHARED_VERBS,
}
"""The word receipts and the audit use for each kind of command."""


def text_of(command: Command) -> str:
    """Return what a receipt shows of a command."""
    if isinstance(command, PlatformCommand):
        return words_of(command)[1]
    if isinstance(command, PlacedCommand):
        return shared_words(command)[1]
    if isinstance(command, ConversationCommand):
        return conversation_text(command)
    match command:
        case (
            Prompt(text=text) | Steer(text=text) | FollowUp(text=text) | NoteTask(content=text) | ChangeQueue(text=text)
        ):
            return text
        case Answer(reason=reason) if reason:
            return f"no: {reason}"
        case Answer(cancelled=True):
            return "cancelled"
        case Answer(value=None, confirmed=confirmed):
            return "yes" if confirmed else "no"
        case Answer(value=value):
            return value or ""
        case (
            Spawn(name=text)
            | Adopt(name=text)
            | BuildImage(name=text)
            | DescribeImage(description=text)
            | Rename(name=text)
            | CreateTask(title=text)
            | MoveTask(status=text)
            | AssignTask(assignee=text)
            | HandOverTask(task=text)
            | SubmitTask(summary=text)
            | ApproveTask(comment=text)
            | RejectTask(reason=text)
            | EditTask(note=text)
            | PublishEvent(summary=text)
        ):
            return text
        case AnswerOwed(text=text) | PutOffEntry(sentence=text):
            return text
        case ChangeBudget(act=act, limit=limit):
            return f"{act.value} {words_of_limit(limit)}".rstrip()
        case FreezeForBudget(why=text) | ContinueLimited(cause=text):
            return text
        case PauseIdle(idle=idle):
            return f"idle for {span_text(idle)}"
        case BestOf(texts=texts):
            return "\n".join(texts)
        case Checkpoint(then=then) | Retry(then=then) | ResumeAndSend(then=then):
            return text_of(then)
        case OpenForward(port=port) | OpenBridge(port=port) | EndBridge(port=port):
            return f"{port}"
        case EndForward(local=local, port=port):
            return f"{local or port}"
        case FanOut(text=text) | Commit(name=text) | TrustHostKey(key=text) | RestoreFiles(snapshot=text):
            return text
        case _:
            return ""


def images_of(command: Command) -> tuple[str, ...]:
    """Return the images that go with a command's text, as they were named."""
    if isinstance(command, Checkpoint | Retry | ResumeAndSend):
        return images_of(command.then)
    return command.images if isinstance(command, TextCommand) else ()


def target_of(command: Command, fleet: Fleet) -> tuple[AgentId | None, str]:
    """Return the agent a command is about, if it is about one, and how its target is named to people."""
    if isinstance(command, PlatformCommand) and not isinstance(command, Resize | SetLabels):
        return None, words_of(command)[0]
    if isinstance(command, PlacedCommand):
        return None, shared_words(command)[0]
    match command:
        case Spawn(name=name) | Adopt(name=name) | BuildImage(name=name):
            return None, name
        case DescribeImage(image=image) | DeleteImage(image=image):
            return None, image
        case CreateTask(title=title):
            return None, title
        case PublishEvent(kind=kind):
            return None, kind
        case ChangeBudget(scope=scope) | FreezeForBudget(scope=scope):
            subject = subject_of(scope)
            known = fleet.agent(subject) if subject is not None else None
            return subject if known is not None else None, known.name if known is not None else scope
        case FanOut(agents=agents) | ContinueLimited(agents=agents):
            return None, f"{len(agents)} agent{'' if len(agents) == 1 else 's'}"
        case Teardown(vms=vms) | StopAll(vms=vms) | ContinueAll(vms=vms):
            return None, f"{len(vms)} VM{'' if len(vms) == 1 else 's'}"
        case Undo(commit=commit) | Restore(commit=commit):
            kept = next((kept for kept in fleet.kept if kept.commit == commit), None)
            return None, kept.name if kept is not None else commit
        case AnswerOwed(key=key) | SettleOwed(key=key) | ReopenOwed(key=key):
            owed = next((one for one in fleet.owed if one.key == key), None)
            return None, owed.asker if owed is not None else key
        case PutOffEntry(key=key) | TakeBackEntry(key=key):
            return None, key
        case CreatePlan(plan=plan):
            return None, plan.name
        case RunPlan(name=name) | HoldPlan(name=name) | StepPlan(name=name):
            return None, name
        case TakePlanned(task=task):
            return None, task
        case _ if isinstance(command, BoardCommand):
            return None, command.task
        case (
            Pause(vm=vm)
            | Checkpoint(vm=vm)
            | PauseIdle(vm=vm)
            | ResumeAndSend(vm=vm)
            | Retry(vm=vm)
            | Resume(vm=vm)
            | Destroy(vm=vm)
            | Dismiss(vm=vm)
            | Recall(vm=vm)
            | Deregister(vm=vm)
            | TrustHostKey(vm=vm)
            | Commit(vm=vm)
            | Branch(vm=vm)
            | Resize(vm=vm)
            | SetLabels(vm=vm)
            | BestOf(vm=vm)
            | OpenForward(vm=vm)
            | EndForward(vm=vm)
            | OpenBridge(vm=vm)
            | EndBridge(vm=vm)
        ):
            agent = fleet.agent_on(vm)
            return (agent.id, agent.name) if agent else (None, vm_called(vm, (), fleet.vms))
        case _:
            agent = fleet.agent(command.agent)
            return command.agent, agent.name if agent else command.agent
