"""The list panes of the home screen: agents, VMs, board, feed. Each turns a snapshot into rows, nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from cockpit.model.desk import Arrangement, Density
from cockpit.model.family import ancestors_of, parents_of
from cockpit.model.filters.agents import AGENTS, NO_ATTRIBUTES, Attributes, wanted_agents
from cockpit.model.filters.language import filter_of
from cockpit.model.filters.machines import MACHINES, Machine
from cockpit.model.fleet import Agent, Fleet, Power, Vm
from cockpit.model.ids import AgentId, VmId
from cockpit.model.marks import AgentMarks
from cockpit.model.news.filters import EVENTS, wished
from cockpit.model.ordering import SortOrder, on_top, ranks
from cockpit.model.own.port import OwnPort
from cockpit.model.reconciliation import Finding, FindingKind, findings_of, words_on
from cockpit.model.row_doubts import all_doubts
from cockpit.model.sub_agents import owner_of, sub_agent_at
from cockpit.model.tasks.filters import TASKS, filtered
from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.look.rows import agents, feed, machines, tasks
from cockpit.ui.look.rows import panes as look
from cockpit.ui.look.rows.columns import allot
from cockpit.ui.look.rows.second_line import agent_lines
from cockpit.ui.look.tree import agent_tree
from cockpit.ui.widgets.pane import Built, Pane
from cockpit.ui.widgets.row_list import Row

LOT = 40
"""Agents whose lines are put together in one step: a key waits for one of them."""
BESIDE_DOUBTS = 24
"""Cells of the board's title that are not what is doubted: its number and name, how much is to do."""


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

    def __init__(self, own: OwnPort, *, id: str) -> None:
        """Prepare.

        Args:
            own: tells what the operator's own columns say.
        """
        super().__init__(id=id)
        self._own = own
        self._folded: set[AgentId] = set()
        """Those whose children are not shown."""
        self.shows_pulses = True
        """Whether a column says how much comes from each."""
        self.order = SortOrder.NAME
        """What decides who stands first."""
        self.density = Density.AUTOMATIC
        """How many lines a row takes."""
        self.room = 0
        """Lines that the rows may take where they need not scroll."""
        self._form = (1, False)
        """How many lines each row takes now, and whether rules stand between them."""
        self.attributes = NO_ATTRIBUTES
        """What the operator keeps of agents on the screen."""
        self._held = ""
        """The filter that the rows were last narrowed by."""
        self._seen = Fleet()
        self._now = 0.0

    def take_arranged(self, arrangement: Arrangement, marks: AgentMarks, snoozed: frozenset[AgentId]) -> None:
        """Take in what the operator arranged, who is marked, and of whom something is put off."""
        self.order = arrangement.order
        self.density = arrangement.density
        self.attributes = Attributes(frozenset(marks.agents), arrangement.pinned, snoozed, marks.failed)

    def flush_steps(self, fleet: Fleet, now: float) -> Iterator[None]:
        """Show a snapshot; the commands of the operator's own columns run for the rows in sight alone."""
        yield from super().flush_steps(fleet, now)
        if self.display and self.size.height:
            self._own.want(list(dict.fromkeys(owner_of(self.rows[at].key) for at in self._in_sight())))

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

    def build_steps(self, fleet: Fleet, now: float, width: int) -> Built:
        """Build the tree; a filter flattens nothing, it only leaves rows out, and what matches is never folded away."""
        self._seen, self._now = fleet, now
        taken_in = self._taken_in
        # An agent may come to be known as a child while the cursor is on it: acts go to it, so it stays in sight.
        self._unfold_above(owner_of(self.cursor_key))
        if sub_agent_at(self.cursor_key, fleet) is None:
            super().point_at(owner_of(self.cursor_key), scroll=False)  # a sub-agent that is gone leaves it to its agent
        shown = self._narrowed(fleet, now) if self.needle else fleet.agents
        vms = {vm.id: vm for vm in fleet.vms}
        on = agents.tasks_by_assignee(fleet.tasks)
        rank = on_top(ranks(shown, vms, self.order, now), self.attributes.pinned, shown)
        names = tuple(clean_line(agent.name) for agent in shown)
        own = self._own.declared.columns
        nodes = agent_tree(shown, () if self.needle else self._folded, rank)
        drawn = []
        for at, node in enumerate(nodes):
            if at % LOT == 0:
                yield
            agent = node.agent
            task, more = on.get(agent.name, (None, 0))
            drawn.append(
                agents.AgentLine(
                    node,
                    vms.get(agent.vm_id),
                    task,
                    more,
                    node.family(vms, now),
                    tuple(one for one in fleet.forwards if one.vm == agent.vm_id),
                    fleet.pulses.get(agent.id, ()) if self.shows_pulses else (),
                    names,
                    self.attributes,
                    tuple(clean_line(self._own.cell(agent.id, column.name)) for column in own),
                )
            )
        yield
        if taken_in != self._taken_in:
            return [], NOTHING  # a later snapshot has been taken in since, and the form and the words are its own
        height, ruled = self._form = self._form_of(len(drawn))
        columns = agents.columns_for(drawn, width, own, two_lines=height > 1)
        table = allot(columns, width)
        self.heads = tuple(agents.headings(columns, table)) if drawn else ()
        rows = []
        for place, row in enumerate(drawn, 1):
            rule = ruled and place < len(drawn)
            draw = partial(agent_lines, row, table=table, width=width, height=height, ruled=rule)
            rows.append(Row(row.node.key, draw, now, height=height + rule, ruled=rule))
        self.count = our_line("{}", len(shown)) if drawn else NOTHING
        said = []
        if marked := len(self.attributes.marked):
            said.append(our_line("{} marked", marked))
        if self.order is not SortOrder.NAME:
            said.append(our_line("by {}", self.order.value))
        said.append(look.legend(shown))
        return rows, joined((word for word in said if word), ours(" · ")) if rows else NOTHING

    def take_form(self) -> bool:
        """Give the rows the form that fits the room there is now; say whether they had another one."""
        if not self.rows or self._form_of(len(self.rows)) == self._form:
            return False
        self.flush(self._seen, self._now)
        return True

    def _form_of(self, number: int) -> tuple[int, bool]:
        """Return how many lines each of so many rows takes, and whether there is room for rules between them."""
        two = self.density is Density.TWO or (self.density is Density.AUTOMATIC and 0 < 2 * number <= self.room)
        return (2, 3 * number - 1 <= self.room) if two else (1, False)

    def _narrowed(self, fleet: Fleet, now: float) -> Sequence[Agent]:
        """Return the agents that the filter leaves, and the one under the cursor: acts go to it, so it stays in sight.

        It stays until the cursor goes on, or something else is typed.
        """
        wanted = wanted_agents(fleet, self.needle, now, self.attributes)
        held, self._held = self._held, self.needle
        if held == self.needle and (cursor := fleet.agent(owner_of(self.cursor_key))) is not None:
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


