"""What became of a creating call whose answer was lost: the listing is asked, nothing is created again.

A 408, a 503 or a broken connection undoes nothing on the platform. A VM counts as the result of the lost call
only if it appeared since, carries this key's owner id and the right lineage (or the call's own label), is claimed
by no other call here, and no like call is under way.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from cockpit.model.ids import VmId
from cockpit.vers.errors import CreationUncertain, VersError
from cockpit.vers.wire import VmMetadata, VmRecord

KNOWN_LIMIT = 20_000
"""Remembered VM ids. A VM can be missing from one listing, so ids of older listings count as known too."""
LOOKS = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0)
"""Waits in seconds before each look at the listing: a branch takes about ten seconds on the platform."""


def _any_lineage(_metadata: VmMetadata) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class BranchResult:
    """What a branch made: with several copies it can stop half-way, and those made stay alive."""

    vms: tuple[VmId, ...]
    wanted: int
    error: str = ""
    """Why there are fewer than wanted."""


@dataclass(frozen=True, slots=True)
class Creation:
    """One creating call under way."""

    source: str
    """What it is made from: `image`, `commit <id>` or `vm <id>`; calls of one source cannot be told apart."""
    known: frozenset[str]
    """What was there before the call."""
    wanted: int = 1
    marker: str = ""
    """The value of the label that names this call, where the call can carry one."""
    matches: Callable[[VmMetadata], bool] = _any_lineage


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
        self._under_way: Counter[str] = Counter()

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
        matches: Callable[[VmMetadata], bool] = _any_lineage,
    ) -> Creation:
        """List once before the call, so that later listings can be compared.

        Raises:
            VersError: the listing failed; nothing was created.
        """
        await self._list_vms()
        self._under_way[source] += 1
        return Creation(source, frozenset(self._known), wanted, marker, matches)

    def end(self, creation: Creation) -> None:
        """The call is over, whatever came of it."""
        self._under_way[creation.source] -= 1
        if self._under_way[creation.source] <= 0:
            del self._under_way[creation.source]

    async def recover(self, creation: Creation, lost: VersError) -> tuple[VmId, ...]:
        """Return the VMs the lost call made, if that is certain.

        Raises:
            CreationUncertain: it cannot be told; the error names the ids that appeared.
        """
        candidates: tuple[VmId, ...] = ()
        listed = False
        for wait in LOOKS:
            if wait:
                await self._rest(wait)
            try:
                candidates, proven = await self._candidates(creation)
            except VersError:
                continue
            listed = True
            alone = bool(creation.marker) or self._under_way[creation.source] == 1
            if proven and alone and len(candidates) == creation.wanted:
                self.claim(candidates)
                return candidates
        if candidates:
            found = f"new since the call: {', '.join(candidates)}"
        else:
            found = "no new VM has appeared yet" if listed else "the VMs could not be listed either"
        raise CreationUncertain(
            f"{lost.message}; a VM may exist all the same: {found}",
            hint="it is not tried again by itself: look at the VM list, then adopt or destroy what is not wanted",
            candidates=candidates,
            status=lost.status,
        ) from lost

    async def _candidates(self, creation: Creation) -> tuple[tuple[VmId, ...], bool]:
        """Return the ids that may be the result, and whether their lineage or label says so."""
        fresh = [
            record
            for record in await self._list_vms()
            if record.vm_id not in creation.known
            and record.vm_id not in self._claimed
            and (not self._owner_id or record.owner_id in ("", self._owner_id))
        ]
        if creation.marker:
            marked = tuple(VmId(record.vm_id) for record in fresh if creation.marker in record.labels.values())
            # A server that lists no labels leaves the new ones as mere possibilities.
            return (marked, True) if marked else (tuple(VmId(record.vm_id) for record in fresh), False)
        found: list[VmId] = []
        for record in fresh:
            vm_id = VmId(record.vm_id)
            try:
                if creation.matches(await self._metadata(vm_id)):
                    found.append(vm_id)
            except VersError:
                # Not readable in this moment: the next look decides.
                continue
        return tuple(found), True


def _remember(memory: OrderedDict[str, None], vm_ids: Iterable[str]) -> None:
    for vm_id in vm_ids:
        memory[vm_id] = None
        memory.move_to_end(vm_id)
    while len(memory) > KNOWN_LIMIT:
        memory.popitem(last=False)
