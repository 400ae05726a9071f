"""Spawning: a form for lieutenants and workers, then every step of it with its time, as it happens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommandId, CommitId
from cockpit.model.operation import Operation
from cockpit.model.size import VmSize, parse_size
from cockpit.model.workers import MOST, fault_of_tasks, spawn_each, tasks_in
from cockpit.text.clean import NOTHING, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.course import LEAST_WIDTH, NOTHING_YET, REFRESH, Course, operations_of, refusals_of
from cockpit.ui.dialogs.form import Field, FormDialog, Values, listed
from cockpit.ui.widgets.choice_field import Choice, ChoiceField
from cockpit.ui.widgets.data_fields import DataInput
from cockpit.ui.widgets.plain import Plain

SIZE_FORM = ours("processors/MiB of memory/MiB of disk")


CUSTOMARY = {
    AgentKind.LIEUTENANT: ours("lt-DOMAIN, such as lt-api"),
    AgentKind.WORKER: ours("worker-LABEL, such as worker-docs"),
}
"""How agents are called by custom, so that others who coordinate the same swarm know what each is."""


def spawn_fields(engine: CockpitPort, source: str = "") -> tuple[Field, ...]:
    """Return the fields of the form for what the engine can start now.

    Args:
        engine: the engine.
        source: the one that is offered first, where there are several.
    """
    sources = engine.fleet.sources if len(engine.fleet.sources) > 1 else ()
    where = source if source in sources else next(iter(sources), "")
    others = [name for name in sources if name != where]
    leaders = [agent.name for agent in engine.fleet.agents if agent.kind is not AgentKind.WORKER]
    images = [
        Choice("", ours("fresh VM")),
        *(Choice(commit, clean_line(name or commit)) for commit, name in engine.images(where)),
        *(
            Choice(commit, our_line("{} ({})", name or commit, other))
            for other in others
            for commit, name in engine.images(other)
        ),
    ]
    programs = [Choice(name, clean_line(name), reason) for name, reason in engine.programs(where)]
    first_usable = next((choice.value for choice in programs if not choice.reason), "")
    return (
        Field(
            "kind",
            ours("kind"),
            "choice",
            choices=(Choice("lieutenant", ours("lieutenant")), Choice("worker", ours("worker"))),
        ),
        Field("name", ours("name"), placeholder=CUSTOMARY[AgentKind.LIEUTENANT]),
        Field("role", ours("role"), placeholder=ours("what it is for, in your words")),
        Field(
            "prompt",
            ours("its role"),
            "choice",
            choices=(
                Choice("", ours("is added to the agent's own system prompt")),
                Choice("replace", ours("stands in place of the agent's own system prompt")),
            ),
        ),
        Field(
            "parent",
            ours("works for"),
            "choice",
            choices=(Choice("", ours("nobody")), *(Choice(name, clean_line(name)) for name in leaders)),
        ),
        *(
            (Field("source", ours("where"), "choice", where, choices=tuple(map(_named, (where, *others)))),)
            if sources
            else ()
        ),
        Field("count", ours("how many"), value="1", placeholder=ours("1")),
        Field("labels", ours("labels"), placeholder=ours("comma-separated")),
        Field("image", ours("image"), "choice", choices=tuple(images)),
        Field("size", ours("size"), value=(engine.fleet.fresh_size or VmSize()).text, placeholder=SIZE_FORM),
        Field("program", ours("program"), "choice", first_usable, choices=tuple(programs)),
        Field("model", ours("model"), placeholder=ours("the agent's default")),
        Field("thinking", ours("thinking"), placeholder=ours("the agent's default")),
        Field(
            "sync",
            ours("take along"),
            "choice",
            choices=(Choice("", ours("nothing of mine")), Choice("yes", ours("my skills, settings and packages"))),
        ),
        Field(
            "findable",
            ours("found by"),
            "choice",
            choices=(
                Choice("", ours("this cockpit alone")),
                Choice("yes", ours("other tools too: they stop what they found when they end")),
            ),
        ),
        Field("tasks", ours("task"), "area", placeholder=ours("first prompt; workers: one for all, or one a line")),
    )


def _named(source: str) -> Choice:
    return Choice(source, clean_line(source))


def spawn_commands(values: Values, offered: VmSize | None, taken: Collection[str] = ()) -> list[Spawn]:
    """Build the commands of a checked form: several workers get numbered names, and each its task.

    Args:
        values: what was filled in.
        offered: the size that a fresh VM was offered; None where it has its image's.
        taken: names that somebody has.
    """
    kind = AgentKind(values["kind"])
    labels = listed(values["labels"])
    tasks = tasks_of(values)
    image = CommitId(values["image"]) if values["image"] else None
    parent = values["parent"] if kind is AgentKind.WORKER else ""
    size = None if image or offered is None else parse_size(values["size"])
    # What was neither changed now nor before is not written down as a choice.
    size = None if size == offered == VmSize() else size
    wanted = Spawn(
        values["name"],
        kind,
        values["role"],
        image,
        values["program"],
        labels,
        parent,
        values["model"],
        size=size,
        thinking=values["thinking"].strip(),
        replaces_prompt=values["prompt"] == "replace",
        findable=values["findable"] == "yes",
        sync=values["sync"] == "yes",
        source=values.get("source", ""),
    )
    return list(spawn_each(wanted, number_of(values), tasks, taken))


def tasks_of(values: Values) -> tuple[str, ...]:
    """Return the tasks of a form: of workers a list, of others one text."""
    if values["kind"] == AgentKind.WORKER:
        return tasks_in(values["tasks"])
    return (values["tasks"].strip(),) if values["tasks"].strip() else ()


def number_of(values: Values) -> int:
    """Return how many agents a checked form makes: with one task for each, as many as there are tasks."""
    if values["kind"] != AgentKind.WORKER:
        return 1
    count = int(values["count"])
    return max(1, len(tasks_of(values))) if count == 1 else count


class SpawnDialog(FormDialog):
    """The form, and after it the steps. Closing it stops nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+r", "again", "edit again", show=False, priority=True)]

    def __init__(self, engine: CockpitPort, source: str = "") -> None:
        super().__init__(ours("Spawn"), spawn_fields(engine, source), self._check_values)
        self._engine = engine
        self._commands: list[CommandId] = []
        self._course = Course()
        self.set_class(True, "spawn")

    def compose_body(self) -> ComposeResult:
        """Yield the form and the place of the steps."""
        yield from super().compose_body()
        with VerticalScroll(id="steps"):
            yield Plain(NOTHING, id="step-lines")

    def on_mount(self) -> None:
        self._show_worker_fields()
        self._show_size()
        self.query_one("#name").focus()
        self.set_interval(REFRESH, self._flush)

    @on(ChoiceField.Changed, "#image")
    def _show_size(self) -> None:
        """A fresh VM has the size that is asked for; one from an image has the image's."""
        self.query_one("#row-size").display = self._is_fresh(self.query_one("#image", ChoiceField).value)

    def _is_fresh(self, image: str) -> bool:
        return not image and self._engine.fleet.fresh_size is not None

    @on(ChoiceField.Changed, "#kind")
    def _show_worker_fields(self) -> None:
        """Workers have a parent and a number; a lieutenant has not."""
        worker = self.query_one("#kind", ChoiceField).value == AgentKind.WORKER
        for name in ("parent", "count"):
            self.query_one(f"#row-{name}").display = worker
        kind = AgentKind.WORKER if worker else AgentKind.LIEUTENANT
        self.query_one("#name", DataInput).placeholder = CUSTOMARY[kind]

    def _taken(self) -> frozenset[str]:
        return frozenset(agent.name for agent in self._engine.fleet.agents)

    def _check_values(self, values: Values) -> str:
        if not values["name"]:
            return "an agent needs a name"
        if any(character.isspace() for character in values["model"]):
            return f"model: {values['model']!r} holds white space, and no model's name does"
        if values["kind"] == AgentKind.WORKER:
            number = values["count"]
            if not number.isdecimal() or not 1 <= int(number) <= MOST:
                return f"how many: a number from 1 to {MOST}"
        if fault := fault_of_tasks(number_of(values), tasks_of(values)):
            return fault
        if self._is_fresh(values["image"]) and parse_size(values["size"]) is None:
            return f"size: write {SIZE_FORM}, such as {VmSize().text} or 4/8G/20G"
        for command in spawn_commands(values, self._engine.fleet.fresh_size, self._taken()):
            if reason := self._engine.disabled_reason(command):
                return reason
        return ""

    def finish(self, values: Mapping[str, str]) -> None:
        """Give the commands and turn to their steps."""
        commands = spawn_commands(values, self._engine.fleet.fresh_size, self._taken())
        self._commands = [self._engine.dispatch(command) for command in commands]
        self.add_class("-running")
        self.show_keys(("esc", "close, it goes on"))
        self.query_one("#steps").focus()
        self._flush()

    def operations(self) -> list[Operation]:
        """Return the operations this form started."""
        return operations_of(self._engine.fleet, self._commands)

    def _flush(self) -> None:
        """Draw the steps."""
        if not self._commands:
            return
        operations, refused = self.operations(), refusals_of(self._engine.fleet, self._commands)
        width = max(LEAST_WIDTH, self.query_one("#steps").size.width - 2)
        text = self._course.text(operations, refused, self._engine.now(), width, NOTHING_YET)
        if text is not None:
            self.query_one("#step-lines", Plain).show(text, layout=True)
        if refused or any(operation.error for operation in operations):
            self.show_keys(("^r", "edit and try again"), ("esc", "close"))

    def action_again(self) -> None:
        """Go back to the form with everything still filled in."""
        if self._commands:
            self._commands = []
            self.remove_class("-running")
            self.show_keys(*FormDialog.KEYS)
            self.query_one("#name").focus()

    def action_submit(self) -> None:
        """Submit once; while the steps run enter does nothing."""
        if not self._commands:
            super().action_submit()
