"""The dispatcher: what it refuses and why, and a receipt from beginning to end for all it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from cockpit.agents.kinds import adapter_of
from cockpit.engine.commands.dispatcher import Dispatcher
from cockpit.model.board import Task
from cockpit.model.commands.agent import Abort, Answer, FollowUp, Prompt, Steer
from cockpit.model.commands.board import AssignTask, CreateTask, MoveTask, NoteTask
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Adopt, Destroy, Dismiss, Relaunch, Spawn
from cockpit.model.commands.vm import Branch, Commit, Pause, Resume, TrustHostKey
from cockpit.model.fleet import AgentKind, Link, LinkState, Power, Process, ProcessState, Vm
from cockpit.model.ids import AgentId, CommandId, CommitId, TaskId, VmId
from cockpit.model.platform import NewVm, Resize, SetLabels
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_ended, reached
from cockpit.model.refusals.grounds import Facilities, RefusalCode
from cockpit.model.size import VmSize
from cockpit.services.errors import ServiceUnreachable
from cockpit.vers.errors import CreationUncertain, EffectUnknown
from tests.engine.unit.control import refused
from tests.engine.unit.parts import AGENT, VM, Connections, Parts, question
from tests.ui.fake_engine import FakeEngine

NOBODY = AgentId("cccccccc-0000-4000-8000-000000000003")
ORPHAN = VmId("dddddddd-0000-4000-8000-000000000004")


async def course_of(dispatcher: Dispatcher, command: Command) -> CommandId:
    """Order something and wait until it was carried out."""
    command_id = dispatcher.dispatch(command)
    while dispatcher.under_way:
        await asyncio.gather(*dispatcher.under_way)
    return command_id


KEY = "ssh-ed25519 AAAAnew"


def refusing(parts: Parts) -> None:
    """Let the agent's VM show a host key that is not the trusted one."""
    parts.state.put_agent(replace(parts.agent, link=Link(LinkState.DOWN, offered_key=KEY)))


def linked(state: LinkState, reason: str = "") -> Callable[[Parts], None]:
    """Put the agent's link into a state."""
    return lambda parts: parts.state.put_agent(replace(parts.agent, link=Link(state, reason=reason)))


def powered(power: Power) -> Callable[[Parts], None]:
    """Put the VM into a power."""
    return lambda parts: parts.state.put_vm(Vm(VM, power))


def died(parts: Parts) -> None:
    """Let the agent's process have ended."""
    parts.state.put_agent(replace(parts.agent, process=Process(ProcessState.DEAD)))


def moved_away(parts: Parts) -> None:
    """Let the agent belong to another account."""
    parts.state.put_agent(replace(parts.agent, elsewhere="them at elsewhere"))


def never_started(parts: Parts) -> None:
    """Let a look at the VM have found that no agent was ever started there."""
    parts.state.put_agent(replace(parts.agent, process=Process(never_started=True)))


def perhaps_ours(parts: Parts) -> None:
    """Let a VM be what a lost call may have made."""
    parts.state.suspects[ORPHAN] = "spawn ada: it appeared then"
    parts.state.put_vm(Vm(ORPHAN, Power.RUNNING))


def orphan(parts: Parts) -> None:
    """Let there be a VM without an agent."""
    parts.state.put_vm(Vm(ORPHAN, Power.RUNNING))


def dismissed(parts: Parts) -> None:
    """Let a VM have been dismissed."""
    parts.state.dismissed[ORPHAN] = "perhaps ours: it appeared then"
    orphan(parts)


def unplaced(parts: Parts) -> None:
    """Let nobody have written down whose the agent is, and its VM be in no list."""
    parts.state.unplaced.add(AGENT)
    parts.state.put_vm(Vm(VM, doubt="404 not found"))


def without_vm(parts: Parts) -> None:
    """Forget the VM."""
    del parts.state.vms[VM]


