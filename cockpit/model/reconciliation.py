"""VM list, registry, other tools' files, what is remembered and what runs on the VMs, held against each other.

A finding is a row: what does not fit, with the evidence and a suggested act. Nothing here or elsewhere does it by
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.ages import span_text
from cockpit.model.claims import Claim, ClaimedBy, VmLook, serves_all
from cockpit.model.dwelling import kind_words
from cockpit.model.fleet import Agent, Fleet, Power, ProcessState, Vm
from cockpit.model.ids import AgentId, CommitId, VmId
from cockpit.model.kept import undoable
from cockpit.model.reduce.tools import one_line

MAKING_LIMIT = 120.0
"""Seconds for which a VM that bears a name counts as being made by another cockpit."""

SETTLING = 600.0
"""Seconds for which the deletion of a VM that bears a name is not suggested: a start may be slow."""

MOMENT = 60.0
"""Seconds for which the deletion of a VM that nobody has is not suggested: somebody may be about to use it."""

WORDS_SHOWN = 160
"""Characters of somebody's own words inside a sentence."""


class FindingKind(StrEnum):
    """What does not fit; in the order in which it is listed."""

    PERHAPS_OURS = "perhaps ours"
    UNCLAIMED = "unclaimed"
    AGENT_DEAD = "agent dead"
    NO_AGENT = "no agent there"
    CLAIMED_TWICE = "claimed twice"
    GONE = "registered but gone"
    KEPT = "kept for undo"


class Suggestion(StrEnum):
    """What may be done about it, as the verb is called."""

    ADOPT = "adopt"
    DESTROY = "destroy"
    RELAUNCH = "relaunch"
    RENAME = "rename"
    DEREGISTER = "deregister"
    UNDO = "undo"
    WAIT = ""
    """Nothing yet: more has to be known first, or it is somebody else's."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit."""

    kind: FindingKind
    vm: VmId
    called: str
    """Its name for people; the VM's id where it has none."""
    evidence: tuple[str, ...]
    suggestion: Suggestion
    since: float = 0.0
    """Unix seconds; 0 where nobody knows."""
    agent: AgentId | None = None
    directory: str = ""
    """Where an agent was found."""
    commit: CommitId | None = None
    """What it can be brought back from."""

    @property
    def command(self) -> str:
        """The suggested act as it is typed, or empty text."""
        if self.suggestion is Suggestion.WAIT:
            return ""
        new = " NEW-NAME" if self.suggestion is Suggestion.RENAME else ""
        return f"cockpit {self.suggestion.value} {self.vm}{new}"


@dataclass(frozen=True, slots=True)
class _Known:
    """The fleet as the rules ask for it."""

    fleet: Fleet
    now: float
    agents: dict[VmId, list[Agent]]
    claims: dict[VmId, list[Claim]]
    looks: dict[VmId, VmLook]
    vms: dict[VmId, Vm]


Rule = Callable[[_Known], Iterator[Finding]]


def findings_of(fleet: Fleet, now: float) -> tuple[Finding, ...]:
    """Return what does not fit, by kind, the longest known first."""
    agents: dict[VmId, list[Agent]] = {}
    for agent in fleet.agents:
        agents.setdefault(agent.vm_id, []).append(agent)
    claims = _by_vm(fleet.claims)
    vms = {vm.id: vm for vm in fleet.vms}
    known = _Known(fleet, now, agents, claims, {look.vm: look for look in fleet.looks}, vms)
    kinds = list(FindingKind)
    found = (finding for rule in RULES for finding in rule(known))
    return tuple(sorted(found, key=lambda finding: (kinds.index(finding.kind), finding.since, finding.vm)))


def findings_on(fleet: Fleet, vm_id: VmId | None, now: float) -> tuple[Finding, ...]:
    """Return what does not fit with one VM, be it there or gone."""
    return tuple(finding for finding in findings_of(fleet, now) if finding.vm == vm_id)


def _by_vm(claims: Iterable[Claim]) -> dict[VmId, list[Claim]]:
    found: dict[VmId, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.vm, []).append(claim)
    return found


