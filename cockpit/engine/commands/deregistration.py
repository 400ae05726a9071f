"""Taking a VM that is gone out of the registry and of other tools' files, once it was seen to be gone."""

from __future__ import annotations

from cockpit.engine.commands.sharing import Sharing
from cockpit.engine.operation import OperationProgress
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import NotFound, Refused
from cockpit.model.claims import ClaimedBy
from cockpit.model.commands.life import Deregister
from cockpit.vers.look import Missing


class Deregistration:
    """Takes out what says that a VM exists which does not."""

    def __init__(self, fleet_state: FleetState, source: Source, sharing: Sharing) -> None:
        self._fleet_state = fleet_state
        self._source = source
        self._sharing = sharing

    async def deregister(self, command: Deregister, progress: OperationProgress) -> None:
        """Carry out a command.

        Raises:
            CockpitError: the VM is not known to be gone, or an entry cannot be taken out.
        """
        with progress.step("look for the VM"):
            seen = await self._source.vers.look(command.vm)
            progress.detail(seen.evidence)
            if not isinstance(seen, Missing):
                raise Refused(
                    f"VM {command.vm} is not known to be gone: {seen.evidence}", hint="what is registered of it stays"
                )
        said = self._fleet_state.sightings.claims_on(command.vm)
        registry = self._source.entered_in
        if registry is not None and any(claim.by is ClaimedBy.REGISTRY for claim in said):
            with progress.step("deregister"):
                try:
                    await registry.deregister(command.vm)
                except NotFound:
                    progress.detail("it was not registered")
        await self._sharing.leave_files(command.vm, progress)
        self._fleet_state.sightings.forget(command.vm)
