"""What others say of VMs, and what looks at them found, as it stands now; a part of the state of the fleet."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.model.claims import Claim, VmLook
    from cockpit.model.ids import VmId


class Sightings:
    """The newest claims of each place, and the newest look at each VM."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._claims: dict[tuple[str, str], tuple[Claim, ...]] = {}
        self._looks: dict[VmId, VmLook] = {}
        self.owners: set[str] = set()
        """The owners as which VMs are made here."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Everything that is said."""
        return tuple(claim for claims in self._claims.values() for claim in claims)

    @property
    def looks(self) -> tuple[VmLook, ...]:
        """The newest look at each VM."""
        return tuple(self._looks.values())

    def put_claims(self, source: str, where: str, claims: tuple[Claim, ...]) -> None:
        """Store all that one place says of the VMs of a source."""
        if self._claims.get((source, where), ()) != claims:
            self._claims[source, where] = claims
            self._changed()

    def claims_of(self, source: str) -> list[Claim]:
        """Return what is said of the VMs of a source."""
        return [claim for (name, _), claims in self._claims.items() if name == source for claim in claims]

    def claims_on(self, vm_id: VmId) -> list[Claim]:
        """Return what is said of a VM."""
        return [claim for claim in self.claims if claim.vm == vm_id]

    def source_of(self, vm_id: VmId) -> str | None:
        """Return the source whose registry, or whose tools' files, speak of a VM."""
        said = (name for (name, _), claims in self._claims.items() if any(claim.vm == vm_id for claim in claims))
        return next(said, None)

    def look_at(self, vm_id: VmId) -> VmLook | None:
        """Return the newest look at a VM."""
        return self._looks.get(vm_id)

    def put_look(self, look: VmLook) -> None:
        """Store what a look found."""
        self._looks[look.vm] = look
        self._changed()

    def forget_looks(self, taken: Collection[VmId], there: Collection[VmId]) -> None:
        """Drop the looks at VMs that somebody has, and at those that are neither there nor spoken of any more."""
        spoken_of = {claim.vm for claims in self._claims.values() for claim in claims}
        for vm_id in list(self._looks):
            if vm_id in taken or (vm_id not in there and vm_id not in spoken_of):
                del self._looks[vm_id]
                self._changed()

    def forget(self, vm_id: VmId) -> None:
        """Drop everything about a VM: it is gone, and nobody is to count on it."""
        for place, claims in self._claims.items():
            self._claims[place] = tuple(claim for claim in claims if claim.vm != vm_id)
        self._looks.pop(vm_id, None)
        self._changed()
