"""Why what an agent is called stays as it is, and who can find it."""

from __future__ import annotations

from cockpit.model.claims import ClaimedBy
from cockpit.model.colours import COLOURS
from cockpit.model.commands.life import Deregister, Dismiss, Recall, Rename, SetFindable
from cockpit.model.dismissal import evidence
from cockpit.model.dwelling import it_words
from cockpit.model.fleet import AgentKind, Fleet
from cockpit.model.names import agents_called
from cockpit.model.refusals.grounds import NO_AGENT, Facilities, Refusal, RefusalCode, of_another_account
from cockpit.model.refusals.names import name_fault, name_taken


def of_rename(command: Rename, fleet: Fleet, facilities: Facilities) -> Refusal | None:
    agent = fleet.agent(command.agent)
    if agent is None:
        return NO_AGENT
    if away := of_another_account(agent):
        return away
    if command.colour not in ("", *COLOURS):
        return Refusal(RefusalCode.NO_COLOUR, f"there is no colour {command.colour!r}; known: {', '.join(COLOURS)}")
    if command.name != agent.name:
        if fault := name_fault(command.name, fleet):
            return fault
        same = (other for other in agents_called(command.name, fleet.agents, fleet.vms) if not other.elsewhere)
        return name_taken(command.name) if command.name in facilities.claimed or any(same) else None
    has = (agent.role, agent.labels, agent.colour)
    if has == (command.role, command.labels, command.colour):
        return Refusal(RefusalCode.ALREADY, "it is called so already")
    return None


def of_findable(command: SetFindable, fleet: Fleet) -> Refusal | None:
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


def of_deregister(command: Deregister, fleet: Fleet) -> Refusal | None:
    if fleet.vm(command.vm) is not None:
        return Refusal(RefusalCode.NOT_IN_DOUBT, "it exists: what is registered of it stays")
    if not any(claim.vm == command.vm and claim.by is not ClaimedBy.LABEL for claim in fleet.claims):
        return Refusal(RefusalCode.ALREADY, "nothing says that it is, or was, anywhere")
    return None


def of_dismiss(command: Dismiss, fleet: Fleet) -> Refusal | None:
    if evidence(command.vm, fleet):
        return None
    if command.vm in fleet.dismissed:
        return Refusal(RefusalCode.ALREADY, "it is dismissed already")
    agent = fleet.agent_on(command.vm)
    if agent is not None:
        sentence = f"{agent.name} is an agent of this fleet: only its destruction ends it"
        return Refusal(RefusalCode.NOT_IN_DOUBT, sentence)
    if fleet.vm(command.vm) is not None:
        return Refusal(RefusalCode.NOT_IN_DOUBT, f"{it_words(fleet.vm(command.vm))} is not shown as perhaps ours")
    return Refusal(RefusalCode.NO_VM, f"there is no VM or place {command.vm}")


def of_recall(command: Recall, fleet: Fleet) -> Refusal | None:
    if command.vm in fleet.dismissed:
        return None
    return Refusal(RefusalCode.ALREADY, "it is not dismissed")