def with_task(parts: Parts) -> None:
    """Put a task on the board."""
    parts.state.set_tasks((Task(TaskId("t1"), "paint", "in_progress"),))


def without_board(parts: Parts) -> None:
    """Configure no board."""
    parts.board = None


def as_it_is(parts: Parts) -> None:
    """Change nothing."""


REFUSALS: tuple[tuple[Callable[[Parts], object], Command, str], ...] = (
    (as_it_is, Prompt(AGENT, "go"), ""),
    (as_it_is, Prompt(NOBODY, "go"), "there is no such agent"),
    (as_it_is, Prompt(AGENT, " \n"), "there is no text"),
    (as_it_is, Steer(AGENT, ""), "there is no text"),
    (as_it_is, FollowUp(AGENT, "\t"), "there is no text"),
    (as_it_is, Prompt(AGENT, "half \ud800"), "half a character"),
    (as_it_is, Abort(AGENT), ""),
    (powered(Power.PAUSED), Prompt(AGENT, "go"), "builder's VM is paused: resume it first"),
    (powered(Power.SLEEPING), Abort(AGENT), "builder's VM is paused: resume it first"),
    (died, Prompt(AGENT, "go"), "builder's process is dead: relaunch it first"),
    (linked(LinkState.SILENT), Prompt(AGENT, "go"), ""),
    (linked(LinkState.DOWN, "no route"), Prompt(AGENT, "go"), "not connected: no route"),
    (linked(LinkState.CONNECTING), Prompt(AGENT, "go"), "not connected: connecting"),
    (linked(LinkState.NEVER), Prompt(AGENT, "go"), "not connected: never"),
    (as_it_is, Answer(AGENT, "d1", value="x"), "that question is no longer open"),
    (lambda parts: parts.hears(question("d1")), Answer(AGENT, "d1", value="x"), ""),
    (lambda parts: parts.hears(question("d1")), Answer(AGENT, "d2", value="x"), "no longer open"),
    (as_it_is, Relaunch(AGENT), "the agent is not dead"),
    (as_it_is, Relaunch(NOBODY), "there is no such agent"),
    (died, Relaunch(AGENT), ""),
    (never_started, Relaunch(AGENT), ""),
    (as_it_is, Spawn("builder", AgentKind.WORKER), "there is an agent named builder already"),
    (as_it_is, Spawn("other", AgentKind.WORKER, program="nothing"), "there is no agent program 'nothing'; known: pi"),
    (as_it_is, Spawn("other", AgentKind.WORKER), ""),
    (moved_away, Spawn("builder", AgentKind.WORKER), ""),
    (as_it_is, Spawn("other", AgentKind.WORKER, size=VmSize(0, 4096, 8192)), "0 processors are too little"),
    (as_it_is, Spawn("other", AgentKind.WORKER, image=CommitId("c0ffee"), size=VmSize()), "has that commit's size"),
    (as_it_is, Spawn("other", AgentKind.WORKER, size=VmSize(4, 512, 512)), ""),
    (as_it_is, Adopt(ORPHAN, "found"), f"there is no VM or place {ORPHAN}"),
    (as_it_is, Adopt(VM, "found"), "its agent is here already: builder"),
    (lambda parts: parts.state.put_vm(Vm(ORPHAN, Power.PAUSED)), Adopt(ORPHAN, "found"), "the VM is paused"),
    (lambda parts: parts.state.put_vm(Vm(ORPHAN, Power.RUNNING)), Adopt(ORPHAN, "builder"), "named builder already"),
    (lambda parts: parts.state.put_vm(Vm(ORPHAN, Power.RUNNING)), Adopt(ORPHAN, "found"), ""),
    (as_it_is, Pause(VM), ""),
    (powered(Power.PAUSED), Pause(VM), "it is paused already"),
    (powered(Power.BOOTING), Pause(VM), "the VM is booting, not running"),
    (as_it_is, Resume(VM), "the VM is running, not paused"),
    (powered(Power.PAUSED), Resume(VM), ""),
    (powered(Power.SLEEPING), Resume(VM), ""),
    (powered(Power.PAUSED), Commit(VM), ""),
    (powered(Power.BOOTING), Commit(VM), "the VM is booting"),
    (powered(Power.DEAD), Branch(VM), "the VM is dead"),
    (powered(Power.GONE), Destroy(VM), "the VM is gone"),
    (as_it_is, Resize(VM, 9000), ""),
    (powered(Power.PAUSED), Resize(VM, 9000), "its disk can grow only while it runs"),
    (as_it_is, Resize(VM, 0), "cannot be had"),
    (as_it_is, SetLabels(VM), "there is no label to change"),
    (powered(Power.PAUSED), SetLabels(VM, (("a", "b"),)), ""),
    (without_vm, SetLabels(VM, removed=("a",)), "the VM is gone"),
    (moved_away, Resize(VM, 9000), "builder belongs to another account"),
    (as_it_is, NewVm(size=VmSize(1, 1, 1)), "1 MiB of memory are too little"),
    (as_it_is, NewVm("golden", VmSize()), "has that commit's size"),
    (as_it_is, NewVm("tools:golden", VmSize()), "a VM from tools:golden has"),
    (as_it_is, NewVm(count=2), "from a commit or a tag only"),
    (as_it_is, NewVm("golden", count=21), "1 to 20"),
    (as_it_is, NewVm("golden", count=20), ""),
    (without_vm, Pause(VM), "the VM is gone"),
    (without_vm, Destroy(VM), ""),
    (as_it_is, Destroy(ORPHAN), "the VM is gone"),
    (moved_away, Destroy(VM), "builder belongs to another account: them at elsewhere"),
    (perhaps_ours, Dismiss(ORPHAN), ""),
    (moved_away, Dismiss(VM), ""),
    (unplaced, Dismiss(VM), ""),
    (as_it_is, Dismiss(VM), "builder is an agent of this fleet: only its destruction ends it"),
    (lambda parts: parts.state.unplaced.add(AGENT), Dismiss(VM), "builder is an agent of this fleet"),
    (orphan, Dismiss(ORPHAN), "the VM is not shown as perhaps ours"),
    (dismissed, Dismiss(ORPHAN), "it is dismissed already"),
    (as_it_is, Dismiss(ORPHAN), f"there is no VM or place {ORPHAN}"),
    (refusing, TrustHostKey(VM, KEY), ""),
    (refusing, TrustHostKey(VM, "ssh-ed25519 another"), "it shows another host key by now"),
    (refusing, TrustHostKey(VM, ""), "it shows another host key by now"),
    (as_it_is, TrustHostKey(VM, KEY), "the host key it shows is the trusted one"),
    (linked(LinkState.DOWN, "no route"), TrustHostKey(VM, ""), "no host key of it was refused"),
    (linked(LinkState.DOWN, "no route"), TrustHostKey(VM, KEY), "no host key of it was refused"),
    (orphan, TrustHostKey(ORPHAN, KEY), "there is no such agent"),
    (as_it_is, CreateTask("paint"), ""),
    (as_it_is, CreateTask("  "), "a task needs a title"),
    (as_it_is, MoveTask(TaskId("t1"), "done"), "there is no such task"),
    (with_task, MoveTask(TaskId("t1"), "done"), ""),
    (with_task, MoveTask(TaskId("t1"), "in_progress"), "it is in progress already"),
    (with_task, MoveTask(TaskId("t1"), "nowhere"), "there is no column 'nowhere'"),
    (with_task, AssignTask(TaskId("t1"), ""), ""),
    (with_task, NoteTask(TaskId("t1"), " "), "a note needs a text"),
    (without_board, CreateTask("paint"), "no board is configured"),
)


