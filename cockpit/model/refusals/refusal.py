"""Why a command is refused: pure rules over a snapshot of the fleet, each with a code beside its sentence."""

from __future__ import annotations

from cockpit.model.commands.agent import AgentCommand
from cockpit.model.commands.board import BoardCommand, HandOverTask
from cockpit.model.commands.command import Command, FleetCommand
from cockpit.model.commands.feed import PublishEvent
from cockpit.model.commands.images import DeleteImage, ImageCommand
from cockpit.model.commands.inbox import InboxCommand
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
from cockpit.model.commands.owed import OwedCommand
from cockpit.model.commands.plan import PlanCommand
from cockpit.model.commands.ports import PortCommand
from cockpit.model.commands.queue import QueueCommand
from cockpit.model.commands.shared import SharedCommand
from cockpit.model.commands.swarm import BestOf, ContinueAll, FanOut, StopAll, Teardown
from cockpit.model.commands.usage import UsageCommand
from cockpit.model.commands.vm import Branch, Checkpoint, Commit, Pause, Resume, Retry, TrustHostKey
from cockpit.model.commands.work import WorkCommand
from cockpit.model.fleet import Fleet
from cockpit.model.platform import DeleteCommit, MakeInfra, PlatformCommand, Resize, SetLabels, refusal_of
from cockpit.model.refusals.agent import of_relaunch, of_text, to_agent
from cockpit.model.refusals.board import NO_BOARD, of_hand_over, to_board
from cockpit.model.refusals.family import of_copies
from cockpit.model.refusals.feed import NO_FEED, to_feed
from cockpit.model.refusals.grounds import READ_ONLY, Facilities, Refusal, RefusalCode
from cockpit.model.refusals.identity import of_deregister, of_dismiss, of_findable, of_recall, of_rename
from cockpit.model.refusals.images import of_image
from cockpit.model.refusals.inbox import of_inbox
from cockpit.model.refusals.kept import of_checkpoint, of_conversation, of_deletion, of_undo
from cockpit.model.refusals.names import name_fault
from cockpit.model.refusals.owed import of_owed
from cockpit.model.refusals.plan import of_plan
from cockpit.model.refusals.ports import of_ports
from cockpit.model.refusals.queue import to_queue
from cockpit.model.refusals.shared import NO_SERVICES, to_services
from cockpit.model.refusals.sources import of_source
from cockpit.model.refusals.spawn import of_adopt, of_spawn
from cockpit.model.refusals.usage import of_usage
from cockpit.model.refusals.vm import of_trust, to_vm
from cockpit.model.refusals.work import to_workspace
from cockpit.model.sendable import unsendable_part
from cockpit.model.swarm import to_many


def refusal(command: Command, fleet: Fleet, facilities: Facilities) -> Refusal | None:
    """Return why a command would be refused now, or None."""
    if fleet.read_only:
        return READ_ONLY
    if sentence := unsendable_part(command):
        return Refusal(RefusalCode.UNSENDABLE, sentence)
    if unknown := of_source(command, fleet):
        return unknown
    if isinstance(command, DeleteCommit | DeleteImage):
        commit = command.commit if isinstance(command, DeleteCommit) else command.image
        if (kept := of_deletion(commit, fleet, facilities.golden_image)) is not None:
            return kept
    if isinstance(command, AgentCommand):
        return to_agent(command, fleet)
    if isinstance(command, QueueCommand):
        return to_queue(command, fleet)
    if isinstance(command, WorkCommand):
        return to_workspace(command, fleet)
    if isinstance(command, ImageCommand):
        return of_image(command)
    if isinstance(command, HandOverTask):
        return of_hand_over(command, fleet) if facilities.has_board else NO_BOARD
    if isinstance(command, BoardCommand):
        return to_board(command, fleet) if facilities.has_board else NO_BOARD
    if isinstance(command, PlanCommand):
        return of_plan(command, fleet) if facilities.has_board else NO_BOARD
    if isinstance(command, OwedCommand):
        return of_owed(command, fleet)
    if isinstance(command, InboxCommand):
        return of_inbox(command, fleet)
    if isinstance(command, PublishEvent):
        return to_feed(command) if facilities.has_board else NO_FEED
    if isinstance(command, SharedCommand):
        return to_services(command, fleet) if facilities.has_board else NO_SERVICES
    if isinstance(command, MakeInfra) and facilities.no_infra is not None:
        return facilities.no_infra
    if isinstance(command, PlatformCommand):
        return to_vm(command, fleet) if isinstance(command, Resize | SetLabels) else refusal_of(command)
    if isinstance(command, UsageCommand):
        return of_usage(command, fleet)
    if isinstance(command, PortCommand):
        return of_ports(command, fleet, facilities.routed_ports)
    return to_fleet(command, fleet, facilities)


def to_fleet(command: FleetCommand, fleet: Fleet, facilities: Facilities) -> Refusal | None:
    match command:
        case Spawn():
            return of_spawn(command, fleet, facilities)
        case Adopt():
            return of_adopt(command, fleet)
        case Rename():
            return of_rename(command, fleet, facilities)
        case SetFindable():
            return of_findable(command, fleet)
        case Relaunch():
            return of_relaunch(command, fleet)
        case Branch():
            return to_vm(command, fleet) or of_copies(command, fleet, facilities)
        case Pause() | Resume() | Destroy() | Commit():
            return to_vm(command, fleet)
        case BestOf(vm=vm, texts=texts):
            copied = to_many(command, fleet) or to_vm(Branch(vm, len(texts)), fleet)
            kept = of_conversation(vm, fleet, "its copies would begin anew")
            return copied or kept or of_copies(command, fleet, facilities)
        case FanOut() | Teardown() | StopAll() | ContinueAll():
            return to_many(command, fleet)
        case Undo(commit=commit):
            return of_undo(commit, fleet)
        case Restore(name=name, instead=instead):
            refused = to_vm(Destroy(instead), fleet) if instead is not None else None
            return refused or (name_fault(name, fleet) if name else None)
        case Dismiss():
            return of_dismiss(command, fleet)
        case Recall():
            return of_recall(command, fleet)
        case Deregister():
            return of_deregister(command, fleet)
        case TrustHostKey():
            return of_trust(command, fleet)
        case Checkpoint() | Retry():
            back = of_checkpoint(command, fleet) if isinstance(command, Retry) else None
            back = back or of_conversation(command.vm, fleet, "brought back from a commit, it would begin anew")
            return back or to_vm(Commit(command.vm), fleet) or of_text(command, fleet)
