"""The list panes of the home screen: agents, VMs, board, feed. Each turns a snapshot into rows, nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from textual.reactive import reactive

from cockpit.model.desk import Arrangement
from cockpit.model.family import ancestors_of, parents_of, sum_of
from cockpit.model.filters.agents import AGENTS, NO_ATTRIBUTES, Attributes, wanted_agents
from cockpit.model.filters.fields import Vocabulary
from cockpit.model.filters.language import filter_of
from cockpit.model.filters.machines import MACHINES, Machine
from cockpit.model.fleet import Agent, Fleet, Power, Vm
from cockpit.model.ids import AgentId, VmId
from cockpit.model.marks import AgentMarks
from cockpit.model.news.filters import EVENTS, wished
from cockpit.model.ordering import SortOrder, on_top, ranks
from cockpit.model.reconciliation import Finding, FindingKind, findings_of, words_on
from cockpit.model.row_doubts import all_doubts
from cockpit.model.tasks.filters import TASKS, filtered
from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import our_line
from cockpit.ui.look import rows as draw
from cockpit.ui.look.tree import agent_tree
from cockpit.ui.widgets.frame import set_subtitle, set_title
from cockpit.ui.widgets.row_list import Row, RowList


class Pane(RowList):
    """A numbered list pane with a filter."""

    NUMBER = 0
    NAME: Clean = NOTHING
    EMPTY: tuple[Clean, ...] = ()
    WHAT: Clean = NOTHING
    """What the pane shows, in a sentence."""
    SERVICES: tuple[str, ...] = ()
    """The control services that know it, the first one first."""
    NO_MATCH: tuple[Clean, ...] = (ours("Nothing matches the filter."), ours("Press esc to show everything."))

    needle: reactive[str] = reactive("", repaint=False)
    """What the operator filters by."""

    VOCABULARY: Vocabulary[Any] | None = None
    """What can be asked in its filter."""

    def __init__(self, *, id: str) -> None:
        super().__init__(empty=self.EMPTY, id=id, classes="pane")
        self._title_key: tuple[Clean, ...] = ()

    @property
    def hits(self) -> int:
        """How many rows there are that one can stand on."""
        return sum(bool(row.key) for row in self.rows)

    @property
    def faults(self) -> tuple[str, ...]:
        """What in the filter means nothing."""
        return filter_of(self.needle, self.VOCABULARY).faults if self.VOCABULARY is not None else ()

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], Clean]:
        """Return the rows for a width in cells, and a short note for the title."""
        raise NotImplementedError  # panes are queried, and mypy lets Textual's queries take no abstract class

    def flush(self, fleet: Fleet, now: float) -> None:
        """Show a snapshot, unless nobody sees this pane."""
        width = self.scrollable_content_region.width
        if not self.display or width <= 0:
            return
        rows, note = self.build(fleet, now, width - 1)
        unknown = draw.unknown_because(fleet, self.SERVICES, self.WHAT)
        self.set_empty(unknown or (self.NO_MATCH if self.needle else self.EMPTY))
        self.set_rows(rows)
        doubt = draw.doubt(fleet, self.SERVICES)
        self._retitle(note, our_line("/{}", self.needle) if self.needle else NOTHING, doubt)

    def tick(self, now: float) -> None:
        """Let the ages go on, unless nobody sees this pane."""
        if self.display and self.size.width:
            super().tick(now)

    def _retitle(self, *notes: Clean) -> None:
        if notes != self._title_key:
            self._title_key = notes
            set_title(self, draw.title(self.NUMBER, self.NAME, *notes))


class AgentsTree(Pane):
    """Architect on top, lieutenants with their workers, then the other workers."""

    NUMBER = 1
    VOCABULARY = AGENTS
    NAME = ours("Lieutenants")
    WHAT = ours("agents there are")
    SERVICES = ("vers", "registry")
    EMPTY = (
        NOTHING,
        ours("No agents yet."),
        ours("Press n to spawn a lieutenant."),
        NOTHING,
        ours("A lieutenant keeps its context over many tasks; a worker does one task."),
    )

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._folded: set[AgentId] = set()
        """Those whose children are not shown."""
        self.order = SortOrder.NAME
        """What decides who stands first."""
        self.attributes = NO_ATTRIBUTES
        """What the operator keeps of agents on the screen."""
        self._held = ""
        """The filter that the rows were last narrowed by."""
        self._seen = Fleet()
        self._now = 0.0

    def take_arranged(self, arrangement: Arrangement, marks: AgentMarks) -> None:
        """Take in what the operator arranged, and who is marked."""
        self.order = arrangement.order
        self.attributes = Attributes(frozenset(marks.agents), arrangement.pinned, failed=marks.failed)

    def toggle_fold(self, agent: AgentId) -> None:
        """Hide the children of an agent, or show them again; the cursor goes to it."""
        self.point_at(agent)
        self._folded ^= {agent}
        self.flush(self._seen, self._now)

    def point_at(self, key: str, *, scroll: bool = True) -> bool:
        """Put the cursor on an agent; whoever hides it is unfolded."""
        if super().point_at(key, scroll=scroll):
            return True
        if self.needle or not self._unfold_above(AgentId(key)):
            return False
        self.flush(self._seen, self._now)
        return super().point_at(key, scroll=scroll)

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], Clean]:
        """Build the tree; a filter flattens nothing, it only leaves rows out, and what matches is never folded away."""
        self._seen, self._now = fleet, now
        # An agent may come to be known as a child while the cursor is on it: acts go to it, so it stays in sight.
        self._unfold_above(AgentId(self.cursor_key))
        agents = self._narrowed(fleet, now) if self.needle else fleet.agents
        vms = {vm.id: vm for vm in fleet.vms}
        rank = on_top(ranks(agents, vms, self.order, now), self.attributes.pinned, agents)
        set_subtitle(self, draw.legend(agents))
        rows = []
        for node in agent_tree(agents, () if self.needle else self._folded, rank):
            family = sum_of(node.folded, vms, now) if node.folded else None
            forwards = tuple(one for one in fleet.forwards if one.vm == node.agent.vm_id)
            vm = vms.get(node.agent.vm_id)
            drawn = partial(
                draw.agent_row, node, vm, width=width, family=family, forwards=forwards, attributes=self.attributes
            )
            rows.append(Row(node.agent.id, drawn, now))
        number = len(agents)
        notes = [our_line("{} {}", number, "agent" if number == 1 else "agents")]
        if self.order is not SortOrder.NAME:
            notes.append(our_line("by {}", self.order.value))
        if marked := len(self.attributes.marked):
            notes.append(our_line("{} marked", marked))
        return rows, joined(notes, ours(" · ")) if rows else NOTHING

    def _narrowed(self, fleet: Fleet, now: float) -> Sequence[Agent]:
        """Return the agents that the filter leaves, and the one under the cursor: acts go to it, so it stays in sight.

        It stays until the cursor goes on, or something else is typed.
        """
        wanted = wanted_agents(fleet, self.needle, now, self.attributes)
        held, self._held = self._held, self.needle
        if held == self.needle and (cursor := fleet.agent(AgentId(self.cursor_key))) is not None:
            kept = {agent.id for agent in (*wanted, cursor)}
            return [agent for agent in fleet.agents if agent.id in kept]
        return wanted

    def _unfold_above(self, agent: AgentId) -> bool:
        """Show the children of all who stand above an agent; say whether that shows more than before."""
        if not self._folded:
            return False
        hiding = self._folded.intersection(ancestors_of(agent, parents_of(self._seen.agents)))
        self._folded -= hiding
        return bool(hiding)


class VmsTable(Pane):
    """Every VM with its power, our link to it, and whose it is."""

    NUMBER = 3
    VOCABULARY = MACHINES
    NAME = ours("VMs")
    WHAT = ours("VMs there are")
    SERVICES = ("vers",)
    EMPTY = (NOTHING, ours("No VMs."), ours("Press n: spawning an agent makes one."))

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], Clean]:
        """Build the rows: claimed VMs by name, then orphans, then what is registered and gone or kept."""
        by_vm = {agent.vm_id: agent for agent in fleet.agents}
        findings = findings_of(fleet, now)
        words = words_on(fleet, findings, now)
        ordered = sorted(
            fleet.vms,
            key=lambda vm: (
                vm.id not in by_vm,
                (by_vm[vm.id].name if vm.id in by_vm else vm.label).casefold(),
                vm.id,
            ),
        )
        wanted = filter_of(self.needle, MACHINES)
        rows = [
            Row(vm.id, partial(draw.vm_row, vm, by_vm.get(vm.id), width=width, said=words.get(vm.id, "")), now)
            for vm in ordered
            if wanted.fits(Machine(vm, by_vm.get(vm.id), words.get(vm.id, ""), now))
        ]
        number = len(rows)
        absent: dict[VmId, Finding] = {}
        for finding in findings:
            if finding.kind in (FindingKind.GONE, FindingKind.KEPT):
                absent.setdefault(finding.vm, finding)  # The first is the one that is mended.
        rows += [
            Row(finding.vm, partial(draw.gone_row, finding, width=width), now)
            for finding in absent.values()
            if wanted.fits(Machine(Vm(finding.vm, Power.GONE, label=finding.called), None, finding.kind.value, now))
        ]
        orphans = sum(words.get(vm.id) in ("orphan", "perhaps ours", "agent found") for vm in fleet.orphans())
        note = our_line("{}, {} orphan", number, orphans) if orphans else our_line("{}", number)
        return rows, note if rows else NOTHING


class BoardPane(Pane):
    """The shared board by status."""

    NUMBER = 2
    VOCABULARY = TASKS
    NAME = ours("Board")
    WHAT = ours("is on the board")
    SERVICES = ("board",)
    EMPTY = (NOTHING, ours("The board is empty."), ours("Press t to put a task on it."))

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], Clean]:
        """Build a heading and the tasks of each status; what a row says that is not so is counted below."""
        doubted = all_doubts(fleet, now)
        tasks = filtered(fleet.tasks, self.needle)
        rows: list[Row] = []
        for status, members in draw.tasks_in_order(tasks):
            rows.append(Row("", draw.status_heading(status, len(members), width)))
            rows += [
                Row(task.id, partial(draw.task_row, task, width=width, doubted=task.id in doubted), now)
                for task in members
            ]
        still_open = sum(task.status != "done" for task in tasks)
        set_subtitle(self, draw.doubts_note(doubted))
        return rows, our_line("{} to do", still_open) if tasks else NOTHING


class FeedPane(Pane):
    """The shared feed, newest on top."""

    NUMBER = 5
    VOCABULARY = EVENTS
    NAME = ours("Feed")
    WHAT = ours("is in the feed")
    SERVICES = ("feed",)
    EMPTY = (NOTHING, ours("Nothing in the feed yet."), ours("Agents and the cockpit report here."))
    SHOWN = 300
    """Items shown: more than anybody scrolls through."""

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], Clean]:
        """Build the rows, newest first."""
        newest = reversed(fleet.feed[-self.SHOWN :])
        items = wished(newest, self.needle) if self.needle else list(newest)
        rows = [Row(item.id, partial(draw.feed_row, item, width=width), now) for item in items]
        return rows, our_line("{}", len(items)) if items else NOTHING
