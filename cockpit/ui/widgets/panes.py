"""The list panes of the home screen: agents, VMs, board, feed. Each turns a snapshot into rows, nothing more."""

from __future__ import annotations

from textual.reactive import reactive

from cockpit.model.fleet import Fleet
from cockpit.ui.look import rows as draw
from cockpit.ui.widgets.row_list import Row, RowList


class Pane(RowList):
    """A numbered list pane with a filter."""

    NUMBER = 0
    NAME = ""
    EMPTY: tuple[str, ...] = ()
    WHAT = ""
    """What the pane shows, in a sentence."""
    SERVICES: tuple[str, ...] = ()
    """The control services that know it, the first one first."""
    NO_MATCH = ("Nothing matches the filter.", "Press esc to show everything.")

    needle: reactive[str] = reactive("", repaint=False)
    """What the operator filters by."""

    def __init__(self, *, id: str) -> None:
        super().__init__(empty=self.EMPTY, id=id, classes="pane")
        self._title_key: tuple[str, ...] = ()

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], str]:
        """Return the rows for a width in cells, and a short note for the title."""
        raise NotImplementedError  # the framework's metaclass leaves no room for an abstract method

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
        self._retitle(note, f"/{self.needle}" if self.needle else "", doubt)

    def _retitle(self, *notes: str) -> None:
        if notes != self._title_key:
            self._title_key = notes
            self.border_title = draw.title(self.NUMBER, self.NAME, *notes)


class AgentsTree(Pane):
    """Architect on top, lieutenants with their workers, then the other workers."""

    NUMBER = 1
    NAME = "Lieutenants"
    WHAT = "agents there are"
    SERVICES = ("vers", "registry")
    EMPTY = (
        "",
        "No agents yet.",
        "Press n to spawn a lieutenant.",
        "",
        "A lieutenant keeps its context over many tasks; a worker does one task.",
    )

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], str]:
        """Build the tree; a filter flattens nothing, it only leaves rows out."""
        agents = list(draw.filtered_agents(fleet, self.needle)) if self.needle else fleet.agents
        vms = {vm.id: vm for vm in fleet.vms}
        self.border_subtitle = draw.legend(agents)
        rows = [
            Row(node.agent.id, draw.agent_row(node, vms.get(node.agent.vm_id), now, width))
            for node in draw.agent_tree(agents)
        ]
        return rows, f"{len(rows)} agent{'s' if len(rows) != 1 else ''}" if rows else ""


class VmsTable(Pane):
    """Every VM with its power, our link to it, and whose it is."""

    NUMBER = 3
    NAME = "VMs"
    WHAT = "VMs there are"
    SERVICES = ("vers",)
    EMPTY = ("", "No VMs.", "Press n: spawning an agent makes one.")

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], str]:
        """Build the rows: claimed VMs by name, then orphans."""
        by_vm = {agent.vm_id: agent for agent in fleet.agents}
        ordered = sorted(
            fleet.vms,
            key=lambda vm: (
                vm.id not in by_vm,
                (by_vm[vm.id].name if vm.id in by_vm else vm.label).casefold(),
                vm.id,
            ),
        )
        rows = [
            Row(vm.id, draw.vm_row(vm, by_vm.get(vm.id), now, width))
            for vm in ordered
            if not self.needle
            or draw.matches(
                self.needle,
                vm.id,
                vm.label,
                vm.power.value,
                by_vm[vm.id].name if vm.id in by_vm else "orphan",
            )
        ]
        orphans = len(fleet.orphans())
        return rows, f"{len(rows)}" + (f", {orphans} orphan" if orphans else "") if rows else ""


class BoardPane(Pane):
    """The shared board by status."""

    NUMBER = 2
    NAME = "Board"
    WHAT = "is on the board"
    SERVICES = ("board",)
    EMPTY = ("", "The board is empty.", "Press t to put a task on it.")

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], str]:
        """Build a heading and the tasks of each status."""
        tasks = [
            task
            for task in fleet.tasks
            if not self.needle or draw.matches(self.needle, task.title, task.assignee, task.status, *task.tags)
        ]
        rows: list[Row] = []
        for status, members in draw.tasks_in_order(tasks):
            rows.append(Row("", draw.status_heading(status, len(members), width)))
            rows += [Row(task.id, draw.task_row(task, now, width)) for task in members]
        still_open = sum(task.status != "done" for task in tasks)
        return rows, f"{still_open} to do" if tasks else ""


class FeedPane(Pane):
    """The shared feed, newest on top."""

    NUMBER = 5
    NAME = "Feed"
    WHAT = "is in the feed"
    SERVICES = ("feed",)
    EMPTY = ("", "Nothing in the feed yet.", "Agents and the cockpit report here.")
    SHOWN = 300
    """Items shown: more than anybody scrolls through."""

    def build(self, fleet: Fleet, now: float, width: int) -> tuple[list[Row], str]:
        """Build the rows, newest first."""
        items = [
            item
            for item in reversed(fleet.feed[-self.SHOWN :])
            if not self.needle or draw.matches(self.needle, item.agent, item.kind, item.summary)
        ]
        return [Row(item.id, draw.feed_row(item, now, width)) for item in items], str(len(items)) if items else ""
