"""Watches for what calls the operator, and tells it if this is the process that does, of those that share a history."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence

from cockpit.engine.notices.hook import run_hook
from cockpit.engine.running_source import RunningSource
from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.model.ids import AgentId
from cockpit.model.notices.condition import Condition, conditions, words
from cockpit.model.notices.notifier import CalledFact, CallTimer, Occasion, Summons
from cockpit.model.notices.port import HookOutcome, Tell
from cockpit.model.notices.rules import NoticeRules
from cockpit.model.notices.told import change_object, headline_of, variables_of
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

log = logging.getLogger(__name__)

LOOK_INTERVAL = 0.5
"""Seconds between two looks."""

STALE = 5.0
"""Seconds after which a fleet that did not change is judged anew: what a time decides may have come due."""

LEASE = "notices"
"""Who has it tells."""

TOLD = "notices told"
"""The choice of the store that says what was told, for whoever takes over."""

MOST_LISTED = 20
"""Facts that a hook is told one by one; how many there are is always said."""

MOST_WAITING = 16
"""Calls that may wait for a hook; what is more goes without it, and the log says so."""

Snoozed = Callable[[float], Collection[str]]
"""Says of which conditions the operator does not want to hear at a moment, by their keys."""


def nothing_snoozed(now: float) -> Collection[str]:
    """Say that the operator wants to hear of everything."""
    return ()


class NoticeWatch:
    """Implements `cockpit.model.notices.port.NoticesPort`."""

    def __init__(
        self,
        running: Sequence[RunningSource],
        fleet_state: FleetState,
        store: Store,
        snoozed: Snoozed = nothing_snoozed,
    ) -> None:
        self.rules = running[0].source.notice_rules if running else NoticeRules()
        self.snoozed = snoozed
        self._fleet_state = fleet_state
        self._store = store
        self._notifier = CallTimer(self.rules.digest_seconds)
        self._tell: Tell | None = None
        self._tells = False
        self._attended: frozenset[AgentId] = frozenset()
        self._kept: tuple[str, ...] = ()
        """What the store has of what was told."""
        self._looked: tuple[int, float] = (-1, 0.0)
        self._found: tuple[Condition, ...] = ()
        self._words: Mapping[AgentId, str] = {}
        self._hooks: set[asyncio.Task[None]] = set()
        self._one_hook = asyncio.Lock()
        self._said = ""
        """The standing notice about a hook that failed."""

    @property
    def tells(self) -> bool:
        """Whether it is this process that calls."""
        return self._tells

    def attach(self, tell: Tell) -> None:
        """Take part from now on."""
        self._tell = tell

    def attend(self, agents: Collection[AgentId]) -> None:
        """Say whom the operator looks at here."""
        self._attended = frozenset(agents)

    async def run(self) -> None:
        """Watch until cancelled; a process in which nobody is to be told takes no part."""
        try:
            while True:
                if self._tell is not None:
                    try:
                        await self._look(self._tell)
                    except StoreError as error:
                        log.warning("nobody is called now: %s", error)  # the store says so itself, in its health
                await asyncio.sleep(LOOK_INTERVAL)
        finally:
            for hook in self._hooks:
                hook.cancel()

    async def _look(self, tell: Tell) -> None:
        """Say whom somebody looks at, take over if nobody tells, and tell what is due."""
        now, leases = self._fleet_state.clock.now(), self._store.leases
        for agent in self._fleet_state.agents:
            if agent in self._attended:
                leases.take(_seen(agent))
            else:
                leases.release(_seen(agent))
        if not self._tells and leases.take(LEASE):
            self._kept = await self._read_told()
            self._notifier.begin(now, self._kept)
            self._tells = True
        revision, at = self._looked
        if revision != self._fleet_state.revision or now - at >= STALE:
            fleet = self._fleet_state.snapshot()
            self._looked = (self._fleet_state.revision, now)
            self._found, self._words = conditions(fleet, now), words(fleet, now)
        attended = self._looked_at() if self._tells else frozenset()
        for summons in self._notifier.observe(
            self._found, self._words, now, attended=attended, snoozed=self.snoozed(now)
        ):
            tell(summons)
            self._begin_hook(summons)
        await self._keep_told()

    def _looked_at(self) -> frozenset[AgentId]:
        """Return the agents of what calls that somebody looks at, in whatever process: a lease stands for each."""
        called = {agent for one in self._found for agent in (*one.agents, one.agent) if agent is not None}
        found: set[AgentId] = set()
        for agent in called:
            if agent in self._attended:
                found.add(agent)
            elif self._store.leases.take(_seen(agent)):
                self._store.leases.release(_seen(agent))
            else:
                found.add(agent)
        return frozenset(found)

    # --- what was told -------------------------------------------------------------------------------

    async def _read_told(self) -> tuple[str, ...]:
        text = (await self._store.choices.kept()).get(TOLD, "[]")
        try:
            told = json.loads(text)
        except ValueError:
            told = []
        return tuple(str(key) for key in told) if isinstance(told, list) else ()

    async def _keep_told(self) -> None:
        if self._tells and (told := self._notifier.told) != self._kept:
            self._kept = told
            await saved(self._store.choices.keep(TOLD, json.dumps(told)))

    # --- the hook ------------------------------------------------------------------------------------

    def _begin_hook(self, summons: Summons) -> None:
        if not self.rules.hook:
            return
        if len(self._hooks) >= MOST_WAITING:
            log.warning("the hook has no time for: %s", headline_of(summons))
            return
        task = asyncio.create_task(self._hook(summons), name="hook")
        self._hooks.add(task)
        task.add_done_callback(self._hooks.discard)

    async def _hook(self, summons: Summons) -> None:
        outcome = await self._run_hook(summons)
        trouble = outcome.trouble if outcome is not None else ""
        said = f"the hook of config.toml, [notify] hook, fails: {trouble}" if trouble else ""
        if said != self._said:
            # A standing notice is said once, and goes when the hook works again.
            if self._said:
                self._fleet_state.notice(self._said, stands=False)
            if said:
                self._fleet_state.notice(said)
            self._said = said

    async def test(self) -> HookOutcome | None:
        """Summons once, here and now."""
        said = Condition("test", "test", "a test: this is how cockpit calls you", False, name="test")
        summons = Summons(Occasion.TEST, (CalledFact(said),), self._fleet_state.clock.now())
        if self._tell is not None:
            self._tell(summons)
        return await self._run_hook(summons)

    def calling(self) -> tuple[Condition, ...]:
        """Return what calls at this moment."""
        return conditions(self._fleet_state.snapshot(), self._fleet_state.clock.now())

    async def _run_hook(self, summons: Summons) -> HookOutcome | None:
        """Run the hook for one call, after those before it."""
        if not self.rules.hook:
            return None
        async with self._one_hook:
            outcome = await run_hook(self.rules.hook, _environment_of(summons), self.rules.hook_seconds)
        if outcome.trouble:
            log.warning("the hook failed: %s", outcome.trouble)
        return outcome


def _environment_of(summons: Summons) -> dict[str, str]:
    """Return what a hook gets: the most urgent fact in variables of their own, and all of them as JSON."""
    listed = [change_object(change) for change in summons.changes[:MOST_LISTED]]
    return variables_of(summons) | {"COCKPIT_CHANGES": json.dumps(listed)}


def _seen(agent: AgentId) -> str:
    return f"seen {agent}"
