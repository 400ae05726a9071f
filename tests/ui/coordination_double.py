"""A double of the shared state of a swarm, for screens and verbs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.bootstrap.caution import SHIPPED, load_caution
from cockpit.errors import NotFound, UsageError
from cockpit.model.acts import DoneAct
from cockpit.model.away import Away
from cockpit.model.board import FeedItem, Task, TaskContent, content_of
from cockpit.model.commands.board import EditTask
from cockpit.model.desk import Arrangement, Density, SavedFilter, fault_of_filter
from cockpit.model.fleet import Fleet
from cockpit.model.ids import AgentId, TaskId
from cockpit.model.inbox.caution import CautionRule
from cockpit.model.inbox.history import Decided
from cockpit.model.news.folding import UsageSum, sums_of
from cockpit.model.news.port import FeedLink, FeedStatistics, Freshness
from cockpit.model.notices.condition import Condition, conditions
from cockpit.model.notices.port import HookOutcome, Tell
from cockpit.model.notices.rules import NoticeRules
from cockpit.model.ordering import SortOrder
from cockpit.model.own.declared import Own
from cockpit.model.own.port import Printed
from cockpit.model.plan.marks import plans_on
from cockpit.model.plan.port import PlanStatus
from cockpit.model.plan.schedule import View, outlook
from cockpit.model.plan.workers import workers_of
from cockpit.model.recovery import Recovery, recovery_of
from cockpit.model.tasks.merging import Collision, merge
from cockpit.model.tasks.port import TaskDraft, WorkedOn
from cockpit.model.tasks.text import Unreadable, read_text, text_of
from cockpit.model.usage.port import UsageReport
from cockpit.model.usage.rules import UsageRules
from tests.ui.shared_double import LinkDouble, RecordsDouble, RegistryDouble, SkillsDouble

if TYPE_CHECKING:
    from tests.ui.fake_engine import FakeEngine


class RecoveryDouble:
    """What there is to take up again in a fleet that a test made."""

    def __init__(self, fleet: Callable[[], Fleet], now: Callable[[], float]) -> None:
        self.due: Recovery | None = None
        self._fleet = fleet
        self._now = now

    def seen(self) -> None:
        """It was seen."""
        self.due = None

    def report(self) -> Recovery:
        """Return what there is."""
        return recovery_of(self._fleet(), self._now())

    async def look(self) -> Recovery:
        """Return what there is."""
        return self.report()


class UsageDouble:
    """Satisfies `cockpit.model.usage.port.UsagePort` with what a test puts in."""

    def __init__(self) -> None:
        self.rules = UsageRules()
        self.reports: list[float] = []
        """Since when each report was asked for."""
        self.found = UsageReport(0.0, 0.0)

    async def refresh(self) -> None:
        """The fleet has what a test put in."""

    async def report(self, since: float) -> UsageReport:
        """Return what was put in."""
        self.reports.append(since)
        return self.found


class AwayDouble:
    """What happened, as a test gives it."""

    def __init__(self) -> None:
        self.found = Away(0.0, 0.0)
        self.asked: list[float] = []

    async def happened(self, since: float) -> Away:
        """Return what was given."""
        self.asked.append(since)
        return self.found


class ActsDouble:
    """The acts that a test gives."""

    def __init__(self) -> None:
        self.known: list[DoneAct] = []

    async def acts(self, *, words: str = "", since: float = 0.0, limit: int = 200) -> list[DoneAct]:
        """Return those that hold the text."""
        return [one for one in self.known if words in f"{one.verb} {one.target} {one.text}" and one.at >= since][:limit]


class PreferencesDouble:
    """Choices as a test gives them, and those that are kept."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def read(self, name: str) -> str:
        """Return one."""
        return self.kept.get(name, "")

    def keep(self, name: str, value: str) -> None:
        """Keep one."""
        self.kept[name] = value


