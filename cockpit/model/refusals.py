"""Why a command is refused: pure rules over a snapshot of the fleet, each with a code beside its sentence."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.board import TASK_STATUSES
from cockpit.model.claims import ClaimedBy
from cockpit.model.colours import COLOURS
from cockpit.model.commands import (
    Adopt,
    AgentCommand,
    Answer,
    BestOf,
    BoardCommand,
    Branch,
    BuildImage,
    Checkpoint,
    Command,
    Commit,
    ContinueAll,
    CreateTask,
    DeleteImage,
    Deregister,
    Destroy,
    Dismiss,
    FanOut,
    FleetCommand,
    FollowUp,
    ImageCommand,
    MoveTask,
    NoteTask,
    Pause,
    Prompt,
    Relaunch,
    Rename,
    Restore,
    Resume,
    Retry,
    SetFindable,
    Spawn,
    Steer,
    StopAll,
    Teardown,
    TrustHostKey,
    Undo,
)
from cockpit.model.dismissal import evidence
from cockpit.model.family import family_fault
from cockpit.model.fleet import Agent, AgentKind, Fleet, LinkState, Power, ProcessState, is_at_work
from cockpit.model.grounds import NO_AGENT, Facilities, Refusal, RefusalCode, of_another_account
from cockpit.model.keeping import of_checkpoint, of_clean_commit, of_deletion, of_undo
from cockpit.model.names import agents_called, fault_of
from cockpit.model.platform import (
    DeleteCommit,
    MakeInfra,
    PlatformCommand,
    Resize,
    SetLabels,
    fault_of_size,
    refusal_of,
)
from cockpit.model.sendable import unsendable_part
from cockpit.model.size import disk_fault
from cockpit.model.swarm import to_many


def refusal(command: Command, fleet: Fleet, facilities: Facilities) -> Refusal | None:
    """Return why a command would be refused now, or None."""
    if sentence := unsendable_part(command):
        return Refusal(RefusalCode.UNSENDABLE, sentence)
    if isinstance(command, DeleteCommit | DeleteImage):
        commit = command.commit if isinstance(command, DeleteCommit) else command.image
        if (kept := of_deletion(commit, fleet)) is not None:
            return kept
    if isinstance(command, AgentCommand):
        return _to_agent(command, fleet)
    if isinstance(command, ImageCommand):
        return _of_image(command, facilities)
    if isinstance(command, BoardCommand):
        return _to_board(command, fleet) if facilities.has_board else NO_BOARD
    if isinstance(command, MakeInfra) and facilities.no_infra is not None:
        return facilities.no_infra
    if isinstance(command, PlatformCommand):
        return _to_vm(command, fleet) if isinstance(command, Resize | SetLabels) else refusal_of(command)
    return _to_fleet(command, fleet, facilities)


NO_BOARD = Refusal(
    RefusalCode.NO_BOARD,
    "no board is configured: `cockpit infra` makes one, or set VERS_INFRA_URL and VERS_AUTH_TOKEN",
)


def _to_agent(command: AgentCommand, fleet: Fleet) -> Refusal | None:
    agent = fleet.agent(command.agent)
    if agent is None:
        return NO_AGENT
    return _unreachable(agent, fleet) or _pointless(command, agent)


def _of_text(command: Checkpoint | Retry, fleet: Fleet) -> Refusal | None:
    if sentence := unsendable_part(command.then):
        return Refusal(RefusalCode.UNSENDABLE, sentence)
    agent = fleet.agent(command.then.agent)
    if agent is None:
        return NO_AGENT
    # Where it is sent to another VM, only the text itself can be judged now.
    return _pointless(command.then, agent) if isinstance(command, Retry) else _to_agent(command.then, fleet)


def _unreachable(agent: Agent, fleet: Fleet) -> Refusal | None:
    vm = fleet.vm(agent.vm_id)
    if vm is not None and vm.power in (Power.PAUSED, Power.SLEEPING):
        return Refusal(RefusalCode.VM_POWER, f"{agent.name}'s VM is paused: resume it first")
    if agent.process.state is ProcessState.DEAD:
        return Refusal(RefusalCode.PROCESS_DEAD, f"{agent.name}'s process is dead: relaunch it first")
    if agent.link.state not in (LinkState.UP, LinkState.SILENT):
        cause = agent.link.reason or agent.link.state.value
        return Refusal(RefusalCode.NOT_CONNECTED, f"{agent.name}'s VM is not connected: {cause}")
    return None


def _pointless(command: AgentCommand, agent: Agent) -> Refusal | None:
    match command:
        case Prompt(text=text) | Steer(text=text) | FollowUp(text=text) if not text.strip():
            return Refusal(RefusalCode.NO_TEXT, "there is no text")
        case Answer(dialog_id=dialog_id):
            if dialog_id not in {dialog.request.dialog_id for dialog in agent.activity.dialogs}:
                return Refusal(RefusalCode.QUESTION_CLOSED, "that question is no longer open")
        case _:
            pass
    return None


def _to_fleet(command: FleetCommand, fleet: Fleet, facilities: Facilities) -> Refusal | None:
    match command:
        case Spawn():
            return _of_spawn(command, fleet, facilities)
        case Adopt():
            return _of_adopt(command, fleet)
        case Rename():
            return _of_rename(command, fleet, facilities)
        case SetFindable():
            return _of_findable(command, fleet)
        case Relaunch(agent=agent_id):
            agent = fleet.agent(agent_id)
            if agent is None:
                return NO_AGENT
            scaffold = agent.process.scaffold
            cut_off = scaffold is not None and not scaffold.fifo
            dead = agent.process.state is ProcessState.DEAD or agent.process.never_started or cut_off
            return None if dead else Refusal(RefusalCode.PROCESS_ALIVE, "the agent is not dead")
        case Pause() | Resume() | Destroy() | Commit() | Branch():
            return _to_vm(command, fleet)
        case BestOf(vm=vm, texts=texts):
            return to_many(command, fleet) or _to_vm(Branch(vm, len(texts)), fleet)
        case FanOut() | Teardown() | StopAll() | ContinueAll():
            return to_many(command, fleet)
        case Undo(commit=commit):
            return of_undo(commit, fleet)
        case Restore(name=name, instead=instead):
            refused = _to_vm(Destroy(instead), fleet) if instead is not None else None
            return refused or (_fault(name, fleet) if name else None)
        case Dismiss():
            return _of_dismiss(command, fleet)
        case Deregister():
            return _of_deregister(command, fleet)
        case TrustHostKey():
            return _of_trust(command, fleet)
        case Checkpoint() | Retry():
            back = of_checkpoint(command, fleet) if isinstance(command, Retry) else None
            return back or _to_vm(Commit(command.vm), fleet) or _of_text(command, fleet)


def _of_spawn(spawn: Spawn, fleet: Fleet, facilities: Facilities) -> Refusal | None:
    if fault := _fault(spawn.name, fleet):
        return fault
    here = (agent for agent in agents_called(spawn.name, fleet.agents, fleet.vms) if not agent.elsewhere)
    if spawn.name in facilities.claimed or any(here):
        return _taken(spawn.name)
    if sentence := fault_of_size(spawn.size, spawn.image or facilities.golden_image):
        return Refusal(RefusalCode.BAD_SIZE, sentence)
    if fault := _of_family(spawn, fleet, facilities):
        return fault
    program = spawn.program or facilities.default_program
    return _of_program(program, facilities.programs) or _of_thinking(spawn.thinking, program, facilities.thinking)


def _of_thinking(level: str, program: str, known: Iterable[tuple[str, tuple[str, ...]]]) -> Refusal | None:
    levels = dict(known).get(program, ())
    if not level or level in levels:
        return None
    words = f"known: {', '.join(levels)}" if levels else "it cannot be told how much to think"
    return Refusal(RefusalCode.BAD_THINKING, f"{program} has no thinking level {level!r}; {words}")


def _of_family(spawn: Spawn, fleet: Fleet, facilities: Facilities) -> Refusal | None:
    """Refuse a child beyond the bounds of its family; a parent that means nobody bounds nothing."""
    parent = _only_called(spawn.parent, fleet)
    if parent is None:
        return None
    makers = [maker.id for name in facilities.making if (maker := _only_called(name, fleet)) is not None]
    sentence = family_fault(parent, fleet.agents, makers, facilities.bounds)
    return Refusal(RefusalCode.FAMILY_FULL, sentence) if sentence else None


def _only_called(name: str, fleet: Fleet) -> Agent | None:
    """Return the one agent that a text means, or None if it means nobody or several."""
    called = agents_called(name, fleet.agents, fleet.vms) if name else ()
    return called[0] if len(called) == 1 else None


def _of_program(name: str, programs: Iterable[tuple[str, str]]) -> Refusal | None:
    reasons = dict(programs)
    if name not in reasons:
        return Refusal(RefusalCode.NO_PROGRAM, f"there is no agent program {name!r}; known: {', '.join(reasons)}")
    return Refusal(RefusalCode.NO_PROGRAM, reasons[name]) if reasons[name] else None


def _of_adopt(adopt: Adopt, fleet: Fleet) -> Refusal | None:
    vm = fleet.vm(adopt.vm)
    if vm is None:
        return Refusal(RefusalCode.NO_VM, f"there is no VM {adopt.vm}")
    lives = (agent for agent in fleet.agents if agent.vm_id == adopt.vm and not agent.process.never_started)
    known = next((agent for agent in lives if adopt.directory in ("", agent.directory)), None)
    if known is not None:
        return Refusal(RefusalCode.ADOPTED, f"its agent is here already: {known.name}")
    if vm.power is not Power.RUNNING:
        sentence = f"the VM is {vm.power.value}: an agent can be looked for on a running one only"
        return Refusal(RefusalCode.VM_POWER, sentence)
    if fault := _fault(adopt.name, fleet):
        return fault
    others = [agent for agent in agents_called(adopt.name, fleet.agents, fleet.vms) if agent.vm_id != adopt.vm]
    return _taken(adopt.name) if others else None


def _of_rename(command: Rename, fleet: Fleet, facilities: Facilities) -> Refusal | None:
    agent = fleet.agent(command.agent)
    if agent is None:
        return NO_AGENT
    if away := of_another_account(agent):
        return away
    if command.colour not in ("", *COLOURS):
        return Refusal(RefusalCode.NO_COLOUR, f"there is no colour {command.colour!r}; known: {', '.join(COLOURS)}")
    if command.name != agent.name:
        if fault := _fault(command.name, fleet):
            return fault
        same = (other for other in agents_called(command.name, fleet.agents, fleet.vms) if not other.elsewhere)
        return _taken(command.name) if command.name in facilities.claimed or any(same) else None
    has = (agent.role, agent.labels, agent.colour)
    if has == (command.role, command.labels, command.colour):
        return Refusal(RefusalCode.ALREADY, "it is called so already")
    return None


def _of_findable(command: SetFindable, fleet: Fleet) -> Refusal | None:
    agent = fleet.agent(command.agent)
    if agent is None:
        return NO_AGENT
    if away := of_another_account(agent):
        return away
    if agent.findable is command.findable:
        how = "can be found by other tools already" if agent.findable else "is found by no other tool as it is"
        return Refusal(RefusalCode.ALREADY, f"{agent.name} {how}")
    if agent.kind is AgentKind.ARCHITECT and command.findable:
        return Refusal(RefusalCode.LACKING, "other tools look for lieutenants and workers alone")
    return None


def _of_deregister(command: Deregister, fleet: Fleet) -> Refusal | None:
    if fleet.vm(command.vm) is not None:
        return Refusal(RefusalCode.NOT_IN_DOUBT, "the VM exists: what is registered of it stays")
    if not any(claim.vm == command.vm and claim.by is not ClaimedBy.LABEL for claim in fleet.claims):
        return Refusal(RefusalCode.ALREADY, "nothing says that there is such a VM")
    return None


def _fault(name: str, fleet: Fleet) -> Refusal | None:
    sentence = fault_of(name, [vm.id for vm in fleet.vms])
    return Refusal(RefusalCode.BAD_NAME, sentence) if sentence else None


def _taken(name: str) -> Refusal:
    return Refusal(RefusalCode.NAME_TAKEN, f"there is an agent named {name} already")


def _to_vm(command: Pause | Resume | Destroy | Commit | Branch | Resize | SetLabels, fleet: Fleet) -> Refusal | None:
    vm = fleet.vm(command.vm)
    agent = fleet.agent_on(command.vm)
    if agent is not None and (away := of_another_account(agent)):
        return away
    if vm is None and agent is not None and isinstance(command, Destroy):
        return None  # Whether it exists is found out by the deletion itself.
    if vm is None or vm.power is Power.GONE:
        return Refusal(RefusalCode.NO_VM, "the VM is gone")
    power = vm.power
    match command:
        case Pause() if power is Power.PAUSED:
            return Refusal(RefusalCode.ALREADY, "it is paused already")
        case Pause() if power is not Power.RUNNING:
            return Refusal(RefusalCode.VM_POWER, f"the VM is {power.value}, not running")
        case Pause(now=False, abort=False) if agent is not None and is_at_work(agent):
            return Refusal(RefusalCode.WORKING, f"{agent.name} works: abort it first, or freeze it as it is")
        case Resume() if power not in (Power.PAUSED, Power.SLEEPING):
            code = RefusalCode.ALREADY if power is Power.RUNNING else RefusalCode.VM_POWER
            return Refusal(code, f"the VM is {power.value}, not paused")
        case Commit(clean=True):
            return of_clean_commit(agent, power)
        case Commit() | Branch() if power not in (Power.RUNNING, Power.PAUSED):
            return Refusal(RefusalCode.VM_POWER, f"the VM is {power.value}")
        case Resize() if power is not Power.RUNNING:
            return Refusal(RefusalCode.VM_POWER, f"the VM is {power.value}: its disk can grow only while it runs")
        case Resize(disk_mib=wanted) if sentence := disk_fault(vm.size.disk_mib, wanted):
            return Refusal(RefusalCode.BAD_SIZE, sentence)
        case SetLabels(labels=(), removed=(), replace=False):
            return Refusal(RefusalCode.NO_TEXT, "there is no label to change")
    return None


def _of_image(command: ImageCommand, facilities: Facilities) -> Refusal | None:
    match command:
        case BuildImage(name=name) if sentence := fault_of(name):
            return Refusal(RefusalCode.BAD_NAME, sentence)
        case BuildImage(recipe=recipe, again=again) if recipe is not None:
            steps = [step.name for step in recipe.steps]
            unknown = next((name for name in again if name not in steps), None)
            if unknown is not None:
                sentence = f"the recipe has no step {unknown!r}; it has {', '.join(steps)}"
                return Refusal(RefusalCode.NO_STEP, sentence)
        case DeleteImage(image=image) if image == facilities.golden_image:
            sentence = "new agents are restored from it: set [vers] golden_image to another one first"
            return Refusal(RefusalCode.IN_USE, sentence)
        case _:
            pass
    return None


def _of_dismiss(command: Dismiss, fleet: Fleet) -> Refusal | None:
    if evidence(command.vm, fleet):
        return None
    if command.vm in fleet.dismissed:
        return Refusal(RefusalCode.ALREADY, "it is dismissed already")
    agent = fleet.agent_on(command.vm)
    if agent is not None:
        sentence = f"{agent.name} is an agent of this fleet: only its destruction ends it"
        return Refusal(RefusalCode.NOT_IN_DOUBT, sentence)
    if fleet.vm(command.vm) is not None:
        return Refusal(RefusalCode.NOT_IN_DOUBT, "the VM is not shown as perhaps ours")
    return Refusal(RefusalCode.NO_VM, f"there is no VM {command.vm}")


def _of_trust(command: TrustHostKey, fleet: Fleet) -> Refusal | None:
    agent = fleet.agent_on(command.vm)
    if agent is None:
        return NO_AGENT
    offered = agent.link.offered_key
    if offered and offered == command.key:
        return None
    if agent.link.state is LinkState.UP:
        return Refusal(RefusalCode.ALREADY, "the host key it shows is the trusted one")
    if offered:
        return Refusal(RefusalCode.NOT_OFFERED, "it shows another host key by now: look at that one first")
    return Refusal(RefusalCode.NOT_OFFERED, "no host key of it was refused")


def _to_board(command: BoardCommand, fleet: Fleet) -> Refusal | None:
    if isinstance(command, CreateTask):
        if command.status and command.status not in TASK_STATUSES:
            return Refusal(RefusalCode.NO_COLUMN, f"there is no column {command.status!r}")
        return None if command.title.strip() else Refusal(RefusalCode.NO_TEXT, "a task needs a title")
    task = next((task for task in fleet.tasks if task.id == command.task), None)
    if task is None:
        return Refusal(RefusalCode.NO_TASK, "there is no such task")
    if isinstance(command, MoveTask):
        if command.status not in TASK_STATUSES:
            return Refusal(RefusalCode.NO_COLUMN, f"there is no column {command.status!r}")
        if command.status == task.status:
            return Refusal(RefusalCode.ALREADY, f"it is {task.status.replace('_', ' ')} already")
    if isinstance(command, NoteTask) and not command.content.strip():
        return Refusal(RefusalCode.NO_TEXT, "a note needs a text")
    return None
