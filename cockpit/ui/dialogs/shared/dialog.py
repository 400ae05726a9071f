"""The shared records of a swarm: tabs by number, a list that is read while it is looked at, acts by one key."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, ClassVar, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen

from cockpit.engine.port import CockpitPort
from cockpit.errors import CockpitError
from cockpit.model.commands.shared import SharedCommand
from cockpit.model.fleet import Agent
from cockpit.model.ids import CommandId, OperationId
from cockpit.model.receipts.receipt import Stage
from cockpit.model.receipts.stages import is_ended
from cockpit.model.shared.skills import SkillChange
from cockpit.text.clean import NOTHING, Clean, ours
from cockpit.text.sanitize import clean_line, our_line
from cockpit.ui.dialogs.dialog import Dialog, TextDialog
from cockpit.ui.dialogs.shared.records import JournalTab, LedgerTab, LogTab, ReportsTab
from cockpit.ui.dialogs.shared.registry import RegistryTab
from cockpit.ui.dialogs.shared.skills import SkillsTab
from cockpit.ui.dialogs.shared.tab import Tab
from cockpit.ui.look.cells import Piece, content
from cockpit.ui.undo import order
from cockpit.ui.widgets.notice import notice
from cockpit.ui.widgets.plain import Plain
from cockpit.ui.widgets.row_list import RowList

REFRESH = 0.25
"""Seconds between two looks at what was ordered here."""

LOOK_EVERY = 10.0
"""Seconds between two readings of the tab that is looked at; one is under way at a time."""

Chosen = TypeVar("Chosen")


class SharedDialog(Dialog[None]):
    """Reads the tab that is looked at, and no other."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(f"{number}", f"tab({number})", "tab", show=False) for number in range(1, 7)),
        Binding("right,tab", "turn(1)", "next tab", show=False),
        Binding("left,shift+tab", "turn(-1)", "tab before", show=False),
        Binding("enter", "entry('open')", "open", show=False),
        Binding("n", "new", "new", show=False),
        Binding("e", "entry('switch')", "enable, disable", show=False),
        Binding("s", "send", "share, sync", show=False),
        Binding("D,delete", "entry('remove')", "remove", show=False),
        Binding("y", "entry('copy')", "copy", show=False),
        Binding("p", "place", "other source", show=False),
        Binding("r", "look", "look again", show=False),
        Binding("q", "back_out", "close", show=False),
    ]
    WRITING: ClassVar[frozenset[str]] = frozenset({"new", "switch", "send", "remove"})

    def __init__(self, engine: CockpitPort, agent: Agent | None, *, first: int = 0, read_only: bool = False) -> None:
        """Prepare.

        Args:
            engine: where the records come from.
            agent: who is selected: skills are synced to it.
            first: which tab is shown first.
            read_only: nothing is written.
        """
        super().__init__(ours("Shared records"), classes="course")
        self.engine = engine
        self.agent = agent
        self._read_only = read_only
        self._places = engine.coordination.places
        self._at_place = 0
        # Each tab knows what its own entries are; here they are all alike.
        tabs = (SkillsTab(), RegistryTab(), LogTab(), JournalTab(), ReportsTab(), LedgerTab())
        self._tabs = cast("tuple[Tab[Any], ...]", tabs)
        self._at = first
        self._reading = False
        self._ordered: set[CommandId] = set()

    @property
    def place(self) -> str:
        """The source whose services are shown."""
        return self._places[self._at_place] if self._places else ""

    @property
    def shown_tab(self) -> Tab[Any]:
        """The tab that is looked at."""
        return self._tabs[self._at]

    def compose_body(self) -> ComposeResult:
        """Yield the names of the tabs, the rows, how fresh they are, and what there is to say of one."""
        yield Plain(NOTHING, id="state")
        yield RowList(empty=(ours("asking …"),), id="rows")
        yield Plain(NOTHING, id="about")

    def on_mount(self) -> None:
        self.query_one("#rows").focus()
        self.set_interval(REFRESH, self._flush)
        self.set_interval(LOOK_EVERY, self.action_look)
        self.run_worker(self._watch(), name="watch skills", group="watch")
        self._turned()

    # --- looking -------------------------------------------------------------------------------------

    def action_look(self) -> None:
        """Read the tab again, unless it is being read."""
        if not self._reading:
            self._reading = True
            self.run_worker(self._look(self.shown_tab), name="read shared records", group="look")

    async def _look(self, tab: Tab[Any]) -> None:
        try:
            await tab.look(self)
            tab.trouble, tab.as_of = "", self.engine.now()
        except CockpitError as error:
            tab.trouble = str(error)
        finally:
            self._reading = False
        if self.is_mounted:
            self._flush()
            if tab is not self.shown_tab:
                self.action_look()

    async def _watch(self) -> None:
        """Read the skills again when one changes."""
        if not self._places:
            return
        with contextlib.suppress(CockpitError):
            changes = self.engine.coordination.skills.watch(self.place)
            async with contextlib.aclosing(cast("AsyncGenerator[SkillChange, None]", changes)):
                async for change in changes:
                    if isinstance(self.shown_tab, SkillsTab):
                        self.say(our_line("{} {} {} v{}", change.action, change.kind, change.name, change.version))
                        self.action_look()

    def _flush(self) -> None:
        tab, now = self.shown_tab, self.engine.now()
        rows = self.query_one("#rows", RowList)
        rows.set_empty((tab.nothing if tab.as_of is not None else NOTHING,))
        rows.set_rows(tab.rows(now))
        self.query_one("#state", Plain).show(self._head(now), layout=True)
        entry = tab.entries.get(rows.cursor_key)
        self.query_one("#about", Plain).show(tab.about(entry, now) if entry is not None else content([]), layout=True)
        self._say_ended()

    def _head(self, now: float) -> Content:
        pieces: list[Piece] = []
        for at, tab in enumerate(self._tabs):
            style = "bold $accent" if at == self._at else "$muted"
            pieces.append((our_line("{} {}   ", at + 1, tab.title), style))
        if len(self._places) > 1:
            pieces.append((our_line("of {}", self.place), "$muted"))
        if not self._places:
            lacking = "no services are configured: `cockpit infra` makes them, or set VERS_INFRA_URL"
            return content([*pieces, (our_line("\n{}", lacking), "$link-degraded")])
        return content([*pieces, (ours("\n"), "")]).append(self.shown_tab.state(now))

    @on(RowList.Highlighted)
    def _moved(self) -> None:
        self._flush()

    # --- tabs ----------------------------------------------------------------------------------------

    def action_tab(self, number: int) -> None:
        """Show a tab by its number."""
        if 0 < number <= len(self._tabs):
            self._at = number - 1
            self._turned()

    def action_turn(self, step: int) -> None:
        """Show the next tab."""
        self._at = (self._at + step) % len(self._tabs)
        self._turned()

    def action_place(self) -> None:
        """Show the services of the next source."""
        if len(self._places) > 1:
            self._at_place = (self._at_place + 1) % len(self._places)
            for tab in self._tabs:
                tab.entries, tab.as_of, tab.trouble, tab.missing = {}, None, "", ()
            self._turned()

    def _turned(self) -> None:
        keys = self.shown_tab.keys if not self._read_only else ()
        opens = (("⏎", "open"),) if self.shown_tab.opens else ()
        self.show_keys(("1-6", "tab"), *opens, *keys, ("y", "copy"), ("r", "read"), ("esc", "close"))
        self._flush()
        self.action_look()

    # --- acts ----------------------------------------------------------------------------------------

    def _may(self, act: str) -> bool:
        if self._read_only and act in self.WRITING:
            self.say(ours("the cockpit is read-only"))
            return False
        return True

    def action_entry(self, act: str) -> None:
        """Do something with the entry under the cursor."""
        entry = self.shown_tab.entries.get(self.query_one("#rows", RowList).cursor_key)
        if entry is not None and self._may(act):
            getattr(self.shown_tab, act)(self, entry)

    def action_new(self) -> None:
        """Ask for another entry."""
        if self._may("new"):
            self.shown_tab.new(self)

    def action_send(self) -> None:
        """Share what is under the cursor, or sync the selected agent."""
        if self._may("send"):
            self.shown_tab.send(self, self.shown_tab.entries.get(self.query_one("#rows", RowList).cursor_key))

    def order(self, command: SharedCommand) -> None:
        """Hand a command to the engine, or say why it is refused."""
        refused = self.engine.disabled_reason(command)
        if refused:
            notice(self, clean_line(refused), severity="warning")
            return
        self._ordered.add(order(self.app, self.engine, command))

    def _say_ended(self) -> None:
        for receipt in self.engine.fleet.receipts if self._ordered else ():
            if receipt.id not in self._ordered or not is_ended(receipt):
                continue
            self._ordered.discard(receipt.id)
            if receipt.stage is not Stage.DONE:
                notice(self, clean_line(receipt.reason), severity="error")
                continue
            operations = self.engine.fleet.operations
            done = next((one for one in operations if one.id == OperationId(receipt.id)), None)
            detail = done.steps[-1].detail if done is not None and done.steps else ""
            if detail.startswith(("http://", "https://")):
                self.copy(clean_line(detail), ours("the link"))
            else:
                self.say(our_line("{}: done{}", receipt.verb, f" ({detail})" if detail else ""))
            self.action_look()

    def ask(self, screen: Screen[Chosen], finish: Callable[[Chosen | None], None], /) -> None:
        """Open a dialog over this one."""
        self.app.push_screen(screen, finish)

    def say(self, text: Clean) -> None:
        """Show a line for a while."""
        notice(self, text)

    def copy(self, text: Clean, what: Clean) -> None:
        """Put a text into the clipboard of the terminal, and say so."""
        self.app.copy_to_clipboard(text)
        self.say(our_line("{} is copied: {}", what, text))

    def work(self, work: Coroutine[object, object, None], /) -> None:
        """Do something that takes its time."""
        self.run_worker(work, group="work")

    def read(self, title: Clean, text: Content) -> None:
        """Show a long text over this dialog."""
        self.app.push_screen(TextDialog(title, text, classes="wide"))