@pytest.mark.parametrize(("prepare", "command", "reason"), REFUSALS, ids=lambda value: None)
async def test_engine_and_double_refuse_the_same_with_the_same_words(
    prepare: Callable[[Parts], object], command: Command, reason: str
) -> None:
    parts = Parts()
    prepare(parts)
    double = FakeEngine(parts.state.snapshot())
    double.facilities = Facilities((("pi", ""),), "pi", has_board=parts.board is not None)
    said = parts.dispatcher(parts.agent_sessions()).refusal(command)
    assert said == double.refusal(command)
    assert (said.sentence if said is not None else "") == double.disabled_reason(command)
    assert (said is not None and reason in said.sentence) if reason else said is None


ALREADY_SO: tuple[tuple[Callable[[Parts], object], Command, bool], ...] = (
    (as_it_is, Resume(VM), True),
    (powered(Power.BOOTING), Resume(VM), False),
    (powered(Power.PAUSED), Pause(VM), True),
    (powered(Power.SLEEPING), Pause(VM), False),
    (with_task, MoveTask(TaskId("t1"), "in_progress"), True),
    (dismissed, Dismiss(ORPHAN), True),
    (as_it_is, TrustHostKey(VM, ""), True),
    (refusing, TrustHostKey(VM, "ssh-ed25519 another"), False),
    (orphan, Dismiss(ORPHAN), False),
)