def vms_word(fleet: Fleet) -> Clean:
    """Return what agents live on: VMs, and where there are plain hosts, places there as well."""
    return ours("Places") if fleet.plain else ours("VMs")


class VmsTable(Pane):
    """The VMs: what the agents' rows do not say of them stands first, a count says the rest."""

    NUMBER = 3
    VOCABULARY = MACHINES
    NAME = ours("VMs")
    WHAT = ours("VMs there are")
    SERVICES = ("vers",)
    EMPTY = (NOTHING, ours("No VMs."), ours("Press n: spawning an agent makes one."))

    images = 0
    """Golden images that are known."""

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], Clean]:
        """Build the rows: what is odd, gone or kept, then under a heading the running VMs of agents by name."""
        self.called = vms_word(fleet)
        by_vm = {agent.vm_id: agent for agent in fleet.agents}
        findings = findings_of(fleet, now)
        words = words_on(fleet, findings, now)
        names = tuple(machines.name_of(vm, by_vm.get(vm.id)) for vm in fleet.vms)

        def drawn(vm: Vm) -> Row:
            said = words.get(vm.id, "")
            return Row(vm.id, partial(machines.vm_row, vm, by_vm.get(vm.id), width=width, said=said, names=names), now)

        def called(vm: Vm) -> str:
            return by_vm[vm.id].name if vm.id in by_vm else "orphan"

        fitting = filter_of(self.needle, MACHINES)
        wanted = [
            vm
            for vm in sorted(fleet.vms, key=lambda vm: (vm.id not in by_vm, (called(vm) + vm.label).casefold(), vm.id))
            if fitting.fits(Machine(vm, by_vm.get(vm.id), words.get(vm.id, ""), now))
        ]
        plain: list[Vm] = []
        odd: list[Vm] = []
        for vm in wanted:
            is_plain = vm.id in by_vm and vm.power is Power.RUNNING and vm.id not in words
            (plain if is_plain else odd).append(vm)
        absent: dict[VmId, Finding] = {}
        for finding in findings:
            if finding.kind in (FindingKind.GONE, FindingKind.KEPT):
                absent.setdefault(finding.vm, finding)  # The first is the one that is mended.
        gone = [
            Row(finding.vm, partial(machines.gone_row, finding, width=width), now)
            for finding in absent.values()
            if fitting.fits(Machine(Vm(finding.vm, Power.GONE, label=finding.called), None, finding.kind.value, now))
        ]
        rows = [*map(drawn, odd), *gone]
        if plain:
            rows += [Row("", machines.plain_heading(len(plain), width))] if rows else []
            rows += map(drawn, plain)
        orphans = sum(words.get(vm.id) in ("orphan", "perhaps ours", "agent found") for vm in fleet.orphans())
        still = sum(vm.power in (Power.PAUSED, Power.SLEEPING) for vm in wanted)
        counts = ((orphans, "orphan"), (still, "paused"), (self.images, "image" if self.images == 1 else "images"))
        said = [our_line("{}", len(wanted)), *(our_line("{} {}", number, word) for number, word in counts if number)]
        return rows, joined(said, ours(" · ")) if rows else NOTHING


