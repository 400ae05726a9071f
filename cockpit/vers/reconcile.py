"""What became of a creating call whose answer was lost: the listing is asked, nothing is created again.

A 408, a 503 or a broken connection undoes nothing on the platform. A VM counts as the result of the lost call only if
it carries the call's own label, which nobody can guess. Whatever else appeared since, of the same image or lineage, may
be somebody else's: it is named as perhaps ours, and nothing is done to it. Restores and branches carry no labels
(vers-api reference, section 2.4), so what a lost one made is never more than perhaps ours.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from cockpit.model.ids import VmId
from cockpit.vers.errors import BadAnswer, CreationUncertain, VersError, is_over, may_have_happened
from cockpit.vers.wire import VmMetadata, VmRecord

REQUEST_LABEL = "swarm-cockpit-request"
"""Label that names the call a VM was created by, so that a lost answer can be found again."""
KNOWN_LIMIT = 20_000
"""Remembered VM ids. A VM can be missing from one listing, so ids of older listings count as known too."""
LOOKS = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0)
"""Waits in seconds before each look at the listing: a branch takes about ten seconds on the platform."""
LOOKS_AFTER_ITS_END = 3
"""Looks when the API itself said that the work ended in an error."""
LOOKING_LIMIT = 45.0
"""Seconds all looks together may take; the first of them is always finished."""


def any_lineage(_metadata: VmMetadata) -> bool:
    """Take any new VM as perhaps the result: nothing is known of what it would come from."""
    return True


@dataclass(frozen=True, slots=True)
class BranchResult:
    """What a branch made: with several copies it can stop half-way, and those made stay alive."""

    vms: tuple[VmId, ...]
    wanted: int
    error: str = ""
    """Why there are fewer than wanted."""
    unseen: str = ""
    """Why it could not be seen that those which the answer names are there."""


@dataclass(frozen=True, slots=True)
class Creation:
    """One creating call under way."""

    source: str
    """What it is made from: `image`, `commit <id>` or `vm <id>`; for messages."""
    known: frozenset[str]
    """What was there before the call."""
    wanted: int = 1
    marker: str = ""
    """The value of the label that names this call, where the call can carry one."""
    matches: Callable[[VmMetadata], bool] = any_lineage


class Reconciler:
    """Remembers what is known, and looks for what a lost answer left behind."""

    def __init__(
        self,
        list_vms: Callable[[], Awaitable[Iterable[VmRecord]]],
        metadata: Callable[[VmId], Awaitable[VmMetadata]],
        owner_id: str,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._list_vms = list_vms
        self._metadata = metadata
        self._owner_id = owner_id
        self._rest = rest
        self._known: OrderedDict[str, None] = OrderedDict()
        self._claimed: OrderedDict[str, None] = OrderedDict()

    def learn(self, vm_ids: Iterable[str]) -> None:
        """Take ids as known: they are not the result of a call that starts later."""
        _remember(self._known, vm_ids)

    def knows(self, vm_id: str) -> bool:
        """Say whether a VM was ever listed or created here."""
        return vm_id in self._known or vm_id in self._claimed

    def claim(self, vm_ids: Iterable[str]) -> None:
        """Take ids as the result of a call here: they are not the result of another one."""
        _remember(self._claimed, vm_ids)

    async def begin(
        self,
        source: str,
        *,
        wanted: int = 1,
        marker: str = "",
        matches: Callable[[VmMetadata], bool] = any_lineage,
    ) -> Creation:
        """List once before the call, so that later listings can be compared.

        Raises:
            VersError: the listing failed; nothing was created.
        """
        await self._list_vms()
        return Creation(source, frozenset(self._known), wanted, marker, matches)

    async def recover(self, creation: Creation, lost: VersError) -> tuple[VmId, ...]:
        """Return the VMs that carry the label of the lost call.

        Raises:
            CreationUncertain: it cannot be told; the error names the ids that appeared, which are perhaps ours.
            VersError: the call's own failure, if nothing can have come of it.
        """
        marked: tuple[VmId, ...] = ()
        others: dict[VmId, str] = {}
        listed = False
        ends = asyncio.get_running_loop().time() + LOOKING_LIMIT
        for wait in _looks(lost):
            if wait:
                await self._rest(wait)
            if listed and asyncio.get_running_loop().time() > ends:
                break
            try:
                marked, others = await self._appeared(creation)
            except VersError:
                continue
            listed = True
            if marked and len(marked) == creation.wanted:
                return marked
            if not creation.marker and len(others) >= creation.wanted:
                break  # No later look makes it certain.
        candidates = {**dict.fromkeys(marked, "carries the label of this call"), **others}
        if not candidates and (not may_have_happened(lost) or (listed and is_over(lost))):
            raise lost
        if candidates:
            found = "perhaps ours: " + ", ".join(f"{vm_id} ({reason})" for vm_id, reason in candidates.items())
        else:
            found = "no new VM has appeared yet" if listed else "the VMs could not be listed either"
        raise CreationUncertain(
            f"{lost.message}; a VM may exist all the same: {found}",
            hint="nothing is tried again or deleted by itself: look at the VM list, and destroy what is not wanted",
            candidates=tuple(candidates),
            evidence=f"it appeared while a call to make a VM from {creation.source} lost its answer",
            status=lost.status,
        ) from lost

    async def _appeared(self, creation: Creation) -> tuple[tuple[VmId, ...], dict[VmId, str]]:
        """Return the new VMs that carry the call's label, and those that may be its result, each with the reason."""
        fresh = [
            record
            for record in await self._list_vms()
            if record.vm_id not in creation.known
            and record.vm_id not in self._claimed
            and (not self._owner_id or record.owner_id in ("", self._owner_id))
        ]
        if creation.marker:
            marked = tuple(VmId(record.vm_id) for record in fresh if creation.marker in record.labels.values())
            # A server that lists no labels leaves the new ones as mere possibilities; another call's label is another
            # call's VM.
            unmarked = (record for record in fresh if REQUEST_LABEL not in record.labels)
            return marked, {} if marked else {VmId(record.vm_id): "new, without a label" for record in unmarked}
        found: dict[VmId, str] = {}
        for record in fresh:
            vm_id = VmId(record.vm_id)
            if REQUEST_LABEL in record.labels:
                continue
            try:
                if creation.matches(await self._metadata(vm_id)):
                    found[vm_id] = "new, of the same origin"
            except VersError:
                found[vm_id] = "new, its origin cannot be read"
        return (), found