def words_on(fleet: Fleet, findings: Iterable[Finding], now: float) -> dict[VmId, str]:
    """Return in two words what a list says of VMs that are not simply their agent's."""
    words: dict[VmId, str] = {}
    for finding in findings:
        if finding.kind is FindingKind.UNCLAIMED:
            word = "agent found" if finding.suggestion is Suggestion.ADOPT else "orphan"
        else:
            word = finding.kind.value
        words.setdefault(finding.vm, word)
    said = _by_vm(fleet.claims)
    for vm in fleet.orphans():
        claims = said.get(vm.id, [])
        serves = next((claim.word for claim in claims if serves_all(claim)), "")
        being_made = "being made" if is_being_made(vm, claims, now) else ""
        words.setdefault(vm.id, serves or being_made or "orphan")
    return words


def is_being_made(vm: Vm, claims: list[Claim], now: float) -> bool:
    """Say whether a VM without an agent is just being made, as a name on it or in a registry shows."""
    return bool(vm.created_at) and now - vm.created_at < MAKING_LIMIT and any(_is_agents(claim) for claim in claims)


def _is_agents(claim: Claim) -> bool:
    return claim.by is ClaimedBy.LABEL or (claim.by is ClaimedBy.REGISTRY and claim.kind != "")


def _perhaps_ours(known: _Known) -> Iterator[Finding]:
    for vm in known.vms.values():
        if vm.perhaps_ours and vm.id not in known.agents:
            evidence = (
                one_line(vm.perhaps_ours, WORDS_SHOWN),
                *_cost(vm, known.now),
                f"if it is not yours, `cockpit dismiss {vm.id}` leaves it alone",
            )
            yield Finding(
                FindingKind.PERHAPS_OURS, vm.id, vm.label or vm.id, evidence, Suggestion.DESTROY, vm.created_at
            )


def _unclaimed(known: _Known) -> Iterator[Finding]:
    for vm in known.vms.values():
        claims = known.claims.get(vm.id, [])
        serves = any(map(serves_all, claims))
        free = vm.id not in known.agents and not serves and not vm.perhaps_ours
        if not free or vm.power is Power.GONE or is_being_made(vm, claims, known.now):
            continue
        look = known.looks.get(vm.id)
        suggestion, found = _of_look(vm, look, known.now)
        evidence = [*_cost(vm, known.now), *(f"{claim.where} calls it {claim.name}" for claim in claims), *found]
        age = known.now - vm.created_at if vm.created_at else SETTLING
        named = any(claim.by is ClaimedBy.LABEL for claim in claims)
        if suggestion is Suggestion.DESTROY and age < (SETTLING if named else MOMENT):
            suggestion = Suggestion.WAIT
            evidence.append("it is new: whoever made it may be about to use it")
        if vm.doubt:
            suggestion, evidence = Suggestion.WAIT, [f"whether it exists is unknown: {one_line(vm.doubt, WORDS_SHOWN)}"]
        elif vm.owner and known.fleet.owners and vm.owner not in known.fleet.owners:
            suggestion = Suggestion.WAIT
            evidence.append(f"it was made with another key of the organisation, {vm.owner}: ask whose that is")
        names = (*(claim.name for claim in claims), look.name if look is not None else "", vm.label)
        called = next((name for name in names if name), vm.id)
        directory = look.found[0][0] if look is not None and look.found else ""
        yield Finding(
            FindingKind.UNCLAIMED, vm.id, called, tuple(evidence), suggestion, vm.created_at, directory=directory
        )


def _of_look(vm: Vm, look: VmLook | None, now: float) -> tuple[Suggestion, list[str]]:
    """Return what a look at a VM that nobody has suggests, and what it found."""
    if vm.power is not Power.RUNNING:
        return Suggestion.WAIT, [f"what lives on it is unknown while it is {vm.power.value}"]
    if look is None:
        return Suggestion.WAIT, ["what lives on it was not looked at yet"]
    if look.trouble:
        return Suggestion.WAIT, [f"what lives on it is unknown: {one_line(look.trouble, WORDS_SHOWN)}"]
    said = [f"an agent was found at {directory}, {state}" for directory, state in look.found]
    if look.written_at is not None:
        said.append(f"it wrote {span_text(now - look.written_at)} ago last")
    if not said:
        said.append(f"no agent at {', nor at '.join(look.looked)}")
    if look.load:
        said.append(f"load {one_line(look.load, 40)} when it was looked at {span_text(now - look.at)} ago")
    return (Suggestion.ADOPT if look.found else Suggestion.DESTROY), said


def _cost(vm: Vm, now: float) -> list[str]:
    """Say since when a VM costs, where that is known."""
    since = f", made {span_text(now - vm.created_at)} ago" if vm.created_at else ""
    billed = "it is billed" if vm.power is Power.RUNNING else f"it is {vm.power.value}"
    if vm.host:
        billed = f"it is on host {vm.host}, {vm.power.value}"
    return [f"{billed}{since}, and no agent that is known here lives on it"]