@pytest.mark.parametrize(("prepare", "command", "already"), ALREADY_SO, ids=lambda value: None)
async def test_what_is_so_already_is_told_by_its_code(
    prepare: Callable[[Parts], object], command: Command, already: bool
) -> None:
    parts = Parts()
    prepare(parts)
    said = parts.dispatcher(parts.agent_sessions()).refusal(command)
    assert said is not None and (said.code is RefusalCode.ALREADY) is already


@pytest.mark.parametrize("command", [Steer(AGENT, "left"), Abort(AGENT)], ids=lambda command: type(command).__name__)
async def test_what_a_kind_of_agent_lacks_is_refused_with_its_reason_and_not_written(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    assert dispatcher.refusal(command) is None
    usual = type(adapter_of(parts.agent.program))
    monkeypatch.setattr(usual, "lacks", lambda self, kind, agent: f"{agent.name} knows no {kind.__name__}")
    said = dispatcher.refusal(command)
    assert said is not None and said.code is RefusalCode.LACKING
    command_id = dispatcher.dispatch(command)
    assert not dispatcher.under_way
    receipt = parts.state.receipts[command_id]
    assert (receipt.stage, receipt.reason) == (Stage.FAILED, f"builder knows no {type(command).__name__}")


async def test_a_refused_command_has_a_receipt_that_says_why_and_nothing_else_happens() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    before = parts.state.revision
    command_id = dispatcher.dispatch(Prompt(AGENT, " "))
    (receipt,) = parts.state.snapshot().receipts
    assert parts.state.revision > before
    assert (receipt.id, receipt.stage, receipt.reason) == (command_id, Stage.FAILED, "there is no text")
    assert not dispatcher.under_way
    assert parts.book.get(command_id) is None
    assert parts.memory.acts == [], "the audit tells what was done"


async def test_a_receipt_is_there_when_the_order_is_given_and_is_kept_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = Parts()
    connections = Connections(monkeypatch)
    sessions = parts.agent_sessions()
    sessions.record = False
    sessions.attach(parts.agent)
    await parts.state.until(lambda: bool(connections.made), 1.0)
    dispatcher = parts.dispatcher(sessions)
    (connection,) = connections.made
    written: list[bool] = []
    saving = parts.memory.save_receipt

    async def save(receipt: Receipt) -> None:
        written.append(bool(connection.fifo))
        await saving(receipt)

    monkeypatch.setattr(parts.memory, "save_receipt", save)
    command_id = dispatcher.dispatch(Prompt(AGENT, "go"))
    receipt = parts.state.receipts[command_id]
    assert (receipt.agent, receipt.verb, receipt.text) == (AGENT, "prompt", "go")
    assert (receipt.stage, receipt.place) == (Stage.PENDING, (1, 0))
    assert command_id != dispatcher.dispatch(Prompt(AGENT, "go"))
    await asyncio.gather(*dispatcher.under_way)
    assert written[0] is False, "a command that was written without a kept receipt could be lost without a trace"
    assert parts.state.receipts[command_id].stage is Stage.WRITTEN
    assert parts.memory.saved[command_id].stage is Stage.WRITTEN
    assert [(act.verb, act.target, act.detail) for act in parts.memory.acts] == [("prompt", "builder", "go")] * 2
    await sessions.close()


async def test_a_command_to_an_agent_that_is_not_attached_fails() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    command_id = await course_of(dispatcher, Prompt(AGENT, "go"))
    receipt = parts.state.receipts[command_id]
    assert receipt.stage is Stage.FAILED and "not attached" in receipt.reason
    assert parts.memory.saved[command_id].stage is Stage.FAILED
    assert parts.book.get(command_id) is None


async def test_what_went_well_is_done_and_kept() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    command_id = await course_of(dispatcher, CreateTask("paint"))
    assert parts.state.receipts[command_id].stage is Stage.DONE
    assert parts.memory.saved[command_id].stage is Stage.DONE
    assert parts.board is not None and parts.board.calls == [("create", "paint", "operator")]
    assert parts.board_changes == 1


@pytest.mark.parametrize(
    ("error", "stage", "reason"),
    [
        (refused("the API said no"), Stage.FAILED, "the API said no (ask again)"),
        (EffectUnknown("whether it is paused is unknown", hint="look"), Stage.UNCONFIRMED, "is unknown (look)"),
        (ZeroDivisionError("oh"), Stage.FAILED, "internal error, see the log file: ZeroDivisionError('oh')"),
    ],
    ids=["refused", "unknown", "fault"],
)
async def test_how_a_command_on_a_vm_ends_badly(error: Exception, stage: Stage, reason: str) -> None:
    parts = Parts()
    parts.vers.errors["pause"] = error
    dispatcher = parts.dispatcher(parts.agent_sessions())
    command_id = await course_of(dispatcher, Pause(VM))
    receipt = parts.state.receipts[command_id]
    assert receipt.stage is stage and reason in receipt.reason
    assert parts.memory.saved[command_id] == receipt
    (operation,) = parts.state.operations.values()
    assert [step.name for step in operation.steps] == ["pause VM"]
    assert operation.steps[0].error and operation.steps[0].ended_at is not None
    assert operation.ended_at is not None and operation.error


@pytest.mark.parametrize("undone", [True, False])
async def test_a_board_that_does_not_answer_fails_the_command_if_it_was_never_sent(undone: bool) -> None:
    parts = Parts()
    assert parts.board is not None
    error = ServiceUnreachable("no answer of the board")
    error.undone = undone
    parts.board.error = error
    dispatcher = parts.dispatcher(parts.agent_sessions())
    command_id = await course_of(dispatcher, CreateTask("paint"))
    assert parts.state.receipts[command_id].stage is (Stage.FAILED if undone else Stage.UNCONFIRMED)
    assert parts.board_changes == 0


async def test_pause_and_resume_show_their_steps_and_what_the_vm_is() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    await course_of(dispatcher, Pause(VM))
    assert parts.state.power(VM) is Power.PAUSED
    await course_of(dispatcher, Resume(VM))
    assert parts.state.power(VM) is Power.RUNNING
    steps = [[step.name for step in operation.steps] for operation in parts.state.operations.values()]
    assert steps == [["pause VM", "confirm"], ["resume VM", "confirm"]]
    assert all(operation.ended_at is not None and not operation.error for operation in parts.state.operations.values())
    assert {receipt.stage for receipt in parts.state.receipts.values()} == {Stage.DONE}


async def test_a_pause_that_never_comes_true_is_given_up() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())

    async def nothing(vm_id: VmId, paused: bool) -> None:
        pass

    parts.vers.set_power = nothing  # type: ignore[method-assign]
    began = parts.clock.now()
    command_id = await course_of(dispatcher, Pause(VM))
    assert "still running after 60 s" in parts.state.receipts[command_id].reason
    assert parts.state.receipts[command_id].stage is Stage.FAILED
    assert 60 <= parts.clock.now() - began < 62