class BoardPane(Pane):
    """The shared board by status."""

    NUMBER = 2
    VOCABULARY = TASKS
    NAME = ours("Board")
    WHAT = ours("is on the board")
    SERVICES = ("board",)
    EMPTY = (NOTHING, ours("The board is empty."), ours("Press t to put a task on it."))

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], Clean]:
        """Build a heading and the tasks of each status; what a row says that is not so is counted in the title."""
        doubted = all_doubts(fleet, now)
        shown = filtered(fleet.tasks, self.needle)
        names = tuple({clean_line(task.assignee): None for task in fleet.tasks})
        rows: list[Row] = []
        for status, members in tasks.tasks_in_order(shown):
            rows.append(Row("", tasks.status_heading(status, len(members), width)))
            rows += [
                Row(task.id, partial(tasks.task_row, task, width=width, doubted=task.id in doubted, names=names), now)
                for task in members
            ]
        still_open = sum(task.status != "done" for task in shown)
        self.warned = tuple(tasks.doubts_note(doubted, max(1, width - BESIDE_DOUBTS)))
        return rows, our_line("{} to do", still_open) if shown else NOTHING


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

    def flush_steps(self, fleet: Fleet, now: float) -> Iterator[None]:
        """Show a snapshot; whoever stands on the newest and has no key on it stays there."""
        newest = self.cursor_index in (0, None) and not self.has_focus
        yield from super().flush_steps(fleet, now)
        if newest and self.rows:
            self.point_at(self.rows[0].key)

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], Clean]:
        """Build the rows, newest first."""
        newest = reversed(fleet.feed[-self.SHOWN :])
        items = wished(newest, self.needle) if self.needle else list(newest)
        names = tuple({clean_line(item.agent): None for item in items})
        table = feed.feed_table(items, width)
        rows = [
            Row(item.id, partial(feed.feed_row, item, width=width, names=names, table=table), now) for item in items
        ]
        return rows, our_line("{}", len(items)) if items else NOTHING
