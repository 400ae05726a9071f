"""What hangs on a commit is said before it goes, what is in use stays, and variables that cannot be are refused."""

from __future__ import annotations

import pytest

from cockpit.model.commands.images import DeleteImage
from cockpit.model.dependants import dependants_of
from cockpit.model.fleet import Agent, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.images import GoldenImage, ImageFacts
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.platform import DeleteCommit, SetVariables
from cockpit.model.refusals.grounds import Facilities, RefusalCode
from cockpit.model.refusals.refusal import refusal

COMMIT = CommitId("0f9e8d7c-6b5a-4948-8372-615049382716")
VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
KEPT = KeptCommit("r", KeptFor.CHECKPOINT, KeptState.KEPT, 0.0, "us", VM, "ada", commit=COMMIT, prompt="go on")
FLEET = Fleet(
    agents=(Agent(agent_of(VM), "ida", AgentKind.LIEUTENANT, VM),),
    vms=(Vm(VM, Power.RUNNING, parent_commit=COMMIT),),
    kept=(KEPT,),
)
BASE = GoldenImage(COMMIT, "base", 0.0)
HEIR = GoldenImage(CommitId("c2"), "base", 0.0, facts=ImageFacts(origin=COMMIT))


def test_agents_images_and_vms_are_named() -> None:
    said = dependants_of(COMMIT, FLEET, (BASE, HEIR))
    assert len(said) == 4
    assert "golden image base" in said[0] and "patched from it" in said[1]
    assert "ida can go back to it no more" in said[2] and "go on" in said[2], "under the name it has now"
    assert said[3].startswith("VMs made from it") and "ida" in said[3]
    assert dependants_of("c3", FLEET, (BASE, HEIR)) == ()


@pytest.mark.parametrize("order", [DeleteCommit(COMMIT), DeleteCommit(CommitId(COMMIT.upper())), DeleteImage(COMMIT)])
def test_what_new_agents_are_restored_from_is_not_deleted(order: DeleteCommit | DeleteImage) -> None:
    refused = refusal(order, FLEET, Facilities(golden_image=COMMIT))
    assert refused is not None and refused.code is RefusalCode.IN_USE and "golden_image" in refused.sentence
    assert refusal(order, FLEET, Facilities(golden_image="")) is None


@pytest.mark.parametrize(
    ("order", "code", "said"),
    [
        (SetVariables(), RefusalCode.NO_TEXT, "no variable"),
        (SetVariables((("1A", "x"),)), RefusalCode.BAD_VARIABLE, "does not begin with a digit"),
        (SetVariables((("A", "sec\nret"),)), RefusalCode.BAD_VARIABLE, "one line"),
        (SetVariables((("A", "x" * 9000),)), RefusalCode.BAD_VARIABLE, "8192"),
        (SetVariables(removed=("B/../A",)), RefusalCode.BAD_VARIABLE, "cannot be removed"),
        (SetVariables((("A", "x"),), ("A",)), RefusalCode.BAD_VARIABLE, "both set and removed"),
    ],
)
def test_variables_that_cannot_be_are_refused_before_anything_is_sent(
    order: SetVariables, code: RefusalCode, said: str
) -> None:
    refused = refusal(order, FLEET, Facilities())
    assert refused is not None and refused.code is code and said in refused.sentence
    assert "sec" not in refused.sentence and "xxx" not in refused.sentence, "a value is never shown"


def test_variables_that_can_be_are_not_refused() -> None:
    for order in (SetVariables(replace=True), SetVariables((("A", "x"),), ("B",)), SetVariables(removed=("B",))):
        assert refusal(order, FLEET, Facilities()) is None
