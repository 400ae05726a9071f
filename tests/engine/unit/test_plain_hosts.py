"""What a look at a host tells is read whatever stands there; what it cannot do is refused; no word makes it a VM."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import fields, replace
from typing import cast, get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.bootstrap.hosts import check_names
from cockpit.cli.output import place_heading
from cockpit.config import HostSettings, Settings
from cockpit.engine.hosts import platform
from cockpit.engine.hosts.places import parse_look, place_id
from cockpit.errors import CockpitError, ConfigError
from cockpit.model.attention import attention
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.command import Command
from cockpit.model.commands.images import BuildImage
from cockpit.model.commands.life import Adopt, Deregister, Destroy, Dismiss, Recall, Restore, Spawn
from cockpit.model.commands.plan import RunPlan
from cockpit.model.commands.ports import EndBridge, EndForward, OpenBridge, OpenForward
from cockpit.model.commands.swarm import BestOf, ContinueAll, StopAll, Teardown
from cockpit.model.commands.usage import FreezeForBudget, PauseIdle, ResumeAndSend
from cockpit.model.commands.vm import Branch, Checkpoint, Commit, Pause, Resume, Retry, TrustHostKey
from cockpit.model.commands.work import RestoreFiles
from cockpit.model.conversation import forgets
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Fleet,
    Link,
    LinkState,
    Power,
    Process,
    ProcessState,
    Vm,
)
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.loss import why_unseen
from cockpit.model.notices.condition import conditions
from cockpit.model.plan.workers import workers_of
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
)
from cockpit.model.reconciliation import findings_of
from cockpit.model.recovery import recovery_of
from cockpit.model.refusals.files import to_files
from cockpit.model.refusals.grounds import Facilities, RefusalCode
from cockpit.model.refusals.ports import of_reach
from cockpit.model.refusals.refusal import refusal
from cockpit.model.scaffold import Scaffold, scaffold_sentences
from cockpit.model.size import VmSize
from cockpit.model.telling import TextManner, becomes
from cockpit.model.usage.idle import why_not_idle
from cockpit.model.why import headline, why
from cockpit.model.workers import removable
from cockpit.remote.errors import HostKeyChanged
from cockpit.remote.hosts.line import HostLine
from cockpit.ui.actions.registry import ACTIONS
from cockpit.ui.dialogs.shared.registry import MEANS
from cockpit.ui.dialogs.texts import why_text
from cockpit.ui.look.vm import vm_content
from cockpit.ui.widgets.panes import vms_word
from cockpit.vers.errors import ApiUnreachable

HEAD = "home\t/home/me\nbase\t/home/me/agents\n"


def test_places_are_told_apart() -> None:
    said = (
        f"{HEAD}place\t/home/me/agents/ada/pi-rpc\tpaused\t42\t"
        + json.dumps({"swarm-cockpit-agent": "ada", "number": 3})
        + "\nplace\t/tmp/pi-rpc\trunning\t\tnot json\ndone\n"
    )
    look = parse_look("alpha", said.encode())
    spawned, found = look.places
    assert (spawned.home, spawned.state, spawned.process) == ("/home/me/agents/ada", "paused", 42)
    assert spawned.labels == {"swarm-cockpit-agent": "ada"}
    assert (found.home, found.state, found.process, found.labels) == ("", "running", None, {})
    assert spawned.id == place_id("alpha", "/home/me/agents/ada/pi-rpc") != place_id("beta", spawned.directory)


@given(st.binary(max_size=300))
def test_whatever_stands_there_breaks_nothing(noise: bytes) -> None:
    line = noise.replace(b"\n", b" ")
    look = parse_look("alpha", HEAD.encode() + b"place\t/tmp/pi-rpc\trunning\t7\t" + line + b"\n" + line + b"\ndone\n")
    assert look.places[0].directory == "/tmp/pi-rpc" and look.places[0].process == 7


async def test_a_host_that_does_not_answer_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck:
        async def lend(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(platform, "LOOK_ANSWER", 0.01)
    host = platform.HostPlatform("alpha", cast(HostLine, Stuck()), "~/agents", ())
    with pytest.raises(ApiUnreachable, match="host alpha did not answer") as told:
        await host.handle_async_request(httpx.Request("GET", "https://host/vms"))
    assert "slow or stuck" in told.value.hint and told.value.fault == "late"


async def test_a_host_whose_key_changed_is_not_merely_down() -> None:
    changed = HostKeyChanged("another key", identity="alpha", pinned=(), offered="b", offered_key="ssh-ed25519 B")

    class Refusing:
        async def lend(self) -> None:
            raise changed

    host = platform.HostPlatform("alpha", cast(HostLine, Refusing()), "~/agents", ())
    with pytest.raises(ApiUnreachable) as told:
        await host.handle_async_request(httpx.Request("GET", "https://host/vms"))
    assert told.value.fault == "key changed"


@given(st.integers(min_value=0, max_value=len(HEAD) + 30))
def test_a_look_that_was_cut_off_is_none(length: int) -> None:
    with pytest.raises(CockpitError, match="alpha"):
        parse_look("alpha", f"{HEAD}place\t/tmp/pi-rpc\trunning\t7\t\n"[:length].encode())


HERE, THERE = place_id("alpha", "/x"), place_id("beta", "/x")
COMMIT = CommitId("5e2ad3b6-0000-4000-8000-000000000000")

NEEDS_A_VM: tuple[Callable[[VmId], Command], ...] = (
    Commit,
    lambda vm: Branch(vm, 1),
    lambda vm: BestOf(vm, ("try it",)),
    lambda vm: Checkpoint(vm, Prompt(agent_of(vm, "/x"), "go")),
    lambda vm: Retry(vm, COMMIT, Prompt(agent_of(vm, "/x"), "go")),
    Destroy,
    lambda vm: Teardown((vm,)),
    lambda vm: Restore(COMMIT, instead=vm),
    lambda vm: Resize(vm, 9000),
    lambda vm: OpenBridge(vm, 3000),
    lambda vm: EndBridge(vm, 3000),
)
NEEDS_A_PLATFORM: tuple[Callable[[str], Command], ...] = (
    lambda source: Spawn("ada", AgentKind.WORKER, image=COMMIT, source=source),
    lambda source: Spawn("ada", AgentKind.WORKER, size=VmSize(1, 512, 512), source=source),
    lambda source: BuildImage("base", source=source),
    lambda source: NewVm(source=source),
    lambda source: MakeInfra(source=source),
    lambda source: ChangeCommit(COMMIT, name="kept", source=source),
    lambda source: DeleteCommit(COMMIT, source=source),
    lambda source: TagCommit(COMMIT, "kept", source=source),
    lambda source: Untag("kept", source=source),
    lambda source: ChangeRepository("kept", source=source),
    lambda source: SetVariables(source=source),
)
ON_A_HOST_TOO: tuple[type, ...] = (
    *(Pause, Resume, PauseIdle, FreezeForBudget, ResumeAndSend, StopAll, ContinueAll, TrustHostKey),
    *(Adopt, Deregister, Dismiss, Recall, SetLabels, OpenForward, EndForward),
)


def seen(doubt: str = "") -> Fleet:
    """Return a worker on a host and one on a VM."""
    vms = (
        Vm(HERE, Power.RUNNING, source="alpha", host="alpha", doubt=doubt),
        Vm(THERE, Power.RUNNING, source="embedded"),
    )
    agents = tuple(
        Agent(
            agent_of(vm.id, "/x"), f"on-{vm.source}", AgentKind.WORKER, vm.id, source=vm.source, link=Link(LinkState.UP)
        )
        for vm in vms
    )
    kept = (KeptCommit("r", KeptFor.CHECKPOINT, KeptState.KEPT, 1.0, "", VmId("y"), "y", commit=COMMIT),)
    return Fleet(vms=vms, agents=agents, sources=("embedded", "alpha"), plain=frozenset({"alpha"}), kept=kept)


def code_of(command: Command, fleet: Fleet) -> RefusalCode | None:
    refused = refusal(command, fleet, Facilities(routed_ports=(3000,)))
    if refused is not None and refused.code is RefusalCode.PLAIN_HOST:
        assert "alpha is a plain SSH host: " in refused.sentence
    return refused.code if refused is not None else None


@pytest.mark.parametrize("build", NEEDS_A_VM)
def test_what_needs_a_vm_is_refused_on_a_host_alone(build: Callable[[VmId], Command]) -> None:
    assert code_of(build(HERE), seen()) is RefusalCode.PLAIN_HOST
    assert code_of(build(THERE), seen()) is not RefusalCode.PLAIN_HOST


@pytest.mark.parametrize("build", NEEDS_A_PLATFORM)
def test_what_needs_a_platform_is_refused_where_a_host_is_named(build: Callable[[str], Command]) -> None:
    assert code_of(build("alpha"), seen()) is RefusalCode.PLAIN_HOST
    assert code_of(build("embedded"), seen()) is not RefusalCode.PLAIN_HOST


def test_each_act_about_a_vm_is_known_to_work_on_a_host_or_to_be_refused() -> None:
    about = {act for act in get_args(Command) if {"vm", "vms", "instead"} & {field.name for field in fields(act)}}
    refused = {type(build(HERE)) for build in NEEDS_A_VM}
    assert not refused & set(ON_A_HOST_TOO)
    assert about - {RunPlan} == refused | set(ON_A_HOST_TOO)
    platform = {*get_args(PlatformCommand)} - {Resize, SetLabels}
    assert platform <= {type(build("alpha")) for build in NEEDS_A_PLATFORM}


def test_what_is_not_there_any_more_can_be_forgotten() -> None:
    assert code_of(Destroy(HERE), seen(doubt="it is not there")) is None
    assert code_of(Pause(HERE), seen()) is None


def test_agents_of_hosts_are_left_out_of_a_teardown_of_all() -> None:
    fleet = seen()
    assert [agent.name for agent in removable(fleet.agents, fleet)] == ["on-embedded"]
    assert removable(fleet.agents[:1], fleet) == fleet.agents[:1], "so that the order says why not"


@given(
    st.sampled_from(Power),
    st.sampled_from(LinkState),
    st.sampled_from(ProcessState),
    st.sampled_from(["", "no route"]),
    st.booleans(),
)
def test_nothing_that_is_said_of_an_agent_on_a_host_speaks_of_a_vm(
    power: Power, link: LinkState, process: ProcessState, reason: str, is_odd: bool
) -> None:
    vm = Vm(HERE, power, source="alpha", host="alpha", seen_at=5.0, doubt="it is not there" if is_odd else "")
    agent = replace(
        seen().agents[0],
        link=Link(link, reason=reason),
        process=Process(process, never_started=is_odd),
        activity=Activity(ActivityState.WORKING),
    )
    fleet = Fleet(agents=(agent,), vms=(vm,), sources=("alpha",), plain=frozenset({"alpha"}))
    orders: tuple[Command, ...] = (
        *(Prompt(agent.id, "go"), Pause(HERE), Resume(HERE), RestoreFiles(agent.id, "a"), Adopt(HERE, "eve")),
        *(OpenForward(HERE, 3000), Commit(HERE), Destroy(HERE)),
    )
    refused = [
        *(refusal(order, fleet, Facilities()) for order in orders),
        to_files(agent.id, fleet),
        of_reach(HERE, fleet),
    ]
    refusals = [one.sentence for one in refused if one is not None]
    head = headline(agent, vm, 9.0)
    called = [f"{one.state} {one.sentence} {one.reason}" for one in conditions(fleet, 9.0)]
    texts = [str(why_text(agent, vm, 9.0)), str(vm_content(agent, vm, fleet, 9.0))]
    said = [head.word, head.link, *why(agent, vm, 9.0), *refusals, why_unseen(HERE, fleet), *called, *texts]
    said += [one.sentence for one in attention(fleet, 9.0)]
    said += [word for one in findings_of(fleet, 9.0) for word in one.evidence]
    said += [worker.reason for worker in workers_of(fleet, "alpha", ())]
    said += [becomes(fleet, agent, TextManner.PROMPT), why_not_idle(HERE, fleet), recovery_of(fleet, 9.0).sentence]
    spoken = [words for words in said if "VM" in words and "there is no VM to" not in words]
    assert spoken == []


NEED_A_VM = ("move.vms", "vm.label", "vm.commit", "vm.branch", "vm.destroy", "agent.restore", "vm.resize", "vm.infra")
"""Actions about what a host has not, and the one that names both."""

SCAFFOLDS = (Scaffold(beats="none"), Scaffold(disk_left=7), Scaffold(fifo=False, keeper=False, session=False))


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(lambda: [forgets(seen().agents[0])], id="a conversation that nothing keeps"),
        pytest.param(
            lambda: [
                sentence
                for scaffold in SCAFFOLDS
                for alive in (True, False)
                for sentence in scaffold_sentences(scaffold, alive=alive, exit_code=None)
            ],
            id="what is wrong around an agent",
        ),
        pytest.param(lambda: list(MEANS.values()), id="what a state in the registry means"),
        pytest.param(lambda: [vms_word(seen())], id="the title of the pane"),
        pytest.param(lambda: [place_heading(seen())], id="the heading of a table"),
        pytest.param(
            lambda: [
                words
                for action in ACTIONS
                if action.id not in NEED_A_VM
                for words in (action.label, action.description)
            ],
            id="what actions say of themselves",
        ),
    ],
)
def test_no_table_of_texts_speaks_of_a_vm_where_a_host_is_meant(texts: Callable[[], list[str]]) -> None:
    said = texts()
    assert said and [words for words in said if re.search(r"\bVMs?\b", words)] == []


@pytest.mark.parametrize("names", [("embedded",), ("vers",), ("alpha", "alpha")])
def test_hosts_need_names_of_their_own(names: tuple[str, ...]) -> None:
    check_names(Settings(hosts=(HostSettings(name="alpha"), HostSettings(name="beta"))))
    with pytest.raises(ConfigError, match=names[0]):
        check_names(Settings(hosts=tuple(HostSettings(name=name) for name in names)))
