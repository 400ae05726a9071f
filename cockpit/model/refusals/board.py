"""Why a command about the board is refused."""

from __future__ import annotations

from cockpit.model.board import ARTIFACT_KINDS, NOTE_KINDS, TASK_STATUSES
from cockpit.model.commands.board import (
    AddArtifacts,
    ApproveTask,
    BoardCommand,
    CreateTask,
    EditTask,
    HandOverTask,
    MoveTask,
    NoteTask,
    RejectTask,
    SubmitTask,
)
from cockpit.model.fleet import Fleet, is_at_work
from cockpit.model.refusals.agent import unreachable
from cockpit.model.refusals.grounds import NO_AGENT, Refusal, RefusalCode

NO_BOARD = Refusal(
    RefusalCode.NO_BOARD,
    "no board is configured: `cockpit infra` makes one, or set VERS_INFRA_URL and VERS_AUTH_TOKEN",
)


NO_TASK = Refusal(RefusalCode.NO_TASK, "there is no such task")


def of_hand_over(command: HandOverTask, fleet: Fleet) -> Refusal | None:
    task = next((task for task in fleet.tasks if task.id == command.task), None)
    if task is None:
        return NO_TASK
    agent = fleet.agent(command.agent)
    if agent is None:
        return NO_AGENT
    if task.status == "done":
        return Refusal(RefusalCode.ALREADY, "it is done already")
    if task.status == "in_progress" and task.assignee == agent.name and is_at_work(agent):
        return Refusal(RefusalCode.ALREADY, f"{agent.name} has it, and works")
    return unreachable(agent, fleet)


def to_board(command: BoardCommand, fleet: Fleet) -> Refusal | None:
    if isinstance(command, CreateTask):
        return _of_new(command)
    task = next((task for task in fleet.tasks if task.id == command.task), None)
    if task is None:
        return NO_TASK
    match command:
        case MoveTask(status=status):
            return _of_column(status) or _already(status == task.status, task.status)
        case NoteTask(content=content, kind=kind):
            return _of_note(content, kind)
        case EditTask():
            return _of_edit(command)
        case SubmitTask(summary=summary, artifacts=artifacts):
            return _of_text(summary, "a review needs a summary") or _of_artifacts(artifacts)
        case ApproveTask():
            return _already(task.status == "done", task.status)
        case RejectTask(reason=reason):
            return _of_text(reason, "who is to do it again needs a reason")
        case AddArtifacts(artifacts=artifacts):
            return _of_artifacts(artifacts) or (
                None if artifacts else Refusal(RefusalCode.NO_TEXT, "no artifact is given")
            )
    return None


def _of_new(command: CreateTask) -> Refusal | None:
    if command.status and (refused := _of_column(command.status)):
        return refused
    return _of_text(command.title, "a task needs a title")


def _of_edit(command: EditTask) -> Refusal | None:
    before, after = command.before, command.after
    if refused := _of_text(after.title, "a task needs a title"):
        return refused
    if after.status != before.status and (refused := _of_column(after.status)):
        return refused
    if command.note.strip() and (refused := _of_note(command.note, command.note_kind)):
        return refused
    unchanged = before == after and not command.note.strip()
    return Refusal(RefusalCode.ALREADY, "nothing of it is changed") if unchanged else None


def _of_text(text: str, sentence: str) -> Refusal | None:
    return None if text.strip() else Refusal(RefusalCode.NO_TEXT, sentence)


def _of_column(status: str) -> Refusal | None:
    return None if status in TASK_STATUSES else Refusal(RefusalCode.NO_COLUMN, f"there is no column {status!r}")


def _already(so: bool, status: str) -> Refusal | None:
    return Refusal(RefusalCode.ALREADY, f"it is {status.replace('_', ' ')} already") if so else None


def _of_note(content: str, kind: str) -> Refusal | None:
    if kind not in NOTE_KINDS:
        return Refusal(RefusalCode.NO_COLUMN, f"there are no notes of type {kind!r}: {', '.join(NOTE_KINDS)}")
    return _of_text(content, "a note needs a text")


def _of_artifacts(artifacts: tuple[tuple[str, str, str], ...]) -> Refusal | None:
    for kind, label, url in artifacts:
        if kind not in ARTIFACT_KINDS:
            return Refusal(
                RefusalCode.NO_COLUMN, f"there are no artifacts of type {kind!r}: {', '.join(ARTIFACT_KINDS)}"
            )
        if not label.strip() or not url.strip():
            return Refusal(RefusalCode.NO_TEXT, "an artifact needs a label and an address, a branch or a path")
    return None
