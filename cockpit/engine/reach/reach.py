"""Reaching into the VMs of one source, and of all of them: what the engine's port promises about it."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.engine.operation import OperationProgress
from cockpit.engine.reach.bridges import end_bridge, start_bridge
from cockpit.engine.reach.forwards import Forwards
from cockpit.engine.reach.links import VmLinks
from cockpit.engine.reach.listening import listeners_on
from cockpit.engine.reach.live import START_LIMIT, Heard, LentCommand, LentTerminal, LivePlaces
from cockpit.engine.saving import saved
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.agent_sessions import AgentSessions
from cockpit.errors import Refused
from cockpit.model.commands.ports import EndBridge, EndForward, OpenBridge, OpenForward, PortCommand
from cockpit.model.ids import VmId
from cockpit.model.ports import Ports, forward_meant
from cockpit.model.refusals.grounds import READ_ONLY
from cockpit.model.refusals.ports import of_reach
from cockpit.remote.ssh.pseudo_terminal import PseudoTerminal
from cockpit.store.store import Store


class Reach:
    """Into the VMs of one source."""

    def __init__(self, fleet_state: FleetState, store: Store, source: Source, agent_sessions: AgentSessions) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._links = VmLinks(fleet_state, agent_sessions)
        self._places = LivePlaces(self._links, source.vers.look)
        self._forwards = Forwards(fleet_state, self._links)

    @property
    def name(self) -> str:
        """The source's name."""
        return self._source.name

    async def run(self, vm_id: VmId, words: Sequence[str], heard: Heard) -> LentCommand:
        """Start a command in the workspace of the VM's agent, else in the home of the VM's user."""
        self._check(vm_id, acts=True)
        await self._write_down("run", vm_id, " ".join(words))
        command = LentCommand(self._places, vm_id)
        await command.start(self._workspace(vm_id), tuple(words), heard)
        return command

    async def shell(
        self, vm_id: VmId, terminal: PseudoTerminal, heard: Heard, *, colours: str, tmux: bool
    ) -> LentTerminal:
        """Start a terminal in the same place; to look on is no act."""
        self._check(vm_id, acts=not tmux)
        await self._write_down("shell", vm_id, "look at tmux" if tmux else "")
        remote = LentTerminal(self._places, vm_id, heard)
        await remote.start(self._workspace(vm_id), terminal, colours, tmux=tmux)
        return remote

    async def ports(self, vm_id: VmId) -> Ports:
        """Return what listens on a VM; of a machine that others share, only what is surely the VM's own."""
        self._check(vm_id)
        async with self._links.held(vm_id):
            connection = await self._links.ready(vm_id, START_LIMIT)
            found = await listeners_on(connection, own=self._source.shares_host)
        routed = self._source.routed_ports
        return Ports(vm_id, found, self._source.address(vm_id) if routed else "", routed)

    async def carry_out(self, command: PortCommand, progress: OperationProgress) -> None:
        """Carry out a command about ports.

        Raises:
            CockpitError: it failed.
        """
        match command:
            case OpenForward():
                with progress.step("listen"):
                    row = await self._forwards.open(command)
                    progress.detail(f"{row.address} leads to port {row.port} of {row.name}")
            case EndForward(vm=vm_id, local=local, port=port):
                known = forward_meant(self._fleet_state.snapshot().forwards, vm_id, local, port)
                if known is not None:
                    await self._forwards.end(known.local)
            case OpenBridge(vm=vm_id, port=port):
                with progress.step("bridge"):
                    async with self._links.held(vm_id):
                        await start_bridge(await self._links.ready(vm_id, START_LIMIT), port)
            case EndBridge(vm=vm_id, port=port):
                with progress.step("end bridge"):
                    async with self._links.held(vm_id):
                        await end_bridge(await self._links.ready(vm_id, START_LIMIT), port)

    async def close(self) -> None:
        """End all forwards; nothing on a VM is touched."""
        await self._forwards.close()

    def _check(self, vm_id: VmId, *, acts: bool = False) -> None:
        fleet = self._fleet_state.snapshot()
        refused = READ_ONLY if acts and fleet.read_only else of_reach(vm_id, fleet)
        if refused is not None:
            raise Refused(refused.sentence)

    async def _write_down(self, verb: str, vm_id: VmId, text: str) -> None:
        agent = self._fleet_state.agent_on(vm_id)
        target = agent.name if agent is not None else vm_id
        await saved(self._store.audit(self._fleet_state.clock.now(), verb, target, text))

    def _workspace(self, vm_id: VmId) -> str:
        agent = self._fleet_state.agent_on(vm_id)
        return self._source.paths_of(agent).workspace if agent is not None else "~/"


class ReachEverywhere:
    """Implements `cockpit.engine.port.ReachPort` over the sources."""

    def __init__(self, fleet_state: FleetState, reaches: Sequence[Reach]) -> None:
        self._fleet_state = fleet_state
        self._reaches = tuple(reaches)

    def refusal(self, vm_id: VmId) -> str:
        """Say why a VM cannot be reached into now, or return empty text."""
        refused = of_reach(vm_id, self._fleet_state.snapshot())
        return refused.sentence if refused is not None else ""

    async def run(self, vm_id: VmId, words: Sequence[str], heard: Heard) -> LentCommand:
        """Start a command on a VM."""
        return await self._of(vm_id).run(vm_id, words, heard)

    async def shell(
        self, vm_id: VmId, kind: str, size: tuple[int, int], heard: Heard, *, colours: str = "", tmux: bool = False
    ) -> LentTerminal:
        """Start a terminal on a VM."""
        terminal = PseudoTerminal(kind, *size)
        return await self._of(vm_id).shell(vm_id, terminal, heard, colours=colours, tmux=tmux)

    async def ports(self, vm_id: VmId) -> Ports:
        """Return what listens on a VM."""
        return await self._of(vm_id).ports(vm_id)

    def _of(self, vm_id: VmId) -> Reach:
        vm = self._fleet_state.vms.get(vm_id)
        name = vm.source if vm is not None else ""
        return next((reach for reach in self._reaches if reach.name == name), self._reaches[0])
