"""Spawning in one line: names, and a first task behind a colon; all else is as it was the last time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from cockpit.engine.port import CockpitPort
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.notebook.pitfalls import pitfall
from cockpit.model.spawn_line import SpawnLine, read_spawn_line
from cockpit.text.clean import NOTHING, Clean, joined, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.spawn.fields import ADVICE, FORM, REMEMBERED, spawn_fields, values_in
from cockpit.ui.dialogs.spawn.orders import fault_in, orders_of
from cockpit.ui.dialogs.spawn.steps import MakesAgents
from cockpit.ui.look.cells import Piece, content, cut, fit, width_of
from cockpit.ui.widgets.data_fields import LINE, DataInput, pasted_text
from cockpit.ui.widgets.plain import Plain

WHOLE_FORM = "form"
"""The value that says that the whole form is wanted."""

HINTS = (ours("NAME"), ours("NAME: first task"), ours("a, b, c"), ours("NAME*3"))
"""What can be typed, those that matter most first."""
BETWEEN = ours("   or   ")


def hint(width: int) -> Clean:
    """Return what can be typed, as much of it as stands whole in a width in cells."""
    shown = [HINTS[0]]
    for one in HINTS[1:]:
        if width_of(joined([*shown, one], BETWEEN)) <= width:
            shown.append(one)
    return joined(shown, BETWEEN)


class NamesField(DataInput):
    """Takes one line; a list that is pasted has a task a line, and belongs into the form."""

    @dataclass
    class ListPasted(Message):
        """A list was pasted."""

        text: str

    def _on_paste(self, event: events.Paste) -> None:
        text = pasted_text(event.text).strip(LINE)
        if LINE not in text:
            super()._on_paste(event)
            return
        event.stop()
        event.prevent_default()
        self.post_message(self.ListPasted(text))


class SpawnLineDialog(MakesAgents):
    """One field at the foot of the screen, and what will be made of it."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("⏎", "spawn"),
        ("^t", "lieutenant or worker"),
        ("tab", "all fields"),
        ("esc", "cancel"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "whole_form", "all fields", show=False, priority=True),
        Binding("ctrl+t", "turn_kind", "kind", show=False, priority=True),
        Binding("ctrl+o", "turn_source", "where", show=False, priority=True),
    ]

    def __init__(self, engine: CockpitPort, source: str = "") -> None:
        super().__init__(ours("Spawn"), classes="spawn-line")
        self.engine = engine
        self._values = values_in(spawn_fields(engine, source))

    def compose_body(self) -> ComposeResult:
        """Yield the field, what will be made, and the place of the steps."""
        yield NamesField(placeholder=HINTS[0], id="names")
        yield Plain(NOTHING, id="made")
        yield Plain(NOTHING, id="problem")
        yield from self.compose_steps()

    def on_mount(self) -> None:
        self.write_on()
        self.call_after_refresh(self._describe)  # it has a width then

    def write_on(self) -> None:
        """Give the keys to the field."""
        self.query_one("#names").focus()

    @property
    def _kind(self) -> AgentKind:
        return AgentKind(self._values["kind"])

    def _read(self) -> SpawnLine:
        taken = frozenset(agent.name for agent in self.engine.fleet.agents)
        return read_spawn_line(self.query_one("#names", Input).value, taken)

    @on(Input.Changed)
    def _describe(self) -> None:
        """Say what enter makes, and when such an agent serves."""
        read, values = self._read(), self._values
        field = self.query_one("#names", Input)
        width = max(20, field.size.width - 1)
        field.placeholder = hint(width)
        where, fleet = values.get("source", ""), self.engine.fleet
        fresh = "a home of its own" if where in fleet.plain else "fresh VM"
        image = next(
            (known or commit for commit, known in self.engine.images(where) if commit == values["image"]), fresh
        )
        place = f"{image} in {where} (^o: elsewhere)" if where else image
        facts = " · ".join(filter(None, (values["program"], values["model"], place)))
        several = f"{len(read.names)} {self._kind.value}s" if len(read.names) > 1 else self._kind.value
        head: list[Piece] = [(our_line("{} ", several), "bold"), (our_line("on {}", facts), "")]
        said = our_line("{}: {}", self._kind.value, ADVICE[self._kind])
        names = cut(our_line("{}", ", ".join(read.names)), width) if len(read.names) > 1 else fit(said, width)
        below: Piece = (names, "$muted")
        if warning := pitfall(read.task):
            below = (cut(our_line("! {}", warning), width), "$agent-asking")
        self.query_one("#made", Plain).show(content([*head, (ours("\n"), ""), below]), layout=True)
        self.query_one("#problem", Plain).show(NOTHING, layout=True)

    def _each(self, read: SpawnLine) -> list[dict[str, str]]:
        return [{**self._values, "name": name, "count": "1", "tasks": read.task} for name in read.names]

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """Make them, or say what is wrong with the line and stay."""
        event.stop()
        if self.commands:
            return
        read = self._read()
        each = self._each(read)
        fault = read.fault or next((said for values in each if (said := fault_in(values, self.engine))), "")
        self.query_one("#problem", Plain).show(clean_line(fault), layout=True)
        if fault:
            return
        self.engine.notebook.keep_values(FORM, {name: self._values[name] for name in REMEMBERED})
        orders: list[Spawn] = [order for values in each for order in orders_of(values, self.engine)]
        self.make(orders)

    def action_turn_kind(self) -> None:
        """Make the other kind."""
        if not self.commands:
            worker = self._kind is AgentKind.WORKER
            self._values["kind"] = (AgentKind.LIEUTENANT if worker else AgentKind.WORKER).value
            self._describe()

    def action_turn_source(self) -> None:
        """Make them in the next of the sources, with what can be started there."""
        sources = self.engine.fleet.sources
        if self.commands or len(sources) < 2:
            return
        source = sources[(sources.index(self._values["source"]) + 1) % len(sources)]
        self._values = {**values_in(spawn_fields(self.engine, source)), "kind": self._values["kind"], "source": source}
        self._describe()

    @on(NamesField.ListPasted)
    def _list_pasted(self, message: NamesField.ListPasted) -> None:
        self._whole_form(tasks=message.text, kind=AgentKind.WORKER.value)

    def action_whole_form(self) -> None:
        """Go on in the form with all fields."""
        if not self.commands:
            self._whole_form(tasks=self._read().task)

    def _whole_form(self, **written: str) -> None:
        read = self._read()
        name = read.names[0] if len(read.names) == 1 else ""
        where = {"source": self._values["source"]} if "source" in self._values else {}
        self.dismiss({WHOLE_FORM: "yes", "kind": self._values["kind"], "name": name, **where, **written})
