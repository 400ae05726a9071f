"""What does not fit, rule by rule: each with its evidence and a suggested verb, and nothing for what fits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.claims import Claim, ClaimedBy, VmLook
from cockpit.model.fleet import Agent, AgentKind, Fleet, Link, LinkState, Power, Process, ProcessState, Vm
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.kept import KeptCommit, KeptFor, KeptState, called
from cockpit.model.proposals import proposed_kind, proposed_name
from cockpit.model.reconciliation import Finding, FindingKind, Suggestion, findings_of, words_on

NOW = 1_790_000_000.0
ADA = VmId("aaaaaaaa-0000-4000-8000-000000000001")
BOB = VmId("bbbbbbbb-0000-4000-8000-000000000002")


def vm(vm_id: VmId, **fields: object) -> Vm:
    """Return a VM that has run for an hour."""
    return replace(Vm(vm_id, Power.RUNNING, NOW - 3600), **fields)  # type: ignore[arg-type]


def agent(vm_id: VmId, name: str, **fields: object) -> Agent:
    """Return an agent that is well."""
    made = Agent(
        agent_of(vm_id, "~/a"),
        name,
        AgentKind.LIEUTENANT,
        vm_id,
        directory="~/a",
        link=Link(LinkState.UP),
        process=Process(ProcessState.ALIVE),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def registered(vm_id: VmId, name: str, kind: str = "worker", word: str = "worker", directory: str = "") -> Claim:
    """Return what a registry says."""
    return Claim(ClaimedBy.REGISTRY, "the registry", vm_id, name, kind, word, directory, NOW - 60)


def in_file(vm_id: VmId, name: str) -> Claim:
    """Return what another tool's file says."""
    return Claim(ClaimedBy.STATE_FILE, "~/.pi/lieutenants.json", vm_id, name, "lieutenant")


def one(fleet: Fleet) -> Finding:
    """Return the only finding."""
    (found,) = findings_of(fleet, NOW)
    return found


def test_what_fits_is_no_row() -> None:
    serves = registered(BOB, "services", "", "infra")
    fleet = Fleet(vms=(vm(ADA), vm(BOB)), agents=(agent(ADA, "ada"),), claims=(registered(ADA, "ada"), serves))
    assert findings_of(fleet, NOW) == ()
    assert words_on(fleet, (), NOW)[BOB] == "infra"


def test_a_vm_nobody_has_is_judged_by_a_look() -> None:
    fleet = Fleet(vms=(vm(ADA),))
    found = one(fleet)
    assert (found.kind, found.suggestion) == (FindingKind.UNCLAIMED, Suggestion.WAIT)
    assert "billed, made 1 h" in found.evidence[0] and "not looked at yet" in found.evidence[1]
    nothing = VmLook(ADA, NOW - 5, looked=("~/pi-rpc", "/tmp/pi-rpc"), load="0.00 0.01 0.00")
    found = one(replace(fleet, looks=(nothing,)))
    assert found.suggestion is Suggestion.DESTROY and found.command == f"cockpit destroy {ADA}"
    assert "no agent at ~/pi-rpc, nor at /tmp/pi-rpc" in found.evidence
    lives = replace(nothing, found=(("/tmp/pi-rpc", "alive"),), written_at=NOW - 120, name="quill")
    found = one(replace(fleet, looks=(lives,)))
    assert (found.suggestion, found.directory, found.called) == (Suggestion.ADOPT, "/tmp/pi-rpc", "quill")
    assert any("wrote 2 min" in said for said in found.evidence), found.evidence
    found = one(replace(fleet, looks=(VmLook(ADA, NOW, trouble="it does not answer"),)))
    assert found.suggestion is Suggestion.WAIT and "it does not answer" in found.evidence[1]


def test_a_new_vm_is_not_suggested_for_deletion() -> None:
    look = VmLook(ADA, NOW, looked=("~/pi-rpc",))
    label = Claim(ClaimedBy.LABEL, "its label", ADA, "ada")
    young = Fleet(vms=(vm(ADA, created_at=NOW - 30),), looks=(look,))
    assert one(young).suggestion is Suggestion.WAIT and "about to use it" in one(young).evidence[-1]
    assert one(replace(young, vms=(vm(ADA, created_at=NOW - 90),))).suggestion is Suggestion.DESTROY
    named = Fleet(vms=(vm(ADA, created_at=NOW - 300),), looks=(look,), claims=(label,))
    assert one(named).suggestion is Suggestion.WAIT
    found = replace(look, found=(("~/pi-rpc", "alive"),))
    assert one(replace(named, looks=(found,))).suggestion is Suggestion.ADOPT


def test_a_vm_of_another_key_and_one_that_is_paused_are_left_alone() -> None:
    look = VmLook(ADA, NOW, looked=("~/pi-rpc",))
    theirs = Fleet(vms=(vm(ADA, owner="them"),), owners=frozenset({"us"}), looks=(look,))
    assert one(theirs).suggestion is Suggestion.WAIT and "another key" in one(theirs).evidence[-1]
    paused = one(Fleet(vms=(vm(ADA, power=Power.PAUSED),), looks=(look,)))
    assert paused.suggestion is Suggestion.WAIT and "while it is paused" in paused.evidence[-1]


def test_a_vm_that_another_cockpit_is_making_is_no_orphan() -> None:
    label = Claim(ClaimedBy.LABEL, "its label", ADA, "ada")
    fleet = Fleet(vms=(vm(ADA, created_at=NOW - 20),), claims=(label,))
    assert findings_of(fleet, NOW) == () and words_on(fleet, (), NOW) == {ADA: "being made"}
    assert one(replace(fleet, vms=(vm(ADA),))).kind is FindingKind.UNCLAIMED, "after an hour it is"