class NoticesDouble:
    """Satisfies `cockpit.model.notices.port.NoticesPort`; a test calls `tell` as the engine would."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.rules = NoticeRules()
        self.tells = True
        self.told: Tell | None = None
        self.attended: frozenset[AgentId] = frozenset()
        self.tests = 0
        self.outcome: HookOutcome | None = None

    def attach(self, tell: Tell) -> None:
        """Take who tells."""
        self.told = tell

    def attend(self, agents: Collection[AgentId]) -> None:
        """Take whom the operator looks at."""
        self.attended = frozenset(agents)

    async def test(self) -> HookOutcome | None:
        """Return what a test gave."""
        self.tests += 1
        return self.outcome

    def calling(self) -> tuple[Condition, ...]:
        """Return what calls in the fleet of a test."""
        return conditions(self._engine.fleet, self._engine.now())


class BoardDouble:
    """A board that a test changes behind the cockpit's back: `theirs` is what it has by now."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.as_of = 0.0
        self.looks = 0
        self.theirs: dict[TaskId, Task] = {}
        self.discarded: list[Path] = []
        self.worked: dict[TaskId, WorkedOn] = {}

    def look(self) -> None:
        """Count that somebody looks."""
        self.looks += 1

    async def reread(self) -> None:
        """The fleet is what it is."""

    async def read(self, task: TaskId) -> Task:
        """Return what the board has by now."""
        tasks = self._engine.fleet.tasks
        known = self.theirs.get(task) or next((one for one in tasks if one.id == task), None)
        if known is None:
            raise NotFound(f"there is no task {task}")
        return known

    async def draft(self, task: TaskId, mine: TaskContent | None = None) -> TaskDraft:
        """Write a file that a test can edit."""
        known = await self.read(task)
        path = Path(tempfile.mkdtemp(prefix="cockpit-test-")) / "task.md"
        path.write_text(text_of(known, {}, 0.0, mine))
        return TaskDraft(known, content_of(known), path)

    def drafted(self, draft: TaskDraft) -> EditTask | None:
        """Read the file."""
        try:
            written = read_text(draft.path.read_text(), draft.before)
        except Unreadable as problem:
            raise UsageError(str(problem), hint=f"your text is {draft.path}") from problem
        edit = EditTask(draft.task.id, draft.before, written.content, written.note, written.note_kind)
        return None if edit.before == edit.after and not edit.note else edit

    def discard(self, draft: TaskDraft) -> None:
        """Note that it is removed."""
        self.discarded.append(draft.path)
        draft.path.unlink()
        draft.path.parent.rmdir()

    async def collisions(self, edit: EditTask) -> tuple[Collision, ...]:
        """Compare with what the board has by now."""
        return merge(edit.before, edit.after, content_of(await self.read(edit.task))).collisions

    async def worked_on(self, task: TaskId) -> WorkedOn | None:
        """Return what a test gave."""
        return self.worked.get(task)