def check_new(what: str, vms: tuple[VmId, ...], creation: Creation) -> None:
    """Refuse an answer to a creating call that names nothing, too much, or a VM that was there before the call.

    Raises:
        BadAnswer: it does.
    """
    if not vms:
        raise BadAnswer(f"could not {what}: the answer names no VM", hint="list the VMs again")
    if len(vms) > creation.wanted:
        many = f"could not {what}: the answer names {len(vms)} VMs where {creation.wanted} was asked for"
        raise BadAnswer(many, hint="whatever answers in the platform's place gives other answers")
    old = [vm_id for vm_id in vms if vm_id in creation.known]
    if old or len(set(vms)) != len(vms):
        fault = f"{', '.join(old)}, which was there before" if old else f"one VM twice: {', '.join(vms)}"
        raise BadAnswer(
            f"could not {what}: the answer names {fault}",
            hint="whatever answers in the platform's place gives old answers",
        )


def _looks(lost: VersError) -> tuple[float, ...]:
    """Return the waits before each look: one look, if nothing can be under way."""
    if not may_have_happened(lost):
        return LOOKS[:1]
    return LOOKS[:LOOKS_AFTER_ITS_END] if is_over(lost) else LOOKS


def _remember(memory: OrderedDict[str, None], vm_ids: Iterable[str]) -> None:
    for vm_id in vm_ids:
        memory[vm_id] = None
        memory.move_to_end(vm_id)
    while len(memory) > KNOWN_LIMIT:
        memory.popitem(last=False)