def _dead(known: _Known) -> Iterator[Finding]:
    for agent in known.fleet.agents:
        vm, process = known.vms.get(agent.vm_id), agent.process
        if vm is None or vm.power is not Power.RUNNING or agent.elsewhere:
            continue
        if process.state is ProcessState.DEAD:
            code = f" with code {process.exit_code}" if process.exit_code is not None else ""
            said = [
                f"its process ended {span_text(known.now - process.since)} ago{code}"
                + ("" if vm.host else ", and its VM is billed")
            ]
            said += [f"it said: {one_line(line, WORDS_SHOWN)}" for line in process.errors[-1:]]
            kind = FindingKind.AGENT_DEAD
        elif process.never_started:
            also = f", looked also at {', '.join(process.looked_also_at)}" if process.looked_also_at else ""
            said, kind = [f"no agent at {agent.directory or 'its directory'}{also}"], FindingKind.NO_AGENT
        else:
            continue
        yield Finding(kind, vm.id, agent.name, tuple(said), Suggestion.RELAUNCH, process.since, agent.id)


def _claimed_twice(known: _Known) -> Iterator[Finding]:
    named: dict[str, dict[VmId, str]] = {}
    for vm_id, vm in known.vms.items():
        agents = known.agents.get(vm_id, [])
        said = [(agent.name, "here") for agent in agents]
        said += [(claim.name, claim.where) for claim in known.claims.get(vm_id, []) if claim.kind and claim.name]
        names = dict.fromkeys(name for name, _ in said)
        for name, where in said:
            named.setdefault(name, {}).setdefault(vm_id, where)
        if len(names) > 1 and len(agents) <= 1:
            evidence = tuple(f"{where}: {name}" for name, where in dict.fromkeys(said))
            agent = agents[0] if agents else None
            yield Finding(
                FindingKind.CLAIMED_TWICE,
                vm_id,
                agent.name if agent is not None else said[0][0],
                ("several names claim it", *evidence),
                Suggestion.RENAME if agent is not None else Suggestion.ADOPT,
                vm.created_at,
                agent.id if agent is not None else None,
            )
    for name, places in named.items():
        if len(places) < 2:
            continue
        for vm_id in list(places)[1:]:
            others = ", ".join(other for other in places if other != vm_id)
            agent = next(iter(known.agents.get(vm_id, [])), None)
            yield Finding(
                FindingKind.CLAIMED_TWICE,
                vm_id,
                name,
                (f"{name} is its name ({places[vm_id]}), and that of {kind_words(known.vms[vm_id])} {others}",),
                Suggestion.RENAME if agent is not None else Suggestion.ADOPT,
                known.vms[vm_id].created_at,
                agent.id if agent is not None else None,
            )


def _gone(known: _Known) -> Iterator[Finding]:
    for vm_id, claims in known.claims.items():
        look = known.looks.get(vm_id)
        if vm_id in known.vms or look is None or not look.gone:
            continue
        said = [f"{claim.where} has it as {claim.name or claim.word}" for claim in claims]
        seen = max(claim.seen_at for claim in claims)
        if seen:
            said.append(f"its last sign of life was {span_text(known.now - seen)} ago")
        called = next((claim.name for claim in claims if claim.name), vm_id)
        evidence = (*said, one_line(look.gone, WORDS_SHOWN))
        yield Finding(FindingKind.GONE, vm_id, called, evidence, Suggestion.DEREGISTER, seen)


def _kept(known: _Known) -> Iterator[Finding]:
    for kept in undoable(known.fleet.kept):
        if kept.vm in known.vms:
            continue
        said = [f"its VM was destroyed {span_text(known.now - kept.at)} ago; commit {kept.commit} is kept of it"]
        if kept.expires_at is not None:
            said.append(f"it is deleted in {span_text(max(0.0, kept.expires_at - known.now))}")
        if kept.trouble:
            said.append(one_line(kept.trouble, WORDS_SHOWN))
        yield Finding(FindingKind.KEPT, kept.vm, kept.name, tuple(said), Suggestion.UNDO, kept.at, commit=kept.commit)


RULES: tuple[Rule, ...] = (_perhaps_ours, _unclaimed, _dead, _claimed_twice, _gone, _kept)
"""Each looks for one kind of what does not fit."""