async def test_a_pause_of_which_nothing_can_be_seen_is_unconfirmed() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    parts.vers.errors |= {"status": refused("bad gateway"), "list": refused("bad gateway")}
    command_id = await course_of(dispatcher, Pause(VM))
    assert parts.state.receipts[command_id].stage is Stage.UNCONFIRMED


async def test_a_snapshot_keeps_a_paused_vm_paused_and_the_list_of_images_is_read_again() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    await course_of(dispatcher, Commit(VM, "golden"))
    parts.state.put_vm(Vm(VM, Power.PAUSED))
    await course_of(dispatcher, Commit(VM, "cold"))
    commits = [call for call in parts.vers.calls if call.startswith("commit")]
    assert commits == [f"commit {VM} golden running", f"commit {VM} cold paused"]
    assert parts.image_changes == 2


async def test_destroy_drops_nothing_before_the_api_confirmed() -> None:
    parts = Parts()
    dispatcher = parts.dispatcher(parts.agent_sessions())
    parts.vers.errors["delete"] = refused("not now")
    await course_of(dispatcher, Destroy(VM))
    assert AGENT in parts.state.agents and VM in parts.state.vms
    del parts.vers.errors["delete"]
    parts.remember(VM, "builder")
    await course_of(dispatcher, Destroy(VM))
    assert AGENT not in parts.state.agents and VM not in parts.state.vms
    assert parts.registry.removed == [VM]
    assert parts.memory.rows[AGENT].destroyed_at is not None