def test_what_a_lost_call_may_have_made_is_asked_about() -> None:
    found = one(Fleet(vms=(vm(ADA, perhaps_ours="spawn ada: its answer was lost"),)))
    assert (found.kind, found.suggestion) == (FindingKind.PERHAPS_OURS, Suggestion.DESTROY)
    assert found.evidence[0] == "spawn ada: its answer was lost" and f"cockpit dismiss {ADA}" in found.evidence[-1]


def test_a_dead_agent_on_a_live_vm_is_found_and_one_on_a_paused_vm_is_not() -> None:
    dead = agent(ADA, "ada", process=Process(ProcessState.DEAD, NOW - 60, 137, ("out of memory",)))
    found = one(Fleet(vms=(vm(ADA),), agents=(dead,)))
    assert (found.kind, found.suggestion, found.agent) == (FindingKind.AGENT_DEAD, Suggestion.RELAUNCH, dead.id)
    assert "with code 137" in found.evidence[0] and "out of memory" in found.evidence[1]
    assert findings_of(Fleet(vms=(vm(ADA, power=Power.PAUSED),), agents=(dead,)), NOW) == ()


def test_an_agent_that_is_not_where_it_should_be_says_where_it_was_looked_for() -> None:
    ghost = agent(ADA, "ada", process=Process(never_started=True, looked_also_at=("/tmp/pi-rpc",)))
    found = one(Fleet(vms=(vm(ADA),), agents=(ghost,)))
    assert (found.kind, found.evidence) == (FindingKind.NO_AGENT, ("no agent at ~/a, looked also at /tmp/pi-rpc",))


def test_two_names_for_one_vm_and_one_name_for_two() -> None:
    fleet = Fleet(vms=(vm(ADA),), agents=(agent(ADA, "ada"),), claims=(registered(ADA, "ida"), in_file(ADA, "ada")))
    found = one(fleet)
    assert (found.kind, found.suggestion) == (FindingKind.CLAIMED_TWICE, Suggestion.RENAME)
    assert "the registry: ida" in found.evidence and found.command == f"cockpit rename {ADA} NEW-NAME"
    fleet = Fleet(vms=(vm(ADA), vm(BOB)), agents=(agent(ADA, "ada"), agent(BOB, "ada")))
    found = one(fleet)
    assert found.kind is FindingKind.CLAIMED_TWICE and found.vm == BOB and ADA in found.evidence[0]


def test_what_is_registered_and_gone_is_found_once_the_api_said_so() -> None:
    fleet = Fleet(claims=(registered(ADA, "ada"), in_file(ADA, "ada")))
    assert findings_of(fleet, NOW) == (), "absence from a list proves nothing"
    found = one(replace(fleet, looks=(VmLook(ADA, NOW, gone="its status says 404"),)))
    assert (found.kind, found.suggestion, found.called) == (FindingKind.GONE, Suggestion.DEREGISTER, "ada")
    assert "~/.pi/lieutenants.json has it as ada" in found.evidence and "its status says 404" in found.evidence
    assert findings_of(replace(fleet, looks=(VmLook(ADA, NOW, trouble="503"),)), NOW) == ()


@pytest.mark.parametrize(
    ("claims", "look", "label", "name"),
    [
        ((registered(ADA, "ada"), in_file(ADA, "ida")), "quill", "lab", "ada"),
        ((in_file(ADA, "ida"),), "quill", "lab", "ida"),
        ((), "quill", "lab", "quill"),
        ((), "", "lab", "lab"),
        ((), "", "", "pi-rpc-aaaaaaaa"),
        ((registered(ADA, "bob"),), "", "", "bob-2"),
        ((registered(ADA, "no name\x1b!"),), "", "", "pi-rpc-aaaaaaaa"),
    ],
)
def test_a_name_is_proposed_by_who_knows_best(claims: tuple[Claim, ...], look: str, label: str, name: str) -> None:
    seen = VmLook(ADA, NOW, found=(("/tmp/pi-rpc", "alive"),), name=look)
    fleet = Fleet(vms=(vm(ADA, label=label), vm(BOB)), agents=(agent(BOB, "bob"),), claims=claims, looks=(seen,))
    assert proposed_name(ADA, fleet) == name
    assert proposed_kind(ADA, fleet).value == (claims[0].kind if claims else "lieutenant")


def test_a_commit_kept_for_undo_is_a_row_and_not_while_its_vm_is_there() -> None:
    kept = KeptCommit(
        "r1",
        KeptFor.UNDO,
        KeptState.KEPT,
        NOW - 60,
        "us",
        ADA,
        "ada",
        commit=CommitId("c0ffee00-0000-4000-8000-000000000001"),
        expires_at=NOW + 3600,
    )
    found = one(Fleet(kept=(kept,)))
    assert (found.kind, found.command, found.commit) == (FindingKind.KEPT, f"cockpit undo {ADA}", kept.commit)
    assert "deleted in 1 h" in found.evidence[1]
    assert findings_of(Fleet(vms=(vm(ADA),), agents=(agent(ADA, "ada"),), kept=(kept,)), NOW) == ()
    later = replace(kept, request="r2", vm=BOB, at=NOW, commit=CommitId("c0ffee00-0000-4000-8000-000000000002"))
    for finding in findings_of(Fleet(kept=(kept, later)), NOW):
        meant = called(finding.command.removeprefix("cockpit undo "), (kept, later))
        assert [one.commit for one in meant] == [finding.commit], "of two of one name, the one it speaks of"
