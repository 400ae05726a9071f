"""Commits that this cockpit keeps of agents, with who was on them: to undo a destroy, to retry a prompt, or by order.

A commit says of itself only a name and its VM. Who the agent was, what it was told next and when the commit goes is
written down here, before the commit is taken, so that a cockpit that is killed at any moment loses none of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.ids import CommitId, VmId
from cockpit.model.size import VmSize

KEEP_STEP = "commit for undo"
"""The step of a destroy in which its commit is taken: where it fails, nothing was deleted."""

IN_THE_COMMIT = "a live agent's environment and files, its keys among them, are in its commit"
"""What everybody reads who takes one."""

MARK = "swarm-cockpit keeps this"
"""How the description of such a commit begins; the request follows, by which it is known again."""


class KeptFor(StrEnum):
    """What a commit is kept for."""

    UNDO = "undo"
    """Its VM was destroyed; deleted once its time has come."""
    CHECKPOINT = "checkpoint"
    """Taken before a prompt; never deleted by itself."""
    COMMIT = "commit"
    """The operator ordered it; never deleted by itself."""


class KeptState(StrEnum):
    """How far the keeping has come."""

    BEGUN = "begun"
    """The commit was ordered, and what became of that is not known."""
    TAKEN = "taken"
    """It is there; that its VM is to be deleted was not confirmed yet."""
    KEPT = "kept"
    RESTORED = "restored"
    """An agent was brought back from it, whose VM lives on it."""


@dataclass(frozen=True, slots=True)
class KeptCommit:
    """One commit, and who was on it. Times are unix seconds."""

    request: str
    """Names the order; it stands in the commit's description, and nobody can guess it."""
    purpose: KeptFor
    state: KeptState
    at: float
    account: str
    vm: VmId
    name: str
    """The agent's name, else the VM's id."""
    identity: str = ""
    """The command that would make the agent as it was, as JSON; empty where no agent was known."""
    kind: str = ""
    commit: CommitId | None = None
    size: VmSize | None = None
    """What its VM had; None where nobody knows."""
    expires_at: float | None = None
    """When it is to be deleted; None keeps it."""
    parent: str = ""
    """The commit before it: of the same VM, else the one its VM was made from."""
    prompt: str = ""
    """What the agent was told next, of a checkpoint."""
    trouble: str = ""
    """What went wrong with it last."""


def is_marked_for_undo(description: str) -> bool:
    """Say whether a commit's own description tells that a cockpit keeps it to undo a destroy, this one or another."""
    return description.startswith(f"{MARK} for {KeptFor.UNDO.value} ")


def is_undoable(kept: KeptCommit) -> bool:
    """Say whether a destroyed agent can be brought back from a commit."""
    there = kept.commit is not None and kept.state in (KeptState.TAKEN, KeptState.KEPT)
    return kept.purpose is KeptFor.UNDO and there


def is_unsettled(kept: KeptCommit) -> bool:
    """Say whether it is to be found out what became of a commit, or of the VM it was taken of."""
    return kept.state in (KeptState.BEGUN, KeptState.TAKEN)


def undoable(kept: Iterable[KeptCommit]) -> tuple[KeptCommit, ...]:
    """Return what can be undone, the latest first."""
    return tuple(sorted(filter(is_undoable, kept), key=lambda one: one.at, reverse=True))


def last_checkpoint(vm: VmId, kept: Iterable[KeptCommit], origin: str = "") -> KeptCommit | None:
    """Return the commit that was taken before the latest text of the agent on a VM, or None.

    Args:
        vm: where it lives now.
        kept: all that are kept.
        origin: the commit its VM was made from: what was taken of an agent before it was brought back is its own.
    """
    there = [one for one in kept if one.commit is not None]
    own = [one for one in there if one.vm == vm and one.purpose is KeptFor.CHECKPOINT]
    before = (one for one in chain(origin, there) if one.purpose is KeptFor.CHECKPOINT and one.commit != origin)
    return max(own, key=lambda one: one.at, default=None) or next(before, None)


def chain(commit: str, kept: Iterable[KeptCommit]) -> Iterator[KeptCommit]:
    """Yield a commit and those it came from, as far as they are kept, the latest first."""
    known = {str(one.commit): one for one in kept if one.commit is not None}
    seen: set[str] = set()
    while commit in known and commit not in seen:
        seen.add(commit)
        yield known[commit]
        commit = known[commit].parent


def lineage(
    kept: Iterable[KeptCommit], name: str = "", vms: Collection[VmId] = (), origins: Collection[str] = ()
) -> tuple[tuple[int, KeptCommit], ...]:
    """Return commits that stay as a tree: each below the one it came from, with its depth; the oldest first.

    Args:
        kept: all that are kept.
        name: of one agent only; empty for all.
        vms: where an agent of this name lives now.
        origins: the commits those VMs were made from.
    """
    there = [one for one in kept if one.commit is not None]
    shown = [one for one in there if one.purpose is not KeptFor.UNDO]
    if name:
        before = {str(one.commit) for origin in origins for one in chain(origin, there)}
        wanted = {one.request for one in called(name, shown, vms)}
        wanted |= {one.request for one in shown if one.commit in before}
        shown = [one for one in shown if one.request in wanted]
    children: dict[str, list[KeptCommit]] = {}
    known = {str(one.commit) for one in shown}
    for one in sorted(shown, key=lambda one: one.at):
        # What undid a destroy in between is no part of the tree.
        line = (str(before.commit) for before in chain(one.parent, there))
        above = next((commit for commit in line if commit in known and commit != one.commit), "")
        children.setdefault(above, []).append(one)
    found: list[tuple[int, KeptCommit]] = []
    seen: set[str] = set()
    waiting = [(0, one) for one in reversed(children.get("", []))]
    while waiting:
        depth, one = waiting.pop()
        found.append((depth, one))
        if str(one.commit) not in seen:
            seen.add(str(one.commit))
            waiting += [(depth + 1, below) for below in reversed(children.get(str(one.commit), []))]
    return tuple(found)


def called(name: str, kept: Iterable[KeptCommit], vms: Collection[VmId] = ()) -> tuple[KeptCommit, ...]:
    """Return the commits that a text means, the latest first: by id, or the beginning of one, else by agent or VM.

    Args:
        name: the text.
        kept: all that are kept.
        vms: where an agent of this name lives now: what was kept of it under another name is its own, too.
    """
    there = sorted((one for one in kept if one.commit is not None), key=lambda one: one.at, reverse=True)
    wanted = name.lower()
    by_id = tuple(one for one in there if one.commit == wanted) or tuple(
        one for one in there if len(wanted) >= 8 and str(one.commit).startswith(wanted)
    )
    return by_id or tuple(one for one in there if one.name == name or one.vm in (wanted, *vms))