@pytest.mark.parametrize("kind", ["branch", "commit"])
async def test_what_a_lost_call_may_have_made_is_kept_as_perhaps_ours(kind: str) -> None:
    parts = Parts()
    lost = CreationUncertain("the answer was lost", hint="look", candidates=(ORPHAN,), evidence="it appeared then")
    parts.vers.errors[kind] = lost
    dispatcher = parts.dispatcher(parts.agent_sessions())
    command_id = await course_of(dispatcher, Branch(VM) if kind == "branch" else Commit(VM))
    assert parts.state.receipts[command_id].stage is Stage.UNCONFIRMED
    if kind == "commit":
        assert parts.state.suspects == {}, "its candidates are images, no VMs"
    else:
        assert parts.state.vms[ORPHAN].perhaps_ours == "branch builder: it appeared then"
        assert parts.memory.names.suspected == {ORPHAN: "branch builder: it appeared then"}


async def test_a_disk_that_refuses_stops_no_command() -> None:
    parts = Parts()
    parts.memory.refuses = "the disk is full"
    dispatcher = parts.dispatcher(parts.agent_sessions())
    command_id = await course_of(dispatcher, CreateTask("paint"))
    assert parts.state.receipts[command_id].stage is Stage.DONE


def test_the_order_of_the_stages() -> None:
    def at(stage: Stage) -> Receipt:
        return Receipt(CommandId("c"), None, "prompt", "", stage, 0.0)

    assert [stage for stage in Stage if reached(at(stage), Stage.QUEUED)] == [
        Stage.QUEUED,
        Stage.STEERING,
        Stage.CONSUMED,
        Stage.DONE,
    ]
    assert [stage for stage in Stage if is_ended(at(stage))] == [Stage.DONE, Stage.FAILED, Stage.UNCONFIRMED]
