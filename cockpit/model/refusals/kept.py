"""Why an agent is not kept in a commit, or not brought back from one: rules beside those of all commands."""

from __future__ import annotations

from cockpit.model.commands.vm import Retry
from cockpit.model.conversation import forgets, is_forgetful
from cockpit.model.fleet import Agent, Fleet, Power, is_at_work
from cockpit.model.ids import CommitId, VmId
from cockpit.model.kept import undoable
from cockpit.model.refusals.grounds import Refusal, RefusalCode


def of_undo(commit: CommitId, fleet: Fleet) -> Refusal | None:
    """Return why nobody can be brought back from a commit, or None."""
    if any(kept.commit == commit for kept in undoable(fleet.kept)):
        return None
    return Refusal(RefusalCode.NO_COMMIT, f"no destroyed agent is kept in commit {commit}")


def of_deletion(commit: str, fleet: Fleet, golden_image: str) -> Refusal | None:
    """Return why a commit is not to be deleted by order, or None: what undoes a destroy goes by itself, in its time.

    Args:
        commit: its id.
        fleet: what is known of agents and VMs.
        golden_image: the commit that new agents are restored from; empty if from none.
    """
    commit = commit.lower()
    if commit == golden_image.lower() and golden_image:
        sentence = "new agents are restored from it: set [vers] golden_image to another one first"
        return Refusal(RefusalCode.IN_USE, sentence)
    kept = next((one for one in undoable(fleet.kept) if one.commit == commit), None)
    if kept is None:
        return None
    sentence = f"it is kept to undo the destroy of {kept.name}, and goes by itself when its time has come"
    return Refusal(RefusalCode.IN_USE, sentence)


def of_checkpoint(retry: Retry, fleet: Fleet) -> Refusal | None:
    """Return why nobody can go back to a commit, or None."""
    if any(kept.commit == retry.commit for kept in fleet.kept):
        return None
    return Refusal(RefusalCode.NO_COMMIT, f"no commit {retry.commit} was kept of an agent")


def of_conversation(vm: VmId, fleet: Fleet, would: str) -> Refusal | None:
    """Return why an agent is not ended, or not copied for the sake of its conversation, or None.

    Args:
        vm: where it lives.
        fleet: what is known of it.
        would: what would become of it.
    """
    agent = fleet.agent_on(vm)
    if agent is None or not is_forgetful(agent):
        return None
    return Refusal(RefusalCode.FORGETS, f"{forgets(agent)}: {would}")


def of_clean_commit(agent: Agent | None, power: Power) -> Refusal | None:
    """Return why a commit cannot be taken without an agent's keys, or None."""
    if power is not Power.RUNNING:
        return Refusal(RefusalCode.VM_POWER, f"the VM is {power.value}: keys are taken out of a running one only")
    if agent is not None and is_at_work(agent):
        return Refusal(RefusalCode.WORKING, f"{agent.name} works, and would be stopped: abort it first")
    if agent is not None and is_forgetful(agent):
        return Refusal(RefusalCode.FORGETS, f"{forgets(agent)}: stopped for the commit, it would begin anew")
    return None