class FeedDouble:
    """A feed whose server has what the fleet of a test has."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.links: tuple[FeedLink, ...] = (FeedLink("embedded", Freshness.LIVE, 0.0),)
        self.counted = FeedStatistics()

    def _items(self) -> tuple[FeedItem, ...]:
        return self._engine.fleet.feed

    @property
    def sums(self) -> tuple[UsageSum, ...]:
        """Sum up what the fleet has."""
        return sums_of(self._items())

    async def statistics(self) -> FeedStatistics:
        """Return what a test gave."""
        return self.counted

    async def events(self, *, limit: int = 0, agent: str = "", kind: str = "", since: str = "") -> tuple[FeedItem, ...]:
        """Return what the fleet has."""
        found = [item for item in self._items() if agent in ("", item.agent) and kind in ("", item.kind)]
        return tuple(found[-limit:])


class PlansDouble:
    """The plans on the board that a test made."""

    def __init__(self, fleet: Callable[[], Fleet]) -> None:
        self.handed_out = False
        """Whether somebody asked for that."""
        self.trouble = ""
        self._fleet = fleet

    def known(self) -> tuple[PlanStatus, ...]:
        """Return them, with what is next."""
        fleet = self._fleet()
        board = {task.id: task for task in fleet.tasks}
        sources = {agent.source for agent in fleet.agents} or {""}
        workers = tuple(worker for source in sorted(sources) for worker in workers_of(fleet, source, fleet.tasks))
        return tuple(
            PlanStatus(plan, "", outlook(View(plan, board, workers)), trouble=self.trouble)
            for plan in plans_on(fleet.tasks)
        )

    def hand_out(self, name: str = "") -> None:
        """Note that it was asked for."""
        self.handed_out = True


class DeskDouble:
    """Satisfies `cockpit.model.desk.DeskPort`, and keeps nothing longer than the test."""

    def __init__(self, engine: FakeEngine) -> None:
        self.arrangement = Arrangement()
        self._engine = engine

    async def load(self) -> None:
        """Nothing is kept."""

    async def pin(self, agent: AgentId, on: bool) -> None:
        """Pin an agent, or take it down."""
        pinned = self.arrangement.pinned
        self._arrange(replace(self.arrangement, pinned=pinned | {agent} if on else pinned - {agent}))

    async def sort(self, order: SortOrder) -> None:
        """Choose who stands first."""
        self._arrange(replace(self.arrangement, order=order))

    async def lay_out(self, density: Density) -> None:
        """Choose how many lines a row takes."""
        self._arrange(replace(self.arrangement, density=density))

    async def keep_filter(self, wanted: SavedFilter) -> None:
        """Keep a filter."""
        if fault := fault_of_filter(wanted):
            raise UsageError(fault)
        self._arrange(replace(self.arrangement, filters=(*self.arrangement.filters, wanted)))

    async def drop_filter(self, name: str, of: str = "agents") -> bool:
        """Keep a filter no more."""
        left = tuple(one for one in self.arrangement.filters if (one.name, one.of) != (name, of))
        found = left != self.arrangement.filters
        self._arrange(replace(self.arrangement, filters=left))
        return found

    def _arrange(self, arrangement: Arrangement) -> None:
        self.arrangement = arrangement
        self._engine.change(self._engine.fleet)


class OwnDouble:
    """Satisfies `cockpit.model.own.port.OwnPort` with what a test declares, and what it says is printed."""

    def __init__(self) -> None:
        self.declared = Own()
        self.cells: dict[tuple[AgentId, str], str] = {}
        self.wanted: list[AgentId] = []
        self.ran: list[tuple[str, AgentId]] = []
        self.printed = Printed("", 0)

    def cell(self, agent: AgentId, column: str) -> str:
        """Return what the test put in."""
        return self.cells.get((agent, column), "")

    def want(self, agents: Sequence[AgentId]) -> None:
        """Note whose rows are seen."""
        self.wanted = list(agents)

    async def run(self, name: str, agent: AgentId) -> Printed:
        """Note it, and print what the test says."""
        self.ran.append((name, agent))
        return self.printed


class InboxDouble:
    """The shipped rules, and what a test says became of questions."""

    def __init__(self) -> None:
        self.rules: tuple[CautionRule, ...] = load_caution(SHIPPED)
        self.decided: tuple[Decided, ...] = ()

    async def history(self, limit: int = 200) -> tuple[Decided, ...]:
        """Return what a test gave."""
        return self.decided[:limit]


class CoordinationDouble:
    """Satisfies `cockpit.model.coordination.CoordinationPort` with what a test puts in."""

    def __init__(self, engine: FakeEngine) -> None:
        self.places: tuple[str, ...] = ("embedded",)
        self.recovery = RecoveryDouble(lambda: engine.fleet, engine.now)
        self.usage = UsageDouble()
        self.notices = NoticesDouble(engine)
        self.preferences = PreferencesDouble()
        self.acts = ActsDouble()
        self.away = AwayDouble()
        self.inbox = InboxDouble()
        self.board = BoardDouble(engine)
        self.feed = FeedDouble(engine)
        self.plans = PlansDouble(lambda: engine.fleet)
        self.skills = SkillsDouble()
        self.records = RecordsDouble()
        self.registry = RegistryDouble()
        self.link = LinkDouble()
        self.desk = DeskDouble(engine)
        self.own = OwnDouble()
