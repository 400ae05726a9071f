"""What the engine is made of. Each room is loaded when it is entered: a verb loads those alone that it needs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from cockpit.engine.clock import Clock
from cockpit.engine.first_turn import FirstTurn
from cockpit.engine.naming import Naming
from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.errors import ConfigError
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_ended, reached

if TYPE_CHECKING:
    from cockpit.agents.scaffold.layout import AgentPaths
    from cockpit.engine.changes.desk import WorkDesk
    from cockpit.engine.comparison import Comparison
    from cockpit.engine.coordination.coordination import Coordination
    from cockpit.engine.files.agent_files import AgentFiles
    from cockpit.engine.images.catalogue import ImageCatalogue
    from cockpit.engine.inquiries import Inquiries
    from cockpit.engine.line_tail import LineTail
    from cockpit.engine.losses import Losses
    from cockpit.engine.notebook import Notebook
    from cockpit.engine.platform import Platform
    from cockpit.engine.queues import Queues
    from cockpit.engine.reach.reach import ReachEverywhere
    from cockpit.engine.recorded import RecordedHistory
    from cockpit.engine.source import Source
    from cockpit.engine.standard_error import StandardError
    from cockpit.engine.streams.agent_sessions import LinkOptions
    from cockpit.engine.streams.history import History
    from cockpit.engine.streams.recorder import Recorder
    from cockpit.engine.streams.session import AgentSession
    from cockpit.engine.surroundings import Lookout
    from cockpit.engine.usage.acts import UsageActs
    from cockpit.model.commands.command import Command
    from cockpit.model.fleet import Agent
    from cockpit.model.ids import AgentId, CommandId
    from cockpit.model.receipts.receipts import ReceiptBook
    from cockpit.store.store import Store


class Rooms:
    """The state of the fleet, the sources at work, and the rooms over them."""

    def __init__(
        self,
        sources: Sequence[Source],
        store: Store,
        *,
        clock: Clock | None = None,
        link_options: LinkOptions | None = None,
        history_bounds: tuple[int, float] = (2_000_000_000, 90 * 86_400.0),
    ) -> None:
        """Prepare; `start` does it.

        Args:
            link_options: how connections are kept.
            history_bounds: bytes, and seconds of age, the store may keep.
        """
        self.store = store
        self.clock = clock or Clock()
        names = [source.name for source in sources]
        if not sources or len(set(names)) != len(names):
            raise ConfigError(
                f"the sources of a cockpit need names of their own: {', '.join(names) or 'there is none'}"
            )
        self.fleet_state = FleetState(self.clock, " + ".join(names))
        self.fleet_state.sources = tuple(names)
        self.fleet_state.plain = frozenset(source.name for source in sources if source.plain_host is not None)
        several = len(names) > 1
        self.running = tuple(
            RunningSource(
                source,
                self.fleet_state,
                store,
                lambda: self.recorder,
                lambda: self.book,
                link_options,
                self._usage_acts,
                shown_as=source.name if several else "",
            )
            for source in sources
        )
        """One of each source, in the order of preference: new VMs and tasks are the first one's."""
        self.fleet_state.awaited = tuple(name for running in self.running for name in running.services)
        self.naming = Naming(self.fleet_state)
        self.bounds = history_bounds
        self._attached = asyncio.Event()

    @cached_property
    def book(self) -> ReceiptBook:
        """What became of what was ordered."""
        from cockpit.model.receipts.receipts import ReceiptBook

        return ReceiptBook()

    @cached_property
    def recorder(self) -> Recorder:
        """Where the lines of agents end up."""
        from cockpit.engine.streams.recorder import Recorder

        return Recorder(self.fleet_state, self.store, self.book)

    @cached_property
    def golden(self) -> ImageCatalogue:
        """The golden images."""
        from cockpit.engine.images.catalogue import ImageCatalogue

        return ImageCatalogue(self.running, self.fleet_state)

    @cached_property
    def history(self) -> History:
        """Older history on demand."""
        from cockpit.engine.streams.history import History

        return History(self.fleet_state, self.store, self.agent_session)

    @cached_property
    def recorded(self) -> RecordedHistory:
        """The output of agents, as it is recorded here."""
        from cockpit.engine.recorded import RecordedHistory

        return RecordedHistory(self.store)

    @cached_property
    def lookout(self) -> Lookout:
        """The look at what nobody here has."""
        from cockpit.engine.surroundings import Lookout

        return Lookout(tuple(running.surroundings for running in self.running))

    @cached_property
    def output(self) -> LineTail:
        """The output of agents, from their VMs."""
        from cockpit.engine.line_tail import LineTail

        return LineTail(self.agent_session, self.store, self.clock)

    @cached_property
    def platform(self) -> Platform:
        """What the platforms keep besides VMs and agents."""
        from cockpit.engine.platform import Platform

        return Platform(self.running)

    @cached_property
    def losses(self) -> Losses:
        """What would be lost with VMs."""
        from cockpit.engine.losses import Losses

        return Losses(self.fleet_state, self.running)

    @cached_property
    def work(self) -> WorkDesk:
        """What agents changed in their workspaces, and comments on it."""
        from cockpit.engine.changes.desk import WorkDesk

        return WorkDesk(self.fleet_state, self.store, self.agent_session, self._paths_of, self.dispatch)

    @cached_property
    def comparison(self) -> Comparison:
        """What several agents came to."""
        from cockpit.engine.comparison import Comparison

        return Comparison(self.fleet_state, self.output, self.work.changes)

    @cached_property
    def queues(self) -> Queues:
        """What waits in the agents' queues."""
        from cockpit.engine.queues import Queues

        return Queues(self.fleet_state, self.book)

    @cached_property
    def standard_error(self) -> StandardError:
        """What the agents' programs wrote on standard error."""
        from cockpit.engine.standard_error import StandardError

        return StandardError(self.fleet_state, self.agent_session, self._paths_of)

    @cached_property
    def files(self) -> AgentFiles:
        """Files on the VMs of agents."""
        from cockpit.engine.files.agent_files import AgentFiles

        return AgentFiles(self.fleet_state, self.agent_session, self._paths_of)

    @cached_property
    def inquiries(self) -> Inquiries:
        """Questions to agents."""
        from cockpit.engine.inquiries import Inquiries

        parts = (self.fleet_state, self.recorder, self.book, self.agent_session, self._paths_of, self.files)
        return Inquiries(*parts, self._carried_out)

    @cached_property
    def reach(self) -> ReachEverywhere:
        """Into VMs."""
        from cockpit.engine.reach.reach import ReachEverywhere

        return ReachEverywhere(self.fleet_state, [running.reach for running in self.running])

    @cached_property
    def coordination(self) -> Coordination:
        """The shared state of the swarm, beyond its tasks and events."""
        from cockpit.engine.coordination.coordination import Coordination

        return Coordination(self.running, self.fleet_state, self.store, self._is_settled)

    @cached_property
    def notebook(self) -> Notebook:
        """What the operator wrote and chose."""
        from cockpit.engine.notebook import Notebook

        return Notebook(self.store, self.clock.now)

    def keep_turns(self) -> None:
        """Keep what agents' workspaces are like between their turns, from now on: the first one enters the room."""
        self.fleet_state.turn_watcher = FirstTurn(lambda: self.work.turns)

    def entered(self, room: str) -> bool:
        """Say whether a room was loaded: what nobody used has nothing to end."""
        return room in vars(self)

    def _usage_acts(self) -> Mapping[str, UsageActs]:
        """Return what orders about usage, by source."""
        return {running.name: running.dispatcher.usage for running in self.running}

    # --- what rooms share ---

    def agent_session(self, agent: AgentId) -> AgentSession | None:
        """Return the session with an agent, if it has one."""
        for running in self.running:
            if (session := running.agent_sessions.agent_session(agent)) is not None:
                return session
        return None

    def _paths_of(self, agent: Agent) -> AgentPaths:
        running = next((running for running in self.running if running.name == agent.source), self.running[0])
        return running.source.paths_of(agent)

    def _is_settled(self) -> bool:
        """Say whether each attached agent was tried, and read to its end where its link is up."""
        return all(running.agent_sessions.settled() for running in self.running)

    def _source_for(self, command: Command) -> RunningSource:
        from cockpit.engine.choosing import source_for

        return source_for(command, self.fleet_state, self.running)

    def dispatch(self, command: Command) -> CommandId:
        """Take a command; the receipt is in the snapshot when this returns."""
        return self._source_for(command).dispatcher.dispatch(command)

    async def outcome(
        self, command_id: CommandId, *, until: Stage = Stage.DONE, timeout: float | None = None
    ) -> Receipt:
        """Wait until a command has come at least as far as a stage, or has ended otherwise.

        Returns the receipt as it stands, also when the seconds ran out first.
        """

        def there() -> bool:
            receipt = self.fleet_state.receipts[command_id]
            return is_ended(receipt) or reached(receipt, until)

        await self.fleet_state.until(there, timeout)
        return self.fleet_state.receipts[command_id]

    async def _carried_out(self, command: Command, timeout: float) -> Receipt:
        """Dispatch a command and return its receipt at its end, or as it stands when the seconds have run out."""
        return await self.outcome(self.dispatch(command), timeout=timeout)
